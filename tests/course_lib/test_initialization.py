import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from course_lib.activations import elu, leaky_relu, relu, relu_derivative, sigmoid, sigmoid_derivative, tanh
from course_lib.initialization import (
    backward_variances,
    distinct_units,
    forward_variances,
    he_init,
    init_gain,
    normal_init,
    rescue_init,
    xavier_init,
)
from course_lib.networks import forward, loss_and_gradients, network_of

INITIALIZERS = pytest.mark.parametrize("initializer", [normal_init, xavier_init, he_init])


def rng(seed=0):
    return np.random.default_rng(seed)


# distinct_units -----------------------------------------------------------------------------------


def test_equal_columns_are_one_unit():
    assert distinct_units(np.array([[1.0, 1.0, 2.0, 1.0], [2.0, 2.0, 1.0, 2.0]])) == 2
    assert distinct_units(np.full((5, 7), 0.3)) == 1


def test_random_columns_are_all_different():
    W = rng().normal(size=(3, 40))
    assert distinct_units(W) == 40
    assert distinct_units(np.hstack([W, W[:, ::-1]])) == 40


def test_the_last_bit_makes_a_unit_different():
    W = np.ones((4, 3))
    W[2, 1] = np.nextafter(1.0, 2)
    assert distinct_units(W) == 2


def test_a_layer_without_units_has_no_different_ones():
    assert distinct_units(np.zeros((3, 0))) == 0


def test_a_vector_is_no_weight_matrix():
    with pytest.raises(ValueError, match=r"W must have 2 axes \(got shape \(3,\)\)"):
        distinct_units(np.zeros(3))


# The initializers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "std"),
    [
        (normal_init(rng(1), 300, 200), 1.0),
        (normal_init(rng(2), 200, 300, 0.3), 0.3),
        (xavier_init(rng(3), 400, 100), math.sqrt(2 / 500)),
        (xavier_init(rng(4), 100, 400), math.sqrt(2 / 500)),
        (xavier_init(rng(5), 400, 100, "fan_in"), math.sqrt(1 / 400)),
        (xavier_init(rng(6), 100, 400, mode="fan_in"), math.sqrt(1 / 100)),
        (he_init(rng(7), 400, 100), math.sqrt(2 / 400)),
        (he_init(rng(8), 100, 400), math.sqrt(2 / 100)),
        (he_init(rng(9), 400, 100, k=0.5), math.sqrt(2 / (1.25 * 400))),
        (he_init(rng(10), 400, 100, k=1.0), math.sqrt(1 / 400)),
    ],
)
def test_weights_are_normal_with_the_spread_of_the_formula(weights, std):
    assert stats.kstest(weights.ravel() / std, stats.norm.cdf).pvalue > 1e-4
    assert np.std(weights) == pytest.approx(std, rel=0.015)
    assert weights.dtype == np.float64


@INITIALIZERS
def test_rows_and_columns_are_independent(initializer):
    W = initializer(rng(3), 90, 60)
    for axis in (0, 1):
        between = np.corrcoef(W, rowvar=bool(axis))[np.triu_indices(W.shape[1 - axis], 1)]
        assert np.abs(between).max() < 0.65


@INITIALIZERS
def test_a_draw_has_the_shape_asked_for_and_is_decided_by_the_generator(initializer):
    generator = rng(5)
    first, second = initializer(generator, 7, 4), initializer(generator, 7, 4)
    assert first.shape == second.shape == (7, 4)
    assert not np.any(first == second)
    np.testing.assert_array_equal(first, initializer(rng(5), 7, 4), strict=True)
    assert initializer(generator, 1, 1).shape == (1, 1)


def test_a_standard_deviation_of_zero_gives_zeros():
    assert not np.any(normal_init(rng(), 3, 2, 0))


@INITIALIZERS
@pytest.mark.parametrize("size", [0, -3, 2.0, True])
def test_a_size_that_is_no_positive_integer_is_refused(initializer, size):
    with pytest.raises(ValueError, match=rf"n_in must be an integer of at least 1 \(got {size}\)"):
        initializer(rng(), size, 4)
    with pytest.raises(ValueError, match=rf"n_out must be an integer of at least 1 \(got {size}\)"):
        initializer(rng(), 4, size)


@pytest.mark.parametrize("std", [-1.0, math.nan, math.inf])
def test_a_negative_or_infinite_standard_deviation_is_refused(std):
    with pytest.raises(ValueError, match=rf"std must be a finite number of at least 0 \(got {std}\)"):
        normal_init(rng(), 2, 3, std)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match=r"mode must be one of fan_avg, fan_in \(got 'fan_out'\)"):
        xavier_init(rng(), 2, 3, "fan_out")


@pytest.mark.parametrize("k", [math.nan, -math.inf, "0.01"])
def test_a_slope_that_is_not_finite_is_refused(k):
    with pytest.raises(ValueError, match="k must be a finite number"):
        he_init(rng(), 2, 3, k)


# forward_variances, backward_variances ------------------------------------------------------------


def a_network(seed=0, sizes=(5, 8, 3, 6)):
    generator = rng(seed)
    weights = [generator.normal(size=(n, m)) for n, m in pairwise(sizes)]
    return generator.normal(0.5, 1, size=(11, sizes[0])), weights


def test_forward_variances_are_those_of_the_networks_pre_activations():
    x, weights = a_network()
    pre_activations, _ = forward(network_of(weights, sigmoid, sigmoid_derivative), x)
    got = forward_variances(x, weights, sigmoid)
    np.testing.assert_allclose(got, [np.mean((a - a.mean()) ** 2) for a in pre_activations], rtol=1e-12, strict=False)
    assert got.shape == (3,)


def test_backward_variances_are_those_of_the_networks_deltas():
    x, weights = a_network(1)
    network = network_of(weights, sigmoid, sigmoid_derivative)
    _, gradients = loss_and_gradients(network, x, rng(2).integers(6, size=11))
    pre_activations, _ = forward(network, x)
    got = backward_variances(gradients.deltas[-1], weights, pre_activations, sigmoid_derivative)
    np.testing.assert_allclose(got, [np.mean(d**2) for d in gradients.deltas], rtol=1e-12, strict=False)
    assert got.shape == (3,)


def test_he_keeps_the_variance_of_a_wide_relu_network_both_ways():
    generator = rng(3)
    weights = [he_init(generator, 500, 500) for _ in range(5)]
    x = generator.normal(size=(200, 500))
    variances = forward_variances(x, weights, relu)
    np.testing.assert_allclose(variances, 2.0, rtol=0.3)
    pre_activations, _ = forward(network_of(weights, relu, relu_derivative), x)
    back = backward_variances(generator.normal(size=(200, 500)), weights, pre_activations, relu_derivative)
    np.testing.assert_allclose(back, 1.0, rtol=0.3)


def test_measuring_does_not_change_the_network_or_batch():
    x, weights = a_network(2)
    pre_activations, _ = forward(network_of(weights, tanh, np.cos), x)
    delta = rng(4).normal(size=(11, 6))
    for array in (x, delta, *weights, *pre_activations):
        array.flags.writeable = False
    forward_variances(x, weights, tanh)
    backward_variances(delta, weights, pre_activations, np.cos)


def test_a_batch_must_have_two_axes():
    with pytest.raises(ValueError, match=r"x must have 2 axes \(got shape \(4,\)\)"):
        forward_variances(np.zeros(4), [np.zeros((4, 2))], np.tanh)


def test_every_layer_needs_its_pre_activations():
    with pytest.raises(ValueError, match=r"pre_activations must be as many as weights, 2 \(got 1\)"):
        backward_variances(np.zeros((3, 2)), [np.zeros((2, 2))] * 2, [np.zeros((3, 2))], np.cos)


# init_gain ----------------------------------------------------------------------------------------


def by_quadrature(activation):
    def integrand(z):
        return float(activation(np.float64(z))) ** 2 * stats.norm.pdf(z)

    return sum(integrate.quad(integrand, *ends)[0] for ends in ((-math.inf, 0), (0, math.inf))) ** -0.5


@pytest.mark.parametrize("activation", [relu, leaky_relu, tanh, elu, sigmoid, np.sin])
def test_a_gain_is_that_of_adaptive_quadrature(activation):
    assert init_gain(activation) == pytest.approx(by_quadrature(activation), rel=1e-6)


def test_gains_with_a_known_formula():
    assert init_gain(relu) == pytest.approx(math.sqrt(2), rel=1e-7)
    assert init_gain(np.positive) == pytest.approx(1, rel=1e-7)
    assert init_gain(lambda z: leaky_relu(z, 0.3)) == pytest.approx(math.sqrt(2 / 1.09), rel=1e-7)
    assert init_gain(np.sin) == pytest.approx(math.sqrt(2 / (1 - math.exp(-2))), rel=1e-7)


def test_the_gain_keeps_the_second_moment_in_a_wide_layer():
    generator = rng(6)
    z = generator.normal(size=(50, 1000))
    a = elu(z) @ (init_gain(elu) * normal_init(generator, 1000, 500, 1 / math.sqrt(1000)))
    assert np.mean(a**2) == pytest.approx(1, rel=0.05)


# rescue_init --------------------------------------------------------------------------------------


def test_rescue_init_is_orthogonal_times_sqrt_2():
    for W in rescue_init(rng(7), [6, 9, 9, 4]):
        small = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
        np.testing.assert_allclose(small, 2 * np.eye(len(small)), atol=1e-12)


def test_rescue_init_has_the_shapes_of_the_network_and_uses_the_generator():
    weights = rescue_init(rng(8), (6, 9, 4))
    assert [W.shape for W in weights] == [(6, 9), (9, 4)]
    for W, again in zip(weights, rescue_init(rng(8), (6, 9, 4)), strict=True):
        np.testing.assert_array_equal(W, again, strict=True)


def test_rescue_init_keeps_a_signal_that_xavier_loses():
    generator = rng(9)
    x = generator.normal(size=(100, 64))
    rescued = forward_variances(x, rescue_init(generator, [64] * 31), relu)
    lost = forward_variances(x, [xavier_init(generator, 64, 64) for _ in range(30)], relu)
    assert 1e-3 < rescued[-1] / rescued[0] < 1e3
    assert lost[-1] / lost[0] < 1e-6


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ([64], r"sizes must name at least an input and an output \(got \[64\]\)"),
        ([64, 0], r"every entry of sizes must be an integer of at least 1 \(got 0\)"),
    ],
)
def test_sizes_of_no_network_are_refused(sizes, text):
    with pytest.raises(ValueError, match=text):
        rescue_init(rng(), sizes)
