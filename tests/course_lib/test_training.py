import itertools

import numpy as np
import pytest

from course_lib.activations import relu, relu_derivative
from course_lib.data import Digits, load_digits
from course_lib.initialization import he_init
from course_lib.networks import accuracy, loss_and_gradients, network_of, random_network, step
from course_lib.training import train, train_steps


def tanh_slope(a):
    return 1 - np.tanh(a) ** 2


@pytest.fixture(scope="module")
def data():
    digits = load_digits()
    return Digits(digits.x_train[:300], digits.y_train[:300], digits.x_test[:100], digits.y_test[:100])


def run(data, seed=0, learning_rate=0.1, epochs=3, batch_size=32, dtype=np.float32):
    rng = np.random.default_rng(seed)
    network = random_network(rng, [64, 16, 10], np.tanh, tanh_slope)
    return list(train(rng, network, data, learning_rate, epochs, batch_size, dtype=dtype))


def run_steps(data, steps, every=1, seed=0, batch_norm=False, learning_rate=0.1, batch_size=32, dtype=np.float32):
    rng = np.random.default_rng(seed)
    weights = [he_init(rng, 64, 16), he_init(rng, 16, 10)]
    network = network_of(weights, relu, relu_derivative, batch_norm=batch_norm)
    return list(train_steps(rng, network, data, learning_rate, steps, batch_size, every, dtype=dtype))


def test_the_loss_falls_and_the_accuracy_rises_above_chance(data):
    records = run(data, epochs=6)
    losses = [record.loss for record in records]
    assert losses == sorted(losses, reverse=True)
    assert records[-1].test_accuracy > 0.7
    assert [record.number for record in records] == list(range(7))


def test_the_same_seed_gives_the_same_records(data):
    one, other = run(data), run(data)
    assert [(r.loss, r.test_accuracy) for r in one] == [(r.loss, r.test_accuracy) for r in other]
    np.testing.assert_array_equal(one[-1].network.weights[0], other[-1].network.weights[0])
    assert run(data, seed=1)[-1].loss != one[-1].loss


def test_the_first_record_is_the_untrained_network(data):
    (only,) = run(data, epochs=0, dtype=np.float64)
    loss, _ = loss_and_gradients(only.network, data.x_train, data.y_train)
    assert (only.number, only.loss) == (0, loss)


def test_a_whole_batch_is_one_step_against_the_gradient(data):
    first, second = run(data, epochs=1, batch_size=300, dtype=np.float64)
    _, gradients = loss_and_gradients(first.network, data.x_train, data.y_train)
    want = step(first.network, gradients, 0.1)
    assert second.loss == pytest.approx(first.loss, rel=1e-12)
    np.testing.assert_allclose(second.network.weights[0], want.weights[0], rtol=1e-9, atol=1e-12)


def test_records_come_one_by_one_so_that_a_reader_may_stop(data):
    rng = np.random.default_rng(0)
    records = train(rng, random_network(rng, [64, 10], np.tanh, tanh_slope), data, 0.1, 10**9)
    assert [record.number for record in itertools.islice(records, 2)] == [0, 1]


def test_every_example_is_used_once_an_epoch(data):
    seen = []

    class Watched(np.ndarray):
        def __getitem__(self, index):
            seen.append(index)
            return np.asarray(self)[index]

    rng = np.random.default_rng(0)
    network = random_network(rng, [64, 10], np.tanh, tanh_slope)
    list(train(rng, network, data._replace(y_train=data.y_train.view(Watched)), 0.1, 1, batch_size=64))
    batches = [index for index in seen if isinstance(index, np.ndarray)]
    used = np.concatenate(batches)
    assert len(batches) == 4  # 300 = 4 · 64 + 44: the smaller batch is not used
    assert len(set(used.tolist())) == len(used) == 256


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"learning_rate": 0.0}, r"^learning_rate must be a positive finite number \(got 0\.0\)$"),
        ({"learning_rate": float("nan")}, r"^learning_rate must be a positive finite number \(got nan\)$"),
        ({"epochs": -1}, r"^epochs must be an integer of at least 0 \(got -1\)$"),
        ({"epochs": 1.5}, r"^epochs must be an integer of at least 0 \(got 1\.5\)$"),
        ({"batch_size": 0}, r"^batch_size must be an integer of at least 1 \(got 0\)$"),
        ({"batch_size": 301}, r"^batch_size must .*300.*\(got 301\)$"),
    ],
)
def test_hyper_parameters_out_of_range_are_refused(data, arguments, text):
    with pytest.raises(ValueError, match=text):
        run(data, **arguments)


@pytest.mark.parametrize(
    ("steps", "every", "want"),
    [
        (0, 1, [0]),
        (3, 1, [0, 1, 2, 3]),
        (7, 3, [0, 3, 6, 7]),
        (6, 3, [0, 3, 6]),
        (2, 5, [0, 2]),
        (30, 10, [0, 10, 20, 30]),
    ],
)
def test_records_come_every_few_steps_and_of_the_last(data, steps, every, want):
    assert [record.step for record in run_steps(data, steps, every)] == want


def test_records_do_not_depend_on_the_interval_between_them(data):
    often, seldom = run_steps(data, 20), run_steps(data, 20, every=6)
    for record in seldom[1:]:
        same = often[record.step]
        assert record.test_accuracy == same.test_accuracy
        np.testing.assert_array_equal(record.network.weights[0], same.network.weights[0], strict=True)
    assert seldom[0].loss == often[0].loss
    for before, record in itertools.pairwise(seldom):
        batches = [other.loss for other in often[before.step + 1 : record.step + 1]]
        assert record.loss == pytest.approx(np.mean(batches), rel=1e-12)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_the_same_seed_gives_the_same_bits_step_by_step(data, batch_norm):
    one, other = (run_steps(data, 25, batch_norm=batch_norm) for _ in range(2))
    assert [(r.step, r.loss, r.test_accuracy) for r in one] == [(r.step, r.loss, r.test_accuracy) for r in other]
    np.testing.assert_array_equal(one[-1].network.weights[1], other[-1].network.weights[1], strict=True)
    assert run_steps(data, 25, seed=1, batch_norm=batch_norm)[-1].loss != one[-1].loss


def test_epochs_are_steps_in_the_same_order(data):
    rng = np.random.default_rng(0)
    network = random_network(rng, [64, 16, 10], np.tanh, tanh_slope)
    records = list(train_steps(rng, network, data, 0.1, 27, every=9))
    assert [(r.loss, r.test_accuracy) for r in records] == [(e.loss, e.test_accuracy) for e in run(data)]


def test_every_epoch_has_an_order_of_its_own(data):
    counted = data._replace(x_train=np.arange(300.0)[:, None] * np.ones(64), y_train=data.y_train)
    seen = []

    def watched(a):
        seen.append(np.array(a[:, 0]))
        return np.zeros_like(a)

    rng = np.random.default_rng(0)
    network = network_of([np.eye(64), np.zeros((64, 10))], watched, np.zeros_like)
    list(train_steps(rng, network, counted, 0.1, 12, batch_size=50, every=12))
    batches = [rows.astype(int) for rows in seen if len(rows) == 50]
    first, second = np.concatenate(batches[:6]), np.concatenate(batches[6:])
    assert sorted(first) == sorted(second) == list(range(300))
    assert np.any(first != second)
    assert np.any(first != np.arange(300))


def test_with_batch_norm_it_learns_and_is_tested_with_stored_statistics(data):
    records = run_steps(data, 90, every=45, batch_norm=True)
    assert records[-1].loss < 0.5 * records[0].loss
    assert records[-1].test_accuracy > 0.7
    last = records[-1].network
    assert records[-1].test_accuracy == accuracy(last, data.x_test.astype(np.float32), data.y_test)
    assert np.any(last.norms[0].running_mean != 0)
    again = accuracy(last, data.x_test[:1].astype(np.float32), data.y_test[:1])
    assert again in (0.0, 1.0)


def test_records_keep_the_network_of_their_step(data):
    records = run_steps(data, 3)
    for one, other in itertools.pairwise(records):
        assert np.any(one.network.weights[0] != other.network.weights[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_networks_in_records_have_the_dtype_of_the_arithmetic(data, dtype):
    for record in run_steps(data, 1, dtype=dtype, batch_norm=True):
        norm = record.network.norms[0]
        arrays = (*record.network.weights, *record.network.biases, norm.gamma, norm.running_mean, norm.running_var)
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_single_precision_stays_close_to_double_at_first(data):
    single, double = run_steps(data, 20), run_steps(data, 20, dtype=np.float64)
    for one, other in zip(single, double, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-4)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "batch norm"])
def test_a_run_that_diverges_is_recorded_as_nan_without_a_warning(data, batch_norm):
    records = run_steps(data, 12, learning_rate=1e30, batch_norm=batch_norm)
    assert np.isfinite(records[0].loss)
    assert np.isnan(records[-1].loss)
    assert np.isnan(records[-1].test_accuracy)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"steps": -1}, r"^steps must be an integer of at least 0 \(got -1\)$"),
        ({"steps": 2.0}, r"^steps must be an integer of at least 0 \(got 2\.0\)$"),
        ({"steps": 1, "every": 0}, r"^every must be an integer of at least 1 \(got 0\)$"),
        ({"steps": 1, "learning_rate": -1.0}, r"^learning_rate must be a positive finite number \(got -1\.0\)$"),
        ({"steps": 1, "batch_size": 0}, r"^batch_size must be an integer of at least 1 \(got 0\)$"),
        ({"steps": 1, "batch_size": 301}, r"^batch_size must be at most the 300 training examples \(got 301\)$"),
        (
            {"steps": 1, "batch_size": 1, "batch_norm": True},
            r"^batch_size must be an integer of at least 2 \(got 1\)$",
        ),
        ({"steps": 1, "dtype": np.float16}, r"^dtype must be one of float32, float64 \(got 'float16'\)$"),
    ],
)
def test_steps_out_of_range_are_refused(data, arguments, text):
    with pytest.raises(ValueError, match=text):
        run_steps(data, **arguments)
