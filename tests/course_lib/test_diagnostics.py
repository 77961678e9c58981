import numpy as np
import pytest

from course_lib.activations import relu, relu_derivative, sigmoid, sigmoid_derivative
from course_lib.diagnostics import layer_signals
from course_lib.networks import forward, loss_and_gradients, network_of, random_network
from course_lib.saturation import saturated_fraction


def deep(layers, seed=0):
    rng = np.random.default_rng(seed)
    network = random_network(rng, [6] + [12] * (layers - 1) + [4], sigmoid, sigmoid_derivative)
    return network, rng.normal(size=(30, 6)), rng.integers(0, 4, size=30)


def test_signals_agree_with_their_definitions():
    network, x, labels = deep(3)
    signals = layer_signals(network, x, labels)
    _, inputs = forward(network, x)
    _, gradients = loss_and_gradients(network, x, labels)
    for layer in range(3):
        spreads = [np.sqrt(np.mean((column - column.mean()) ** 2)) for column in inputs[layer].T]
        assert signals.spread[layer] == pytest.approx(np.mean(spreads), rel=1e-12)
        size = gradients.deltas[layer].size
        assert signals.delta[layer] == pytest.approx(np.linalg.norm(gradients.deltas[layer]) / np.sqrt(size))
        dW = gradients.weights[layer]
        assert signals.weight_gradient[layer] == pytest.approx(np.linalg.norm(dW) / np.sqrt(dW.size))


@pytest.mark.parametrize("layers", [1, 2, 8])
def test_there_is_one_number_a_layer(layers):
    signals = layer_signals(*deep(layers))
    for values in (signals.spread, signals.delta, signals.weight_gradient, signals.variance):
        assert values.shape == (layers,)
    for values in (signals.saturated, signals.dead):
        assert values.shape == (layers - 1,)


def test_delta_vanishes_towards_the_input_of_a_deep_sigmoid_network():
    signals = layer_signals(*deep(8))
    assert np.all(np.diff(np.log(signals.delta)) > 0)
    assert signals.delta[0] < 1e-3 * signals.delta[-1]


def two_hidden(activation, derivative, batch_norm=False, gain=1.0, seed=0):
    rng = np.random.default_rng(seed)
    weights = [gain * rng.normal(size=shape) for shape in ((6, 12), (12, 8), (8, 4))]
    network = network_of(weights, activation, derivative, batch_norm=batch_norm, hidden_bias=-1.0)
    return network, rng.normal(size=(30, 6)), rng.integers(0, 4, size=30)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_variance_is_that_of_the_input_of_the_activation(batch_norm):
    network, x, labels = two_hidden(sigmoid, sigmoid_derivative, batch_norm)
    signals = layer_signals(network, x, labels)
    for layer, a in enumerate(forward(network, x)[0]):
        assert signals.variance[layer] == pytest.approx(np.mean((a - a.mean()) ** 2), rel=1e-12)
    if batch_norm:
        np.testing.assert_allclose(signals.variance[:2], 1, rtol=1e-4)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_saturated_is_below_5_percent_of_the_largest_slope(batch_norm):
    network, x, labels = two_hidden(sigmoid, sigmoid_derivative, batch_norm, gain=4.0)
    signals = layer_signals(network, x, labels)
    for share, a in zip(signals.saturated, forward(network, x)[0], strict=False):
        assert share == pytest.approx(saturated_fraction(a).mean(), abs=1e-15)
    assert np.all(signals.saturated < 0.1) if batch_norm else np.all(signals.saturated > 0.3)


def test_a_rectified_unit_is_saturated_where_its_output_is_0():
    network, x, labels = two_hidden(relu, relu_derivative)
    signals = layer_signals(network, x, labels)
    for share, a in zip(signals.saturated, forward(network, x)[0], strict=False):
        assert share == pytest.approx(np.mean(a <= 0))


def test_dead_counts_the_units_with_output_0_for_every_row():
    network, x, labels = two_hidden(relu, relu_derivative)
    for unit in (1, 4, 5):
        network.biases[0][unit] = -1000.0
    network.biases[1][:] = -1000.0
    signals = layer_signals(network, x, labels)
    np.testing.assert_allclose(signals.dead, [3 / 12, 1.0])
    assert not np.any(layer_signals(*two_hidden(sigmoid, sigmoid_derivative)).dead)


def test_layer_signals_runs_one_forward_pass_only():
    calls = []

    def watched(a):
        calls.append(a.shape)
        return sigmoid(a)

    layer_signals(*two_hidden(watched, sigmoid_derivative))
    assert calls == [(30, 12), (30, 8)]
