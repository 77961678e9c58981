"""`batchnorm_backward`: the gradient through batch normalization."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.exercises.lesson_06.shared import ATOL, RTOL, Array, batch, scale_and_shift, signed
from autograder.judging.exercise import Case
from autograder.judging.properties import only
from autograder.judging.table import HIDDEN, exercise
from course_lib import batchnorm
from course_lib.batchnorm import EPS, BatchNormCache

_OUTPUTS = ("dx", "dgamma", "dbeta")


def _case(rng: np.random.Generator, N: int, D: int, label: str, eps: float = EPS) -> Case:
    """Draw a cache of the forward pass and an upstream gradient dy, and return their case.

    dy has a mean and is correlated with x_hat, so that both terms of dx matter.
    """
    _, cache = batchnorm.batchnorm_forward(batch(rng, N, D), *scale_and_shift(rng, D), eps)
    dy = rng.normal(size=(N, D)) + signed(rng, 0.5, 1.5, D) + signed(rng, 0.5, 1.5, D) * cache.x_hat
    return Case(dy, cache, label=label)


def _wrong(**replaced: Callable[[Any], Any]) -> Callable[..., Any]:
    """Build a wrong backward pass: a result named in `replaced` is computed by its function.

    The function takes an object with the values of the right pass as attributes, such as `dx`, `x_hat` and `scale`.
    """

    def backward(dy: Array, cache: BatchNormCache) -> Any:
        r = SimpleNamespace(**cache._asdict(), dy=dy, N=len(dy), scale=cache.gamma * cache.inv_std)
        r.dx, r.dgamma, r.dbeta = batchnorm.batchnorm_backward(dy, cache)
        r.centred, r.along = dy - dy.mean(axis=0), r.x_hat * (dy * r.x_hat).mean(axis=0)
        return tuple(replaced[name](r) if name in replaced else getattr(r, name) for name in _OUTPUTS)

    return backward

BATCHNORM_BACKWARD = exercise(
    batchnorm.batchnorm_backward, "06_batch_normalization", outputs=_OUTPUTS, rtol=RTOL, atol=ATOL,
    parts=[
        (2, "dgamma and dbeta", lambda rng: [
            _case(rng, 10, 4, "ten examples, four features"),
            _case(rng, 8, 5, "eps 0.5", eps=0.5),
        ], only("dgamma, dbeta", RTOL, ATOL)),
        (3, "dx, through mean and variance", lambda rng: [
            _case(rng, 9, 4, "nine examples, four features"),
            _case(rng, 12, 5, "a large eps", eps=float(rng.uniform(0.5, 2.0))),
        ]),
        (1, "one feature, many features, larger batches", lambda rng: [
            _case(rng, 8, 1, "one feature", eps=0.1),
            _case(rng, 8, 11, "more features than examples"),
            _case(rng, 40, 3, "forty examples", eps=0.3),
        ], HIDDEN),
    ],
    mistakes={
        "statistics_taken_for_constants": (_wrong(dx=lambda r: r.scale * r.dy),
            "`dx` treats mean and variance as constants. Both are made of x: moving one example moves them, and "
            "with them every row."),
        "mean_term_missing": (_wrong(dx=lambda r: r.scale * (r.dy - r.along)),
            "`dx` lacks the way through the mean: adding the same number to a whole column of x changes nothing, "
            "so every column of dx must sum to 0."),
        "variance_term_missing": (_wrong(dx=lambda r: r.scale * r.centred),
            "`dx` lacks the way through the variance: scaling a column of x changes (almost) nothing, so dx must "
            "have (almost) no component along x_hat."),
        "variance_term_has_the_wrong_sign": (_wrong(dx=lambda r: r.scale * (r.centred + r.along)),
            "The way through the variance enters `dx` with the wrong sign."),
        "gamma_forgotten_in_dx": (_wrong(dx=lambda r: r.dx / r.gamma),
            "`dx` lacks the scale: on its way back the gradient passes y = gamma·x_hat + beta first."),
        "inv_std_forgotten_in_dx": (_wrong(dx=lambda r: r.dx / r.inv_std),
            "`dx` is the gradient with respect to x_hat's numerator: the division by the spread is still missing."),
        "multiplied_by_the_std": (_wrong(dx=lambda r: r.dx / r.inv_std**2),
            "`dx` is multiplied by the standard deviation where it should be divided: what does `inv_std` hold?"),
        "sums_in_place_of_means": (_wrong(dx=lambda r: r.scale * (r.dy - r.dbeta - r.x_hat * r.dgamma)),
            "Two sums in `dx` lack their 1/N: mean and variance are averages over the batch."),
        "n_times_too_large": (_wrong(dx=lambda r: r.N * r.dx),
            "`dx` is N times as large as it should be: a 1/N got lost when the terms were put together."),
        "dx_averaged": (_wrong(dx=lambda r: r.dx / r.N),
            "`dx` is divided by N once too often: the loss already contains its 1/N."),
        "variance_divides_by_n_minus_one": (
            _wrong(dx=lambda r: r.scale * (r.centred - r.along * r.N / (r.N - 1))),
            "The way through the variance has N − 1 in it; in the forward pass the variance divides by N."),
        "eps_forgotten": (_wrong(dx=lambda r: r.scale * (r.centred - r.along / np.square(r.x_hat).mean(axis=0))),
            "Right where eps is negligible. The x_hat of the cache has a variance a little below 1: do not assume, "
            "or restore, the 1."),
        "mean_over_the_features": (
            _wrong(dx=lambda r: r.scale * (r.dy - r.dy.mean(axis=1, keepdims=True) - r.along)),
            "In `dx` a mean runs over the features; all of them run over the batch."),
        "averaged": (_wrong(dgamma=lambda r: r.dgamma / r.N, dbeta=lambda r: r.dbeta / r.N),
            "`dgamma` and `dbeta` are averaged over the batch; in this course gradients are summed, because the "
            "loss already contains the 1/N."),
        "dgamma_averaged": (_wrong(dgamma=lambda r: r.dgamma / r.N),
            "`dgamma` is averaged over the batch; it must be summed, like `dbeta`."),
        "dbeta_averaged": (_wrong(dbeta=lambda r: r.dbeta / r.N),
            "`dbeta` is averaged over the batch; it must be summed, like `dgamma`."),
        "dgamma_of_the_centred_batch": (_wrong(dgamma=lambda r: r.dgamma / r.inv_std),
            "`dgamma` is formed with x − mean: what does gamma multiply in the forward pass?"),
        "dgamma_without_x_hat": (_wrong(dgamma=lambda r: r.dbeta),
            "`dgamma` is the same as `dbeta`: what does gamma multiply in the forward pass?"),
        "scaled_too_early": (_wrong(dgamma=lambda r: r.gamma * r.dgamma, dbeta=lambda r: r.gamma * r.dbeta),
            "`dgamma` and `dbeta` contain gamma: they belong to dy as it arrives, before it is scaled."),
        "dgamma_contains_gamma": (_wrong(dgamma=lambda r: r.gamma * r.dgamma),
            "`dgamma` contains gamma itself: y is linear in gamma, so its derivative does not."),
        "not_summed": (_wrong(dgamma=lambda r: r.dy * r.x_hat, dbeta=lambda r: r.dy),
            "gamma and beta act on every row, so their gradients collect from every row."),
        "wrong_axis": (_wrong(dgamma=lambda r: (r.dy * r.x_hat).sum(axis=1), dbeta=lambda r: r.dy.sum(axis=1)),
            "`dgamma` and `dbeta` are summed along the wrong axis: over the features instead of over the batch."),
        "gradients_of_the_parameters_first": (
            _wrong(dx=lambda r: r.dgamma, dgamma=lambda r: r.dbeta, dbeta=lambda r: r.dx),
            "The gradients are in another order than (dx, dgamma, dbeta)."),
        "sign": (_wrong(dx=lambda r: -r.dx, dgamma=lambda r: -r.dgamma, dbeta=lambda r: -r.dbeta),
            "All signs are flipped: these are the gradients; the minus belongs to the update."),
    },
    words={"swapped_values": (
        "order_of_the_results", "The gradients are in another order than (dx, dgamma, dbeta).")},
)
