"""`tanh`: the hyperbolic tangent."""

import math

import numpy as np

from autograder.exercises.lesson_03.shared import curve
from autograder.exercises.random_draws import element_wise
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations
from course_lib.arrays import as_float

TANH = exercise(
    activations.tanh, "03_lu_activations", keeps_dtype=True, picture=curve("tanh(a)"),
    parts=[
        (0.5, "ordinary values", lambda rng: [
            Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
            Case(rng.normal(scale=2.0, size=(8, 3)), label="a batch of pre-activations"),
        ]),
        (0.25, "finite everywhere", lambda rng: [
            Case(np.array([-1000.0, -400.0, -30.0, 30.0, 400.0, 1000.0]), label="far out"),
        ]),
        (0.25, "keeps float32, accepts integers, numbers and any shape", element_wise, HIDDEN),
    ],
    mistakes={
        "is_sigmoid": (activations.sigmoid,
            "This curve runs from 0 to 1: it is the logistic sigmoid. The hyperbolic tangent runs from −1 to 1."),
        "half_as_steep": (lambda a: np.tanh(as_float(a) / 2),
            "The curve is too flat: its slope at 0 is 1/2 and should be 1. Which factor belongs inside?"),
        "sign": (lambda a: -np.tanh(as_float(a)),
            "The curve falls where it should rise: look at the signs."),
        "is_tan": (np.tan,
            "This is the tangent of an angle, which has poles; the hyperbolic one stays between −1 and 1."),
        "overflow_on_both_sides": (lambda a: (np.exp(a) - np.exp(-as_float(a))) / (np.exp(a) + np.exp(-as_float(a))),
            "Right on paper; far out it is infinity over infinity. Is there a function that knows how to do it?"),
        "overflow_on_one_side": (lambda a: (np.exp(2 * as_float(a)) - 1) / (np.exp(2 * as_float(a)) + 1),
            "Right on paper; far to the right it is infinity over infinity. On which side is this form safe?"),
        "scalar_only": (math.tanh,
            "The functions of `math` take single numbers: use NumPy's, which work on whole arrays."),
    },
)
