"""`elu`: the exponential linear unit."""

from functools import partial

import numpy as np

from autograder.exercises.lesson_03 import wrong
from autograder.exercises.lesson_03.shared import any_shape_and_k, both_sides, curve, far_out, nan, with_k
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise, within
from course_lib import activations
from course_lib.arrays import as_float

_pieces = partial(wrong.pieces, default=1.0)

ELU = exercise(
    activations.elu, "03_lu_activations", uses=("relu",), keeps_dtype=True,
    mistake_features=wrong.off_the_kink(activations.elu), picture=curve("elu(a)"),
    parts=[
        (1, "both sides of 0", both_sides(-2, -1, 0, 1, 2, near_and_far=False)),
        (0.75, "with a k of its own", with_k(0.3, 1.7, low=2, high=4)),
        (0.25, "far out, without a warning", far_out),
        (0.25, "accurate for tiny a", lambda rng: [
            Case(np.array([-1e-8, -3e-9, -1e-10, -1e-12, 1e-10]), label="tiny numbers"),
            Case(-(10 ** rng.uniform(-14, -6, size=5)), k=1.5, label="tiny numbers and a k of its own"),
        ], within(rtol=1e-9, atol=0)),
        (0.25, "NaN stays NaN", nan(k=1.6)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "k_ignored": wrong.ignores_k(activations.elu),
        "no_minus_one": (_pieces(wrong.exp),
            "The two pieces do not meet at 0: something is missing on the left."),
        "parentheses": (_pieces(lambda a, k: k * np.exp(a) - 1),
            "With k = 1 it is right; otherwise the pieces do not meet at 0. What does k multiply?"),
        "k_in_the_exponent": (_pieces(lambda a, k: np.expm1(k * a)),
            "Far to the left this approaches −1 for every k: k stands in the wrong place."),
        "k_on_both_sides": (_pieces(wrong.expm1, wrong.scaled),
            "k scales both sides; on the right the slope is 1."),
        "wrong_side": (_pieces(wrong.same, wrong.expm1),
            "The sides are swapped: it is the left one that bends."),
        "sign": (_pieces(lambda a, k: -k * np.expm1(a)),
            "On the left this goes up again: the function should rise everywhere. Look at the order of the "
            "difference."),
        "sign_of_the_exponent": (_pieces(lambda a, k: k * np.expm1(-a)),
            "On the left this grows without bound: look at the sign of the exponent."),
        "one_piece": (lambda a, k=1.0: k * np.expm1(as_float(a)),
            "The exponential is used on both sides; on the right a passes as it is."),
        "straight": (_pieces(wrong.scaled),
            "The left side is straight; it should bend and level off."),
        "nothing_on_the_left": (_pieces(wrong.zero),
            "On the left this is 0: that is the rectified unit."),
        "masked_by_products": (
            lambda a, k=1.0: (as_float(a) > 0) * as_float(a) + (as_float(a) <= 0) * k * np.expm1(as_float(a)),
            wrong.PRODUCTS),
        "hides_nan": wrong.hides_nan(activations.elu),
        "cancellation": (_pieces(lambda a, k: k * (np.exp(np.minimum(a, 0)) - 1)),
            "Right but for tiny a: there exp(a) is almost 1, and the subtraction loses the digits. NumPy has a "
            "function for just this difference. (If it warns far out, too: of which numbers is the exponential "
            "taken?)"),
    },
)
