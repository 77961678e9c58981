import math

import numpy as np
import pytest

from course_lib.batchnorm import (
    BatchNormCache,
    batchnorm_backward,
    batchnorm_forward,
    batchnorm_inference,
    fold_batchnorm,
    identity_parameters,
    update_running_statistics,
)
from course_lib.dense import dense_forward

EPS = [1e-5, 0.1, 2.0]


def batch(seed, N=9, D=4):
    """Create a batch with very different offsets and scales, γ of both signs and β ≠ 0."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-20, 30, D) + np.geomspace(0.1, 10, D) * rng.normal(size=(N, D))
    return rng, x, rng.uniform(0.5, 2, size=D) * (-1.0) ** np.arange(D), rng.uniform(1, 3, size=D)


def read_only(*arrays):
    for array in arrays:
        array.flags.writeable = False
    return arrays


# Forward ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eps", EPS)
def test_the_transform_is_algorithm_1_written_out(eps):
    _, x, gamma, beta = batch(0)
    y, cache = batchnorm_forward(x, gamma, beta, eps)
    for d in range(4):
        mean = math.fsum(x[:, d]) / 9
        std = math.sqrt(math.fsum((v - mean) ** 2 for v in x[:, d]) / 9 + eps)
        want = [(v - mean) / std for v in x[:, d]]
        np.testing.assert_allclose(cache.x_hat[:, d], want, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(y[:, d], [gamma[d] * v + beta[d] for v in want], rtol=1e-12, atol=1e-13)
        assert cache.inv_std[d] == pytest.approx(1 / std, rel=1e-13)


def test_the_cache_holds_x_hat_inv_std_and_gamma_by_name_and_in_this_order():
    _, x, gamma, beta = batch(1)
    y, cache = batchnorm_forward(x, gamma, beta)
    assert type(cache) is BatchNormCache
    x_hat, inv_std, scale = cache
    assert (cache.x_hat is x_hat, cache.inv_std is inv_std, cache.gamma is scale) == (True, True, True)
    assert (y.shape, x_hat.shape, inv_std.shape, scale.shape) == ((9, 4), (9, 4), (4,), (4,))
    np.testing.assert_array_equal(scale, gamma)
    np.testing.assert_allclose((x - x.mean(axis=0)) * inv_std, x_hat, rtol=1e-14)


@pytest.mark.parametrize("eps", EPS)
def test_x_hat_has_mean_0_and_a_variance_a_little_below_1(eps):
    _, x, gamma, beta = batch(2)
    _, cache = batchnorm_forward(x, gamma, beta, eps)
    np.testing.assert_allclose(cache.x_hat.mean(axis=0), np.zeros(4), atol=1e-12)
    np.testing.assert_allclose(cache.x_hat.var(axis=0), x.var(axis=0) / (x.var(axis=0) + eps), rtol=1e-12)


def test_offset_and_scale_of_the_input_do_not_matter():
    _, x, gamma, beta = batch(3)
    y, _ = batchnorm_forward(x, gamma, beta, 1e-12)
    moved, _ = batchnorm_forward(100 + 7 * x, gamma, beta, 1e-12)
    np.testing.assert_allclose(moved, y, rtol=1e-8)


def test_a_batch_of_one_returns_beta():
    _, x, gamma, beta = batch(4, N=1)
    y, cache = batchnorm_forward(x, gamma, beta)
    np.testing.assert_array_equal(y, beta[None, :])
    np.testing.assert_array_equal(cache.inv_std, np.full(4, 1 / np.sqrt(1e-5)))


def test_a_batch_of_two_is_normalized_to_minus_one_and_one():
    _, x, gamma, beta = batch(5, N=2)
    _, cache = batchnorm_forward(x, gamma, beta, 1e-14)
    np.testing.assert_allclose(cache.x_hat, np.sign(x - x[::-1]), rtol=1e-9)


def test_a_feature_that_never_changes_returns_beta():
    _, x, gamma, beta = batch(6)
    x[:, 2] = 3.0
    y, cache = batchnorm_forward(x, gamma, beta)
    np.testing.assert_array_equal(y[:, 2], np.full(9, beta[2]))
    assert np.all(np.isfinite(cache.inv_std))


# Backward -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("N", "D"), [(8, 3), (9, 4), (20, 1), (10, 12)])
@pytest.mark.parametrize("eps", EPS)
@pytest.mark.parametrize("which", ["x", "gamma", "beta"])
def test_gradients_agree_with_differences_in_a_random_direction(N, D, eps, which):
    rng, x, gamma, beta = batch(N + D, N, D)
    x /= np.geomspace(0.1, 10, D)  # so that one step suits all features
    dy = rng.normal(size=(N, D)) + rng.normal(size=D)
    arguments = {"x": x, "gamma": gamma, "beta": beta}
    gradients = batchnorm_backward(dy, batchnorm_forward(x, gamma, beta, eps)[1])
    gradient = dict(zip(("x", "gamma", "beta"), gradients, strict=True))[which]
    direction = rng.normal(size=arguments[which].shape)

    def loss(t):
        moved = {**arguments, which: arguments[which] + t * direction}
        return np.sum(dy * batchnorm_forward(**moved, eps=eps)[0])

    step = 1e-4
    slope = (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
    assert gradient.shape == arguments[which].shape
    assert slope == pytest.approx(np.sum(gradient * direction), rel=1e-7, abs=1e-8)


def test_the_gradient_is_zero_in_directions_that_the_transform_removes():
    rng, x, gamma, beta = batch(7)
    _, cache = batchnorm_forward(x, gamma, beta, 1e-12)
    dx, _, _ = batchnorm_backward(rng.normal(size=x.shape), cache)
    np.testing.assert_allclose(dx.sum(axis=0), np.zeros(4), atol=1e-11)
    np.testing.assert_allclose((dx * cache.x_hat).sum(axis=0), np.zeros(4), atol=1e-8)


def test_an_upstream_gradient_of_ones_changes_beta_only():
    _, x, gamma, beta = batch(8)
    dx, dgamma, dbeta = batchnorm_backward(np.ones_like(x), batchnorm_forward(x, gamma, beta)[1])
    np.testing.assert_allclose(dx, np.zeros_like(x), atol=1e-12)
    np.testing.assert_allclose(dgamma, np.zeros(4), atol=1e-12)
    np.testing.assert_array_equal(dbeta, np.full(4, 9.0))


def test_the_cache_may_be_any_three_arrays_in_the_cache_s_type():
    rng, x, gamma, beta = batch(9)
    dy = rng.normal(size=x.shape)
    _, cache = batchnorm_forward(x, gamma, beta)
    again = BatchNormCache(*(np.array(entry) for entry in cache))
    for one, other in zip(batchnorm_backward(dy, cache), batchnorm_backward(dy, again), strict=True):
        np.testing.assert_array_equal(one, other)


# Identity -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("eps", EPS)
def test_the_identity_parameters_restore_this_batch_and_no_other(eps):
    rng, x, _, _ = batch(10)
    gamma, beta = identity_parameters(x, eps)
    np.testing.assert_allclose(batchnorm_forward(x, gamma, beta, eps)[0], x, rtol=1e-12)
    other = x + rng.normal(size=x.shape)
    assert np.max(np.abs(batchnorm_forward(other, gamma, beta, eps)[0] - other)) > 0.1


def test_the_identity_needs_eps_under_the_root():
    _, x, _, _ = batch(11)
    gamma, beta = identity_parameters(x, 0.1)
    np.testing.assert_allclose(gamma**2 - x.var(axis=0), np.full(4, 0.1), rtol=1e-10)
    np.testing.assert_allclose(beta, x.sum(axis=0) / 9, rtol=1e-13)


# Running statistics -------------------------------------------------------------------------------


def test_running_statistics_move_by_one_minus_decay():
    rng, x, _, _ = batch(12)
    mean, var = rng.normal(size=4), rng.uniform(1, 2, size=4)
    new_mean, new_var = update_running_statistics(mean, var, x, decay=0.7)
    unbiased = [math.fsum((v - math.fsum(x[:, d]) / 9) ** 2 for v in x[:, d]) / 8 for d in range(4)]
    np.testing.assert_allclose(new_mean, 0.7 * mean + 0.3 * x.sum(axis=0) / 9, rtol=1e-13)
    np.testing.assert_allclose(new_var, 0.7 * var + 0.3 * np.array(unbiased), rtol=1e-12)


def test_the_default_decay_is_nine_tenths():
    _, x, _, _ = batch(13)
    mean, var = update_running_statistics(np.zeros(4), np.zeros(4), x)
    np.testing.assert_allclose(mean, 0.1 * x.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(var, 0.1 * x.var(axis=0) * 9 / 8, rtol=1e-13)


def test_decay_0_returns_the_batch_and_decay_1_the_old_values_as_new_arrays():
    _, x, gamma, beta = batch(14)
    mean, var = update_running_statistics(gamma, beta, x, decay=0.0)
    np.testing.assert_allclose(mean, x.mean(axis=0))
    np.testing.assert_allclose(var, x.var(axis=0, ddof=1))
    for old, new in zip((gamma, beta), update_running_statistics(gamma, beta, x, decay=1.0), strict=True):
        np.testing.assert_array_equal(new, old)
        assert not np.shares_memory(new, old)


def test_the_stored_variance_is_unbiased_over_many_batches():
    rng = np.random.default_rng(15)
    mean, var = np.zeros(400), np.ones(400)
    for _ in range(300):
        mean, var = update_running_statistics(mean, var, 5 + 3 * rng.normal(size=(2, 400)), decay=0.98)
    assert np.mean(mean) == pytest.approx(5, abs=0.1)
    assert np.mean(var) == pytest.approx(9, rel=0.05)  # divided by N it would be 4.5


# Inference ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("eps", EPS)
def test_inference_is_its_formula_for_every_entry(eps):
    rng, x, gamma, beta = batch(16)
    mean, var = rng.normal(size=4), rng.uniform(0.5, 4, size=4)
    y = batchnorm_inference(x, gamma, beta, mean, var, eps)
    want = [[gamma[d] * (x[n, d] - mean[d]) / math.sqrt(var[d] + eps) + beta[d] for d in range(4)] for n in range(9)]
    np.testing.assert_allclose(y, want, rtol=1e-12, atol=1e-13)


def test_the_result_for_an_example_does_not_depend_on_other_rows():
    rng, x, gamma, beta = batch(17)
    mean, var = rng.normal(size=4), rng.uniform(0.5, 4, size=4)
    together = batchnorm_inference(x, gamma, beta, mean, var)
    for row, alone in zip(together, x, strict=True):
        np.testing.assert_array_equal(batchnorm_inference(alone[None, :], gamma, beta, mean, var)[0], row)


def test_with_the_statistics_of_the_batch_inference_is_the_training_transform():
    _, x, gamma, beta = batch(18)
    y = batchnorm_inference(x, gamma, beta, x.mean(axis=0), x.var(axis=0), 0.1)
    np.testing.assert_allclose(y, batchnorm_forward(x, gamma, beta, 0.1)[0], rtol=1e-12)


def test_a_running_variance_of_zero_is_accepted():
    _, x, gamma, beta = batch(19)
    y = batchnorm_inference(x, gamma, beta, np.zeros(4), np.zeros(4), 0.25)
    np.testing.assert_allclose(y, gamma * x / 0.5 + beta)


# Folding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eps", EPS)
@pytest.mark.parametrize(("n_in", "n_out"), [(5, 3), (3, 5), (4, 4), (6, 1)])
def test_the_folded_layer_equals_the_two_layers(eps, n_in, n_out):
    rng, _, gamma, beta = batch(20, 9, n_out)
    W, b = rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)
    mean, var = rng.normal(size=n_out), rng.uniform(0.2, 4, size=n_out)
    folded = fold_batchnorm(W, b, gamma, beta, mean, var, eps)
    assert [array.shape for array in folded] == [(n_in, n_out), (n_out,)]
    h = 3 + rng.normal(size=(7, n_in))
    want = batchnorm_inference(dense_forward(h, W, b), gamma, beta, mean, var, eps)
    np.testing.assert_allclose(dense_forward(h, *folded), want, rtol=1e-10, atol=1e-12)


# All of them --------------------------------------------------------------------------------------


def test_inputs_are_not_changed_and_results_are_repeatable():
    rng, x, gamma, beta = batch(21)
    mean, var, W, b = rng.normal(size=4), rng.uniform(1, 2, size=4), rng.normal(size=(3, 4)), rng.normal(size=4)
    dy = rng.normal(size=x.shape)
    read_only(x, gamma, beta, mean, var, W, b, dy)
    cache = batchnorm_forward(x, gamma, beta)[1]
    read_only(*cache)
    calls = [
        lambda: batchnorm_forward(x, gamma, beta)[0],
        lambda: np.hstack([entry.ravel() for entry in batchnorm_backward(dy, cache)]),
        lambda: np.hstack(identity_parameters(x)),
        lambda: np.hstack(update_running_statistics(mean, var, x)),
        lambda: batchnorm_inference(x, gamma, beta, mean, var),
        lambda: np.vstack(fold_batchnorm(W, b, gamma, beta, mean, var)),
    ]
    for call in calls:
        np.testing.assert_array_equal(call(), call())


def test_float32_stays():
    rng, *arrays = batch(22)
    x, gamma, beta = (array.astype(np.float32) for array in arrays)
    dy = rng.normal(size=x.shape).astype(np.float32)
    y, cache = batchnorm_forward(x, gamma, beta)
    mean, var = update_running_statistics(beta, beta, x)
    results = [y, *cache, *batchnorm_backward(dy, cache), *identity_parameters(x), mean, var]
    results += [batchnorm_inference(x, gamma, beta, mean, var), *fold_batchnorm(x, beta, gamma, beta, mean, var)]
    assert {result.dtype for result in results} == {np.dtype(np.float32)}


X, V = np.ones((3, 2)), np.ones(2)
CACHE = BatchNormCache(X, V, V)


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        (batchnorm_forward, (V, V, V), r"^x must have 2 axes \(got shape \(2,\)\)$"),
        (batchnorm_forward, ([[1.0]], V, V), r"^x must be a NumPy array with 2 axes \(got list\)$"),
        (batchnorm_forward, (X[:0], V, V), r"^the number of rows of x must be an integer of at least 1 \(got 0\)$"),
        (batchnorm_forward, (X, np.ones(3), V), r"^gamma must have shape \(2,\) \(got \(3,\)\)$"),
        (batchnorm_forward, (X, V, np.ones(1)), r"^beta must have shape \(2,\) \(got \(1,\)\)$"),
        (batchnorm_forward, (X, V, V, 0.0), r"^eps must be a positive finite number \(got 0.0\)$"),
        (batchnorm_forward, (X, V, V, -1e-5), r"^eps must be a positive finite number \(got -1e-05\)$"),
        (batchnorm_forward, (X, V, V, math.nan), r"^eps must be a positive finite number \(got nan\)$"),
        (batchnorm_backward, (X.T, CACHE), r"^dy must have shape \(3, 2\) \(got \(2, 3\)\)$"),
        (batchnorm_backward, (V, CACHE), r"^dy must have 2 axes \(got shape \(2,\)\)$"),
        (identity_parameters, (V,), r"^x must have 2 axes \(got shape \(2,\)\)$"),
        (identity_parameters, (X[:0],), r"^the number of rows of x must be an integer of at least 1 \(got 0\)$"),
        (identity_parameters, (X, 0), r"^eps must be a positive finite number \(got 0\)$"),
        (update_running_statistics, (V, V, V), r"^x must have 2 axes"),
        (
            update_running_statistics,
            (V, V, X[:1]),
            r"^the number of rows of x must be an integer of at least 2 \(got 1\)$",
        ),
        (update_running_statistics, (np.ones(3), V, X), r"^running_mean must have shape \(2,\) \(got \(3,\)\)$"),
        (update_running_statistics, (V, np.ones(3), X), r"^running_var must have shape \(2,\) \(got \(3,\)\)$"),
        (update_running_statistics, (V, V, X, 1.5), r"^decay must lie in \[0, 1\] \(got 1.5\)$"),
        (update_running_statistics, (V, V, X, -0.1), r"^decay must lie in \[0, 1\] \(got -0.1\)$"),
        (update_running_statistics, (V, V, X, math.nan), r"^decay must lie in \[0, 1\] \(got nan\)$"),
        (batchnorm_inference, (V, V, V, V, V), r"^x must have 2 axes"),
        (batchnorm_inference, (X, V, V, np.ones(3), V), r"^running_mean must have shape \(2,\) \(got \(3,\)\)$"),
        (batchnorm_inference, (X, V, V, V, V - 1.5), r"^running_var must be at least 0 everywhere \(got -0.5\)$"),
        (batchnorm_inference, (X, V, V, V, V, 0.0), r"^eps must be a positive finite number \(got 0.0\)$"),
        (fold_batchnorm, (V, V, V, V, V, V), r"^W must have 2 axes"),
        (fold_batchnorm, (X, np.ones(3), V, V, V, V), r"^b must have shape \(2,\) \(got \(3,\)\)$"),
        (fold_batchnorm, (X, V, np.ones(3), V, V, V), r"^gamma must have shape \(2,\) \(got \(3,\)\)$"),
        (fold_batchnorm, (X, V, V, V, V, V - 1.5), r"^running_var must be at least 0 everywhere \(got -0.5\)$"),
        (fold_batchnorm, (X, V, V, V, V, V, 0.0), r"^eps must be a positive finite number \(got 0.0\)$"),
    ],
)
def test_bad_input_is_refused_by_name(function, arguments, text):
    with pytest.raises(ValueError, match=text):
        function(*arguments)
