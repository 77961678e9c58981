"""`predicted_gain`: how much one layer scales delta."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_02.shared import Answer, Function
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation
from course_lib.arrays import Array


def _case(rng: np.random.Generator, a: Array, derivative: Function, label: str) -> Case:
    """Draw a width that is not that of `a`, and a weight variance, and return a case with them.

    The variance differs clearly from 1, where it equals its own root.
    """
    return Case(int(rng.integers(40, 90)), float(rng.uniform(0.05, 0.6)), a, derivative, label=label)


def _by(gain: Callable[[int, float, Array], Any]) -> Answer:
    """Build a wrong answer: `gain(width, weight_variance, slopes)`, with the slopes at a."""
    return lambda width, weight_variance, a, derivative: float(gain(width, weight_variance, derivative(a)))

PREDICTED_GAIN = exercise(
    backpropagation.predicted_gain, "02_vanishing_gradients", atol=0,
    parts=[
        (1.5, "the root of width × variance × mean squared slope", lambda rng: [
            Case(100, 0.04, np.array([[0.0, 0.5], [1.0, -0.5]]), np.cos, label="100 units, variance 0.04"),
            _case(rng, rng.normal(size=(8, 5)), np.cosh, "a random batch"),
            _case(rng, rng.normal(np.pi, 0.3, size=(9, 4)), np.cos, "slopes below 0"),
        ]),
        (0.5, "one unit, no weights, other shapes", lambda rng: [
            Case(1, float(rng.uniform(2, 5)), rng.normal(size=(7, 6)), np.cosh, label="a width of 1"),
            Case(30, 0.0, rng.normal(size=(8, 3)), np.cos, label="a variance of 0"),
            _case(rng, rng.normal(size=11), np.sin, "one axis"),
        ], HIDDEN),
    ],
    mistakes={
        "mean_of_the_slopes": (_by(lambda n, v, s: np.sqrt(n * v) * np.mean(s)),
            "The slopes are averaged without being squared: variances add up squares."),
        "mean_before_the_square": (_by(lambda n, v, s: np.sqrt(n * v * np.mean(s) ** 2)),
            "The mean is squared, not the slopes: E[h'²] is not E[h']²."),
        "mean_absolute_slope": (_by(lambda n, v, s: np.sqrt(n * v * np.mean(np.abs(s)))),
            "The slopes are not squared: variances add up squares."),
        "slope_at_the_mean": (lambda n, v, a, f: float(np.sqrt(n * v * f(np.mean(a)) ** 2)),
            "This is the slope at the mean pre-activation; the mean over the slopes is asked for."),
        "largest_slope": (_by(lambda n, v, s: np.sqrt(n * v * np.max(s**2))),
            "This takes the largest slope, which gives a bound; the gain needs a mean."),
        "variance_of_the_slope": (_by(lambda n, v, s: np.sqrt(n * v * np.var(s))),
            "The variance of the slopes leaves out their mean; the mean of their squares is asked for."),
        "derivative_forgotten": (lambda n, v, a, f: float(np.sqrt(n * v * np.mean(a**2))),
            "The squares of the pre-activations are averaged; which function of them should be?"),
        "slopes_left_out": (_by(lambda n, v, s: np.sqrt(n * v)),
            "The activation function plays no role here; its slope does."),
        "deviation_for_variance": (_by(lambda n, v, s: np.sqrt(n * v**2 * np.mean(s**2))),
            "The variance is squared, as if it were a standard deviation."),
        "root_of_the_variance_twice": (_by(lambda n, v, s: np.sqrt(n * np.sqrt(v) * np.mean(s**2))),
            "The root of the variance is taken inside the root: one of them is enough."),
        "width_forgotten": (_by(lambda n, v, s: np.sqrt(v * np.mean(s**2))),
            "The width has no effect: how many terms does the sum over k have?"),
        "width_outside_the_root": (_by(lambda n, v, s: n * np.sqrt(v * np.mean(s**2))),
            "The width stands outside the root. Of n independent terms it is the variances that add."),
        "width_of_a": (_by(lambda n, v, s: np.sqrt(s.shape[-1] * v * np.mean(s**2))),
            "The width is taken from `a`; the sum runs over the layer above, whose width is an argument."),
        "summed_slopes": (_by(lambda n, v, s: np.sqrt(n * v * np.sum(s**2))),
            "The squared slopes are summed; their mean is asked for."),
        "per_unit": (lambda n, v, a, f: np.sqrt(n * v * np.mean(f(a) ** 2, axis=0)),
            "One number is asked for: the mean runs over examples and units."),
    },
    words={
        "square_root_missing": ("root_forgotten",
            "This is how the *variance* of delta scales; the question is about delta itself."),
    },
)
