"""Exercises of lesson 06: batch normalization, its gradient, and what stands in for the batch at test time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.common import quiet
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Exercise, Finding, Mistake, Part
from course_lib import batchnorm
from course_lib.batchnorm import DECAY, EPS, BatchNormCache

LESSON = "06_batch_normalization"
MINUTES = 105

Array = np.ndarray[Any, Any]

RTOL, ATOL = 1e-8, 1e-10  # E[x²] − μ² loses digits where the mean is large; it is right all the same


# What is drawn. Never γ = 1 or β = 0, never a gradient of ones, never as many examples as features; every
# feature has an offset and a scale of its own, some so small that even the default ε shows.


def _batch(rng: np.random.Generator, N: int, D: int) -> Array:
    """Draw a batch; the scales run from small to large, the offsets are up to ten of them away from 0."""
    scale = np.geomspace(0.1, 8.0, D) * rng.uniform(0.8, 1.25, size=D)
    offset = scale * _signed(rng, 2.0, 10.0, D)
    return offset + scale * rng.normal(size=(N, D))


def _signed(rng: np.random.Generator, low: float, high: float, D: int) -> Array:
    """Draw numbers between low and high, of alternating signs from a random one on."""
    return rng.uniform(low, high, size=D) * rng.choice([-1.0, 1.0]) * (-1.0) ** np.arange(D)


def _scale_and_shift(rng: np.random.Generator, D: int) -> tuple[Array, Array]:
    return _signed(rng, 1.5, 3.0, D), _signed(rng, 0.3, 1.2, D)


def _statistics(rng: np.random.Generator, D: int) -> tuple[Array, Array]:
    """Draw stored statistics, none of which is 0 or 1."""
    return _signed(rng, 1.0, 6.0, D), np.geomspace(0.05, 9.0, D) * rng.uniform(0.8, 1.25, size=D)


# batchnorm_forward ----------------------------------------------------------------------------------


def _forward_case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    return Case(_batch(rng, N, D), *_scale_and_shift(rng, D), label=label, **options)


def _with_a_constant_feature(rng: np.random.Generator) -> Case:
    x = _batch(rng, 10, 4)
    x[:, 1] = rng.integers(1, 9)
    return Case(x, *_scale_and_shift(rng, 4), label="a feature that is the same in every example")


def _y_right(result: Any, case: Case) -> Finding:
    """Judge y alone: it may be right while the cache is not."""
    want, _ = batchnorm.batchnorm_forward(*case.args)
    return _first_wrong(("y",), result[:1], (want,))


def _first_wrong(names: Sequence[str], results: Sequence[Any], wanted: Sequence[Array]) -> Finding:
    for name, got, want in zip(names, results, wanted, strict=True):
        wrong = np.argwhere(~np.isclose(got, want, rtol=RTOL, atol=ATOL))
        if len(wrong):
            index = tuple(wrong[0])
            place = ", ".join(map(str, index))
            return Finding(
                0.0,
                f"`{name}`: {len(wrong)} of {want.size} entries are wrong, the first at [{place}], "
                f"where it is {got[index]:.6g} and should be {want[index]:.6g}.",
            )
    return AS_IT_SHOULD_BE


def _normalizer(
    inv_std: Callable[[Array, float], Any],
    mean: Callable[[Array], Any] = lambda x: x.mean(axis=0),
    y: Callable[[Array, Array, Array], Array] = lambda x_hat, gamma, beta: gamma * x_hat + beta,
) -> Callable[..., Any]:
    """Build a wrong forward pass from the pieces that it takes for right."""

    def forward(x: Array, gamma: Array, beta: Array, eps: float = EPS) -> Any:
        factor = inv_std(x, eps)
        x_hat = (x - mean(x)) * factor
        return y(x_hat, gamma, beta), BatchNormCache(x_hat, factor, gamma)

    return quiet(forward)


def _inv_std(x: Array, eps: float) -> Array:
    factor: Array = 1 / np.sqrt(x.var(axis=0) + eps)
    return factor


def _cached(what: Callable[..., Any]) -> Callable[..., Any]:
    """Build a forward pass whose y is right and whose cache holds something else."""

    def forward(x: Array, gamma: Array, beta: Array, eps: float = EPS) -> Any:
        y, cache = batchnorm.batchnorm_forward(x, gamma, beta, eps)
        return y, what(x=x, y=y, cache=cache, eps=eps)

    return forward


BATCHNORM_FORWARD = Exercise(
    "batchnorm_forward",
    lesson=LESSON,
    reference=batchnorm.batchnorm_forward,
    outputs=("y", "cache"),
    parts=[
        Part(
            "y",
            points=1.5,
            holds=_y_right,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 10.0, 0.0], [2.0, 30.0, 0.5], [3.0, 10.0, 0.0], [6.0, 30.0, 0.5]]),
                    np.array([2.0, -1.0, 0.5]),
                    np.array([0.5, 3.0, -1.0]),
                    0.1,
                    label="four examples, three features, eps 0.1",
                ),
                _forward_case(rng, 12, 5, "random numbers, the default eps"),
            ],
        ),
        Part(
            "the cache",
            points=1,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [_forward_case(rng, 10, 4, "random numbers, the default eps")],
        ),
        Part(
            "eps where it belongs",
            points=0.5,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _forward_case(rng, 9, 4, "eps given by name", eps=float(rng.uniform(0.2, 0.6))),
            ],
        ),
        Part(
            "batches of one and of two, a constant feature",
            points=1,
            hidden=True,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _forward_case(rng, 1, 4, "one example"),
                _forward_case(rng, 2, 5, "two examples"),
                _with_a_constant_feature(rng),
                _forward_case(rng, 8, 1, "one feature"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "cache_holds_std",
            _cached(lambda cache, **_: cache._replace(inv_std=1 / cache.inv_std)),
            "`y` is right. In the cache, `inv_std` holds the standard deviation: read its name once more.",
        ),
        Mistake(
            "cache_holds_variance",
            _cached(lambda x, cache, **_: cache._replace(inv_std=x.var(axis=0))),
            "`y` is right. In the cache, `inv_std` holds the variance: read its name once more.",
        ),
        Mistake(
            "cache_holds_variance_with_eps",
            _cached(lambda x, cache, eps, **_: cache._replace(inv_std=x.var(axis=0) + eps)),
            "`y` is right. In the cache, `inv_std` holds what stands under the root.",
        ),
        Mistake(
            "cache_holds_inverse_without_eps",
            quiet(_cached(lambda x, cache, **_: cache._replace(inv_std=1 / x.std(axis=0)))),
            "`y` is right. `inv_std` of the cache must be the very factor that x was multiplied with, eps included.",
        ),
        Mistake(
            "cache_holds_the_input",
            _cached(lambda x, cache, **_: cache._replace(x_hat=x)),
            "`y` is right. In the cache, `x_hat` holds the batch as it came in, not the normalized one.",
        ),
        Mistake(
            "cache_holds_the_centred_input",
            _cached(lambda cache, **_: cache._replace(x_hat=cache.x_hat / cache.inv_std)),
            "`y` is right. In the cache, `x_hat` is centred but not yet scaled.",
        ),
        Mistake(
            "cache_holds_the_output",
            _cached(lambda y, cache, **_: cache._replace(x_hat=y)),
            "`y` is right. In the cache, `x_hat` holds y, which has already been scaled and shifted.",
        ),
        Mistake(
            "cache_in_another_order",
            _cached(lambda cache, **_: BatchNormCache(cache.x_hat, cache.gamma, cache.inv_std)),
            "`y` is right. The fields of the cache are in another order than (x_hat, inv_std, gamma).",
        ),
        Mistake(
            "cache_missing",
            _cached(lambda **_: None),
            "`y` is right, and None stands where the cache should be.",
        ),
        Mistake(
            "only_y",
            lambda x, gamma, beta, eps=EPS: batchnorm.batchnorm_forward(x, gamma, beta, eps)[0],
            "`y` is right, but two things must be returned: the backward pass needs the cache.",
        ),
        Mistake(
            "order_of_the_results",
            lambda x, gamma, beta, eps=EPS: batchnorm.batchnorm_forward(x, gamma, beta, eps)[::-1],
            "The results are in another order than (y, cache).",
        ),
        Mistake(
            "scale_and_shift_forgotten",
            _normalizer(_inv_std, y=lambda x_hat, gamma, beta: x_hat),
            "This stops at x_hat: the last line of the algorithm is missing.",
        ),
        Mistake(
            "gamma_forgotten",
            _normalizer(_inv_std, y=lambda x_hat, gamma, beta: x_hat + beta),
            "The scale is missing: one of the two learned parameters is not used.",
        ),
        Mistake(
            "beta_forgotten",
            _normalizer(_inv_std, y=lambda x_hat, gamma, beta: gamma * x_hat),
            "The shift is missing: one of the two learned parameters is not used.",
        ),
        Mistake(
            "gamma_and_beta_swapped",
            _normalizer(_inv_std, y=lambda x_hat, gamma, beta: beta * x_hat + gamma),
            "Scale and shift have changed places.",
        ),
        Mistake(
            "shifted_before_it_is_scaled",
            _normalizer(_inv_std, y=lambda x_hat, gamma, beta: gamma * (x_hat + beta)),
            "The shift is scaled too: which of the two comes last?",
        ),
        Mistake(
            "mean_not_subtracted",
            _normalizer(_inv_std, mean=lambda x: 0.0),
            "The batch is scaled but not centred: `y` should have the mean beta.",
        ),
        Mistake(
            "divided_by_variance",
            _normalizer(lambda x, eps: 1 / (x.var(axis=0) + eps)),
            "The batch is divided by a variance: x_hat should have the spread 1 in every unit of measurement.",
        ),
        Mistake(
            "not_divided",
            lambda x, gamma, beta, eps=EPS: (
                gamma * (x - x.mean(axis=0)) + beta,
                BatchNormCache(x - x.mean(axis=0), _inv_std(x, eps), gamma),
            ),
            "The batch is centred but not scaled: every x_hat should have the spread 1.",
        ),
        Mistake(
            "unbiased_variance",
            _normalizer(lambda x, eps: 1 / np.sqrt(x.var(axis=0, ddof=1) + eps)),
            "In training, the variance of the batch divides by N, not by N − 1.",
        ),
        Mistake(
            "eps_forgotten",
            _normalizer(lambda x, eps: 1 / x.std(axis=0)),
            "eps is not used: try a batch of one, or a feature that never changes.",
        ),
        Mistake(
            "eps_ignored",
            _normalizer(lambda x, eps: _inv_std(x, EPS)),
            "Right for the default only: the argument `eps` has no effect.",
        ),
        Mistake(
            "eps_outside_the_root",
            _normalizer(lambda x, eps: 1 / (x.std(axis=0) + eps)),
            "eps is added to the standard deviation: compare with the third line of the algorithm.",
        ),
        Mistake(
            "eps_squared",
            _normalizer(lambda x, eps: 1 / np.sqrt(x.var(axis=0) + eps**2)),
            "eps enters squared: it is in units of a variance already.",
        ),
        Mistake(
            "over_the_features",
            _normalizer(
                lambda x, eps: 1 / np.sqrt(x.var(axis=1, keepdims=True) + eps),
                mean=lambda x: x.mean(axis=1, keepdims=True),
            ),
            "Every example is normalized over its features: this is layer normalization. "
            "Here a feature is normalized over the batch.",
        ),
        Mistake(
            "wrong_axis",
            _normalizer(lambda x, eps: 1 / np.sqrt(x.var(axis=1) + eps), mean=lambda x: x.mean(axis=1)),
            "Mean and variance run along the wrong axis: there must be one of each for every feature.",
        ),
        Mistake(
            "over_everything",
            _normalizer(lambda x, eps: 1 / np.sqrt(x.var() + eps), mean=np.mean),
            "One mean and one variance for all features: every feature needs its own.",
        ),
    ],
)


# batchnorm_backward ---------------------------------------------------------------------------------


def _backward_case(rng: np.random.Generator, N: int, D: int, label: str, eps: float = EPS) -> Case:
    """Draw a cache and an upstream gradient that is neither centred nor unrelated to x_hat: both terms of dx show."""
    _, cache = batchnorm.batchnorm_forward(_batch(rng, N, D), *_scale_and_shift(rng, D), eps)
    dy = rng.normal(size=(N, D)) + _signed(rng, 0.5, 1.5, D) + _signed(rng, 0.5, 1.5, D) * cache.x_hat
    return Case(dy, cache, label=label)


def _parameters_right(result: Any, case: Case) -> Finding:
    """Judge dgamma and dbeta alone: they are right long before dx is."""
    want = batchnorm.batchnorm_backward(*case.args)
    return _first_wrong(("dgamma", "dbeta"), result[1:], want[1:])


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

    return quiet(backward)


def _centred(dy: Array, x_hat: Array) -> Array:
    return dy - dy.mean(axis=0)


def _along(dy: Array, x_hat: Array) -> Array:
    along: Array = x_hat * (dy * x_hat).mean(axis=0)
    return along


BATCHNORM_BACKWARD = Exercise(
    "batchnorm_backward",
    lesson=LESSON,
    reference=batchnorm.batchnorm_backward,
    outputs=("dx", "dgamma", "dbeta"),
    parts=[
        Part(
            "dgamma and dbeta",
            points=2,
            holds=_parameters_right,
            cases=lambda rng: [
                _backward_case(rng, 10, 4, "ten examples, four features"),
                _backward_case(rng, 8, 5, "eps 0.5", eps=0.5),
            ],
        ),
        Part(
            "dx, through mean and variance",
            points=3,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _backward_case(rng, 9, 4, "nine examples, four features"),
                _backward_case(rng, 12, 5, "a large eps", eps=float(rng.uniform(0.5, 2.0))),
            ],
        ),
        Part(
            "one feature, many features, larger batches",
            points=1,
            hidden=True,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _backward_case(rng, 8, 1, "one feature", eps=0.1),
                _backward_case(rng, 8, 11, "more features than examples"),
                _backward_case(rng, 40, 3, "forty examples", eps=0.3),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "statistics_taken_for_constants",
            _backwards(lambda dy, x_hat: dy),
            "`dx` treats mean and variance as constants. Both are made of x: moving one example moves them, "
            "and with them every row.",
        ),
        Mistake(
            "mean_term_missing",
            _backwards(lambda dy, x_hat: dy - _along(dy, x_hat)),
            "`dx` lacks the way through the mean: adding the same number to a whole column of x changes nothing, "
            "so every column of dx must sum to 0.",
        ),
        Mistake(
            "variance_term_missing",
            _backwards(_centred),
            "`dx` lacks the way through the variance: scaling a column of x changes (almost) nothing, "
            "so dx must have (almost) no component along x_hat.",
        ),
        Mistake(
            "variance_term_has_the_wrong_sign",
            _backwards(lambda dy, x_hat: _centred(dy, x_hat) + _along(dy, x_hat)),
            "The way through the variance enters `dx` with the wrong sign.",
        ),
        Mistake(
            "gamma_forgotten_in_dx",
            _backwards(factor=lambda cache: cache.inv_std),
            "`dx` lacks the scale: on its way back the gradient passes y = gamma·x_hat + beta first.",
        ),
        Mistake(
            "inv_std_forgotten_in_dx",
            _backwards(factor=lambda cache: cache.gamma),
            "`dx` is the gradient with respect to x_hat's numerator: the division by the spread is still missing.",
        ),
        Mistake(
            "multiplied_by_the_std",
            _backwards(factor=lambda cache: cache.gamma / cache.inv_std),
            "`dx` is multiplied by the standard deviation where it should be divided: what does `inv_std` hold?",
        ),
        Mistake(
            "sums_in_place_of_means",
            _backwards(lambda dy, x_hat: dy - dy.sum(axis=0) - x_hat * (dy * x_hat).sum(axis=0)),
            "Two sums in `dx` lack their 1/N: mean and variance are averages over the batch.",
        ),
        Mistake(
            "n_times_too_large",
            lambda dy, cache: (
                len(dy) * batchnorm.batchnorm_backward(dy, cache)[0],
                *batchnorm.batchnorm_backward(dy, cache)[1:],
            ),
            "`dx` is N times as large as it should be: a 1/N got lost when the terms were put together.",
        ),
        Mistake(
            "dx_averaged",
            lambda dy, cache: (
                batchnorm.batchnorm_backward(dy, cache)[0] / len(dy),
                *batchnorm.batchnorm_backward(dy, cache)[1:],
            ),
            "`dx` is divided by N once too often: the loss already contains its 1/N.",
        ),
        Mistake(
            "variance_divides_by_n_minus_one",
            _backwards(lambda dy, x_hat: _centred(dy, x_hat) - _along(dy, x_hat) * len(dy) / (len(dy) - 1)),
            "The way through the variance has N − 1 in it; in the forward pass the variance divides by N.",
        ),
        Mistake(
            "eps_forgotten",
            _backwards(lambda dy, x_hat: _centred(dy, x_hat) - _along(dy, x_hat) / np.square(x_hat).mean(axis=0)),
            "Right where eps is negligible. The x_hat of the cache has a variance a little below 1: "
            "do not assume, or restore, the 1.",
        ),
        Mistake(
            "mean_over_the_features",
            _backwards(lambda dy, x_hat: dy - dy.mean(axis=1, keepdims=True) - _along(dy, x_hat)),
            "In `dx` a mean runs over the features; all of them run over the batch.",
        ),
        Mistake(
            "averaged",
            _backwards(
                dgamma=lambda dy, cache: (dy * cache.x_hat).mean(axis=0),
                dbeta=lambda dy, cache: dy.mean(axis=0),
            ),
            "`dgamma` and `dbeta` are averaged over the batch; in this course gradients are summed, "
            "because the loss already contains the 1/N.",
        ),
        Mistake(
            "dgamma_averaged",
            _backwards(dgamma=lambda dy, cache: (dy * cache.x_hat).mean(axis=0)),
            "`dgamma` is averaged over the batch; it must be summed, like `dbeta`.",
        ),
        Mistake(
            "dbeta_averaged",
            _backwards(dbeta=lambda dy, cache: dy.mean(axis=0)),
            "`dbeta` is averaged over the batch; it must be summed, like `dgamma`.",
        ),
        Mistake(
            "dgamma_of_the_centred_batch",
            _backwards(dgamma=lambda dy, cache: (dy * cache.x_hat / cache.inv_std).sum(axis=0)),
            "`dgamma` is formed with x − mean: what does gamma multiply in the forward pass?",
        ),
        Mistake(
            "dgamma_without_x_hat",
            _backwards(dgamma=lambda dy, cache: dy.sum(axis=0)),
            "`dgamma` is the same as `dbeta`: what does gamma multiply in the forward pass?",
        ),
        Mistake(
            "scaled_too_early",
            _backwards(
                dgamma=lambda dy, cache: (cache.gamma * dy * cache.x_hat).sum(axis=0),
                dbeta=lambda dy, cache: (cache.gamma * dy).sum(axis=0),
            ),
            "`dgamma` and `dbeta` contain gamma: they belong to dy as it arrives, before it is scaled.",
        ),
        Mistake(
            "dgamma_contains_gamma",
            _backwards(dgamma=lambda dy, cache: (cache.gamma * dy * cache.x_hat).sum(axis=0)),
            "`dgamma` contains gamma itself: y is linear in gamma, so its derivative does not.",
        ),
        Mistake(
            "not_summed",
            _backwards(dgamma=lambda dy, cache: dy * cache.x_hat, dbeta=lambda dy, cache: dy),
            "gamma and beta act on every row, so their gradients collect from every row.",
        ),
        Mistake(
            "wrong_axis",
            _backwards(
                dgamma=lambda dy, cache: (dy * cache.x_hat).sum(axis=1),
                dbeta=lambda dy, cache: dy.sum(axis=1),
            ),
            "`dgamma` and `dbeta` are summed along the wrong axis: over the features instead of over the batch.",
        ),
        Mistake(
            "order_of_the_results",
            lambda dy, cache: tuple(batchnorm.batchnorm_backward(dy, cache)[i] for i in (0, 2, 1)),
            "The gradients are in another order than (dx, dgamma, dbeta).",
        ),
        Mistake(
            "gradients_of_the_parameters_first",
            lambda dy, cache: tuple(batchnorm.batchnorm_backward(dy, cache)[i] for i in (1, 2, 0)),
            "The gradients are in another order than (dx, dgamma, dbeta).",
        ),
        Mistake(
            "sign",
            lambda dy, cache: tuple(-gradient for gradient in batchnorm.batchnorm_backward(dy, cache)),
            "All signs are flipped: these are the gradients; the minus belongs to the update.",
        ),
    ],
)


# identity_parameters --------------------------------------------------------------------------------


def _identity_case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    return Case(_batch(rng, N, D), label=label, **options)


IDENTITY_PARAMETERS = Exercise(
    "identity_parameters",
    lesson=LESSON,
    reference=batchnorm.identity_parameters,
    outputs=("gamma", "beta"),
    uses=("batchnorm_forward",),
    parts=[
        Part(
            "this batch comes back",
            points=1,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                Case(np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]), 0.5, label="three examples, eps 0.5"),
                _identity_case(rng, 11, 4, "random numbers, the default eps"),
            ],
        ),
        Part(
            "other batches, other eps",
            points=1,
            hidden=True,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _identity_case(rng, 8, 6, "a large eps", eps=float(rng.uniform(1.0, 3.0))),
                _identity_case(rng, 9, 1, "one feature", eps=0.1),
                _identity_case(rng, 2, 3, "two examples", eps=0.2),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "eps_forgotten",
            lambda x, eps=EPS: (x.std(axis=0), x.mean(axis=0)),
            "This undoes the deck's equation (1), which has no eps. The transform divides by a little more than "
            "the standard deviation.",
        ),
        Mistake(
            "eps_outside_the_root",
            lambda x, eps=EPS: (x.std(axis=0) + eps, x.mean(axis=0)),
            "eps is added to the standard deviation; what exactly does the transform divide by?",
        ),
        Mistake(
            "eps_ignored",
            lambda x, eps=EPS: (np.sqrt(x.var(axis=0) + EPS), x.mean(axis=0)),
            "Right for the default only: the argument `eps` has no effect.",
        ),
        Mistake(
            "order_of_the_results",
            lambda x, eps=EPS: (x.mean(axis=0), np.sqrt(x.var(axis=0) + eps)),
            "The parameters are in another order than (gamma, beta).",
        ),
        Mistake(
            "normalizes_instead",
            lambda x, eps=EPS: (_inv_std(x, eps), x.mean(axis=0)),
            "gamma is the factor that normalizes; the one that undoes it is asked for.",
        ),
        Mistake(
            "normalizes_the_input",
            lambda x, eps=EPS: (_inv_std(x, eps), -x.mean(axis=0) * _inv_std(x, eps)),
            "These would normalize x itself; what is asked for must bring x_hat back to x.",
        ),
        Mistake(
            "variance",
            lambda x, eps=EPS: (x.var(axis=0) + eps, x.mean(axis=0)),
            "gamma is a variance; x_hat was divided by its root.",
        ),
        Mistake(
            "unbiased_variance",
            lambda x, eps=EPS: (np.sqrt(x.var(axis=0, ddof=1) + eps), x.mean(axis=0)),
            "In training, the variance of the batch divides by N, not by N − 1.",
        ),
        Mistake(
            "sign_of_beta",
            lambda x, eps=EPS: (np.sqrt(x.var(axis=0) + eps), -x.mean(axis=0)),
            "beta has the wrong sign: the mean was taken away, now it has to come back.",
        ),
        Mistake(
            "no_transform",
            lambda x, eps=EPS: (np.ones(x.shape[1]), np.zeros(x.shape[1])),
            "With these y is x_hat, the normalized batch; x itself is asked for.",
        ),
        Mistake(
            "wrong_axis",
            lambda x, eps=EPS: (np.sqrt(x.var(axis=1) + eps), x.mean(axis=1)),
            "There is one pair for every example; one for every feature is asked for.",
        ),
        Mistake(
            "over_everything",
            lambda x, eps=EPS: (np.sqrt(x.var() + eps), x.mean()),
            "There is one pair of numbers for all features; every feature needs its own.",
        ),
    ],
)


# update_running_statistics --------------------------------------------------------------------------


def _update_case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    return Case(*_statistics(rng, D), _batch(rng, N, D), label=label, **options)


def _update(
    mean: Callable[[Array, Array, float], Any] = lambda old, x, decay: decay * old + (1 - decay) * x.mean(axis=0),
    var: Callable[[Array, Array, float], Any] = lambda old, x, decay: decay * old + (1 - decay) * _unbiased(x),
) -> Callable[..., Any]:
    """Build a wrong update from what it takes for the new mean and the new variance."""

    def update(running_mean: Array, running_var: Array, x: Array, decay: float = DECAY) -> Any:
        return mean(running_mean, x, decay), var(running_var, x, decay)

    return quiet(update)


def _unbiased(x: Array) -> Array:
    return x.var(axis=0, ddof=1)


def _around_the_stored_mean(running_mean: Array, running_var: Array, x: Array, decay: float = DECAY) -> Any:
    mean, _ = batchnorm.update_running_statistics(running_mean, running_var, x, decay)
    var = np.square(x - running_mean).sum(axis=0) / (len(x) - 1)
    return mean, decay * running_var + (1 - decay) * var


UPDATE_RUNNING_STATISTICS = Exercise(
    "update_running_statistics",
    lesson=LESSON,
    reference=batchnorm.update_running_statistics,
    outputs=("mean", "var"),
    parts=[
        Part(
            "towards the statistics of a batch",
            points=1.5,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                Case(
                    np.array([0.0, 5.0]),
                    np.array([1.0, 4.0]),
                    np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]),
                    label="three examples, two features",
                ),
                _update_case(rng, 9, 4, "random numbers, the default decay"),
            ],
        ),
        Part(
            "uses the decay it is given",
            points=0.5,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _update_case(rng, 8, 3, "a decay given by name", decay=float(rng.uniform(0.2, 0.4))),
                _update_case(rng, 10, 5, "a long memory", decay=float(rng.uniform(0.6, 0.8))),
            ],
        ),
        Part(
            "no memory, nothing but memory, two examples",
            points=1,
            hidden=True,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _update_case(rng, 8, 4, "decay 0", decay=0.0),
                _update_case(rng, 8, 4, "decay 1", decay=1.0),
                _update_case(rng, 2, 5, "two examples", decay=0.7),
                _update_case(rng, 12, 1, "one feature", decay=0.35),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "decay_flipped",
            _update(
                mean=lambda old, x, decay: (1 - decay) * old + decay * x.mean(axis=0),
                var=lambda old, x, decay: (1 - decay) * old + decay * _unbiased(x),
            ),
            "The weights have changed places: in this course `decay` is the weight of the old value. "
            "(PyTorch's `momentum` is the other one.)",
        ),
        Mistake(
            "decay_flipped_and_biased",
            _update(
                mean=lambda old, x, decay: (1 - decay) * old + decay * x.mean(axis=0),
                var=lambda old, x, decay: (1 - decay) * old + decay * x.var(axis=0),
            ),
            "Two things: `decay` is the weight of the old value, and the variance of the batch enters "
            "as an unbiased estimate.",
        ),
        Mistake(
            "biased_variance",
            _update(var=lambda old, x, decay: decay * old + (1 - decay) * x.var(axis=0)),
            "The variance of the batch divides by N. What is stored is an estimate for examples never seen: "
            "by what does an unbiased one divide?",
        ),
        Mistake(
            "std_stored",
            _update(var=lambda old, x, decay: decay * old + (1 - decay) * x.std(axis=0, ddof=1)),
            "A standard deviation is mixed into the stored variance.",
        ),
        Mistake(
            "biased_std_stored",
            _update(var=lambda old, x, decay: decay * old + (1 - decay) * x.std(axis=0)),
            "A standard deviation is mixed into the stored variance.",
        ),
        Mistake(
            "variance_without_memory",
            _update(var=lambda old, x, decay: _unbiased(x)),
            "The mean remembers, the variance does not: it is that of the batch alone.",
        ),
        Mistake(
            "mean_without_memory",
            _update(mean=lambda old, x, decay: x.mean(axis=0)),
            "The variance remembers, the mean does not: it is that of the batch alone.",
        ),
        Mistake(
            "no_memory",
            _update(mean=lambda old, x, decay: x.mean(axis=0), var=lambda old, x, decay: _unbiased(x)),
            "These are the statistics of the batch: the old values have no part in them.",
        ),
        Mistake(
            "old_value_not_weighted",
            _update(
                mean=lambda old, x, decay: old + (1 - decay) * x.mean(axis=0),
                var=lambda old, x, decay: old + (1 - decay) * _unbiased(x),
            ),
            "The weights do not sum to 1: the old value enters in full, so the statistics grow without end.",
        ),
        Mistake(
            "batch_not_weighted",
            _update(
                mean=lambda old, x, decay: decay * old + x.mean(axis=0),
                var=lambda old, x, decay: decay * old + _unbiased(x),
            ),
            "The weights do not sum to 1: the batch enters in full.",
        ),
        Mistake(
            "decay_ignored",
            lambda running_mean, running_var, x, decay=DECAY: batchnorm.update_running_statistics(
                running_mean, running_var, x
            ),
            "Right for the default only: the argument `decay` has no effect.",
        ),
        Mistake(
            "stored_variance_corrected_again",
            _update(var=lambda old, x, decay: (decay * old + (1 - decay) * x.var(axis=0)) * len(x) / (len(x) - 1)),
            "The correction from N to N − 1 is applied to the stored part as well, which has had it already.",
        ),
        Mistake(
            "correction_upside_down",
            _update(var=lambda old, x, decay: decay * old + (1 - decay) * x.var(axis=0) * (len(x) - 1) / len(x)),
            "The correction of the variance is upside down: the unbiased estimate is the larger one.",
        ),
        Mistake(
            "around_the_stored_mean",
            _around_the_stored_mean,
            "The variance of the batch is taken around the stored mean instead of the batch's own.",
        ),
        Mistake(
            "order_of_the_results",
            lambda running_mean, running_var, x, decay=DECAY: batchnorm.update_running_statistics(
                running_mean, running_var, x, decay
            )[::-1],
            "The statistics are in another order than (mean, var).",
        ),
        Mistake(
            "over_everything",
            _update(
                mean=lambda old, x, decay: decay * old + (1 - decay) * x.mean(),
                var=lambda old, x, decay: decay * old + (1 - decay) * x.var(ddof=1),
            ),
            "The batch is summed up in one mean and one variance for all features; every feature needs its own.",
        ),
        Mistake(
            "wrong_axis",
            _update(mean=lambda old, x, decay: decay * old + (1 - decay) * x.mean(axis=1)),
            "The statistics of the batch run along the wrong axis: there is one of each for every feature.",
        ),
    ],
)


# batchnorm_inference --------------------------------------------------------------------------------


def _inference_case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    """Draw examples whose distribution is not the stored one: batch statistics cannot pass for stored ones."""
    return Case(_batch(rng, N, D), *_scale_and_shift(rng, D), *_statistics(rng, D), label=label, **options)


def _with_a_variance_of_zero(rng: np.random.Generator) -> Case:
    mean, var = _statistics(rng, 4)
    var[2] = 0.0
    x = _batch(rng, 8, 4)
    x[:, 2] -= x[:, 2].mean()
    return Case(x, *_scale_and_shift(rng, 4), mean, var, 0.2, label="a stored variance of 0")


def _inference(
    y: Callable[..., Any] = lambda x_hat, gamma, beta: gamma * x_hat + beta,
    mean: Callable[[Array, Array], Any] = lambda x, running_mean: running_mean,
    factor: Callable[..., Any] = lambda x, running_var, eps: 1 / np.sqrt(running_var + eps),
) -> Callable[..., Any]:
    """Build a wrong inference from the pieces that it takes for right."""

    def inference(
        x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, eps: float = EPS
    ) -> Any:
        return y((x - mean(x, running_mean)) * factor(x, running_var, eps), gamma, beta)

    return quiet(inference)


BATCHNORM_INFERENCE = Exercise(
    "batchnorm_inference",
    lesson=LESSON,
    reference=batchnorm.batchnorm_inference,
    parts=[
        Part(
            "from stored statistics only",
            points=2,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]),
                    np.array([2.0, -1.0]),
                    np.array([0.5, 3.0]),
                    np.array([1.0, 5.0]),
                    np.array([4.0, 100.0]),
                    0.5,
                    label="three examples, eps 0.5",
                ),
                _inference_case(rng, 9, 5, "examples from elsewhere, the default eps"),
            ],
        ),
        Part(
            "one example, a stored variance of 0",
            points=1,
            hidden=True,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _inference_case(rng, 1, 4, "one example"),
                _inference_case(rng, 8, 3, "a large eps", eps=float(rng.uniform(0.5, 2.0))),
                _with_a_variance_of_zero(rng),
                _inference_case(rng, 10, 1, "one feature", eps=0.3),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "statistics_of_the_batch",
            _inference(
                mean=lambda x, running_mean: x.mean(axis=0),
                factor=lambda x, running_var, eps: _inv_std(x, eps),
            ),
            "This normalizes with the statistics of the examples at hand: the answer for one depends on the others. "
            "What are the stored ones for?",
        ),
        Mistake(
            "mean_of_the_batch",
            _inference(mean=lambda x, running_mean: x.mean(axis=0)),
            "The mean is that of the examples at hand: the answer for one depends on the others.",
        ),
        Mistake(
            "variance_of_the_batch",
            _inference(factor=lambda x, running_var, eps: _inv_std(x, eps)),
            "The variance is that of the examples at hand: the answer for one depends on the others.",
        ),
        Mistake(
            "scale_and_shift_forgotten",
            _inference(lambda x_hat, gamma, beta: x_hat),
            "This stops at x_hat: what training has learned, gamma and beta, is not used.",
        ),
        Mistake(
            "gamma_forgotten",
            _inference(lambda x_hat, gamma, beta: x_hat + beta),
            "The scale is missing: one of the two learned parameters is not used.",
        ),
        Mistake(
            "beta_forgotten",
            _inference(lambda x_hat, gamma, beta: gamma * x_hat),
            "The shift is missing: one of the two learned parameters is not used.",
        ),
        Mistake(
            "gamma_and_beta_swapped",
            _inference(lambda x_hat, gamma, beta: beta * x_hat + gamma),
            "Scale and shift have changed places.",
        ),
        Mistake(
            "mean_not_subtracted",
            _inference(mean=lambda x, running_mean: 0.0),
            "The examples are scaled but not centred.",
        ),
        Mistake(
            "mean_added",
            _inference(mean=lambda x, running_mean: -running_mean),
            "The stored mean enters with the wrong sign.",
        ),
        Mistake(
            "divided_by_variance",
            _inference(factor=lambda x, running_var, eps: 1 / (running_var + eps)),
            "The examples are divided by a variance: a square root is missing.",
        ),
        Mistake(
            "eps_forgotten",
            _inference(factor=lambda x, running_var, eps: 1 / np.sqrt(running_var)),
            "eps is not used: training had it, so inference needs the same.",
        ),
        Mistake(
            "eps_ignored",
            _inference(factor=lambda x, running_var, eps: 1 / np.sqrt(running_var + EPS)),
            "Right for the default only: the argument `eps` has no effect.",
        ),
        Mistake(
            "eps_outside_the_root",
            _inference(factor=lambda x, running_var, eps: 1 / (np.sqrt(running_var) + eps)),
            "eps is added to the standard deviation; in training it was added to the variance.",
        ),
        Mistake(
            "mean_and_variance_swapped",
            quiet(
                lambda x, gamma, beta, running_mean, running_var, eps=EPS: (
                    gamma * (x - running_var) / np.sqrt(running_mean + eps) + beta
                )
            ),
            "The stored mean and the stored variance have changed places.",
        ),
        Mistake(
            "with_a_cache",
            lambda x, gamma, beta, running_mean, running_var, eps=EPS: (
                batchnorm.batchnorm_inference(x, gamma, beta, running_mean, running_var, eps),
                None,
            ),
            "Only y is asked for: nothing goes backwards at test time, so there is no cache.",
        ),
    ],
)


# fold_batchnorm -------------------------------------------------------------------------------------


def _fold_case(rng: np.random.Generator, n_in: int, n_out: int, label: str, **options: Any) -> Case:
    W, b = rng.normal(size=(n_in, n_out)), _signed(rng, 0.5, 2.0, n_out)
    return Case(W, b, *_scale_and_shift(rng, n_out), *_statistics(rng, n_out), label=label, **options)


def _fold(
    weights: Callable[[Array, Array], Any] = lambda W, s: W * s,
    bias: Callable[..., Any] = lambda b, s, beta, mean: (b - mean) * s + beta,
    scale: Callable[..., Any] = lambda gamma, var, eps: gamma / np.sqrt(var + eps),
) -> Callable[..., Any]:
    """Build a wrong fold from the pieces that it takes for right."""

    def fold(
        W: Array, b: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, eps: float = EPS
    ) -> Any:
        s = scale(gamma, running_var, eps)
        return weights(W, s), bias(b, s, beta, running_mean)

    return quiet(fold)


FOLD_BATCHNORM = Exercise(
    "fold_batchnorm",
    lesson=LESSON,
    reference=batchnorm.fold_batchnorm,
    outputs=("W", "b"),
    uses=("batchnorm_inference",),
    parts=[
        Part(
            "one layer for two",
            points=2,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]),
                    np.array([0.5, -1.0]),
                    np.array([2.0, -1.0]),
                    np.array([1.0, 3.0]),
                    np.array([4.0, -2.0]),
                    np.array([3.5, 15.5]),
                    0.5,
                    label="three inputs, two units, eps 0.5",
                ),
                _fold_case(rng, 6, 4, "random numbers, the default eps"),
            ],
        ),
        Part(
            "eps where it belongs",
            points=1,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [_fold_case(rng, 3, 5, "eps given by name", eps=float(rng.uniform(0.2, 0.6)))],
        ),
        Part(
            "one unit, as many units as inputs",
            points=1,
            hidden=True,
            rtol=RTOL,
            atol=ATOL,
            cases=lambda rng: [
                _fold_case(rng, 5, 1, "one unit", eps=0.3),
                _fold_case(rng, 4, 4, "as many units as inputs", eps=0.1),
                _fold_case(rng, 2, 7, "more units than inputs"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "bias_not_scaled",
            _fold(bias=lambda b, s, beta, mean: b - mean * s + beta),
            "The layer's own bias is not scaled: it went through batch normalization as well.",
        ),
        Mistake(
            "bias_only_shifted",
            _fold(bias=lambda b, s, beta, mean: b - mean + beta),
            "Nothing in the new bias is scaled: the layer's bias and the mean both went through the division.",
        ),
        Mistake(
            "bias_kept",
            _fold(bias=lambda b, s, beta, mean: b),
            "The bias is what it was; batch normalization shifts too.",
        ),
        Mistake(
            "own_bias_dropped",
            _fold(bias=lambda b, s, beta, mean: beta - mean * s),
            "The layer's own bias is lost. Training cannot see it, but with stored statistics it counts.",
        ),
        Mistake(
            "mean_not_subtracted",
            _fold(bias=lambda b, s, beta, mean: b * s + beta),
            "The stored mean is missing.",
        ),
        Mistake(
            "mean_not_scaled",
            _fold(bias=lambda b, s, beta, mean: b * s - mean + beta),
            "The mean is subtracted after the scaling; batch normalization subtracts it before.",
        ),
        Mistake(
            "mean_added",
            _fold(bias=lambda b, s, beta, mean: (b + mean) * s + beta),
            "The stored mean enters with the wrong sign.",
        ),
        Mistake(
            "beta_forgotten",
            _fold(bias=lambda b, s, beta, mean: (b - mean) * s),
            "The shift is missing: one of the two learned parameters is not used.",
        ),
        Mistake(
            "beta_scaled",
            _fold(bias=lambda b, s, beta, mean: (b - mean + beta) * s),
            "beta is scaled too: in batch normalization it is added last.",
        ),
        Mistake(
            "weights_kept",
            _fold(weights=lambda W, s: W),
            "The weights are what they were; what they give is scaled.",
        ),
        Mistake(
            "rows_scaled",
            _fold(weights=lambda W, s: W * s[:, None]),
            "The scale belongs to the units, and a unit is a column of `W`; here it is applied to the rows.",
        ),
        Mistake(
            "gamma_forgotten",
            _fold(scale=lambda gamma, var, eps: 1 / np.sqrt(var + eps)),
            "The learned scale is not used.",
        ),
        Mistake(
            "divided_by_variance",
            _fold(scale=lambda gamma, var, eps: gamma / (var + eps)),
            "This divides by a variance: a square root is missing.",
        ),
        Mistake(
            "multiplied_by_the_std",
            _fold(scale=lambda gamma, var, eps: gamma * np.sqrt(var + eps)),
            "This multiplies by the standard deviation; batch normalization divides by it.",
        ),
        Mistake(
            "eps_forgotten",
            _fold(scale=lambda gamma, var, eps: gamma / np.sqrt(var)),
            "eps is not used: the two layers had it, so the one layer needs it.",
        ),
        Mistake(
            "eps_ignored",
            _fold(scale=lambda gamma, var, eps: gamma / np.sqrt(var + EPS)),
            "Right for the default only: the argument `eps` has no effect.",
        ),
        Mistake(
            "eps_outside_the_root",
            _fold(scale=lambda gamma, var, eps: gamma / (np.sqrt(var) + eps)),
            "eps is added to the standard deviation; batch normalization adds it to the variance.",
        ),
        Mistake(
            "order_of_the_results",
            lambda W, b, gamma, beta, running_mean, running_var, eps=EPS: batchnorm.fold_batchnorm(
                W, b, gamma, beta, running_mean, running_var, eps
            )[::-1],
            "The results are in another order than (W, b).",
        ),
    ],
)


EXERCISES = (
    BATCHNORM_FORWARD,
    BATCHNORM_BACKWARD,
    IDENTITY_PARAMETERS,
    UPDATE_RUNNING_STATISTICS,
    BATCHNORM_INFERENCE,
    FOLD_BATCHNORM,
)
