"""`train_neuron`: gradient descent on one sigmoid neuron with squared error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_01.shared import Array
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib.activations import sigmoid, sigmoid_derivative
from course_lib.saturation import train_neuron


def _descent(gradient: Callable[..., Any], *, record_first: bool = True, extra: int = 0) -> Callable[..., Any]:
    """Build a wrong `train_neuron` whose gradient is `gradient(b)`.

    Without `record_first`, outputs are recorded after each update instead of before it. With `extra` = −1, the last
    output
    is left out.
    """

    def run(bias: float, learning_rate: float, steps: int) -> Array:
        b, outputs = float(bias), []
        for _ in range(steps + 1):
            if record_first:
                outputs.append(sigmoid(b))
            b = b - learning_rate * gradient(b)
            if not record_first:
                outputs.append(sigmoid(b))
        return np.array(outputs[: steps + 1 + extra])

    return run


def _squared_error_gradient(b: float) -> float:
    return float(sigmoid(b) * sigmoid_derivative(b))


def _biases(bias: float, learning_rate: float, steps: int) -> Array:
    y = train_neuron(bias, learning_rate, steps)
    return np.log(y / (1 - y))


TRAIN_NEURON = exercise(
    train_neuron, "01_sigmoid_saturation", uses=("sigmoid", "sigmoid_derivative"), atol=1e-10,
    picture=Curve(np.arange(301.0), lambda f, x: f(5.0, 1.0, len(x) - 1), "step", "output y"),
    parts=[
        (2, "follows the gradient", lambda rng: [
            Case(2.0, 0.5, 3, label="three steps"),
            Case(float(rng.uniform(-1, 3)), float(rng.uniform(0.1, 2.0)), 200, label="200 steps"),
        ]),
        (1, "starts saturated", lambda rng: [
            Case(float(rng.uniform(6, 9)), float(rng.uniform(0.5, 2.0)), 400, label="400 steps"),
        ]),
        (1, "no step, and one", lambda rng: [
            Case(float(rng.uniform(-2, 2)), 0.3, 0, label="no step"),
            Case(float(rng.uniform(-2, 2)), 0.3, 1, label="one step"),
            Case(1, 1, 5, label="whole numbers as arguments"),
        ], HIDDEN),
    ],
    mistakes={
        "forgot_the_slope": (_descent(lambda b: float(sigmoid(b))),
            "The update lacks the slope of the activation: this is how cross-entropy would learn. Apply the chain "
            "rule to y²/2 once more."),
        "forgot_the_error": (_descent(lambda b: float(sigmoid_derivative(b))),
            "The update lacks the error itself: the derivative of y²/2 has a factor y."),
        "ascent": (_descent(lambda b: -_squared_error_gradient(b)),
            "The output moves away from 0: descent goes against the gradient."),
        "factor_two": (_descent(lambda b: 2 * _squared_error_gradient(b)),
            "Every step is twice as long as it should be: the loss is y²/2, with the half."),
        "first_output_missing": (_descent(_squared_error_gradient, record_first=False, extra=-1),
            "The output before the first step is missing: `steps + 1` numbers are asked for."),
        "shifted_by_one": (_descent(_squared_error_gradient, record_first=False),
            "The first number must be the output before the first step."),
        "last_output_missing": (_descent(_squared_error_gradient, extra=-1),
            "The output after the last step is missing: `steps + 1` numbers are asked for."),
        "biases": (_biases,
            "These are the biases; the exercise asks for the neuron's outputs."),
    },
)
