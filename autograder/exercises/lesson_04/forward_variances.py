"""Exercise `forward_variances`."""

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
from course_lib import initialization


def _forward_case(rng: np.random.Generator, N: int, sizes: Sequence[int], activation: Any, label: str) -> Case:
    x = rng.normal(0.4, 1.2, size=(N, sizes[0]))
    return Case(x, weights_(rng, *sizes), activation, label=label)


def _on_the_way(
    measure: Callable[[Array], Any], *, of_output: bool = False, first: Callable[[Array, Any], Array] = lambda x, f: x
) -> Callable[..., Array]:
    """Build a wrong `forward_variances`: another measure, taken of a or of h, after something done to x."""

    def variances(x: Array, weights: Sequence[Array], activation: Callable[[Array], Array]) -> Array:
        h, measured = first(x, activation), []
        for W in weights:
            a = h @ W
            h = activation(a)
            measured.append(measure(h if of_output else a))
        return np.array(measured)

    return variances


def _linear_variances(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return initialization.forward_variances(x, weights, lambda a: a)


def _never_chained(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return np.array([np.var(x @ W) for W in weights])


def _with_input(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return np.array([np.var(x), *initialization.forward_variances(x, weights, activation)])


def _without_last(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return initialization.forward_variances(x, weights[:-1], activation)


def _as_ratios(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    variances = initialization.forward_variances(x, weights, activation)
    return variances / np.array([np.var(x), *variances[:-1]])

FORWARD_VARIANCES = exercise(
    initialization.forward_variances, "04_weight_initialization",
    parts=[
        (1, "a few layers", lambda rng: [
            Case(
                np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]]),
                [np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]]), np.array([[0.5, -1.0], [1.0, 0.0], [0.0, 1.0]])],
                np.tanh,
                label="three examples, two layers",
            ),
            _forward_case(rng, 9, [4, 6, 3, 5], np.cos, "random weights, three layers"),
        ]),
        (1, "one layer, many layers, layers of equal width", lambda rng: [
            _forward_case(rng, 8, [5, 3], np.tanh, "one layer"),
            _forward_case(rng, 12, [4] * 7, np.cos, "six layers of equal width"),
            _forward_case(rng, 10, [3, 8, 2, 7, 4], np.arctan, "four layers"),
        ], HIDDEN),
    ],
    mistakes={
        "of_the_outputs": (_on_the_way(np.var, of_output=True),
            "These are variances of the outputs h; those of the pre-activations are asked for."),
        "standard_deviations": (_on_the_way(np.std),
            "These are standard deviations; variances are asked for."),
        "mean_squares": (_on_the_way(lambda a: np.mean(a**2)),
            "These are mean squares: a variance is measured around the mean."),
        "per_unit": (_on_the_way(lambda a: np.mean(np.var(a, axis=0))),
            "The variance is taken unit by unit and averaged; one variance over all entries of a layer is asked "
            "for."),
        "per_example": (_on_the_way(lambda a: np.mean(np.var(a, axis=1))),
            "The variance is taken example by example and averaged; one variance over all entries of a layer is "
            "asked for."),
        "unbiased": (_on_the_way(lambda a: np.var(a, ddof=1)),
            "The variance divides by one less than the number of entries; in this course it divides by their "
            "number."),
        "no_activation": (_linear_variances,
            "The layers are linear here: `activation` has no effect."),
        "input_activated": (_on_the_way(np.var, first=lambda x, activation: activation(x)),
            "The input passes through the activation before the first layer; only pre-activations do."),
        "never_chained": (_never_chained,
            "Every layer is fed with `x`; each must be fed with what comes out of the one before."),
        "starts_with_the_input": (_with_input,
            "The first entry belongs to the input; only layers are asked for."),
        "last_layer_missing": (_without_last,
            "The last layer has pre-activations too."),
        "ratios": (_as_ratios,
            "These are ratios from layer to layer; the variances themselves are asked for."),
    },
)
