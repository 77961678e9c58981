"""Activation functions of a pre-activation `a`, each beside its derivative."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arrays import Array, as_float


def sigmoid(a: ArrayLike) -> Array:
    """Squash `a` into (0, 1): σ(a) = 1 / (1 + exp(−a)).

    The exponential is only ever taken of −abs(a): it cannot overflow, and the left tail, which is
    exp(a) itself, keeps its relative accuracy.

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
    """Slope of the logistic function, σ'(a) = σ(a)·σ(−a), in (0, 1/4].

    The textbook form σ(a)·(1 − σ(a)) is 0 from a = 37 on, where σ(a) rounds to 1.

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
