"""`leaky_relu_derivative`: the slope of the leaky rectified linear unit."""

from functools import partial

import numpy as np

from autograder.exercises.lesson_03 import wrong
from autograder.exercises.lesson_03.shared import any_shape_and_k, at_zero, both_sides, curve, nan, with_k
from autograder.judging.properties import interval_at_zero
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations

_pieces = partial(wrong.pieces, default=0.01)

LEAKY_RELU_DERIVATIVE = exercise(
    activations.leaky_relu_derivative, "03_lu_activations", uses=("relu_derivative", "leaky_relu"), keeps_dtype=True,
    mistake_features=wrong.off_the_kink(activations.leaky_relu_derivative),
    picture=curve("slope of leaky_relu, k = 0.2", k=0.2),
    parts=[
        (0.5, "both sides of 0", both_sides(-2, -1, 1, 2, near_and_far=True)),
        (0.5, "with a k of its own", with_k(0.2, 0.5, low=0.05, high=0.9)),
        (0.25, "at the kink", at_zero(0.3), interval_at_zero(0.01, 1)),
        (0.25, "NaN stays NaN", nan(k=0.3)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "k_ignored": wrong.ignores_k(activations.leaky_relu_derivative),
        "leaky_relu_itself": (activations.leaky_relu,
            "This is the function, not its slope."),
        "nothing_leaks": (_pieces(wrong.zero, wrong.one),
            "On the left the slope is 0: that is the plain rectified unit."),
        "wrong_side": (_pieces(wrong.one, wrong.flat),
            "The sides are swapped: it is the left one that k makes flatter."),
        "left_not_differentiated": (_pieces(wrong.scaled, wrong.one),
            "The left piece still depends on a: it is the function there, not its slope."),
        "right_not_differentiated": (_pieces(wrong.flat),
            "The right piece still depends on a: it is the function there, not its slope."),
        "sign": (_pieces(lambda a, k: np.full_like(a, -k), wrong.one),
            "On the left the slope is negative, yet the function rises everywhere."),
        "one_everywhere": (_pieces(wrong.one, wrong.one),
            "The left side is flatter than the right one."),
        "k_everywhere": (_pieces(wrong.flat, wrong.flat),
            "The right side is as flat as the left one; k belongs to the left."),
        "complement": (_pieces(lambda a, k: np.full_like(a, 1 - k), wrong.one),
            "On the left this is 1 − k. Which number is the slope of k·a?"),
        "leak_added_on_both_sides": (_pieces(wrong.flat, lambda a, k: np.full_like(a, 1 + k)),
            "On the right the slope is a little too large: the leak is added there as well."),
        "hides_nan": wrong.hides_nan(activations.leaky_relu_derivative),
    },
)
