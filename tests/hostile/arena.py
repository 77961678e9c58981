"""A class with attackers in it, graded by one command, and what became of them, of the others and of the host."""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from support import LESSON, RIGHT_SIGMOID, SmallCourse, grade_id, solve

from autograder.grading.course.private import secret_seed
from autograder.grading.record.gradebook import opened
from autograder.running.sandbox.processes import descendants

WRONG_SIGMOID = "def sigmoid(a):\n    return 0 * as_float(a) + 0.25"
FULL = 4.0  # points of the exercise `sigmoid`; the assert cell's one point can be forged and is not counted
HONEST = "an honest student"
WORDS_OF_THE_HONEST = "f3a7-only-the-honest-student-wrote-this"
SECRET_OF_THE_HOST = "9c1e-only-the-host-knows-this"
REFERENCE = ("e = np.exp(-np.abs(a))", "np.where(a >= 0, 1, e)", "keeps its relative accuracy")
_PR_SET_CHILD_SUBREAPER = 36
_SECONDS_TO_END = 60_000  # milliseconds: a process left behind would never end


@dataclass(frozen=True)
class Attack:
    """What an attacker hands in, and what must come of it.

    It is handed in twice: with a wrong answer, which must earn nothing, and with a right one, which must earn
    everything, unless `wrong` or `right` is None. What ends the kernel is handed in with a right answer and fails.

    Attributes
    ----------
    code : str
        A cell before the answer. VAULT and COURSE stand for directories of the host.
    after : str
        A cell after everything else.
    says : str
        Stands in its outputs, or in the reason: so the attack did run.
    silent : str
        Does not stand in its outputs: the attack found nothing.
    fails : bool
        Whether it must fail, by name, and get no mark.
    edit : callable
        Changes the notebook once the cells are in.
    folder : callable
        Changes the folder once the notebook is in.
    wrong, right : float or None
        Points for `sigmoid`.
    own : float or None
        Points for the instructor's own test, where they matter.
    """

    code: str = ""
    after: str = ""
    says: str = ""
    silent: str = ""
    fails: bool = False
    edit: Callable[[Any], Any] = lambda notebook: None
    folder: Callable[[Path], Any] = lambda notebook: None
    wrong: float | None = 0.0
    right: float | None = FULL
    own: float | None = None
    answers: Mapping[str, str] = field(default_factory=lambda: {"wrong": WRONG_SIGMOID, "right": RIGHT_SIGMOID})

    def variants(self) -> Iterator[tuple[str, float]]:
        """Give each answer to hand in, and its points."""
        for kind, points in (("wrong", self.wrong), ("right", self.right)):
            if points is not None and not (self.fails and kind == "wrong"):
                yield kind, points


class Arena:
    """A class after grading."""

    def __init__(self, course: SmallCourse, attacks: Mapping[str, Attack], base: Path) -> None:
        self.course, self.attacks, self._vault = course, attacks, base / "vault"
        self._vault.mkdir()
        (self._vault / "secret.txt").write_text(SECRET_OF_THE_HOST)
        self._vault.chmod(0o777)
        course.hand_in(HONEST, _honest)
        for name, attack in attacks.items():
            for kind, _ in attack.variants():
                self._hand_in(f"{name}, {kind}", attack, kind)
        self._seed = str(secret_seed(course.root))
        self._before = _files(base)
        self._base = base
        self.output = ""
        self.left: list[str] = []  # what the command left in its temporary directory
        self.running: list[int] = []  # processes of the command that outlived it
        self.students: dict[str, Any] = {}
        self.marks: dict[str, dict[str, float | None]] = {}  # automatic scores in the gradebook

    def _hand_in(self, student: str, attack: Attack, kind: str) -> None:
        def edit(notebook: Any) -> None:
            solve(notebook, attack.answers[kind])
            if attack.code:
                notebook.cells.insert(1, new_code_cell(self._placed(attack.code)))
            if attack.after:
                notebook.cells.append(new_code_cell(self._placed(attack.after)))
            attack.edit(notebook)

        attack.folder(self.course.hand_in(student, edit))

    def _placed(self, code: str) -> str:
        return code.replace("VAULT", str(self._vault)).replace("COURSE", str(self.course.root))

    def grade(self, *options: object) -> None:
        """Grade the class with two workers, in a temporary directory of its own."""
        temporary = tempfile.mkdtemp(prefix="h", dir="/tmp")  # short: unix sockets have short names
        with pytest.MonkeyPatch.context() as patch, _orphans() as orphans:
            patch.setenv("TMPDIR", temporary)
            patch.setenv("COLUMNS", "200")
            patch.setenv("AUTOGRADER_TEST_SECRET", SECRET_OF_THE_HOST)
            result, self.students = self.course.grade("--workers", 2, *options)
            self.running = orphans()
        self.output = result.stdout + result.stderr
        self.marks = self._marks()
        self.left = sorted(os.listdir(temporary))
        shutil.rmtree(temporary)

    def said(self, student: str) -> str:
        """Give all that a submission's own cells show, or why it failed."""
        if self.students[student]["status"] == "failed":
            return str(self.students[student]["reason"])
        notebook = nbformat.read(self._folder("autograded", student) / f"{LESSON}.ipynb", 4)
        outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in _outputs_of_its_own(cell)]
        return json.dumps(outputs, ensure_ascii=False).replace("\\n", "\n")

    def page(self, student: str) -> str:
        """Give the page that its student reads."""
        return (self._folder("feedback", student) / f"{LESSON}.html").read_text(encoding="utf-8")

    def _folder(self, step: str, student: str) -> Path:
        return self.course.root / step / student / LESSON

    def check(self, name: str) -> None:
        """Insist on what one attack gained and what it told."""
        attack = self.attacks[name]
        for kind, points in attack.variants():
            student = f"{name}, {kind}"
            entry, said = self.students[student], self.said(student)
            marks = self.marks.get(student, {})
            assert attack.says in said, (student, said)
            assert not attack.silent or attack.silent not in said, (student, said)
            if attack.fails:
                assert entry["status"] == "failed", (student, entry)
                assert not any(marks.values()), (student, marks)
                assert not self._folder("autograded", student).exists(), student
                assert not self._folder("feedback", student).exists(), student
            else:
                assert entry["status"] == "graded", (student, entry)
                assert entry["exercises"]["sigmoid"]["points"] == points, (student, entry["exercises"]["sigmoid"])
                assert marks["test_sigmoid"] == points, student
                assert not marks["written_saturation"], student
                assert attack.own is None or marks["test_own"] == attack.own, (student, marks)

    def check_the_others(self) -> None:
        """Insist that the class was graded, and that the host is as it was."""
        honest = self.students[HONEST]
        assert (honest["status"], honest["points"]) == ("graded", 5.0), honest
        expected = {
            HONEST,
            *(f"{name}, {kind}" for name, attack in self.attacks.items() for kind, _ in attack.variants()),
        }
        assert set(self.students) == expected
        assert "Traceback" not in self.output, self.output
        self._check_the_gradebook(expected)
        self._check_the_files(expected)
        self._check_the_secrets()
        assert self.left == []
        assert self.running == []

    def _check_the_gradebook(self, expected: set[str]) -> None:
        assert self.marks.keys() <= expected
        with opened(self._gradebook) as gradebook:
            assert {student.id for student in gradebook.students} <= expected
            assert [assignment.name for assignment in gradebook.assignments] == [LESSON]
            cells = {cell.name: cell.max_score for cell in gradebook.find_notebook(LESSON, LESSON).grade_cells}
        assert cells == {"test_sigmoid": FULL, "test_own": 1.0, "written_saturation": 2.0}

    def _marks(self) -> dict[str, dict[str, float | None]]:
        """Read everybody's automatic scores from the gradebook."""
        with opened(self._gradebook) as gradebook:
            submissions = gradebook.assignment_submissions(LESSON)
            return {s.student_id: {g.name: g.auto_score for n in s.notebooks for g in n.grades} for s in submissions}

    def _check_the_files(self, expected: set[str]) -> None:
        root = self.course.root
        made = (root / "autograded", root / "feedback", root / ".autograder", root / "gradebook.db")
        after = _files(self._base)
        new = [path for path in after if self._before.get(path) != after[path]]
        strange = [path for path in new if not any(path.is_relative_to(place) for place in made)]
        assert [path for path in strange if not path.name.startswith("gradebook.db-")] == [root / "out.json"]
        assert not self._before.keys() - after.keys()
        assert [path for path in after if path.suffix == ".tmp"] == []
        for step in ("autograded", "feedback"):
            assert set(os.listdir(root / step)) <= expected

    def _check_the_secrets(self) -> None:
        secrets = (self._seed, SECRET_OF_THE_HOST, *REFERENCE)
        for student in set(self.students) - {HONEST}:
            told = self.said(student)
            if self.students[student]["status"] == "graded":
                told += self.page(student)
            found = [secret for secret in (*secrets, WORDS_OF_THE_HONEST) if secret in told]
            assert not found, (student, found)

    @property
    def _gradebook(self) -> str:
        return f"sqlite:///{self.course.root / 'gradebook.db'}"


def _honest(notebook: Any) -> None:
    solve(notebook)
    notebook.cells.append(new_code_cell(f"print('{WORDS_OF_THE_HONEST}')"))


def _outputs_of_its_own(cell: Any) -> list[Any]:
    return [] if grade_id(cell) == "test_sigmoid" else list(cell.outputs)


def _files(directory: Path) -> dict[Path, tuple[int, bytes]]:
    """Give mode and content of every file below a directory; of what is no plain file, its kind only."""
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            path = Path(parent, name)
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[path] = (path.lstat().st_mode, content)
    return found


@contextmanager
def _orphans() -> Iterator[Callable[[], list[int]]]:
    """Adopt what a command leaves behind; the function tells which processes do not end."""
    before = descendants(os.getpid())
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield lambda: [process for process in descendants(os.getpid()) - before if not _ends(process)]
    finally:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _ends(process: int) -> bool:
    """Tell whether a process that was left behind ends by itself, as multiprocessing's helpers do."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(_SECONDS_TO_END):
            return False
        with suppress(ChildProcessError):
            os.waitpid(process, 0)
        return True
    finally:
        os.close(handle)
