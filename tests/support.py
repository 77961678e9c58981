"""Helpers for the tests of several rooms: a small course with one exercise, and the command run as a user runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
LESSON = "01_sigmoid_saturation"
GENEROUS = 300  # seconds: a timeout that no test reaches, even on a very busy machine
RIGHT_SIGMOID = """\
def sigmoid(a):
    a = as_float(a)
    return np.exp(-np.logaddexp(0, -a))"""


def run_autograder(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the `autograder` command in a new process."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def graded(**settings: Any) -> dict[str, Any]:
    """Return nbgrader metadata as its toolbar writes it."""
    plain = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {"nbgrader": {**plain, **settings}}


def small_lesson() -> Any:
    """Build a solved lesson with one exercise, one classic assert cell and one written answer."""
    solution = RIGHT_SIGMOID.replace("    a = as", "    ### BEGIN SOLUTION\n    a = as") + "\n    ### END SOLUTION"
    test = (
        "from autograder import check\n\ncheck(\n    sigmoid,\n"
        "    ### BEGIN HIDDEN TESTS\n    hidden=True,\n    ### END HIDDEN TESTS\n)"
    )
    cells = [
        new_code_cell("import numpy as np\n\nfrom course_lib.arrays import as_float", id="setup"),
        new_code_cell(solution, id="sigmoid", metadata=graded(grade_id="sigmoid", solution=True)),
        new_code_cell(
            test,
            id="test-sigmoid",
            metadata=graded(grade_id="test_sigmoid", grade=True, locked=True, points=4.0),
        ),
        new_code_cell(
            "### BEGIN SOLUTION\nanswer = 42\n### END SOLUTION",
            id="own",
            metadata=graded(grade_id="own", solution=True),
        ),
        new_code_cell(
            "assert answer == 42",
            id="test-own",
            metadata=graded(grade_id="test_own", grade=True, locked=True, points=1.0),
        ),
        new_markdown_cell(
            "Because of the slope.",
            id="written",
            metadata=graded(grade_id="written_saturation", grade=True, solution=True, points=2.0),
        ),
    ]
    notebook = new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


class SmallCourse:
    """A course directory with the small lesson."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def released(cls, root: Path, lesson: Any = None) -> SmallCourse:
        """Create the directory and release the small lesson, or another one."""
        source = root / "notebooks" / LESSON / f"{LESSON}.ipynb"
        source.parent.mkdir(parents=True)
        nbformat.write(lesson or small_lesson(), source)
        course = cls(root)
        result = course.run("release")
        assert result.returncode == 0, result.stderr
        return course

    def copy_to(self, root: Path) -> SmallCourse:
        """Copy the whole directory."""
        shutil.copytree(self.root, root)
        return SmallCourse(root)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run an `autograder` command on this course."""
        return run_autograder(*arguments, "--course", self.root)

    def path(self, student: str) -> Path:
        """Return the path of a student's submitted notebook."""
        return self.root / "submitted" / student / LESSON / f"{LESSON}.ipynb"

    def hand_in(self, student: str, edit: Callable[[Any], Any] = lambda nb: None) -> Path:
        """Write the released notebook, after an edit, as a student's submission."""
        notebook = nbformat.read(self.root / "release" / LESSON / f"{LESSON}.ipynb", 4)
        edit(notebook)
        path = self.path(student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
        return path

    def grade(self, *options: object) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
        """Grade the lesson; return the finished process and the students' entries of its JSON."""
        report = self.root / "out.json"
        result = self.run("grade", LESSON, "--json", report, *options)
        return result, json.loads(report.read_text())["students"] if report.exists() else {}


def grade_id(cell: Any) -> str:
    """Return a cell's nbgrader id, or "" if it has none."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def cell_of(notebook: Any, grade_id: str) -> Any:
    """Find a cell by its nbgrader id."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def solve(notebook: Any, source: str = RIGHT_SIGMOID, own: str = "answer = 42") -> None:
    """Write answers into the small lesson."""
    cell_of(notebook, "sigmoid").source = source
    cell_of(notebook, "own").source = own
