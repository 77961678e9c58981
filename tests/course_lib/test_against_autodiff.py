"""Comparison of every hand-written gradient with automatic differentiation of independent formulas.

A missing autograd fails here and is not skipped.
"""

import warnings
from itertools import pairwise

import numpy as np
import pytest

from course_lib import activations
from course_lib.backpropagation import backward_pass, forward_pass, weight_gradients
from course_lib.batchnorm import batchnorm_backward, batchnorm_forward, batchnorm_inference
from course_lib.dense import dense_backward, dense_forward
from course_lib.engine import Engine
from course_lib.losses import softmax_cross_entropy
from course_lib.networks import BatchNorm, Network, loss_and_gradients, predict

with warnings.catch_warnings():
    # autograd 1.7 imports from a module that NumPy 2 has deprecated.
    warnings.filterwarnings("ignore", r"numpy\.core\.einsumfunc is deprecated", DeprecationWarning)
    import autograd.numpy as anp
    from autograd import make_vjp

# These formulas differ from those of the course where possible.
ANEW = {
    "sigmoid": lambda a: 1 / (1 + anp.exp(-a)),
    "tanh": lambda a: anp.sinh(a) / anp.cosh(a),
    "relu": lambda a: anp.where(a > 0, a, 0.0),
    "leaky_relu": lambda a: anp.maximum(a, 0.01 * a),
    "elu": lambda a: anp.maximum(a, 0) + anp.exp(anp.minimum(a, 0)) - 1,
}
NAMES = list(ANEW)
SIZES, N = (6, 8, 7, 9, 4), 12


def pair(name):
    return getattr(activations, name), getattr(activations, f"{name}_derivative")


def differentiated(f, at, upstream=1.0):
    """Return f(at) and the gradient of Σ upstream·f, with the structure of `at`: an array, or tuples of arrays."""
    pull_back, value = make_vjp(f)(at)
    return value, pull_back(upstream)


def close(got, want, rtol=1e-10):
    """Check that entries agree within `rtol` times the largest entry of the array."""
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * np.abs(want).max(), strict=True)


def problem(name, batch_norm, seed=0):
    """Build a network with random numbers everywhere, and a batch."""
    rng = np.random.default_rng(seed)
    weights = tuple(rng.normal(0, 1.5 / np.sqrt(m), size=(m, n)) for m, n in pairwise(SIZES))
    biases = tuple(rng.normal(size=n) for n in SIZES[1:])
    norms = tuple(
        BatchNorm(rng.uniform(0.5, 2, n), rng.normal(size=n), rng.normal(size=n), rng.uniform(0.5, 2, n))
        for n in SIZES[1:-1]
    )
    network = Network(weights, biases, *pair(name), norms if batch_norm else ())
    return network, rng.normal(size=(N, SIZES[0])), rng.integers(SIZES[-1], size=N)


def parameters_of(network):
    """Return weights, biases, gammas, betas, and a 0 to add to every dense output: its gradient is δ."""
    gammas, betas = tuple(norm.gamma for norm in network.norms), tuple(norm.beta for norm in network.norms)
    return network.weights, network.biases, gammas, betas, tuple(np.zeros((N, len(b))) for b in network.biases)


def mean_and_variance(a):
    mean = anp.sum(a, axis=0) / len(a)
    return mean, anp.sum((a - mean) ** 2, axis=0) / len(a)


def normalized(a, gamma, beta, mean, var):
    return gamma * ((a - mean) / anp.sqrt(var + 1e-5)) + beta


def dense_outputs(parameters, name, x, stored=None):
    """Run a batch through a network, at test time with stored statistics; the last output holds the scores."""
    weights, biases, gammas, betas, zeros = parameters
    h, outputs = x, []
    for layer, (W, b, zero) in enumerate(zip(weights, biases, zeros, strict=True)):
        a = h @ W + b + zero
        outputs.append(a)
        if layer < len(gammas):
            a = normalized(a, gammas[layer], betas[layer], *(stored[layer] if stored else mean_and_variance(a)))
        h = ANEW[name](a)
    return outputs


def cross_entropy(scores, labels):
    right = labels[:, None] == np.arange(scores.shape[1])
    return anp.mean(anp.log(anp.sum(anp.exp(scores), axis=1)) - anp.sum(right * scores, axis=1))


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("name", NAMES)
def test_all_gradients_of_a_network(name, batch_norm):
    network, x, labels = problem(name, batch_norm)
    want, wanted = differentiated(
        lambda parameters: cross_entropy(dense_outputs(parameters, name, x)[-1], labels), parameters_of(network)
    )
    loss, gradients = loss_and_gradients(network, x, labels)
    assert loss == pytest.approx(want, rel=1e-12)
    found = gradients.weights, gradients.biases, gradients.gammas, gradients.betas, gradients.deltas
    for kind, (mine, theirs) in enumerate(zip(found, wanted, strict=True)):
        for layer, (got, p) in enumerate(zip(mine, theirs, strict=True)):
            if batch_norm and kind == 1 and layer < len(network.norms):
                assert np.abs(got).max() < 1e-14  # 0 except for rounding errors, which need not agree
            else:
                close(got, p)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("name", NAMES)
def test_scores_at_test_time(name, batch_norm):
    network, x, _ = problem(name, batch_norm)
    stored = [(norm.running_mean, norm.running_var) for norm in network.norms]
    close(predict(network, x), dense_outputs(parameters_of(network), name, x, stored)[-1], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_of_the_engine_with_batch_norm(dtype):
    network, x, labels = problem("relu", batch_norm=True)
    engine = Engine(network, N, dtype=dtype)
    tolerance = 1e-10 if dtype is np.float64 else 1e-4
    *parameters, zeros = parameters_of(network)
    stored = [(norm.running_mean, norm.running_var) for norm in network.norms]
    for _ in range(5):
        outputs = dense_outputs((*parameters, zeros), "relu", x)
        for layer, (mean, var) in enumerate(stored):
            new_mean, new_var = mean_and_variance(outputs[layer])
            stored[layer] = 0.9 * mean + 0.1 * new_mean, 0.9 * var + 0.1 * new_var * N / (N - 1)
        loss, slopes = differentiated(
            lambda parameters: cross_entropy(dense_outputs((*parameters, zeros), "relu", x)[-1], labels),
            tuple(parameters),
        )
        parameters = [
            tuple(p - 0.2 * slope for p, slope in zip(*both, strict=True))
            for both in zip(parameters, slopes, strict=True)
        ]
        assert engine.step(x, labels, 0.2) == pytest.approx(loss, rel=tolerance)
    after = engine.network()
    found = *parameters_of(after)[:4], *[(norm.running_mean, norm.running_var) for norm in after.norms]
    for mine, theirs in zip(found, (*parameters, *stored), strict=True):
        for got, want in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_values_and_slopes_of_activations(name):
    f, slope = pair(name)
    a = np.random.default_rng(1).normal(0, 5, size=(40, 7))
    upstream = np.random.default_rng(2).normal(size=a.shape)
    value, gradient = differentiated(ANEW[name], a, upstream)
    close(f(a), value, rtol=1e-12)
    close(slope(a) * upstream, gradient)


def test_a_dense_layer():
    rng = np.random.default_rng(3)
    x, W, b, upstream = (rng.normal(size=shape) for shape in ((5, 4), (4, 3), (3,), (5, 3)))
    value, gradients = differentiated(lambda p: p[0] @ p[1] + p[2], (x, W, b), upstream)
    close(dense_forward(x, W, b), value)
    for got, want in zip(dense_backward(upstream, x, W), gradients, strict=True):
        close(got, want)


@pytest.mark.parametrize("scale", [1, 30])
def test_softmax_and_cross_entropy(scale):
    rng = np.random.default_rng(4)
    scores, labels = scale * rng.normal(size=(9, 5)), rng.integers(5, size=9)
    want, gradient = differentiated(lambda scores: cross_entropy(scores, labels), scores)
    loss, dscores = softmax_cross_entropy(scores, labels)
    assert loss == pytest.approx(want, rel=1e-12)
    close(dscores, gradient)


@pytest.mark.parametrize("rows", [2, 3, 50])
def test_batch_normalization(rows):
    rng = np.random.default_rng(5)
    x, upstream = rng.normal(3, 2, size=(rows, 6)), rng.normal(size=(rows, 6))
    gamma, beta = rng.uniform(0.5, 2, 6), rng.normal(size=6)
    value, gradients = differentiated(lambda p: normalized(*p, *mean_and_variance(p[0])), (x, gamma, beta), upstream)
    y, cache = batchnorm_forward(x, gamma, beta)
    close(y, value)
    for got, want in zip(batchnorm_backward(upstream, cache), gradients, strict=True):
        # With two rows, a gradient is the difference of numbers that are 10⁵ times as large.
        close(got, want, rtol=1e-10 if rows > 2 else 1e-8)


def test_batch_normalization_at_test_time():
    rng = np.random.default_rng(6)
    x, mean, var, gamma, beta = (rng.uniform(0.5, 2, size=shape) for shape in ((5, 3), 3, 3, 3, 3))
    close(batchnorm_inference(x, gamma, beta, mean, var), normalized(x, gamma, beta, mean, var))


@pytest.mark.parametrize("name", NAMES)
def test_backpropagation_through_many_layers(name):
    f, slope = pair(name)
    network, x, _ = problem(name, batch_norm=False)
    upstream = np.random.default_rng(7).normal(size=(N, SIZES[-1]))
    _, (dWs, dbs, _, _, wanted) = differentiated(
        lambda parameters: dense_outputs(parameters, name, x)[-1], parameters_of(network), upstream
    )
    pre_activations, hidden = forward_pass(x, network.weights, network.biases, f)
    deltas = backward_pass(upstream, network.weights, pre_activations, slope)
    for mine, theirs in zip((deltas, *weight_gradients(x, hidden, deltas)), (wanted, dWs, dbs), strict=True):
        for got, want in zip(mine, theirs, strict=True):
            close(got, want)
