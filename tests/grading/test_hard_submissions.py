"""Real good and bad submissions, graded in one run: each gets its own marks and does not affect the others."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from support import LESSON, RIGHT_SIGMOID, SmallCourse, cell_of, graded, solve

NOISY = """\
import logging, sys, warnings
logging.basicConfig()
def sigmoid(a):
    print("called")
    print("to stderr", file=sys.stderr)
    logging.warning("logged")
    warnings.warn("deprecated", DeprecationWarning)
    a = as_float(a)
    return np.exp(-np.logaddexp(0, -a))"""


def right(notebook: Any) -> None:
    solve(notebook)


def noisy(notebook: Any) -> None:
    solve(notebook, NOISY)


def partly(notebook: Any) -> None:
    solve(notebook, "def sigmoid(a):\n    return 0.5 * (1 + np.tanh(as_float(a) / 2))", own="answer = 41")


def syntax_error(notebook: Any) -> None:
    solve(notebook, "def sigmoid(a:\n    return a")


def never_ends(notebook: Any) -> None:
    solve(notebook)
    notebook.cells.insert(1, new_code_cell("while True:\n    pass"))


def function_never_ends(notebook: Any) -> None:
    solve(notebook, "def sigmoid(a):\n    while True:\n        pass")


def deleted_tests(notebook: Any) -> None:
    solve(notebook)
    gone = ("test_sigmoid", "test_own", "own", "written_saturation")
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") not in gone]


def duplicated_tests(notebook: Any) -> None:
    solve(notebook)
    test = cell_of(notebook, "test_sigmoid")
    for position in (0, len(notebook.cells)):
        notebook.cells.insert(position, new_code_cell("4.0", metadata=test.metadata.copy()))


def solution_duplicated(notebook: Any) -> None:
    solve(notebook)
    first = new_code_cell("def sigmoid(a):\n    return a", metadata=cell_of(notebook, "sigmoid").metadata.copy())
    notebook.cells.insert(1, first)


def points_edited(notebook: Any) -> None:
    solve(notebook, "def sigmoid(a):\n    return a", own="answer = 0")
    cell_of(notebook, "test_sigmoid").metadata.nbgrader.points = 1000
    cell_of(notebook, "test_own").metadata.nbgrader.update(points=0, grade=False, locked=False)
    cell_of(notebook, "test_own").source = "pass"


def skipped_by_tags(notebook: Any) -> None:
    solve(notebook, "def sigmoid(a):\n    return a")
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "raises-exception"]


def own_points_printed(notebook: Any) -> None:
    solve(notebook, "def sigmoid(a):\n    return a", own="answer = 42")
    cell_of(notebook, "test_sigmoid").source = "'4 of 4, thank you'"


def no_setup(notebook: Any) -> None:
    solve(notebook, "import numpy as np\nfrom course_lib.arrays import as_float\n" + RIGHT_SIGMOID)
    del notebook.cells[0]


def old_format(notebook: Any) -> None:
    solve(notebook)
    notebook.nbformat_minor = 2
    for cell in notebook.cells:
        del cell["id"]


def kernel_dies(notebook: Any) -> None:
    solve(notebook)
    notebook.cells.append(new_code_cell("import os\nos._exit(1)"))


def check_replaced(notebook: Any) -> None:
    solve(
        notebook,
        "import autograder\nautograder.check = lambda f, hidden=False: 4.0\ndef sigmoid(a):\n    return a",
    )


def ignores_the_interrupt(notebook: Any) -> None:
    solve(notebook)
    stubborn = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    notebook.cells.insert(1, new_code_cell(stubborn))


def other_lesson(notebook: Any) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id += "_of_another_lesson"


FULL = {"sigmoid": 4.0, "test_own": 1.0}
GRADED: dict[str, tuple[Any, dict[str, float], str | None]] = {
    "right": (right, FULL, None),
    "noisy": (noisy, FULL, None),
    "partly": (partly, {"sigmoid": 3.0, "test_own": 0.0}, "tanh_form"),
    "untouched": (lambda nb: None, {"sigmoid": 0.0, "test_own": 0.0}, "unfinished"),
    "syntax error": (syntax_error, {"sigmoid": 0.0, "test_own": 1.0}, "missing"),
    "never ends": (never_ends, FULL, None),
    "function never ends": (function_never_ends, {"sigmoid": 0.0, "test_own": 1.0}, "never_returns"),
    "tests deleted": (deleted_tests, {"sigmoid": 4.0, "test_own": 0.0}, None),
    "tests duplicated": (duplicated_tests, FULL, None),
    "solution duplicated": (solution_duplicated, FULL, None),
    "points edited": (points_edited, {"sigmoid": 0.0, "test_own": 0.0}, None),
    "test cells skipped": (skipped_by_tags, {"sigmoid": 0.0, "test_own": 1.0}, None),
    "own points printed": (own_points_printed, {"sigmoid": 0.0, "test_own": 1.0}, None),
    "check replaced": (check_replaced, {"sigmoid": 0.0, "test_own": 1.0}, None),
    "no setup": (no_setup, FULL, None),
    "old format": (old_format, FULL, None),
    "Zoë O'Hara (2)": (right, FULL, None),
}
FAILED: dict[str, tuple[Any, str]] = {
    "kernel dies": (kernel_dies, "the kernel died"),
    "ignores the interrupt": (ignores_the_interrupt, "did not stop"),
    "other lesson": (other_lesson, "has no cell of 01_sigmoid_saturation"),
}


def hand_in_damaged_files(course: SmallCourse) -> dict[str, str]:
    """Write submissions without a readable notebook; return the reason that staff must read for each."""
    source = course.hand_in("cut short", right)
    text = source.read_text()
    source.write_text(text[: len(text) // 2])
    course.hand_in("not text").write_bytes(b"\xff\xfe\x00broken")
    course.hand_in("a list").write_text("[1, 2, 3]")
    course.hand_in("empty file").write_text("")
    course.hand_in("no cells").write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    course.hand_in("other name").rename(course.path("other name").with_name("homework.ipynb"))
    linked = course.hand_in("linked", right)
    (linked.parent / "gradebook.txt").symlink_to(course.root / "gradebook.db")
    course.hand_in("odd [1]", right)
    return hand_in_a_pipe(course) | {
        "cut short": "is damaged: not JSON",
        "not text": "must be UTF-8 text",
        "a list": "JSON, but not a notebook",
        "empty file": "is damaged: not JSON",
        "no cells": "not a valid notebook",
        "other name": "there is no 01_sigmoid_saturation.ipynb (found homework.ipynb)",
        "linked": "plain files only (got gradebook.txt",
        "odd [1]": "without [ ] * ? (got 'odd [1]')",
    }


def hand_in_a_pipe(course: SmallCourse) -> dict[str, str]:
    """Create a named pipe beside the notebook, if the system has named pipes (Windows does not)."""
    if not hasattr(os, "mkfifo"):
        return {}
    os.mkfifo(course.hand_in("piped", right).parent / "pipe")
    return {"piped": "plain files only (got pipe"}


@pytest.fixture(scope="module")
def graded_class(
    released: SmallCourse, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SmallCourse, Any, dict[str, Any], dict[str, str]]:
    course = released.copy_to(tmp_path_factory.mktemp("hard") / "course")
    for name, (edit, _, _) in GRADED.items():
        course.hand_in(name, edit)
    for name, (edit, _) in FAILED.items():
        course.hand_in(name, edit)
    damaged = hand_in_damaged_files(course)
    result, students = course.grade("--cell-timeout", 6)
    return course, result, students, damaged


@pytest.mark.parametrize("name", GRADED)
def test_a_submission_gets_the_points_its_code_earned(graded_class: Any, name: str) -> None:
    _, _, students, _ = graded_class
    _, points, diagnosis = GRADED[name]
    entry = students[name]
    assert entry["status"] == "graded", entry
    assert {exercise: mark["points"] for exercise, mark in entry["exercises"].items()} == points
    assert entry["points"] == sum(points.values())
    assert entry["max_points"] == 5.0
    assert entry["exercises"]["sigmoid"]["diagnosis"] == diagnosis


@pytest.mark.parametrize("name", FAILED)
def test_a_submission_that_cannot_be_judged_fails_with_its_reason_and_without_a_mark(
    graded_class: Any, name: str
) -> None:
    course, result, students, _ = graded_class
    assert students[name]["status"] == "failed"
    assert FAILED[name][1] in students[name]["reason"]
    assert name in result.stderr
    assert not (course.root / "autograded" / name / LESSON).exists()


def test_damaged_files_fail_with_their_reason_and_the_rest_of_the_class_is_graded(graded_class: Any) -> None:
    _, result, students, damaged = graded_class
    for name, reason in damaged.items():
        assert students[name]["status"] == "failed"
        assert reason in students[name]["reason"], name
    assert result.returncode == 1
    assert len(students) == len(GRADED) + len(FAILED) + len(damaged)


def test_every_graded_submission_has_feedback_that_shows_the_card(graded_class: Any) -> None:
    course, _, _, _ = graded_class
    for name in GRADED:
        page = (course.root / "feedback" / name / LESSON / f"{LESSON}.html").read_text()
        assert "Result for sigmoid" in page, name


def test_the_seed_is_stored_with_every_mark_and_is_in_no_file_for_students(graded_class: Any) -> None:
    course, _, _, _ = graded_class
    seed = json.loads((course.root / ".autograder" / "seed.json").read_text())["seed"]
    kept = set()
    for name in GRADED:
        notebook = nbformat.read(course.root / "autograded" / name / LESSON / f"{LESSON}.ipynb", 4)
        kept.add(cell_of(notebook, "test_sigmoid").metadata.autograder.seed)
    assert kept <= {seed, 0}  # 0: a cell that ended before any input was drawn
    assert seed in kept
    for folder in ("release", "feedback"):
        for path in (course.root / folder).rglob("*"):
            assert path.is_dir() or str(seed).encode() not in path.read_bytes(), path


def test_printing_the_environment_shows_no_seed(small_course: SmallCourse) -> None:
    def spy(notebook: Any) -> None:
        solve(notebook)
        notebook.cells.append(new_code_cell("import os\nprint(dict(os.environ))"))

    small_course.hand_in("spy", spy)
    _, students = small_course.grade()
    seed = json.loads((small_course.root / ".autograder" / "seed.json").read_text())["seed"]
    page = (small_course.root / "feedback" / "spy" / LESSON / f"{LESSON}.html").read_text()
    assert students["spy"]["points"] == 5.0
    assert "PYTHONPATH" in page
    assert str(seed) not in page


def test_a_submission_that_fails_when_graded_again_keeps_no_old_mark(small_course: SmallCourse) -> None:
    path = small_course.hand_in("anna", right)
    small_course.hand_in("berta", partly)
    _, first = small_course.grade()
    path.write_text("{")
    result, second = small_course.grade()
    assert first["anna"]["points"] == 5.0
    assert second["anna"]["status"] == "failed"
    assert second["berta"] == first["berta"]
    assert result.returncode == 1
    assert _gradebook_scores(small_course, "anna") == {
        ("test_sigmoid", None, True),
        ("test_own", None, True),
        ("written_saturation", None, True),
    }
    assert not (small_course.root / "feedback" / "anna" / LESSON).exists()


def test_grading_twice_gives_the_same_marks_and_keeps_marks_by_hand(small_course: SmallCourse) -> None:
    def written(notebook: Any) -> None:
        partly(notebook)
        cell_of(notebook, "written_saturation").source = "The slope."

    small_course.hand_in("anna", written)
    _, first = small_course.grade()
    _give_by_hand(small_course, "anna", "written_saturation", 1.5)
    _, second = small_course.grade()
    assert first["anna"]["written"] == {"written_saturation": {"points": None, "max_points": 2.0}}
    assert second["anna"]["written"] == {"written_saturation": {"points": 1.5, "max_points": 2.0}}
    assert first["anna"]["exercises"] == second["anna"]["exercises"]
    report = small_course.run("report", LESSON)
    assert "1.5" in report.stdout


def _gradebook_scores(course: SmallCourse, student: str) -> set[tuple[str, float | None, bool]]:
    from autograder.grading.record.gradebook import opened

    with opened(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        grades = gradebook.find_submission_notebook(LESSON, LESSON, student).grades
        return {(grade.name, grade.auto_score, grade.needs_manual_grade) for grade in grades}


def _give_by_hand(course: SmallCourse, student: str, grade_id: str, points: float) -> None:
    from autograder.grading.record.gradebook import opened

    with opened(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade(grade_id, LESSON, LESSON, student)
        grade.manual_score = points
        grade.needs_manual_grade = False
        gradebook.db.commit()


def test_extra_cells_with_invented_ids_earn_no_points(small_course: SmallCourse) -> None:
    def bonus(notebook: Any) -> None:
        solve(notebook)
        metadata = graded(grade_id="bonus", grade=True, locked=True, points=50)
        notebook.cells.append(new_code_cell("50.0", metadata=metadata))
        notebook.cells.append(new_code_cell("1", metadata={"nbgrader": "nonsense"}))

    small_course.hand_in("bonus", bonus)
    _, students = small_course.grade()
    assert students["bonus"]["points"] == students["bonus"]["max_points"] == 5.0


def test_files_next_to_the_notebook_are_graded_with_it(small_course: SmallCourse) -> None:
    path = small_course.hand_in("helper", lambda nb: solve(nb, "from mine import sigmoid"))
    Path(path.parent, "mine.py").write_text(
        "import numpy as np\nfrom course_lib.arrays import as_float\n" + RIGHT_SIGMOID
    )
    _, students = small_course.grade()
    assert students["helper"]["points"] == 5.0
    handed_in, autograded = (
        nbformat.read(small_course.root / step / "helper" / LESSON / f"{LESSON}.ipynb", 4)
        for step in ("submitted", "autograded")
    )
    assert len(autograded.cells) == len(handed_in.cells)
    assert autograded.cells[-1].source == handed_in.cells[-1].source
