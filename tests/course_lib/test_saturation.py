import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from course_lib.activations import sigmoid_derivative
from course_lib.saturation import linearity_error, saturated_fraction, saturation_threshold, train_neuron

TOLERANCES = st.floats(-300, np.log10(0.25)).map(lambda power: min(10**power, 0.25))


@given(TOLERANCES)
def test_the_slope_at_the_threshold_is_the_tolerance(tolerance):
    assert sigmoid_derivative(saturation_threshold(tolerance)) == pytest.approx(tolerance, rel=1e-9)


@given(TOLERANCES, TOLERANCES)
def test_a_smaller_tolerance_is_reached_later(one, other):
    small, large = sorted([one, other])
    assert saturation_threshold(small) >= saturation_threshold(large) >= 0


@pytest.mark.parametrize("tolerance", [0.25, 0.2500001, 1, 7.5, 1e300])
def test_from_the_largest_slope_on_everything_is_saturated(tolerance):
    threshold = saturation_threshold(tolerance)
    assert type(threshold) is float
    assert threshold == 0.0


@pytest.mark.parametrize(("share", "threshold"), [(0.5, 1.76), (0.1, 3.64), (0.05, 4.36), (0.01, 5.99)])
def test_well_known_thresholds(share, threshold):
    assert saturation_threshold(share / 4) == pytest.approx(threshold, abs=0.005)


def test_far_out_the_slope_is_the_exponential():
    assert saturation_threshold(1e-18) == pytest.approx(18 * np.log(10), rel=1e-15)
    assert saturation_threshold(5e-324) == pytest.approx(-np.log(5e-324), rel=1e-12)


@pytest.mark.parametrize("bad", [0, -1e-3, float("nan"), float("inf"), "0.1", None, True])
def test_a_tolerance_that_is_not_positive_is_refused(bad):
    with pytest.raises(ValueError, match=r"^tolerance must be a positive finite number \(got "):
        saturation_threshold(bad)
    with pytest.raises(ValueError, match=r"^tolerance must be a positive finite number \(got "):
        saturated_fraction(np.ones((2, 2)), bad)


@given(st.floats(0, 1e4))
def test_the_linearity_error_is_the_maximum_over_a_grid(radius):
    a = np.linspace(-radius, radius, 501)
    got = linearity_error(radius)
    assert type(got) is float
    assert got == pytest.approx(np.max(np.abs(expit(a) - (0.5 + a / 4))), rel=1e-9, abs=1e-15)


@given(st.floats(0, 50), st.floats(0, 50))
def test_the_linearity_error_never_falls_with_the_radius(one, other):
    small, large = sorted([one, other])
    assert linearity_error(small) <= linearity_error(large) + 1e-15


def test_the_linearity_error_within_one_unit():
    assert linearity_error(1) == pytest.approx(0.0189, abs=5e-5)
    assert linearity_error(0) == 0.0


@pytest.mark.parametrize("bad", [-1e-9, float("nan"), float("inf"), "1", None])
def test_an_invalid_radius_is_refused(bad):
    with pytest.raises(ValueError, match=r"^radius must be a finite number of at least 0 \(got "):
        linearity_error(bad)


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 6), TOLERANCES)
def test_the_saturated_fraction_counts_what_lies_beyond_the_threshold(seed, rows, units, tolerance):
    a = np.random.default_rng(seed).normal(scale=6, size=(rows, units))
    a.flags.writeable = False
    got = saturated_fraction(a, tolerance)
    threshold = saturation_threshold(tolerance)
    want = [sum(abs(value) > threshold for value in a[:, unit]) / rows for unit in range(units)]
    np.testing.assert_array_equal(got, np.array(want), strict=True)


def test_each_unit_has_its_own_fraction_and_both_tails_count():
    a = np.array([[0.0, 9.0, 9.0], [8.0, -9.0, 9.0], [-8.0, 0.5, -9.0], [0.1, 7.0, 9.0]])
    np.testing.assert_array_equal(saturated_fraction(a), [0.5, 0.75, 1.0])


def test_a_slope_equal_to_the_tolerance_is_not_below_it():
    np.testing.assert_array_equal(saturated_fraction(np.zeros((3, 2)), 0.25), [0.0, 0.0])


def test_integer_pre_activations_are_accepted():
    np.testing.assert_array_equal(saturated_fraction(np.array([[0], [40]])), [0.5])


@pytest.mark.parametrize(
    ("a", "text"),
    [
        (np.ones(3), r"^a must have 2 axes \(got shape \(3,\)\)$"),
        ([[1.0]], r"^a must be a NumPy array with 2 axes \(got list\)$"),
        (np.ones((0, 3)), r"^the number of rows of a must be an integer of at least 1 \(got 0\)$"),
    ],
)
def test_an_array_that_is_no_batch_is_refused(a, text):
    with pytest.raises(ValueError, match=text):
        saturated_fraction(a)


@given(st.floats(-3, 9), st.floats(0.01, 5), st.integers(0, 40))
def test_a_neuron_follows_the_gradient_of_its_squared_error(bias, learning_rate, steps):
    b, want = bias, [expit(bias)]
    for _ in range(steps):
        above, below = expit(b + 1e-4) ** 2 / 2, expit(b - 1e-4) ** 2 / 2
        b -= learning_rate * (above - below) / 2e-4
        want.append(expit(b))
    got = train_neuron(bias, learning_rate, steps)
    np.testing.assert_allclose(got, want, atol=1e-6, strict=True)


def test_the_output_falls_and_a_very_wrong_neuron_learns_slowest_at_first():
    def steps_to_half(bias):
        outputs = train_neuron(bias, 1.0, 3000)
        assert np.all(np.diff(outputs) < 0)
        return int(np.argmax(outputs < 0.5))

    assert steps_to_half(1.0) < steps_to_half(3.0) < steps_to_half(6.0)


def test_zero_steps_return_the_first_output_only():
    np.testing.assert_array_equal(train_neuron(0, 1, 0), [0.5])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((float("nan"), 1.0, 1), r"^bias must be a finite number \(got nan\)$"),
        (("0", 1.0, 1), r"^bias must be a finite number \(got '0'\)$"),
        ((0.0, 0.0, 1), r"^learning_rate must be a positive finite number \(got 0\.0\)$"),
        ((0.0, -1, 1), r"^learning_rate must be a positive finite number \(got -1\)$"),
        ((0.0, 1.0, -1), r"^steps must be an integer of at least 0 \(got -1\)$"),
        ((0.0, 1.0, 2.5), r"^steps must be an integer of at least 0 \(got 2\.5\)$"),
    ],
)
def test_training_refuses_hyper_parameters_out_of_range(arguments, text):
    with pytest.raises(ValueError, match=text):
        train_neuron(*arguments)
