"""`weight_gradients`: the gradients of weights and biases from activations and deltas."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.lesson_02.shared import Answer, Arrays
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation
from course_lib.arrays import Array


def _case(rng: np.random.Generator, N: int, sizes: Sequence[int], label: str) -> Case:
    x, *activations = (rng.normal(size=(N, n)) for n in sizes)
    return Case(x, activations, [rng.normal(size=(N, n)) for n in sizes[1:]], label=label)


def _by(
    weight: Callable[[Array, Array], Any] = lambda h, d: h.T @ d,
    bias: Callable[[Array], Any] = lambda d: d.sum(axis=0),
    inputs: Callable[[Array, Arrays], Arrays] = lambda x, activations: [x, *activations[:-1]],
) -> Answer:
    """Build a wrong answer from functions for one layer.

    `weight(h, delta)` returns dW, `bias(delta)` returns db, and `inputs(x, activations)` returns the inputs of all
    layers.
    """
    return lambda x, activations, deltas: (
        [weight(h, d) for h, d in zip(inputs(x, activations), deltas, strict=True)], [bias(d) for d in deltas]
    )


def _changed(change: Callable[[Arrays, Arrays], Any]) -> Answer:
    """Build a wrong answer: `change(dWs, dbs)`, from the right lists."""
    return lambda *args: change(*backpropagation.weight_gradients(*args))

WEIGHT_GRADIENTS = exercise(
    backpropagation.weight_gradients, "02_vanishing_gradients", outputs=("dWs", "dbs"),
    parts=[
        (1, "one layer", lambda rng: [_case(rng, 8, (5, 3), "one layer")]),
        (1.5, "several layers", lambda rng: [
            _case(rng, 8, (5, 4, 6, 3), "three layers of different widths"),
            _case(rng, 9, (4, 4, 4, 4), "three layers of the same width"),
        ]),
        (0.5, "two layers, one unit, one example", lambda rng: [
            _case(rng, 12, (2, 5, 4), "two layers"),
            _case(rng, 8, (3, 1, 1, 2), "layers of one unit"),
            _case(rng, 1, (4, 3, 2), "one example"),
            _case(rng, 5, (5, 5, 5), "as many units as examples"),
        ], HIDDEN),
    ],
    mistakes={
        "order_of_the_results": (_changed(lambda dWs, dbs: (dbs, dWs)),
            "The two lists are in another order than (dWs, dbs)."),
        "pairs": (_changed(lambda dWs, dbs: list(zip(dWs, dbs, strict=True))),
            "This is one list of pairs; two lists are asked for, dWs and dbs."),
        "only_the_weights": (_changed(lambda dWs, dbs: dWs),
            "The gradients of the biases are missing."),
        "last_layer_first": (_changed(lambda dWs, dbs: (dWs[::-1], dbs[::-1])),
            "The lists start with the last layer; the first layer comes first."),
        "own_activation": (_by(inputs=lambda x, activations: activations),
            "delta of a layer meets the activation of the same layer. The gradient is delta × *input*: what did the "
            "layer receive?"),
        "always_x": (_by(inputs=lambda x, activations: [x] * len(activations)),
            "Every layer is given x as its input: what does the second layer receive?"),
        "first_layer_missing": (_changed(lambda dWs, dbs: (dWs[1:], dbs)),
            "The first layer's weights have no gradient: what does it receive?"),
        "both_averaged": (_by(lambda h, d: h.T @ d / len(d), lambda d: d.mean(axis=0)),
            "Both are averaged over the batch; they are sums, because the loss already contains the 1/N."),
        "weights_averaged": (_by(lambda h, d: h.T @ d / len(d)),
            "The gradients of the weights are averaged over the batch; sum them, like those of the biases."),
        "biases_averaged": (_by(bias=lambda d: d.mean(axis=0)),
            "The gradients of the biases are averaged over the batch; sum them, like those of the weights."),
        "weights_transposed": (_by(lambda h, d: d.T @ h),
            "`dWs` are transposed: a gradient has the shape of what it belongs to."),
        "biases_not_summed": (_by(bias=lambda d: d),
            "A bias is added to every row, so its gradient collects from every row: it has the shape of the bias."),
        "biases_along_the_wrong_axis": (_by(bias=lambda d: d.sum(axis=1)),
            "The gradients of the biases are summed over units; sum over the examples."),
        "biases_in_one_number": (_by(bias=lambda d: d.sum()),
            "The gradient of each layer's biases is one number: each unit has a bias of its own."),
        "biases_in_a_row": (_by(bias=lambda d: d.sum(axis=0, keepdims=True)),
            "The gradients of the biases have two axes. A gradient has the shape of what it belongs to."),
        "sign": (_by(lambda h, d: -h.T @ d, lambda d: -d.sum(axis=0)),
            "All signs are flipped: these are the gradients; the minus belongs to the update."),
    },
)
