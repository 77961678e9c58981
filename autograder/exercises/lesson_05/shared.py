"""Examples that several exercises of lesson 05 draw, and what their wrong answers compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def draw_columns(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Draw features of shape (rows, columns) with different centres and spreads; no spread is below 0.2."""
    centres = rng.uniform(2, 9, size=columns) * rng.choice([-1, 1], size=columns)
    spreads = np.geomspace(0.4, 6, columns) * rng.uniform(0.8, 1.25, size=columns)
    z = rng.normal(size=(rows, columns))
    return centres + spreads * (z - z.mean(axis=0)) / z.std(axis=0)


def with_columns(X: Array, values: Mapping[int, float]) -> Array:
    """Return a copy of X in which each column number in `values` is filled with its value."""
    X = X.copy()
    for column, value in values.items():
        X[:, column] = value
    return X


def constant(X: Array) -> Array:
    """Return, for each column, whether all its values are equal; shape (D,)."""
    return X.max(axis=0) == X.min(axis=0)


def cloud(rng: np.random.Generator, rows: int, eigenvalues: Sequence[float]) -> Array:
    """Draw examples of shape (rows, D) with a mean away from 0.

    The eigenvalues of their population covariance are the D given ones within 10%. These must differ by more than that,
    because the axes of two equal eigenvalues are not unique.
    """
    D = len(eigenvalues)
    noise = rng.normal(size=(rows, D))
    scores = np.linalg.qr(noise - noise.mean(axis=0))[0] * np.sqrt(rows)  # uncorrelated, centred, variance 1
    axes = np.linalg.qr(rng.normal(size=(D, D)))[0]
    spreads = np.sqrt(np.asarray(eigenvalues) * rng.uniform(0.9, 1.1, size=D))
    return rng.uniform(2, 4, size=D) * rng.choice([-1, 1], size=D) + (scores * spreads) @ axes.T


def covariance(X: Array) -> Array:
    """Return the population covariance of the columns, which divides by N; shape (D, D)."""
    return (X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / len(X)


def spectrum(X: Array) -> Array:
    """Return the eigenvalues of the population covariance, the smallest first."""
    return np.linalg.eigvalsh(covariance(X))
