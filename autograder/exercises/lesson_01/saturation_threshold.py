"""`saturation_threshold`: where a sigmoid's slope falls below a tolerance."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_01.shared import pointwise
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib.activations import sigmoid
from course_lib.saturation import saturation_threshold


def _textbook_threshold(tolerance: float) -> float:
    """Return the threshold that bisection finds with the textbook form σ(1 − σ).

    This form rounds to 0 for smaller arguments than the right formula.
    """
    low, high = 0.0, 800.0
    if tolerance >= 0.25:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2
        h = sigmoid(middle)
        low, high = (middle, high) if h * (1 - h) > tolerance else (low, middle)
    return high


SATURATION_THRESHOLD = exercise(
    saturation_threshold, "01_sigmoid_saturation", uses=("sigmoid", "sigmoid_derivative"), rtol=1e-6,
    atol=1e-8,
    picture=Curve(np.geomspace(1e-8, 0.2, 60), pointwise, "tolerance", "threshold t", logx=True),
    parts=[
        (2, "usual tolerances", lambda rng: [
            Case(0.0125, label="5% of the largest slope"),
            Case(float(rng.uniform(0.15, 0.24)), label="near the largest slope"),
            *(Case(float(10 ** rng.uniform(-6, -1)), label="a small tolerance") for _ in range(4)),
        ]),
        (0.5, "a tolerance that no slope exceeds", lambda rng: [
            Case(0.25, label="exactly the largest slope"),
            Case(float(rng.uniform(1.5, 3.0)), label="more than the largest slope"),
        ]),
        (0.5, "tiny tolerances", lambda rng: [
            Case(1e-18, label="1e-18"),
            Case(float(10 ** rng.uniform(-40, -20)), label="a tiny tolerance"),
        ], HIDDEN),
    ],
    mistakes={
        "of_the_largest_slope": (lambda tolerance: saturation_threshold(tolerance / 4),
            "The tolerance is taken as a share of the largest slope; it is a slope itself."),
        "threshold_of_the_output": (
            lambda tolerance: float(abs(np.log(tolerance / (1 - tolerance))) if tolerance < 1 else 0.0),
            "This is where σ(a) comes within the tolerance of 0 or 1. The question is where its slope falls below "
            "it."),
        "negative_side": (lambda tolerance: -saturation_threshold(tolerance),
            "The number has the right size and the wrong sign: the slope is symmetric, and t is at least 0."),
        "exponential_tail": (lambda tolerance: float(max(0.0, -np.log(tolerance))),
            "This takes the slope for exp(−|a|), which holds far out only."),
        "full_width": (lambda tolerance: 2 * saturation_threshold(tolerance),
            "This is twice the threshold: the width of the whole unsaturated interval."),
        "textbook_derivative": (_textbook_threshold,
            "For tiny tolerances the threshold comes out near 37, where σ·(1 − σ) becomes exactly 0 in float64. "
            "Use a form of the slope that stays positive."),
        "hardly_saturated": (
            lambda tolerance: saturation_threshold(tolerance) if tolerance < 0.25 else float("nan"),
            "A slope is never above 1/4: for such tolerances every a is saturated already. What is t then?"),
    },
)
