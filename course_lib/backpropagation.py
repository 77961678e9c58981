"""Forward and backward pass through a deep network, and how much of the signal is left after each layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from course_lib.arrays import (
    Array,
    require_matrices,
    require_not_negative,
    require_positive,
    require_rank,
    require_same_length,
)

Elementwise = Callable[[Array], Array]


def forward_pass(
    x: Array, weights: Sequence[Array], biases: Sequence[Array], activation: Elementwise
) -> tuple[list[Array], list[Array]]:
    """Compute a forward pass through L layers: a_l = h_{l−1}·W_l + b_l and h_l = activation(a_l), from h_0 = x.

    Parameters
    ----------
    x : ndarray, shape (N, n_0)
    weights : sequence of ndarray, shapes (n_{l−1}, n_l)
    biases : sequence of ndarray, shapes (n_l,)
    activation : callable
        Function of the pre-activation, entry by entry.

    Returns
    -------
    pre_activations, activations : list of ndarray, shapes (N, n_l)
        First layer first.

    Raises
    ------
    ValueError
        If there are not as many biases as weights, or shapes do not fit.
    """
    require_rank("x", x, 2)
    require_same_length("biases", biases, "weights", weights)
    pre_activations, activations = [], []
    h = x
    for W, b in zip(weights, biases, strict=True):
        a = h @ W + b
        h = activation(a)
        pre_activations.append(a)
        activations.append(h)
    return pre_activations, activations


def delta_step(delta_next: Array, W_next: Array, a: Array, derivative: Elementwise) -> Array:
    """Compute one step of backpropagation for a batch: δ = h'(a) ⊙ (δ_next·W_nextᵀ).

    Parameters
    ----------
    delta_next : ndarray, shape (N, n_next)
        dLoss/da of the layer above.
    W_next : ndarray, shape (n, n_next)
        Weights of the layer above.
    a : ndarray, shape (N, n)
        Pre-activations of this layer.
    derivative : callable
        h', a function of the pre-activation.

    Returns
    -------
    ndarray, shape (N, n)
        dLoss/da of this layer.

    Raises
    ------
    ValueError
        If an argument does not have two axes, or shapes do not fit.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), *Learning representations by back-propagating errors*.
    """
    require_rank("delta_next", delta_next, 2)
    require_rank("W_next", W_next, 2)
    require_rank("a", a, 2)
    return derivative(a) * (delta_next @ W_next.T)


def backward_pass(
    delta_last: Array, weights: Sequence[Array], pre_activations: Sequence[Array], derivative: Elementwise
) -> list[Array]:
    """Compute δ of every layer, from the last to the first, with one `delta_step` per layer.

    Parameters
    ----------
    delta_last : ndarray, shape (N, n_L)
        dLoss/da of the last layer.
    weights : sequence of ndarray, shapes (n_{l−1}, n_l)
        Of all L layers; the first layer's are not used.
    pre_activations : sequence of ndarray, shapes (N, n_l)
        Of all L layers; the last layer's are not used.
    derivative : callable
        h', a function of the pre-activation.

    Returns
    -------
    list of ndarray, shapes (N, n_l)
        The δ of every layer, first layer first; the last entry is `delta_last`.

    Raises
    ------
    ValueError
        If there are not as many pre-activations as weights, or shapes do not fit.
    """
    require_same_length("pre_activations", pre_activations, "weights", weights)
    deltas = [delta_last]
    for layer in range(len(weights) - 1, 0, -1):
        deltas.append(delta_step(deltas[-1], weights[layer], pre_activations[layer - 1], derivative))
    return deltas[::-1]


def weight_gradients(
    x: Array, activations: Sequence[Array], deltas: Sequence[Array]
) -> tuple[list[Array], list[Array]]:
    """Compute the gradients δ × input: dW_l = h_{l−1}ᵀ·δ_l and db_l = Σₙ δ_l, summed over the batch, with h_0 = x.

    Parameters
    ----------
    x : ndarray, shape (N, n_0)
    activations : sequence of ndarray, shapes (N, n_l)
        Of all L layers; the last layer's are not used.
    deltas : sequence of ndarray, shapes (N, n_l)

    Returns
    -------
    dWs : list of ndarray, shapes (n_{l−1}, n_l)
    dbs : list of ndarray, shapes (n_l,)
        First layer first.

    Raises
    ------
    ValueError
        If there are not as many deltas as activations, or shapes do not fit.
    """
    require_same_length("deltas", deltas, "activations", activations)
    inputs = [x, *activations[:-1]]
    dWs = [h.T @ delta for h, delta in zip(inputs, deltas, strict=True)]
    dbs = [delta.sum(axis=0) for delta in deltas]
    return dWs, dbs


def rms_by_layer(arrays: Sequence[Array]) -> Array:
    """Compute the root mean square of each array: sqrt(mean of its squared entries).

    Parameters
    ----------
    arrays : sequence of L ndarrays
        Any shapes, each with at least one entry.

    Returns
    -------
    ndarray, shape (L,)
        In the order of `arrays`, in the units of their entries; empty if there are no arrays.
    """
    return np.array([np.sqrt(np.mean(np.square(array))) for array in arrays])


def predicted_gain(width: int, weight_variance: float, a: Array, derivative: Elementwise) -> float:
    """Compute the factor by which one layer scales the root mean square of δ: sqrt(n · Var(w) · E[h'(a)²]).

    δ_j = h'(a_j)·Σ_k w_jk·δ_k is a sum of `width` terms. The variances of the terms add, because the
    weights are independent and have mean zero.

    Parameters
    ----------
    width : int
        n, the number of units of the layer above.
    weight_variance : float
        Var(w), at least 0.
    a : ndarray
        Pre-activations of the layer.
    derivative : callable
        h', a function of the pre-activation.

    Returns
    -------
    float
        The factor, at least 0. Below 1, δ shrinks from layer to layer. Above 1, it grows.

    Raises
    ------
    ValueError
        If `width` is not positive or `weight_variance` is negative.

    References
    ----------
    Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, eq. 6.
    """
    require_positive("width", width)
    require_not_negative("weight_variance", weight_variance)
    return float(np.sqrt(width * weight_variance * np.mean(derivative(a) ** 2)))


def gradient_bound(weights: Sequence[Array]) -> float:
    """Compute an upper bound on the factor by which sigmoid layers scale ‖δ‖: Π (1/4 · ‖W‖₂) over `weights`.

    ‖δ_j‖ ≤ max h' · ‖W‖₂ · ‖δ_k‖ with h' ≤ 1/4 and the spectral norm ‖W‖₂: a bound, not an estimate.

    Parameters
    ----------
    weights : sequence of ndarray, shapes (n_{l−1}, n_l)
        Weights of the layers that δ passes through.

    Returns
    -------
    float
        At least 0; 1.0 if there are no weights. Below 1, δ shrinks. Above 1, δ may shrink or grow.

    Raises
    ------
    ValueError
        If an entry does not have two axes.
    """
    require_matrices("weights", weights)
    return float(np.prod([np.linalg.norm(W, 2) / 4 for W in weights]))
