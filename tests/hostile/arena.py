"""A class with attackers and an honest student, graded by one command."""

from __future__ import annotations

import copy
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hostile.attack import HONEST, SECRET_OF_THE_HOST, WORDS_OF_THE_HONEST, Attack, Submission
from hostile.classes import ClassSettings
from hostile.host import Servers, adopted_orphans, snapshot
from nbformat.v4 import new_code_cell
from support import LESSON, SmallCourse, cell_of

from autograder.grading.course.private import secret_seed
from autograder.grading.record.gradebook import opened


class Arena:
    """A class of attackers: handed in at once, graded once, read by all tests.

    Parameters
    ----------
    course : SmallCourse
        With the released lesson; attackers' code runs for it.
    attacks : mapping of str to Attack
    settings : ClassSettings
    servers : Servers
    """

    def __init__(
        self, course: SmallCourse, attacks: Mapping[str, Attack], settings: ClassSettings, servers: Servers
    ) -> None:
        self.course, self.settings, self.attacks = course, settings, attacks
        base = course.root.parent
        vault = base / "vault"
        vault.mkdir()
        (vault / "secret.txt").write_text(SECRET_OF_THE_HOST)
        vault.chmod(0o777)
        self._replacements = {
            "<VAULT>": str(vault),
            "<COURSE>": str(course.root),
            "<PORT>": str(servers.port),
            "<SOCKET>": servers.socket,
        }
        self._released = nbformat.read(course.root / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
        self.submissions = {name: list(attack.submissions(name)) for name, attack in attacks.items()}
        self._hand_in(Submission(HONEST, settings.honest, {}), Attack(after=f"print('{WORDS_OF_THE_HONEST}')"))
        for name, attack in attacks.items():
            for submission in self.submissions[name]:
                self._hand_in(submission, attack)
        self.seed = str(secret_seed(course.root))
        self.before = snapshot(base)
        self._grade()
        self.after = snapshot(base)

    def _hand_in(self, submission: Submission, attack: Attack) -> None:
        notebook = copy.deepcopy(self._released)
        for name, source in submission.cells.items():
            cell_of(notebook, name).source = source
        if attack.code:
            notebook.cells.insert(1, new_code_cell(attack.code))
        if attack.after:
            notebook.cells.append(new_code_cell(attack.after))
        attack.edit(notebook)
        text = nbformat.v4.writes(notebook)  # not validated: slow, and attackers do not care
        for placeholder, value in self._replacements.items():
            text = text.replace(placeholder, value)
        path = self.course.path(submission.student)
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        attack.folder(path)

    def _grade(self) -> None:
        """Grade the class with two workers, in a temporary directory of its own."""
        temporary = tempfile.mkdtemp(prefix="h", dir="/tmp")  # short: unix sockets have short names
        with pytest.MonkeyPatch.context() as patch, adopted_orphans() as orphans:
            patch.setenv("TMPDIR", temporary)
            patch.setenv("COLUMNS", "200")
            patch.setenv("AUTOGRADER_TEST_SECRET", SECRET_OF_THE_HOST)
            result, self.students = self.course.grade("--workers", 2, *self.settings.options)
            self.still_running = orphans()
        self.output = result.stdout + result.stderr
        self.left_in_tmp = sorted(os.listdir(temporary))
        shutil.rmtree(temporary)
        self._read_the_gradebook()
        self.shown = {student: self._shown(student) for student in self.students}
        self.pages = {
            student: self.folder("feedback", student).joinpath(f"{LESSON}.html").read_text(encoding="utf-8")
            for student, entry in self.students.items()
            if entry["status"] == "graded"
        }

    def _read_the_gradebook(self) -> None:
        """Read the automatic scores, and all names, from the gradebook."""
        with opened(f"sqlite:///{self.course.root / 'gradebook.db'}") as gradebook:
            self.marks = {
                submission.student_id: {
                    grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades
                }
                for submission in gradebook.assignment_submissions(LESSON)
            }
            self.students_in_gradebook = {student.id for student in gradebook.students}
            self.assignments = [assignment.name for assignment in gradebook.assignments]
            self.grade_cells = {
                cell.name: cell.max_score for cell in gradebook.find_notebook(LESSON, LESSON).grade_cells
            }

    def _shown(self, student: str) -> str:
        """Return the outputs of a submission's own cells, or the reason why it failed."""
        if self.students[student]["status"] == "failed":
            return str(self.students[student]["reason"])
        path = self.folder("autograded", student) / f"{LESSON}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        judged = {f"test_{exercise}" for exercise in self.settings.honest_points}  # the judge writes these outputs
        outputs = [
            output
            for cell in notebook["cells"]
            if cell["cell_type"] == "code" and _grade_id(cell) not in judged
            for output in cell["outputs"]
        ]
        return json.dumps(outputs, ensure_ascii=False).replace("\\n", "\n")

    def folder(self, step: str, student: str) -> Path:
        """Return the directory of a student's files after "autograded" or "feedback"."""
        return self.course.root / step / student / LESSON

    def expected_students(self) -> set[str]:
        """Return all who handed something in."""
        return {HONEST, *(one.student for submissions in self.submissions.values() for one in submissions)}


def _grade_id(cell: Any) -> Any:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")
