"""`numerical_gradient`: the slope of a function of many numbers, by central differences."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.probes import Probe, sum_of_cubes, wave
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise, within
from course_lib import gradients
from course_lib.arrays import Array

_CUBES = Probe("lambda x: np.sum(x ** 3)", (), sum_of_cubes)


def _wave(rng: np.random.Generator, *shape: int) -> Probe:
    return Probe("f", (rng.uniform(0.5, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape),), wave)


def _differences(above: float, below: float, divisor: float, dtype: Any = float) -> Callable[..., Array]:
    """Build a wrong numerical gradient: (f(x + above·h) − f(x + below·h)) / (divisor·h), where h is the step.

    If `divisor` is 0, the difference is not divided.
    """

    def gradient(f: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
        x = np.array(x, dtype=dtype)
        out = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            centre = x[index]
            x[index] = centre + above * step
            high = f(x)
            x[index] = centre + below * step
            low = f(x)
            x[index] = centre
            out[index] = (high - low) / (divisor * step if divisor else 1)
        return out

    return gradient


def _all_at_once(f: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
    x = np.asarray(x, dtype=float)
    return np.full(np.shape(x), (f(x + step) - f(x - step)) / (2 * step))

NUMERICAL_GRADIENT = exercise(
    gradients.numerical_gradient, "00_gradients_you_can_trust", writable_inputs=True, rtol=1e-7, atol=1e-7,
    parts=[
        (2, "central differences", lambda rng: [
            Case(_CUBES, np.array([1.0, -2.0, 3.0]), label="a sum of cubes"),
            Case(_wave(rng, 3, 4), rng.normal(size=(3, 4)), label="a matrix"),
        ]),
        (1, "uses the step it is given", lambda rng: [
            Case(_CUBES, np.array([1.0, -2.0]), step=0.1, label="a large step"),
            Case(_wave(rng, 5), rng.normal(size=5), 0.05, label="a step given by position"),
        ], within(rtol=1e-7, atol=1e-9)),
        (1, "any shape, integers, and x as it was", lambda rng: [
            Case(_wave(rng, 2, 3, 2), rng.normal(size=(2, 3, 2)), label="three axes"),
            Case(_wave(rng, 4, 3), rng.normal(size=(3, 4)).T, label="a transposed array"),
            Case(_CUBES, np.array(1.5), label="an array without axes"),
            Case(_CUBES, np.array([[1, -2, 3]]), label="integers"),
        ], HIDDEN),
    ],
    mistakes={
        "one_sided": (_differences(1, 0, 1),
            "This steps to one side only; its error shrinks with h, that of central differences with h²."),
        "backward": (_differences(0, -1, 1),
            "This steps back only; central differences step to both sides."),
        "half_steps": (_differences(0.5, -0.5, 1),
            "The two points must lie a whole `step` from x each."),
        "not_divided": (_differences(1, -1, 0),
            "A difference is not yet a slope."),
        "step_ignored": (lambda f, x, step=1e-5: gradients.numerical_gradient(f, x),
            "Right for the default only: the argument `step` has no effect."),
        "all_at_once": (_all_at_once,
            "All entries move at once: that gives one slope. Each entry needs its own pair of values."),
        "integers_kept": (_differences(1, -1, 2, dtype=None),
            "An integer array cannot hold a step of 1e-5: work in floating point."),
    },
    words={
        "factor_2": ("step_not_doubled", "Twice too large: how far apart are the two points?"),
        "factor_minus_one": ("sign", "The sign is flipped: which of the two values is subtracted?"),
    },
)
