import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.activations import elu, leaky_relu, relu, sigmoid, tanh
from course_lib.comparing_runs import (
    ACTIVATIONS,
    DESIGN_SIZES,
    INITIALIZATIONS,
    build_design,
    design_network,
    seed_summary,
    steps_to_accuracy,
    train_design,
)
from course_lib.data import load_digits

ACCURACIES = st.floats(0, 1) | st.just(float("nan"))
SMALL = {"sizes": (64, 16, 12, 10), "batch_size": 32}


@given(st.lists(ACCURACIES, min_size=1), st.floats(0, 1))
def test_steps_to_accuracy_agrees_with_a_loop(accuracies, threshold):
    want = next((step for step, accuracy in enumerate(accuracies) if accuracy >= threshold), None)
    assert steps_to_accuracy(accuracies, threshold) == want
    assert steps_to_accuracy(np.array(accuracies), threshold) == want


def test_steps_to_accuracy_returns_a_python_integer_or_none():
    assert type(steps_to_accuracy(np.array([0.25, 0.5]), 0.5)) is int
    assert steps_to_accuracy([0.25, 0.5], 0.75) is None
    assert steps_to_accuracy([float("nan")], 0.0) is None
    assert steps_to_accuracy([], 0.5) is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "0.5", None])
def test_a_threshold_that_is_not_a_number_is_refused(bad):
    with pytest.raises(ValueError, match=r"^threshold must be a finite number \(got "):
        steps_to_accuracy([0.5], bad)


@given(arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 7)), elements=ACCURACIES))
def test_a_run_counts_as_accuracy_0_from_its_first_nan_on(curves):
    kept = []
    for row in curves.tolist():
        good = list(itertools.takewhile(lambda accuracy: not math.isnan(accuracy), row))
        kept.append(good + [0.0] * (len(row) - len(good)))
    curves.flags.writeable = False
    got = seed_summary(curves)
    want = [[statistic(column) for column in zip(*kept, strict=True)] for statistic in (_middle, min, max)]
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, np.array(other), strict=True)


def _middle(column):
    ordered = sorted(column)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def test_a_run_with_numbers_after_a_nan_still_counts_as_failed():
    median, smallest, largest = seed_summary(np.array([[0.25, np.nan, 0.75]]))
    for part in (median, smallest, largest):
        np.testing.assert_array_equal(part, [0.25, 0.0, 0.0])


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((2, 2, 2)), [[0.5]]])
def test_curves_without_two_axes_are_refused(bad):
    with pytest.raises(ValueError, match=r"^curves must (have 2 axes|be a NumPy array with 2 axes) \(got "):
        seed_summary(bad)


def test_design_network_returns_a_valid_design():
    network = build_design(np.random.default_rng(0), design_network())
    assert len(network.weights) == 20
    assert [W.shape for W in network.weights] == [*[(64, 64)] * 19, (64, 10)]
    assert network.activation is elu
    assert len(network.norms) == 19


@pytest.mark.parametrize(
    ("word", "activation"),
    [("sigmoid", sigmoid), ("tanh", tanh), ("relu", relu), ("leaky_relu", leaky_relu), ("elu", elu)],
)
def test_every_activation_name_selects_that_activation(word, activation):
    network = build_design(np.random.default_rng(0), {**design_network(), "activation": word})
    assert network.activation is activation
    a = np.array([-2.0, -0.5, 0.5, 2.0])
    slope = (network.activation(a + 1e-6) - network.activation(a - 1e-6)) / 2e-6
    np.testing.assert_allclose(network.derivative(a), slope, rtol=1e-6)


@pytest.mark.parametrize(("word", "variance"), [("normal", 1.0), ("xavier", 2 / 74), ("he", 2 / 64)])
def test_every_initialization_name_draws_weights_of_its_variance(word, variance):
    network = build_design(np.random.default_rng(0), {**design_network(), "initialization": word})
    # 640 draws: the relative standard error of a variance is sqrt(2/640) = 0.056.
    assert np.var(network.weights[-1]) == pytest.approx(variance, rel=0.3)
    assert not any(b.any() for b in network.biases)


def test_without_batch_norm_nothing_is_normalized():
    assert build_design(np.random.default_rng(0), {**design_network(), "batch_norm": np.False_}).norms == ()


def test_train_design_returns_accuracies_from_before_the_first_step_to_after_the_last():
    design = {**design_network(), "learning_rate": 0.2}
    curve = train_design(np.random.default_rng(3), design, load_digits(), 70, 30, **SMALL)
    assert curve.shape == (4,)  # steps 0, 30, 60 and 70
    assert curve[0] < 0.4
    assert curve[-1] > 0.7
    again = train_design(np.random.default_rng(3), design, load_digits(), 70, 30, **SMALL)
    np.testing.assert_array_equal(curve, again)


def test_a_run_that_diverges_is_nan_from_there_on():
    design = {"activation": "relu", "initialization": "normal", "batch_norm": False, "learning_rate": 1e6}
    curve = train_design(np.random.default_rng(0), design, load_digits(), 40, 10, **SMALL)
    assert curve.shape == (5,)
    assert np.isfinite(curve[0])
    assert np.isnan(curve[1:]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation": "ReLU"}, f"^activation must be one of {', '.join(ACTIVATIONS)} \\(got 'ReLU'\\)"),
        ({"initialization": None}, f"^initialization must be one of {', '.join(INITIALIZATIONS)} \\(got None\\)"),
        ({"batch_norm": 1}, r"^batch_norm must be True or False \(got 1\)"),
        ({"learning_rate": True}, r"^learning_rate must be a positive finite number \(got True\)"),
        ({"learning_rate": -0.1}, r"^learning_rate must be a positive finite number \(got -0.1\)"),
        ({"dropout": 0.5}, r"^design must have the keys activation, initialization, batch_norm, learning_rate \(got "),
    ],
)
def test_a_design_with_an_unknown_name_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        build_design(np.random.default_rng(0), {**design_network(), **change})


def test_bad_arguments_of_a_training_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"^steps must be an integer of at least 0 \(got -1\)"):
        train_design(rng, design_network(), load_digits(), -1)
    with pytest.raises(ValueError, match=r"^every must be an integer of at least 1 \(got 0\)"):
        train_design(rng, design_network(), load_digits(), 5, 0)
    with pytest.raises(ValueError, match=r"^sizes must name at least an input and an output"):
        build_design(rng, design_network(), DESIGN_SIZES[:1])
