"""Input normalization: standardizing, whitening, and their effect on gradient descent."""

from __future__ import annotations

import numpy as np

from course_lib.activations import sigmoid
from course_lib.arrays import (
    Array,
    Labels,
    require_count,
    require_not_negative,
    require_positive,
    require_rank,
    require_shape,
)


def fit_standardizer(X: Array) -> tuple[Array, Array]:
    """Compute mean and standard deviation of every feature; a constant feature gets the standard deviation 1.

    Parameters
    ----------
    X : ndarray, shape (N, D)
        One example per row, N ≥ 1.

    Returns
    -------
    mean, std : ndarray, shape (D,)
        The standard deviation divides by N. If all values of a feature are equal, it is 1, even
        if rounding would make it 1e-17.

    Raises
    ------
    ValueError
        If `X` does not have two axes or has no rows.
    """
    require_rank("X", X, 2)
    require_count("the number of rows of X", X.shape[0], least=1)
    constant = X.max(axis=0) == X.min(axis=0)
    return X.mean(axis=0), np.where(constant, 1, X.std(axis=0))


def standardize(X: Array, mean: Array, std: Array) -> Array:
    """Shift and scale every feature: (X − mean) / std.

    Parameters
    ----------
    X : ndarray, shape (N, D)
    mean, std : ndarray, shape (D,)
        Results of `fit_standardizer` for the training examples.

    Returns
    -------
    ndarray, shape (N, D)

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    require_rank("X", X, 2)
    require_shape("mean", mean, X.shape[1:])
    require_shape("std", std, X.shape[1:])
    return (X - mean) / std


def pca_whitening(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
    """Whiten along the principal axes: W = U / sqrt(λ + ε), with Σ = U·diag(λ)·Uᵀ the population covariance.

    (X − mean)·W has covariance diag(λ / (λ + ε)): uncorrelated features of variance close to 1.

    Parameters
    ----------
    X : ndarray, shape (N, D)
        N ≥ 1.
    eps : float
        ε > 0, in units of a variance. It limits the scaling of directions without variance.

    Returns
    -------
    mean : ndarray, shape (D,)
    W : ndarray, shape (D, D)
        Any order and any signs of the columns are right.

    Raises
    ------
    ValueError
        If `X` does not have two axes or has no rows, or `eps` is not positive.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 4.3.
    """
    require_rank("X", X, 2)
    require_count("the number of rows of X", X.shape[0], least=1)
    require_positive("eps", eps)
    mean = X.mean(axis=0)
    eigenvalues, U = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, U / np.sqrt(np.maximum(eigenvalues, 0) + eps)


def zca_whitening(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
    """Whiten, then rotate back: W = (Σ + ε·I)^(−1/2), the whitening that changes the data least.

    Parameters
    ----------
    X : ndarray, shape (N, D)
        N ≥ 1.
    eps : float
        ε > 0, in units of a variance.

    Returns
    -------
    mean : ndarray, shape (D,)
    W : ndarray, shape (D, D)
        Symmetric.

    Raises
    ------
    ValueError
        If `X` does not have two axes or has no rows, or `eps` is not positive.

    References
    ----------
    Bell and Sejnowski (1997), *The "independent components" of natural scenes are edge filters*, section 3.
    """
    require_rank("X", X, 2)
    require_count("the number of rows of X", X.shape[0], least=1)
    require_positive("eps", eps)
    mean = X.mean(axis=0)
    eigenvalues, U = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, (U / np.sqrt(np.maximum(eigenvalues, 0) + eps)) @ U.T


def condition_number(X: Array) -> float:
    """Compute the largest over the smallest eigenvalue of the covariance: how elongated the cloud of examples is.

    Parameters
    ----------
    X : ndarray, shape (N, D)

    Returns
    -------
    float
        At least 1; eigenvalues below 1e-12 of the largest are ignored.

    Raises
    ------
    ValueError
        If `X` does not have two axes, or its rows are all equal.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 5.
    """
    require_rank("X", X, 2)
    require_count("the number of different rows of X", min(len(X), 1 + int(np.any(X[:1] != X))), least=2)
    centred = X - X.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(centred.T @ centred / len(X))
    kept = eigenvalues[eigenvalues >= 1e-12 * eigenvalues[-1]]
    return float(kept[-1] / kept[0])


def gradient_descent_steps(X: Array, y: Labels, target_loss: float, max_steps: int = 100_000) -> int:
    """Count the updates of full-batch logistic regression, from zero weights, until a loss is reached.

    With X̃ = [X, 1]: w ← w − η·X̃ᵀ(σ(X̃w) − y)/N, where η = 4 / λ_max(X̃ᵀX̃/N) is the largest step size that
    cannot overshoot (σ' ≤ 1/4 bounds the curvature by λ_max/4).

    Parameters
    ----------
    X : ndarray, shape (N, D)
    y : ndarray, shape (N,)
        0 or 1.
    target_loss : float
        Mean cross-entropy in nats; ln 2 = 0.693 at the start.
    max_steps : int
        Largest number of updates, at least 0.

    Returns
    -------
    int
        Number of updates until the mean loss is at most `target_loss` (0 if the loss is small enough at the start),
        or `max_steps`.

    Raises
    ------
    ValueError
        If shapes do not fit, `target_loss` is negative or `max_steps` is not an integer of at least 0.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 5.
    """
    require_rank("X", X, 2)
    require_shape("y", y, X.shape[:1])
    require_not_negative("target_loss", target_loss)
    require_count("max_steps", max_steps)
    X = np.column_stack([X, np.ones(len(X))])
    step_size = 4 / np.linalg.eigvalsh(X.T @ X / len(X))[-1]
    w = np.zeros(X.shape[1])
    for step in range(max_steps):
        scores = X @ w
        if np.mean(np.logaddexp(0, scores) - y * scores) <= target_loss:
            return step
        w = w - step_size * X.T @ (sigmoid(scores) - y) / len(X)
    return max_steps
