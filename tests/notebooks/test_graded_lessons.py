"""Every lesson released, handed in solved and untouched, and graded as a class."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import grade_id, run_autograder

from autograder.judging.registry import exercises_of, is_exercise

sys.path.insert(0, str(Path(__file__).parent))
from lessons import LESSONS, solution_lines, source_of

SMALLEST = "01_sigmoid_saturation"
SOLVED, UNTOUCHED = "ada", "emil"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release all lessons, and hand each in solved and untouched."""
    root = tmp_path_factory.mktemp("course")
    result = run_autograder("release", "--course", root)
    assert result.returncode == 0, result.stderr
    for lesson in LESSONS:
        for student, notebook in ((SOLVED, solved(root, lesson)), (UNTOUCHED, released(root, lesson))):
            path = root / "submitted" / student / lesson / f"{lesson}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
    return root


def released(course: Path, lesson: str) -> Any:
    return nbformat.read(course / "release" / lesson / f"{lesson}.ipynb", as_version=4)


def solved(course: Path, lesson: str) -> Any:
    """Return the released notebook with the solution of every exercise and a written answer."""
    notebook = released(course, lesson)
    solutions = {grade_id(cell): cell.source for cell in source_of(lesson).cells if is_exercise(grade_id(cell))}
    for cell in notebook.cells:
        cell.source = solutions.get(grade_id(cell), cell.source)
        if grade_id(cell).startswith("written_"):
            cell.source = "In my own words."
    return notebook


def grade_all(course: Path, *options: object) -> dict[str, dict[str, Any]]:
    """Grade all lessons with one command; return the students' results by lesson."""
    report = course / "out.json"
    result = run_autograder("grade", *LESSONS, "--course", course, "--json", report, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    return {entry["lesson"]: entry["students"] for entry in json.loads(report.read_text())}


@pytest.fixture(scope="module")
def graded_with_experiments(course: Path) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Grade every cell of all lessons; return results and graded notebooks of both students, by lesson."""
    results = grade_all(course, "--run-everything")
    return {
        lesson: (
            results[lesson],
            {
                student: nbformat.read(course / "autograded" / student / lesson / f"{lesson}.ipynb", as_version=4)
                for student in (SOLVED, UNTOUCHED)
            },
        )
        for lesson in LESSONS
    }


@pytest.fixture(scope="module")
def graded_without_experiments(course: Path, graded_with_experiments: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Grade all lessons again without their experiments; return both students' results by lesson."""
    return grade_all(course)


@pytest.fixture(scope="module", params=LESSONS)
def graded(
    graded_with_experiments: dict[str, Any], request: pytest.FixtureRequest
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return a lesson's name, its students' results, and their graded notebooks."""
    return request.param, *graded_with_experiments[request.param]


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_solution_line_survives_a_release(course: Path, lesson: str) -> None:
    release = released(course, lesson)
    texts = {grade_id(cell): cell.source for cell in release.cells if grade_id(cell)}
    for cell in source_of(lesson).cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            body = solution_lines(cell.source) if cell.cell_type == "code" else cell.source.splitlines()
            assert body
            left = [line for line in body if line.strip() and line in texts[grade_id(cell)].splitlines()]
            assert left == [], grade_id(cell)
    whole = json.dumps(release)
    assert "BEGIN SOLUTION" not in whole
    assert "HIDDEN" not in whole


def streams(notebook: Any, name: str) -> str:
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == name)


def test_the_solved_lesson_earns_everything_and_runs_without_a_warning(graded: Any) -> None:
    lesson, students, notebooks = graded
    exercises = students[SOLVED]["exercises"]
    assert {name: entry["points"] for name, entry in exercises.items() if is_exercise(name)} == {
        exercise.name: exercise.max_points for exercise in exercises_of(lesson)
    }
    assert {entry["diagnosis"] for entry in exercises.values()} == {None}
    assert streams(notebooks[SOLVED], "stderr") == ""
    assert "⏸" not in streams(notebooks[SOLVED], "stdout")
    assert "⚠" not in streams(notebooks[SOLVED], "stdout")
    assert [o for c in notebooks[SOLVED].cells for o in c.get("outputs", []) if o.output_type == "error"] == []


def test_the_untouched_lesson_earns_nothing_fails_nowhere_and_names_what_is_missing(graded: Any) -> None:
    lesson, students, notebooks = graded
    assert (students[UNTOUCHED]["status"], students[UNTOUCHED]["points"]) == ("graded", 0.0)
    diagnoses = {entry["diagnosis"] for name, entry in students[UNTOUCHED]["exercises"].items() if is_exercise(name)}
    assert diagnoses == {"unfinished"}
    assert len(exercises_of(lesson)) == sum(map(is_exercise, students[UNTOUCHED]["exercises"]))
    assert streams(notebooks[UNTOUCHED], "stderr") == ""
    assert "This experiment waits for your" in streams(notebooks[UNTOUCHED], "stdout")
    outputs = json.dumps([cell.get("outputs", []) for cell in notebooks[UNTOUCHED].cells])
    assert "is not written yet" in outputs
    assert "Traceback" not in outputs


def test_without_its_experiments_a_lesson_earns_the_same(
    graded: Any, graded_without_experiments: dict[str, dict[str, Any]]
) -> None:
    lesson, students, _ = graded
    assert graded_without_experiments[lesson] == students


def test_every_output_of_a_lesson_fits_into_a_page(graded: Any) -> None:
    _, _, notebooks = graded
    for cell in notebooks[SOLVED].cells:
        for output in cell.get("outputs", []):
            assert len(json.dumps(output)) < 400_000, cell.id
            assert max(map(len, output.get("text", "").splitlines()), default=0) <= 130, cell.id


def test_nbgrader_validate_passes_a_solved_release_and_names_what_is_missing_in_an_untouched_one(
    course: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", "validate"]
    solved, untouched = (course / "submitted" / s / SMALLEST / f"{SMALLEST}.ipynb" for s in (SOLVED, UNTOUCHED))
    done = [
        subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, cwd=tmp_path)
        for path in (solved, untouched)
    ]
    assert "Success! Your notebook passes all the tests." in done[0].stdout, done[0].stdout + done[0].stderr
    assert f"VALIDATION FAILED ON {len(exercises_of(SMALLEST)) + 1} CELL(S)" in done[1].stdout
