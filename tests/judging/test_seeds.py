"""Seeds: every reader of JSON reads a new one exactly, and older ones keep their verdicts."""

from __future__ import annotations

import json
import secrets

import pytest
from support import ROOT

from autograder.judging.judge import judge
from autograder.judging.seeds import draw_seed
from autograder.judging.verdict import Verdict

EXACT_IN_JAVASCRIPT = 2**53
OLD_COURSE = 2**62 + 1  # no double has this value


def test_the_largest_seed_that_can_be_drawn_is_exact_in_javascript(monkeypatch):
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 1)
    assert draw_seed() == judge("sigmoid", None).seed == EXACT_IN_JAVASCRIPT - 1


def test_seeds_are_drawn_in_one_place():
    drawing = [
        path.relative_to(ROOT).as_posix()
        for folder in ("autograder", "course_lib", "tests/answers", "benchmarks", "docs", "examples")
        for path in (ROOT / folder).rglob("*.py")
        if "randbits(" in path.read_text(encoding="utf-8")
    ]
    assert drawing == ["autograder/judging/seeds.py"]


@pytest.mark.parametrize("seed", [OLD_COURSE, 2**63 - 1])
def test_a_verdict_of_an_older_course_is_repeated_exactly(seed):
    verdict = judge("sigmoid", lambda a: a * 0.5, seed=seed)
    stored = Verdict.from_dict(json.loads(json.dumps(verdict.to_dict())))
    assert stored.seed == seed
    assert judge("sigmoid", lambda a: a * 0.5, seed=stored.seed) == verdict == stored
