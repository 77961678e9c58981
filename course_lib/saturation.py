"""Saturation of the sigmoid: threshold, near-linear range, saturated fraction of a batch, training of one neuron."""

from __future__ import annotations

import numpy as np

from course_lib.activations import sigmoid, sigmoid_derivative
from course_lib.arrays import (
    Array,
    require_count,
    require_finite,
    require_not_negative,
    require_positive,
    require_rank,
)


def saturation_threshold(tolerance: float) -> float:
    """Compute the smallest t ≥ 0 with σ'(a) ≤ tolerance for all abs(a) ≥ t.

    σ'(t) = τ is a quadratic in σ: with s = sqrt(1 − 4τ), σ(t) = (1 + s)/2 and
    t = ln((1 + s) / (1 − s)) = 2·ln(1 + s) − ln(4τ).

    Parameters
    ----------
    tolerance : float
        τ > 0, the slope below which the neuron counts as saturated; values above 1/4 make no sense.

    Returns
    -------
    float
        t; 0.0 if `tolerance` is at least the largest slope, 1/4.

    Raises
    ------
    ValueError
        If `tolerance` is not a positive finite number.
    """
    require_positive("tolerance", tolerance)
    if tolerance >= 1 / 4:
        return 0.0
    s = np.sqrt(1 - 4 * tolerance)
    return float(2 * np.log1p(s) - np.log(4 * tolerance))


def linearity_error(radius: float) -> float:
    """Compute the largest distance of σ from its tangent at 0: max abs(σ(a) − (1/2 + a/4)), abs(a) ≤ radius.

    The distance grows with abs(a), because σ has its largest slope at 0. So it is largest at the ends
    of the interval: radius/4 − (σ(radius) − 1/2).

    Parameters
    ----------
    radius : float
        Half width of the interval, at least 0, in units of the pre-activation.

    Returns
    -------
    float
        The error, in units of the activation.

    Raises
    ------
    ValueError
        If `radius` is not a finite number of at least 0.
    """
    require_not_negative("radius", radius)
    return float(abs(sigmoid(radius) - (1 / 2 + radius / 4)))


def saturated_fraction(a: Array, tolerance: float = 0.0125) -> Array:
    """Compute, per unit, the fraction of the batch with a slope below `tolerance`: mean over rows of [σ'(a) < τ].

    Parameters
    ----------
    a : ndarray, shape (N, D)
        Pre-activations of D units for N examples.
    tolerance : float
        τ > 0; 0.0125 is 5% of the largest slope.

    Returns
    -------
    ndarray, shape (D,)
        Fractions in [0, 1].

    Raises
    ------
    ValueError
        If `a` does not have two axes or has no rows, or `tolerance` is not positive.

    References
    ----------
    Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, section 3.
    """
    require_rank("a", a, 2)
    require_count("the number of rows of a", a.shape[0], least=1)
    require_positive("tolerance", tolerance)
    return np.mean(sigmoid_derivative(a) < tolerance, axis=0)


def train_neuron(bias: float, learning_rate: float, steps: int) -> Array:
    """Train one neuron y = σ(b) towards the target 0 by gradient descent on the squared error y²/2.

    b ← b − η·y·σ'(b), because d(y²/2)/db = y·dy/db.

    Parameters
    ----------
    bias : float
        b at the start.
    learning_rate : float
        η > 0.
    steps : int
        Number of updates, at least 0.

    Returns
    -------
    ndarray, shape (steps + 1,)
        y before the first update and after each.

    Raises
    ------
    ValueError
        If `bias` is not finite, `learning_rate` not positive or `steps` not an integer of at least 0.

    References
    ----------
    Nielsen (2015), *Neural Networks and Deep Learning*, chapter 3 (the experiment).
    """
    require_finite("bias", bias)
    require_positive("learning_rate", learning_rate)
    require_count("steps", steps)
    b = float(bias)
    outputs = np.empty(steps + 1)
    for step in range(steps + 1):
        outputs[step] = y = sigmoid(b)
        b = b - learning_rate * y * sigmoid_derivative(b)
    return outputs
