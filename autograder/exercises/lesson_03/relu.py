"""`relu`: the rectified linear unit."""

import numpy as np

from autograder.exercises.lesson_03 import wrong
from autograder.exercises.lesson_03.shared import any_shape, both_sides, curve, nan
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations
from course_lib.arrays import as_float

RELU = exercise(
    activations.relu, "03_lu_activations", keeps_dtype=True, mistake_features=wrong.off_the_kink(activations.relu),
    picture=curve("relu(a)"),
    parts=[
        (1, "both sides of 0", both_sides(-2, -1, 0, 1, 2, near_and_far=True)),
        (0.5, "NaN stays NaN", nan()),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape, HIDDEN),
    ],
    mistakes={
        "wrong_side": (wrong.pieces(wrong.same, wrong.zero),
            "The wrong side is cut: positive pre-activations pass."),
        "absolute_value": (lambda a: np.abs(as_float(a)),
            "The left side is folded up; it should be cut off."),
        "mirrored": (wrong.pieces(lambda a, k: -a, wrong.zero),
            "This is the mirror image: it passes on −a where a is negative."),
        "identity": (lambda a: as_float(a) + 0,
            "Nothing is cut off on the left."),
        "step_function": (wrong.pieces(wrong.zero, wrong.one),
            "This is 1 on the right, whatever a is: a step. A rectified unit passes a on as it is."),
        "leaks": (activations.leaky_relu,
            "Something leaks through on the left: the plain unit is exactly 0 there."),
        "softplus": (lambda a: np.logaddexp(0, as_float(a)),
            "This is softplus, a smooth relative: it has no kink and is never exactly 0."),
        "clipped": (lambda a: np.clip(as_float(a), 0, 1),
            "It stops at 1: on the right there is no ceiling."),
        "largest_of_a_column": (lambda a: np.max(as_float(a), axis=0),
            "This looks for the largest entry along an axis. Comparing entry by entry is another function of NumPy."),
        "hides_nan": wrong.hides_nan(activations.relu),
    },
)
