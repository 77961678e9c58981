"""`saturated_fraction`: how often each unit of a layer is saturated."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_01.shared import Array
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib.activations import sigmoid, sigmoid_derivative
from course_lib.saturation import saturated_fraction


def _slope_between(a: Array, tolerance: float) -> Array:
    return sigmoid_derivative(a) < tolerance


def _spread_units(rng: np.random.Generator, rows: int, units: int) -> Array:
    """Draw pre-activations of shape (rows, units).

    Each unit has a different centre and spread, so that no two columns are equal.
    """
    return rng.normal(rng.uniform(-4, 4, size=units), rng.uniform(1, 8, size=units), size=(rows, units))


SATURATED_FRACTION = exercise(
    saturated_fraction, "01_sigmoid_saturation", uses=("sigmoid", "sigmoid_derivative"),
    parts=[
        (2, "a batch of five units", lambda rng: [
            Case(_spread_units(rng, 16, 5), label="the default tolerance"),
            Case(np.array([[0.0, 9.0], [8.0, -9.0], [-8.0, 0.5], [0.1, 7.0]]), label="four rows, two units"),
        ]),
        (1, "another tolerance, one unit, deep saturation", lambda rng: [
            Case(_spread_units(rng, 24, 7), tolerance=0.1, label="a tolerance given by name"),
            Case(_spread_units(rng, 12, 3), 0.0005, label="a tolerance given by position"),
            Case(_spread_units(rng, 9, 1), label="one unit"),
            Case(_spread_units(rng, 11, 4) * 20, label="far out in the tails"),
        ], HIDDEN),
    ],
    mistakes={
        "per_example": (lambda a, tolerance=0.0125: np.mean(_slope_between(a, tolerance), axis=1),
            "This averages along the wrong axis: one number a unit (column) is asked for, not one an example (row)."),
        "over_everything": (lambda a, tolerance=0.0125: float(np.mean(_slope_between(a, tolerance))),
            "This averages over everything: the answer has one number for each unit."),
        "counts": (lambda a, tolerance=0.0125: np.sum(_slope_between(a, tolerance), axis=0),
            "This counts; the exercise asks for the fraction of the batch."),
        "complement": (lambda a, tolerance=0.0125: np.mean(~_slope_between(a, tolerance), axis=0),
            "This is the fraction that is not saturated."),
        "of_the_output": (lambda a, tolerance=0.0125: np.mean(sigmoid(a) < tolerance, axis=0),
            "Only the left tail is seen, where the activation is small. Saturation is about the slope, on both "
            "sides."),
        "of_the_pre_activation": (lambda a, tolerance=0.0125: np.mean(np.abs(a) < tolerance, axis=0),
            "This compares |a| itself with the tolerance. Which quantity must be small where a neuron is saturated?"),
        "tolerance_ignored": (lambda a, tolerance=0.0125: np.mean(_slope_between(a, 0.0125), axis=0),
            "Right for the default tolerance only: the argument `tolerance` has no effect."),
        "one_tail": (lambda a, tolerance=0.0125: np.mean(_slope_between(a, tolerance) & (a > 0), axis=0),
            "This sees the right tail only. A neuron saturates on both sides."),
        "mean_slope": (lambda a, tolerance=0.0125: np.mean(sigmoid_derivative(a), axis=0),
            "This is the average slope; the exercise asks how often the slope is below the tolerance."),
    },
)
