import gc
import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from course_lib import activations
from course_lib.engine import Engine
from course_lib.networks import Network, loss_and_gradients, network_of, step, update_statistics

NAMES = ["sigmoid", "tanh", "relu", "leaky_relu", "elu"]
PAIRS = {name: (getattr(activations, name), getattr(activations, f"{name}_derivative")) for name in NAMES}
PAIRS["any other pair"] = (
    lambda a: activations.leaky_relu(a, 0.3),
    lambda a: activations.leaky_relu_derivative(a, 0.3),
)
SIZES, N = (6, 8, 7, 9, 4), 12


def start(pair="relu", batch_norm=False, seed=0, gain=1.3, hidden_bias=0.3, sizes=SIZES):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, gain / np.sqrt(m), size=(m, n)) for m, n in pairwise(sizes)]
    network = network_of(weights, *PAIRS[pair], batch_norm=batch_norm, hidden_bias=hidden_bias)
    norms = tuple(
        replace(
            norm,
            gamma=rng.uniform(0.5, 2, norm.gamma.shape),
            beta=rng.normal(size=norm.beta.shape),
            running_mean=rng.normal(size=norm.beta.shape),
            running_var=rng.uniform(0.5, 2, norm.gamma.shape),
        )
        for norm in network.norms
    )
    return replace(network, norms=norms)


def batches(count=6, seed=1, size=N):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(size, SIZES[0])), rng.integers(SIZES[-1], size=size)) for _ in range(count)]


def numbers(network):
    norms = [(norm.gamma, norm.beta, norm.running_mean, norm.running_var) for norm in network.norms]
    return [*network.weights, *network.biases, *(array for arrays in norms for array in arrays)]


def readable_step(network, x, labels, learning_rate):
    loss, gradients = loss_and_gradients(network, x, labels)
    moved, counted = step(network, gradients, learning_rate), update_statistics(network, x)
    norms = tuple(
        replace(norm, running_mean=other.running_mean, running_var=other.running_var)
        for norm, other in zip(moved.norms, counted.norms, strict=True)
    )
    return loss, replace(moved, norms=norms)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("pair", PAIRS)
def test_steps_agree_with_the_readable_network(pair, batch_norm):
    network = start(pair, batch_norm)
    engine = Engine(network, N, dtype=np.float64)
    for x, labels in batches():
        want, network = readable_step(network, x, labels, 0.3)
        assert engine.step(x, labels, 0.3) == pytest.approx(want, rel=1e-12)
        for got, expected in zip(numbers(engine.network()), numbers(network), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12, strict=True)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("pair", PAIRS)
def test_single_precision_stays_close_to_double(pair, batch_norm):
    single, double = (Engine(start(pair, batch_norm), N, dtype=dtype) for dtype in (np.float32, np.float64))
    for x, labels in batches():
        assert single.step(x, labels, 0.3) == pytest.approx(double.step(x, labels, 0.3), rel=1e-5)
    for got, want in zip(numbers(single.network()), numbers(double.network()), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pair", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_agree_for_large_inputs(pair, dtype):
    a = np.array([-1000.0, -300.0, -90.0, -20.0, -1e-6, 0.0, 1e-6, 20.0, 90.0, 300.0, 1000.0])
    network = network_of([a[None, :], np.ones((len(a), 2))], *PAIRS[pair])
    engine = Engine(network, 1, dtype=dtype)
    x, labels = np.ones((1, 1)), np.array([0])
    _, gradients = loss_and_gradients(network, x, labels)
    before = engine.network()
    assert np.isfinite(engine.step(x, labels, 0.5))
    after = engine.network()
    rtol = 1e-6 if dtype is np.float32 else 1e-12
    want = before.weights[1] - 0.5 * gradients.weights[1]
    np.testing.assert_allclose(after.weights[1], want, rtol=rtol, atol=10 * np.finfo(dtype).eps)
    np.testing.assert_allclose(after.biases[0], -0.5 * gradients.biases[0], rtol=rtol, atol=10 * np.finfo(dtype).eps)


def test_the_sigmoid_has_a_positive_slope_where_it_is_nearly_flat():
    # 1 − σ(a) is 0 in float32 for a ≥ 17; a unit must still be able to learn there.
    a = np.array([[-30.0, 30.0]])
    network = network_of([a, np.array([[1.0, 0.0], [1.0, 0.0]])], *PAIRS["sigmoid"])
    engine = Engine(network, 1)
    engine.step(np.ones((1, 1)), np.array([1]), 1.0)
    _, gradients = loss_and_gradients(network, np.ones((1, 1)), np.array([1]))
    np.testing.assert_allclose(-engine.network().biases[0], gradients.biases[0], rtol=1e-5)
    assert np.all(gradients.biases[0] > 1e-14)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_the_initial_network_is_not_changed(batch_norm):
    network = start(batch_norm=batch_norm)
    before = [array.copy() for array in numbers(network)]
    engine = Engine(network, N, dtype=np.float64)
    for array, old in zip(numbers(engine.network()), before, strict=True):
        np.testing.assert_allclose(array, old, rtol=1e-15, atol=1e-15)
    for x, labels in batches():
        engine.step(x, labels, 0.5)
    for array, old in zip(numbers(network), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_a_copy_of_the_network_is_independent_of_the_engine(batch_norm):
    engine = Engine(start(batch_norm=batch_norm), N)
    (x, labels), *_ = batches()
    engine.step(x, labels, 0.5)
    snapshot = engine.network()
    before = [array.copy() for array in numbers(snapshot)]
    engine.step(x, labels, 0.5)
    for array, old in zip(numbers(snapshot), before, strict=True):
        np.testing.assert_array_equal(array, old)
    later = engine.network()
    for array in numbers(snapshot):
        array[...] = np.nan
    for array, again in zip(numbers(later), numbers(engine.network()), strict=True):
        np.testing.assert_array_equal(array, again)
        assert np.all(np.isfinite(again))


def test_a_batch_is_not_changed():
    (x, labels), *_ = batches()
    old_x, old_labels = x.copy(), labels.copy()
    Engine(start(batch_norm=True), N, dtype=np.float64).step(x, labels, 0.5)
    np.testing.assert_array_equal(x, old_x)
    np.testing.assert_array_equal(labels, old_labels)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_labels_may_be_any_integers(dtype):
    # 4 classes · 70 rows do not fit into 8 bits: positions must not be computed in them.
    x, labels = batches(size=70)[0]
    want = Engine(start(), 70).step(x, labels, 0.1)
    assert Engine(start(), 70).step(x, labels.astype(dtype), 0.1) == want


def test_a_bias_before_batch_norm_stays_as_it_is():
    network = start(batch_norm=True, hidden_bias=2.5)
    engine = Engine(network, N)
    for x, labels in batches():
        engine.step(x, labels, 0.5)
    after = engine.network()
    for b in after.biases[:-1]:
        np.testing.assert_array_equal(b, 2.5)
    assert np.any(after.biases[-1] != network.biases[-1])


def test_a_network_without_hidden_layers_is_softmax_regression():
    network = start(sizes=(6, 4))
    engine = Engine(network, N, dtype=np.float64)
    for x, labels in batches():
        want, network = readable_step(network, x, labels, 0.3)
        assert engine.step(x, labels, 0.3) == pytest.approx(want, rel=1e-12)
    np.testing.assert_allclose(engine.network().weights[0], network.weights[0], rtol=1e-12)


class Noisy:
    """An activation with a state: it adds noise, and the derivative must be called with the same noise."""

    def __init__(self, seed):
        self.rng, self.calls, self.seen = np.random.default_rng(seed), [], []

    def activation(self, a):
        self.calls.append(("activation", a.shape))
        self.seen.append(a)
        return np.tanh(a + 0.1 * self.rng.normal(size=a.shape))

    def derivative(self, a):
        self.calls.append(("derivative", a.shape))
        return 1 - np.tanh(a + 0.1 * self.rng.normal(size=a.shape)) ** 2


def test_functions_with_a_memory_are_called_as_in_the_readable_network():
    plain, fast = Noisy(3), Noisy(3)
    network = start()
    mine = replace(network, activation=plain.activation, derivative=plain.derivative)
    engine = Engine(replace(network, activation=fast.activation, derivative=fast.derivative), N, dtype=np.float64)
    for x, labels in batches(3):
        want, gradients = loss_and_gradients(mine, x, labels)
        assert engine.step(x, labels, 0.3) == pytest.approx(want, rel=1e-12)
        mine = step(mine, gradients, 0.3)
    one_step = [("activation", (N, n)) for n in (8, 7, 9)] + [("derivative", (N, n)) for n in (9, 7, 8)]
    assert fast.calls == plain.calls == 3 * one_step
    for got, want in zip(fast.seen, plain.seen, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


class Unhashable:
    """A pair of callables that cannot be keys of a dictionary."""

    __hash__ = None

    def __call__(self, a):
        return np.maximum(a, 0)


def test_functions_need_not_be_hashable_or_keep_the_dtype():
    network = replace(start(), activation=Unhashable(), derivative=lambda a: a.astype(np.float64) > 0)
    engine, reference = Engine(network, N), Engine(start(), N)
    for x, labels in batches():
        assert engine.step(x, labels, 0.1) == pytest.approx(reference.step(x, labels, 0.1), rel=1e-6)
    assert engine.network().weights[0].dtype == np.float32


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("pair", ["relu", "sigmoid", "any other pair"])
def test_the_same_steps_give_the_same_bits(pair, batch_norm):
    runs = []
    for _ in range(2):
        engine = Engine(start(pair, batch_norm), N)
        losses = [engine.step(x, labels, 0.3) for x, labels in batches()]
        runs.append((losses, numbers(engine.network())))
    assert runs[0][0] == runs[1][0]
    for one, other in zip(runs[0][1], runs[1][1], strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
@pytest.mark.parametrize("pair", ["relu", "elu", "any other pair"])
def test_a_run_that_diverges_ends_in_nan_without_a_warning(pair, batch_norm):
    engine = Engine(start(pair, batch_norm), N)
    losses = [engine.step(x, labels, 1e30) for x, labels in batches(8)]
    assert np.isfinite(losses[0])
    assert np.isnan(losses[-1])


def test_a_nan_in_the_input_gives_nan():
    (x, labels), *_ = batches()
    x[3, 2] = np.nan
    assert np.isnan(Engine(start(batch_norm=True), N).step(x, labels, 0.1))


@pytest.mark.parametrize("pair", ["relu", "sigmoid", "any other pair"])
def test_memory_does_not_grow_over_steps(pair):
    engine = Engine(start(pair, batch_norm=True), N)
    (x, labels), *_ = batches()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(200):  # Python and NumPy first fill small caches
            engine.step(x, labels, 0.01)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for _ in range(300):
            engine.step(x, labels, 0.01)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # One float kept per step would be 7 kB. Functions that return new arrays need them for one step only.
    assert after - before < 2_000
    assert peak - before < (4_000 if pair in NAMES else 20_000)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"x": np.zeros((11, 6))}, r"^x must have shape \(12, 6\) \(got \(11, 6\)\)$"),
        ({"x": np.zeros((12, 5))}, r"^x must have shape \(12, 6\) \(got \(12, 5\)\)$"),
        ({"x": [[0.0] * 6] * 12}, r"^x must be a NumPy array with 2 axes \(got list\)$"),
        ({"labels": np.zeros(11, int)}, r"^labels must have shape \(12,\) \(got \(11,\)\)$"),
        ({"labels": np.zeros(12)}, r"^labels must hold integer classes \(got dtype float64\)$"),
        ({"labels": np.full(12, 4)}, r"^labels must lie in 0 … 3 \(got values from 4 to 4\)$"),
        ({"labels": np.arange(12) % 4 - 1}, r"^labels must lie in 0 … 3 \(got values from -1 to 2\)$"),
        ({"learning_rate": 0.0}, r"^learning_rate must be a positive finite number \(got 0\.0\)$"),
        ({"learning_rate": -0.1}, r"^learning_rate must be a positive finite number \(got -0\.1\)$"),
        ({"learning_rate": float("inf")}, r"^learning_rate must be a positive finite number \(got inf\)$"),
        ({"learning_rate": "0.1"}, r"^learning_rate must be a positive finite number \(got '0\.1'\)$"),
    ],
)
def test_a_step_refuses_invalid_arguments_and_changes_nothing(change, text):
    engine = Engine(start(), N)
    before = numbers(engine.network())
    arguments = {"x": np.zeros((N, 6)), "labels": np.zeros(N, int), "learning_rate": 0.1, **change}
    with pytest.raises(ValueError, match=text):
        engine.step(**arguments)
    for array, old in zip(numbers(engine.network()), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize(
    ("batch_norm", "arguments", "text"),
    [
        (False, {"batch_size": 0}, r"^batch_size must be an integer of at least 1 \(got 0\)$"),
        (False, {"batch_size": 2.0}, r"^batch_size must be an integer of at least 1 \(got 2\.0\)$"),
        (True, {"batch_size": 1}, r"^batch_size must be an integer of at least 2 \(got 1\)$"),
        (False, {"batch_size": 2, "dtype": np.float16}, r"^dtype must be one of float32, float64 \(got 'float16'\)$"),
        (False, {"batch_size": 2, "dtype": int}, r"^dtype must be one of float32, float64 \(got 'int64'\)$"),
    ],
)
def test_invalid_engine_arguments_are_refused(batch_norm, arguments, text):
    with pytest.raises(ValueError, match=text):
        Engine(start(batch_norm=batch_norm), **arguments)


def test_layers_that_do_not_fit_together_are_refused():
    network = Network((np.ones((3, 4)), np.ones((5, 2))), (np.zeros(4), np.zeros(2)), *PAIRS["relu"])
    with pytest.raises(ValueError, match=r"^weights must fit together \(got shape \(3, 4\) before \(5, 2\)\)$"):
        Engine(network, N)
