"""`backward_variances`: the mean square of each layer's deltas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.lesson_04.shared import Array, weights_
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib.backpropagation import backward_pass
from course_lib.initialization import backward_variances as right


def _case(rng: np.random.Generator, N: int, sizes: Sequence[int], derivative: Any, label: str) -> Case:
    pre_activations = [rng.normal(0.3, 1.1, size=(N, n)) for n in sizes[1:]]
    delta_last = rng.normal(0.5, 1.0, size=(N, sizes[-1]))
    return Case(delta_last, weights_(rng, *sizes), pre_activations, derivative, label=label)


def _deltas(measure: Callable[[Array], Any]) -> Callable[..., Array]:
    """Build a wrong `backward_variances`: it returns `measure(delta)` of each layer instead of the mean square."""
    return lambda *args: np.array([measure(delta) for delta in backward_pass(*args)])


def _steps(step: Callable[[Array, Array, Array], Array], shift: int = -1) -> Callable[..., Array]:
    """Build a wrong `backward_variances` from a wrong step back, or from the slope of another layer.

    `step` takes the δ of a layer, the layer's weights and the slope. The slope is that of the layer below if `shift` is
    −1,
    and that of the layer itself if it is 0.
    """

    def variances(delta: Array, weights: Sequence[Array], pre_activations: Sequence[Array], derivative: Any) -> Array:
        measured = [np.mean(delta**2)]
        for layer in range(len(weights) - 1, 0, -1):
            delta = step(delta, weights[layer], derivative(pre_activations[layer + shift]))
            measured.append(np.mean(delta**2))
        return np.array(measured[::-1])

    return variances


BACKWARD_VARIANCES = exercise(
    right, "04_weight_initialization",
    parts=[
        (1, "a few layers", lambda rng: [
            _case(rng, 9, [4, 6, 3, 5], np.cos, "three layers"),
            _case(rng, 8, [5, 5, 5, 5], np.cos, "three layers of equal width"),
        ]),
        (1, "one layer, many layers", lambda rng: [
            _case(rng, 10, [3, 4], np.cos, "one layer"),
            _case(rng, 8, [3, 8, 2, 7, 4, 6], np.exp, "five layers"),
            _case(rng, 11, [4] * 7, np.sin, "six layers of equal width"),
        ], HIDDEN),
    ],
    words={"one_square_root_too_many": ("roots", "These are root mean squares; mean squares are asked for.")},
    mistakes={
        "around_the_mean": (_deltas(np.var),
            "These are variances around the mean. A delta that is the same everywhere is a signal too: the mean "
            "square is asked for."),
        "sums": (_deltas(lambda delta: np.sum(delta**2)),
            "The squares are summed; their mean is asked for."),
        "summed_over_units": (_deltas(lambda delta: np.mean(np.sum(delta**2, axis=1))),
            "The squares are summed over the units; the mean over all entries is asked for."),
        "last_layer_first": (lambda *args: right(*args)[::-1],
            "The order is that of the computation: the first layer must come first."),
        "derivative_forgotten": (_steps(lambda delta, W, slope: delta @ W.T),
            "The slope is missing: `derivative` has no effect."),
        "derivative_of_the_last_layer": (
            lambda delta, weights, a, derivative: right(delta * derivative(a[-1]), weights, a, derivative),
            "`delta_last` is multiplied by a slope; it is a delta already."),
        "layer_above": (_steps(lambda delta, W, slope: slope * (delta @ W.T), shift=0),
            "The slope is taken at the layer above; it belongs to the layer whose delta is wanted."),
        "missing_transpose": (_steps(lambda delta, W, slope: slope * (delta @ W)),
            "A transpose is missing: on the way back, a delta has one column a unit of the layer above."),
        "weights_of_the_layer_below": (lambda delta, weights, *rest: right(delta, [weights[-1], *weights[:-1]], *rest),
            "The weights are off by one layer: which ones lead from this layer to the next?"),
        "slope_squared": (_steps(lambda delta, W, slope: slope**2 * (delta @ W.T)),
            "The slope counts twice in every layer."),
    },
)
