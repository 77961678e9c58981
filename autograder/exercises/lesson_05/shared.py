"""Cases and wrong answers that several exercises of lesson 05 share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.judging.exercise import Case, Cloud
from autograder.judging.table import Mistakes
from course_lib import normalization

Array = np.ndarray[Any, Any]


def columns_(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Draw features with another centre and spread each; no spread is below 0.2, no two are alike."""
    centres = rng.uniform(2, 9, size=columns) * rng.choice([-1, 1], size=columns)
    spreads = np.geomspace(0.4, 6, columns) * rng.uniform(0.8, 1.25, size=columns)
    z = rng.normal(size=(rows, columns))
    return centres + spreads * (z - z.mean(axis=0)) / z.std(axis=0)


def with_columns(X: Array, values: dict[int, float]) -> Array:
    X = X.copy()
    for column, value in values.items():
        X[:, column] = value
    return X


def constant(X: Array) -> Array:
    return X.max(axis=0) == X.min(axis=0)


def cloud(rng: np.random.Generator, rows: int, eigenvalues: Sequence[float]) -> Array:
    """Draw examples, off centre, whose population covariance has nearly these eigenvalues: within 10%.

    They must stay apart, because two equal ones leave the axes between them free.
    """
    D = len(eigenvalues)
    noise = rng.normal(size=(rows, D))
    scores = np.linalg.qr(noise - noise.mean(axis=0))[0] * np.sqrt(rows)  # uncorrelated, centred, variance 1
    axes = np.linalg.qr(rng.normal(size=(D, D)))[0]
    spreads = np.sqrt(np.asarray(eigenvalues) * rng.uniform(0.9, 1.1, size=D))
    return rng.uniform(2, 4, size=D) * rng.choice([-1, 1], size=D) + (scores * spreads) @ axes.T


def with_a_sum(X: Array) -> Array:
    """Append a feature that is the sum of the first two: one direction has no variance."""
    return np.column_stack([X, X[:, 0] + X[:, 1]])


def clouds(rng: np.random.Generator) -> list[Case]:
    return [
        Case(np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 9.0], [8.0, 12.0]]), label="four rows, two features"),
        Case(cloud(rng, 10, [7, 2, 0.5]), label="three features"),
    ]


def clouds_and_eps(rng: np.random.Generator) -> list[Case]:
    return [
        Case(cloud(rng, 11, [9, 3, 1, 0.3]), 0.5, label="eps = 0.5"),
        Case(cloud(rng, 9, [5, 1.5, 0.4]), eps=float(rng.uniform(0.1, 0.9)), label="eps by name"),
    ]


def flat_clouds(rng: np.random.Generator) -> list[Case]:
    return [
        Case(with_a_sum(cloud(rng, 12, [8, 2, 0.6])), 0.05, label="one feature is the sum of two others"),
        Case(
            with_columns(cloud(rng, 10, [40, 9, 2.5, 0.7]), {1: 3.0}),
            float(rng.uniform(0.01, 0.2)),
            label="one feature is constant",
        ),
        Case(cloud(rng, 9, [6, 2.5, 1, 0.4, 0.15]), label="five features, the default eps"),
    ]


def eigen(covariance: Array, largest_first: bool = False) -> tuple[Array, Array]:
    values, U = np.linalg.eigh(covariance)
    values = np.maximum(values, 0)
    return (values[::-1], U[:, ::-1]) if largest_first else (values, U)


def covariance_(X: Array) -> Array:
    return (X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / len(X)


def pca(values: Array, U: Array, eps: float) -> Array:
    return U / np.sqrt(values + eps)


def zca(values: Array, U: Array, eps: float) -> Array:
    return pca(values, U, eps) @ U.T


Matrix = Callable[[Array, Array, float], Array]


def whiten(
    matrix: Matrix,
    covariance: Callable[[Array], Array] = covariance_,
    *,
    largest_first: bool = False,
) -> Callable[..., tuple[Array, Array]]:
    """Build a whitening that makes another matrix of the eigenvectors, or starts from another covariance."""

    def whitening(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
        return X.mean(axis=0), matrix(*eigen(covariance(X), largest_first), eps)

    return whitening


def whiten_with_eps_everywhere(matrix: Matrix) -> Callable[..., tuple[Array, Array]]:
    def whitening(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
        return X.mean(axis=0), matrix(*eigen(covariance_(X) + eps), 0.0)

    return whitening


def correlation(X: Array) -> Array:
    return covariance_((X - X.mean(axis=0)) / normalization.fit_standardizer(X)[1])


def free_of_order_and_sign(result: Any, case: Case) -> Any:
    """Give what a matrix keeps when its columns or rows change order or sign."""
    mean, W = result
    D = case.args[0].shape[1]
    if np.shape(W) != (D, D):
        return [mean, str(np.shape(W))]
    # A float64, because 1e5 overflows in float16; with any ε here no entry of a right matrix exceeds 320.
    if not np.all(np.abs(W) < np.float64(1e5)):
        return [mean, "blown up"]
    columns, rows = (np.sort(np.linalg.norm(W, axis=axis)) for axis in (0, 1))
    return [mean, columns, rows, np.sort(np.abs(W), axis=None), np.linalg.svd(W, compute_uv=False)]


def shared_mistakes(matrix: Matrix) -> Mistakes:
    """Give the mistakes both whitenings share; `matrix` makes the right one of eigenvalues and axes."""
    return {
        "n_minus_1": (whiten(matrix, lambda X: np.cov(X.T)),
            "The covariance divides by N − 1 (NumPy's `cov` does, unless told otherwise). In this course a "
            "variance divides by N."),
        "not_divided": (whiten(matrix, lambda X: covariance_(X) * len(X)),
            "A covariance is an average over the examples; this is the sum."),
        "not_centred": (whiten(matrix, lambda X: X.T @ X / len(X)),
            "The spread is measured around 0, not around the mean: centre first."),
        "correlation": (whiten(matrix, correlation),
            "This whitens standardized features: it starts from the correlation, not the covariance of X itself."),
        "over_examples": (whiten(matrix, lambda X: np.cov(X)),
            "This is the covariance of examples with each other, N by N: NumPy's `cov` takes rows for variables."),
        "eps_everywhere": (whiten_with_eps_everywhere(matrix),
            "Added to a matrix, a number lands on every entry: ε belongs to the variances along the axes only."),
        "zero_mean": (lambda X, eps=1e-5: (np.zeros(X.shape[1]), matrix(*eigen(covariance_(X)), eps)),
            "`W` is right, but `mean` is 0: whoever whitens new examples must know what to subtract from them."),
        "standard_deviations": (lambda X, eps=1e-5: (X.std(axis=0), matrix(*eigen(covariance_(X)), eps)),
            "`W` is right, but instead of the mean you return the standard deviation."),
        "gives_the_data": (
            lambda X, eps=1e-5: (X.mean(axis=0), (X - X.mean(axis=0)) @ matrix(*eigen(covariance_(X)), eps)),
            "These are the whitened examples; the matrix that whitens is asked for, so that it can be used on "
            "others."),
        "transposed_axes": (whiten(lambda values, U, eps: matrix(values, U.T, eps)),
            "The principal axes are the columns of what `eigh` gives, and here its rows are scaled."),
        "transposed_axes_of_svd": (whiten(lambda values, U, eps: matrix(values, U.T, eps), largest_first=True),
            "The axes are transposed: what `svd` gives last holds them as rows; you need them as columns."),
    }


def scaling_mistakes(turn: Callable[[Array, Array], Array]) -> Mistakes:
    """Give the mistakes in how the axes are scaled; `turn(columns, U)` is what the exercise does with the result."""

    def scaled(scale: Callable[[Array, float], Array]) -> Callable[..., tuple[Array, Array]]:
        return whiten(lambda values, U, eps: turn(U * scale(values, eps), U))

    return {
        "eps_forgotten": (scaled(lambda values, eps: 1 / np.sqrt(values)),
            "`eps` has no effect: a direction with hardly any variance is blown up without limit."),
        "eps_outside": (scaled(lambda values, eps: 1 / (np.sqrt(values) + eps)),
            "`eps` is added to a standard deviation; it is in units of a variance. Where does the root end?"),
        "inverse": (scaled(lambda values, eps: 1 / (values + eps)),
            "This divides by the variance: what comes out has variance 1/λ, not 1. Which power of Σ is it?"),
        "multiplied": (scaled(lambda values, eps: np.sqrt(values + eps)),
            "Wide directions become wider: the scale must go the other way."),
        "eps_subtracted": (scaled(lambda values, eps: 1 / np.sqrt(values) - eps),
            "`eps` is to be added to the variance, before the root and the division."),
    }


def whitened(whitening: Any, X: Array) -> Array:
    mean, W = whitening(X)
    return np.asarray((X - mean) @ W)


TILTED = Cloud(cloud(np.random.default_rng(5), 300, [4, 0.3]), whitened)


def spectrum(X: Array) -> Array:
    return np.linalg.eigvalsh(covariance_(X))
