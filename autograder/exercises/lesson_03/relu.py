"""Exercise `relu`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_03.shared import (
    HIDES_NAN,
    PLACES,
    any_shape,
    both_sides,
    nan_,
    off_the_kink,
    one,
    sides,
    with_zero_for_nan,
)
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations
from course_lib.arrays import as_float

RELU = exercise(
    activations.relu, "03_lu_activations", keeps_dtype=True, mistake_features=off_the_kink(activations.relu),
    picture=Curve(PLACES, lambda f, x: f(x), "pre-activation a", "relu(a)"),
    parts=[
        (1, "both sides of 0", lambda rng: [
            Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
            Case(both_sides(rng), label="a batch of pre-activations"),
            Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
        ]),
        (0.5, "NaN stays NaN", nan_()),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape, HIDDEN),
    ],
    mistakes={
        "wrong_side": (sides(lambda a, k: a, lambda a, k: np.zeros_like(a)),
            "The wrong side is cut: positive pre-activations pass."),
        "absolute_value": (lambda a: np.abs(as_float(a)),
            "The left side is folded up; it should be cut off."),
        "mirrored": (sides(lambda a, k: -a, lambda a, k: np.zeros_like(a)),
            "This is the mirror image: it passes on −a where a is negative."),
        "identity": (lambda a: as_float(a) + 0,
            "Nothing is cut off on the left."),
        "step_function": (sides(lambda a, k: np.zeros_like(a), one),
            "This is 1 on the right, whatever a is: a step. A rectified unit passes a on as it is."),
        "leaks": (activations.leaky_relu,
            "Something leaks through on the left: the plain unit is exactly 0 there."),
        "softplus": (lambda a: np.logaddexp(0, as_float(a)),
            "This is softplus, a smooth relative: it has no kink and is never exactly 0."),
        "clipped": (lambda a: np.clip(as_float(a), 0, 1),
            "It stops at 1: on the right there is no ceiling."),
        "largest_of_a_column": (lambda a: np.max(as_float(a), axis=0),
            "This looks for the largest entry along an axis. Comparing entry by entry is another function of NumPy."),
        "hides_nan": (with_zero_for_nan(activations.relu),
            HIDES_NAN),
    },
)
