"""`batchnorm_forward`: normalize every feature over the batch, then scale and shift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_06.shared import ATOL, RTOL, Array, batch, inverse_std, scale_and_shift
from autograder.judging.exercise import Case
from autograder.judging.properties import only
from autograder.judging.table import HIDDEN, exercise
from course_lib import batchnorm
from course_lib.batchnorm import EPS, BatchNormCache


def _case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    return Case(batch(rng, N, D), *scale_and_shift(rng, D), label=label, **options)


def _with_a_constant_feature(rng: np.random.Generator) -> Case:
    x = batch(rng, 10, 4)
    x[:, 1] = rng.integers(1, 9)
    return Case(x, *scale_and_shift(rng, 4), label="a feature that is the same in every example")


def _normalize(
    factor: Callable[[Array, float], Any],
    mean: Callable[[Array], Any] = lambda x: x.mean(axis=0),
    y: Callable[[Array, Array, Array], Array] = lambda x_hat, gamma, beta: gamma * x_hat + beta,
) -> Callable[..., Any]:
    """Build a forward pass that returns `y(x_hat, gamma, beta)` and the cache.

    x_hat is (x − `mean(x)`)·`factor(x, eps)`.
    """

    def forward(x: Array, gamma: Array, beta: Array, eps: float = EPS) -> Any:
        x_hat = (x - mean(x)) * factor(x, eps)
        return y(x_hat, gamma, beta), BatchNormCache(x_hat, factor(x, eps), gamma)

    return forward


def _output(y: Callable[[Array, Array, Array], Array]) -> Callable[..., Any]:
    """Build a forward pass with a right x_hat and cache that returns y(x_hat, gamma, beta) as its output."""
    return _normalize(inverse_std, y=y)


def _cached(change: Callable[..., Any]) -> Callable[..., Any]:
    """Build a forward pass that returns a right y, and `change(cache=…, x=…, y=…, eps=…)` as its cache."""

    def forward(x: Array, gamma: Array, beta: Array, eps: float = EPS) -> Any:
        y, cache = batchnorm.batchnorm_forward(x, gamma, beta, eps)
        return y, change(cache=cache, x=x, y=y, eps=eps)

    return forward

BATCHNORM_FORWARD = exercise(
    batchnorm.batchnorm_forward, "06_batch_normalization", outputs=("y", "cache"), rtol=RTOL, atol=ATOL,
    parts=[
        (1.5, "y", lambda rng: [
            Case(np.array([[1.0, 10.0, 0.0], [2.0, 30.0, 0.5], [3.0, 10.0, 0.0], [6.0, 30.0, 0.5]]),
                 np.array([2.0, -1.0, 0.5]), np.array([0.5, 3.0, -1.0]), 0.1,
                 label="four examples, three features, eps 0.1"),
            _case(rng, 12, 5, "random numbers, the default eps"),
        ], only("y", RTOL, ATOL)),
        (1, "the cache", lambda rng: [_case(rng, 10, 4, "random numbers, the default eps")]),
        (0.5, "eps where it belongs", lambda rng: [
            _case(rng, 9, 4, "eps given by name", eps=float(rng.uniform(0.2, 0.6))),
        ]),
        (1, "batches of one and of two, a constant feature", lambda rng: [
            _case(rng, 1, 4, "one example"),
            _case(rng, 2, 5, "two examples"),
            _with_a_constant_feature(rng),
            _case(rng, 8, 1, "one feature"),
        ], HIDDEN),
    ],
    mistakes={
        "cache_holds_std": (_cached(lambda cache, **_: cache._replace(inv_std=1 / cache.inv_std)),
            "`y` is right. In the cache, `inv_std` holds the standard deviation: read its name once more."),
        "cache_holds_variance": (_cached(lambda cache, x, **_: cache._replace(inv_std=x.var(axis=0))),
            "`y` is right. In the cache, `inv_std` holds the variance: read its name once more."),
        "cache_holds_variance_with_eps": (_cached(lambda cache, **_: cache._replace(inv_std=cache.inv_std**-2)),
            "`y` is right. In the cache, `inv_std` holds what stands under the root."),
        "cache_holds_inverse_without_eps": (_cached(lambda cache, x, **_: cache._replace(inv_std=1 / x.std(axis=0))),
            "`y` is right. `inv_std` of the cache must be the very factor that x was multiplied with, eps included."),
        "cache_holds_the_input": (_cached(lambda cache, x, **_: cache._replace(x_hat=x)),
            "`y` is right. In the cache, `x_hat` holds the batch as it came in, not the normalized one."),
        "cache_holds_the_centred_input": (_cached(lambda cache, **_: cache._replace(x_hat=cache.x_hat / cache.inv_std)),
            "`y` is right. In the cache, `x_hat` is centred but not yet scaled."),
        "cache_holds_the_output": (_cached(lambda cache, y, **_: cache._replace(x_hat=y)),
            "`y` is right. In the cache, `x_hat` holds y, which has already been scaled and shifted."),
        "cache_in_another_order": (_cached(lambda cache, **_: BatchNormCache(cache.x_hat, cache.gamma, cache.inv_std)),
            "`y` is right. The fields of the cache are in another order than (x_hat, inv_std, gamma)."),
        "cache_missing": (_cached(lambda **_: None),
            "`y` is right, and None stands where the cache should be."),
        "only_y": (lambda *args, **eps: batchnorm.batchnorm_forward(*args, **eps)[0],
            "`y` is right, but two things must be returned: the backward pass needs the cache."),
        "scale_and_shift_forgotten": (_output(lambda x_hat, gamma, beta: x_hat),
            "This stops at x_hat: the last line of the algorithm is missing."),
        "gamma_forgotten": (_output(lambda x_hat, gamma, beta: x_hat + beta),
            "The scale is missing: one of the two learned parameters is not used."),
        "beta_forgotten": (_output(lambda x_hat, gamma, beta: gamma * x_hat),
            "The shift is missing: one of the two learned parameters is not used."),
        "gamma_and_beta_swapped": (_output(lambda x_hat, gamma, beta: beta * x_hat + gamma),
            "Scale and shift have changed places."),
        "shifted_before_it_is_scaled": (_output(lambda x_hat, gamma, beta: gamma * (x_hat + beta)),
            "The shift is scaled too: which of the two comes last?"),
        "mean_not_subtracted": (_normalize(inverse_std, mean=lambda x: 0.0),
            "The batch is scaled but not centred: `y` should have the mean beta."),
        "divided_by_variance": (_normalize(lambda x, eps: 1 / (x.var(axis=0) + eps)),
            "The batch is divided by a variance: x_hat should have the spread 1 in every unit of measurement."),
        "not_divided": (
            lambda x, gamma, beta, eps=EPS: (
                gamma * (x - x.mean(axis=0)) + beta, BatchNormCache(x - x.mean(axis=0), inverse_std(x, eps), gamma)),
            "The batch is centred but not scaled: every x_hat should have the spread 1."),
        "unbiased_variance": (_normalize(lambda x, eps: 1 / np.sqrt(x.var(axis=0, ddof=1) + eps)),
            "In training, the variance of the batch divides by N, not by N − 1."),
        "eps_forgotten": (_normalize(lambda x, eps: 1 / x.std(axis=0)),
            "eps is not used: try a batch of one, or a feature that never changes."),
        "eps_ignored": (_normalize(lambda x, eps: inverse_std(x, EPS)),
            "Right for the default only: the argument `eps` has no effect."),
        "eps_outside_the_root": (_normalize(lambda x, eps: 1 / (x.std(axis=0) + eps)),
            "eps is added to the standard deviation: compare with the third line of the algorithm."),
        "eps_squared": (_normalize(lambda x, eps: inverse_std(x, eps**2)),
            "eps enters squared: it is in units of a variance already."),
        "over_the_features": (
            _normalize(lambda x, eps: inverse_std(x.T, eps)[:, np.newaxis], lambda x: x.mean(axis=1, keepdims=True)),
            "Every example is normalized over its features: this is layer normalization. Here a feature is "
            "normalized over the batch."),
        "wrong_axis": (_normalize(lambda x, eps: inverse_std(x.T, eps), mean=lambda x: x.mean(axis=1)),
            "Mean and variance run along the wrong axis: there must be one of each for every feature."),
        "over_everything": (_normalize(lambda x, eps: 1 / np.sqrt(x.var() + eps), mean=np.mean),
            "One mean and one variance for all features: every feature needs its own."),
    },
    words={"swapped_values": ("order_of_the_results", "The results are in another order than (y, cache).")},
)
