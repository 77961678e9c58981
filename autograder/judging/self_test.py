"""Test an exercise: its reference must earn all points, and each known mistake must be found and named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.judging.exercise import Exercise
from autograder.judging.judge import judge


@dataclass(frozen=True)
class SelfTest:
    """The result for one of an exercise's own answers.

    Attributes
    ----------
    answer : str
        "the reference", or the name of a known mistake.
    problem : str
        "" if every verdict was as expected, else what was wrong with the first other verdict.
    """

    answer: str
    problem: str


def self_test(exercise: Exercise, seeds: Iterable[int] = range(20)) -> list[SelfTest]:
    """Judge the reference and every known mistake of an exercise with several seeds, and return the results.

    Parameters
    ----------
    exercise : Exercise
    seeds : iterable of int
        Seeds of the random inputs, each at least 0. Every answer is judged once with each seed.

    Returns
    -------
    list of SelfTest
        The reference first, then the mistakes in their order.

    Raises
    ------
    RuntimeError
        If the reference raises an exception on a case.
    """
    seeds = list(seeds)
    answers = [("the reference", exercise.reference, None), *((m.name, m.function, m.name) for m in exercise.mistakes)]
    return [SelfTest(shown, _problem(exercise, answer, name, seeds)) for shown, answer, name in answers]


def _problem(exercise: Exercise, answer: Any, name: str | None, seeds: Iterable[int]) -> str:
    for seed in seeds:
        verdict = judge(exercise, answer, seed=seed)
        if verdict.passed and name is not None:
            return f"it passes (seed {seed})"
        if not verdict.passed and name is None:
            return f"it does not pass (seed {seed}): {verdict.message}"
        if verdict.diagnosis != name:
            return f"it is called {verdict.diagnosis} (seed {seed})"
    return ""
