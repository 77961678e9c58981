"""`steps_to_accuracy`: when a run first is good enough."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import comparing_runs
from course_lib.arrays import Array


def _rising(rng: np.random.Generator, length: int) -> Array:
    """Draw a curve of `length` accuracies that rises, falls once below its first entry, and ends below its best."""
    curve = np.linspace(0.1, 0.9, length) + rng.uniform(-0.04, 0.04, size=length)
    curve[length // 2 + 1] = curve[0] / 2
    curve[-1] = curve[-3] - 0.01
    return curve


def _just_reached(rng: np.random.Generator) -> Case:
    """Draw a case whose threshold is an entry of the curve, so that ≥ and > differ."""
    curve = _rising(rng, int(rng.integers(12, 20)))
    return Case(curve, float(curve[len(curve) // 2]), label="a threshold that is met exactly")


def _blown_up(rng: np.random.Generator) -> list[float]:
    """Draw a curve that is NaN for three steps, then a number again, before it reaches 0.5."""
    curve = _rising(rng, 14)
    curve[2:5] = np.nan
    return curve.tolist()


def _first(
    reaches: Callable[[Array, float], Any] = lambda a, threshold: a >= threshold,
    never: Callable[[Array], Any] = lambda a: None,
) -> Callable[..., Any]:
    """Build an answer that returns the index of the first entry in `reaches(accuracies, threshold)`.

    If there is none, it returns `never(accuracies)`.
    """

    def run(accuracies: Any, threshold: float) -> Any:
        a = np.asarray(accuracies)
        found = np.flatnonzero(reaches(a, threshold))
        return int(found[0]) if len(found) else never(a)

    return run


def _where(number: Callable[[Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer: `number(mask)`; the mask says which entries reach the threshold."""
    return lambda accuracies, threshold: number(np.asarray(accuracies) >= threshold)


def _from_its_end(reached: Array) -> int | None:
    start = len(reached) - int(np.argmin(reached[::-1])) if not np.all(reached) else 0
    return start if start < len(reached) else None


def _changed(change: Callable[[int, Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer: `change(index, accuracies)`, with the right index; None if there is no index."""

    def run(accuracies: Any, threshold: float) -> Any:
        index = comparing_runs.steps_to_accuracy(accuracies, threshold)
        return None if index is None else change(index, np.asarray(accuracies))

    return run


_NEVER = (
    "Some runs never get there: say so with `None`, which no number can be mistaken for. "
    "What does your answer give for them?"
)

STEPS_TO_ACCURACY = exercise(
    comparing_runs.steps_to_accuracy, "07_evidence",
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
            Case(_blown_up(rng), 0.5, label="NaN before the threshold is reached"),
            Case(np.array([0.1, 0.4, np.nan, np.nan, np.nan]), 0.5, label="a run that ends in NaN"),
            Case([0.25], 0.25, label="a single entry"),
        ], HIDDEN),
    ],
    mistakes={
        # Three errors for "there is none": each is known by its own text.
        "numpy_error_when_never": (_where(lambda reached: int(np.flatnonzero(reached)[0])),
            "Right where the threshold is reached. " + _NEVER),
        "list_error_when_never": (_where(lambda reached: [n for n, yes in enumerate(reached) if yes][0]),
            "Right where the threshold is reached. " + _NEVER),
        "stop_iteration_when_never": (_where(lambda reached: next(n for n, yes in enumerate(reached) if yes)),
            "Right where the threshold is reached. " + _NEVER),
        "zero_when_never": (_first(never=lambda a: 0),
            "A run that never gets there is reported as there from the start. `argmax` finds an index even where "
            "nothing is true: is there anything to find?"),
        "minus_one_when_never": (_first(never=lambda a: -1),
            "−1 is a valid index, and sorts before 0. " + _NEVER),
        "length_when_never": (_first(never=len),
            "The length looks like a late success. " + _NEVER),
        "last_index_when_never": (_first(never=lambda a: len(a) - 1),
            "That looks like a late success. " + _NEVER),
        "nan_when_never": (_first(never=lambda a: float("nan")),
            "NaN is no index, and every comparison with it is false. " + _NEVER),
        "strictly_above": (_first(lambda a, threshold: a > threshold),
            "An accuracy that equals the threshold has reached it."),
        "nan_reaches_it": (_first(lambda a, threshold: ~(a < threshold)),
            "A NaN is taken for a success: it is not below the threshold, but it has not reached it either."),
        "ends_at_nan": (_first(lambda a, threshold: (a >= threshold) & ~np.logical_or.accumulate(np.isnan(a))),
            "The search ends at the first NaN. It only says that this entry reaches nothing; go on behind it."),
        "last_instead_of_first": (_where(lambda reached: int(np.flatnonzero(reached)[-1]) if np.any(reached) else None),
            "This is the last entry that reaches the threshold: find the first."),
        "stays_above": (_where(_from_its_end),
            "This waits until the curve stays above the threshold for good; the first time counts, even if it falls "
            "back."),
        "counts_from_one": (_changed(lambda index, a: index + 1),
            "One too many: the entry before the first step has index 0."),
        "index_before": (_changed(lambda index, a: index - 1),
            "One too few: this is the entry before the one that reaches the threshold."),
        "value_instead_of_index": (_changed(lambda index, a: a[index]),
            "This is the accuracy there; the question is after how many steps: the index."),
        "how_many": (_where(lambda reached: int(np.sum(reached)) or None),
            "This counts the entries that reach the threshold; the index of the first is asked for."),
        "best_entry": (_changed(lambda index, a: int(np.nanargmax(a))),
            "This is the best entry, not the first one that is good enough."),
        "truth": (_where(lambda reached: bool(np.any(reached))),
            "This says whether the threshold is reached; the question is when."),
        "all_of_them": (_where(np.flatnonzero),
            "These are all entries that reach the threshold: the first is asked for, as a single number."),
        "ignores_the_start": (_first(lambda a, threshold: (a >= threshold) & (np.arange(len(a)) > 0)),
            "The entry before the first step, index 0, counts too."),
    },
)
