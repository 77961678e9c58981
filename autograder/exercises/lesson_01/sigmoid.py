"""`sigmoid`: the logistic function."""

from __future__ import annotations

import numpy as np

from autograder.exercises.random_draws import element_wise
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib.activations import sigmoid

SIGMOID = exercise(
    sigmoid, "01_sigmoid_saturation", keeps_dtype=True, rtol=1e-12, atol=0,
    picture=Curve(np.linspace(-8, 8, 161), lambda f, x: f(x), "pre-activation a", "σ(a)"),
    parts=[
        (2, "ordinary values", lambda rng: [
            Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
            Case(rng.uniform(-6, 6, size=(8, 3)), label="a batch of pre-activations"),
        ]),
        (1, "both tails", lambda rng: [
            Case(np.array([-40.0, -30.0, 30.0, 40.0]), label="the tails"),
            Case(rng.uniform(30, 690, size=12) * np.tile([-1, 1], 6), label="the far tails"),
            Case(np.array([-700.0, 700.0]), label="the ends of what float64 can hold"),
            Case(np.array([-1000.0, 1000.0]), label="beyond them"),
        ]),
        (1, "keeps float32, accepts integers, numbers and any shape", element_wise, HIDDEN),
    ],
    mistakes={
        "sign": (lambda a: 1 / (1 + np.exp(a)),
            "The curve falls where it should rise: look at the sign of the exponent."),
        "is_tanh": (np.tanh,
            "This curve runs from −1 to 1: it is the hyperbolic tangent. The logistic function runs from 0 to 1."),
        "numerator": (lambda a: np.exp(-a) / (1 + np.exp(-a)),
            "This is σ(−a): the curve falls where it should rise. Look at the numerator."),
        "missing_parentheses": (lambda a: 1 / 1 + np.exp(-a),
            "At 0 this gives 2: a division binds tighter than a sum. Which parentheses are missing?"),
        "base_two": (lambda a: sigmoid(np.asarray(a) * np.log(2)),
            "The curve is too flat: is the base of the power e?"),
        "step_function": (lambda a: np.where(np.isnan(a), a, (np.asarray(a) > 0) + 0.5 * (np.asarray(a) == 0)),
            "This jumps from 0 to 1: a step, not a sigmoid."),
        "scalar_only": (lambda a: 1 / (1 + __import__("math").exp(-a)),
            "The functions of `math` take single numbers: use NumPy's, which work on whole arrays."),
        "tanh_form": (lambda a: 0.5 * (1 + np.tanh(np.asarray(a) / 2)),
            "Right but for the left tail: far out tanh rounds to −1, so 1 + tanh is 0 and every digit of the small "
            "answer is lost. Find a form that never subtracts nearly equal numbers."),
        "one_minus": (
            lambda a: np.where(np.asarray(a) >= 0, sigmoid(a), 1 - sigmoid(-np.asarray(a))),
            "The left tail is 1 − (almost 1): all digits of the small answer are lost. Which form of the function "
            "has a small numerator there?"),
        "clipped": (lambda a: sigmoid(np.clip(a, -500, 500)),
            "Clipping the input stops the overflow, but beyond it the answer no longer changes. There is a form "
            "that needs no clipping."),
        "naive_exponential_ratio": (lambda a: np.exp(a) / (1 + np.exp(a)),
            "Far to the right this is infinity over infinity. Which form is safe there?"),
    },
)
