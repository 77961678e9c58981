from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, log_expit

from course_lib.activations import sigmoid, sigmoid_derivative

BOTH = pytest.mark.parametrize("function", [sigmoid, sigmoid_derivative])
POINTS = [-700.0, -699.5, -100.25, -37.0, -20.0, -1.0, -1e-9, 0.0, 1e-300, 0.3, 1.0, 17.3, 36.9, 40.0, 700.0]
FINITE = st.floats(min_value=-700, max_value=700)
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4), elements=FINITE)


def exact(a):
    """σ(a) and σ'(a) with 60 digits."""
    with localcontext() as context:
        context.prec = 60
        e = (-Decimal(a)).exp()
        return 1 / (1 + e), e / (1 + e) ** 2


def relative_difference(got, want):
    return abs((Decimal(float(got)) - want) / want)


@pytest.mark.parametrize("a", POINTS)
def test_sigmoid_and_its_slope_are_right_to_twelve_digits(a):
    value, slope = exact(a)
    assert relative_difference(sigmoid(a), value) < Decimal("1e-12")
    assert relative_difference(sigmoid_derivative(a), slope) < Decimal("1e-12")


def test_sigmoid_agrees_with_scipy_everywhere():
    a = np.concatenate([np.linspace(-700, 700, 2001), np.linspace(-5, 5, 2001)])
    np.testing.assert_allclose(sigmoid(a), expit(a), rtol=1e-13, strict=True)


def test_the_slope_agrees_with_scipys_logarithms():
    a = np.linspace(-600, 600, 4001)
    np.testing.assert_allclose(sigmoid_derivative(a), np.exp(log_expit(a) + log_expit(-a)), rtol=1e-12, strict=True)


def test_the_slope_is_the_derivative_in_random_directions():
    rng = np.random.default_rng(1)
    a, direction, upstream = rng.normal(scale=3, size=(3, 6, 5))
    h = 1e-5
    moved = np.sum(upstream * (sigmoid(a + h * direction) - sigmoid(a - h * direction))) / (2 * h)
    assert moved == pytest.approx(np.sum(upstream * direction * sigmoid_derivative(a)), rel=1e-8)


def test_a_saturated_neuron_keeps_a_positive_slope():
    a = np.array([36.0, 37.0, 40.0, 100.0, 700.0])
    assert np.all(sigmoid_derivative(a) > 0)
    assert np.all(sigmoid_derivative(-a) > 0)


@pytest.mark.parametrize("function", [sigmoid, sigmoid_derivative])
@pytest.mark.parametrize("a", [-1e308, -1000.0, -745.2, 745.2, 1000.0, 1e308])
def test_no_finite_input_warns_or_overflows(function, a):
    with np.errstate(all="raise", under="ignore"):
        assert 0 <= function(a) <= 1


@given(ARRAYS)
def test_the_two_tails_add_up_to_one(a):
    np.testing.assert_allclose(sigmoid(a) + sigmoid(-a), np.ones(a.shape), rtol=1e-15)


@given(ARRAYS)
def test_the_slope_is_symmetric_bit_for_bit(a):
    np.testing.assert_array_equal(sigmoid_derivative(a), sigmoid_derivative(-a))


@given(st.lists(FINITE, min_size=2, max_size=30))
def test_sigmoid_never_falls(values):
    assert np.all(np.diff(sigmoid(np.sort(values))) >= -1e-16)


@given(ARRAYS)
def test_the_slope_lies_in_its_range_and_falls_away_from_zero(a):
    slope = sigmoid_derivative(a)
    assert np.all((slope > 0) & (slope <= 0.25))
    assert np.all(sigmoid_derivative(2 * a) <= slope * (1 + 1e-15))


@BOTH
@given(a=ARRAYS)
def test_shape_is_kept_and_the_input_is_not_touched(function, a):
    before = a.copy()
    a.flags.writeable = False
    assert np.shape(function(a)) == a.shape
    np.testing.assert_array_equal(a, before, strict=True)


@BOTH
@pytest.mark.parametrize(
    ("given_dtype", "kept"),
    [("f4", "f4"), ("f8", "f8"), ("f2", "f2"), ("i4", "f8"), ("i8", "f8"), ("u1", "f8"), ("?", "f8")],
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 2)])
def test_floats_keep_their_dtype_and_integers_become_float64(function, given_dtype, kept, shape):
    assert function(np.ones(shape, dtype=given_dtype)).dtype == np.dtype(kept)


@BOTH
def test_float32_is_as_accurate_as_float32_can_be(function):
    a = np.linspace(-80, 80, 1001).astype(np.float32)
    np.testing.assert_allclose(function(a), function(a.astype(np.float64)), rtol=5e-7)


@BOTH
def test_python_numbers_and_lists_are_welcome(function):
    assert function(3) == function(3.0) == function(np.array(3.0))
    np.testing.assert_array_equal(function([1, 2]), function(np.array([1.0, 2.0])))


@BOTH
def test_unsigned_integers_do_not_wrap_around(function):
    np.testing.assert_array_equal(function(np.array([1, 200], dtype=np.uint8)), function(np.array([1.0, 200.0])))


@BOTH
def test_nan_goes_in_and_nan_comes_out_of_its_own_entry_only(function):
    got = function(np.array([0.5, np.nan, -0.5]))
    np.testing.assert_array_equal(np.isnan(got), [False, True, False])
    assert got[0] == function(0.5)


@BOTH
@pytest.mark.parametrize("bad", [1j, "one", np.array([None]), np.array(["2020"], dtype="M8[D]")])
def test_what_is_no_real_number_is_refused(function, bad):
    with pytest.raises(ValueError, match=r"^a must hold real numbers \(got dtype .+\)$"):
        function(bad)
