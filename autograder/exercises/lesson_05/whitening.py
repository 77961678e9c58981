"""Draw clouds, and build wrong answers and features of mistakes, for `pca_whitening` and `zca_whitening`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_05.shared import Array, cloud, covariance, with_columns
from autograder.judging.exercise import Case, Cloud
from autograder.judging.table import Mistakes
from course_lib import normalization

EPS = 1e-5  # the default of both functions
MISTAKE_RTOL = 1e-4  # the square root of an eigenvalue that is 0 except for rounding may be as large as 1e-6

Answer = Callable[..., tuple[Array, Array]]
Matrix = Callable[[Array, Array, float], Array]  # W from eigenvalues, eigenvectors as columns, and eps


def clouds(rng: np.random.Generator) -> list[Case]:
    """Draw two cases for the default eps."""
    few = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 9.0], [8.0, 12.0]])
    return [
        Case(few, label="four rows, two features", context={"eps": EPS}),
        Case(cloud(rng, 10, [7, 2, 0.5]), label="three features", context={"eps": EPS}),
    ]


def clouds_and_eps(rng: np.random.Generator) -> list[Case]:
    """Draw two cases with an eps that is larger than their smallest variance."""
    X, Y, eps = cloud(rng, 11, [9, 3, 1, 0.3]), cloud(rng, 9, [5, 1.5, 0.4]), float(rng.uniform(0.1, 0.9))
    return [
        Case(X, 0.5, label="eps = 0.5", context={"eps": 0.5}),
        Case(Y, eps=eps, label="eps by name", context={"eps": eps}),
    ]


def flat_clouds(rng: np.random.Generator) -> list[Case]:
    """Draw three cases; two of them have no variance in one direction."""
    X = cloud(rng, 12, [8, 2, 0.6])
    Y, eps = with_columns(cloud(rng, 10, [40, 9, 2.5, 0.7]), {1: 3.0}), float(rng.uniform(0.01, 0.2))
    with_a_sum = np.column_stack([X, X[:, 0] + X[:, 1]])
    return [
        Case(with_a_sum, 0.05, label="one feature is the sum of two others", context={"eps": 0.05}),
        Case(Y, eps, label="one feature is constant", context={"eps": eps}),
        Case(cloud(rng, 9, [6, 2.5, 1, 0.4, 0.15]), label="five features, the default eps", context={"eps": EPS}),
    ]


def whitened(whitening: Answer, X: Array) -> Array:
    """Return the data after whitening: (X − mean)·W."""
    mean, W = whitening(X)
    return np.asarray((X - mean) @ W)


TILTED = Cloud(cloud(np.random.default_rng(5), 300, [4, 0.3]), whitened)


def free_of_order_and_sign(result: Any, case: Case) -> Any:
    """Return features of a result (mean, W) that do not change with the order or the sign of W's columns or rows.

    A matrix of a wrong shape is replaced by its shape, and a matrix with huge entries by a word.
    """
    mean, W = result
    D = case.args[0].shape[1]
    if np.shape(W) != (D, D):
        return [mean, str(np.shape(W))]
    # A float64, because 1e5 overflows in float16; with any ε here no entry of a right matrix exceeds 320.
    if not np.all(np.abs(W) < np.float64(1e5)):
        return [mean, "blown up"]
    columns, rows = (np.sort(np.linalg.norm(W, axis=axis)) for axis in (0, 1))
    return [mean, columns, rows, np.sort(np.abs(W), axis=None), np.linalg.svd(W, compute_uv=False)]


def pca(values: Array, U: Array, eps: float) -> Array:
    """Return the matrix of PCA whitening from the eigenvalues and the eigenvectors U."""
    return U / np.sqrt(values + eps)


def zca(values: Array, U: Array, eps: float) -> Array:
    """Return the matrix of ZCA whitening from the eigenvalues and the eigenvectors U."""
    return pca(values, U, eps) @ U.T


def whiten(
    matrix: Matrix,
    spread: Callable[[Array, float], Array] = lambda X, eps: covariance(X),
    mean: Callable[[Array], Array] = lambda X: X.mean(axis=0),
    largest_first: bool = False,
) -> Answer:
    """Build a whitening that returns `mean(X)` and `matrix(eigenvalues, U, eps)`.

    The eigenvalues and eigenvectors are those of `spread(X, eps)`, the smallest first unless `largest_first` is true.
    """

    def answer(X: Array, eps: float = EPS) -> tuple[Array, Array]:
        values, U = np.linalg.eigh(spread(X, eps))
        if largest_first:
            values, U = values[::-1], U[:, ::-1]
        return mean(X), matrix(np.maximum(values, 0), U, eps)

    return answer


def shared_mistakes(matrix: Matrix) -> Mistakes:
    """Return the mistakes that both whitenings share; `matrix(eigenvalues, U, eps)` builds the right matrix."""
    return {
        "n_minus_1": (whiten(matrix, lambda X, eps: np.cov(X.T)),
            "The covariance divides by N − 1 (NumPy's `cov` does, unless told otherwise). In this course a "
            "variance divides by N."),
        "not_divided": (whiten(matrix, lambda X, eps: covariance(X) * len(X)),
            "A covariance is an average over the examples; this is the sum."),
        "not_centred": (whiten(matrix, lambda X, eps: X.T @ X / len(X)),
            "The spread is measured around 0, not around the mean: centre first."),
        "correlation": (whiten(matrix, lambda X, eps: covariance(X / normalization.fit_standardizer(X)[1])),
            "This whitens standardized features: it starts from the correlation, not the covariance of X itself."),
        "over_examples": (whiten(matrix, lambda X, eps: np.cov(X)),
            "This is the covariance of examples with each other, N by N: NumPy's `cov` takes rows for variables."),
        "eps_everywhere": (whiten(lambda values, U, eps: matrix(values, U, 0), lambda X, eps: covariance(X) + eps),
            "Added to a matrix, a number lands on every entry: ε belongs to the variances along the axes only."),
        "zero_mean": (whiten(matrix, mean=lambda X: np.zeros(X.shape[1])),
            "`W` is right, but `mean` is 0: whoever whitens new examples must know what to subtract from them."),
        "standard_deviations": (whiten(matrix, mean=lambda X: X.std(axis=0)),
            "`W` is right, but instead of the mean you return the standard deviation."),
        "gives_the_data": (lambda X, eps=EPS: (X.mean(axis=0), whitened(lambda Z: whiten(matrix)(Z, eps), X)),
            "These are the whitened examples; the matrix that whitens is asked for, so that it can be used on "
            "others."),
        "transposed_axes": (whiten(lambda values, U, eps: matrix(values, U.T, eps)),
            "The principal axes are the columns of what `eigh` gives, and here its rows are scaled."),
        "transposed_axes_of_svd": (whiten(lambda values, U, eps: matrix(values, U.T, eps), largest_first=True),
            "The axes are transposed: what `svd` gives last holds them as rows; you need them as columns."),
    }


def scaling_mistakes(turn: Callable[[Array, Array], Array]) -> Mistakes:
    """Return the mistakes in the scaling of axes.

    `turn(columns, U)` is the last step of the exercise. It takes the scaled eigenvectors and returns the matrix.
    """

    def scaled(scale: Callable[[Array, float], Array]) -> Answer:
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
