"""A course's secret seed: a new one is exact in every reader of JSON, and an older, larger one is read as it is."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from autograder.grading.course.private import secret_seed


def test_the_largest_seed_that_a_course_can_draw_is_exact_in_javascript(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 1)
    assert secret_seed(tmp_path) == 2**53 - 1


def test_the_larger_seed_of_an_older_course_is_read_as_it_is(tmp_path: Path) -> None:
    larger = 2**62 + 1  # no double has this value
    (tmp_path / ".autograder").mkdir()
    (tmp_path / ".autograder" / "seed.json").write_text(json.dumps({"seed": larger}))
    assert secret_seed(tmp_path) == larger
