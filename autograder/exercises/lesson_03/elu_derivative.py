"""Exercise `elu_derivative`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_03.shared import (
    HIDES_NAN,
    PLACES,
    PRODUCTS,
    any_shape_and_k,
    at_zero,
    both_sides,
    expm1_,
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
from course_lib.arrays import as_float

ELU_DERIVATIVE = exercise(
    activations.elu_derivative, "03_lu_activations", uses=("relu", "relu_derivative", "elu"), keeps_dtype=True,
    mistake_features=off_the_kink(activations.elu_derivative),
    picture=Curve(PLACES, lambda f, x: f(x), "pre-activation a", "slope of elu"),
    parts=[
        (0.75, "both sides of 0", lambda rng: [
            Case(np.array([-2.0, -1.0, 1.0, 2.0]), label="small whole numbers"),
            Case(both_sides(rng), label="a batch of pre-activations"),
        ]),
        (0.75, "with a k of its own", with_k(0.3, 1.7, low=2, high=4)),
        (0.5, "far out, without a warning", lambda rng: [
            Case(np.array([-1000.0, -40.0, 40.0, 1000.0]), label="far out"),
            Case(np.array([[-800.0, 800.0]]), k=0.5, label="far out, k = 0.5"),
        ]),
        (0.25, "at the kink", at_zero(0.3, 2.5), slope_at_zero(1.0)),
        (0.25, "NaN stays NaN", nan_(k=1.6)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "minus_k": (sides(lambda a, k: expm1_(a, k) - k, one, default=1.0),
            "On the left this slope is negative, yet the function rises there. A printed formula is no proof: what "
            "do central differences of your `elu` say?"),
        "k_ignored": (with_default_k(activations.elu_derivative),
            "Right for k = 1 only: on the left the slope must be proportional to k."),
        "one_in_place_of_k": (sides(lambda a, k: expm1_(a, k) + 1, one, default=1.0),
            "Right for k = 1 only: far to the left the slope must vanish for every k."),
        "k_not_passed_on": (sides(lambda a, k: np.expm1(a) + k, one, default=1.0),
            "Right for k = 1 only: does the function you call on the left know which k is meant?"),
        "elu_itself": (activations.elu,
            "This is the function, not its slope."),
        "left_not_differentiated": (sides(expm1_, one, default=1.0),
            "On the left this is the function, not its slope: there it is negative, and yet it rises."),
        "takes_the_output": (sides(lambda a, k: a + k, one, default=1.0),
            "This is the slope written in terms of the output h. The argument here is the pre-activation a."),
        "leaky_slope": (sides(lambda a, k: np.full_like(a, k), one, default=1.0),
            "The left side is taken for a straight line; its slope changes with a."),
        "one_piece": (sides(lambda a, k: k * np.exp(a), lambda a, k: k * np.exp(a), default=1.0),
            "The exponential is used on both sides; on the right the function is a straight line."),
        "wrong_side": (sides(one, lambda a, k: k * np.exp(a), default=1.0),
            "The sides are swapped: it is the left one that bends."),
        "nothing_on_the_left": (sides(lambda a, k: np.zeros_like(a), one, default=1.0),
            "On the left this is 0: that is the slope of the rectified unit."),
        "sign": (sides(lambda a, k: -k * np.exp(a), one, default=1.0),
            "On the left the slope is negative, yet the function rises everywhere."),
        "sign_of_the_exponent": (sides(lambda a, k: k * np.exp(-a), one, default=1.0),
            "Far to the left the function levels off, but this grows: look at the sign of the exponent."),
        "k_on_both_sides": (sides(lambda a, k: k * np.exp(a), lambda a, k: np.full_like(a, k), default=1.0),
            "k scales both sides; on the right the slope is 1."),
        "right_not_differentiated": (sides(lambda a, k: k * np.exp(a), default=1.0),
            "The right piece still depends on a: it is the function there, not its slope."),
        "masked_by_products": (lambda a, k=1.0: (as_float(a) > 0) + (as_float(a) <= 0) * k * np.exp(as_float(a)),
            PRODUCTS),
        "hides_nan": (with_zero_for_nan(activations.elu_derivative),
            HIDES_NAN),
    },
)
