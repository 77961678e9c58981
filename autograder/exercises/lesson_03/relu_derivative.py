"""Exercise `relu_derivative`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_03.shared import (
    HIDES_NAN,
    PLACES,
    any_shape,
    at_zero,
    both_sides,
    nan_,
    off_the_kink,
    one,
    sides,
    slope_at_zero,
    with_zero_for_nan,
)
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations

RELU_DERIVATIVE = exercise(
    activations.relu_derivative, "03_lu_activations", uses=("relu",), keeps_dtype=True,
    mistake_features=off_the_kink(activations.relu_derivative),
    picture=Curve(PLACES, lambda f, x: f(x), "pre-activation a", "slope of relu"),
    parts=[
        (0.75, "both sides of 0", lambda rng: [
            Case(np.array([-2.0, -1.0, 1.0, 2.0]), label="small whole numbers"),
            Case(both_sides(rng), label="a batch of pre-activations"),
            Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
        ]),
        (0.25, "at the kink", at_zero(), slope_at_zero(0.0)),
        (0.5, "NaN stays NaN", nan_()),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape, HIDDEN),
    ],
    mistakes={
        "truth_values": (lambda a: np.asarray(a) > 0,
            "These are truth values, True and False: a slope is a number, of the dtype that a has."),
        "relu_itself": (activations.relu,
            "This is the function, not its slope."),
        "wrong_side": (sides(one, lambda a, k: np.zeros_like(a)),
            "The sides are swapped: the function rises on the right."),
        "slope_of_the_absolute_value": (sides(lambda a, k: -np.ones_like(a), one),
            "On the left this falls; the rectified unit is flat there."),
        "one_everywhere": (sides(one, one),
            "On the left the function does not rise."),
        "zero_everywhere": (sides(lambda a, k: np.zeros_like(a), lambda a, k: np.zeros_like(a)),
            "On the right the function rises."),
        "leaks": (activations.leaky_relu_derivative,
            "Something leaks through on the left: the plain unit has no slope there."),
        "slope_of_softplus": (activations.sigmoid,
            "This is smooth: the slope of softplus. That of a rectified unit takes two values only."),
        "hides_nan": (with_zero_for_nan(activations.relu_derivative),
            HIDES_NAN),
    },
)
