"""`backward_pass`: delta of every layer, from the last to the first."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.lesson_02.shared import Answer, Arrays, Function, dot, layers, where_shapes_fit
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation
from course_lib.arrays import Array


def _case(rng: np.random.Generator, N: int, sizes: Sequence[int], derivative: Function, label: str) -> Case:
    weights, _ = layers(rng, sizes)
    pre_activations = [rng.normal(size=(N, n)) for n in sizes[1:]]
    return Case(rng.normal(size=(N, sizes[-1])), weights, pre_activations, derivative, label=label)


def _by(step: Callable[[Array, int, Arrays, Arrays, Function, Array], Array]) -> Answer:
    """Build an answer from a wrong step, which returns the δ of layer n from that of layer n + 1.

    `step` takes the δ of layer n + 1, n, the weights, the pre-activations, the derivative and the δ of the last layer.
    """

    def run(delta_last: Array, weights: Arrays, pre_activations: Arrays, derivative: Function) -> Arrays:
        deltas = [delta_last]
        for n in reversed(range(len(weights) - 1)):
            deltas.insert(0, step(deltas[0], n, weights, pre_activations, derivative, delta_last))
        return deltas

    return where_shapes_fit(run)


def _changed(change: Callable[[Arrays, Array], Any]) -> Answer:
    """Build a wrong answer: `change(deltas, W)`, from the right deltas and the first layer's weights."""
    return lambda delta_last, weights, *args: change(
        backpropagation.backward_pass(delta_last, weights, *args), weights[0]
    )


def _last_layer_has_a_slope(delta_last: Array, weights: Arrays, a: Arrays, derivative: Function) -> Arrays:
    return backpropagation.backward_pass(derivative(a[-1]) * delta_last, weights, a, derivative)

BACKWARD_PASS = exercise(
    backpropagation.backward_pass, "02_vanishing_gradients", uses=("delta_step",),
    parts=[
        (2, "two and three layers", lambda rng: [
            _case(rng, 8, (5, 4, 3), np.cos, "two layers"),
            _case(rng, 8, (5, 4, 6, 3), np.cosh, "three layers of different widths"),
        ]),
        (1, "many layers of the same width, and a single one", lambda rng: [
            _case(rng, 9, (4,) * 6, np.cos, "five layers of the same width"),
            _case(rng, 8, (4, 3), np.cosh, "one layer"),
        ]),
        (1, "six layers, one unit, one example", lambda rng: [
            _case(rng, 10, (4, 3, 5, 2, 4, 6, 3), np.arctan, "six layers"),
            _case(rng, 8, (3, 1, 1, 2), np.cos, "layers of one unit"),
            _case(rng, 1, (4, 3, 2), np.cosh, "one example"),
        ], HIDDEN),
    ],
    mistakes={
        "last_layer_first": (_changed(lambda deltas, W: deltas[::-1]),
            "The list starts with the last layer. You meet that one first; the result starts with the first layer."),
        "last_delta_missing": (_changed(lambda deltas, W: deltas[:-1]),
            "One delta is missing: that of the last layer, with which it all begins, belongs to the list."),
        "reaches_the_input": (_changed(lambda deltas, W: [deltas[0] @ W.T, *deltas]),
            "The list is one entry too long: the input is not a layer, and there is no delta for it."),
        "shifted_by_one": (_changed(lambda deltas, W: [deltas[0] @ W.T, *deltas[:-1]]),
            "The list is shifted by one layer: it begins at the input and lacks the last layer."),
        "first_delta_missing": (_changed(lambda deltas, W: deltas[1:]),
            "One delta is missing: that of the first layer. Where does your loop end?"),
        "only_the_first_layer": (_changed(lambda deltas, W: deltas[0]),
            "Only the first layer's delta came back; those of all layers are asked for."),
        "slope_in_the_last_layer": (_last_layer_has_a_slope,
            "`delta_last` is the gradient with respect to the last *pre-activation*: nothing is left to multiply."),
        "own_weights": (_by(lambda d, n, W, a, f, last: f(a[n]) * dot(d, W[n].T)),
            "Each step goes through the layer's own weights. Through which does a delta come down to it?"),
        "slope_of_the_layer_above": (_by(lambda d, n, W, a, f, last: f(a[n + 1]) * dot(d, W[n + 1].T)),
            "The slope is taken at the layer above: which pre-activation belongs to the delta that you compute?"),
        "slope_of_the_layer_below": (_by(lambda d, n, W, a, f, last: f(a[max(n - 1, 0)]) * dot(d, W[n + 1].T)),
            "The slope is taken one layer too low: which pre-activation belongs to the delta that you compute?"),
        "weights_from_the_front": (_by(lambda d, n, W, a, f, last: f(a[n]) * dot(d, W[len(W) - 1 - n].T)),
            "The weights are taken from the front while the layers are walked from the back."),
        "always_from_the_last": (_by(lambda d, n, W, a, f, last: f(a[n]) * dot(last, W[n + 1].T)),
            "Every step starts from `delta_last` again; it should go on from the delta just computed."),
        "missing_transpose": (_by(lambda d, n, W, a, f, last: f(a[n]) * dot(d, W[n + 1])),
            "A transpose is missing on the way back through the weights."),
        "derivative_forgotten": (_by(lambda d, n, W, a, f, last: d @ W[n + 1].T),
            "The slope of the activation function is missing in every step."),
        "averaged_over_the_batch": (_by(lambda d, n, W, a, f, last: f(a[n]) * (d @ W[n + 1].T) / len(d)),
            "Every step divides by the number of examples; the 1/N of a mean loss is in `delta_last` already."),
        "never_moves": (_by(lambda d, n, W, a, f, last: last),
            "Every entry is `delta_last`: the steps are missing."),
    },
)
