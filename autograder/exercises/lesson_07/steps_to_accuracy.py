"""Exercise `steps_to_accuracy`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_07.shared import Array
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import comparing_runs as evidence


def _rising(rng: np.random.Generator, length: int) -> Array:
    """Draw a curve that rises, stumbles back below what it had reached, and ends below its best."""
    curve = np.linspace(0.1, 0.9, length) + rng.uniform(-0.04, 0.04, size=length)
    middle = length // 2
    curve[middle + 1] = curve[0] / 2
    curve[-1] = curve[-3] - 0.01
    return curve


def _just_reached(rng: np.random.Generator) -> Case:
    """Ask for an accuracy that is an entry of the curve, so that ≥ and > differ."""
    curve = _rising(rng, int(rng.integers(12, 20)))
    return Case(curve, float(curve[len(curve) // 2]), label="a threshold that is met exactly")


def _blown_up(rng: np.random.Generator) -> Case:
    """Let a run blow up, and count numbers again, before it gets anywhere."""
    curve = _rising(rng, 14)
    curve[2:5] = np.nan
    return Case(curve.tolist(), 0.5, label="NaN before the threshold is reached")


def _first_of(accuracies: Any, reaches: Callable[[Array], Array], otherwise: Any = None) -> Any:
    found = np.flatnonzero(reaches(np.asarray(accuracies)))
    return int(found[0]) if len(found) else otherwise


def _or(otherwise: Callable[[Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer for runs that never get there."""
    return lambda accuracies, threshold: _first_of(
        accuracies, lambda a: a >= threshold, otherwise(np.asarray(accuracies))
    )


def _last(accuracies: Any, threshold: float) -> int | None:
    found = np.flatnonzero(np.asarray(accuracies) >= threshold)
    return int(found[-1]) if len(found) else None


def _stays(accuracies: Any, threshold: float) -> int | None:
    below = np.flatnonzero(~(np.asarray(accuracies) >= threshold))
    first = int(below[-1]) + 1 if len(below) else 0
    return first if first < len(accuracies) else None


def _changed(change: Callable[[int, Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer that finds the right entry and reports something else."""

    def run(accuracies: Any, threshold: float) -> Any:
        index = evidence.steps_to_accuracy(accuracies, threshold)
        return None if index is None else change(index, np.asarray(accuracies))

    return run


_NEVER = (
    "Some runs never get there: say so with `None`, which no number can be mistaken for. "
    "What does your answer give for them?"
)

STEPS_TO_ACCURACY = exercise(
    evidence.steps_to_accuracy, "07_evidence",
    parts=[
        (1, "the first entry that reaches it", lambda rng: [
            Case([0.125, 0.25, 0.5, 0.375, 0.75, 0.625], 0.5, label="a list; the threshold is met exactly"),
            Case(_rising(rng, 16), float(rng.uniform(0.3, 0.6)), label="a noisy curve"),
            _just_reached(rng),
        ]),
        (0.5, "a run that never gets there", lambda rng: [
            Case([0.1, 0.3, 0.2, 0.25], 0.9, label="a list"),
            Case(_rising(rng, 11), float(rng.uniform(1.0, 1.2)), label="an array"),
        ]),
        (0.5, "from the start, and through NaN", lambda rng: [
            Case(rng.uniform(0.6, 0.8, size=9), 0.5, label="reached from the start"),
            _blown_up(rng),
            Case(np.array([0.1, 0.4, np.nan, np.nan, np.nan]), 0.5, label="a run that ends in NaN"),
            Case([0.25], 0.25, label="a single entry"),
        ], HIDDEN),
    ],
    mistakes={
        "numpy_error_when_never": (
            lambda accuracies, threshold: int(np.flatnonzero(np.asarray(accuracies) >= threshold)[0]),
            "Right where the threshold is reached. " + _NEVER),
        "list_error_when_never": (
            lambda accuracies, threshold: [n for n, a in enumerate(accuracies) if a >= threshold][0],
            "Right where the threshold is reached. " + _NEVER),
        "stop_iteration_when_never": (
            lambda accuracies, threshold: next(n for n, a in enumerate(accuracies) if a >= threshold),
            "Right where the threshold is reached. " + _NEVER),
        "zero_when_never": (_or(lambda a: 0),
            "A run that never gets there is reported as there from the start. `argmax` finds an index even where "
            "nothing is true: is there anything to find?"),
        "minus_one_when_never": (_or(lambda a: -1),
            "−1 is a valid index, and sorts before 0. " + _NEVER),
        "length_when_never": (_or(len),
            "The length looks like a late success. " + _NEVER),
        "last_index_when_never": (_or(lambda a: len(a) - 1),
            "That looks like a late success. " + _NEVER),
        "nan_when_never": (_or(lambda a: float("nan")),
            "NaN is no index, and every comparison with it is false. " + _NEVER),
        "strictly_above": (lambda accuracies, threshold: _first_of(accuracies, lambda a: a > threshold),
            "An accuracy that equals the threshold has reached it."),
        "nan_reaches_it": (lambda accuracies, threshold: _first_of(accuracies, lambda a: ~(a < threshold)),
            "A NaN is taken for a success: it is not below the threshold, but it has not reached it either."),
        "ends_at_nan": (
            lambda accuracies, threshold: _first_of(
                accuracies, lambda a: (a >= threshold) & ~np.logical_or.accumulate(np.isnan(a))
            ),
            "The search ends at the first NaN. It only says that this entry reaches nothing; go on behind it."),
        "last_instead_of_first": (_last,
            "This is the last entry that reaches the threshold: find the first."),
        "stays_above": (_stays,
            "This waits until the curve stays above the threshold for good; the first time counts, even if it "
            "falls back."),
        "counts_from_one": (_changed(lambda index, a: index + 1),
            "One too many: the entry before the first step has index 0."),
        "index_before": (_changed(lambda index, a: index - 1),
            "One too few: this is the entry before the one that reaches the threshold."),
        "value_instead_of_index": (_changed(lambda index, a: a[index]),
            "This is the accuracy there; the question is after how many steps: the index."),
        "how_many": (lambda accuracies, threshold: int(np.sum(np.asarray(accuracies) >= threshold)) or None,
            "This counts the entries that reach the threshold; the index of the first is asked for."),
        "best_entry": (_changed(lambda index, a: int(np.nanargmax(a))),
            "This is the best entry, not the first one that is good enough."),
        "truth": (lambda accuracies, threshold: bool(np.any(np.asarray(accuracies) >= threshold)),
            "This says whether the threshold is reached; the question is when."),
        "all_of_them": (lambda accuracies, threshold: np.flatnonzero(np.asarray(accuracies) >= threshold),
            "These are all entries that reach the threshold: the first is asked for, as a single number."),
        "ignores_the_start": (
            lambda accuracies, threshold: _first_of(accuracies, lambda a: (a >= threshold) & (np.arange(len(a)) > 0)),
            "The entry before the first step, index 0, counts too."),
    },
)

# LOST? lambda accuracies, threshold: [n for n, a in enumerate(accuracies) if a >= threshold][0],
