"""`distinct_units`: how many units of a layer differ in their incoming weights."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_04.shared import Array
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import initialization


def _columns(*columns: list[float]) -> Array:
    return np.array(columns, dtype=np.float64).T


def _with_copies(rng: np.random.Generator, n_in: int, different: int, n_out: int) -> Array:
    """Draw a matrix of shape (n_in, n_out) with only `different` different columns.

    Each of them occurs at least once. Their order is random.
    """
    extra = rng.integers(different, size=n_out - different)
    return rng.normal(size=(n_in, different))[:, rng.permutation([*range(different), *extra])]


def _almost_equal(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Draw a matrix of n_out equal columns, then change the last bit of one entry of the first column."""
    W = np.repeat(rng.uniform(1, 2, size=(n_in, 1)), n_out, axis=1)
    W[1, 0] = np.nextafter(W[1, 0], 3)
    return W


DISTINCT_UNITS = exercise(
    initialization.distinct_units, "04_weight_initialization",
    parts=[
        (0.5, "weights with and without copies", lambda rng: [
            Case(_columns([1, 2], [1, 2], [2, 1], [1, 2]), label="three copies of one unit, and another unit"),
            Case(np.full((3, 5), 0.5), label="all weights equal"),
            Case(_with_copies(rng, 4, 6, 9), label="nine units, six of them different"),
        ]),
        (0.5, "exact comparison, more units than inputs", lambda rng: [
            Case(_almost_equal(rng, 6, 4), label="units that differ in the last bit of one weight"),
            Case(_columns([1, 4], [2, 3], [3, 2], [4, 1], [2, 3]), label="units with equal sums"),
            Case(rng.normal(size=(3, 11)), label="no two units alike"),
            Case(_with_copies(rng, 7, 2, 3), label="two different units among three"),
        ], HIDDEN),
    ],
    mistakes={
        "counts_rows": (lambda W: len({tuple(row) for row in W}),
            "This counts different rows: the outgoing weights of an input. A unit's incoming weights are a column."),
        "counts_numbers": (lambda W: len(np.unique(W)),
            "This counts different numbers; two units are equal when all of their incoming weights are."),
        "counts_all_units": (lambda W: W.shape[1],
            "Every unit is counted, copies included."),
        "counts_copies": (lambda W: W.shape[1] - len({tuple(column) for column in W.T}),
            "This counts the copies; the units that are left without them are asked for."),
        "neighbours_only": (lambda W: 1 + int(np.sum(np.any(W[:, 1:] != W[:, :-1], axis=0))),
            "Only neighbouring columns are compared: a copy that stands further away counts as new."),
        "compares_sums": (lambda W: len(np.unique(W.sum(axis=0))),
            "Different columns can have the same sum: compare the columns entry by entry."),
        "rounds": (lambda W: len({tuple(column) for column in np.round(W.T, 9)}),
            "Columns that differ in a late digit are taken for equal: the comparison must be exact."),
    },
)
