"""A deep network as plain arrays: dense layers, one activation in all hidden layers, linear scores on top.

All objects are immutable: no function changes its arguments, and `step` returns a new network. `engine` computes
the same training faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from course_lib.arrays import (
    Array,
    Labels,
    as_float,
    require_count,
    require_finite,
    require_matrices,
    require_not_negative,
    require_sizes,
)
from course_lib.batchnorm import (
    DECAY,
    BatchNormCache,
    batchnorm_backward,
    batchnorm_forward,
    batchnorm_inference,
    update_running_statistics,
)
from course_lib.dense import dense_backward, dense_forward
from course_lib.losses import softmax_cross_entropy


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalization of one hidden layer, between its dense output and its activation.

    Attributes
    ----------
    gamma, beta : ndarray, shape (n_out,)
        Learned scale and shift.
    running_mean, running_var : ndarray, shape (n_out,)
        Replace the batch's statistics at test time.
    """

    gamma: Array
    beta: Array
    running_mean: Array
    running_var: Array


@dataclass(frozen=True)
class Network:
    """Weights and biases, first layer first, with the activation and the batch normalization between the layers.

    Attributes
    ----------
    weights : tuple of ndarray, shapes (n_in, n_out)
    biases : tuple of ndarray, shapes (n_out,)
        The bias of a normalized layer has no effect on training: batch normalization subtracts it again.
    activation, derivative : callable
        Functions of the pre-activation, used in every layer but the last.
    norms : tuple of BatchNorm
        One for every hidden layer, or empty.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    activation: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    norms: tuple[BatchNorm, ...] = ()

    def __post_init__(self) -> None:
        hidden = len(self.weights) - 1
        if self.norms and len(self.norms) != hidden:
            raise ValueError(
                f"norms must be one for each of the {hidden} hidden layers or none (got {len(self.norms)})"
            )


@dataclass(frozen=True)
class Gradients:
    """Results of one backward pass, first layer first.

    Attributes
    ----------
    deltas : tuple of ndarray, shapes (N, n_out)
        dLoss/da with a = h·W + b. In a normalized layer, a is the input of batch normalization, so the gradient
        through batch normalization is included. So dW = hᵀ·δ in every layer.
    weights, biases : tuple of ndarray
        dLoss/dW and dLoss/db, with the shapes of the network's; db of a normalized layer is 0 except for rounding.
    gammas, betas : tuple of ndarray, shapes (n_out,)
        dLoss/dγ and dLoss/dβ of the hidden layers; empty without batch normalization.
    """

    deltas: tuple[Array, ...]
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    gammas: tuple[Array, ...] = ()
    betas: tuple[Array, ...] = ()


def network_of(
    weights: Sequence[Array],
    activation: Callable[[Array], Array],
    derivative: Callable[[Array], Array],
    *,
    batch_norm: bool = False,
    hidden_bias: float = 0.0,
) -> Network:
    """Build a network from given weights.

    Parameters
    ----------
    weights : sequence of ndarray, shapes (n_in, n_out)
        First layer first; n_in of a layer must be n_out of the layer before it.
    activation, derivative : callable
    batch_norm : bool
        Whether hidden layers are batch-normalized; if so, γ = 1, β = 0, running mean 0 and running variance 1.
    hidden_bias : float
        Bias of every hidden unit; the bias of the scores is 0.

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        If there are no weights, their shapes do not fit together, or `hidden_bias` is not finite.
    """
    require_chain(weights)
    require_finite("hidden_bias", hidden_bias)
    weights = tuple(as_float(W) for W in weights)
    biases = [np.full(W.shape[1], hidden_bias, W.dtype) for W in weights[:-1]]
    biases.append(np.zeros(weights[-1].shape[1], weights[-1].dtype))
    norms = tuple(_identity_norm(b) for b in biases[:-1]) if batch_norm else ()
    return Network(weights, tuple(biases), activation, derivative, norms)


def _identity_norm(b: Array) -> BatchNorm:
    return BatchNorm(np.ones_like(b), np.zeros_like(b), np.zeros_like(b), np.ones_like(b))


def random_network(
    rng: np.random.Generator,
    sizes: Sequence[int],
    activation: Callable[[Array], Array],
    derivative: Callable[[Array], Array],
    gain: float = 1.0,
) -> Network:
    """Build a network with random normal weights of variance gain² / n_in and zero biases.

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
    require_sizes("sizes", sizes)
    require_not_negative("gain", gain)
    weights = [rng.normal(0.0, gain / np.sqrt(n_in), size=(n_in, n_out)) for n_in, n_out in pairwise(sizes)]
    return network_of(weights, activation, derivative)


def forward(network: Network, x: Array) -> tuple[list[Array], list[Array]]:
    """Compute the forward pass of training: batch normalization uses the statistics of the batch.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])

    Returns
    -------
    pre_activations : list of ndarray
        Input of the activation of each layer: a = h·W + b or, in a normalized layer, γ·x̂ + β. The
        last entry contains the scores.
    inputs : list of ndarray
        Input of each layer: `x`, then the activations h of the hidden layers.

    Raises
    ------
    ValueError
        If the shape of `x` does not fit, or the batch is empty and the network has batch normalization.
    """
    pre_activations, inputs, _ = forward_with_caches(network, x)
    return pre_activations, inputs


def forward_with_caches(network: Network, x: Array) -> tuple[list[Array], list[Array], list[BatchNormCache]]:
    """Compute the forward pass as `forward` does, and also return the values that `backward` needs.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])

    Returns
    -------
    pre_activations, inputs : list of ndarray
        See `forward`.
    caches : list of BatchNormCache
        One for every normalized layer, first layer first; empty without batch normalization.

    Raises
    ------
    ValueError
        If the shape of `x` does not fit, or the batch is empty and the network has batch normalization.
    """
    pre_activations: list[Array] = []
    inputs = [x]
    caches: list[BatchNormCache] = []
    for layer, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        if layer:
            inputs.append(network.activation(pre_activations[-1]))
        a = dense_forward(inputs[-1], W, b)
        if layer < len(network.norms):
            a, cache = batchnorm_forward(a, network.norms[layer].gamma, network.norms[layer].beta)
            caches.append(cache)
        pre_activations.append(a)
    return pre_activations, inputs, caches


def predict(network: Network, x: Array) -> Array:
    """Compute the scores at test time: batch normalization uses running statistics, so rows do not affect each other.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])

    Returns
    -------
    ndarray, shape (N, sizes[-1])
        The scores; without batch normalization, equal to those of `forward`.

    Raises
    ------
    ValueError
        If the shape of `x` does not fit, or the batch is empty and the network has batch normalization.
    """
    h = x
    for layer, (W, b) in enumerate(zip(network.weights[:-1], network.biases[:-1], strict=True)):
        a = dense_forward(h, W, b)
        if network.norms:
            norm = network.norms[layer]
            a = batchnorm_inference(a, norm.gamma, norm.beta, norm.running_mean, norm.running_var)
        h = network.activation(a)
    return dense_forward(h, network.weights[-1], network.biases[-1])


def loss_and_gradients(network: Network, x: Array, labels: Labels) -> tuple[float, Gradients]:
    """Compute the cross-entropy of a batch and its gradient in every layer.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])
    labels : ndarray, shape (N,)
        Right classes, integers in 0 … sizes[-1] − 1.

    Returns
    -------
    loss : float
        Mean over the batch, in nats.
    gradients : Gradients
        Of this mean.

    Raises
    ------
    ValueError
        If shapes do not fit, the batch is empty, or a label is no class.
    """
    return backward(network, *forward_with_caches(network, x), labels)


def backward(
    network: Network,
    pre_activations: Sequence[Array],
    inputs: Sequence[Array],
    caches: Sequence[BatchNormCache],
    labels: Labels,
) -> tuple[float, Gradients]:
    """Compute the cross-entropy and the gradients from the results of `forward_with_caches`.

    δ of a hidden layer is h'(a) · (δ_next · W_nextᵀ), the backpropagation equation of the lecture. In a
    normalized layer it is then passed through `batchnorm_backward`.

    Parameters
    ----------
    network : Network
    pre_activations, inputs : sequence of ndarray
    caches : sequence of BatchNormCache
    labels : ndarray, shape (N,)
        Right classes, integers in 0 … sizes[-1] − 1.

    Returns
    -------
    loss : float
        Mean over the batch, in nats.
    gradients : Gradients
        Of this mean.

    Raises
    ------
    ValueError
        If shapes do not fit, the batch is empty, or a label is no class.
    """
    loss, delta = softmax_cross_entropy(pre_activations[-1], labels)
    deltas, dWs, dbs, dgammas, dbetas = [], [], [], [], []
    for layer in reversed(range(len(network.weights))):
        if layer < len(caches):
            delta, dgamma, dbeta = batchnorm_backward(delta, caches[layer])
            dgammas.append(dgamma)
            dbetas.append(dbeta)
        dx, dW, db = dense_backward(delta, inputs[layer], network.weights[layer])
        deltas.append(delta)
        dWs.append(dW)
        dbs.append(db)
        if layer:
            delta = dx * network.derivative(pre_activations[layer - 1])
    return loss, Gradients(*(tuple(found[::-1]) for found in (deltas, dWs, dbs, dgammas, dbetas)))


def step(network: Network, gradients: Gradients, learning_rate: float) -> Network:
    """Return the network after one step of gradient descent: W ← W − η·dW, and the same for b, γ and β.

    Running statistics are not parameters; `update_statistics` updates them.

    Parameters
    ----------
    network : Network
        It is not changed.
    gradients : Gradients
    learning_rate : float
        η. It is not checked.

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        If the gradients are those of another network, with another number of layers.
    """

    def moved(parameters: Sequence[Array], slopes: Sequence[Array]) -> tuple[Array, ...]:
        return tuple(p - learning_rate * slope for p, slope in zip(parameters, slopes, strict=True))

    gammas = moved([norm.gamma for norm in network.norms], gradients.gammas)
    betas = moved([norm.beta for norm in network.norms], gradients.betas)
    return replace(
        network,
        weights=moved(network.weights, gradients.weights),
        biases=moved(network.biases, gradients.biases),
        norms=tuple(
            replace(norm, gamma=gamma, beta=beta)
            for norm, gamma, beta in zip(network.norms, gammas, betas, strict=True)
        ),
    )


def update_statistics(network: Network, x: Array, decay: float = DECAY) -> Network:
    """Return the network with running statistics updated by those of a batch, in every normalized layer.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])
        N ≥ 2.
    decay : float
        Weight of the old value, in [0, 1].

    Returns
    -------
    Network
        A new network; an equal one if it has no normalized layer.

    Raises
    ------
    ValueError
        If the shape of `x` does not fit. With batch normalization also if N < 2, or `decay` is outside [0, 1].
    """
    _, inputs = forward(network, x)
    norms = []
    for norm, h, W, b in zip(network.norms, inputs, network.weights, network.biases, strict=False):
        a = dense_forward(h, W, b)
        mean, var = update_running_statistics(norm.running_mean, norm.running_var, a, decay)
        norms.append(replace(norm, running_mean=mean, running_var=var))
    return replace(network, norms=tuple(norms))


def accuracy(network: Network, x: Array, labels: Labels) -> float:
    """Compute the fraction of a batch for which the right class has the largest score of `predict`.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])
    labels : ndarray, shape (N,)

    Returns
    -------
    float
        In [0, 1]; NaN if a score is not finite, so that a diverged run cannot be mistaken for guessing.

    Raises
    ------
    ValueError
        If the shape of `x` does not fit.
    """
    with np.errstate(all="ignore"):
        scores = predict(network, x)
    if not np.all(np.isfinite(scores)):
        return float("nan")
    return float(np.mean(np.argmax(scores, axis=1) == labels))


def require_chain(weights: Sequence[Array]) -> None:
    """Raise an error if there are no weights, or if the shapes of successive layers do not fit together.

    Raises
    ------
    ValueError
        If there are no weights, one is not an array with two axes, or two successive shapes do not fit.
    """
    require_count("the number of weights", len(weights), least=1)
    require_matrices("weights", weights)
    for one, other in pairwise(weights):
        if one.shape[1] != other.shape[0]:
            raise ValueError(f"weights must fit together (got shape {one.shape} before {other.shape})")
