"""`elu_derivative`: the slope of the exponential linear unit."""

from functools import partial

import numpy as np

from autograder.exercises.lesson_03 import wrong
from autograder.exercises.lesson_03.shared import any_shape_and_k, at_zero, both_sides, curve, far_out, nan, with_k
from autograder.judging.properties import interval_at_zero
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations
from course_lib.arrays import as_float

_pieces = partial(wrong.pieces, default=1.0)

ELU_DERIVATIVE = exercise(
    activations.elu_derivative, "03_lu_activations", uses=("relu", "relu_derivative", "elu"), keeps_dtype=True,
    mistake_features=wrong.off_the_kink(activations.elu_derivative), picture=curve("slope of elu"),
    parts=[
        (0.75, "both sides of 0", both_sides(-2, -1, 1, 2, near_and_far=False)),
        (0.75, "with a k of its own", with_k(0.3, 1.7, low=2, high=4)),
        (0.5, "far out, without a warning", far_out),
        (0.25, "at the kink", at_zero(0.3, 2.5), interval_at_zero(1, 1)),
        (0.25, "NaN stays NaN", nan(k=1.6)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "minus_k": (_pieces(lambda a, k: wrong.expm1(a, k) - k, wrong.one),
            "On the left this slope is negative, yet the function rises there. A printed formula is no proof: what "
            "do central differences of your `elu` say?"),
        "k_ignored": wrong.ignores_k(activations.elu_derivative,
            "Right for k = 1 only: on the left the slope must be proportional to k."),
        "one_in_place_of_k": (_pieces(lambda a, k: wrong.expm1(a, k) + 1, wrong.one),
            "Right for k = 1 only: far to the left the slope must vanish for every k."),
        "k_not_passed_on": (_pieces(lambda a, k: np.expm1(a) + k, wrong.one),
            "Right for k = 1 only: does the function you call on the left know which k is meant?"),
        "elu_itself": (activations.elu,
            "This is the function, not its slope."),
        "left_not_differentiated": (_pieces(wrong.expm1, wrong.one),
            "On the left this is the function, not its slope: there it is negative, and yet it rises."),
        "takes_the_output": (_pieces(lambda a, k: a + k, wrong.one),
            "This is the slope written in terms of the output h. The argument here is the pre-activation a."),
        "leaky_slope": (_pieces(wrong.flat, wrong.one),
            "The left side is taken for a straight line; its slope changes with a."),
        "one_piece": (_pieces(wrong.exp, wrong.exp),
            "The exponential is used on both sides; on the right the function is a straight line."),
        "wrong_side": (_pieces(wrong.one, wrong.exp),
            "The sides are swapped: it is the left one that bends."),
        "nothing_on_the_left": (_pieces(wrong.zero, wrong.one),
            "On the left this is 0: that is the slope of the rectified unit."),
        "sign": (_pieces(lambda a, k: -k * np.exp(a), wrong.one),
            "On the left the slope is negative, yet the function rises everywhere."),
        "sign_of_the_exponent": (_pieces(lambda a, k: k * np.exp(-a), wrong.one),
            "Far to the left the function levels off, but this grows: look at the sign of the exponent."),
        "k_on_both_sides": (_pieces(wrong.exp, wrong.flat),
            "k scales both sides; on the right the slope is 1."),
        "right_not_differentiated": (_pieces(wrong.exp),
            "The right piece still depends on a: it is the function there, not its slope."),
        "masked_by_products": (lambda a, k=1.0: (as_float(a) > 0) + (as_float(a) <= 0) * k * np.exp(as_float(a)),
            wrong.PRODUCTS),
        "hides_nan": wrong.hides_nan(activations.elu_derivative),
    },
)
