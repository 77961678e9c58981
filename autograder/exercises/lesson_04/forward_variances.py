"""`forward_variances`: the variance of each layer's pre-activations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.lesson_04.shared import Array, weights_
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib.initialization import forward_variances as right


def _case(rng: np.random.Generator, N: int, sizes: Sequence[int], activation: Any, label: str) -> Case:
    x = rng.normal(0.4, 1.2, size=(N, sizes[0]))
    return Case(x, weights_(rng, *sizes), activation, label=label)


def _layers(measure: Callable[[Array, Array], Any]) -> Callable[..., Array]:
    """Build a wrong `forward_variances`: it returns `measure(a, h)` of each layer instead of Var(a)."""

    def variances(x: Array, weights: Sequence[Array], activation: Callable[[Array], Array]) -> Array:
        h, measured = x, []
        for W in weights:
            a = h @ W
            h = activation(a)
            measured.append(measure(a, h))
        return np.array(measured)

    return variances


FORWARD_VARIANCES = exercise(
    right, "04_weight_initialization",
    parts=[
        (1, "a few layers", lambda rng: [
            Case(
                np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]]),
                [np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]]), np.array([[0.5, -1.0], [1.0, 0.0], [0.0, 1.0]])],
                np.tanh,
                label="three examples, two layers",
            ),
            _case(rng, 9, [4, 6, 3, 5], np.cos, "random weights, three layers"),
        ]),
        (1, "one layer, many layers, layers of equal width", lambda rng: [
            _case(rng, 8, [5, 3], np.tanh, "one layer"),
            _case(rng, 12, [4] * 7, np.cos, "six layers of equal width"),
            _case(rng, 10, [3, 8, 2, 7, 4], np.arctan, "four layers"),
        ], HIDDEN),
    ],
    words={
        "one_square_root_too_many": ("standard_deviations", "These are standard deviations; variances are asked for."),
    },
    mistakes={
        "of_the_outputs": (_layers(lambda a, h: np.var(h)),
            "These are variances of the outputs h; those of the pre-activations are asked for."),
        "mean_squares": (_layers(lambda a, h: np.mean(a**2)),
            "These are mean squares: a variance is measured around the mean."),
        "per_unit": (_layers(lambda a, h: np.mean(np.var(a, axis=0))),
            "The variance is taken unit by unit and averaged; one variance over all entries of a layer is asked "
            "for."),
        "per_example": (_layers(lambda a, h: np.mean(np.var(a, axis=1))),
            "The variance is taken example by example and averaged; one variance over all entries of a layer is "
            "asked for."),
        "unbiased": (_layers(lambda a, h: np.var(a, ddof=1)),
            "The variance divides by one less than the number of entries; in this course it divides by their "
            "number."),
        "no_activation": (lambda x, weights, activation: right(x, weights, lambda a: a),
            "The layers are linear here: `activation` has no effect."),
        "input_activated": (lambda x, weights, activation: right(activation(x), weights, activation),
            "The input passes through the activation before the first layer; only pre-activations do."),
        "never_chained": (lambda x, weights, activation: np.array([np.var(x @ W) for W in weights]),
            "Every layer is fed with `x`; each must be fed with what comes out of the one before."),
        "starts_with_the_input": (lambda x, *rest: np.array([np.var(x), *right(x, *rest)]),
            "The first entry belongs to the input; only layers are asked for."),
        "last_layer_missing": (lambda x, weights, activation: right(x, weights[:-1], activation),
            "The last layer has pre-activations too."),
        "ratios": (lambda x, *rest: right(x, *rest) / np.array([np.var(x), *right(x, *rest)[:-1]]),
            "These are ratios from layer to layer; the variances themselves are asked for."),
    },
)
