"""The version of an exercise: it changes with what its marks depend on, and with nothing else."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from support import LESSON, ROOT, SmallCourse, cell_of, solve

from autograder.grading.course import exercise_version as module
from autograder.grading.course.exercise_version import exercise_version
from autograder.judging.registry import all_exercises, find

SOME = {"dense_forward", "sigmoid", "saturation_threshold", "linearity_error", "train_neuron", "relu", "he_init"}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copy the packages, so that a test can change them."""
    for package in ("autograder", "course_lib"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "_SITE", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    module._version.cache_clear()
    module._imports.cache_clear()


def versions() -> dict[str, str]:
    forget()
    return {name: exercise_version(find(name)) for name in SOME}


def changed_by(site: Path, file: str) -> set[str]:
    before = versions()
    with (site / file).open("a", encoding="utf-8") as code:
        code.write("\n# another line\n")
    after = versions()
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    "file",
    [
        "autograder/cli.py",
        "autograder/judging/card.py",
        "autograder/grading/record/gradebook.py",
        "autograder/running/judge_side/kernels.py",
        "course_lib/plots.py",
    ],
)
def test_code_that_no_mark_depends_on_changes_no_version(site: Path, file: str) -> None:
    assert changed_by(site, file) == set()


def test_a_new_case_changes_the_version_of_its_exercise_only(site: Path) -> None:
    assert changed_by(site, "autograder/exercises/lesson_01/sigmoid.py") == {"sigmoid"}


@pytest.mark.parametrize(
    "file",
    [
        "autograder/judging/judge.py",
        "autograder/judging/compare.py",
        "autograder/judging/detective.py",
        "autograder/grading/submission/restore.py",
        "autograder/grading/execute/select_cells.py",
    ],
)
def test_the_judge_changes_every_version(site: Path, file: str) -> None:
    assert changed_by(site, file) == SOME


def test_a_reference_changes_the_exercises_that_use_it(site: Path) -> None:
    changed = changed_by(site, "course_lib/saturation.py")
    assert {"saturation_threshold", "train_neuron"} <= changed
    assert not changed & {"dense_forward", "relu", "he_init"}


def test_code_that_several_exercises_share_changes_all_their_versions(site: Path) -> None:
    changed = changed_by(site, "autograder/exercises/lesson_01/shared.py")
    assert {"linearity_error", "saturation_threshold"} <= changed
    assert "sigmoid" not in changed


def test_every_exercise_of_the_course_has_its_table_in_a_module_of_its_name() -> None:
    assert [exercise.name for exercise in all_exercises() if not module.exercise_module(exercise)] == []


def reason(course: SmallCourse) -> str:
    """Read what the report says of the one mark."""
    report = course.root / "report.json"
    assert course.run("report", LESSON, "--json", report).returncode == 0
    entry = json.loads(report.read_text(encoding="utf-8"))["students"]["anna"]
    assert entry["status"] == "graded"
    return str(entry.get("reason", ""))


def test_a_report_names_the_exercises_whose_version_has_changed(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    result, students = small_course.grade("--workers", 0)
    assert (result.returncode, students["anna"]["points"]) == (0, 5.0)
    assert reason(small_course) == ""
    with closing(sqlite3.connect(small_course.root / "gradebook.db")) as gradebook, gradebook:
        gradebook.execute("UPDATE autograder_journal SET version = 'an earlier one'")
    assert reason(small_course) == "graded by an earlier version of the lesson"
    path = small_course.root / "autograded" / "anna" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell_of(notebook, "test_sigmoid").metadata["autograder_version"] = "an earlier one"
    nbformat.write(notebook, path)
    assert reason(small_course) == "graded by an earlier version of sigmoid"
