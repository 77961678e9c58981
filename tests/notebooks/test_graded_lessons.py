"""Every lesson handed in twice, solved and untouched, and graded as a class is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import ROOT, grade_id, run_autograder

from autograder.judging.registry import exercises_of, is_exercise

LESSONS = sorted(path.name for path in (ROOT / "notebooks").iterdir() if path.is_dir())
SMALLEST = "01_sigmoid_saturation"


def filled_in(released: Path, lesson: str) -> Any:
    """Give the released notebook with every solution and written answer in its place, as a student hands it in."""
    notebook = nbformat.read(released, as_version=4)
    source = nbformat.read(ROOT / "notebooks" / lesson / f"{lesson}.ipynb", as_version=4)
    solved = {grade_id(cell): cell.source for cell in source.cells if is_exercise(grade_id(cell))}
    for cell in notebook.cells:
        cell.source = solved.get(grade_id(cell), cell.source)
        if grade_id(cell).startswith("written_"):
            cell.source = "In my own words."
    return notebook


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release all lessons, and hand each in: solved by ada, untouched by emil."""
    root = tmp_path_factory.mktemp("course")
    result = run_autograder("release", "--course", root)
    assert result.returncode == 0, result.stderr
    for lesson in LESSONS:
        released = root / "release" / lesson / f"{lesson}.ipynb"
        for student, notebook in (
            ("ada", filled_in(released, lesson)),
            ("emil", nbformat.read(released, as_version=4)),
        ):
            path = root / "submitted" / student / lesson / f"{lesson}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(notebook, path)
    return root


@pytest.fixture(scope="session", params=LESSONS)
def graded(course: Path, request: pytest.FixtureRequest) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Grade a lesson, all of it; gives its name, what the JSON says of each student, and their graded notebooks."""
    lesson = request.param
    report = course / f"{lesson}.json"
    result = run_autograder("grade", lesson, "--course", course, "--json", report, "--run-everything")
    assert result.returncode == 0, result.stdout + result.stderr
    notebooks = {
        student: nbformat.read(course / "autograded" / student / lesson / f"{lesson}.ipynb", as_version=4)
        for student in ("ada", "emil")
    }
    return lesson, json.loads(report.read_text())["students"], notebooks


def streams(notebook: Any, name: str) -> str:
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == name)


def test_the_solved_lesson_earns_everything_and_runs_without_a_warning(graded: Any) -> None:
    lesson, students, notebooks = graded
    exercises = students["ada"]["exercises"]
    assert {name: entry["points"] for name, entry in exercises.items() if is_exercise(name)} == {
        exercise.name: exercise.max_points for exercise in exercises_of(lesson)
    }
    assert {entry["diagnosis"] for entry in exercises.values()} == {None}
    assert streams(notebooks["ada"], "stderr") == ""
    assert "⏸" not in streams(notebooks["ada"], "stdout")
    assert "⚠" not in streams(notebooks["ada"], "stdout")
    assert [o for c in notebooks["ada"].cells for o in c.get("outputs", []) if o.output_type == "error"] == []


def test_the_untouched_lesson_earns_nothing_fails_nowhere_and_says_what_waits(graded: Any) -> None:
    lesson, students, notebooks = graded
    assert (students["emil"]["status"], students["emil"]["points"]) == ("graded", 0.0)
    diagnoses = {entry["diagnosis"] for name, entry in students["emil"]["exercises"].items() if is_exercise(name)}
    assert diagnoses == {"unfinished"}
    assert len(exercises_of(lesson)) == sum(map(is_exercise, students["emil"]["exercises"]))
    assert streams(notebooks["emil"], "stderr") == ""
    assert "This experiment waits for your" in streams(notebooks["emil"], "stdout")
    outputs = json.dumps([cell.get("outputs", []) for cell in notebooks["emil"].cells])
    assert "is not written yet" in outputs
    assert "Traceback" not in outputs


def test_without_its_experiments_a_lesson_earns_the_same(graded: Any, course: Path) -> None:
    lesson, students, _ = graded
    report = course / f"{lesson}-lean.json"
    result = run_autograder("grade", lesson, "--course", course, "--json", report)
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(report.read_text())["students"] == students


def test_everything_a_lesson_shows_fits_into_a_page(graded: Any) -> None:
    _, _, notebooks = graded
    for cell in notebooks["ada"].cells:
        for output in cell.get("outputs", []):
            assert len(json.dumps(output)) < 400_000, cell.id
            assert max(map(len, output.get("text", "").splitlines()), default=0) <= 130, cell.id


def test_nbgrader_validate_passes_a_solved_release_and_names_what_is_missing_in_an_untouched_one(
    course: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", "validate"]
    solved, untouched = (course / "submitted" / s / SMALLEST / f"{SMALLEST}.ipynb" for s in ("ada", "emil"))
    done = [
        subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, cwd=tmp_path)
        for path in (solved, untouched)
    ]
    assert "Success! Your notebook passes all the tests." in done[0].stdout, done[0].stdout + done[0].stderr
    assert f"VALIDATION FAILED ON {len(exercises_of(SMALLEST)) + 1} CELL(S)" in done[1].stdout
