"""`fold_batchnorm`: one dense layer for a dense layer with batch normalization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_06.shared import ATOL, RTOL, Array, scale_and_shift, signed, statistics
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import batchnorm
from course_lib.batchnorm import EPS


def _case(rng: np.random.Generator, n_in: int, n_out: int, label: str, **options: Any) -> Case:
    W, b = rng.normal(size=(n_in, n_out)), signed(rng, 0.5, 2.0, n_out)
    return Case(W, b, *scale_and_shift(rng, n_out), *statistics(rng, n_out), label=label, **options)


def _fold(
    bias: Callable[..., Any] = lambda b, s, beta, mean: (b - mean) * s + beta,
    weights: Callable[[Array, Array], Any] = lambda W, s: W * s,
    scale: Callable[..., Any] = lambda gamma, var, eps: gamma / np.sqrt(var + eps),
) -> Callable[..., Any]:
    """Build a wrong fold that returns `weights(W, s)` and `bias(b, s, beta, mean)`.

    s is `scale(gamma, var, eps)`. Each function that is not given is right.
    """

    def fold(W: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, eps: float = EPS) -> Any:
        s = scale(gamma, var, eps)
        return weights(W, s), bias(b, s, beta, mean)

    return fold

FOLD_BATCHNORM = exercise(
    batchnorm.fold_batchnorm, "06_batch_normalization", outputs=("W", "b"), uses=("batchnorm_inference",), rtol=RTOL,
    atol=ATOL,
    parts=[
        (2, "one layer for two", lambda rng: [
            Case(np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]), np.array([0.5, -1.0]), np.array([2.0, -1.0]),
                 np.array([1.0, 3.0]), np.array([4.0, -2.0]), np.array([3.5, 15.5]), 0.5,
                 label="three inputs, two units, eps 0.5"),
            _case(rng, 6, 4, "random numbers, the default eps"),
        ]),
        (1, "eps where it belongs", lambda rng: [
            _case(rng, 3, 5, "eps given by name", eps=float(rng.uniform(0.2, 0.6))),
        ]),
        (1, "one unit, as many units as inputs", lambda rng: [
            _case(rng, 5, 1, "one unit", eps=0.3),
            _case(rng, 4, 4, "as many units as inputs", eps=0.1),
            _case(rng, 2, 7, "more units than inputs"),
        ], HIDDEN),
    ],
    mistakes={
        "bias_not_scaled": (_fold(lambda b, s, beta, mean: b - mean * s + beta),
            "The layer's own bias is not scaled: it went through batch normalization as well."),
        "bias_only_shifted": (_fold(lambda b, s, beta, mean: b - mean + beta),
            "Nothing in the new bias is scaled: the layer's bias and the mean both went through the division."),
        "bias_kept": (_fold(lambda b, s, beta, mean: b),
            "The bias is what it was; batch normalization shifts too."),
        "own_bias_dropped": (_fold(lambda b, s, beta, mean: beta - mean * s),
            "The layer's own bias is lost. Training cannot see it, but with stored statistics it counts."),
        "mean_not_subtracted": (_fold(lambda b, s, beta, mean: b * s + beta),
            "The stored mean is missing."),
        "mean_not_scaled": (_fold(lambda b, s, beta, mean: b * s - mean + beta),
            "The mean is subtracted after the scaling; batch normalization subtracts it before."),
        "mean_added": (_fold(lambda b, s, beta, mean: (b + mean) * s + beta),
            "The stored mean enters with the wrong sign."),
        "beta_forgotten": (_fold(lambda b, s, beta, mean: (b - mean) * s),
            "The shift is missing: one of the two learned parameters is not used."),
        "beta_scaled": (_fold(lambda b, s, beta, mean: (b - mean + beta) * s),
            "beta is scaled too: in batch normalization it is added last."),
        "weights_kept": (_fold(weights=lambda W, s: W),
            "The weights are what they were; what they give is scaled."),
        "rows_scaled": (_fold(weights=lambda W, s: W * s[:, np.newaxis]),
            "The scale belongs to the units, and a unit is a column of `W`; here it is applied to the rows."),
        "gamma_forgotten": (_fold(scale=lambda gamma, var, eps: 1 / np.sqrt(var + eps)),
            "The learned scale is not used."),
        "divided_by_variance": (_fold(scale=lambda gamma, var, eps: gamma / (var + eps)),
            "This divides by a variance: a square root is missing."),
        "multiplied_by_the_std": (_fold(scale=lambda gamma, var, eps: gamma * np.sqrt(var + eps)),
            "This multiplies by the standard deviation; batch normalization divides by it."),
        "eps_forgotten": (_fold(scale=lambda gamma, var, eps: gamma / np.sqrt(var)),
            "eps is not used: the two layers had it, so the one layer needs it."),
        "eps_ignored": (_fold(scale=lambda gamma, var, eps: gamma / np.sqrt(var + EPS)),
            "Right for the default only: the argument `eps` has no effect."),
        "eps_outside_the_root": (_fold(scale=lambda gamma, var, eps: gamma / (np.sqrt(var) + eps)),
            "eps is added to the standard deviation; batch normalization adds it to the variance."),
    },
    words={"swapped_values": ("order_of_the_results", "The results are in another order than (W, b).")},
)
