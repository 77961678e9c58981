"""`standardize`: shift and scale every feature by statistics that are given."""

from __future__ import annotations

import numpy as np

from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization


def _draw(rng: np.random.Generator, rows: int, columns: int, label: str) -> Case:
    """Draw a mean, a standard deviation and a batch from another distribution with one outlier; return their case."""
    mean = rng.uniform(2, 6, size=columns) * rng.choice([-1, 1], size=columns)
    std = rng.uniform(1.5, 6, size=columns)
    X = mean + std * (0.7 + 2 * rng.normal(size=(rows, columns)))
    X[0, -1] = mean[-1] + 40 * std[-1]
    return Case(X, mean, std, label=label)


def _draw_in_tiny_units(rng: np.random.Generator) -> Case:
    mean = rng.uniform(2, 6, size=3) * rng.choice([-1, 1], size=3)
    std = rng.uniform(1.5, 6, size=3)
    X = mean + std * (0.5 + rng.normal(size=(8, 3)))
    return Case(X * 1e-9, mean * 1e-9, std * 1e-9, label="features measured in tiny units")

STANDARDIZE = exercise(
    normalization.standardize, "05_input_normalization", rtol=1e-6, atol=1e-9,
    parts=[
        (0.5, "shifts and scales every feature", lambda rng: [
            Case(np.array([[1.0, 20.0], [5.0, 40.0], [3.0, -80.0]]), np.array([3.0, 20.0]), np.array([2.0, 10.0]),
                 label="three rows, two features"),
            _draw(rng, 9, 4, "a batch with one value far out"),
        ]),
        (0.5, "one row, as many rows as features, tiny units", lambda rng: [
            _draw(rng, 1, 5, "one row"),
            _draw(rng, 4, 4, "as many rows as features"),
            _draw_in_tiny_units(rng),
        ], HIDDEN),
    ],
    mistakes={
        "own_statistics": (lambda X, mean, std: (X - X.mean(axis=0)) / X.std(axis=0),
            "This batch's own mean and spread are used; the arguments have no effect. New examples must be treated "
            "as the training examples were."),
        "clipped": (lambda X, mean, std: np.clip((X - mean) / std, -5, 5),
            "Values far out are cut off; here they are not to be."),
        "precedence": (lambda X, mean, std: X - mean / std,
            "A division binds tighter than a difference: which parentheses are missing?"),
        "not_scaled": (lambda X, mean, std: X - mean,
            "Centred, but still in the old unit."),
        "not_centred": (lambda X, mean, std: X / std,
            "Scaled, but not centred."),
        "multiplied": (lambda X, mean, std: (X - mean) * std,
            "This stretches where it should shrink."),
        "variance": (lambda X, mean, std: (X - mean) / std**2,
            "The argument `std` is a standard deviation already: no square, no root."),
        "square_root": (lambda X, mean, std: (X - mean) / std**0.5,
            "The argument `std` is a standard deviation already: no square, no root."),
        "epsilon": (lambda X, mean, std: (X - mean) / (std + 1e-8),
            "A small number is added to the spread, and features measured in tiny units suffer. Constant features "
            "have been taken care of when the spread was measured."),
    },
    words={"factor_minus_one": ("sign", "Large values come out small: which is subtracted?")},
)
