"""Exercise `leaky_relu_derivative`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_03.shared import (
    HIDES_NAN,
    K_IGNORED,
    PLACES,
    any_shape_and_k,
    at_zero,
    both_sides,
    nan_,
    off_the_kink,
    one,
    sides,
    slope_at_zero,
    with_default_k,
    with_k,
    with_zero_for_nan,
)
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations

LEAKY_RELU_DERIVATIVE = exercise(
    activations.leaky_relu_derivative, "03_lu_activations", uses=("relu_derivative", "leaky_relu"), keeps_dtype=True,
    mistake_features=off_the_kink(activations.leaky_relu_derivative),
    picture=Curve(PLACES, lambda f, x: f(x, k=0.2), "pre-activation a", "slope of leaky_relu, k = 0.2"),
    parts=[
        (0.5, "both sides of 0", lambda rng: [
            Case(np.array([-2.0, -1.0, 1.0, 2.0]), label="small whole numbers"),
            Case(both_sides(rng), label="a batch of pre-activations"),
            Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
        ]),
        (0.5, "with a k of its own", with_k(0.2, 0.5, low=0.05, high=0.9)),
        (0.25, "at the kink", at_zero(0.3), slope_at_zero(0.01)),
        (0.25, "NaN stays NaN", nan_(k=0.3)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "k_ignored": (with_default_k(activations.leaky_relu_derivative),
            K_IGNORED),
        "leaky_relu_itself": (activations.leaky_relu,
            "This is the function, not its slope."),
        "nothing_leaks": (sides(lambda a, k: np.zeros_like(a), one, default=0.01),
            "On the left the slope is 0: that is the plain rectified unit."),
        "wrong_side": (sides(one, lambda a, k: np.full_like(a, k), default=0.01),
            "The sides are swapped: it is the left one that k makes flatter."),
        "left_not_differentiated": (sides(lambda a, k: k * a, one, default=0.01),
            "The left piece still depends on a: it is the function there, not its slope."),
        "right_not_differentiated": (sides(lambda a, k: np.full_like(a, k), default=0.01),
            "The right piece still depends on a: it is the function there, not its slope."),
        "sign": (sides(lambda a, k: np.full_like(a, -k), one, default=0.01),
            "On the left the slope is negative, yet the function rises everywhere."),
        "one_everywhere": (sides(one, one, default=0.01),
            "The left side is flatter than the right one."),
        "k_everywhere": (sides(lambda a, k: np.full_like(a, k), lambda a, k: np.full_like(a, k), default=0.01),
            "The right side is as flat as the left one; k belongs to the left."),
        "complement": (sides(lambda a, k: np.full_like(a, 1 - k), one, default=0.01),
            "On the left this is 1 − k. Which number is the slope of k·a?"),
        "leak_added_on_both_sides": (
            sides(lambda a, k: np.full_like(a, k), lambda a, k: np.full_like(a, 1 + k), default=0.01),
            "On the right the slope is a little too large: the leak is added there as well."),
        "hides_nan": (with_zero_for_nan(activations.leaky_relu_derivative),
            HIDES_NAN),
    },
)
