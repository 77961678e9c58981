"""Exercise `dense_backward`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_00.shared import layer
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import dense


def _backward_case(rng: np.random.Generator, N: int, n_in: int, n_out: int, label: str) -> Case:
    x, W, _ = layer(rng, N, n_in, n_out)
    return Case(rng.normal(size=(N, n_out)), x, W, label=label)

DENSE_BACKWARD = exercise(
    dense.dense_backward, "00_gradients_you_can_trust", outputs=("dx", "dW", "db"),
    parts=[
        (2, "all three gradients", lambda rng: [_backward_case(rng, 8, 5, 3, "random upstream gradient")]),
        (1, "summed over the batch", lambda rng: [
            _backward_case(rng, 12, 2, 4, "twelve examples"),
            _backward_case(rng, 1, 3, 2, "one example"),
        ]),
        (1, "square and narrow layers", lambda rng: [
            _backward_case(rng, 9, 4, 4, "as many units as inputs"),
            _backward_case(rng, 8, 6, 1, "one unit"),
            _backward_case(rng, 5, 5, 5, "as many units as inputs and examples"),
        ], HIDDEN),
    ],
    mistakes={
        "averaged": (lambda delta, x, W: (delta @ W.T, x.T @ delta / len(x), delta.mean(axis=0)),
            "`dW` and `db` are averaged over the batch; in this course they are summed, because the loss already "
            "contains the 1/N."),
        "bias_averaged": (lambda delta, x, W: (delta @ W.T, x.T @ delta, delta.mean(axis=0)),
            "`db` is averaged over the batch; it must be summed, like `dW`."),
        "weights_averaged": (lambda delta, x, W: (delta @ W.T, x.T @ delta / len(x), delta.sum(axis=0)),
            "`dW` is averaged over the batch; it must be summed, like `db`."),
        "weights_transposed": (lambda delta, x, W: (delta @ W.T, delta.T @ x, delta.sum(axis=0)),
            "`dW` is transposed: a gradient has the shape of what it belongs to."),
        "missing_transpose": (lambda delta, x, W: (delta @ W, x.T @ delta, delta.sum(axis=0)),
            "`dx` lacks a transpose: delta has one column a unit, and so has `W`."),
        "bias_not_summed": (lambda delta, x, W: (delta @ W.T, x.T @ delta, delta),
            "`b` is added to every row, so its gradient collects from every row: `db` has the shape of `b`."),
        "bias_summed_over_everything": (lambda delta, x, W: (delta @ W.T, x.T @ delta, delta.sum()),
            "`db` is one number: sum over the batch only, so that each unit keeps its own."),
        "bias_wrong_axis": (lambda delta, x, W: (delta @ W.T, x.T @ delta, delta.sum(axis=1)),
            "`db` is summed along the wrong axis: over units instead of over the batch."),
        "order_of_the_results": (lambda delta, x, W: (x.T @ delta, delta @ W.T, delta.sum(axis=0)),
            "The gradients are in another order than (dx, dW, db)."),
        "sign": (lambda delta, x, W: (-delta @ W.T, -x.T @ delta, -delta.sum(axis=0)),
            "All signs are flipped: these are the gradients; the minus belongs to the update."),
    },
)
