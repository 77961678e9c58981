"""`gradient_bound`: the most of delta that can pass through sigmoid layers."""

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import numpy as np

from autograder.exercises.lesson_02.shared import Answer, Arrays, layers, where_shapes_fit
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation
from course_lib.arrays import Array

_spectral = partial(np.linalg.norm, ord=2)


def _by(norm: Callable[[Array], Any]) -> Answer:
    """Build a wrong answer: the product of `norm(W)` over the layers."""
    return where_shapes_fit(lambda weights: float(np.prod([norm(W) for W in weights])))


def _norm_of_the_product(weights: Arrays) -> float:
    return float(_spectral(reduce(np.matmul, weights or [np.eye(1)])) / 4 ** len(weights))


def _chain(rng: np.random.Generator, *sizes: int) -> Arrays:
    return layers(rng, sizes)[0]

GRADIENT_BOUND = exercise(
    backpropagation.gradient_bound, "02_vanishing_gradients", rtol=1e-7, atol=0,
    parts=[
        (1.5, "the product of all layers' factors", lambda rng: [
            Case([np.array([[3.0, 0.0, 0.0], [0.0, -8.0, 0.0]])], label="one layer to check by hand"),
            Case(_chain(rng, 5, 4, 6, 3), label="three layers of different widths"),
            Case(_chain(rng, 4, 4, 4, 4, 4), label="four layers of the same width"),
        ]),
        (0.5, "no layer, one unit, many layers", lambda rng: [
            Case([], label="no weights at all"),
            Case(_chain(rng, 3, 1, 4, 1), label="layers of one unit"),
            Case(_chain(rng, *[6] * 21), label="twenty layers"),
        ], HIDDEN),
    ],
    mistakes={
        "frobenius": (_by(lambda W: np.linalg.norm(W) / 4),
            "This is the root of all squared entries (the Frobenius norm). It bounds too, but loosely; the spectral "
            "norm is asked for."),
        "quarter_forgotten": (_by(_spectral),
            "The slope is missing: every layer has one, and it is bounded too."),
        "quarter_once": (lambda weights: float(np.prod([_spectral(W) for W in weights]) / 4),
            "The bound of the slope enters once; every layer has a slope of its own."),
        "half": (_by(lambda W: _spectral(W) / 2),
            "The bound of the slope is not that of the sigmoid. What is its largest slope?"),
        "summed": (lambda weights: float(np.sum([_spectral(W) / 4 for W in weights])),
            "The layers' factors are added; delta passes through one after the other."),
        "largest_layer": (lambda weights: float(max([_spectral(W) / 4 for W in weights], default=1.0)),
            "This is the largest factor of a single layer; delta passes through all of them."),
        "one_layer_each": (lambda weights: np.array([_spectral(W) / 4 for W in weights]),
            "These are the factors of the layers; one number is asked for."),
        "spectral_radius": (_by(lambda W: np.max(np.abs(np.linalg.eigvals(W))) / 4),
            "This is the largest eigenvalue. How far a matrix can stretch a vector is another number, and exists for "
            "matrices that are not square too."),
        "norm_of_the_product": (where_shapes_fit(_norm_of_the_product),
            "The weights are multiplied before the norm is taken. Between two of them stands a slope that differs from "
            "unit to unit, so only the product of the norms is a bound."),
        "squared_norm": (_by(lambda W: _spectral(W) ** 2 / 4),
            "This is the largest eigenvalue of WᵀW, the square of the spectral norm."),
        "smallest_stretch": (_by(lambda W: np.linalg.norm(W, -2) / 4),
            "This is the smallest singular value: how little W can stretch. A bound needs the most."),
        "largest_entry": (_by(lambda W: np.max(np.abs(W)) / 4),
            "This is the largest entry; many small ones together can stretch a vector further."),
        "column_sums": (_by(lambda W: np.linalg.norm(W, 1) / 4),
            "This is the norm of largest column sums; the spectral norm is asked for."),
        "row_sums": (_by(lambda W: np.linalg.norm(W, np.inf) / 4),
            "This is the norm of largest row sums; the spectral norm is asked for."),
    },
)
