"""Exercises of lesson 01: the sigmoid, its slope, and what saturation does to learning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.common import element_wise, quiet
from autograder.judging.exercise import Case, Curve, Exercise, Mistake, Part
from course_lib import activations, saturation
from course_lib.activations import sigmoid as reference_sigmoid
from course_lib.activations import sigmoid_derivative as reference_slope

LESSON = "01_sigmoid_saturation"
MINUTES = 80

Array = np.ndarray[Any, Any]


def _pointwise(function: Callable[..., Any], x: Array) -> Array:
    return np.array([float(function(float(value))) for value in x])


SIGMOID = Exercise(
    "sigmoid",
    lesson=LESSON,
    reference=activations.sigmoid,
    keeps_dtype=True,
    parts=[
        Part(
            "ordinary values",
            points=2,
            rtol=1e-12,
            atol=0,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
                Case(rng.uniform(-6, 6, size=(8, 3)), label="a batch of pre-activations"),
            ],
        ),
        Part(
            "both tails",
            points=1,
            rtol=1e-12,
            atol=0,
            cases=lambda rng: [
                Case(np.array([-40.0, -30.0, 30.0, 40.0]), label="the tails"),
                Case(rng.uniform(30, 690, size=12) * np.tile([-1, 1], 6), label="the far tails"),
                Case(np.array([-700.0, 700.0]), label="the ends of what float64 can hold"),
                Case(np.array([-1000.0, 1000.0]), label="beyond them"),
            ],
        ),
        Part(
            "keeps float32, accepts integers, numbers and any shape",
            points=1,
            hidden=True,
            rtol=1e-12,
            atol=0,
            cases=element_wise,
        ),
    ],
    mistakes=[
        Mistake(
            "sign",
            quiet(lambda a: 1 / (1 + np.exp(a))),
            "The curve falls where it should rise: look at the sign of the exponent.",
        ),
        Mistake(
            "is_tanh",
            np.tanh,
            "This curve runs from −1 to 1: it is the hyperbolic tangent. The logistic function runs from 0 to 1.",
        ),
        Mistake(
            "numerator",
            quiet(lambda a: np.exp(-a) / (1 + np.exp(-a))),
            "This is σ(−a): the curve falls where it should rise. Look at the numerator.",
        ),
        Mistake(
            "missing_parentheses",
            quiet(lambda a: 1 / 1 + np.exp(-a)),
            "At 0 this gives 2: a division binds tighter than a sum. Which parentheses are missing?",
        ),
        Mistake(
            "base_two",
            lambda a: reference_sigmoid(np.asarray(a) * np.log(2)),
            "The curve is too flat: is the base of the power e?",
        ),
        Mistake(
            "step_function",
            lambda a: np.where(np.isnan(a), a, (np.asarray(a) > 0) + 0.5 * (np.asarray(a) == 0)),
            "This jumps from 0 to 1: a step, not a sigmoid.",
        ),
        Mistake(
            "scalar_only",
            lambda a: 1 / (1 + __import__("math").exp(-a)),
            "The functions of `math` take single numbers: use NumPy's, which work on whole arrays.",
        ),
        Mistake(
            "tanh_form",
            lambda a: 0.5 * (1 + np.tanh(np.asarray(a) / 2)),
            "Right but for the left tail: far out tanh rounds to −1, so 1 + tanh is 0 and every digit of the small "
            "answer is lost. Find a form that never subtracts nearly equal numbers.",
        ),
        Mistake(
            "one_minus",
            lambda a: np.where(np.asarray(a) >= 0, reference_sigmoid(a), 1 - reference_sigmoid(-np.asarray(a))),
            "The left tail is 1 − (almost 1): all digits of the small answer are lost. "
            "Which form of the function has a small numerator there?",
        ),
        Mistake(
            "clipped",
            lambda a: reference_sigmoid(np.clip(a, -500, 500)),
            "Clipping the input stops the overflow, but beyond it the answer no longer changes. "
            "There is a form that needs no clipping.",
        ),
        Mistake(
            "naive_exponential_ratio",
            quiet(lambda a: np.exp(a) / (1 + np.exp(a))),
            "Far to the right this is infinity over infinity. Which form is safe there?",
        ),
    ],
    picture=Curve(np.linspace(-8, 8, 161), lambda f, x: f(x), "pre-activation a", "σ(a)"),
)


SIGMOID_DERIVATIVE = Exercise(
    "sigmoid_derivative",
    lesson=LESSON,
    reference=activations.sigmoid_derivative,
    uses=("sigmoid",),
    keeps_dtype=True,
    parts=[
        Part(
            "ordinary values",
            points=2,
            atol=0,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
                Case(rng.uniform(-6, 6, size=(8, 3)), label="a batch of pre-activations"),
            ],
        ),
        Part(
            "both tails: positive and symmetric",
            points=1,
            atol=0,
            cases=lambda rng: [
                Case(np.array([-40.0, 40.0]), label="where 1 − σ(a) rounds to 0"),
                Case(rng.uniform(30, 300, size=12) * np.tile([-1, 1], 6), label="the far tails"),
                Case(np.array([-1000.0, 1000.0]), label="beyond what float64 can hold"),
            ],
        ),
        Part(
            "keeps float32, accepts integers, numbers and any shape",
            points=1,
            hidden=True,
            cases=element_wise,
        ),
    ],
    mistakes=[
        Mistake(
            "takes_the_output",
            lambda a: np.asarray(a) * (1 - np.asarray(a)),
            "This is the slope written in terms of the output h. The argument here is the pre-activation a.",
        ),
        Mistake(
            "sigmoid_itself",
            reference_sigmoid,
            "This is the function, not its slope.",
        ),
        Mistake(
            "sign",
            lambda a: -reference_slope(a),
            "The sign is wrong: the sigmoid rises everywhere, so its slope is positive.",
        ),
        Mistake(
            "plus",
            lambda a: reference_sigmoid(a) * (1 + reference_sigmoid(a)),
            "At large a this approaches 2, but a saturated neuron has no slope left. Which factor must vanish there?",
        ),
        Mistake(
            "forgot_a_factor",
            lambda a: reference_sigmoid(-np.asarray(a)),
            "One of two factors is missing: the slope must vanish in both tails.",
        ),
        Mistake(
            "tanh_slope",
            lambda a: 1 - np.tanh(a) ** 2,
            "At 0 this is 1: it is the slope of tanh. The sigmoid's largest slope is 1/4.",
        ),
        Mistake(
            "squared",
            lambda a: reference_sigmoid(a) ** 2,
            "The square of the function is not its slope: the second factor must vanish on the right.",
        ),
        Mistake(
            "textbook",
            lambda a: reference_sigmoid(a) * (1 - reference_sigmoid(a)),
            "The textbook formula is right on paper; in float64 1 − σ(a) is exactly 0 from a = 37 on, "
            "while at −37 it is not. How can 1 − σ(a) be written without subtracting?",
        ),
    ],
    picture=Curve(np.linspace(-8, 8, 161), lambda f, x: f(x), "pre-activation a", "σ'(a)"),
)


def _textbook_threshold(tolerance: float) -> float:
    """Search with σ(1 − σ), which is 0 too early."""
    low, high = 0.0, 800.0
    if tolerance >= 0.25:
        return 0.0
    for _ in range(200):
        middle = (low + high) / 2
        h = reference_sigmoid(middle)
        low, high = (middle, high) if h * (1 - h) > tolerance else (low, middle)
    return high


SATURATION_THRESHOLD = Exercise(
    "saturation_threshold",
    lesson=LESSON,
    reference=saturation.saturation_threshold,
    uses=("sigmoid", "sigmoid_derivative"),
    parts=[
        Part(
            "usual tolerances",
            points=2,
            rtol=1e-6,
            atol=1e-8,
            cases=lambda rng: [
                Case(0.0125, label="5% of the largest slope"),
                Case(float(rng.uniform(0.15, 0.24)), label="near the largest slope"),
                *(Case(float(10 ** rng.uniform(-6, -1)), label="a small tolerance") for _ in range(4)),
            ],
        ),
        Part(
            "a tolerance that no slope exceeds",
            points=0.5,
            rtol=1e-6,
            atol=1e-8,
            cases=lambda rng: [
                Case(0.25, label="exactly the largest slope"),
                Case(float(rng.uniform(1.5, 3.0)), label="more than the largest slope"),
            ],
        ),
        Part(
            "tiny tolerances",
            points=0.5,
            hidden=True,
            rtol=1e-6,
            atol=1e-8,
            cases=lambda rng: [
                Case(1e-18, label="1e-18"),
                Case(float(10 ** rng.uniform(-40, -20)), label="a tiny tolerance"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "of_the_largest_slope",
            lambda tolerance: saturation.saturation_threshold(tolerance / 4),
            "The tolerance is taken as a share of the largest slope; it is a slope itself.",
        ),
        Mistake(
            "threshold_of_the_output",
            quiet(lambda tolerance: float(abs(np.log(tolerance / (1 - tolerance))) if tolerance < 1 else 0.0)),
            "This is where σ(a) comes within the tolerance of 0 or 1. The question is where its slope falls below it.",
        ),
        Mistake(
            "negative_side",
            lambda tolerance: -saturation.saturation_threshold(tolerance),
            "The number has the right size and the wrong sign: the slope is symmetric, and t is at least 0.",
        ),
        Mistake(
            "exponential_tail",
            lambda tolerance: float(max(0.0, -np.log(tolerance))),
            "This takes the slope for exp(−|a|), which holds far out only.",
        ),
        Mistake(
            "full_width",
            lambda tolerance: 2 * saturation.saturation_threshold(tolerance),
            "This is twice the threshold: the width of the whole unsaturated interval.",
        ),
        Mistake(
            "textbook_derivative",
            _textbook_threshold,
            "For tiny tolerances the threshold comes out near 37, where σ·(1 − σ) becomes exactly 0 in float64. "
            "Use a form of the slope that stays positive.",
        ),
        Mistake(
            "hardly_saturated",
            lambda tolerance: saturation.saturation_threshold(tolerance) if tolerance < 0.25 else float("nan"),
            "A slope is never above 1/4: for such tolerances every a is saturated already. What is t then?",
        ),
    ],
    picture=Curve(
        np.geomspace(1e-8, 0.2, 60),
        _pointwise,
        "tolerance",
        "threshold t",
        logx=True,
    ),
)


def _misses_the_end(radius: float) -> float:
    a = np.arange(0, radius, 0.01)
    return float(np.max(np.abs(reference_sigmoid(a) - (0.5 + a / 4)), initial=0.0))


LINEARITY_ERROR = Exercise(
    "linearity_error",
    lesson=LESSON,
    reference=saturation.linearity_error,
    uses=("sigmoid",),
    parts=[
        Part(
            "usual radii",
            points=1.5,
            rtol=1e-6,
            atol=1e-9,
            cases=lambda rng: [
                Case(1.0, label="one unit to either side"),
                *(Case(float(radius), label="a random radius") for radius in rng.uniform(0.3, 8, size=5)),
            ],
        ),
        Part(
            "from nothing to far out",
            points=0.5,
            hidden=True,
            rtol=1e-6,
            atol=1e-9,
            cases=lambda rng: [
                Case(0.0, label="radius 0"),
                Case(float(rng.integers(20, 200)) + 0.005, label="a large radius"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "signed",
            lambda radius: float(reference_sigmoid(radius) - (0.5 + radius / 4)),
            "An error is a distance: take its absolute value before the maximum.",
        ),
        Mistake(
            "constant_forgotten",
            lambda radius: float(
                np.max(np.abs(reference_sigmoid(np.array([-radius, radius])) - np.array([-radius, radius]) / 4))
            ),
            "The tangent goes through the point (0, 1/2): its constant is missing.",
        ),
        Mistake(
            "slope_one",
            lambda radius: float(radius + 0.5 - reference_sigmoid(radius)),
            "The tangent is too steep: what is the slope of σ at 0?",
        ),
        Mistake(
            "slope_half",
            lambda radius: float(abs(reference_sigmoid(radius) - (0.5 + radius / 2))),
            "The tangent is too steep: what is the slope of σ at 0?",
        ),
        Mistake(
            "relative",
            lambda radius: float(abs(reference_sigmoid(radius) - (0.5 + radius / 4)) / reference_sigmoid(radius)),
            "This is a relative error; the exercise asks for the distance itself.",
        ),
        Mistake(
            "mean_instead_of_max",
            lambda radius: float(
                np.mean(
                    np.abs(
                        reference_sigmoid(np.linspace(-radius, radius, 1001))
                        - (0.5 + np.linspace(-radius, radius, 1001) / 4)
                    )
                )
            ),
            "This is an average over the interval; the exercise asks for the largest error.",
        ),
        Mistake(
            "misses_the_end",
            _misses_the_end,
            "A little too small: the error is largest at the very end of the interval, and your grid stops before it.",
        ),
    ],
    picture=Curve(np.linspace(0.0, 8.0, 81), _pointwise, "radius", "largest error"),
)


def _slope_between(a: Array, tolerance: float) -> Array:
    return reference_slope(a) < tolerance


def _spread_units(rng: np.random.Generator, rows: int, units: int) -> Array:
    """Draw pre-activations with another centre and spread in each unit, so that no two columns agree."""
    return rng.normal(rng.uniform(-4, 4, size=units), rng.uniform(1, 8, size=units), size=(rows, units))


SATURATED_FRACTION = Exercise(
    "saturated_fraction",
    lesson=LESSON,
    reference=saturation.saturated_fraction,
    uses=("sigmoid", "sigmoid_derivative"),
    parts=[
        Part(
            "a batch of five units",
            points=2,
            cases=lambda rng: [
                Case(_spread_units(rng, 16, 5), label="the default tolerance"),
                Case(np.array([[0.0, 9.0], [8.0, -9.0], [-8.0, 0.5], [0.1, 7.0]]), label="four rows, two units"),
            ],
        ),
        Part(
            "another tolerance, one unit, deep saturation",
            points=1,
            hidden=True,
            cases=lambda rng: [
                Case(_spread_units(rng, 24, 7), tolerance=0.1, label="a tolerance given by name"),
                Case(_spread_units(rng, 12, 3), 0.0005, label="a tolerance given by position"),
                Case(_spread_units(rng, 9, 1), label="one unit"),
                Case(_spread_units(rng, 11, 4) * 20, label="far out in the tails"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "per_example",
            lambda a, tolerance=0.0125: np.mean(_slope_between(a, tolerance), axis=1),
            "This averages along the wrong axis: one number a unit (column) is asked for, not one an example (row).",
        ),
        Mistake(
            "over_everything",
            lambda a, tolerance=0.0125: float(np.mean(_slope_between(a, tolerance))),
            "This averages over everything: the answer has one number for each unit.",
        ),
        Mistake(
            "counts",
            lambda a, tolerance=0.0125: np.sum(_slope_between(a, tolerance), axis=0),
            "This counts; the exercise asks for the fraction of the batch.",
        ),
        Mistake(
            "complement",
            lambda a, tolerance=0.0125: np.mean(~_slope_between(a, tolerance), axis=0),
            "This is the fraction that is not saturated.",
        ),
        Mistake(
            "of_the_output",
            lambda a, tolerance=0.0125: np.mean(reference_sigmoid(a) < tolerance, axis=0),
            "Only the left tail is seen, where the activation is small. Saturation is about the slope, on both sides.",
        ),
        Mistake(
            "of_the_pre_activation",
            lambda a, tolerance=0.0125: np.mean(np.abs(a) < tolerance, axis=0),
            "This compares |a| itself with the tolerance. Which quantity must be small where a neuron is saturated?",
        ),
        Mistake(
            "tolerance_ignored",
            lambda a, tolerance=0.0125: np.mean(_slope_between(a, 0.0125), axis=0),
            "Right for the default tolerance only: the argument `tolerance` has no effect.",
        ),
        Mistake(
            "one_tail",
            lambda a, tolerance=0.0125: np.mean(_slope_between(a, tolerance) & (a > 0), axis=0),
            "This sees the right tail only. A neuron saturates on both sides.",
        ),
        Mistake(
            "mean_slope",
            lambda a, tolerance=0.0125: np.mean(reference_slope(a), axis=0),
            "This is the average slope; the exercise asks how often the slope is below the tolerance.",
        ),
    ],
)


def _descent(gradient: Callable[..., Any], *, record_first: bool = True, extra: int = 0) -> Callable[..., Any]:
    """Build a wrong `train_neuron` from the gradient it takes for right."""

    def run(bias: float, learning_rate: float, steps: int) -> Array:
        b, outputs = float(bias), []
        for _ in range(steps + 1):
            if record_first:
                outputs.append(reference_sigmoid(b))
            b = b - learning_rate * gradient(b)
            if not record_first:
                outputs.append(reference_sigmoid(b))
        return np.array(outputs[: steps + 1 + extra])

    return run


def _squared_error_gradient(b: float) -> float:
    return float(reference_sigmoid(b) * reference_slope(b))


def _biases(bias: float, learning_rate: float, steps: int) -> Array:
    y = saturation.train_neuron(bias, learning_rate, steps)
    return np.log(y / (1 - y))


TRAIN_NEURON = Exercise(
    "train_neuron",
    lesson=LESSON,
    reference=saturation.train_neuron,
    uses=("sigmoid", "sigmoid_derivative"),
    parts=[
        Part(
            "follows the gradient",
            points=2,
            atol=1e-10,
            cases=lambda rng: [
                Case(2.0, 0.5, 3, label="three steps"),
                Case(float(rng.uniform(-1, 3)), float(rng.uniform(0.1, 2.0)), 200, label="200 steps"),
            ],
        ),
        Part(
            "starts saturated",
            points=1,
            atol=1e-10,
            cases=lambda rng: [Case(float(rng.uniform(6, 9)), float(rng.uniform(0.5, 2.0)), 400, label="400 steps")],
        ),
        Part(
            "no step, and one",
            points=1,
            hidden=True,
            atol=1e-10,
            cases=lambda rng: [
                Case(float(rng.uniform(-2, 2)), 0.3, 0, label="no step"),
                Case(float(rng.uniform(-2, 2)), 0.3, 1, label="one step"),
                Case(1, 1, 5, label="whole numbers as arguments"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "forgot_the_slope",
            _descent(lambda b: float(reference_sigmoid(b))),
            "The update lacks the slope of the activation: this is how cross-entropy would learn. "
            "Apply the chain rule to y²/2 once more.",
        ),
        Mistake(
            "forgot_the_error",
            _descent(lambda b: float(reference_slope(b))),
            "The update lacks the error itself: the derivative of y²/2 has a factor y.",
        ),
        Mistake(
            "ascent",
            _descent(lambda b: -_squared_error_gradient(b)),
            "The output moves away from 0: descent goes against the gradient.",
        ),
        Mistake(
            "factor_two",
            _descent(lambda b: 2 * _squared_error_gradient(b)),
            "Every step is twice as long as it should be: the loss is y²/2, with the half.",
        ),
        Mistake(
            "first_output_missing",
            _descent(_squared_error_gradient, record_first=False, extra=-1),
            "The output before the first step is missing: `steps + 1` numbers are asked for.",
        ),
        Mistake(
            "shifted_by_one",
            _descent(_squared_error_gradient, record_first=False),
            "The first number must be the output before the first step.",
        ),
        Mistake(
            "last_output_missing",
            _descent(_squared_error_gradient, extra=-1),
            "The output after the last step is missing: `steps + 1` numbers are asked for.",
        ),
        Mistake(
            "biases",
            _biases,
            "These are the biases; the exercise asks for the neuron's outputs.",
        ),
    ],
    picture=Curve(np.arange(301.0), lambda f, x: f(5.0, 1.0, len(x) - 1), "step", "output y"),
)


EXERCISES = (
    SIGMOID,
    SIGMOID_DERIVATIVE,
    SATURATION_THRESHOLD,
    LINEARITY_ERROR,
    SATURATED_FRACTION,
    TRAIN_NEURON,
)
