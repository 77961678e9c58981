"""`sigmoid_derivative`: the slope of the logistic function."""

from __future__ import annotations

import numpy as np

from autograder.exercises.random_draws import element_wise
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise, within
from course_lib.activations import sigmoid, sigmoid_derivative

SIGMOID_DERIVATIVE = exercise(
    sigmoid_derivative, "01_sigmoid_saturation", uses=("sigmoid",), keeps_dtype=True, atol=0,
    picture=Curve(np.linspace(-8, 8, 161), lambda f, x: f(x), "pre-activation a", "σ'(a)"),
    parts=[
        (2, "ordinary values", lambda rng: [
            Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
            Case(rng.uniform(-6, 6, size=(8, 3)), label="a batch of pre-activations"),
        ]),
        (1, "both tails: positive and symmetric", lambda rng: [
            Case(np.array([-40.0, 40.0]), label="where 1 − σ(a) rounds to 0"),
            Case(rng.uniform(30, 300, size=12) * np.tile([-1, 1], 6), label="the far tails"),
            Case(np.array([-1000.0, 1000.0]), label="beyond what float64 can hold"),
        ]),
        (1, "keeps float32, accepts integers, numbers and any shape",
         element_wise, within(rtol=1e-9, atol=1e-12), HIDDEN),
    ],
    mistakes={
        "takes_the_output": (lambda a: np.asarray(a) * (1 - np.asarray(a)),
            "This is the slope written in terms of the output h. The argument here is the pre-activation a."),
        "sigmoid_itself": (sigmoid,
            "This is the function, not its slope."),
        "sign": (lambda a: -sigmoid_derivative(a),
            "The sign is wrong: the sigmoid rises everywhere, so its slope is positive."),
        "plus": (lambda a: sigmoid(a) * (1 + sigmoid(a)),
            "At large a this approaches 2, but a saturated neuron has no slope left. Which factor must vanish "
            "there?"),
        "forgot_a_factor": (lambda a: sigmoid(-np.asarray(a)),
            "One of two factors is missing: the slope must vanish in both tails."),
        "tanh_slope": (lambda a: 1 - np.tanh(a) ** 2,
            "At 0 this is 1: it is the slope of tanh. The sigmoid's largest slope is 1/4."),
        "squared": (lambda a: sigmoid(a) ** 2,
            "The square of the function is not its slope: the second factor must vanish on the right."),
        "textbook": (lambda a: sigmoid(a) * (1 - sigmoid(a)),
            "The textbook formula is right on paper; in float64 1 − σ(a) is exactly 0 from a = 37 on, while at −37 "
            "it is not. How can 1 − σ(a) be written without subtracting?"),
    },
)
