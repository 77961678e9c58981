"""A dense (fully connected) layer: forward and backward pass for a batch."""

from __future__ import annotations

import numpy as np

from course_lib.arrays import Array, require_rank, require_shape


def dense_forward(x: Array, W: Array, b: Array) -> Array:
    """Compute the pre-activation of a dense layer for a batch: a = x·W + b.

    Parameters
    ----------
    x : ndarray, shape (N, n_in)
        One example per row.
    W : ndarray, shape (n_in, n_out)
        Weights; column k belongs to unit k.
    b : ndarray, shape (n_out,)
        Biases.

    Returns
    -------
    ndarray, shape (N, n_out)
        a.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    require_dense(x, W)
    require_shape("b", b, (W.shape[1],))
    return x @ W + b


def dense_backward(delta: Array, x: Array, W: Array) -> tuple[Array, Array, Array]:
    """Compute the gradients of a dense layer: dx = δ·Wᵀ, dW = xᵀ·δ, db = Σₙ δₙ, summed over the batch.

    Parameters
    ----------
    delta : ndarray, shape (N, n_out)
        dLoss/da.
    x : ndarray, shape (N, n_in)
        The layer's input in the forward pass.
    W : ndarray, shape (n_in, n_out)
        The layer's weights in the forward pass.

    Returns
    -------
    dx : ndarray, shape (N, n_in)
    dW : ndarray, shape (n_in, n_out)
    db : ndarray, shape (n_out,)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), *Learning representations by back-propagating errors*, eq. 4–7.
    """
    require_dense(x, W)
    require_shape("delta", delta, (x.shape[0], W.shape[1]))
    dx = delta @ W.T
    dW = x.T @ delta
    db = np.sum(delta, axis=0)
    return dx, dW, db


def require_dense(x: Array, W: Array) -> None:
    """Raise an error unless the shapes of input and weights fit together.

    Raises
    ------
    ValueError
        If one of them does not have two axes, or `W` does not have one row for each column of `x`.
    """
    require_rank("x", x, 2)
    require_rank("W", W, 2)
    if x.shape[1] != W.shape[0]:
        raise ValueError(f"W must have {x.shape[1]} rows, one for each column of x (got shape {W.shape})")
