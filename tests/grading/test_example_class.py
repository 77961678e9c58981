"""The example class: the marks that our command and nbgrader's own must give, and the files that show them."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import LESSON, ROOT, grade_id, run_autograder

from autograder.judging.registry import is_exercise

ORDER = (
    "sigmoid",
    "sigmoid_derivative",
    "saturation_threshold",
    "linearity_error",
    "train_neuron",
    "saturated_fraction",
)
FULL = dict(zip(ORDER, (4.0, 4.0, 3.0, 2.0, 4.0, 3.0), strict=True))
# points in the order of ORDER, and the diagnoses that are required
EXPECTED: dict[str, tuple[tuple[float, ...], dict[str, str]]] = {
    "ada": ((4, 4, 3, 2, 4, 3), {}),
    "bruno": ((3, 3, 3, 2, 4, 3), {"sigmoid": "numpy_warning", "sigmoid_derivative": "textbook"}),
    "chidi": ((0, 4, 3, 2, 4, 3), {"sigmoid": "sign"}),
    "dana": ((4, 4, 0, 0, 0, 0), dict.fromkeys(ORDER[2:], "unfinished")),
    "emil": ((0, 0, 0, 0, 0, 0), dict.fromkeys(ORDER, "unfinished")),
    "farah": (
        (4, 3, 0.5, 0, 0, 0),
        {
            "sigmoid_derivative": "textbook",
            "saturation_threshold": "threshold_of_the_output",
            "linearity_error": "signed",
            "train_neuron": "forgot_the_slope",
            "saturated_fraction": "per_example",
        },
    ),
    "goran": ((4, 4, 3, 2, 0, 3), {"train_neuron": "missing"}),
    "hana": ((0, 0, 0.5, 2, 0, 0), {"sigmoid": "scalar_only", "saturated_fraction": "unfinished"}),
    "ivo": ((4, 4, 3, 2, 4, 3), {}),
}
UNWRITTEN = {"dana", "emil", "goran", "hana"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, dict[str, Any]]:
    root = tmp_path_factory.mktemp("example") / "class"
    shutil.copytree(ROOT / "examples" / "class", root)
    report = root / "out.json"
    result = run_autograder("grade", LESSON, "--course", root, "--json", report)
    return root, result, json.loads(report.read_text())


BUSY = "import os\nwhile os.getppid() == {parent}:\n    pass"  # ends with the test, also if the test is killed


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Keep every core busy with two other programs."""
    command = [sys.executable, "-c", BUSY.format(parent=os.getpid())]
    with ExitStack() as started:
        for _ in range(2 * (os.cpu_count() or 1)):
            started.callback(started.enter_context(subprocess.Popen(command)).kill)
        yield


@pytest.mark.usefixtures("busy_machine")
def test_on_a_busy_machine_all_students_get_the_marks_of_an_idle_machine(
    course: tuple[Path, Any, dict[str, Any]], tmp_path: Path
) -> None:
    """Check also that the solved lesson gets full marks on the busy machine."""
    root, report = tmp_path / "class", tmp_path / "busy.json"
    shutil.copytree(ROOT / "examples" / "class", root)
    solved = root / "submitted" / "solved" / LESSON / f"{LESSON}.ipynb"
    solved.parent.mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / LESSON / f"{LESSON}.ipynb", solved)
    run_autograder("grade", LESSON, "--course", root, "--json", report)
    busy = json.loads(report.read_text())["students"]
    full = busy.pop("solved")
    assert full["points"] == full["max_points"] == 20.0
    assert marks_of(busy) == marks_of(course[2]["students"])


def marks_of(students: dict[str, Any]) -> dict[str, Any]:
    """Map each student to the points and the diagnosis of each exercise."""
    return {
        student: {name: (mark["points"], mark["diagnosis"]) for name, mark in entry.get("exercises", {}).items()}
        for student, entry in students.items()
    }


@pytest.fixture(scope="module")
def graded_by_nbgrader(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """Grade a copy with nbgrader's own commands and read the marks from its gradebook."""
    root = tmp_path_factory.mktemp("stock") / "class"
    shutil.copytree(ROOT / "examples" / "class", root)
    for command in ("generate_assignment", "autograde", "generate_feedback"):
        done = _nbgrader(root, command, LESSON)
        assert done.returncode == (1 if command == "autograde" else 0), done.stderr[-2000:]
    assert (root / "feedback" / "ada" / LESSON / f"{LESSON}.html").is_file()
    return _scores(root)


def _nbgrader(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments]
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"]}
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env=environment)


def _scores(root: Path) -> dict[str, dict[str, float]]:
    from autograder.grading.record.gradebook import opened

    with opened(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: {
                grade.name.removeprefix("test_"): grade.score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.cell_type == "code"
            }
            for submission in gradebook.assignment_submissions(LESSON)
        }


@pytest.mark.parametrize("student", EXPECTED)
def test_every_student_gets_the_expected_marks_and_diagnoses(course: Any, student: str) -> None:
    _, _, report = course
    entry = report["students"][student]
    points, diagnoses = EXPECTED[student]
    marks = {name: mark["points"] for name, mark in entry["exercises"].items()}
    assert entry["status"] == "graded"
    assert marks == dict(zip(ORDER, points, strict=True))
    assert {name: mark["max_points"] for name, mark in entry["exercises"].items()} == FULL
    assert (entry["points"], entry["max_points"]) == (sum(points), 20.0)
    recognized = {name: m["diagnosis"] for name, m in entry["exercises"].items() if m["diagnosis"]}
    assert diagnoses.items() <= recognized.items()
    unrecognized = {name for name in ORDER if marks[name] < FULL[name]} - recognized.keys()
    assert unrecognized <= {"sigmoid_derivative", "saturation_threshold", "train_neuron"} & _mistakes_without_diagnosis(
        student
    )


def _mistakes_without_diagnosis(student: str) -> set[str]:
    """Return the exercises of a student with mistakes that lose points but have no diagnosis."""
    return {"sigmoid_derivative", "saturation_threshold", "train_neuron"} if student == "hana" else set()


def test_written_answers_wait_for_a_person_unless_nothing_was_written(course: Any) -> None:
    _, _, report = course
    for student in EXPECTED:
        points = report["students"][student]["written"]["written_saturation"]["points"]
        assert points == (0.0 if student in UNWRITTEN else None), student


def test_the_damaged_submission_is_named_and_the_exit_status_says_so(course: Any) -> None:
    root, result, report = course
    assert result.returncode == 1
    assert report["lesson"] == LESSON
    assert report["students"]["jun"]["status"] == "failed"
    assert "is damaged: not JSON" in report["students"]["jun"]["reason"]
    assert "jun" in result.stderr
    assert set(report["students"]) == {*EXPECTED, "jun"}
    assert not (root / "feedback" / "jun").exists()


def test_nbgrader_autograde_gives_the_same_marks(course: Any, graded_by_nbgrader: dict[str, dict[str, float]]) -> None:
    _, _, report = course
    for student in EXPECTED:
        ours = {name: mark["points"] for name, mark in report["students"][student]["exercises"].items()}
        assert graded_by_nbgrader[student] == ours, student


def test_the_gradebook_and_nbgraders_export_hold_these_marks(course: Any) -> None:
    root, _, report = course
    scores = _scores(root)
    exported = _nbgrader(root, "export", "--to", str(root / "grades.csv"))
    assert exported.returncode == 0, exported.stderr[-2000:]
    rows = {row["student_id"]: row for row in csv.DictReader((root / "grades.csv").read_text().splitlines())}
    for student in EXPECTED:
        entry = report["students"][student]
        assert sum(scores[student].values()) == entry["points"]
        assert float(rows[student]["raw_score"]) == entry["points"]
        assert float(rows[student]["max_score"]) == 24.0  # with the written answer


def test_feedback_shows_the_card_with_the_diagnosis_and_no_hidden_numbers(course: Any) -> None:
    root, _, _ = course
    page = (root / "feedback" / "farah" / LESSON / f"{LESSON}.html").read_text()
    assert "This averages along the wrong axis" in page or "per unit" in page
    assert "The update lacks the slope of the activation" in page
    assert "vnd.autograder.verdict" not in page


def test_an_earlier_mistake_costs_its_own_points_only_and_the_card_says_so(course: Any) -> None:
    root, _, _ = course
    page = (root / "feedback" / "chidi" / LESSON / f"{LESSON}.html").read_text()
    assert "Judged with the reference" in page


def test_the_mistakes_of_the_class_are_counted(course: tuple[Path, Any, dict[str, Any]], tmp_path: Path) -> None:
    root, _, _ = course
    report = tmp_path / "mistakes.json"
    done = run_autograder("report", LESSON, "--course", root, "--mistakes", "--json", report)
    assert done.returncode == 0, done.stderr
    assert "what 9 graded submissions got wrong" in done.stdout
    data = json.loads(report.read_text(encoding="utf-8"))
    assert {"exercise": "sigmoid", "part": "both tails", "kind": "value", "diagnosis": "sign", "students": 1} in data[
        "mistakes"
    ]
    assert data["verdicts"]["chidi"]["sigmoid"]["diagnosis"] == "sign"
    assert set(data["verdicts"]) >= set(EXPECTED)


def test_the_cells_that_students_do_not_write_are_those_of_todays_release(course: Any) -> None:
    root, _, _ = course
    released = nbformat.read(root / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
    texts = {c.id: c.source for c in released.cells if c.cell_type == "code" and not is_exercise(grade_id(c))}
    for student in EXPECTED:
        handed_in = nbformat.read(root / "submitted" / student / LESSON / f"{LESSON}.ipynb", as_version=4)
        assert [c.id for c in handed_in.cells if texts.get(c.id, c.source) != c.source] == [], student


def test_no_page_shows_answers_that_are_withheld_from_submissions(course: Any) -> None:
    root, _, _ = course
    for student in EXPECTED:
        page = (root / "feedback" / student / LESSON / f"{LESSON}.html").read_text()
        assert "is left out while a submission is graded" not in page, student
