import numpy as np
import pytest

from course_lib.activations import sigmoid, sigmoid_derivative
from course_lib.diagnostics import layer_signals
from course_lib.networks import forward, loss_and_gradients, random_network


def deep(layers, seed=0):
    rng = np.random.default_rng(seed)
    network = random_network(rng, [6] + [12] * (layers - 1) + [4], sigmoid, sigmoid_derivative)
    return network, rng.normal(size=(30, 6)), rng.integers(0, 4, size=30)


def test_signals_are_what_their_names_say():
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
    assert signals.spread.shape == signals.delta.shape == signals.weight_gradient.shape == (layers,)


def test_delta_vanishes_towards_the_input_of_a_deep_sigmoid_network():
    signals = layer_signals(*deep(8))
    assert np.all(np.diff(np.log(signals.delta)) > 0)
    assert signals.delta[0] < 1e-3 * signals.delta[-1]
