import itertools

import numpy as np
import pytest

from course_lib.data import Digits, load_digits
from course_lib.networks import loss_and_gradients, random_network, step
from course_lib.training import train


def tanh_slope(a):
    return 1 - np.tanh(a) ** 2


@pytest.fixture(scope="module")
def data():
    digits = load_digits()
    return Digits(digits.x_train[:300], digits.y_train[:300], digits.x_test[:100], digits.y_test[:100])


def run(data, seed=0, learning_rate=0.1, epochs=3, batch_size=32):
    rng = np.random.default_rng(seed)
    network = random_network(rng, [64, 16, 10], np.tanh, tanh_slope)
    return list(train(rng, network, data, learning_rate, epochs, batch_size))


def test_the_loss_falls_and_the_accuracy_leaves_chance_behind(data):
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
    (only,) = run(data, epochs=0)
    loss, _ = loss_and_gradients(only.network, data.x_train, data.y_train)
    assert (only.number, only.loss) == (0, loss)


def test_a_whole_batch_is_one_step_against_the_gradient(data):
    first, second = run(data, epochs=1, batch_size=300)
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
    assert len(batches) == 4  # 300 = 4 · 64 + 44: the smaller batch is left out
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
