"""`linearity_error`: how far a sigmoid is from its tangent at 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.exercises.lesson_01.shared import pointwise
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib.activations import sigmoid
from course_lib.saturation import linearity_error

Array = np.ndarray[Any, Any]


def _errors(a: Array) -> Array:
    return np.abs(sigmoid(a) - (0.5 + a / 4))


LINEARITY_ERROR = exercise(
    linearity_error, "01_sigmoid_saturation", uses=("sigmoid",), rtol=1e-6, atol=1e-9,
    picture=Curve(np.linspace(0.0, 8.0, 81), pointwise, "radius", "largest error"),
    parts=[
        (1.5, "usual radii", lambda rng: [
            Case(1.0, label="one unit to either side"),
            *(Case(float(radius), label="a random radius") for radius in rng.uniform(0.3, 8, size=5)),
        ]),
        (0.5, "from nothing to far out", lambda rng: [
            Case(0.0, label="radius 0"),
            Case(float(rng.integers(20, 200)) + 0.005, label="a large radius"),
        ], HIDDEN),
    ],
    mistakes={
        "signed": (lambda radius: float(sigmoid(radius) - (0.5 + radius / 4)),
            "An error is a distance: take its absolute value before the maximum."),
        "constant_forgotten": (
            lambda radius: float(max(abs(sigmoid(a) - a / 4) for a in (-radius, radius))),
            "The tangent goes through the point (0, 1/2): its constant is missing."),
        "slope_one": (lambda radius: float(radius + 0.5 - sigmoid(radius)),
            "The tangent is too steep: what is the slope of σ at 0?"),
        "slope_half": (lambda radius: float(abs(sigmoid(radius) - (0.5 + radius / 2))),
            "The tangent is too steep: what is the slope of σ at 0?"),
        "relative": (
            lambda radius: float(abs(sigmoid(radius) - (0.5 + radius / 4)) / sigmoid(radius)),
            "This is a relative error; the exercise asks for the distance itself."),
        "mean_instead_of_max": (
            lambda radius: float(np.mean(_errors(np.linspace(-radius, radius, 1001)))),
            "This is an average over the interval; the exercise asks for the largest error."),
        "misses_the_end": (lambda radius: float(np.max(_errors(np.arange(0, radius, 0.01)), initial=0.0)),
            "A little too small: the error is largest at the very end of the interval, and your grid stops before it."),
    },
)
