"""`seed_summary`: median and range of several runs."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import comparing_runs
from course_lib.arrays import Array


def _curves(rng: np.random.Generator, seeds: int, steps: int, *nan: tuple[int, int, int]) -> Array:
    """Draw accuracy curves of shape (seeds, steps) in which no two entries are equal.

    Each of `nan` is (row, start, end). It fills the columns from start to end − 1 of the row with NaN.
    """
    curves = np.linspace(0.1, 0.8, steps) + rng.uniform(0.0, 0.2, size=(seeds, steps))
    for row, start, end in nan:
        curves[row, start:end] = np.nan
    return curves


def _is_blown_up(curves: Array) -> Array:
    return np.logical_or.accumulate(np.isnan(curves), axis=1)


def _summary(kept: Array, axis: int | None = 0) -> tuple[Array, Array, Array]:
    return np.median(kept, axis), np.min(kept, axis), np.max(kept, axis)


def _after(repair: Callable[[Array], Array]) -> Callable[..., Any]:
    """Build a wrong answer: the right summary of `repair(curves)`, which treats NaN in a wrong way."""
    return lambda curves: _summary(repair(curves))


def _other(summary: Callable[[Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer: `summary(curves)`, after NaN was replaced by 0 in the right way."""
    return lambda curves: summary(np.where(_is_blown_up(curves), 0.0, curves))


def _filled(at: Callable[[Array], Array]) -> Callable[..., Any]:
    """Build a wrong answer that copies the accuracy of the step before to some entries.

    `at(curves)` returns which entries these are. Any other NaN becomes 0.
    """

    def fill(curves: Array) -> Array:
        filled, places = curves.copy(), at(curves)
        for t in range(1, curves.shape[1]):
            filled[:, t] = np.where(places[:, t], filled[:, t - 1], curves[:, t])
        return np.nan_to_num(filled)

    return _after(fill)


def _whole_runs(curves: Array) -> Array:
    kept = curves[~np.isnan(curves).any(axis=1)]
    return kept if len(kept) else np.full((1, curves.shape[1]), np.nan)


def _band(centre: Callable[..., Array]) -> Callable[..., Any]:
    """Build a wrong answer: the centre, the centre minus and the centre plus one standard deviation."""
    return _other(lambda kept: (centre(kept, 0), centre(kept, 0) - kept.std(0), centre(kept, 0) + kept.std(0)))


_REPAIRED = "From its first NaN on a run has failed, and counts as accuracy 0."

SEED_SUMMARY = exercise(
    comparing_runs.seed_summary, "07_evidence", outputs=("median", "smallest", "largest"),
    parts=[
        (1, "runs that went well", lambda rng: [
            Case(np.array([[0.1, 0.5, 0.75, 1.0], [0.2, 0.25, 0.5, 0.5], [0.0, 1.0, 0.7, 0.8]]), label="three runs"),
            Case(_curves(rng, 5, 8), label="an odd number of runs"),
            Case(_curves(rng, 6, 4), label="an even number of runs"),
        ]),
        (1, "runs that blew up", lambda rng: [
            Case(_curves(rng, 5, 8, (1, 3, 8), (3, 6, 8)), label="two of five runs end in NaN"),
            Case(_curves(rng, 4, 7, (2, 2, 4)), label="NaN, and numbers again behind it"),
        ]),
        (1, "one run, all runs, numbers after NaN", lambda rng: [
            Case(_curves(rng, 1, 6), label="a single run"),
            Case(_curves(rng, 1, 6, (0, 2, 3)), label="a single run with a NaN"),
            Case(_curves(rng, 3, 9, (0, 4, 9), (1, 2, 3), (2, 6, 9)), label="all runs blow up, one counts on"),
            Case(_curves(rng, 6, 5, (0, 0, 5), (5, 0, 1), (3, 3, 4)), label="NaN from the start"),
        ], HIDDEN),
    ],
    mistakes={
        "nan_ignored": (lambda curves: (np.nanmedian(curves, 0), np.nanmin(curves, 0), np.nanmax(curves, 0)),
            "NaN entries are left out, so the statistics are those of the surviving runs: the more runs blow up, the "
            "better it looks. " + _REPAIRED),
        "runs_dropped": (_after(_whole_runs),
            "Runs that hold a NaN are dropped altogether, which flatters the rest. " + _REPAIRED),
        "nan_left": (_summary,
            "NaN spreads into the summary. " + _REPAIRED),
        "only_that_entry": (_after(np.nan_to_num),
            "A run that counts numbers again after a NaN is taken back. It has failed: from the first NaN on."),
        "whole_run": (_after(lambda curves: np.where(np.isnan(curves).any(axis=1, keepdims=True), 0.0, curves)),
            "A run that blows up late was fine until then: it counts as 0 from its first NaN on, not before."),
        "all_runs_at_once": (_after(lambda curves: np.where(_is_blown_up(curves).any(axis=0), 0.0, curves)),
            "One run's NaN sets all runs to 0: follow each run by itself."),
        "along_the_seeds": (_after(lambda curves: np.where(_is_blown_up(curves.T).T, 0.0, curves)),
            "The NaN is carried on to the next seeds, and should be carried on to the next steps: which axis is time?"),
        "frozen": (_filled(_is_blown_up),
            "A run that has failed keeps its last accuracy. " + _REPAIRED),
        "forward_filled": (_filled(np.isnan),
            "NaN is filled with the accuracy before it, as if nothing had happened. " + _REPAIRED),
        "counts_as_chance": (_after(lambda curves: np.where(_is_blown_up(curves), 0.1, curves)),
            "A failed run counts as chance level here; the exercise says 0, so that it can be told from guessing."),
        "over_time": (_other(lambda kept: _summary(kept, axis=1)),
            "This sums up every run over its steps: one number a seed. One number a step is asked for."),
        "over_everything": (_other(lambda kept: _summary(kept, axis=None)),
            "This sums up everything at once: one number a step is asked for."),
        "mean": (_other(lambda kept: (kept.mean(axis=0), kept.min(axis=0), kept.max(axis=0))),
            "This is the mean, which one failed run drags far down. The median is asked for."),
        "spread_of_mean": (_band(np.mean),
            "Mean ± standard deviation may lie where no run ever was, even above 1: three other numbers are asked "
            "for."),
        "spread": (_band(np.median),
            "Median ± standard deviation may lie where no run ever was, even above 1: the band ends at real runs."),
        "percentiles": (_other(lambda kept: tuple(np.percentile(kept, [50, 25, 75], axis=0))),
            "The band leaves out the extreme runs: its ends are the smallest and the largest."),
        "upper_middle": (_other(lambda kept: (np.sort(kept, axis=0)[len(kept) // 2], *_summary(kept)[1:])),
            "For an even number of runs the median lies halfway between the two in the middle."),
        "ascending": (_other(lambda kept: tuple(np.array(_summary(kept))[[1, 0, 2]])),
            "The right three numbers in another order: the median comes first."),
        "largest_before_smallest": (_other(lambda kept: tuple(np.array(_summary(kept))[[0, 2, 1]])),
            "The right three numbers in another order: the smallest comes before the largest."),
    },
)
