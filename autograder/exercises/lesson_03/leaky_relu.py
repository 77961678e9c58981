"""Exercise `leaky_relu`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_03.shared import (
    HIDES_NAN,
    K_IGNORED,
    PLACES,
    any_shape_and_k,
    both_sides,
    nan_,
    off_the_kink,
    sides,
    with_default_k,
    with_k,
    with_zero_for_nan,
)
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations

LEAKY_RELU = exercise(
    activations.leaky_relu, "03_lu_activations", uses=("relu",), keeps_dtype=True,
    mistake_features=off_the_kink(activations.leaky_relu),
    picture=Curve(PLACES, lambda f, x: f(x, k=0.2), "pre-activation a", "leaky_relu(a, k=0.2)"),
    parts=[
        (0.75, "both sides of 0", lambda rng: [
            Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
            Case(both_sides(rng), label="a batch of pre-activations"),
            Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
        ]),
        (0.5, "with a k of its own", with_k(0.2, 0.5, low=0.05, high=0.9)),
        (0.25, "NaN stays NaN", nan_(k=0.3)),
        (0.5, "keeps float32, accepts integers, numbers and any shape", any_shape_and_k, HIDDEN),
    ],
    mistakes={
        "k_ignored": (with_default_k(activations.leaky_relu),
            K_IGNORED),
        "nothing_leaks": (sides(lambda a, k: np.zeros_like(a), default=0.01),
            "On the left nothing leaks through."),
        "wrong_side": (sides(lambda a, k: a, lambda a, k: k * a, default=0.01),
            "The sides are swapped: it is the left one that k makes flatter."),
        "constant_on_the_left": (sides(lambda a, k: np.full_like(a, k), default=0.01),
            "On the left this is the number k, whatever a is. k is a slope there."),
        "sign": (sides(lambda a, k: -k * a, default=0.01),
            "On the left this goes up again: the function should rise everywhere."),
        "negative_constant": (sides(lambda a, k: np.full_like(a, -k), default=0.01),
            "On the left this is flat, whatever a is. k is a slope there."),
        "k_on_both_sides": (sides(lambda a, k: k * a, lambda a, k: k * a, default=0.01),
            "k flattens both sides; on the right the slope is 1."),
        "identity": (sides(lambda a, k: a, default=0.01),
            "The left side is as steep as the right one."),
        "leak_added_on_both_sides": (sides(lambda a, k: k * a, lambda a, k: (1 + k) * a, default=0.01),
            "On the right the slope is a little too large: the leak is added there as well."),
        "divided": (sides(lambda a, k: a / k, default=0.01),
            "The left side is steeper than the right one; k below 1 should make it flatter."),
        "shifted": (sides(lambda a, k: a - k, default=0.01),
            "The left side is shifted by k; it should be scaled."),
        "bends": (sides(lambda a, k: k * np.expm1(np.minimum(a, 0)), default=0.01),
            "The left side bends: that is the exponential unit. The leaky one is straight."),
        "hides_nan": (with_zero_for_nan(activations.leaky_relu),
            HIDES_NAN),
    },
)
