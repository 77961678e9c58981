"""`relu_derivative`: the slope of the rectified linear unit."""

import numpy as np

from autograder.exercises.lesson_03 import wrong
from autograder.exercises.lesson_03.shared import any_shape, at_zero, both_sides, curve, nan
from autograder.judging.properties import interval_at_zero
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations

RELU_DERIVATIVE = exercise(
    activations.relu_derivative, "03_lu_activations", uses=("relu",), keeps_dtype=True,
    mistake_features=wrong.off_the_kink(activations.relu_derivative), picture=curve("slope of relu"),
    parts=[
        (0.75, "both sides of 0", both_sides(-2, -1, 1, 2, near_and_far=True)),
        (0.25, "at the kink", at_zero(), interval_at_zero(0, 1)),
        (0.5, "NaN stays NaN", nan()),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape, HIDDEN),
    ],
    mistakes={
        "truth_values": (lambda a: np.asarray(a) > 0,
            "These are truth values, True and False: a slope is a number, of the dtype that a has."),
        "relu_itself": (activations.relu,
            "This is the function, not its slope."),
        "wrong_side": (wrong.pieces(wrong.one, wrong.zero),
            "The sides are swapped: the function rises on the right."),
        "slope_of_the_absolute_value": (wrong.pieces(lambda a, k: -np.ones_like(a), wrong.one),
            "On the left this falls; the rectified unit is flat there."),
        "one_everywhere": (wrong.pieces(wrong.one, wrong.one),
            "On the left the function does not rise."),
        "zero_everywhere": (wrong.pieces(wrong.zero, wrong.zero),
            "On the right the function rises."),
        "leaks": (activations.leaky_relu_derivative,
            "Something leaks through on the left: the plain unit has no slope there."),
        "slope_of_softplus": (activations.sigmoid,
            "This is smooth: the slope of softplus. That of a rectified unit takes two values only."),
        "hides_nan": wrong.hides_nan(activations.relu_derivative),
    },
)
