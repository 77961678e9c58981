"""`batchnorm_inference`: batch normalization at test time, from stored statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_06.shared import ATOL, RTOL, Array, batch, inverse_std, scale_and_shift, statistics
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import batchnorm
from course_lib.batchnorm import EPS


def _case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    """Draw examples and stored statistics, and return their case.

    The examples come from another distribution, so that their batch statistics differ clearly from the stored ones.
    """
    return Case(batch(rng, N, D), *scale_and_shift(rng, D), *statistics(rng, D), label=label, **options)


def _with_a_variance_of_zero(rng: np.random.Generator) -> Case:
    mean, var = statistics(rng, 4)
    var[2] = 0.0
    x = batch(rng, 8, 4)
    x[:, 2] -= x[:, 2].mean()
    return Case(x, *scale_and_shift(rng, 4), mean, var, 0.2, label="a stored variance of 0")


def _infer(
    y: Callable[..., Any] = lambda x_hat, gamma, beta: gamma * x_hat + beta,
    mean: Callable[[Array, Array], Any] = lambda x, stored: stored,
    factor: Callable[..., Any] = lambda x, var, eps: 1 / np.sqrt(var + eps),
) -> Callable[..., Any]:
    """Build a wrong inference that returns `y(x_hat, gamma, beta)`.

    x_hat is (x − `mean(x, stored mean)`)·`factor(x, stored variance, eps)`. Each function that is not given is right.
    """

    def inference(x: Array, gamma: Array, beta: Array, stored: Array, var: Array, eps: float = EPS) -> Any:
        return y((x - mean(x, stored)) * factor(x, var, eps), gamma, beta)

    return inference

BATCHNORM_INFERENCE = exercise(
    batchnorm.batchnorm_inference, "06_batch_normalization", rtol=RTOL, atol=ATOL,
    parts=[
        (2, "from stored statistics only", lambda rng: [
            Case(np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]), np.array([2.0, -1.0]), np.array([0.5, 3.0]),
                 np.array([1.0, 5.0]), np.array([4.0, 100.0]), 0.5, label="three examples, eps 0.5"),
            _case(rng, 9, 5, "examples from elsewhere, the default eps"),
        ]),
        (1, "one example, a stored variance of 0", lambda rng: [
            _case(rng, 1, 4, "one example"),
            _case(rng, 8, 3, "a large eps", eps=float(rng.uniform(0.5, 2.0))),
            _with_a_variance_of_zero(rng),
            _case(rng, 10, 1, "one feature", eps=0.3),
        ], HIDDEN),
    ],
    mistakes={
        "statistics_of_the_batch": (
            _infer(mean=lambda x, stored: x.mean(axis=0), factor=lambda x, var, eps: inverse_std(x, eps)),
            "This normalizes with the statistics of the examples at hand: the answer for one depends on the "
            "others. What are the stored ones for?"),
        "mean_of_the_batch": (_infer(mean=lambda x, stored: x.mean(axis=0)),
            "The mean is that of the examples at hand: the answer for one depends on the others."),
        "variance_of_the_batch": (_infer(factor=lambda x, var, eps: inverse_std(x, eps)),
            "The variance is that of the examples at hand: the answer for one depends on the others."),
        "scale_and_shift_forgotten": (_infer(lambda x_hat, gamma, beta: x_hat),
            "This stops at x_hat: what training has learned, gamma and beta, is not used."),
        "gamma_forgotten": (_infer(lambda x_hat, gamma, beta: x_hat + beta),
            "The scale is missing: one of the two learned parameters is not used."),
        "beta_forgotten": (_infer(lambda x_hat, gamma, beta: gamma * x_hat),
            "The shift is missing: one of the two learned parameters is not used."),
        "gamma_and_beta_swapped": (_infer(lambda x_hat, gamma, beta: beta * x_hat + gamma),
            "Scale and shift have changed places."),
        "mean_not_subtracted": (_infer(mean=lambda x, stored: 0.0),
            "The examples are scaled but not centred."),
        "mean_added": (_infer(mean=lambda x, stored: -stored),
            "The stored mean enters with the wrong sign."),
        "divided_by_variance": (_infer(factor=lambda x, var, eps: 1 / (var + eps)),
            "The examples are divided by a variance: a square root is missing."),
        "eps_forgotten": (_infer(factor=lambda x, var, eps: 1 / np.sqrt(var)),
            "eps is not used: training had it, so inference needs the same."),
        "eps_ignored": (_infer(factor=lambda x, var, eps: 1 / np.sqrt(var + EPS)),
            "Right for the default only: the argument `eps` has no effect."),
        "eps_outside_the_root": (_infer(factor=lambda x, var, eps: 1 / (np.sqrt(var) + eps)),
            "eps is added to the standard deviation; in training it was added to the variance."),
        "mean_and_variance_swapped": (lambda x, gamma, beta, mean, var, *eps, **named: (
            _infer()(x, gamma, beta, var, mean, *eps, **named)),
            "The stored mean and the stored variance have changed places."),
        "with_a_cache": (lambda *args, **eps: (batchnorm.batchnorm_inference(*args, **eps), None),
            "Only y is asked for: nothing goes backwards at test time, so there is no cache."),
    },
)
