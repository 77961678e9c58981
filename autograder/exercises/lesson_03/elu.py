"""Exercise `elu`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_03.shared import (
    HIDES_NAN,
    K_IGNORED,
    PLACES,
    PRODUCTS,
    any_shape_and_k,
    both_sides,
    expm1_,
    nan_,
    off_the_kink,
    sides,
    with_default_k,
    with_k,
    with_zero_for_nan,
)
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise, within
from course_lib import activations
from course_lib.arrays import as_float

ELU = exercise(
    activations.elu, "03_lu_activations", uses=("relu",), keeps_dtype=True,
    mistake_features=off_the_kink(activations.elu),
    picture=Curve(PLACES, lambda f, x: f(x), "pre-activation a", "elu(a)"),
    parts=[
        (1, "both sides of 0", lambda rng: [
            Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
            Case(both_sides(rng), label="a batch of pre-activations"),
        ]),
        (0.75, "with a k of its own", with_k(0.3, 1.7, low=2, high=4)),
        (0.25, "far out, without a warning", lambda rng: [
            Case(np.array([-1000.0, -40.0, 40.0, 1000.0]), label="far out"),
            Case(np.array([[-800.0, 800.0]]), k=0.5, label="far out, k = 0.5"),
        ]),
        (0.25, "accurate for tiny a", lambda rng: [
            Case(np.array([-1e-8, -3e-9, -1e-10, -1e-12, 1e-10]), label="tiny numbers"),
            Case(-(10 ** rng.uniform(-14, -6, size=5)), k=1.5, label="tiny numbers and a k of its own"),
        ], within(rtol=1e-9, atol=0)),
        (0.25, "NaN stays NaN", nan_(k=1.6)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "k_ignored": (with_default_k(activations.elu),
            K_IGNORED),
        "no_minus_one": (sides(lambda a, k: k * np.exp(a), default=1.0),
            "The two pieces do not meet at 0: something is missing on the left."),
        "parentheses": (sides(lambda a, k: k * np.exp(a) - 1, default=1.0),
            "With k = 1 it is right; otherwise the pieces do not meet at 0. What does k multiply?"),
        "k_in_the_exponent": (sides(lambda a, k: np.expm1(k * a), default=1.0),
            "Far to the left this approaches −1 for every k: k stands in the wrong place."),
        "k_on_both_sides": (sides(expm1_, lambda a, k: k * a, default=1.0),
            "k scales both sides; on the right the slope is 1."),
        "wrong_side": (sides(lambda a, k: a, expm1_, default=1.0),
            "The sides are swapped: it is the left one that bends."),
        "sign": (sides(lambda a, k: -k * np.expm1(a), default=1.0),
            "On the left this goes up again: the function should rise everywhere. Look at the order of the "
            "difference."),
        "sign_of_the_exponent": (sides(lambda a, k: k * np.expm1(-a), default=1.0),
            "On the left this grows without bound: look at the sign of the exponent."),
        "one_piece": (lambda a, k=1.0: k * np.expm1(as_float(a)),
            "The exponential is used on both sides; on the right a passes as it is."),
        "straight": (sides(lambda a, k: k * a, default=1.0),
            "The left side is straight; it should bend and level off."),
        "nothing_on_the_left": (sides(lambda a, k: np.zeros_like(a), default=1.0),
            "On the left this is 0: that is the rectified unit."),
        "masked_by_products": (
            lambda a, k=1.0: (as_float(a) > 0) * as_float(a) + (as_float(a) <= 0) * k * np.expm1(as_float(a)),
            PRODUCTS),
        "hides_nan": (with_zero_for_nan(activations.elu),
            HIDES_NAN),
        "cancellation": (sides(lambda a, k: k * (np.exp(np.minimum(a, 0)) - 1), default=1.0),
            "Right but for tiny a: there exp(a) is almost 1, and the subtraction loses the digits. NumPy has a "
            "function for just this difference. (If it warns far out, too: of which numbers is the exponential "
            "taken?)"),
    },
)
