"""Exercises of lesson 02: a signal's way through a deep network and back, and what is left of it on arrival."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.judging.exercise import Case, Exercise, Mistake, Part
from course_lib import backpropagation
from course_lib.activations import sigmoid_derivative

LESSON = "02_vanishing_gradients"
MINUTES = 90

Array = np.ndarray[Any, Any]
Arrays = list[Array]
Function = Callable[[Array], Array]
Answer = Callable[..., Any]


def _where_shapes_fit(function: Answer) -> Answer:
    """Let a wrong answer give nothing where it cannot run.

    `@`, `np.dot` and `np.einsum` word that differently; so such a case tells nothing, and the others decide.
    """

    def run(*args: Any) -> Any:
        try:
            return function(*args)
        except (ValueError, np.linalg.LinAlgError):
            return None

    return run


def _dot(one: Array, other: Array) -> Array:
    """Multiply as `np.einsum` does, which stretches an axis of length 1 where `@` raises.

    What raises where the mistake gives a result counts as nothing, so that a mistake made with either is known.
    """
    return np.asarray(np.einsum("ij,jk->ik", one, other))


def _layers(rng: np.random.Generator, sizes: Sequence[int]) -> tuple[Arrays, Arrays]:
    """Draw weights that keep a signal's size, and biases that are not small beside it."""
    weights = [rng.normal(size=(n_in, n_out)) * 1.2 / np.sqrt(n_in) for n_in, n_out in pairwise(sizes)]
    return weights, [rng.normal(size=n_out) for n_out in sizes[1:]]


def _forward_case(rng: np.random.Generator, N: int, sizes: Sequence[int], activation: Function, label: str) -> Case:
    weights, biases = _layers(rng, sizes)
    return Case(rng.normal(size=(N, sizes[0])), weights, biases, activation, label=label)


def _forward_by(layer: Callable[[Array, Array, Array, Function], tuple[Array, Array, Array]]) -> Answer:
    """Build a wrong `forward_pass` from a wrong layer, which gives a, h and what the next layer receives."""

    def run(x: Array, weights: Arrays, biases: Arrays, activation: Function) -> tuple[Arrays, Arrays]:
        pre_activations, activations, received = [], [], x
        for W, b in zip(weights, biases, strict=True):
            a, h, received = layer(received, W, b, activation)
            pre_activations.append(a)
            activations.append(h)
        return pre_activations, activations

    return _where_shapes_fit(run)


def _forward_changed(change: Callable[[Array, Arrays, Arrays], Any]) -> Answer:
    """Build a wrong `forward_pass` that returns something else made of the input and the right results."""

    def run(x: Array, weights: Arrays, biases: Arrays, activation: Function) -> Any:
        return change(x, *backpropagation.forward_pass(x, weights, biases, activation))

    return run


def _always_from_x(x: Array, weights: Arrays, biases: Arrays, activation: Function) -> tuple[Arrays, Arrays]:
    pre_activations = [_dot(x, W) + b for W, b in zip(weights, biases, strict=True)]
    return pre_activations, [activation(a) for a in pre_activations]


FORWARD_PASS = Exercise(
    "forward_pass",
    lesson=LESSON,
    reference=backpropagation.forward_pass,
    outputs=("pre_activations", "activations"),
    parts=[
        Part(
            "one layer",
            points=1,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 2.0], [0.0, -1.0], [0.5, 0.0]]),
                    [np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, 0.5]])],
                    [np.array([0.0, 1.0, 0.5, -1.0])],
                    np.tanh,
                    label="three examples, two inputs, four units",
                ),
                _forward_case(rng, 8, (5, 3), np.arctan, "random numbers"),
            ],
        ),
        Part(
            "several layers",
            points=2,
            cases=lambda rng: [
                _forward_case(rng, 8, (5, 4, 6, 3), np.tanh, "three layers of different widths"),
                _forward_case(rng, 9, (4, 4, 4, 4, 4), np.sin, "four layers of the same width"),
            ],
        ),
        Part(
            "two layers, many layers, one unit, one example",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _forward_case(rng, 8, (3, 5, 2), np.cos, "two layers and another activation"),
                _forward_case(rng, 10, (4, 3, 5, 2, 4, 6, 3), np.arctan, "six layers"),
                _forward_case(rng, 8, (2, 1, 1, 3), np.tanh, "layers of one unit"),
                _forward_case(rng, 1, (4, 3, 2), np.tanh, "one example"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "only_the_activations",
            _forward_changed(lambda x, a, h: h),
            "The activations alone come back. The way back will need the pre-activations too: return both lists.",
        ),
        Mistake(
            "order_of_the_results",
            _forward_changed(lambda x, a, h: (h, a)),
            "The two lists are in another order than (pre_activations, activations).",
        ),
        Mistake(
            "last_layer_first",
            _forward_changed(lambda x, a, h: (a[::-1], h[::-1])),
            "The lists start with the last layer; the first layer comes first.",
        ),
        Mistake(
            "input_among_the_activations",
            _forward_changed(lambda x, a, h: (a, [x, *h])),
            "`activations` has one entry too many: the input is not an activation of any layer.",
        ),
        Mistake(
            "inputs_in_place_of_activations",
            _forward_changed(lambda x, a, h: (a, [x, *h[:-1]])),
            "`activations` holds what each layer receives; it should hold what each layer gives.",
        ),
        Mistake(
            "last_layer_without_activation",
            _forward_changed(lambda x, a, h: (a, [*h[:-1], a[-1]])),
            "In the last layer the activation function is missing; here every layer has one.",
        ),
        Mistake(
            "last_layer_missing",
            _forward_changed(lambda x, a, h: (a[:-1], h[:-1])),
            "There is one layer too few: where does your loop end?",
        ),
        Mistake(
            "only_the_last_layer",
            _forward_changed(lambda x, a, h: (a[-1], h[-1])),
            "Only the last layer came back: collect every layer's arrays in the two lists.",
        ),
        Mistake(
            "bias_forgotten",
            _forward_by(lambda h, W, b, f: (h @ W, f(h @ W), f(h @ W))),
            "The biases are missing.",
        ),
        Mistake(
            "bias_after_the_activation",
            _forward_by(lambda h, W, b, f: (h @ W, f(h @ W) + b, f(h @ W) + b)),
            "The bias is added after the activation function; it belongs to the pre-activation.",
        ),
        Mistake(
            "activation_forgotten_on_the_way",
            _forward_by(lambda h, W, b, f: (h @ W + b, f(h @ W + b), h @ W + b)),
            "The next layer receives the pre-activation of the one before. What should it receive?",
        ),
        Mistake(
            "activation_before_the_weights",
            _forward_by(lambda h, W, b, f: (f(h) @ W + b, f(f(h) @ W + b), f(h) @ W + b)),
            "The input itself went through the activation function: the first layer receives x as it is.",
        ),
        Mistake(
            "activated_twice",
            _forward_by(lambda h, W, b, f: (f(h @ W + b), f(f(h @ W + b)), f(f(h @ W + b)))),
            "The activation function is applied twice in a layer: what you store as a has been through it already.",
        ),
        Mistake(
            "activations_stored_twice",
            _forward_changed(lambda x, a, h: (h, h)),
            "Both lists hold activations: store a before the activation function changes it.",
        ),
        Mistake(
            "weights_transposed",
            _forward_by(lambda h, W, b, f: (_dot(h, W.T) + b, f(_dot(h, W.T) + b), f(_dot(h, W.T) + b))),
            "`W` is (n_in, n_out) in this course: no transpose is needed on the way forward.",
        ),
        Mistake(
            "every_layer_receives_x",
            _where_shapes_fit(_always_from_x),
            "Every layer receives x. What does the second layer receive?",
        ),
    ],
)


def _delta_case(rng: np.random.Generator, N: int, n: int, n_next: int, derivative: Function, label: str) -> Case:
    delta_next, W_next = rng.normal(size=(N, n_next)), rng.normal(size=(n, n_next))
    return Case(delta_next, W_next, rng.normal(size=(N, n)), derivative, label=label)


def _step_by(step: Callable[[Array, Array, Array, Function], Any]) -> Answer:
    return _where_shapes_fit(step)


DELTA_STEP = Exercise(
    "delta_step",
    lesson=LESSON,
    reference=backpropagation.delta_step,
    parts=[
        Part(
            "the backpropagation equation for a batch",
            points=2,
            cases=lambda rng: [
                _delta_case(rng, 8, 5, 3, np.cos, "five units below three"),
                _delta_case(rng, 8, 4, 6, np.cosh, "four units below six"),
            ],
        ),
        Part(
            "layers of the same width",
            points=1,
            cases=lambda rng: [
                _delta_case(rng, 9, 4, 4, np.sin, "four units below four"),
                _delta_case(rng, 5, 5, 5, np.cosh, "as many examples as units"),
            ],
        ),
        Part(
            "one unit, one example",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _delta_case(rng, 8, 1, 3, np.tanh, "one unit"),
                _delta_case(rng, 10, 4, 1, np.arctan, "one unit above"),
                _delta_case(rng, 1, 3, 4, np.cos, "one example"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "derivative_forgotten",
            _step_by(lambda d, W, a, f: d @ W.T),
            "This is the gradient with respect to this layer's activation. One factor leads on to its pre-activation.",
        ),
        Mistake(
            "derivative_never_called",
            _step_by(lambda d, W, a, f: a * (d @ W.T)),
            "The pre-activation itself is a factor here; the equation has a function of it.",
        ),
        Mistake(
            "slope_in_terms_of_the_output",
            _step_by(lambda d, W, a, f: a * (1 - a) * (d @ W.T)),
            "This takes `a` for an activation, and a sigmoid's. Use the function that is passed in.",
        ),
        Mistake(
            "sigmoid_wired_in",
            _step_by(lambda d, W, a, f: sigmoid_derivative(a) * (d @ W.T)),
            "This is right for the sigmoid only: the argument `derivative` has no effect.",
        ),
        Mistake(
            "derivative_of_delta",
            _step_by(lambda d, W, a, f: f(d @ W.T)),
            "The slope is taken at delta; it belongs to this layer's pre-activation.",
        ),
        Mistake(
            "derivative_of_the_product",
            _step_by(lambda d, W, a, f: f(a * (d @ W.T))),
            "The slope is taken of a product; it is a factor of its own.",
        ),
        Mistake(
            "derivative_of_the_slope",
            _step_by(lambda d, W, a, f: f(f(a)) * (d @ W.T)),
            "The derivative is applied twice: it is a function of the pre-activation.",
        ),
        Mistake(
            "slope_squared",
            _step_by(lambda d, W, a, f: f(a) ** 2 * (d @ W.T)),
            "The slope is a factor twice; a layer contributes it once.",
        ),
        Mistake(
            "missing_transpose",
            _step_by(lambda d, W, a, f: f(a) * _dot(d, W)),
            "A transpose is missing. The sum runs over the units of the layer above: along which axis of "
            "`W_next` do they lie?",
        ),
        Mistake(
            "matrix_product_with_the_slope",
            _step_by(lambda d, W, a, f: _dot(f(a), d @ W.T)),
            "The slope is a factor for each entry of its own, not a matrix to multiply with.",
        ),
        Mistake(
            "slope_before_the_weights",
            _step_by(lambda d, W, a, f: _dot(f(a) * d, W.T)),
            "The slope of this layer multiplies what has come back through the weights, not what goes into them.",
        ),
        Mistake(
            "added",
            _step_by(lambda d, W, a, f: f(a) + d @ W.T),
            "The two parts of the equation are added; look between them again.",
        ),
        Mistake(
            "transposed_result",
            _step_by(lambda d, W, a, f: (f(a) * (d @ W.T)).T),
            "The result is transposed: a batch is rows here.",
        ),
        Mistake(
            "summed_over_the_batch",
            _step_by(lambda d, W, a, f: (f(a) * (d @ W.T)).sum(axis=0)),
            "The examples have been added up; every example keeps a delta of its own.",
        ),
        Mistake(
            "averaged_over_the_batch",
            _step_by(lambda d, W, a, f: (f(a) * (d @ W.T)).mean(axis=0)),
            "The examples have been averaged; every example keeps a delta of its own.",
        ),
        Mistake(
            "divided_by_the_batch",
            _step_by(lambda d, W, a, f: f(a) * (d @ W.T) / len(a)),
            "This is divided by the number of examples; the 1/N of a mean loss is in delta already.",
        ),
        Mistake(
            "divided_by_the_width",
            _step_by(lambda d, W, a, f: f(a) * (d @ W.T) / d.shape[1]),
            "The equation has a sum over the units above, not their mean.",
        ),
        Mistake(
            "sign",
            _step_by(lambda d, W, a, f: -f(a) * (d @ W.T)),
            "The sign is flipped: this is the gradient; the minus belongs to the update.",
        ),
    ],
)


def _backward_case(rng: np.random.Generator, N: int, sizes: Sequence[int], derivative: Function, label: str) -> Case:
    weights, _ = _layers(rng, sizes)
    pre_activations = [rng.normal(size=(N, n)) for n in sizes[1:]]
    return Case(rng.normal(size=(N, sizes[-1])), weights, pre_activations, derivative, label=label)


def _backward_by(layer: Callable[[Array, int, Arrays, Arrays, Function, Array], Array]) -> Answer:
    """Build a wrong `backward_pass` from a wrong step: from delta of layer l + 1 to that of layer l."""

    def run(delta_last: Array, weights: Arrays, pre_activations: Arrays, derivative: Function) -> Arrays:
        deltas = [delta_last]
        for index in reversed(range(len(weights) - 1)):
            deltas.insert(0, layer(deltas[0], index, weights, pre_activations, derivative, delta_last))
        return deltas

    return _where_shapes_fit(run)


def _backward_changed(change: Callable[[Arrays, Arrays, Arrays, Function], Any]) -> Answer:
    """Build a wrong `backward_pass` that returns something else made of the right deltas."""

    def run(delta_last: Array, weights: Arrays, pre_activations: Arrays, derivative: Function) -> Any:
        right = backpropagation.backward_pass(delta_last, weights, pre_activations, derivative)
        return change(right, weights, pre_activations, derivative)

    return run


def _last_layer_has_a_slope(
    delta_last: Array, weights: Arrays, pre_activations: Arrays, derivative: Function
) -> Arrays:
    start = derivative(pre_activations[-1]) * delta_last
    return backpropagation.backward_pass(start, weights, pre_activations, derivative)


BACKWARD_PASS = Exercise(
    "backward_pass",
    lesson=LESSON,
    reference=backpropagation.backward_pass,
    uses=("delta_step",),
    parts=[
        Part(
            "two and three layers",
            points=2,
            cases=lambda rng: [
                _backward_case(rng, 8, (5, 4, 3), np.cos, "two layers"),
                _backward_case(rng, 8, (5, 4, 6, 3), np.cosh, "three layers of different widths"),
            ],
        ),
        Part(
            "many layers of the same width, and a single one",
            points=1,
            cases=lambda rng: [
                _backward_case(rng, 9, (4,) * 6, np.cos, "five layers of the same width"),
                _backward_case(rng, 8, (4, 3), np.cosh, "one layer"),
            ],
        ),
        Part(
            "six layers, one unit, one example",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _backward_case(rng, 10, (4, 3, 5, 2, 4, 6, 3), np.arctan, "six layers"),
                _backward_case(rng, 8, (3, 1, 1, 2), np.cos, "layers of one unit"),
                _backward_case(rng, 1, (4, 3, 2), np.cosh, "one example"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "last_layer_first",
            _backward_changed(lambda deltas, weights, a, f: deltas[::-1]),
            "The list starts with the last layer. You meet that one first; the result starts with the first layer.",
        ),
        Mistake(
            "last_delta_missing",
            _backward_changed(lambda deltas, weights, a, f: deltas[:-1]),
            "One delta is missing: that of the last layer, with which it all begins, belongs to the list.",
        ),
        Mistake(
            "reaches_the_input",
            _backward_changed(lambda deltas, weights, a, f: [deltas[0] @ weights[0].T, *deltas]),
            "The list is one entry too long: the input is not a layer, and there is no delta for it.",
        ),
        Mistake(
            "shifted_by_one",
            _backward_changed(lambda deltas, weights, a, f: [deltas[0] @ weights[0].T, *deltas[:-1]]),
            "The list is shifted by one layer: it begins at the input and lacks the last layer.",
        ),
        Mistake(
            "first_delta_missing",
            _backward_changed(lambda deltas, weights, a, f: deltas[1:]),
            "One delta is missing: that of the first layer. Where does your loop end?",
        ),
        Mistake(
            "only_the_first_layer",
            _backward_changed(lambda deltas, weights, a, f: deltas[0]),
            "Only the first layer's delta came back; those of all layers are asked for.",
        ),
        Mistake(
            "slope_in_the_last_layer",
            _last_layer_has_a_slope,
            "`delta_last` is the gradient with respect to the last *pre-activation*: nothing is left to multiply.",
        ),
        Mistake(
            "own_weights",
            _backward_by(lambda d, n, W, a, f, last: f(a[n]) * _dot(d, W[n].T)),
            "Each step goes through the layer's own weights. Through which does a delta come down to it?",
        ),
        Mistake(
            "slope_of_the_layer_above",
            _backward_by(lambda d, n, W, a, f, last: f(a[n + 1]) * _dot(d, W[n + 1].T)),
            "The slope is taken at the layer above: which pre-activation belongs to the delta that you compute?",
        ),
        Mistake(
            "slope_of_the_layer_below",
            _backward_by(lambda d, n, W, a, f, last: f(a[max(n - 1, 0)]) * _dot(d, W[n + 1].T)),
            "The slope is taken one layer too low: which pre-activation belongs to the delta that you compute?",
        ),
        Mistake(
            "weights_from_the_front",
            _backward_by(lambda d, n, W, a, f, last: f(a[n]) * _dot(d, W[len(W) - 1 - n].T)),
            "The weights are taken from the front while the layers are walked from the back.",
        ),
        Mistake(
            "always_from_the_last",
            _backward_by(lambda d, n, W, a, f, last: f(a[n]) * _dot(last, W[n + 1].T)),
            "Every step starts from `delta_last` again; it should go on from the delta just computed.",
        ),
        Mistake(
            "missing_transpose",
            _backward_by(lambda d, n, W, a, f, last: f(a[n]) * _dot(d, W[n + 1])),
            "A transpose is missing on the way back through the weights.",
        ),
        Mistake(
            "derivative_forgotten",
            _backward_by(lambda d, n, W, a, f, last: d @ W[n + 1].T),
            "The slope of the activation function is missing in every step.",
        ),
        Mistake(
            "averaged_over_the_batch",
            _backward_by(lambda d, n, W, a, f, last: f(a[n]) * (d @ W[n + 1].T) / len(d)),
            "Every step divides by the number of examples; the 1/N of a mean loss is in `delta_last` already.",
        ),
        Mistake(
            "never_moves",
            _backward_by(lambda d, n, W, a, f, last: last),
            "Every entry is `delta_last`: the steps are missing.",
        ),
    ],
)


def _gradient_case(rng: np.random.Generator, N: int, sizes: Sequence[int], label: str) -> Case:
    x, *activations = (rng.normal(size=(N, n)) for n in sizes)
    return Case(x, activations, [rng.normal(size=(N, n)) for n in sizes[1:]], label=label)


def _gradients_by(weight: Callable[[Array, Array], Any], bias: Callable[[Array], Any]) -> Answer:
    """Build a wrong `weight_gradients` from wrong gradients of one layer, given its input and its delta."""

    def run(x: Array, activations: Arrays, deltas: Arrays) -> tuple[list[Any], list[Any]]:
        pairs = list(zip([x, *activations], deltas, strict=False))
        return [weight(h, delta) for h, delta in pairs], [bias(delta) for delta in deltas]

    return run


def _gradients_changed(change: Callable[[Arrays, Arrays], Any]) -> Answer:
    return lambda x, activations, deltas: change(*backpropagation.weight_gradients(x, activations, deltas))


def _summed(delta: Array) -> Array:
    return np.asarray(delta.sum(axis=0))


def _own_activation(x: Array, activations: Arrays, deltas: Arrays) -> tuple[Arrays, Arrays]:
    products = [h.T @ delta for h, delta in zip(activations, deltas, strict=True)]
    return products, [_summed(delta) for delta in deltas]


def _always_x(x: Array, activations: Arrays, deltas: Arrays) -> tuple[Arrays, Arrays]:
    return [x.T @ delta for delta in deltas], [_summed(delta) for delta in deltas]


WEIGHT_GRADIENTS = Exercise(
    "weight_gradients",
    lesson=LESSON,
    reference=backpropagation.weight_gradients,
    outputs=("dWs", "dbs"),
    parts=[
        Part(
            "one layer",
            points=1,
            cases=lambda rng: [_gradient_case(rng, 8, (5, 3), "one layer")],
        ),
        Part(
            "several layers",
            points=1.5,
            cases=lambda rng: [
                _gradient_case(rng, 8, (5, 4, 6, 3), "three layers of different widths"),
                _gradient_case(rng, 9, (4, 4, 4, 4), "three layers of the same width"),
            ],
        ),
        Part(
            "two layers, one unit, one example",
            points=0.5,
            hidden=True,
            cases=lambda rng: [
                _gradient_case(rng, 12, (2, 5, 4), "two layers"),
                _gradient_case(rng, 8, (3, 1, 1, 2), "layers of one unit"),
                _gradient_case(rng, 1, (4, 3, 2), "one example"),
                _gradient_case(rng, 5, (5, 5, 5), "as many units as examples"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "order_of_the_results",
            _gradients_changed(lambda dWs, dbs: (dbs, dWs)),
            "The two lists are in another order than (dWs, dbs).",
        ),
        Mistake(
            "pairs",
            _gradients_changed(lambda dWs, dbs: list(zip(dWs, dbs, strict=True))),
            "This is one list of pairs; two lists are asked for, dWs and dbs.",
        ),
        Mistake(
            "only_the_weights",
            _gradients_changed(lambda dWs, dbs: dWs),
            "The gradients of the biases are missing.",
        ),
        Mistake(
            "last_layer_first",
            _gradients_changed(lambda dWs, dbs: (dWs[::-1], dbs[::-1])),
            "The lists start with the last layer; the first layer comes first.",
        ),
        Mistake(
            "own_activation",
            _own_activation,
            "delta of a layer meets the activation of the same layer. The gradient is delta × *input*: what did "
            "the layer receive?",
        ),
        Mistake(
            "always_x",
            _always_x,
            "Every layer is given x as its input: what does the second layer receive?",
        ),
        Mistake(
            "first_layer_missing",
            _gradients_changed(lambda dWs, dbs: (dWs[1:], dbs)),
            "The first layer's weights have no gradient: what does it receive?",
        ),
        Mistake(
            "both_averaged",
            _gradients_by(lambda h, d: h.T @ d / len(d), lambda d: d.mean(axis=0)),
            "Both are averaged over the batch; they are sums, because the loss already contains the 1/N.",
        ),
        Mistake(
            "weights_averaged",
            _gradients_by(lambda h, d: h.T @ d / len(d), _summed),
            "The gradients of the weights are averaged over the batch; sum them, like those of the biases.",
        ),
        Mistake(
            "biases_averaged",
            _gradients_by(lambda h, d: h.T @ d, lambda d: d.mean(axis=0)),
            "The gradients of the biases are averaged over the batch; sum them, like those of the weights.",
        ),
        Mistake(
            "weights_transposed",
            _gradients_by(lambda h, d: d.T @ h, _summed),
            "`dWs` are transposed: a gradient has the shape of what it belongs to.",
        ),
        Mistake(
            "biases_not_summed",
            _gradients_by(lambda h, d: h.T @ d, lambda d: d),
            "A bias is added to every row, so its gradient collects from every row: it has the shape of the bias.",
        ),
        Mistake(
            "biases_along_the_wrong_axis",
            _gradients_by(lambda h, d: h.T @ d, lambda d: d.sum(axis=1)),
            "The gradients of the biases are summed over units; sum over the examples.",
        ),
        Mistake(
            "biases_in_one_number",
            _gradients_by(lambda h, d: h.T @ d, lambda d: d.sum()),
            "The gradient of each layer's biases is one number: each unit has a bias of its own.",
        ),
        Mistake(
            "biases_in_a_row",
            _gradients_by(lambda h, d: h.T @ d, lambda d: d.sum(axis=0, keepdims=True)),
            "The gradients of the biases have two axes. A gradient has the shape of what it belongs to.",
        ),
        Mistake(
            "sign",
            _gradients_by(lambda h, d: -h.T @ d, lambda d: -d.sum(axis=0)),
            "All signs are flipped: these are the gradients; the minus belongs to the update.",
        ),
    ],
)


def _off_centre(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    """Draw numbers whose mean is far from 0, so that a root mean square is no standard deviation."""
    return scale * (rng.normal(size=shape) + rng.choice([-1.0, 1.0]) * rng.uniform(1, 2))


def _of_each(number: Callable[[Array], Any]) -> Answer:
    return lambda arrays: np.array([number(array) for array in arrays])


def _per_unit(arrays: Arrays) -> Any:
    rows = [np.sqrt(np.mean(array**2, axis=0)) for array in arrays]
    return np.array(rows) if len({row.shape for row in rows}) == 1 else rows


RMS_BY_LAYER = Exercise(
    "rms_by_layer",
    lesson=LESSON,
    reference=backpropagation.rms_by_layer,
    parts=[
        Part(
            "a list of batches",
            points=0.5,
            atol=0,
            cases=lambda rng: [
                Case([np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[-2.0]])], label="numbers to check by hand"),
                Case([_off_centre(rng, 8, n) for n in (5, 3, 4)], label="three layers"),
                Case([_off_centre(rng, 9, 4) for _ in range(4)], label="four layers of the same width"),
            ],
        ),
        Part(
            "other shapes, tiny numbers",
            points=0.5,
            hidden=True,
            atol=0,
            cases=lambda rng: [
                Case([_off_centre(rng, 6), _off_centre(rng, 3, 2, 4)], label="one axis and three"),
                Case([_off_centre(rng, 7, 3, scale=10.0**-n) for n in (0, 8, 19)], label="a vanishing signal"),
                Case([_off_centre(rng, 7, 5)], label="one layer"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "root_forgotten",
            _of_each(lambda v: np.mean(v**2)),
            "This is the mean square: the root is missing.",
        ),
        Mistake(
            "summed",
            _of_each(lambda v: np.sqrt(np.sum(v**2))),
            "This is the length of the array as a vector; it grows with its size. A *mean* does not.",
        ),
        Mistake(
            "mean_subtracted",
            _of_each(np.std),
            "This is the standard deviation: it measures from the mean, the root mean square from 0.",
        ),
        Mistake(
            "mean_absolute",
            _of_each(lambda v: np.mean(np.abs(v))),
            "This is the mean of the absolute values; squares weigh large entries more.",
        ),
        Mistake(
            "root_before_the_mean",
            _of_each(lambda v: np.mean(np.sqrt(np.mean(np.atleast_2d(v) ** 2, axis=-1)))),
            "A root is taken of every row, then the mean: take one root, last.",
        ),
        Mistake(
            "mean_before_the_square",
            _of_each(lambda v: np.sqrt(np.mean(v) ** 2)),
            "The mean is squared, not the entries: positive and negative ones cancel.",
        ),
        Mistake(
            "largest",
            _of_each(lambda v: np.max(np.abs(v))),
            "This is the largest entry, not a mean.",
        ),
        Mistake(
            "per_unit",
            _per_unit,
            "There should be one number for each array: the mean runs over all its entries.",
        ),
        Mistake(
            "all_together",
            lambda arrays: np.sqrt(np.mean(np.concatenate([array.ravel() for array in arrays]) ** 2)),
            "All layers are thrown together; each has a number of its own.",
        ),
    ],
)


def _gain_case(rng: np.random.Generator, a: Array, derivative: Function, label: str) -> Case:
    """Draw a width that is not that of `a`, and a variance far from 1, which is its own root."""
    return Case(int(rng.integers(40, 90)), float(rng.uniform(0.05, 0.6)), a, derivative, label=label)


def _gain_by(gain: Callable[[int, float, Array, Array], Any]) -> Answer:
    """Build a wrong `predicted_gain` from the width, the variance, a and the slopes at a."""
    return lambda width, weight_variance, a, derivative: gain(width, weight_variance, a, derivative(a))


PREDICTED_GAIN = Exercise(
    "predicted_gain",
    lesson=LESSON,
    reference=backpropagation.predicted_gain,
    parts=[
        Part(
            "the root of width × variance × mean squared slope",
            points=1.5,
            atol=0,
            cases=lambda rng: [
                Case(100, 0.04, np.array([[0.0, 0.5], [1.0, -0.5]]), np.cos, label="100 units, variance 0.04"),
                _gain_case(rng, rng.normal(size=(8, 5)), np.cosh, "a random batch"),
                _gain_case(rng, rng.normal(np.pi, 0.3, size=(9, 4)), np.cos, "slopes below 0"),
            ],
        ),
        Part(
            "one unit, no weights, other shapes",
            points=0.5,
            hidden=True,
            atol=0,
            cases=lambda rng: [
                Case(1, float(rng.uniform(2, 5)), rng.normal(size=(7, 6)), np.cosh, label="a width of 1"),
                Case(30, 0.0, rng.normal(size=(8, 3)), np.cos, label="a variance of 0"),
                _gain_case(rng, rng.normal(size=11), np.sin, "one axis"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "root_forgotten",
            _gain_by(lambda n, v, a, s: float(n * v * np.mean(s**2))),
            "This is how the *variance* of delta scales; the question is about delta itself.",
        ),
        Mistake(
            "mean_of_the_slopes",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v) * np.mean(s))),
            "The slopes are averaged without being squared: variances add up squares.",
        ),
        Mistake(
            "mean_before_the_square",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v * np.mean(s) ** 2))),
            "The mean is squared, not the slopes: E[h'²] is not E[h']².",
        ),
        Mistake(
            "mean_absolute_slope",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v * np.mean(np.abs(s))))),
            "The slopes are not squared: variances add up squares.",
        ),
        Mistake(
            "slope_at_the_mean",
            lambda n, v, a, f: float(np.sqrt(n * v * f(np.mean(a)) ** 2)),
            "This is the slope at the mean pre-activation; the mean over the slopes is asked for.",
        ),
        Mistake(
            "largest_slope",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v * np.max(s**2)))),
            "This takes the largest slope, which gives a bound; the gain needs a mean.",
        ),
        Mistake(
            "variance_of_the_slope",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v * np.var(s)))),
            "The variance of the slopes leaves out their mean; the mean of their squares is asked for.",
        ),
        Mistake(
            "derivative_forgotten",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v * np.mean(a**2)))),
            "The squares of the pre-activations are averaged; which function of them should be?",
        ),
        Mistake(
            "slopes_left_out",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v))),
            "The activation function plays no role here; its slope does.",
        ),
        Mistake(
            "deviation_for_variance",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v**2 * np.mean(s**2)))),
            "The variance is squared, as if it were a standard deviation.",
        ),
        Mistake(
            "root_of_the_variance_twice",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * np.sqrt(v) * np.mean(s**2)))),
            "The root of the variance is taken inside the root: one of them is enough.",
        ),
        Mistake(
            "width_forgotten",
            _gain_by(lambda n, v, a, s: float(np.sqrt(v * np.mean(s**2)))),
            "The width has no effect: how many terms does the sum over k have?",
        ),
        Mistake(
            "width_outside_the_root",
            _gain_by(lambda n, v, a, s: float(n * np.sqrt(v * np.mean(s**2)))),
            "The width stands outside the root. Of n independent terms it is the variances that add.",
        ),
        Mistake(
            "width_of_a",
            _gain_by(lambda n, v, a, s: float(np.sqrt(a.shape[-1] * v * np.mean(s**2)))),
            "The width is taken from `a`; the sum runs over the layer above, whose width is an argument.",
        ),
        Mistake(
            "summed_slopes",
            _gain_by(lambda n, v, a, s: float(np.sqrt(n * v * np.sum(s**2)))),
            "The squared slopes are summed; their mean is asked for.",
        ),
        Mistake(
            "per_unit",
            _gain_by(lambda n, v, a, s: np.sqrt(n * v * np.mean(s**2, axis=0))),
            "One number is asked for: the mean runs over examples and units.",
        ),
    ],
)


def _bound_by(norm: Callable[[Array], Any]) -> Answer:
    """Build a wrong `gradient_bound` from a wrong factor for one layer."""
    return _where_shapes_fit(lambda weights: float(np.prod([norm(W) for W in weights])))


def _spectral(W: Array) -> Any:
    return np.linalg.norm(W, 2)


def _spectral_radius(W: Array) -> Any:
    return np.max(np.abs(np.linalg.eigvals(W)))


def _norm_of_the_product(weights: Arrays) -> float:
    product = weights[0] if weights else np.eye(1)
    for W in weights[1:]:
        product = product @ W
    return float(_spectral(product) / 4 ** len(weights))


def _chain(rng: np.random.Generator, *sizes: int) -> Arrays:
    return _layers(rng, sizes)[0]


GRADIENT_BOUND = Exercise(
    "gradient_bound",
    lesson=LESSON,
    reference=backpropagation.gradient_bound,
    parts=[
        Part(
            "the product of all layers' factors",
            points=1.5,
            rtol=1e-7,
            atol=0,
            cases=lambda rng: [
                Case([np.array([[3.0, 0.0, 0.0], [0.0, -8.0, 0.0]])], label="one layer to check by hand"),
                Case(_chain(rng, 5, 4, 6, 3), label="three layers of different widths"),
                Case(_chain(rng, 4, 4, 4, 4, 4), label="four layers of the same width"),
            ],
        ),
        Part(
            "no layer, one unit, many layers",
            points=0.5,
            hidden=True,
            rtol=1e-7,
            atol=0,
            cases=lambda rng: [
                Case([], label="no weights at all"),
                Case(_chain(rng, 3, 1, 4, 1), label="layers of one unit"),
                Case(_chain(rng, *[6] * 21), label="twenty layers"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "frobenius",
            _bound_by(lambda W: np.linalg.norm(W) / 4),
            "This is the root of all squared entries (the Frobenius norm). "
            "It bounds too, but loosely; the spectral norm is asked for.",
        ),
        Mistake(
            "quarter_forgotten",
            _bound_by(_spectral),
            "The slope is missing: every layer has one, and it is bounded too.",
        ),
        Mistake(
            "quarter_once",
            lambda weights: float(np.prod([_spectral(W) for W in weights]) / 4),
            "The bound of the slope enters once; every layer has a slope of its own.",
        ),
        Mistake(
            "half",
            _bound_by(lambda W: _spectral(W) / 2),
            "The bound of the slope is not that of the sigmoid. What is its largest slope?",
        ),
        Mistake(
            "summed",
            lambda weights: float(np.sum([_spectral(W) / 4 for W in weights])),
            "The layers' factors are added; delta passes through one after the other.",
        ),
        Mistake(
            "largest_layer",
            lambda weights: float(max([_spectral(W) / 4 for W in weights], default=1.0)),
            "This is the largest factor of a single layer; delta passes through all of them.",
        ),
        Mistake(
            "one_layer_each",
            lambda weights: np.array([_spectral(W) / 4 for W in weights]),
            "These are the factors of the layers; one number is asked for.",
        ),
        Mistake(
            "spectral_radius",
            _bound_by(lambda W: _spectral_radius(W) / 4),
            "This is the largest eigenvalue. How far a matrix can stretch a vector is another number, and "
            "exists for matrices that are not square too.",
        ),
        Mistake(
            "norm_of_the_product",
            _where_shapes_fit(_norm_of_the_product),
            "The weights are multiplied before the norm is taken. Between two of them stands a slope that differs "
            "from unit to unit, so only the product of the norms is a bound.",
        ),
        Mistake(
            "squared_norm",
            _bound_by(lambda W: _spectral(W) ** 2 / 4),
            "This is the largest eigenvalue of WᵀW, the square of the spectral norm.",
        ),
        Mistake(
            "smallest_stretch",
            _bound_by(lambda W: np.linalg.norm(W, -2) / 4),
            "This is the smallest singular value: how little W can stretch. A bound needs the most.",
        ),
        Mistake(
            "largest_entry",
            _bound_by(lambda W: np.max(np.abs(W)) / 4),
            "This is the largest entry; many small ones together can stretch a vector further.",
        ),
        Mistake(
            "column_sums",
            _bound_by(lambda W: np.linalg.norm(W, 1) / 4),
            "This is the norm of largest column sums; the spectral norm is asked for.",
        ),
        Mistake(
            "row_sums",
            _bound_by(lambda W: np.linalg.norm(W, np.inf) / 4),
            "This is the norm of largest row sums; the spectral norm is asked for.",
        ),
    ],
)

EXERCISES = (
    FORWARD_PASS,
    DELTA_STEP,
    BACKWARD_PASS,
    WEIGHT_GRADIENTS,
    RMS_BY_LAYER,
    PREDICTED_GAIN,
    GRADIENT_BOUND,
)
