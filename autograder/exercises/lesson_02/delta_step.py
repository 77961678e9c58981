"""`delta_step`: one step of backpropagation."""

import numpy as np

from autograder.exercises.lesson_02.shared import Function, dot, where_shapes_fit
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation
from course_lib.activations import sigmoid_derivative


def _case(rng: np.random.Generator, N: int, n: int, n_next: int, derivative: Function, label: str) -> Case:
    delta_next, W_next = rng.normal(size=(N, n_next)), rng.normal(size=(n, n_next))
    return Case(delta_next, W_next, rng.normal(size=(N, n)), derivative, label=label)

DELTA_STEP = exercise(
    backpropagation.delta_step, "02_vanishing_gradients",
    parts=[
        (2, "the backpropagation equation for a batch", lambda rng: [
            _case(rng, 8, 5, 3, np.cos, "five units below three"),
            _case(rng, 8, 4, 6, np.cosh, "four units below six"),
        ]),
        (1, "layers of the same width", lambda rng: [
            _case(rng, 9, 4, 4, np.sin, "four units below four"),
            _case(rng, 5, 5, 5, np.cosh, "as many examples as units"),
        ]),
        (1, "one unit, one example", lambda rng: [
            _case(rng, 8, 1, 3, np.tanh, "one unit"),
            _case(rng, 10, 4, 1, np.arctan, "one unit above"),
            _case(rng, 1, 3, 4, np.cos, "one example"),
        ], HIDDEN),
    ],
    mistakes={
        "derivative_forgotten": (lambda d, W, a, f: d @ W.T,
            "This is the gradient with respect to this layer's activation. One factor leads on to its pre-activation."),
        "derivative_never_called": (lambda d, W, a, f: a * (d @ W.T),
            "The pre-activation itself is a factor here; the equation has a function of it."),
        "slope_in_terms_of_the_output": (lambda d, W, a, f: a * (1 - a) * (d @ W.T),
            "This takes `a` for an activation, and a sigmoid's. Use the function that is passed in."),
        "sigmoid_wired_in": (lambda d, W, a, f: sigmoid_derivative(a) * (d @ W.T),
            "This is right for the sigmoid only: the argument `derivative` has no effect."),
        "derivative_of_delta": (lambda d, W, a, f: f(d @ W.T),
            "The slope is taken at delta; it belongs to this layer's pre-activation."),
        "derivative_of_the_product": (lambda d, W, a, f: f(a * (d @ W.T)),
            "The slope is taken of a product; it is a factor of its own."),
        "derivative_of_the_slope": (lambda d, W, a, f: f(f(a)) * (d @ W.T),
            "The derivative is applied twice: it is a function of the pre-activation."),
        "slope_squared": (lambda d, W, a, f: f(a) ** 2 * (d @ W.T),
            "The slope is a factor twice; a layer contributes it once."),
        "missing_transpose": (where_shapes_fit(lambda d, W, a, f: f(a) * dot(d, W)),
            "A transpose is missing. The sum runs over the units of the layer above: along which axis of `W_next` do "
            "they lie?"),
        "matrix_product_with_the_slope": (where_shapes_fit(lambda d, W, a, f: dot(f(a), d @ W.T)),
            "The slope is a factor for each entry of its own, not a matrix to multiply with."),
        "slope_before_the_weights": (where_shapes_fit(lambda d, W, a, f: dot(f(a) * d, W.T)),
            "The slope of this layer multiplies what has come back through the weights, not what goes into them."),
        "added": (lambda d, W, a, f: f(a) + d @ W.T,
            "The two parts of the equation are added; look between them again."),
        "summed_over_the_batch": (lambda d, W, a, f: (f(a) * (d @ W.T)).sum(axis=0),
            "The examples have been added up; every example keeps a delta of its own."),
        "averaged_over_the_batch": (lambda d, W, a, f: (f(a) * (d @ W.T)).mean(axis=0),
            "The examples have been averaged; every example keeps a delta of its own."),
    },
    words={
        "transposed": ("transposed_result", "The result is transposed: a batch is rows here."),
        "factor_one_over_n": ("divided_by_the_batch",
            "This is divided by the number of examples; the 1/N of a mean loss is in delta already."),
        "averaged_not_summed": ("divided_by_the_width", "The equation has a sum over the units above, not their mean."),
        "factor_minus_one": ("sign", "The sign is flipped: this is the gradient; the minus belongs to the update."),
    },
)
