"""Exercise `init_gain`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_04.shared import (
    Array,
)
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations, initialization


def _expectation(function: Callable[[Array], Array]) -> float:
    z = np.linspace(-12, 12, 4801)
    return float(np.sum(function(z) * np.exp(-(z**2) / 2)) / np.sum(np.exp(-(z**2) / 2)))


def _root(square: float) -> float:
    return 1 / math.sqrt(square) if square > 1e-12 else math.inf


def _marks_of_a_gain(gain: Array, case: Case) -> Any:
    """Know a gain within 2% as such: whether by few nodes or by random draws, it is not precise enough."""
    right = initialization.init_gain(*case.args)
    value = float(gain)
    if abs(value - right) <= 0.02 * right:
        return "about right"
    return np.array(value) if abs(value) < 50 else "beyond all bounds"


def _gain_case(activation: Callable[..., Array], label: str) -> Case:
    return Case(activation, label=label)


def _uniform_gain(activation: Callable[[Array], Array]) -> float:
    z = np.linspace(-np.sqrt(3), np.sqrt(3), 20001)
    return float(1 / np.sqrt(np.mean(activation(z) ** 2)))


def _slope(activation: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda z: (activation(z + 1e-6) - activation(z - 1e-6)) / 2e-6

INIT_GAIN = exercise(
    initialization.init_gain, "04_weight_initialization", mistake_rtol=2e-3, mistake_features=_marks_of_a_gain,
    rtol=1e-4, atol=1e-4,
    parts=[
        (2, "ReLU, tanh and ELU", lambda rng: [
            _gain_case(activations.relu, "ReLU"),
            _gain_case(activations.tanh, "tanh"),
            _gain_case(activations.elu, "ELU"),
        ]),
        (1, "leaky ReLU and sine", lambda rng: [
            _gain_case(activations.leaky_relu, "leaky ReLU"),
            _gain_case(np.sin, "sine"),
            _gain_case(activations.elu, "ELU"),
        ], HIDDEN),
    ],
    mistakes={
        "not_precise_enough": (lambda activation: 1.003 * initialization.init_gain(activation),
            "Close, but not to 1e-4. Averaging random draws gains one digit for a hundred times as many; a grid "
            "gains much more, if it is fine enough and does not end too early."),
        "square_of_the_mean": (lambda activation: _root(_expectation(activation) ** 2),
            "The square stands outside the expectation; it belongs inside. (For an odd function the mean is 0, and "
            "nothing could be divided by it.)"),
        "around_the_mean": (
            lambda activation: _root(_expectation(lambda z: activation(z) ** 2) - _expectation(activation) ** 2),
            "The mean is subtracted: what the next layer receives is h with its mean, so E[h²] counts."),
        "not_inverted": (lambda activation: math.sqrt(_expectation(lambda z: activation(z) ** 2)),
            "This is how much the activation shrinks a signal; the factor that makes up for it is asked for."),
        "no_root": (lambda activation: 1 / _expectation(lambda z: activation(z) ** 2),
            "This is the factor for the variance of the weights; the one for their standard deviation is asked for."),
        "neither_inverted_nor_rooted": (lambda activation: _expectation(lambda z: activation(z) ** 2),
            "This is E[h²] itself: what factor on the weights makes up for it?"),
        "absolute_values": (lambda activation: 1 / _expectation(lambda z: np.abs(activation(z))),
            "This averages absolute values; variances are about squares."),
        "of_the_slope": (lambda activation: _root(_expectation(lambda z: _slope(activation)(z) ** 2)),
            "This averages the slope: it keeps the backward signal. Here the forward one is meant, E[h²]."),
        "uniform_input": (_uniform_gain,
            "The pre-activation is taken as uniform with variance 1; it must be normal."),
        "density_without_the_half": (
            lambda activation: _root(
                _expectation(lambda z: activation(z) ** 2 * np.exp(-(z**2) / 2))
                / _expectation(lambda z: np.exp(-(z**2) / 2))
            ),
            "The density is too narrow: what stands in the exponent of N(0, 1)?"),
        "density_not_normalized": (
            lambda activation: _root(math.sqrt(2 * math.pi) * _expectation(lambda z: activation(z) ** 2)),
            "The density must integrate to 1: is its factor there?"),
        "half_of_the_axis": (lambda activation: _root(_expectation(lambda z: np.where(z > 0, activation(z) ** 2, 0))),
            "Only positive pre-activations count here; half of them are negative."),
    },
)
