"""`dense_backward`: the gradients of one layer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_00.shared import layer
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import dense


def _case(rng: np.random.Generator, N: int, n_in: int, n_out: int, label: str) -> Case:
    x, W, _ = layer(rng, N, n_in, n_out)
    return Case(rng.normal(size=(N, n_out)), x, W, label=label)


def _but(
    dx: Callable[..., Any] = lambda d, W: d @ W.T,
    dW: Callable[..., Any] = lambda d, x: x.T @ d,
    db: Callable[..., Any] = lambda d: d.sum(axis=0),
) -> Callable[..., Any]:
    """Build an answer that returns dx, dW and db; the gradients given here replace the right ones."""
    return lambda delta, x, W: (dx(delta, W), dW(delta, x), db(delta))

DENSE_BACKWARD = exercise(
    dense.dense_backward, "00_gradients_you_can_trust", outputs=("dx", "dW", "db"),
    parts=[
        (2, "all three gradients", lambda rng: [_case(rng, 8, 5, 3, "random upstream gradient")]),
        (1, "summed over the batch", lambda rng: [
            _case(rng, 12, 2, 4, "twelve examples"),
            _case(rng, 1, 3, 2, "one example"),
        ]),
        (1, "square and narrow layers", lambda rng: [
            _case(rng, 9, 4, 4, "as many units as inputs"),
            _case(rng, 8, 6, 1, "one unit"),
            _case(rng, 5, 5, 5, "as many units as inputs and examples"),
        ], HIDDEN),
    ],
    mistakes={
        "averaged": (_but(dW=lambda d, x: x.T @ d / len(x), db=lambda d: d.mean(axis=0)),
            "`dW` and `db` are averaged over the batch; in this course they are summed, because the loss already "
            "contains the 1/N."),
        "bias_averaged": (_but(db=lambda d: d.mean(axis=0)),
            "`db` is averaged over the batch; it must be summed, like `dW`."),
        "weights_averaged": (_but(dW=lambda d, x: x.T @ d / len(x)),
            "`dW` is averaged over the batch; it must be summed, like `db`."),
        "weights_transposed": (_but(dW=lambda d, x: d.T @ x),
            "`dW` is transposed: a gradient has the shape of what it belongs to."),
        "missing_transpose": (_but(dx=lambda d, W: d @ W),
            "`dx` lacks a transpose: delta has one column a unit, and so has `W`."),
        "bias_not_summed": (_but(db=lambda d: d),
            "`b` is added to every row, so its gradient collects from every row: `db` has the shape of `b`."),
        "bias_summed_over_everything": (_but(db=lambda d: d.sum()),
            "`db` is one number: sum over the batch only, so that each unit keeps its own."),
        "bias_wrong_axis": (_but(db=lambda d: d.sum(axis=1)),
            "`db` is summed along the wrong axis: over units instead of over the batch."),
        "order_of_the_results": (lambda delta, x, W: (x.T @ delta, delta @ W.T, delta.sum(axis=0)),
            "The gradients are in another order than (dx, dW, db)."),
        "sign": (lambda delta, x, W: (-delta @ W.T, -x.T @ delta, -delta.sum(axis=0)),
            "All signs are flipped: these are the gradients; the minus belongs to the update."),
    },
)
