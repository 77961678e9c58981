"""`condition_number`: how elongated a cloud of examples is."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.exercises.lesson_05.shared import Array, cloud, constant, spectrum, with_columns
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise, within
from course_lib import normalization


def _ratio(eigenvalues: Array) -> float:
    kept = eigenvalues[eigenvalues >= 1e-12 * np.max(eigenvalues)]
    return float(np.max(kept) / np.min(kept))


def _flat(rng: np.random.Generator, rows: int, rank: int, columns: int) -> Array:
    """Draw examples of shape (rows, columns) that vary along only `rank` directions.

    In the other directions, the variance is a rounding error.
    """
    return cloud(rng, rows, np.geomspace(6, 0.5, rank).tolist()) @ rng.normal(size=(rank, columns))


def _no_larger_than_rounding_allows(result: Any, case: Case) -> Any:
    return np.minimum(np.abs(result), 1e13)

CONDITION_NUMBER = exercise(
    normalization.condition_number, "05_input_normalization", mistake_features=_no_larger_than_rounding_allows,
    rtol=1e-6,
    parts=[
        (1, "how elongated a cloud is", lambda rng: [
            Case(np.array([[0.0, 1.0], [2.0, 1.0], [0.0, 7.0], [2.0, 7.0]]), label="the corners of a rectangle"),
            Case(cloud(rng, 9, [8, 2, 0.7]), label="three features"),
            Case(cloud(rng, 12, [3, 2, 1, 0.4]) * [1000, 1, 30, 5], label="features in very different units"),
        ]),
        (1, "flat clouds: directions without variance are left out", lambda rng: [
            Case(with_columns(cloud(rng, 9, [8, 2, 1, 0.3]), {2: 5.0}), label="a constant feature"),
            Case(_flat(rng, 10, 3, 12), label="more features than examples"),
            Case(_flat(rng, 14, 2, 10), label="two directions in ten features"),
            Case(cloud(rng, 10, [2e7, 40, 1]), label="a thin but not a flat cloud"),
        ], within(rtol=1e-5, atol=1e-12), HIDDEN),
    ],
    mistakes={
        "root": (lambda X: np.sqrt(_ratio(spectrum(X))),
            "This is the ratio of the longest to the shortest axis; variances are squared lengths."),
        "not_centred": (lambda X: _ratio(np.linalg.eigvalsh(X.T @ X / len(X))),
            "This measures around 0: a cloud far from the origin looks elongated from there. Centre first."),
        "not_centred_root": (lambda X: np.sqrt(_ratio(np.linalg.eigvalsh(X.T @ X))),
            "This is a ratio of singular values of X as it stands: neither centred nor squared."),
        "inverted": (lambda X: 1 / _ratio(spectrum(X)),
            "A condition number is at least 1: which eigenvalue stands on top?"),
        "tiny_kept": (lambda X: spectrum(X)[-1] / spectrum(X)[0],
            "A direction without variance has an eigenvalue of 0 but for rounding; it is to be left out, and the "
            "cloud measured where it extends."),
        "positive_kept": (lambda X: spectrum(X)[-1] / spectrum(X)[spectrum(X) > 0].min(),
            "Rounding leaves an eigenvalue of 1e-17 above 0 as often as below: how small counts as none?"),
        "correlation": (lambda X: _ratio(np.linalg.eigvalsh(np.corrcoef(X[:, ~constant(X)].T))),
            "This is the condition number of standardized features: it starts from the correlation."),
        "variances": (lambda X: _ratio(X.var(axis=0)),
            "This compares the features' own variances; a cloud can be long and thin along a diagonal."),
        "largest": (lambda X: spectrum(X)[-1],
            "This is the largest eigenvalue: a ratio is asked for."),
        "over_examples": (lambda X: _ratio(np.linalg.eigvalsh(np.cov(X))),
            "This is the covariance of examples with each other: NumPy's `cov` takes rows for variables."),
    },
)
