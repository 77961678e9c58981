import math

import numpy as np
import pytest
import scipy.linalg
from scipy.special import log_expit

from course_lib.data import load_digits, load_wine
from course_lib.normalization import (
    condition_number,
    fit_standardizer,
    gradient_descent_steps,
    pca_whitening,
    standardize,
    zca_whitening,
)

WHITENINGS = pytest.mark.parametrize("whitening", [pca_whitening, zca_whitening])


def cloud(seed=0, rows=40, spreads=(5.0, 1.0, 0.2)):
    rng = np.random.default_rng(seed)
    D = len(spreads)
    turn = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return rng.normal(size=D) * 7 + (rng.normal(size=(rows, D)) * spreads) @ turn


def covariance(X):
    return np.cov(X, rowvar=False, bias=True)


def table(seed=0, rows=30):
    X = cloud(seed, rows)
    scores = X @ [1.0, -2.0, 3.0]
    return X, (scores > np.median(scores)).astype(int)


# fit_standardizer ---------------------------------------------------------------------------------


def test_mean_and_standard_deviation_are_computed_per_feature():
    X = cloud()
    mean, std = fit_standardizer(X)
    for d, column in enumerate(X.T.tolist()):
        m = math.fsum(column) / len(column)
        assert mean[d] == pytest.approx(m, rel=1e-12)
        assert std[d] == pytest.approx(math.sqrt(math.fsum((v - m) ** 2 for v in column) / len(column)), rel=1e-12)


@pytest.mark.parametrize("value", [0.0, 7.0, 0.1, 0.3, 1 / 3, 1e9 + 0.1, -4.7])
@pytest.mark.parametrize("rows", [1, 2, 9, 10, 137])
def test_a_constant_feature_gets_standard_deviation_1_despite_rounding(value, rows):
    _, std = fit_standardizer(np.full((rows, 2), value))
    np.testing.assert_array_equal(std, [1.0, 1.0])


def test_some_constant_has_a_computed_standard_deviation_above_0():
    assert 0 < np.full(10, 0.3).std() < 1e-15


def test_a_tiny_feature_that_is_not_constant_keeps_its_standard_deviation():
    X = 1e-11 * cloud()
    np.testing.assert_allclose(fit_standardizer(X)[1], X.std(axis=0), rtol=1e-12)


def test_three_pixels_of_the_digits_are_constant():
    _, std = fit_standardizer(load_digits(standardized=False).x_train)
    assert np.count_nonzero(std == 1) == 3


def test_fit_refuses_an_array_that_is_not_a_table():
    with pytest.raises(ValueError, match=r"X must have 2 axes \(got shape \(3,\)\)"):
        fit_standardizer(np.zeros(3))
    with pytest.raises(ValueError, match="the number of rows of X must be an integer of at least 1"):
        fit_standardizer(np.zeros((0, 3)))


# standardize --------------------------------------------------------------------------------------


def test_standardized_training_examples_have_mean_0_and_standard_deviation_1():
    X = cloud()
    Z = standardize(X, *fit_standardizer(X))
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-12)


def test_new_examples_are_standardized_by_the_given_statistics_and_not_clipped():
    Z = standardize(np.array([[1.0, 100.0]]), np.array([3.0, 0.0]), np.array([4.0, 2.0]))
    np.testing.assert_array_equal(Z, [[-0.5, 50.0]])


def test_standardize_refuses_statistics_of_another_shape():
    X = np.zeros((4, 3))
    with pytest.raises(ValueError, match=r"mean must have shape \(3,\) \(got \(4,\)\)"):
        standardize(X, np.zeros(4), np.ones(3))
    with pytest.raises(ValueError, match="std must have 1 axes"):
        standardize(X, np.zeros(3), np.ones((1, 3)))
    with pytest.raises(ValueError, match="X must be a NumPy array with 2 axes"):
        standardize([[1.0]], np.zeros(1), np.ones(1))


# whitening ----------------------------------------------------------------------------------------


@WHITENINGS
@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_whitened_examples_have_the_variances_that_eps_leaves_and_are_not_correlated(whitening, eps):
    X = cloud()
    mean, W = whitening(X, eps)
    np.testing.assert_allclose(mean, X.mean(axis=0), rtol=1e-12)
    values = scipy.linalg.eigvalsh(covariance(X))
    got = np.linalg.eigvalsh(covariance((X - mean) @ W))
    np.testing.assert_allclose(got, np.sort(values / (values + eps)), rtol=1e-9)
    np.testing.assert_allclose(W @ W.T, np.linalg.inv(covariance(X) + eps * np.eye(3)), rtol=1e-8)


@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_pca_whitening_lies_along_the_principal_axes(eps):
    X = cloud(1)
    mean, W = pca_whitening(X, eps)
    whitened = covariance((X - mean) @ W)
    np.testing.assert_allclose(whitened, np.diag(np.diag(whitened)), atol=1e-12)


@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_zca_whitening_is_the_symmetric_inverse_root(eps):
    X = cloud(2)
    _, W = zca_whitening(X, eps)
    np.testing.assert_allclose(W, W.T, atol=1e-12)
    np.testing.assert_allclose(
        W, scipy.linalg.fractional_matrix_power(covariance(X) + eps * np.eye(3), -0.5), rtol=1e-8
    )
    assert np.all(np.linalg.eigvalsh(W) > 0)


def test_zca_changes_the_examples_least_of_all_whitenings():
    X = standardize(cloud(3), *fit_standardizer(cloud(3)))
    mean, W = zca_whitening(X)
    rng = np.random.default_rng(0)
    moved = np.mean((X - (X - mean) @ W) ** 2)
    for _ in range(20):
        R = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        assert np.mean((X - (X - mean) @ W @ R) ** 2) > moved


@WHITENINGS
def test_eps_limits_the_scaling_of_directions_without_variance(whitening):
    X = cloud(4)
    X = np.column_stack([X, X[:, 0] - X[:, 1], np.full(len(X), 3.0)])
    mean, W = whitening(X, 1e-4)
    assert np.max(np.abs(W)) <= 100 + 1e-6
    assert np.max(np.abs((X - mean) @ W)) < 10


@WHITENINGS
def test_one_row_and_more_features_than_rows_are_accepted(whitening):
    mean, W = whitening(np.array([[1.0, 2.0]]), 0.25)
    np.testing.assert_array_equal(mean, [1.0, 2.0])
    np.testing.assert_allclose(W @ W.T, 4 * np.eye(2), atol=1e-12)
    assert whitening(np.random.default_rng(0).normal(size=(4, 9)))[1].shape == (9, 9)


@WHITENINGS
def test_whitening_refuses_invalid_arguments(whitening):
    with pytest.raises(ValueError, match="X must have 2 axes"):
        whitening(np.zeros(3))
    with pytest.raises(ValueError, match="the number of rows of X must be an integer of at least 1"):
        whitening(np.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"eps must be a positive finite number \(got 0\.0\)"):
        whitening(np.zeros((4, 3)), 0.0)


# condition_number ---------------------------------------------------------------------------------


def test_the_condition_number_of_a_rectangle_is_its_squared_ratio_of_sides():
    X = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 1.0], [3.0, 1.0]])
    assert condition_number(X) == pytest.approx(9, rel=1e-12)


def test_the_condition_number_does_not_depend_on_the_mean():
    X = cloud(5)
    assert condition_number(X) == pytest.approx(np.linalg.cond(covariance(X)), rel=1e-9)
    assert condition_number(X + 100) == pytest.approx(condition_number(X), rel=1e-6)
    assert condition_number(7 * X) == pytest.approx(condition_number(X), rel=1e-9)


def test_directions_without_variance_are_left_out():
    X = cloud(6)
    flat = np.column_stack([X, np.full(len(X), 0.3)])
    assert condition_number(flat) == pytest.approx(condition_number(X), rel=1e-9)
    few = np.random.default_rng(0).normal(size=(5, 12))
    s = np.linalg.svd(few - few.mean(axis=0), compute_uv=False)
    assert condition_number(few) == pytest.approx((s[0] / s[3]) ** 2, rel=1e-6)


@WHITENINGS
def test_whitened_examples_have_the_condition_number_1(whitening):
    X = load_wine().X
    mean, W = whitening(X, 1e-12)
    assert condition_number((X - mean) @ W) == pytest.approx(1, rel=1e-5)


def test_the_condition_number_refuses_equal_rows():
    with pytest.raises(ValueError, match="the number of different rows of X must be an integer of at least 2"):
        condition_number(np.ones((5, 3)))
    with pytest.raises(ValueError, match="X must have 2 axes"):
        condition_number(np.ones(5))


# gradient_descent_steps ---------------------------------------------------------------------------


def losses(X, y, steps):
    """Compute the mean cross-entropy before each of the first updates, with independent code."""
    Z = np.hstack([X, np.ones((len(X), 1))])
    eta = 4 * len(X) / np.linalg.norm(Z, 2) ** 2
    signs = 2 * y - 1
    w, found = np.zeros(Z.shape[1]), []
    for _ in range(steps + 1):
        found.append(-np.mean(log_expit(signs * (Z @ w))))
        w += eta * np.mean((signs / (1 + np.exp(signs * (Z @ w))))[:, None] * Z, axis=0)
    return found


@pytest.mark.parametrize("steps", [1, 2, 17, 60])
def test_the_updates_until_the_target_are_counted(steps):
    X, y = table()
    course = losses(X, y, steps)
    target = (course[-2] + course[-1]) / 2
    assert gradient_descent_steps(X, y, target) == steps
    assert gradient_descent_steps(X, y, target, max_steps=steps) == steps
    assert gradient_descent_steps(X, y, target, max_steps=steps - 1) == steps - 1


def test_with_this_step_size_the_loss_falls_at_every_update():
    for seed in range(5):
        assert np.all(np.diff(losses(*table(seed), 200)) < 0)


def test_no_update_is_needed_if_the_start_meets_the_target():
    X, y = table()
    assert gradient_descent_steps(X, y, 0.7) == 0
    assert gradient_descent_steps(X, y, 0.1, max_steps=0) == 0


def test_whitening_the_wine_saves_nearly_all_updates():
    wine = load_wine()
    y = (wine.y == 0).astype(int)
    mean, W = pca_whitening(wine.X)
    raw = gradient_descent_steps(wine.X, y, 0.1, max_steps=500)
    standardized = gradient_descent_steps(standardize(wine.X, *fit_standardizer(wine.X)), y, 0.1)
    whitened = gradient_descent_steps((wine.X - mean) @ W, y, 0.1)
    assert whitened < standardized < 50 < raw == 500


def test_descent_refuses_invalid_arguments():
    X, y = table()
    with pytest.raises(ValueError, match="X must have 2 axes"):
        gradient_descent_steps(X[0], y, 0.1)
    with pytest.raises(ValueError, match=r"y must have shape \(30,\) \(got \(29,\)\)"):
        gradient_descent_steps(X, y[1:], 0.1)
    with pytest.raises(ValueError, match="target_loss must be a finite number of at least 0"):
        gradient_descent_steps(X, y, -0.1)
    with pytest.raises(ValueError, match="max_steps must be an integer of at least 0"):
        gradient_descent_steps(X, y, 0.1, max_steps=1.5)


def test_no_function_changes_its_input():
    X, y = table()
    mean, std = fit_standardizer(X)
    before = X.copy(), y.copy(), mean.copy(), std.copy()
    standardize(X, mean, std)
    pca_whitening(X)
    zca_whitening(X)
    condition_number(X)
    gradient_descent_steps(X, y, 0.3, 5)
    for now, then in zip((X, y, mean, std), before, strict=True):
        np.testing.assert_array_equal(now, then, strict=True)
