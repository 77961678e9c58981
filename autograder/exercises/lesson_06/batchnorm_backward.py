"""Exercise `batchnorm_backward`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_06.shared import (
    ATOL,
    RTOL,
    Array,
    batch,
    first_wrong,
    scale_and_shift,
    signed,
)
from autograder.judging.exercise import Case, Finding
from autograder.judging.table import HIDDEN, exercise
from course_lib import batchnorm
from course_lib.batchnorm import EPS, BatchNormCache


def _backward_case(rng: np.random.Generator, N: int, D: int, label: str, eps: float = EPS) -> Case:
    """Draw a cache and an upstream gradient that is neither centred nor unrelated to x_hat: both terms of dx show."""
    _, cache = batchnorm.batchnorm_forward(batch(rng, N, D), *scale_and_shift(rng, D), eps)
    dy = rng.normal(size=(N, D)) + signed(rng, 0.5, 1.5, D) + signed(rng, 0.5, 1.5, D) * cache.x_hat
    return Case(dy, cache, label=label)


def _parameters_right(result: Any, case: Case) -> Finding:
    """Judge dgamma and dbeta alone: they are right long before dx is."""
    want = batchnorm.batchnorm_backward(*case.args)
    return first_wrong(("dgamma", "dbeta"), result[1:], want[1:])


Term = Callable[[Array, Array], Any]  # of dy and x_hat, both (N, D)


def _backwards(
    inner: Term | None = None,
    factor: Callable[[BatchNormCache], Any] = lambda cache: cache.gamma * cache.inv_std,
    dgamma: Callable[[Array, BatchNormCache], Any] = lambda dy, cache: (dy * cache.x_hat).sum(axis=0),
    dbeta: Callable[[Array, BatchNormCache], Any] = lambda dy, cache: dy.sum(axis=0),
) -> Callable[..., Any]:
    """Build a wrong backward pass: dx = factor · inner, and what it takes for dgamma and dbeta."""

    def backward(dy: Array, cache: BatchNormCache) -> Any:
        x_hat = cache.x_hat
        within = _centred(dy, x_hat) - _along(dy, x_hat) if inner is None else inner(dy, x_hat)
        return factor(cache) * within, dgamma(dy, cache), dbeta(dy, cache)

    return backward


def _centred(dy: Array, x_hat: Array) -> Array:
    return dy - dy.mean(axis=0)


def _along(dy: Array, x_hat: Array) -> Array:
    along: Array = x_hat * (dy * x_hat).mean(axis=0)
    return along

BATCHNORM_BACKWARD = exercise(
    batchnorm.batchnorm_backward, "06_batch_normalization", outputs=("dx", "dgamma", "dbeta"), rtol=RTOL, atol=ATOL,
    parts=[
        (2, "dgamma and dbeta", lambda rng: [
            _backward_case(rng, 10, 4, "ten examples, four features"),
            _backward_case(rng, 8, 5, "eps 0.5", eps=0.5),
        ], _parameters_right),
        (3, "dx, through mean and variance", lambda rng: [
            _backward_case(rng, 9, 4, "nine examples, four features"),
            _backward_case(rng, 12, 5, "a large eps", eps=float(rng.uniform(0.5, 2.0))),
        ]),
        (1, "one feature, many features, larger batches", lambda rng: [
            _backward_case(rng, 8, 1, "one feature", eps=0.1),
            _backward_case(rng, 8, 11, "more features than examples"),
            _backward_case(rng, 40, 3, "forty examples", eps=0.3),
        ], HIDDEN),
    ],
    mistakes={
        "statistics_taken_for_constants": (_backwards(lambda dy, x_hat: dy),
            "`dx` treats mean and variance as constants. Both are made of x: moving one example moves them, and "
            "with them every row."),
        "mean_term_missing": (_backwards(lambda dy, x_hat: dy - _along(dy, x_hat)),
            "`dx` lacks the way through the mean: adding the same number to a whole column of x changes nothing, "
            "so every column of dx must sum to 0."),
        "variance_term_missing": (_backwards(_centred),
            "`dx` lacks the way through the variance: scaling a column of x changes (almost) nothing, so dx must "
            "have (almost) no component along x_hat."),
        "variance_term_has_the_wrong_sign": (_backwards(lambda dy, x_hat: _centred(dy, x_hat) + _along(dy, x_hat)),
            "The way through the variance enters `dx` with the wrong sign."),
        "gamma_forgotten_in_dx": (_backwards(factor=lambda cache: cache.inv_std),
            "`dx` lacks the scale: on its way back the gradient passes y = gamma·x_hat + beta first."),
        "inv_std_forgotten_in_dx": (_backwards(factor=lambda cache: cache.gamma),
            "`dx` is the gradient with respect to x_hat's numerator: the division by the spread is still missing."),
        "multiplied_by_the_std": (_backwards(factor=lambda cache: cache.gamma / cache.inv_std),
            "`dx` is multiplied by the standard deviation where it should be divided: what does `inv_std` hold?"),
        "sums_in_place_of_means": (_backwards(lambda dy, x_hat: dy - dy.sum(axis=0) - x_hat * (dy * x_hat).sum(axis=0)),
            "Two sums in `dx` lack their 1/N: mean and variance are averages over the batch."),
        "n_times_too_large": (
            lambda dy, cache: (
                len(dy) * batchnorm.batchnorm_backward(dy, cache)[0],
                *batchnorm.batchnorm_backward(dy, cache)[1:],
            ),
            "`dx` is N times as large as it should be: a 1/N got lost when the terms were put together."),
        "dx_averaged": (
            lambda dy, cache: (
                batchnorm.batchnorm_backward(dy, cache)[0] / len(dy),
                *batchnorm.batchnorm_backward(dy, cache)[1:],
            ),
            "`dx` is divided by N once too often: the loss already contains its 1/N."),
        "variance_divides_by_n_minus_one": (
            _backwards(lambda dy, x_hat: _centred(dy, x_hat) - _along(dy, x_hat) * len(dy) / (len(dy) - 1)),
            "The way through the variance has N − 1 in it; in the forward pass the variance divides by N."),
        "eps_forgotten": (
            _backwards(lambda dy, x_hat: _centred(dy, x_hat) - _along(dy, x_hat) / np.square(x_hat).mean(axis=0)),
            "Right where eps is negligible. The x_hat of the cache has a variance a little below 1: do not assume, "
            "or restore, the 1."),
        "mean_over_the_features": (
            _backwards(lambda dy, x_hat: dy - dy.mean(axis=1, keepdims=True) - _along(dy, x_hat)),
            "In `dx` a mean runs over the features; all of them run over the batch."),
        "averaged": (
            _backwards(
                dgamma=lambda dy, cache: (dy * cache.x_hat).mean(axis=0),
                dbeta=lambda dy, cache: dy.mean(axis=0),
            ),
            "`dgamma` and `dbeta` are averaged over the batch; in this course gradients are summed, because the "
            "loss already contains the 1/N."),
        "dgamma_averaged": (_backwards(dgamma=lambda dy, cache: (dy * cache.x_hat).mean(axis=0)),
            "`dgamma` is averaged over the batch; it must be summed, like `dbeta`."),
        "dbeta_averaged": (_backwards(dbeta=lambda dy, cache: dy.mean(axis=0)),
            "`dbeta` is averaged over the batch; it must be summed, like `dgamma`."),
        "dgamma_of_the_centred_batch": (
            _backwards(dgamma=lambda dy, cache: (dy * cache.x_hat / cache.inv_std).sum(axis=0)),
            "`dgamma` is formed with x − mean: what does gamma multiply in the forward pass?"),
        "dgamma_without_x_hat": (_backwards(dgamma=lambda dy, cache: dy.sum(axis=0)),
            "`dgamma` is the same as `dbeta`: what does gamma multiply in the forward pass?"),
        "scaled_too_early": (
            _backwards(
                dgamma=lambda dy, cache: (cache.gamma * dy * cache.x_hat).sum(axis=0),
                dbeta=lambda dy, cache: (cache.gamma * dy).sum(axis=0),
            ),
            "`dgamma` and `dbeta` contain gamma: they belong to dy as it arrives, before it is scaled."),
        "dgamma_contains_gamma": (_backwards(dgamma=lambda dy, cache: (cache.gamma * dy * cache.x_hat).sum(axis=0)),
            "`dgamma` contains gamma itself: y is linear in gamma, so its derivative does not."),
        "not_summed": (_backwards(dgamma=lambda dy, cache: dy * cache.x_hat, dbeta=lambda dy, cache: dy),
            "gamma and beta act on every row, so their gradients collect from every row."),
        "wrong_axis": (
            _backwards(
                dgamma=lambda dy, cache: (dy * cache.x_hat).sum(axis=1),
                dbeta=lambda dy, cache: dy.sum(axis=1),
            ),
            "`dgamma` and `dbeta` are summed along the wrong axis: over the features instead of over the batch."),
        "order_of_the_results": (lambda dy, cache: tuple(batchnorm.batchnorm_backward(dy, cache)[i] for i in (0, 2, 1)),
            "The gradients are in another order than (dx, dgamma, dbeta)."),
        "gradients_of_the_parameters_first": (
            lambda dy, cache: tuple(batchnorm.batchnorm_backward(dy, cache)[i] for i in (1, 2, 0)),
            "The gradients are in another order than (dx, dgamma, dbeta)."),
        "sign": (lambda dy, cache: tuple(-gradient for gradient in batchnorm.batchnorm_backward(dy, cache)),
            "All signs are flipped: these are the gradients; the minus belongs to the update."),
    },
)
