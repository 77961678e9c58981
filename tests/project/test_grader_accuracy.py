"""The published accuracy of the grader: every exercise is in the table, and every bar is met."""

from __future__ import annotations

import re

from support import ROOT

from autograder.exercises import LESSONS

TABLE = (ROOT / "docs" / "grader-accuracy.md").read_text(encoding="utf-8")
ROWS = {row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \|" + r" ([^|]+) \|" * 11 + "$", TABLE, flags=re.MULTILINE)}


def test_every_exercise_of_the_course_is_in_the_table() -> None:
    assert list(ROWS) == [exercise.name for lesson in LESSONS for exercise in lesson.EXERCISES]


def test_every_bar_is_met() -> None:
    for name, (_, right, accepted, wrong, caught, known, named, general, too, flaky, _) in ROWS.items():
        assert (accepted, caught, flaky) == ("100%", "100%", "0"), name
        assert int(right) >= 3, name
        assert int(wrong) >= int(known) >= 3, name
        assert int(named.rstrip("%")) >= 90, name
        assert general == "0" or int(too.rstrip("%")) >= 90, name


def test_exercises_that_train_no_network_were_judged_with_two_hundred_seeds() -> None:
    trains = {exercise.name for lesson in LESSONS for exercise in lesson.EXERCISES if exercise.notice}
    assert {row[0] for name, row in ROWS.items() if name not in trains} == {"200"}
