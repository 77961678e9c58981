"""Initial weights, and how they scale the signal: in theory, and measured on a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from course_lib.arrays import (
    Array,
    require_choice,
    require_count,
    require_finite,
    require_not_negative,
    require_rank,
    require_sizes,
)
from course_lib.backpropagation import backward_pass

Elementwise = Callable[[Array], Array]


def distinct_units(W: Array) -> int:
    """Count the different columns of W: units with equal incoming weights (and biases) compute the same value.

    Parameters
    ----------
    W : ndarray, shape (n_in, n_out)

    Returns
    -------
    int
        Between 0 and n_out; entries are compared exactly.

    Raises
    ------
    ValueError
        If `W` does not have two axes.
    """
    require_rank("W", W, 2)
    return len({tuple(column) for column in W.T})


def normal_init(rng: np.random.Generator, n_in: int, n_out: int, std: float = 1.0) -> Array:
    """Draw weights w ~ N(0, std²).

    Parameters
    ----------
    rng : numpy.random.Generator
    n_in, n_out : int
        At least 1.
    std : float
        Standard deviation, not variance; at least 0.

    Returns
    -------
    ndarray, shape (n_in, n_out)

    Raises
    ------
    ValueError
        If a size is not positive or `std` is negative.
    """
    require_count("n_in", n_in, least=1)
    require_count("n_out", n_out, least=1)
    require_not_negative("std", std)
    return rng.normal(0.0, std, size=(n_in, n_out))


def xavier_init(rng: np.random.Generator, n_in: int, n_out: int, mode: str = "fan_avg") -> Array:
    """Draw weights that keep the variance of a signal, for units of slope 1: Var(w) = 2/(n_in + n_out) or 1/n_in.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_in, n_out : int
        At least 1.
    mode : {"fan_avg", "fan_in"}
        2/(n_in + n_out) is a compromise between forward and backward signal; 1/n_in keeps the forward signal.

    Returns
    -------
    ndarray, shape (n_in, n_out)

    Raises
    ------
    ValueError
        If a size is not positive or `mode` is unknown.

    References
    ----------
    Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, eq. 12;
    1/n_in is in LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, eq. 16.
    """
    require_count("n_in", n_in, least=1)
    require_count("n_out", n_out, least=1)
    require_choice("mode", mode, ("fan_avg", "fan_in"))
    variance = 1 / n_in if mode == "fan_in" else 2 / (n_in + n_out)
    return rng.normal(0.0, np.sqrt(variance), size=(n_in, n_out))


def he_init(rng: np.random.Generator, n_in: int, n_out: int, k: float = 0.0) -> Array:
    """Draw weights that keep the size of a signal, for (leaky) rectified units: Var(w) = 2 / ((1 + k²)·n_in).

    Parameters
    ----------
    rng : numpy.random.Generator
    n_in, n_out : int
        At least 1.
    k : float
        Slope to the left of 0: 0 for ReLU.

    Returns
    -------
    ndarray, shape (n_in, n_out)

    Raises
    ------
    ValueError
        If a size is not positive or `k` is not finite.

    References
    ----------
    He, Zhang, Ren and Sun (2015), *Delving deep into rectifiers*, eq. 10 and 15.
    """
    require_count("n_in", n_in, least=1)
    require_count("n_out", n_out, least=1)
    require_finite("k", k)
    variance = 2 / ((1 + k**2) * n_in)
    return rng.normal(0.0, np.sqrt(variance), size=(n_in, n_out))


def forward_variances(x: Array, weights: Sequence[Array], activation: Elementwise) -> Array:
    """Compute the variance of each layer's pre-activations, over all entries, in a network without biases.

    Parameters
    ----------
    x : ndarray, shape (N, n_0)
    weights : sequence of L ndarrays, shapes (n_{l−1}, n_l)
    activation : callable
        Function of the pre-activation, entry by entry.

    Returns
    -------
    ndarray, shape (L,)
        Var(a_l), first layer first.

    Raises
    ------
    ValueError
        If `x` does not have two axes or shapes do not fit.

    References
    ----------
    He, Zhang, Ren and Sun (2015), *Delving deep into rectifiers*, eq. 6–9.
    """
    require_rank("x", x, 2)
    h, variances = x, []
    for W in weights:
        a = h @ W
        variances.append(np.var(a))
        h = activation(a)
    return np.array(variances)


def backward_variances(
    delta_last: Array, weights: Sequence[Array], pre_activations: Sequence[Array], derivative: Elementwise
) -> Array:
    """Compute the mean square of each layer's δ, over all entries.

    Parameters
    ----------
    delta_last : ndarray, shape (N, n_L)
        dLoss/da of the last layer.
    weights : sequence of L ndarrays, shapes (n_{l−1}, n_l)
    pre_activations : sequence of L ndarrays, shapes (N, n_l)
    derivative : callable
        h', a function of the pre-activation.

    Returns
    -------
    ndarray, shape (L,)
        mean(δ_l²), first layer first.

    Raises
    ------
    ValueError
        If there are not as many pre-activations as weights, or shapes do not fit.

    References
    ----------
    Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, eq. 6.
    """
    deltas = backward_pass(delta_last, weights, pre_activations, derivative)
    return np.array([np.mean(delta**2) for delta in deltas])


def init_gain(activation: Elementwise) -> float:
    """Compute the factor on 1/sqrt(n_in) that keeps E[h²]: 1 / sqrt(E[activation(z)²]), z ~ N(0, 1).

    The integral is computed by the trapezoidal rule. 0 is one of its nodes, so a kink at 0 adds no error.

    Parameters
    ----------
    activation : callable
        Function of the pre-activation, entry by entry.

    Returns
    -------
    float
        sqrt(2) for ReLU, 1 for the identity; infinite if the activation is 0 everywhere.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter (2017), *Self-normalizing neural networks*, section 2 (the idea of a
    fixed point of the second moment).
    """
    z = np.linspace(-12, 12, 24001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return float(1 / np.sqrt(np.trapezoid(activation(z) ** 2 * density, z)))


def rescue_init(rng: np.random.Generator, sizes: Sequence[int]) -> list[Array]:
    """Draw weights with which a very deep ReLU network learns: orthogonal columns or rows, times sqrt(2).

    An orthogonal W keeps the length of every vector, not only the average length. The ReLU halves the squared
    length; the factor sqrt(2) compensates for that.

    Parameters
    ----------
    rng : numpy.random.Generator
    sizes : sequence of int
        Width of the input, of every hidden layer and of the output.

    Returns
    -------
    list of ndarray, shapes (n_in, n_out)

    Raises
    ------
    ValueError
        If there are fewer than two sizes or one is not positive.

    References
    ----------
    Saxe, McClelland and Ganguli (2014), *Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks*; He, Zhang, Ren and Sun (2015) for the factor.
    """
    require_sizes("sizes", sizes)
    weights = []
    for n_in, n_out in pairwise(sizes):
        q, _ = np.linalg.qr(rng.normal(size=(max(n_in, n_out), min(n_in, n_out))))
        weights.append(np.sqrt(2) * (q if n_in >= n_out else q.T))
    return weights
