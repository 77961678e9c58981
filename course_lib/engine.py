"""Fast training: the steps of `networks`, computed in place in buffers that are allocated once.

Inside the engine, a batch is stored with one example per *column*. A row of ones is added to the activations, and
the bias is the last row of W. So one product computes x·W + b, and one product computes dW and db. All parameters are
views of one vector, and all gradients are views of another, so that one subtraction updates all parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from course_lib import activations
from course_lib.arrays import (
    Array,
    Labels,
    require_choice,
    require_count,
    require_labels,
    require_positive,
    require_shape,
)
from course_lib.batchnorm import DECAY, EPS
from course_lib.networks import BatchNorm, Network, require_chain

# A step is a list of calls whose arguments are fixed beforehand: with small layers, most of the time is the
# overhead of calling NumPy.
Program = list[Callable[[], object]]
Elementwise = Callable[[Array], Array]


class Engine:
    """Training of a copy of a network, in place, in buffers that are allocated once.

    ::

        engine = Engine(network, batch_size=32)
        for _ in range(1000):
            loss = engine.step(x, labels, learning_rate=0.1)
        network = engine.network()

    A step equals, except for rounding, a step with the functions of `networks`: `loss_and_gradients`, `step` and,
    with batch normalization, `update_statistics`. An overflow raises no warning: the loss becomes NaN.

    Parameters
    ----------
    network : Network
        The network at the start; it is not changed. Its activation and derivative are called once per hidden layer
        and step, unless they are a pair of `activations`, for which the engine has faster code.
    batch_size : int
        At least 1, with batch normalization at least 2.
    dtype : {float32, float64}
        Dtype of all computations.

    Raises
    ------
    ValueError
        If `batch_size` is too small, `dtype` is another one, or the shapes of the weights do not fit together.
    """

    def __init__(self, network: Network, batch_size: int, *, dtype: DTypeLike = np.float32) -> None:
        require_count("batch_size", batch_size, least=2 if network.norms else 1)
        require_choice("dtype", np.dtype(dtype).name, ("float32", "float64"))
        require_chain(network.weights)
        self._start = network
        self._parameters, weights, norms = _parameters_of(network, np.dtype(dtype))
        self._gradients = np.zeros_like(self._parameters)
        self._weights, self._norms = weights, norms
        dweights, dnorms = _cut(self._gradients, weights, norms)

        widths = [W.shape[1] for W in weights[:-1]]
        self._statistics = _Statistics(network.norms, network.biases, widths, batch_size, np.dtype(dtype))
        inputs = [np.ones((len(W), batch_size), dtype) for W in weights]
        outputs = [np.empty((W.shape[1], batch_size), dtype) for W in weights]
        self._x = inputs[0][: network.weights[0].shape[0]]
        self._loss = _SoftmaxCrossEntropy(outputs[-1])
        self._forward: Program = []
        self._backward: Program = []
        for layer, (W, dW, h, a) in enumerate(zip(weights, dweights, inputs, outputs, strict=True)):
            # The backward pass stores δ in the buffer of a, which is not needed any more then.
            there: Program = [partial(W.T.dot, h, a)]
            back: Program = [partial(h.dot, a.T, dW)]
            if layer:
                n_in = len(outputs[layer - 1])
                back.append(partial(W[:n_in].dot, a, outputs[layer - 1]))
            if layer < len(norms):
                normalize, normalize_back = _normalization(a, norms[layer], dnorms[layer], *self._statistics.of(layer))
                there += normalize
                back = normalize_back + back
            if layer < len(widths):
                activate, activate_back = _activation(network, a, inputs[layer + 1][: widths[layer]])
                there += activate
                back = activate_back + back
            self._forward += there
            self._backward = back + self._backward

    def step(self, x: Array, labels: Labels, learning_rate: float) -> float:
        """Run one step of gradient descent on a batch: W ← W − η·dW for every parameter.

        Parameters
        ----------
        x : ndarray, shape (batch_size, n_in)
        labels : ndarray, shape (batch_size,)
            Right classes, integers in 0 … C − 1.
        learning_rate : float
            η > 0.

        Returns
        -------
        float
            Mean cross-entropy of the batch before the step, in nats; NaN after an overflow.

        Raises
        ------
        ValueError
            If a shape does not fit, a label is no class, or `learning_rate` is not positive.
        """
        n_in, batch_size = self._x.shape
        require_shape("x", x, (batch_size, n_in))
        require_positive("learning_rate", learning_rate)
        self._loss.choose(labels)
        with np.errstate(all="ignore"):
            self._x[...] = x.T
            for call in self._forward:
                call()
            loss = self._loss(learning_rate)
            for call in self._backward:
                call()
            np.subtract(self._parameters, self._gradients, self._parameters)
            self._statistics.update()
        return loss

    def network(self) -> Network:
        """Return a copy of the network in its current state.

        Returns
        -------
        Network
            Its arrays are copies, with the engine's dtype.
        """
        start = self._start
        weights = tuple(W[: len(V)].copy() for W, V in zip(self._weights, start.weights, strict=True))
        biases = tuple(
            W[-1].copy() if len(W) > len(V) else b.astype(W.dtype)
            for W, V, b in zip(self._weights, start.weights, start.biases, strict=True)
        )
        norms = tuple(
            BatchNorm(gamma.copy(), beta.copy(), *self._statistics.stored(layer))
            for layer, (gamma, beta) in enumerate(self._norms)
        )
        return Network(weights, biases, start.activation, start.derivative, norms)


class _Statistics:
    """Running statistics of all normalized layers in one array: row 0 holds means, row 1 variances.

    The engine does not add the bias of a normalized layer, so the means are stored without the bias.
    """

    def __init__(
        self,
        norms: Sequence[BatchNorm],
        biases: Sequence[Array],
        widths: Sequence[int],
        batch_size: int,
        dtype: np.dtype,
    ) -> None:
        ends = np.cumsum([0, *widths]) if norms else np.zeros(1, int)
        self._slices = [slice(start, end) for start, end in pairwise(ends)]
        self._running = np.empty((2, ends[-1]), dtype)
        self._batch = np.zeros_like(self._running)
        self._biases = biases
        # Row 1 of the batch holds sums of squares: divided by N − 1 they are unbiased variances.
        self._share = np.array([[1 - DECAY], [(1 - DECAY) / max(batch_size - 1, 1)]], dtype)
        for norm, b, units in zip(norms, biases, self._slices, strict=False):
            self._running[:, units] = norm.running_mean - b, norm.running_var

    def of(self, layer: int) -> tuple[Array, Array]:
        """Return two views, which receive a layer's batch means and its sums of squared deviations."""
        mean, squares = self._batch[:, self._slices[layer]]
        return mean, squares

    def stored(self, layer: int) -> tuple[Array, Array]:
        """Return copies of the running mean, with the layer's bias added, and of the running variance."""
        mean, var = self._running[:, self._slices[layer]]
        return mean + self._biases[layer].astype(mean.dtype), var.copy()

    def update(self) -> None:
        """Update the running statistics with those of the last batch."""
        if self._slices:
            np.multiply(self._running, DECAY, self._running)
            np.multiply(self._batch, self._share, self._batch)
            np.add(self._running, self._batch, self._running)


class _SoftmaxCrossEntropy:
    """The cross-entropy loss; a call replaces the scores by the gradient times the learning rate."""

    def __init__(self, scores: Array) -> None:
        classes, N = scores.shape
        self._scores, self._flat = scores, scores.reshape(-1)
        self._columns = np.arange(N, dtype=np.intp)
        self._right = np.zeros(N, np.intp)  # positions of the right classes' scores in `_flat`
        self._ones = np.ones(classes, scores.dtype)
        self._picked, self._sums, self._rest = (np.empty(N, scores.dtype) for _ in range(3))

    def choose(self, labels: Labels) -> None:
        """Store the labels of the next batch.

        Raises
        ------
        ValueError
            If the labels are not one integer class per example.
        """
        classes, N = self._scores.shape
        require_labels("labels", labels, N, classes)
        self._right[:] = labels
        self._right *= N
        self._right += self._columns

    def __call__(self, learning_rate: float) -> float:
        scores, sums, rest = self._scores, self._sums, self._rest
        N = len(sums)
        np.maximum.reduce(scores, axis=0, out=rest)
        np.subtract(scores, rest, scores)
        self._flat.take(self._right, out=self._picked, mode="clip")
        np.exp(scores, scores)
        self._ones.dot(scores, sums)
        np.log(sums, rest)
        np.subtract(rest, self._picked, rest)
        np.divide(learning_rate / N, sums, sums)
        np.multiply(scores, sums, scores)
        self._flat[self._right] -= learning_rate / N
        return float(np.add.reduce(rest)) / N


def _parameters_of(network: Network, dtype: np.dtype) -> tuple[Array, list[Array], list[Array]]:
    """Return a vector with a copy of all parameters, and views of it: the weights and the normalizations, by layer.

    The bias is the last row of a layer's weights, unless the layer is normalized.
    """
    normalized = [layer < len(network.norms) for layer in range(len(network.weights))]
    weights = [
        W if skip else np.vstack([W, b]) for W, b, skip in zip(network.weights, network.biases, normalized, strict=True)
    ]
    norms = [np.stack([norm.gamma, norm.beta]) for norm in network.norms]
    flat = np.concatenate([part.ravel() for part in (*weights, *norms)]).astype(dtype)
    return flat, *_cut(flat, weights, norms)


def _cut(flat: Array, weights: Sequence[Array], norms: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Return consecutive parts of a vector as two lists of views, in the shapes of `weights` and of `norms`."""
    shapes = [part.shape for part in (*weights, *norms)]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    views = [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
    return views[: len(weights)], views[len(weights) :]


def _normalization(a: Array, norm: Array, dnorm: Array, mean: Array, squares: Array) -> tuple[Program, Program]:
    """Return the forward and backward calls of batch normalization, which work in place on `a` and on δ.

    The formulas are those of `batchnorm`. They store c = a − μ instead of x̂ = c/σ, so that the scale γ/σ is one vector.
    """
    n, N = a.shape
    centred = np.empty_like(a)
    inv_std, scale, shift = (np.empty(n, a.dtype) for _ in range(3))
    ones, shares = np.ones(N, a.dtype), np.full(N, 1 / N, a.dtype)
    # NumPy converts 0-d arrays faster than Python numbers.
    share, eps = np.array(1 / N, a.dtype), np.array(EPS, a.dtype)
    gamma, beta = norm
    dgamma, dbeta = dnorm
    forward: Program = [
        partial(a.dot, shares, mean),
        partial(np.subtract, a, mean[:, None], centred),
        partial(np.vecdot, centred, centred, squares),
        partial(np.multiply, squares, share, inv_std),
        partial(np.add, inv_std, eps, inv_std),
        partial(np.sqrt, inv_std, inv_std),
        partial(np.reciprocal, inv_std, inv_std),
        partial(np.multiply, gamma, inv_std, scale),
        partial(np.multiply, centred, scale[:, None], a),
        partial(np.add, a, beta[:, None], a),
    ]
    backward: Program = [
        partial(a.dot, ones, dbeta),
        partial(np.vecdot, a, centred, dgamma),
        partial(np.multiply, dgamma, inv_std, dgamma),
        # δ ← γ/σ · (δ − dβ/N − c/σ·dγ/N)
        partial(np.multiply, dgamma, inv_std, inv_std),
        partial(np.multiply, inv_std, share, inv_std),
        partial(np.multiply, dbeta, share, shift),
        partial(np.multiply, centred, inv_std[:, None], centred),
        partial(np.add, centred, shift[:, None], centred),
        partial(np.subtract, a, centred, a),
        partial(np.multiply, a, scale[:, None], a),
    ]
    return forward, backward


def _activation(network: Network, a: Array, h: Array) -> tuple[Program, Program]:
    """Return the calls that compute `h` from `a`, and those that multiply δ, in the buffer of `a`, by the slope."""
    for name, (activation, derivative) in activations.PAIRS.items():
        if network.activation is activation and network.derivative is derivative:
            slope = np.empty_like(a)
            return _KERNELS[name](a, h, slope), [partial(np.multiply, a, slope, a)]
    return _any_activation(network.activation, network.derivative, a, h)


def _any_activation(activation: Elementwise, derivative: Elementwise, a: Array, h: Array) -> tuple[Program, Program]:
    """Return the forward and backward calls for an unknown activation.

    The activation and its derivative get a copy of a with one example per row.
    """
    kept = [a.T]

    def forward() -> None:
        kept[0] = np.array(a.T, order="C")
        h[...] = activation(kept[0]).T

    def backward() -> None:
        np.multiply(a, derivative(kept[0]).T, a)

    return [forward], [backward]


# Each of these returns the calls that compute h and the slope from a; they may overwrite a. The maximum with 0 is
# computed with an array of zeros: NumPy is several times faster for two arrays than for an array and a number.


def _sigmoid(a: Array, h: Array, slope: Array) -> Program:
    # σ = 1/(1 + e) and σ' = e·σ² with e = exp(−a), bounded so that e² does not overflow: so both are
    # accurate in the tails.
    most = np.full_like(a, np.log(np.finfo(a.dtype).max) / 2)
    return [
        partial(np.negative, a, a),
        partial(np.minimum, a, most, out=a),
        partial(np.exp, a, a),
        partial(np.add, a, 1, h),
        partial(np.reciprocal, h, h),
        partial(np.multiply, a, h, slope),
        partial(np.multiply, slope, h, slope),
    ]


def _tanh(a: Array, h: Array, slope: Array) -> Program:
    # (1 − h)·(1 + h) instead of 1 − h²: the first factor is exact where h is near 1.
    return [
        partial(np.tanh, a, h),
        partial(np.subtract, 1, h, a),
        partial(np.add, 1, h, slope),
        partial(np.multiply, a, slope, slope),
    ]


def _relu(a: Array, h: Array, slope: Array) -> Program:
    zeros = np.zeros_like(a)
    return [partial(np.maximum, a, zeros, out=h), partial(np.greater, a, 0, slope)]


def _leaky_relu(a: Array, h: Array, slope: Array) -> Program:
    ks = np.full_like(a, activations.LEAKY_SLOPE)
    return [
        partial(np.greater, a, 0, slope),
        partial(np.maximum, slope, ks, out=slope),
        partial(np.multiply, a, slope, h),
    ]


def _elu(a: Array, h: Array, slope: Array) -> Program:
    # The slope exp(min(a, 0)) is 1 where a > 0, and elu(a) = max(a, 0) + slope − 1. `expm1` would keep
    # digits that sums in float32 lose anyway, and takes ten times as long.
    zeros = np.zeros_like(a)
    return [
        partial(np.minimum, a, zeros, out=slope),
        partial(np.exp, slope, slope),
        partial(np.maximum, a, zeros, out=h),
        partial(np.subtract, slope, 1, a),
        partial(np.add, h, a, h),
    ]


# One function for each of `activations.PAIRS`.
_KERNELS = {"sigmoid": _sigmoid, "tanh": _tanh, "relu": _relu, "leaky_relu": _leaky_relu, "elu": _elu}
