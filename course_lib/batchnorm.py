"""Batch normalization: the transform, its gradient, and the running statistics that replace the batch at test time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.arrays import Array, require_count, require_positive, require_probability, require_rank, require_shape

# Defaults of the course; networks are trained with them.
EPS = 1e-5
DECAY = 0.9


class BatchNormCache(NamedTuple):
    """Values of the forward pass that the backward pass needs.

    Attributes
    ----------
    x_hat : ndarray, shape (N, D)
        The normalized batch.
    inv_std : ndarray, shape (D,)
        1 / sqrt(σ² + ε).
    gamma : ndarray, shape (D,)
    """

    x_hat: Array
    inv_std: Array
    gamma: Array


def batchnorm_forward(x: Array, gamma: Array, beta: Array, eps: float = EPS) -> tuple[Array, BatchNormCache]:
    """Normalize every feature over the batch, then scale and shift: y = γ·(x − μ)/sqrt(σ² + ε) + β.

    Parameters
    ----------
    x : ndarray, shape (N, D)
        N ≥ 1; for a batch of one, y is β.
    gamma, beta : ndarray, shape (D,)
    eps : float
        ε > 0, in units of a variance.

    Returns
    -------
    y : ndarray, shape (N, D)
    cache : BatchNormCache

    Raises
    ------
    ValueError
        If shapes do not fit, the batch is empty or `eps` is not positive.

    References
    ----------
    Ioffe and Szegedy (2015), *Batch normalization*, algorithm 1.
    """
    require_batch("x", x, gamma=gamma, beta=beta)
    require_positive("eps", eps)
    inv_std = 1 / np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) * inv_std
    return gamma * x_hat + beta, BatchNormCache(x_hat, inv_std, gamma)


def batchnorm_backward(dy: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    """Compute the gradient of the transform, including the gradients through mean and variance.

    dβ = Σ dy, dγ = Σ dy·x̂ and dx = γ/sqrt(σ² + ε) · (dy − dβ/N − x̂·dγ/N).

    Parameters
    ----------
    dy : ndarray, shape (N, D)
        dLoss/dy.
    cache : BatchNormCache
        From `batchnorm_forward`.

    Returns
    -------
    dx : ndarray, shape (N, D)
    dgamma, dbeta : ndarray, shape (D,)
        Summed over the batch.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Ioffe and Szegedy (2015), *Batch normalization*, section 3.
    """
    require_shape("dy", dy, cache.x_hat.shape)
    x_hat, inv_std, gamma = cache
    dbeta = dy.sum(axis=0)
    dgamma = (dy * x_hat).sum(axis=0)
    dx = gamma * inv_std * (dy - dbeta / len(dy) - x_hat * dgamma / len(dy))
    return dx, dgamma, dbeta


def identity_parameters(x: Array, eps: float = EPS) -> tuple[Array, Array]:
    """Return γ = sqrt(σ² + ε) and β = μ, with which the transform returns the batch `x` unchanged.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    eps : float
        As in `batchnorm_forward`.

    Returns
    -------
    gamma, beta : ndarray, shape (D,)

    Raises
    ------
    ValueError
        If `x` does not have two axes or has no rows, or `eps` is not positive.

    References
    ----------
    Ioffe and Szegedy (2015), *Batch normalization*, section 3 (without ε).
    """
    require_batch("x", x)
    require_positive("eps", eps)
    return np.sqrt(x.var(axis=0) + eps), x.mean(axis=0)


def update_running_statistics(
    running_mean: Array, running_var: Array, x: Array, decay: float = DECAY
) -> tuple[Array, Array]:
    """Update the running statistics with those of a batch: new = decay·old + (1 − decay)·batch.

    Parameters
    ----------
    running_mean, running_var : ndarray, shape (D,)
    x : ndarray, shape (N, D)
        N ≥ 2, because the variance of the batch is the unbiased estimate, divided by N − 1.
    decay : float
        Weight of the old value, in [0, 1].

    Returns
    -------
    mean, var : ndarray, shape (D,)
        New arrays.

    Raises
    ------
    ValueError
        If shapes do not fit, there are fewer than two rows or `decay` is outside [0, 1].

    References
    ----------
    Ioffe and Szegedy (2015), *Batch normalization*, section 3.1 (m/(m − 1)·E[σ²]).
    """
    require_batch("x", x, running_mean=running_mean, running_var=running_var)
    require_count("the number of rows of x", len(x), least=2)
    require_probability("decay", decay)
    mean = decay * running_mean + (1 - decay) * x.mean(axis=0)
    var = decay * running_var + (1 - decay) * x.var(axis=0, ddof=1)
    return mean, var


def batchnorm_inference(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, eps: float = EPS
) -> Array:
    """Apply batch normalization at test time, with running statistics: y = γ·(x − mean)/sqrt(var + ε) + β.

    Parameters
    ----------
    x : ndarray, shape (N, D)
    gamma, beta, running_mean, running_var : ndarray, shape (D,)
        The variances are at least 0.
    eps : float
        ε > 0.

    Returns
    -------
    ndarray, shape (N, D)
        Each row depends on the same row of `x` only.

    Raises
    ------
    ValueError
        If shapes do not fit, a variance is negative or `eps` is not positive.

    References
    ----------
    Ioffe and Szegedy (2015), *Batch normalization*, algorithm 2, line 11.
    """
    require_batch("x", x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var)
    require_variances("running_var", running_var)
    require_positive("eps", eps)
    return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta


def fold_batchnorm(
    W: Array, b: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, eps: float = EPS
) -> tuple[Array, Array]:
    """Return one dense layer equal to a dense layer followed by batch normalization at test time.

    With s = γ / sqrt(var + ε): W' = W·s (column by column) and b' = (b − mean)·s + β.

    Parameters
    ----------
    W : ndarray, shape (n_in, n_out)
    b : ndarray, shape (n_out,)
    gamma, beta, running_mean, running_var : ndarray, shape (n_out,)
    eps : float
        ε > 0.

    Returns
    -------
    W : ndarray, shape (n_in, n_out)
    b : ndarray, shape (n_out,)

    Raises
    ------
    ValueError
        If shapes do not fit, a variance is negative or `eps` is not positive.
    """
    require_batch("W", W, b=b, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var)
    require_variances("running_var", running_var)
    require_positive("eps", eps)
    scale = gamma / np.sqrt(running_var + eps)
    return W * scale, (b - running_mean) * scale + beta


def require_batch(name: str, batch: Array, **per_feature: Array) -> None:
    """Raise an error for an empty batch, and for arrays that do not hold one number per feature.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value or shape.
    """
    require_rank(name, batch, 2)
    require_count(f"the number of rows of {name}", len(batch), least=1)
    for feature, value in per_feature.items():
        require_shape(feature, value, batch.shape[1:])


def require_variances(name: str, value: Array) -> None:
    """Raise an error if a variance is negative.

    Raises
    ------
    ValueError
        With the name of the argument and the smallest variance.
    """
    if np.any(value < 0):
        raise ValueError(f"{name} must be at least 0 everywhere (got {value.min()})")
