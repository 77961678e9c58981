"""`init_gain`: the factor on the weights that keeps the mean square of a layer's outputs, for any activation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations, initialization

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Array]


def _mean(function: Function) -> float:
    z = np.linspace(-12, 12, 4801)
    return float(np.sum(function(z) * np.exp(-(z**2) / 2)) / np.sum(np.exp(-(z**2) / 2)))


def _square(function: Function) -> float:
    return _mean(lambda z: function(z) ** 2)


def _root(square: float) -> float:
    return 1 / math.sqrt(square) if square > 1e-12 else math.inf


def _slope(function: Function) -> Function:
    return lambda z: (function(z + 1e-6) - function(z - 1e-6)) / 2e-6


def _gain_for_uniform_input(function: Function) -> float:
    z = np.linspace(-np.sqrt(3), np.sqrt(3), 20001)
    return float(1 / np.sqrt(np.mean(function(z) ** 2)))


def _features(gain: Array, case: Case) -> Any:
    """Return the gain, or a word if it is close to the right one or very large.

    A gain within 2% of the right one is not precise enough. The reason may be few nodes or random draws; both count as
    the
    same mistake.
    """
    right, value = initialization.init_gain(*case.args), float(gain)
    if abs(value - right) <= 0.02 * right:
        return "about right"
    return np.array(value) if abs(value) < 50 else "very large"


INIT_GAIN = exercise(
    initialization.init_gain, "04_weight_initialization", mistake_rtol=2e-3, mistake_features=_features,
    rtol=1e-4, atol=1e-4,
    parts=[
        (2, "ReLU, tanh and ELU", lambda rng: [
            Case(activations.relu, label="ReLU"),
            Case(activations.tanh, label="tanh"),
            Case(activations.elu, label="ELU"),
        ]),
        (1, "leaky ReLU and sine", lambda rng: [
            Case(activations.leaky_relu, label="leaky ReLU"),
            Case(np.sin, label="sine"),
            Case(activations.elu, label="ELU"),
        ], HIDDEN),
    ],
    mistakes={
        "not_precise_enough": (lambda f: 1.003 * initialization.init_gain(f),
            "Close, but not to 1e-4. Averaging random draws gains one digit for a hundred times as many; a grid "
            "gains much more, if it is fine enough and does not end too early."),
        "square_of_the_mean": (lambda f: _root(_mean(f) ** 2),
            "The square stands outside the expectation; it belongs inside. (For an odd function the mean is 0, and "
            "nothing could be divided by it.)"),
        "around_the_mean": (lambda f: _root(_square(f) - _mean(f) ** 2),
            "The mean is subtracted: what the next layer receives is h with its mean, so E[h²] counts."),
        "not_inverted": (lambda f: math.sqrt(_square(f)),
            "This is how much the activation shrinks a signal; the factor that makes up for it is asked for."),
        "no_root": (lambda f: 1 / _square(f),
            "This is the factor for the variance of the weights; the one for their standard deviation is asked for."),
        "neither_inverted_nor_rooted": (_square,
            "This is E[h²] itself: what factor on the weights makes up for it?"),
        "absolute_values": (lambda f: 1 / _mean(lambda z: np.abs(f(z))),
            "This averages absolute values; variances are about squares."),
        "of_the_slope": (lambda f: _root(_square(_slope(f))),
            "This averages the slope: it keeps the backward signal. Here the forward one is meant, E[h²]."),
        "uniform_input": (_gain_for_uniform_input,
            "The pre-activation is taken as uniform with variance 1; it must be normal."),
        "density_without_the_half": (
            lambda f: _root(_mean(lambda z: f(z) ** 2 * np.exp(-(z**2) / 2)) / _mean(lambda z: np.exp(-(z**2) / 2))),
            "The density is too narrow: what stands in the exponent of N(0, 1)?"),
        "density_not_normalized": (lambda f: _root(math.sqrt(2 * math.pi) * _square(f)),
            "The density must integrate to 1: is its factor there?"),
        "half_of_the_axis": (lambda f: _root(_mean(lambda z: np.where(z > 0, f(z) ** 2, 0))),
            "Only positive pre-activations count here; half of them are negative."),
    },
)
