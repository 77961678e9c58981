"""A deep network as plain arrays: dense layers, one activation in all hidden layers, linear scores on top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from course_lib.arrays import Array, Labels, require_count, require_not_negative
from course_lib.dense import dense_backward, dense_forward
from course_lib.losses import softmax_cross_entropy


@dataclass(frozen=True)
class Network:
    """Weights and biases, first layer first, and what stands between the layers.

    Attributes
    ----------
    weights : tuple of ndarray, shapes (n_in, n_out)
    biases : tuple of ndarray, shapes (n_out,)
    activation, derivative : callable
        Functions of the pre-activation, used in every layer but the last.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


@dataclass(frozen=True)
class Gradients:
    """What one backward pass leaves, first layer first.

    Attributes
    ----------
    deltas : tuple of ndarray, shapes (N, n_out)
        dLoss/da.
    weights, biases : tuple of ndarray
        dLoss/dW and dLoss/db, of the shapes of the network's.
    """

    deltas: tuple[Array, ...]
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]


def random_network(
    rng: np.random.Generator,
    sizes: Sequence[int],
    activation: Callable[[Array], Array],
    derivative: Callable[[Array], Array],
    gain: float = 1.0,
) -> Network:
    """Draw a network with normal weights of variance gain² / n_in and zero biases.

    Parameters
    ----------
    rng : numpy.random.Generator
    sizes : sequence of int
        Width of the input, of every hidden layer and of the output: L + 1 numbers for L layers.
    activation, derivative : callable
    gain : float
        At least 0; 1 keeps the variance of a linear layer's signal.

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        If there are fewer than two sizes, one is not positive, or `gain` is negative.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must name at least an input and an output (got {list(sizes)})")
    for size in sizes:
        require_count("every entry of sizes", size, least=1)
    require_not_negative("gain", gain)
    shapes = list(pairwise(sizes))
    weights = tuple(rng.normal(0.0, gain / np.sqrt(n_in), size=(n_in, n_out)) for n_in, n_out in shapes)
    biases = tuple(np.zeros(n_out) for _, n_out in shapes)
    return Network(weights, biases, activation, derivative)


def forward(network: Network, x: Array) -> tuple[list[Array], list[Array]]:
    """Run a batch through the network.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])

    Returns
    -------
    pre_activations : list of ndarray
        a of each layer; the last entry holds the scores.
    inputs : list of ndarray
        What each layer received: `x`, then the activations h of the hidden layers.
    """
    pre_activations: list[Array] = []
    inputs = [x]
    for W, b in zip(network.weights, network.biases, strict=True):
        if pre_activations:
            inputs.append(network.activation(pre_activations[-1]))
        pre_activations.append(dense_forward(inputs[-1], W, b))
    return pre_activations, inputs


def loss_and_gradients(network: Network, x: Array, labels: Labels) -> tuple[float, Gradients]:
    """Cross-entropy of a batch and its gradient in every layer.

    δ of a hidden layer is h'(a) · (δ_next · W_nextᵀ), the deck's backpropagation equation.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])
    labels : ndarray, shape (N,)

    Returns
    -------
    loss : float
    gradients : Gradients
    """
    pre_activations, inputs = forward(network, x)
    loss, delta = softmax_cross_entropy(pre_activations[-1], labels)
    deltas, dWs, dbs = [], [], []
    for layer in reversed(range(len(network.weights))):
        dx, dW, db = dense_backward(delta, inputs[layer], network.weights[layer])
        deltas.append(delta)
        dWs.append(dW)
        dbs.append(db)
        if layer:
            delta = dx * network.derivative(pre_activations[layer - 1])
    return loss, Gradients(tuple(deltas[::-1]), tuple(dWs[::-1]), tuple(dbs[::-1]))


def step(network: Network, gradients: Gradients, learning_rate: float) -> Network:
    """Move every parameter against its gradient: W ← W − η·dW, b ← b − η·db."""
    return replace(
        network,
        weights=tuple(W - learning_rate * dW for W, dW in zip(network.weights, gradients.weights, strict=True)),
        biases=tuple(b - learning_rate * db for b, db in zip(network.biases, gradients.biases, strict=True)),
    )


def accuracy(network: Network, x: Array, labels: Labels) -> float:
    """Fraction of a batch whose largest score is that of the right class."""
    scores = forward(network, x)[0][-1]
    return float(np.mean(np.argmax(scores, axis=1) == labels))
