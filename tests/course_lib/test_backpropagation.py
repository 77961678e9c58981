from itertools import pairwise

import numpy as np
import pytest

from course_lib.activations import (
    leaky_relu,
    leaky_relu_derivative,
    sigmoid,
    sigmoid_derivative,
    tanh,
    tanh_derivative,
)
from course_lib.backpropagation import (
    backward_pass,
    delta_step,
    forward_pass,
    gradient_bound,
    predicted_gain,
    rms_by_layer,
    weight_gradients,
)
from course_lib.losses import softmax_cross_entropy
from course_lib.networks import loss_and_gradients, network_of

PAIRS = [(sigmoid, sigmoid_derivative), (tanh, tanh_derivative), (leaky_relu, leaky_relu_derivative)]


def network(seed, sizes=(5, 4, 6, 3), N=8):
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(sizes))
    weights = [rng.normal(size=pair) for pair in pairs]
    biases = [rng.normal(size=n) for _, n in pairs]
    return rng, rng.normal(size=(N, sizes[0])), weights, biases


def freeze(*things):
    for thing in things:
        for array in thing if isinstance(thing, list) else [thing]:
            array.flags.writeable = False


# forward_pass -------------------------------------------------------------------------------------


def test_a_forward_pass_is_its_sums_written_out():
    _, x, weights, biases = network(0)
    pre_activations, activations = forward_pass(x, weights, biases, np.tanh)
    h = x
    for W, b, a, activation in zip(weights, biases, pre_activations, activations, strict=True):
        want = [
            [b[k] + sum(h[n, i] * W[i, k] for i in range(W.shape[0])) for k in range(W.shape[1])] for n in range(len(x))
        ]
        np.testing.assert_allclose(a, want, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(activation, np.tanh(a), strict=True)
        h = activation


def test_the_activation_is_applied_in_every_layer_including_the_last():
    pre_activations, activations = forward_pass(np.ones((1, 1)), [np.ones((1, 1))], [np.zeros(1)], sigmoid)
    assert pre_activations[0].item() == 1
    assert activations[0].item() == sigmoid(1.0)


def test_a_network_without_layers_gives_two_empty_lists():
    assert forward_pass(np.ones((2, 3)), [], [], np.tanh) == ([], [])


def test_a_forward_pass_refuses_shapes_that_do_not_fit():
    _, x, weights, biases = network(1)
    with pytest.raises(ValueError, match=r"^biases must be as many as weights, 3 \(got 2\)$"):
        forward_pass(x, weights, biases[:-1], np.tanh)
    with pytest.raises(ValueError, match=r"^x must have 2 axes \(got shape \(5,\)\)$"):
        forward_pass(x[0], weights, biases, np.tanh)
    with pytest.raises(ValueError, match=r"^x must be a NumPy array with 2 axes \(got list\)$"):
        forward_pass(x.tolist(), weights, biases, np.tanh)
    with pytest.raises(ValueError, match="mismatch"):
        forward_pass(x, weights[::-1], biases, np.tanh)


# delta_step ---------------------------------------------------------------------------------------


def test_a_step_is_the_equation_written_out():
    rng = np.random.default_rng(2)
    delta_next, W_next, a = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)), rng.normal(size=(7, 5))
    want = [
        [np.cos(a[n, j]) * sum(W_next[j, k] * delta_next[n, k] for k in range(3)) for j in range(5)] for n in range(7)
    ]
    np.testing.assert_allclose(delta_step(delta_next, W_next, a, np.cos), want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("activation", "derivative"), PAIRS)
def test_a_step_agrees_with_differences_in_a_random_direction(activation, derivative):
    rng = np.random.default_rng(3)
    delta_next, W_next, a = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)), rng.normal(size=(7, 5))
    a += 0.01 * np.sign(a)  # away from the kink
    direction = rng.normal(size=a.shape)

    def loss(t):
        return np.sum(delta_next * (activation(a + t * direction) @ W_next))

    want = (loss(1e-6) - loss(-1e-6)) / 2e-6
    assert np.sum(delta_step(delta_next, W_next, a, derivative) * direction) == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("name", ["delta_next", "W_next", "a"])
def test_a_step_refuses_an_argument_without_two_axes(name):
    arguments = {"delta_next": np.ones((4, 3)), "W_next": np.ones((2, 3)), "a": np.ones((4, 2))}
    arguments[name] = np.ones(3)
    with pytest.raises(ValueError, match=rf"^{name} must have 2 axes \(got shape \(3,\)\)$"):
        delta_step(**arguments, derivative=np.cos)


def test_a_step_refuses_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="mismatch"):
        delta_step(np.ones((4, 3)), np.ones((3, 2)), np.ones((4, 2)), np.cos)


# backward_pass and weight_gradients ---------------------------------------------------------------


@pytest.mark.parametrize(("activation", "derivative"), PAIRS)
@pytest.mark.parametrize("sizes", [(5, 3), (5, 4, 3), (4, 4, 4, 4), (3, 1, 1, 2), (4, 3, 5, 2, 4, 6, 3)])
def test_gradients_agree_with_those_of_the_training_code(sizes, activation, derivative):
    rng, x, weights, _ = network(4, sizes)
    labels = rng.integers(sizes[-1], size=len(x))
    biases = [np.zeros(n) for n in sizes[1:]]
    pre_activations, activations = forward_pass(x, weights, biases, activation)
    _, dscores = softmax_cross_entropy(pre_activations[-1], labels)
    deltas = backward_pass(dscores, weights, pre_activations, derivative)
    dWs, dbs = weight_gradients(x, activations, deltas)
    _, want = loss_and_gradients(network_of(weights, activation, derivative), x, labels)
    for ours, theirs in ((deltas, want.deltas), (dWs, want.weights), (dbs, want.biases)):
        assert isinstance(ours, list)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15, strict=True)


@pytest.mark.parametrize("layer", range(3))
@pytest.mark.parametrize("which", ["weights", "biases"])
def test_gradients_agree_with_differences_in_a_random_direction(which, layer):
    rng, x, weights, biases = network(5)
    upstream = rng.normal(size=(8, 3))
    pre_activations, activations = forward_pass(x, weights, biases, np.tanh)
    deltas = backward_pass(upstream, weights, pre_activations, tanh_derivative)
    gradient = weight_gradients(x, activations, deltas)[which == "biases"][layer]
    direction = rng.normal(size=gradient.shape)

    def loss(t):
        moved = {"weights": list(weights), "biases": list(biases)}
        moved[which][layer] = moved[which][layer] + t * direction
        return np.sum(upstream * forward_pass(x, **moved, activation=np.tanh)[0][-1])

    want = (loss(1e-6) - loss(-1e-6)) / 2e-6
    assert np.sum(gradient * direction) == pytest.approx(want, rel=1e-6, abs=1e-7)


def test_the_last_delta_is_the_argument():
    rng, x, weights, biases = network(6)
    pre_activations, _ = forward_pass(x, weights, biases, np.tanh)
    last = rng.normal(size=(8, 3))
    np.testing.assert_array_equal(backward_pass(last, weights, pre_activations, tanh_derivative)[-1], last)


def test_gradients_are_summed_over_the_batch_not_averaged():
    rng, x, _, _ = network(7)
    activations, deltas = ([rng.normal(size=(8, n)) for n in (4, 3)] for _ in range(2))
    once = weight_gradients(x, activations, deltas)
    twice = weight_gradients(
        np.vstack([x, x]), [np.vstack([h, h]) for h in activations], [np.vstack([d, d]) for d in deltas]
    )
    for one, two in zip(once[0] + once[1], twice[0] + twice[1], strict=True):
        np.testing.assert_allclose(two, 2 * one, rtol=1e-12, atol=1e-14)


def test_lists_of_different_lengths_are_refused():
    rng, x, weights, biases = network(8)
    pre_activations, activations = forward_pass(x, weights, biases, np.tanh)
    last = rng.normal(size=(8, 3))
    with pytest.raises(ValueError, match=r"^pre_activations must be as many as weights, 3 \(got 2\)$"):
        backward_pass(last, weights, pre_activations[1:], tanh_derivative)
    with pytest.raises(ValueError, match=r"^deltas must be as many as activations, 3 \(got 1\)$"):
        weight_gradients(x, activations, [last])


def test_forward_and_backward_pass_change_no_input_and_keep_float32():
    rng, x, weights, biases = network(9)
    x, last = x.astype(np.float32), rng.normal(size=(8, 3)).astype(np.float32)
    weights, biases = ([array.astype(np.float32) for array in group] for group in (weights, biases))
    freeze(x, last, weights, biases)
    pre_activations, activations = forward_pass(x, weights, biases, sigmoid)
    freeze(pre_activations, activations)
    deltas = backward_pass(last, weights, pre_activations, sigmoid_derivative)
    freeze(deltas)
    results = [*pre_activations, *activations, *deltas]
    for gradients in weight_gradients(x, activations, deltas):
        results += gradients
    assert {result.dtype for result in results} == {np.dtype(np.float32)}


# rms_by_layer -------------------------------------------------------------------------------------


def test_root_mean_squares_computed_by_hand():
    got = rms_by_layer([np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([-2.0]), np.array(7.0)])
    np.testing.assert_array_equal(got, [2.5, 2.0, 7.0], strict=True)


def test_a_squared_rms_is_squared_mean_plus_variance():
    array = np.random.default_rng(10).normal(3, 2, size=(5, 4, 3))
    assert rms_by_layer([array])[0] == pytest.approx(np.hypot(array.mean(), array.std()), rel=1e-12)


def test_tiny_signals_keep_their_digits():
    array = np.random.default_rng(11).normal(size=(8, 3))
    one, tiny = rms_by_layer([array, 1e-100 * array])
    assert tiny == pytest.approx(1e-100 * one, rel=1e-12)


# predicted_gain -----------------------------------------------------------------------------------


def test_the_gain_by_hand():
    assert predicted_gain(64, 1.0, np.zeros((3, 2)), sigmoid_derivative) == pytest.approx(8 / 4)
    assert predicted_gain(64, 0.0, np.zeros((3, 2)), sigmoid_derivative) == 0
    assert type(predicted_gain(np.int64(4), np.float64(1), np.zeros(2), np.cos)) is float


@pytest.mark.parametrize(("variance", "derivative"), [(1 / 200, sigmoid_derivative), (0.3, np.cos)])
def test_the_gain_predicts_what_a_step_does_to_independent_numbers(variance, derivative):
    rng = np.random.default_rng(12)
    a, delta = rng.normal(size=(400, 300)), rng.normal(size=(400, 200))
    W = rng.normal(0, np.sqrt(variance), size=(300, 200))
    before, after = rms_by_layer([delta, delta_step(delta, W, a, derivative)])
    assert after / before == pytest.approx(predicted_gain(200, variance, a, derivative), rel=0.03)


@pytest.mark.parametrize(
    ("width", "variance", "text"),
    [
        (0, 1.0, r"^width must be a positive finite number \(got 0\)$"),
        (-3, 1.0, r"^width must be a positive finite number \(got -3\)$"),
        (4, -0.1, r"^weight_variance must be a finite number of at least 0 \(got -0.1\)$"),
        (4, float("nan"), r"^weight_variance must be a finite number of at least 0 \(got nan\)$"),
    ],
)
def test_the_gain_refuses_invalid_widths_and_variances(width, variance, text):
    with pytest.raises(ValueError, match=text):
        predicted_gain(width, variance, np.zeros((2, 2)), np.cos)


# gradient_bound -----------------------------------------------------------------------------------


def test_the_bound_by_hand():
    assert gradient_bound([]) == 1
    assert gradient_bound([np.diag([3.0, -8.0])]) == pytest.approx(2)
    assert gradient_bound([np.diag([3.0, -8.0]), np.array([[3.0], [4.0]])]) == pytest.approx(2 * 5 / 4)


@pytest.mark.parametrize("seed", range(20))
def test_no_delta_of_a_sigmoid_network_exceeds_the_bound(seed):
    rng, x, weights, biases = network(seed, (5, 4, 6, 4, 3))
    pre_activations, _ = forward_pass(x, weights, biases, sigmoid)
    deltas = backward_pass(rng.normal(size=(8, 3)), weights, pre_activations, sigmoid_derivative)
    first, last = (np.linalg.norm(delta, axis=1) for delta in (deltas[0], deltas[-1]))
    assert np.all(first <= gradient_bound(weights[1:]) * last)


def test_the_bound_is_reached_by_orthogonal_weights_at_zero():
    Q = np.linalg.qr(np.random.default_rng(13).normal(size=(4, 4)))[0]
    delta = np.random.default_rng(14).normal(size=(6, 4))
    below = delta_step(delta, Q, np.zeros((6, 4)), sigmoid_derivative)
    assert np.linalg.norm(below) / np.linalg.norm(delta) == pytest.approx(gradient_bound([Q]), rel=1e-12)


def test_the_bound_refuses_an_array_that_is_no_matrix():
    with pytest.raises(ValueError, match=r"^every entry of weights must have 2 axes \(got shape \(3,\)\)$"):
        gradient_bound([np.ones((2, 3)), np.ones(3)])
