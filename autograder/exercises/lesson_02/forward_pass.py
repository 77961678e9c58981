"""`forward_pass`: a batch through all layers."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.lesson_02.shared import Answer, Arrays, Function, dot, layers, where_shapes_fit
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation
from course_lib.arrays import Array

_BY_HAND = (
    np.array([[1.0, 2.0], [0.0, -1.0], [0.5, 0.0]]),
    [np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, 0.5]])],
    [np.array([0.0, 1.0, 0.5, -1.0])],
)


def _case(rng: np.random.Generator, N: int, sizes: Sequence[int], activation: Function, label: str) -> Case:
    weights, biases = layers(rng, sizes)
    return Case(rng.normal(size=(N, sizes[0])), weights, biases, activation, label=label)


def _by(
    pre_activation: Callable[[Array, Array, Array, Function], Array],
    activated: Callable[[Array, Array, Function], Array] = lambda a, b, f: f(a),
    handed_on: Callable[[Array, Array], Array] = lambda a, h: h,
) -> Answer:
    """Build an answer whose layers are wrong.

    `pre_activation(input, W, b, activation)` returns a, `activated(a, b, activation)` returns h, and `handed_on(a, h)`
    returns the input of the next layer.
    """

    def run(x: Array, weights: Arrays, biases: Arrays, activation: Function) -> tuple[Arrays, Arrays]:
        pre_activations, activations, received = [], [], x
        for W, b in zip(weights, biases, strict=True):
            a = pre_activation(received, W, b, activation)
            h = activated(a, b, activation)
            received = handed_on(a, h)
            pre_activations.append(a)
            activations.append(h)
        return pre_activations, activations

    return where_shapes_fit(run)


def _changed(change: Callable[[Array, Arrays, Arrays], Any]) -> Answer:
    """Build a wrong answer: `change(x, pre_activations, activations)`, from the input and the right results."""
    return lambda x, *args: change(x, *backpropagation.forward_pass(x, *args))


def _always_from_x(x: Array, weights: Arrays, biases: Arrays, activation: Function) -> tuple[Arrays, Arrays]:
    pre_activations = [dot(x, W) + b for W, b in zip(weights, biases, strict=True)]
    return pre_activations, [activation(a) for a in pre_activations]

FORWARD_PASS = exercise(
    backpropagation.forward_pass, "02_vanishing_gradients", outputs=("pre_activations", "activations"),
    parts=[
        (1, "one layer", lambda rng: [
            Case(*_BY_HAND, np.tanh, label="three examples, two inputs, four units"),
            _case(rng, 8, (5, 3), np.arctan, "random numbers"),
        ]),
        (2, "several layers", lambda rng: [
            _case(rng, 8, (5, 4, 6, 3), np.tanh, "three layers of different widths"),
            _case(rng, 9, (4, 4, 4, 4, 4), np.sin, "four layers of the same width"),
        ]),
        (1, "two layers, many layers, one unit, one example", lambda rng: [
            _case(rng, 8, (3, 5, 2), np.cos, "two layers and another activation"),
            _case(rng, 10, (4, 3, 5, 2, 4, 6, 3), np.arctan, "six layers"),
            _case(rng, 8, (2, 1, 1, 3), np.tanh, "layers of one unit"),
            _case(rng, 1, (4, 3, 2), np.tanh, "one example"),
        ], HIDDEN),
    ],
    mistakes={
        "only_the_activations": (_changed(lambda x, a, h: h),
            "The activations alone come back. The way back will need the pre-activations too: return both lists."),
        "order_of_the_results": (_changed(lambda x, a, h: (h, a)),
            "The two lists are in another order than (pre_activations, activations)."),
        "last_layer_first": (_changed(lambda x, a, h: (a[::-1], h[::-1])),
            "The lists start with the last layer; the first layer comes first."),
        "input_among_the_activations": (_changed(lambda x, a, h: (a, [x, *h])),
            "`activations` has one entry too many: the input is not an activation of any layer."),
        "inputs_in_place_of_activations": (_changed(lambda x, a, h: (a, [x, *h[:-1]])),
            "`activations` holds what each layer receives; it should hold what each layer gives."),
        "last_layer_without_activation": (_changed(lambda x, a, h: (a, [*h[:-1], a[-1]])),
            "In the last layer the activation function is missing; here every layer has one."),
        "last_layer_missing": (_changed(lambda x, a, h: (a[:-1], h[:-1])),
            "There is one layer too few: where does your loop end?"),
        "only_the_last_layer": (_changed(lambda x, a, h: (a[-1], h[-1])),
            "Only the last layer came back: collect every layer's arrays in the two lists."),
        "bias_forgotten": (_by(lambda h, W, b, f: h @ W),
            "The biases are missing."),
        "bias_after_the_activation": (_by(lambda h, W, b, f: h @ W, activated=lambda a, b, f: f(a) + b),
            "The bias is added after the activation function; it belongs to the pre-activation."),
        "activation_forgotten_on_the_way": (_by(lambda h, W, b, f: h @ W + b, handed_on=lambda a, h: a),
            "The next layer receives the pre-activation of the one before. What should it receive?"),
        "activation_before_the_weights": (_by(lambda h, W, b, f: f(h) @ W + b, handed_on=lambda a, h: a),
            "The input itself went through the activation function: the first layer receives x as it is."),
        "activated_twice": (_by(lambda h, W, b, f: f(h @ W + b)),
            "The activation function is applied twice in a layer: what you store as a has been through it already."),
        "activations_stored_twice": (_changed(lambda x, a, h: (h, h)),
            "Both lists hold activations: store a before the activation function changes it."),
        "weights_transposed": (_by(lambda h, W, b, f: dot(h, W.T) + b),
            "`W` is (n_in, n_out) in this course: no transpose is needed on the way forward."),
        "every_layer_receives_x": (where_shapes_fit(_always_from_x),
            "Every layer receives x. What does the second layer receive?"),
    },
)
