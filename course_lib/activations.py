"""Activation functions of a pre-activation `a`, each followed by its derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arrays import Array, as_float, require_finite, require_positive

LEAKY_SLOPE = 0.01  # default slope of the leaky unit to the left of 0


def sigmoid(a: ArrayLike) -> Array:
    """Compute the logistic sigmoid σ(a) = 1 / (1 + exp(−a)), which lies in (0, 1).

    The exponential is computed for −abs(a) only, so it cannot overflow. The left tail is exp(a) itself,
    so it keeps its relative accuracy.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.

    Returns
    -------
    ndarray
        σ(a), the shape of `a`; relative error below 1e-12 on [−700, 700], finite everywhere.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), *Learning representations by back-propagating errors*, eq. 2.
    """
    a = as_float(a)
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def sigmoid_derivative(a: ArrayLike) -> Array:
    """Compute the derivative of the sigmoid, σ'(a) = σ(a)·σ(−a), which lies in (0, 1/4].

    The textbook form σ(a)·(1 − σ(a)) is 0 for a ≥ 37, because σ(a) rounds to 1 there.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.

    Returns
    -------
    ndarray
        dσ/da, the shape of `a`; the same at a and −a.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 4.4.
    """
    a = as_float(a)
    return sigmoid(a) * sigmoid(-a)


def tanh(a: ArrayLike) -> Array:
    """Compute tanh(a) = 2·σ(2a) − 1, which lies in (−1, 1); it is 0 at 0, with slope 1.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.

    Returns
    -------
    ndarray
        tanh(a), the shape of `a`.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 4.4.
    """
    return np.tanh(as_float(a))


def tanh_derivative(a: ArrayLike) -> Array:
    """Compute the derivative of tanh, 1 − tanh²(a) = 4·e / (1 + e)² with e = exp(−2·abs(a)), which lies in (0, 1].

    The textbook form, 1 − tanh²(a), rounds to 0 for a ≥ 19. The form with e keeps its digits.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.

    Returns
    -------
    ndarray
        d tanh/da, the shape of `a`; the same at a and −a.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.
    """
    a = as_float(a)
    e = np.exp(-np.abs(a)) ** 2
    return 4 * e / (1 + e) ** 2


def relu(a: ArrayLike) -> Array:
    """Compute the rectified linear unit: a where a > 0, else 0.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.

    Returns
    -------
    ndarray
        max(a, 0), the shape of `a`.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.

    References
    ----------
    Nair and Hinton (2010), *Rectified linear units improve restricted Boltzmann machines*.
    """
    return np.maximum(as_float(a), 0)


def relu_derivative(a: ArrayLike) -> Array:
    """Compute the derivative of the ReLU: 1 where a > 0, else 0 (at 0 any value in [0, 1] is a subgradient).

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.

    Returns
    -------
    ndarray
        0 or 1, NaN where `a` is NaN; the shape of `a`.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.
    """
    a = as_float(a)
    return np.where(np.isnan(a), a, a > 0)


def leaky_relu(a: ArrayLike, k: float = LEAKY_SLOPE) -> Array:
    """Compute the leaky rectified linear unit: a where a > 0, else k·a.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.
    k : float
        Slope to the left of 0; usually between 0 and 1.

    Returns
    -------
    ndarray
        The activation, the shape of `a`.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers or `k` is not finite.

    References
    ----------
    Maas, Hannun and Ng (2013), *Rectifier nonlinearities improve neural network acoustic models*.
    """
    require_finite("k", k)
    a = as_float(a)
    return np.where(a > 0, a, k * a)


def leaky_relu_derivative(a: ArrayLike, k: float = LEAKY_SLOPE) -> Array:
    """Compute the derivative of the leaky ReLU: 1 where a > 0, else k (at 0 any value in [k, 1] is a subgradient).

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.
    k : float
        Slope to the left of 0.

    Returns
    -------
    ndarray
        k or 1, NaN where `a` is NaN; the shape of `a`.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers or `k` is not finite.
    """
    require_finite("k", k)
    a = as_float(a)
    return np.where(np.isnan(a), a, np.where(a > 0, 1, k).astype(a.dtype))


def elu(a: ArrayLike, k: float = 1.0) -> Array:
    """Compute the exponential linear unit: a where a > 0, else k·(exp(a) − 1).

    `expm1` keeps the digits of a tiny `a`. The exponential is computed for numbers ≤ 0 only, so it cannot
    overflow.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.
    k : float
        Above 0. The function approaches −k for a → −∞.

    Returns
    -------
    ndarray
        The activation, the shape of `a`.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers or `k` is not a positive finite number.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2015), *Fast and accurate deep network learning by exponential
    linear units (ELUs)*, eq. 15.
    """
    require_positive("k", k)
    a = as_float(a)
    return np.where(a > 0, a, k * np.expm1(np.minimum(a, 0)))


def elu_derivative(a: ArrayLike, k: float = 1.0) -> Array:
    """Compute the derivative of the ELU: 1 where a > 0, else k·exp(a), which is elu(a) + k.

    Parameters
    ----------
    a : array_like
        Pre-activation, any shape. float32 stays float32, integers become float64.
    k : float
        As for `elu`; at 0 any value between k and 1 is a subgradient.

    Returns
    -------
    ndarray
        The slope, NaN where `a` is NaN; the shape of `a`.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers or `k` is not a positive finite number.
    """
    require_positive("k", k)
    a = as_float(a)
    return np.where(a > 0, 1, k * np.exp(np.minimum(a, 0)))


# Function and derivative by name; networks take such a pair.
PAIRS: Mapping[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "sigmoid": (sigmoid, sigmoid_derivative),
    "tanh": (tanh, tanh_derivative),
    "relu": (relu, relu_derivative),
    "leaky_relu": (leaky_relu, leaky_relu_derivative),
    "elu": (elu, elu_derivative),
}
