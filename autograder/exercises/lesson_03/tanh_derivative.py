"""`tanh_derivative`: the slope of the hyperbolic tangent."""

import numpy as np

from autograder.exercises.lesson_03.shared import curve
from autograder.exercises.random_draws import element_wise
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations
from course_lib.arrays import as_float

TANH_DERIVATIVE = exercise(
    activations.tanh_derivative, "03_lu_activations", uses=("tanh",), keeps_dtype=True, picture=curve("slope of tanh"),
    parts=[
        (1, "ordinary values", lambda rng: [
            Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
            Case(rng.normal(scale=1.5, size=(8, 3)), label="a batch of pre-activations"),
        ]),
        (0.5, "finite everywhere", lambda rng: [
            Case(np.array([-1000.0, -400.0, -30.0, 30.0, 400.0, 1000.0]), label="far out"),
        ]),
        (0.5, "keeps float32, accepts integers, numbers and any shape", element_wise, HIDDEN),
    ],
    mistakes={
        "takes_the_output": (lambda a: 1 - as_float(a) ** 2,
            "This is the slope written in terms of the output h. The argument here is the pre-activation a."),
        "tanh_itself": (activations.tanh,
            "This is the function, not its slope."),
        "square_forgotten": (lambda a: 1 - np.tanh(as_float(a)),
            "Far to the left this is 2, yet the curve is flat on both sides: something must be even in a."),
        "plus": (lambda a: 1 + np.tanh(as_float(a)) ** 2,
            "Far out this approaches 2, yet a saturated unit has no slope left. Look at the sign."),
        "sign": (lambda a: np.tanh(as_float(a)) ** 2 - 1,
            "Negative, yet the curve rises: look at the sign."),
        "sigmoid_pattern": (lambda a: np.tanh(as_float(a)) * (1 - np.tanh(as_float(a))),
            "f·(1 − f) is the pattern of the logistic sigmoid; tanh runs from −1 to 1 and has one of its own."),
        "sigmoid_slope": (activations.sigmoid_derivative,
            "At 0 this is 1/4: it is the slope of the logistic sigmoid. That of tanh is 1 there."),
        "square_inside": (lambda a: 1 - np.tanh(as_float(a) ** 2),
            "The square belongs to the value of tanh, not to its argument."),
        "square_is_missing_on_cosh": (lambda a: np.sqrt(activations.tanh_derivative(a)),
            "Close, and too wide: this is the square root of the slope."),
    },
)
