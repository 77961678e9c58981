"""`fit_standardizer`: mean and standard deviation of every feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_05.shared import Array, constant, draw_columns, with_columns
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization


def _draw_a_tiny_feature(rng: np.random.Generator) -> Array:
    """Draw features of shape (9, 3); the last one is tiny.

    Its centre and its spread are near 3e-11. They are small, but not rounding errors.
    """
    return np.column_stack([draw_columns(rng, 9, 3)[:, :-1], 1e-11 * draw_columns(rng, 9, 1) * 7])


def _fit(spread: Callable[[Array], Array], centre: Callable[[Array], Array] = lambda X: X.mean(axis=0)) -> Any:
    """Build a wrong `fit_standardizer`: it returns `centre(X)` and `spread(X)`.

    The spread of a constant feature is 1, as it must be.
    """
    return lambda X: (centre(X), np.where(constant(X), 1, spread(X)))


def _fit_all(spread: Callable[[Array], Array]) -> Any:
    """Build a wrong `fit_standardizer`: it returns the right mean, and `spread(std)` of the right standard deviations.

    A constant feature has no rule, or only the one in `spread`.
    """
    return lambda X: (X.mean(axis=0), spread(X.std(axis=0)))


def _by_kind(result: Any, case: Case) -> Any:
    """Return features of a result (mean, std).

    A standard deviation that is too small to be real is replaced by a number for its kind: −1 for rounding, −2 for
    tiny, −3
    for an added ε. A mean of a wrong shape is replaced by its shape.
    """
    mean, std = result
    kinds = np.select([np.abs(std) < 1e-14, np.abs(std) < 1e-9, np.abs(std) < 1e-2], [-1.0, -2.0, -3.0], std)
    return [mean if np.shape(mean) == (case.args[0].shape[1],) else np.shape(mean), kinds]

FIT_STANDARDIZER = exercise(
    normalization.fit_standardizer, "05_input_normalization", outputs=("mean", "std"), mistake_features=_by_kind,
    mistake_rtol=1e-4, rtol=1e-6, atol=1e-15,
    parts=[
        (1.5, "mean and standard deviation of every feature", lambda rng: [
            Case(np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0], [6.0, 60.0]]), label="four rows, two features"),
            Case(draw_columns(rng, 9, 4), label="features of different sizes"),
        ]),
        (0.5, "a constant feature", lambda rng: [
            Case(with_columns(draw_columns(rng, 8, 4), {1: 0.0, 2: 4.0}), label="two features that never change"),
        ]),
        (1, "constant but for rounding; tiny but not constant; a single row", lambda rng: [
            Case(with_columns(draw_columns(rng, 10, 5), {0: 0.3, 2: 0.6, 3: 4.7}),
                 label="constant features whose computed spread is not exactly 0"),
            Case(_draw_a_tiny_feature(rng), label="a feature of tiny but real spread"),
            Case(draw_columns(rng, 8, 3)[:1], label="a single row"),
        ], HIDDEN),
    ],
    mistakes={
        "per_example": (lambda X: normalization.fit_standardizer(X.T),
            "One mean for each example: the batch runs along the rows. Which axis must go, so that one number is "
            "left for each feature?"),
        "over_everything": (lambda X: (X.mean(), X.std()),
            "One mean for the whole table: each feature needs its own."),
        "n_minus_1": (_fit(lambda X: X.std(axis=0, ddof=1) if len(X) > 1 else X.std(axis=0)),
            "A little too large: this divides by N − 1. In this course a variance divides by N."),
        "variance": (_fit(lambda X: X.var(axis=0)),
            "This is the variance: in which unit is it?"),
        "not_centred": (_fit(lambda X: np.sqrt(np.mean(X**2, axis=0))),
            "This is the spread around 0, not around the mean."),
        "min_max": (_fit(lambda X: np.ptp(X, axis=0), lambda X: X.min(axis=0)),
            "This is the smallest value and the range: one outlier decides both. Mean and standard deviation are "
            "asked for."),
        "median": (_fit(lambda X: X.std(axis=0), lambda X: np.median(X, axis=0)),
            "This centre is the median; the mean is asked for."),
        "constants_forgotten": (_fit_all(lambda std: std),
            "A constant feature has no spread, and standardizing will divide by it. What must stand there?"),
        "exact_zero_only": (_fit_all(lambda std: np.where(std == 0, 1, std)),
            "A constant feature is recognized by a spread of exactly 0, but rounding in the mean can leave 1e-17. "
            "Which property of its values tells for sure that a feature is constant?"),
        "threshold": (_fit_all(lambda std: np.where(std < 1e-8, 1, std)),
            "Small is not constant: a feature measured in kilometres may have a spread of 1e-9 and carry "
            "everything. Which property of its values tells for sure that a feature is constant?"),
        "epsilon": (_fit_all(lambda std: std + 1e-8),
            "A small number is added to every spread: it hides the division by 0 and blows up what rounding left. "
            "Treat constant features apart."),
    },
    words={"swapped_values": ("swapped", "Both arrays are right, in the wrong order.")},
)
