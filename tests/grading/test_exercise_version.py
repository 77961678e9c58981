"""The version of an exercise: it changes with what its marks depend on, and with nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

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
