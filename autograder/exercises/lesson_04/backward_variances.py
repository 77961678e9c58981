"""Exercise `backward_variances`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.lesson_04.shared import (
    Array,
    weights_,
)
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation, initialization


def _backward_case(rng: np.random.Generator, N: int, sizes: Sequence[int], derivative: Any, label: str) -> Case:
    pre_activations = [rng.normal(0.3, 1.1, size=(N, n)) for n in sizes[1:]]
    delta_last = rng.normal(0.5, 1.0, size=(N, sizes[-1]))
    return Case(delta_last, weights_(rng, *sizes), pre_activations, derivative, label=label)


def _deltas_measured(measure: Callable[[Array], Any]) -> Callable[..., Array]:
    def variances(delta_last: Array, weights: Any, pre_activations: Any, derivative: Any) -> Array:
        deltas = backpropagation.backward_pass(delta_last, weights, pre_activations, derivative)
        return np.array([measure(delta) for delta in deltas])

    return variances


def _deltas_by(
    step: Callable[[Array, Array, Array, Any], Array], *, shift: int = -1, last: bool = False
) -> Callable[..., Array]:
    """Build a wrong `backward_variances` from a wrong step, or one that takes another layer's pre-activations."""

    def variances(delta_last: Array, weights: Any, pre_activations: Any, derivative: Any) -> Array:
        delta = delta_last * derivative(pre_activations[-1]) if last else delta_last
        measured = [np.mean(delta**2)]
        for layer in range(len(weights) - 1, 0, -1):
            delta = step(delta, weights[layer], pre_activations[layer + shift], derivative)
            measured.append(np.mean(delta**2))
        return np.array(measured[::-1])

    return variances


def _right_step(delta: Array, W: Array, a: Array, derivative: Any) -> Array:
    return derivative(a) * (delta @ W.T)

BACKWARD_VARIANCES = exercise(
    initialization.backward_variances, "04_weight_initialization",
    parts=[
        (1, "a few layers", lambda rng: [
            _backward_case(rng, 9, [4, 6, 3, 5], np.cos, "three layers"),
            _backward_case(rng, 8, [5, 5, 5, 5], np.cos, "three layers of equal width"),
        ]),
        (1, "one layer, many layers", lambda rng: [
            _backward_case(rng, 10, [3, 4], np.cos, "one layer"),
            _backward_case(rng, 8, [3, 8, 2, 7, 4, 6], np.exp, "five layers"),
            _backward_case(rng, 11, [4] * 7, np.sin, "six layers of equal width"),
        ], HIDDEN),
    ],
    mistakes={
        "around_the_mean": (_deltas_measured(np.var),
            "These are variances around the mean. A delta that is the same everywhere is a signal too: the mean "
            "square is asked for."),
        "roots": (_deltas_measured(lambda delta: np.sqrt(np.mean(delta**2))),
            "These are root mean squares; mean squares are asked for."),
        "sums": (_deltas_measured(lambda delta: np.sum(delta**2)),
            "The squares are summed; their mean is asked for."),
        "summed_over_units": (_deltas_measured(lambda delta: np.mean(np.sum(delta**2, axis=1))),
            "The squares are summed over the units; the mean over all entries is asked for."),
        "last_layer_first": (lambda *args: initialization.backward_variances(*args)[::-1],
            "The order is that of the computation: the first layer must come first."),
        "derivative_forgotten": (_deltas_by(lambda delta, W, a, derivative: delta @ W.T),
            "The slope is missing: `derivative` has no effect."),
        "derivative_of_the_last_layer": (_deltas_by(_right_step, last=True),
            "`delta_last` is multiplied by a slope; it is a delta already."),
        "layer_above": (_deltas_by(_right_step, shift=0),
            "The slope is taken at the layer above; it belongs to the layer whose delta is wanted."),
        "missing_transpose": (_deltas_by(lambda delta, W, a, derivative: derivative(a) * (delta @ W)),
            "A transpose is missing: on the way back, a delta has one column a unit of the layer above."),
        "weights_of_the_layer_below": (
            lambda delta_last, weights, pre_activations, derivative: initialization.backward_variances(
                delta_last, [weights[-1], *weights[:-1]], pre_activations, derivative
            ),
            "The weights are off by one layer: which ones lead from this layer to the next?"),
        "slope_squared": (_deltas_by(lambda delta, W, a, derivative: derivative(a) ** 2 * (delta @ W.T)),
            "The slope counts twice in every layer."),
    },
)
