from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from course_lib import activations
from course_lib.activations import sigmoid, sigmoid_derivative
from course_lib.batchnorm import batchnorm_forward, fold_batchnorm, update_running_statistics
from course_lib.gradients import numerical_gradient
from course_lib.networks import (
    BatchNorm,
    Network,
    accuracy,
    forward,
    loss_and_gradients,
    network_of,
    predict,
    random_network,
    step,
    update_statistics,
)

NAMES = ["sigmoid", "tanh", "relu", "leaky_relu", "elu"]


def tanh_slope(a):
    return 1 - np.tanh(a) ** 2


def small(seed=0, sizes=(5, 7, 4, 3), N=9, activation=np.tanh, derivative=tanh_slope):
    rng = np.random.default_rng(seed)
    network = random_network(rng, sizes, activation, derivative, gain=1.5)
    biases = tuple(rng.normal(size=b.shape) for b in network.biases)
    network = Network(network.weights, biases, activation, derivative)
    return rng, network, rng.normal(size=(N, sizes[0])), rng.integers(0, sizes[-1], size=N)


def normalized(seed=0, name="tanh", sizes=(5, 7, 4, 3), N=9):
    """Build a batch-normalized network with random numbers everywhere, and a batch."""
    rng = np.random.default_rng(seed)
    weights = tuple(rng.normal(size=shape) for shape in pairwise(sizes))
    biases = tuple(rng.normal(size=n) for n in sizes[1:])
    norms = tuple(
        BatchNorm(rng.uniform(0.5, 2, n), rng.normal(size=n), rng.normal(size=n), rng.uniform(0.5, 2, n))
        for n in sizes[1:-1]
    )
    pair = getattr(activations, name), getattr(activations, f"{name}_derivative")
    return Network(weights, biases, *pair, norms), rng.normal(size=(N, sizes[0])), rng.integers(sizes[-1], size=N)


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


def with_parameter(network, kind, layer, value):
    """Return a copy of a network with one array replaced."""
    if kind in ("gamma", "beta"):
        norms = list(network.norms)
        norms[layer] = replace(norms[layer], **{kind: value})
        return replace(network, norms=tuple(norms))
    arrays = list(getattr(network, kind))
    arrays[layer] = value
    return replace(network, **{kind: tuple(arrays)})


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("name", NAMES)
def test_every_gradient_agrees_with_central_differences(name, batch_norm):
    network, x, labels = normalized(1, name)
    if not batch_norm:
        network = replace(network, norms=())
    _, gradients = loss_and_gradients(network, x, labels)
    found = {"weights": gradients.weights, "biases": gradients.biases}
    values = {"weights": network.weights, "biases": network.biases}
    if batch_norm:
        found |= {"gamma": gradients.gammas, "beta": gradients.betas}
        values |= {"gamma": [n.gamma for n in network.norms], "beta": [n.beta for n in network.norms]}
    assert [len(arrays) for arrays in found.values()] == ([3, 3, 2, 2] if batch_norm else [3, 3])
    for kind, arrays in found.items():
        for layer, got in enumerate(arrays):

            def loss(value, kind=kind, layer=layer):
                return loss_and_gradients(with_parameter(network, kind, layer, value), x, labels)[0]

            want = numerical_gradient(loss, values[kind][layer])
            if batch_norm and kind == "biases" and layer < 2:
                assert np.abs(got).max() < 1e-14
                assert np.abs(want).max() < 1e-9
            else:
                assert np.linalg.norm(got - want) < 1e-7 * np.linalg.norm(want)


def test_with_batch_norm_an_activation_receives_the_normalized_batch():
    network, x, _ = normalized()
    pre_activations, inputs = forward(network, x)
    for layer, norm in enumerate(network.norms):
        a = inputs[layer] @ network.weights[layer] + network.biases[layer]
        want, _ = batchnorm_forward(a, norm.gamma, norm.beta)
        np.testing.assert_allclose(pre_activations[layer], want, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(inputs[layer + 1], np.tanh(pre_activations[layer]))
    np.testing.assert_allclose(pre_activations[2], inputs[2] @ network.weights[2] + network.biases[2], rtol=1e-12)


def test_with_batch_norm_weight_gradients_are_still_input_times_delta():
    network, x, labels = normalized()
    _, inputs = forward(network, x)
    _, gradients = loss_and_gradients(network, x, labels)
    for h, delta, dW in zip(inputs, gradients.deltas, gradients.weights, strict=True):
        np.testing.assert_allclose(h.T @ delta, dW, rtol=1e-12, atol=1e-15)
    for delta in gradients.deltas[:-1]:
        assert np.abs(delta.sum(axis=0)).max() < 1e-14  # a constant added to a unit's batch changes nothing


def test_prediction_without_batch_norm_is_the_forward_pass():
    _, network, x, _ = small()
    np.testing.assert_array_equal(predict(network, x), forward(network, x)[0][-1])


def test_prediction_uses_stored_statistics_on_a_shifted_batch():
    network, x, _ = normalized()
    h = x + 5
    for W, b, norm in zip(network.weights, network.biases, network.norms, strict=False):
        scale = norm.gamma / np.sqrt(norm.running_var + 1e-5)
        h = np.tanh((h @ W + b - norm.running_mean) * scale + norm.beta)
    want = h @ network.weights[-1] + network.biases[-1]
    np.testing.assert_allclose(predict(network, x + 5), want, rtol=1e-10)
    # In training, the mean of the first layer removes the shift; at test time it must not.
    np.testing.assert_allclose(forward(network, x + 5)[0][-1], forward(network, x)[0][-1], rtol=1e-9)
    assert np.abs(predict(network, x + 5) - predict(network, x)).max() > 0.1


def test_prediction_of_a_row_depends_on_no_other_row():
    network, x, _ = normalized()
    together = predict(network, x)
    for row in range(len(x)):
        np.testing.assert_allclose(predict(network, x[row : row + 1])[0], together[row], rtol=1e-12, atol=1e-14)
    changed = x.copy()
    changed[1:] = 100.0
    np.testing.assert_allclose(predict(network, changed)[0], together[0], rtol=1e-12, atol=1e-14)


def test_a_folded_network_predicts_the_same():
    network, x, _ = normalized()
    layers = zip(network.weights, network.biases, network.norms, strict=False)
    folded = [fold_batchnorm(W, b, n.gamma, n.beta, n.running_mean, n.running_var) for W, b, n in layers]
    weights, biases = zip(*folded, (network.weights[-1], network.biases[-1]), strict=True)
    plain = replace(network, weights=weights, biases=biases, norms=())
    np.testing.assert_allclose(predict(plain, x), predict(network, x), rtol=1e-11)


def test_stored_statistics_move_towards_those_of_the_dense_outputs():
    network, x, _ = normalized()
    after = update_statistics(network, x, decay=0.8)
    _, inputs = forward(network, x)
    for layer, (norm, new) in enumerate(zip(network.norms, after.norms, strict=True)):
        a = inputs[layer] @ network.weights[layer] + network.biases[layer]
        mean, var = update_running_statistics(norm.running_mean, norm.running_var, a, 0.8)
        np.testing.assert_allclose(new.running_mean, mean, rtol=1e-12)
        np.testing.assert_allclose(new.running_var, var, rtol=1e-12)
        np.testing.assert_array_equal(new.gamma, norm.gamma)
    assert after.weights is network.weights


def test_statistics_of_many_batches_make_prediction_agree_with_training():
    network, x, _ = normalized(N=400)
    for _ in range(200):
        network = update_statistics(network, x)
    # The only difference is N − 1 instead of N in the variance.
    np.testing.assert_allclose(predict(network, x), forward(network, x)[0][-1], rtol=0.02, atol=0.02)


def test_without_batch_norm_there_are_no_statistics_to_update():
    _, network, x, labels = small()
    assert update_statistics(network, x).norms == ()
    _, gradients = loss_and_gradients(network, x, labels)
    assert gradients.gammas == gradients.betas == ()


def test_deltas_are_the_gradients_of_the_pre_activations():
    _, network, x, labels = small(2)
    _, gradients = loss_and_gradients(network, x, labels)
    assert [d.shape for d in gradients.deltas] == [(9, 7), (9, 4), (9, 3)]
    for delta, db in zip(gradients.deltas, gradients.biases, strict=True):
        np.testing.assert_allclose(delta.sum(axis=0), db, rtol=1e-12, atol=1e-15)


def test_a_step_moves_against_the_gradient_and_does_not_change_the_old_network():
    _, network, x, labels = small(3)
    before = [W.copy() for W in network.weights]
    loss, gradients = loss_and_gradients(network, x, labels)
    after = step(network, gradients, 0.1)
    np.testing.assert_allclose(after.weights[1], before[1] - 0.1 * gradients.weights[1], rtol=1e-15)
    np.testing.assert_allclose(after.biases[2], network.biases[2] - 0.1 * gradients.biases[2], rtol=1e-15)
    assert loss_and_gradients(after, x, labels)[0] < loss
    for W, old in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(W, old)


def test_a_step_moves_scale_and_shift_and_not_the_statistics():
    network, x, labels = normalized()
    _, gradients = loss_and_gradients(network, x, labels)
    after = step(network, gradients, 0.2)
    for layer, (norm, new) in enumerate(zip(network.norms, after.norms, strict=True)):
        np.testing.assert_allclose(new.gamma, norm.gamma - 0.2 * gradients.gammas[layer], rtol=1e-14)
        np.testing.assert_allclose(new.beta, norm.beta - 0.2 * gradients.betas[layer], rtol=1e-14)
        assert (new.running_mean is norm.running_mean) and (new.running_var is norm.running_var)
    assert loss_and_gradients(after, x, labels)[0] < loss_and_gradients(network, x, labels)[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_accuracy_of_a_diverged_network_is_nan(bad):
    _, network, x, labels = small()
    weights = (*network.weights[:-1], network.weights[-1].copy())
    weights[-1][0, 0] = bad
    assert np.isnan(accuracy(replace(network, weights=weights), x, labels))


def test_accuracy_of_a_normalized_network_is_that_of_its_predictions():
    network, x, _ = normalized(N=40)
    labels = np.argmax(predict(network, x), axis=1)
    assert accuracy(network, x, labels) == 1.0
    assert np.mean(np.argmax(forward(network, x)[0][-1], axis=1) == labels) < 1


def test_accuracy_counts_the_rows_whose_largest_score_is_right():
    network = Network((np.eye(3),), (np.zeros(3),), np.tanh, tanh_slope)
    x = np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 1.0], [0.1, 0.2, 0.3], [3.0, 4.0, 5.0]])
    assert accuracy(network, x, np.array([0, 1, 2, 0])) == 0.75


def test_random_weights_have_the_variance_they_are_said_to_have():
    network = random_network(np.random.default_rng(4), [400, 300, 10], np.tanh, tanh_slope, gain=2.0)
    assert [W.shape for W in network.weights] == [(400, 300), (300, 10)]
    # 120,000 draws: the standard deviation of the ratio is 0.2%, so 2% is ten standard deviations.
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
def test_invalid_network_arguments_are_refused(sizes, gain, text):
    with pytest.raises(ValueError, match=text):
        random_network(np.random.default_rng(0), sizes, np.tanh, tanh_slope, gain)


def test_a_batch_of_another_width_is_refused():
    _, network, x, labels = small()
    with pytest.raises(ValueError, match=r"^W must have 4 rows, one for each column of x"):
        loss_and_gradients(network, x[:, :4], labels)


def test_network_of_starts_with_gamma_1_and_beta_0():
    rng = np.random.default_rng(5)
    weights = [rng.normal(size=shape) for shape in ((4, 3), (3, 6), (6, 2))]
    network = network_of(weights, np.tanh, tanh_slope, batch_norm=True, hidden_bias=0.25)
    for W, given in zip(network.weights, weights, strict=True):
        np.testing.assert_array_equal(W, given)
    assert [b.tolist() for b in network.biases] == [[0.25] * 3, [0.25] * 6, [0.0] * 2]
    assert len(network.norms) == 2
    for norm, units in zip(network.norms, (3, 6), strict=True):
        assert [norm.gamma.tolist(), norm.running_var.tolist()] == [[1.0] * units] * 2
        assert [norm.beta.tolist(), norm.running_mean.tolist()] == [[0.0] * units] * 2
    assert network_of(weights, np.tanh, tanh_slope).norms == ()


def test_network_of_keeps_the_dtype_of_the_weights():
    network = network_of([np.ones((2, 3), np.float32), np.ones((3, 2), np.float32)], np.tanh, tanh_slope)
    assert {array.dtype for array in (*network.weights, *network.biases)} == {np.dtype(np.float32)}
    assert network_of([np.ones((2, 3), int)], np.tanh, tanh_slope).weights[0].dtype == np.float64


@pytest.mark.parametrize(
    ("weights", "bias", "text"),
    [
        ([], 0.0, r"^the number of weights must be an integer of at least 1 \(got 0\)$"),
        ([np.ones(3)], 0.0, r"^every entry of weights must have 2 axes \(got shape \(3,\)\)$"),
        ([[[1.0]]], 0.0, r"^every entry of weights must be a NumPy array with 2 axes \(got list\)$"),
        (
            [np.ones((2, 3)), np.ones((2, 3))],
            0.0,
            r"^weights must fit together \(got shape \(2, 3\) before \(2, 3\)\)$",
        ),
        ([np.ones((2, 3))], float("nan"), r"^hidden_bias must be a finite number \(got nan\)$"),
    ],
)
def test_weights_that_do_not_fit_together_are_refused(weights, bias, text):
    with pytest.raises(ValueError, match=text):
        network_of(weights, np.tanh, tanh_slope, hidden_bias=bias)


def test_batch_norm_in_some_hidden_layers_only_is_refused():
    network, _, _ = normalized()
    with pytest.raises(ValueError, match=r"^norms must be one for each of the 2 hidden layers or none \(got 1\)$"):
        replace(network, norms=network.norms[:1])
