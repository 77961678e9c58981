"""`dense_forward`: a batch through one layer."""

import numpy as np

from autograder.exercises.lesson_00.shared import layer
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import dense

_X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
_W, _B = np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, 0.5]]), np.array([10.0, 20.0, 30.0, 40.0])

DENSE_FORWARD = exercise(
    dense.dense_forward, "00_gradients_you_can_trust",
    parts=[
        (1.5, "a batch through a layer", lambda rng: [
            Case(_X, _W, _B, label="three examples, two inputs, four units"),
            Case(*layer(rng, 8, 5, 3), label="random numbers"),
        ]),
        (0.5, "one example, one unit", lambda rng: [
            Case(*layer(rng, 1, 4, 3), label="one example"),
            Case(*layer(rng, 6, 3, 1), label="one unit"),
            Case(*layer(rng, 3, 3, 3), label="as many units as inputs and examples"),
        ], HIDDEN),
    ],
    mistakes={
        "bias_forgotten": (lambda x, W, b: x @ W,
            "The bias is missing."),
        "bias_subtracted": (lambda x, W, b: x @ W - b,
            "The bias has the wrong sign."),
        "product_entry_by_entry": (lambda x, W, b: x * W + b,
            "`*` multiplies entry by entry; a layer needs the matrix product."),
        "order_swapped": (lambda x, W, b: W @ x + b,
            "The order of the factors is swapped: here a batch is rows, and `W` is (n_in, n_out)."),
        "weights_transposed": (lambda x, W, b: x @ W.T + b,
            "`W` is (n_in, n_out) in this course: no transpose is needed."),
        "bias_before_the_weights": (lambda x, W, b: (x + 1) @ W + b,
            "Something is added to the input before the product; only `b` is added, and afterwards."),
        "activated": (lambda x, W, b: np.maximum(x @ W + b, 0),
            "Negative entries became 0: the dense layer ends before the activation function."),
    },
)
