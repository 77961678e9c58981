"""Experiments that students change are run; they put no error into a page and need no second run of a class."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from support import LESSON, SmallCourse, small_lesson, solve

EXPERIMENT = "print('at', 1)\nwith experiment():\n    print(sigmoid(np.zeros(1)))"
CHANGED = EXPERIMENT.replace("1)", "2)", 1)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> SmallCourse:
    """Create a lesson with two experiments: ada changes one, emil changes none, farah's own cell raises an error."""
    lesson = small_lesson()
    lesson.cells[0].source += "\nfrom course_lib.experiments import experiment"
    lesson.cells += [new_code_cell(EXPERIMENT, id="first"), new_code_cell("print('unchanged')", id="second")]
    course = SmallCourse.released(tmp_path_factory.mktemp("experiments"), lesson)

    def change(notebook: Any) -> None:
        solve(notebook)
        notebook.cells[-2].source = CHANGED

    def raise_an_error(notebook: Any) -> None:
        solve(notebook)
        notebook.cells.append(new_code_cell("raise ValueError('mine')"))

    course.hand_in("ada", change)
    course.hand_in("emil", solve)
    course.hand_in("farah", raise_an_error)
    return course


def cell_result(course: SmallCourse, student: str, place: int) -> tuple[str, bool]:
    """Return the printed text or the error of a cell, and whether it ran."""
    path = course.root / "autograded" / student / LESSON / f"{LESSON}.ipynb"
    cell = nbformat.read(path, as_version=4).cells[place]
    return "".join(o.get("text", o.get("evalue", "")) for o in cell.outputs), cell.execution_count is not None


def test_a_changed_experiment_stops_at_its_first_call_of_an_answer_and_other_cells_do_not_run(
    course: SmallCourse,
) -> None:
    result, students = course.grade("--again")
    assert result.returncode == 0, result.stderr
    assert {student: entry["points"] for student, entry in students.items()} == dict.fromkeys(students, 5.0)
    assert cell_result(course, "ada", -2) == ("at 2\n", True)
    assert cell_result(course, "ada", -1) == ("", False)
    assert [cell_result(course, "emil", place) for place in (-2, -1)] == [("", False)] * 2


def test_after_an_error_all_cells_run_and_an_experiment_stops_silently(course: SmallCourse) -> None:
    course.grade("--again")
    assert [cell_result(course, "farah", place) for place in (-3, -2, -1)] == [
        ("at 1\n", True),
        ("unchanged\n", True),
        ("mine", True),
    ]


def test_with_run_everything_a_changed_experiment_shows_its_output(course: SmallCourse) -> None:
    result, students = course.grade("--again", "--run-everything")
    assert result.returncode == 0, result.stderr
    assert {student: entry["points"] for student, entry in students.items()} == dict.fromkeys(students, 5.0)
    assert cell_result(course, "ada", -2) == ("at 2\n[0.5]\n", True)
    assert cell_result(course, "ada", -1) == ("unchanged\n", True)
    assert cell_result(course, "farah", -3) == ("at 1\n[0.5]\n", True)
