import numpy as np
import pytest

from course_lib.activations import sigmoid, sigmoid_derivative
from course_lib.networks import Network, accuracy, forward, loss_and_gradients, random_network, step


def tanh_slope(a):
    return 1 - np.tanh(a) ** 2


def small(seed=0, sizes=(5, 7, 4, 3), N=9, activation=np.tanh, derivative=tanh_slope):
    rng = np.random.default_rng(seed)
    network = random_network(rng, sizes, activation, derivative, gain=1.5)
    biases = tuple(rng.normal(size=b.shape) for b in network.biases)
    network = Network(network.weights, biases, activation, derivative)
    return rng, network, rng.normal(size=(N, sizes[0])), rng.integers(0, sizes[-1], size=N)


def moved(network, directions, t):
    weights, biases = directions
    return Network(
        tuple(W + t * D for W, D in zip(network.weights, weights, strict=True)),
        tuple(b + t * D for b, D in zip(network.biases, biases, strict=True)),
        network.activation,
        network.derivative,
    )


def test_forward_is_layer_after_layer_with_linear_scores():
    _, network, x, _ = small()
    pre_activations, inputs = forward(network, x)
    h, want = x, []
    for W, b in zip(network.weights, network.biases, strict=True):
        want.append(h @ W + b)
        h = np.tanh(want[-1])
    assert len(pre_activations) == len(inputs) == 3
    assert inputs[0] is x
    for got, expected in zip(pre_activations, want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)
    for got, expected in zip(inputs[1:], want[:-1], strict=True):
        np.testing.assert_allclose(got, np.tanh(expected), rtol=1e-12)


@pytest.mark.parametrize(
    ("activation", "derivative"),
    [(np.tanh, tanh_slope), (sigmoid, sigmoid_derivative)],
    ids=["tanh", "sigmoid"],
)
@pytest.mark.parametrize("sizes", [(5, 3), (5, 7, 4, 3), (2, 6, 6, 6, 2)])
def test_gradients_agree_with_differences_in_a_random_direction(sizes, activation, derivative):
    rng, network, x, labels = small(1, sizes, activation=activation, derivative=derivative)
    _, gradients = loss_and_gradients(network, x, labels)
    for kind in range(2):
        parts = (network.weights, network.biases)
        directions = [[np.zeros(p.shape) for p in part] for part in parts]
        directions[kind] = [rng.normal(size=p.shape) for p in parts[kind]]
        above, _ = loss_and_gradients(moved(network, directions, 1e-5), x, labels)
        below, _ = loss_and_gradients(moved(network, directions, -1e-5), x, labels)
        exact = (gradients.weights, gradients.biases)[kind]
        slope = sum(np.sum(g * d) for g, d in zip(exact, directions[kind], strict=True))
        assert (above - below) / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_deltas_are_the_gradients_of_the_pre_activations():
    _, network, x, labels = small(2)
    _, gradients = loss_and_gradients(network, x, labels)
    assert [d.shape for d in gradients.deltas] == [(9, 7), (9, 4), (9, 3)]
    for delta, db in zip(gradients.deltas, gradients.biases, strict=True):
        np.testing.assert_allclose(delta.sum(axis=0), db, rtol=1e-12, atol=1e-15)


def test_a_step_goes_against_the_gradient_and_leaves_the_old_network_alone():
    _, network, x, labels = small(3)
    before = [W.copy() for W in network.weights]
    loss, gradients = loss_and_gradients(network, x, labels)
    after = step(network, gradients, 0.1)
    np.testing.assert_allclose(after.weights[1], before[1] - 0.1 * gradients.weights[1], rtol=1e-15)
    np.testing.assert_allclose(after.biases[2], network.biases[2] - 0.1 * gradients.biases[2], rtol=1e-15)
    assert loss_and_gradients(after, x, labels)[0] < loss
    for W, old in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(W, old)


def test_accuracy_counts_the_rows_whose_largest_score_is_right():
    network = Network((np.eye(3),), (np.zeros(3),), np.tanh, tanh_slope)
    x = np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 1.0], [0.1, 0.2, 0.3], [3.0, 4.0, 5.0]])
    assert accuracy(network, x, np.array([0, 1, 2, 0])) == 0.75


def test_random_weights_have_the_variance_they_are_said_to_have():
    network = random_network(np.random.default_rng(4), [400, 300, 10], np.tanh, tanh_slope, gain=2.0)
    assert [W.shape for W in network.weights] == [(400, 300), (300, 10)]
    # 120,000 draws: the standard deviation of the ratio is 0.2%, so that 2% is ten of them.
    assert network.weights[0].std() * np.sqrt(400) == pytest.approx(2.0, rel=0.02)
    assert all(not np.any(b) for b in network.biases)


def test_the_same_generator_draws_the_same_network():
    one, other = (random_network(np.random.default_rng(7), [4, 3, 2], np.tanh, tanh_slope) for _ in range(2))
    for W, V in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(W, V, strict=True)


@pytest.mark.parametrize(
    ("sizes", "gain", "text"),
    [
        ([], 1.0, r"^sizes must name at least an input and an output \(got \[\]\)$"),
        ([5], 1.0, r"^sizes must name at least an input and an output \(got \[5\]\)$"),
        ([5, 0, 2], 1.0, r"^every entry of sizes must be an integer of at least 1 \(got 0\)$"),
        ([5, 2.0], 1.0, r"^every entry of sizes must be an integer of at least 1 \(got 2\.0\)$"),
        ([5, 2], -1.0, r"^gain must be a finite number of at least 0 \(got -1\.0\)$"),
        ([5, 2], float("nan"), r"^gain must be a finite number of at least 0 \(got nan\)$"),
    ],
)
def test_a_network_that_cannot_be_is_refused(sizes, gain, text):
    with pytest.raises(ValueError, match=text):
        random_network(np.random.default_rng(0), sizes, np.tanh, tanh_slope, gain)


def test_a_batch_of_another_width_is_refused():
    _, network, x, labels = small()
    with pytest.raises(ValueError, match=r"^W must have 4 rows, one for each column of x"):
        loss_and_gradients(network, x[:, :4], labels)
