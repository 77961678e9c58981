"""`leaky_relu`: the leaky rectified linear unit."""

from functools import partial

import numpy as np

from autograder.exercises.lesson_03 import wrong
from autograder.exercises.lesson_03.shared import any_shape_and_k, both_sides, curve, nan, with_k
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations

_pieces = partial(wrong.pieces, default=0.01)

LEAKY_RELU = exercise(
    activations.leaky_relu, "03_lu_activations", uses=("relu",), keeps_dtype=True,
    mistake_features=wrong.off_the_kink(activations.leaky_relu), picture=curve("leaky_relu(a, k=0.2)", k=0.2),
    parts=[
        (0.75, "both sides of 0", both_sides(-2, -1, 0, 1, 2, near_and_far=True)),
        (0.5, "with a k of its own", with_k(0.2, 0.5, low=0.05, high=0.9)),
        (0.25, "NaN stays NaN", nan(k=0.3)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "k_ignored": wrong.ignores_k(activations.leaky_relu),
        "nothing_leaks": (_pieces(wrong.zero),
            "On the left nothing leaks through."),
        "wrong_side": (_pieces(wrong.same, wrong.scaled),
            "The sides are swapped: it is the left one that k makes flatter."),
        "constant_on_the_left": (_pieces(wrong.flat),
            "On the left this is the number k, whatever a is. k is a slope there."),
        "sign": (_pieces(lambda a, k: -k * a),
            "On the left this goes up again: the function should rise everywhere."),
        "negative_constant": (_pieces(lambda a, k: np.full_like(a, -k)),
            "On the left this is flat, whatever a is. k is a slope there."),
        "k_on_both_sides": (_pieces(wrong.scaled, wrong.scaled),
            "k flattens both sides; on the right the slope is 1."),
        "identity": (_pieces(wrong.same),
            "The left side is as steep as the right one."),
        "leak_added_on_both_sides": (_pieces(wrong.scaled, lambda a, k: (1 + k) * a),
            "On the right the slope is a little too large: the leak is added there as well."),
        "divided": (_pieces(lambda a, k: a / k),
            "The left side is steeper than the right one; k below 1 should make it flatter."),
        "shifted": (_pieces(lambda a, k: a - k),
            "The left side is shifted by k; it should be scaled."),
        "bends": (_pieces(lambda a, k: k * np.expm1(np.minimum(a, 0))),
            "The left side bends: that is the exponential unit. The leaky one is straight."),
        "hides_nan": wrong.hides_nan(activations.leaky_relu),
    },
)
