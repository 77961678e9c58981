from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, log_expit

from course_lib.activations import (
    elu,
    elu_derivative,
    leaky_relu,
    leaky_relu_derivative,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    tanh,
    tanh_derivative,
)

BOTH = pytest.mark.parametrize("function", [sigmoid, sigmoid_derivative])
POINTS = [-700.0, -699.5, -100.25, -37.0, -20.0, -1.0, -1e-9, 0.0, 1e-300, 0.3, 1.0, 17.3, 36.9, 40.0, 700.0]
FINITE = st.floats(min_value=-700, max_value=700)
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4), elements=FINITE)


def exact(a):
    """Compute σ(a) and σ'(a) with 60 digits."""
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
def test_shape_is_kept_and_the_input_is_not_changed(function, a):
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
def test_python_numbers_and_lists_are_accepted(function):
    assert function(3) == function(3.0) == function(np.array(3.0))
    np.testing.assert_array_equal(function([1, 2]), function(np.array([1.0, 2.0])))


@BOTH
def test_unsigned_integers_do_not_wrap_around(function):
    np.testing.assert_array_equal(function(np.array([1, 200], dtype=np.uint8)), function(np.array([1.0, 200.0])))


@BOTH
def test_nan_affects_its_own_entry_only(function):
    got = function(np.array([0.5, np.nan, -0.5]))
    np.testing.assert_array_equal(np.isnan(got), [False, True, False])
    assert got[0] == function(0.5)


@BOTH
@pytest.mark.parametrize("bad", [1j, "one", np.array([None]), np.array(["2020"], dtype="M8[D]")])
def test_an_input_that_is_no_real_number_is_refused(function, bad):
    with pytest.raises(ValueError, match=r"^a must hold real numbers \(got dtype .+\)$"):
        function(bad)


# The functions of lesson 03 -------------------------------------------------------------------------

WITH_K = [leaky_relu, leaky_relu_derivative, elu, elu_derivative]
EIGHT = pytest.mark.parametrize("function", [tanh, tanh_derivative, relu, relu_derivative, *WITH_K])
EACH_WITH_K = pytest.mark.parametrize("function", WITH_K)
PAIRS = pytest.mark.parametrize(
    ("function", "slope", "options"),
    [
        (tanh, tanh_derivative, {}),
        (relu, relu_derivative, {}),
        (leaky_relu, leaky_relu_derivative, {}),
        (leaky_relu, leaky_relu_derivative, {"k": 0.3}),
        (elu, elu_derivative, {}),
        (elu, elu_derivative, {"k": 0.4}),
        (elu, elu_derivative, {"k": 2.5}),
    ],
)


@pytest.mark.parametrize("a", [-18.0, -3.7, -1.0, -1e-9, 0.0, 0.2, 1.0, 9.5, 18.0])
def test_tanh_and_its_slope_are_right_to_twelve_digits(a):
    with localcontext() as context:
        context.prec = 60
        e = (2 * Decimal(a)).exp()
        value, slope = (e - 1) / (e + 1), 4 * e / (1 + e) ** 2
        assert abs(Decimal(float(tanh(a))) - value) <= Decimal("1e-12") * abs(value)
        assert relative_difference(tanh_derivative(a), slope) < Decimal("1e-12")


@pytest.mark.parametrize("a", [30.0, 100.0, 350.0])
def test_the_slope_of_tanh_keeps_its_digits_where_the_textbook_form_is_zero(a):
    with localcontext() as context:
        context.prec = 60
        e = (-2 * Decimal(a)).exp()
        assert 1 - np.tanh(a) ** 2 == 0
        for side in (a, -a):
            assert relative_difference(tanh_derivative(side), 4 * e / (1 + e) ** 2) < Decimal("1e-12")


@pytest.mark.parametrize("k", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("a", [-700.0, -20.0, -1.0, -1e-5, -1e-10, -1e-15])
def test_elu_and_its_slope_keep_their_digits_to_the_left(a, k):
    with localcontext() as context:
        context.prec = 60
        e = Decimal(a).exp()
        assert relative_difference(elu(a, k), Decimal(k) * (e - 1)) < Decimal("1e-12")
        assert relative_difference(elu_derivative(a, k), Decimal(k) * e) < Decimal("1e-12")


def test_the_linear_parts_are_linear():
    a = np.array([-3.0, -0.5, 0.0, 0.5, 3.0])
    np.testing.assert_array_equal(relu(a), [0, 0, 0, 0.5, 3])
    np.testing.assert_array_equal(leaky_relu(a, k=0.25), [-0.75, -0.125, 0, 0.5, 3])
    np.testing.assert_array_equal(elu(a, k=2.0)[2:], [0, 0.5, 3])
    np.testing.assert_array_equal(relu_derivative(a)[[0, 1, 3, 4]], [0, 0, 1, 1])
    np.testing.assert_array_equal(leaky_relu_derivative(a, k=0.25)[[0, 1, 3, 4]], [0.25, 0.25, 1, 1])
    np.testing.assert_array_equal(elu_derivative(a, k=2.0)[3:], [1, 1])


def test_default_leak_is_one_hundredth_and_default_elu_limit_is_minus_one():
    assert leaky_relu(-1.0) == -0.01
    assert leaky_relu_derivative(-1.0) == 0.01
    assert elu(-1000.0) == -1.0
    assert elu(-1000.0, k=2.5) == -2.5


@pytest.mark.parametrize("k", [0.01, 0.5, 1.0, 2.5])
def test_at_the_kink_the_slope_lies_between_those_of_the_two_sides(k):
    assert 0 <= relu_derivative(0.0) <= 1
    assert min(k, 1) <= leaky_relu_derivative(0.0, k) <= max(k, 1)
    assert min(k, 1) <= elu_derivative(0.0, k) <= max(k, 1)


@PAIRS
def test_a_slope_is_the_derivative_in_random_directions(function, slope, options):
    rng = np.random.default_rng(3)
    a, direction, upstream = rng.normal(scale=2, size=(3, 6, 5))
    h = 1e-6
    assert np.min(np.abs(a)) > 1e-3, "no kink within reach of the step"
    moved = function(a + h * direction, **options) - function(a - h * direction, **options)
    want = np.sum(upstream * direction * slope(a, **options))
    assert np.sum(upstream * moved) / (2 * h) == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("k", [0.5, 1.0, 3.0])
def test_to_the_left_the_slope_of_elu_is_its_value_plus_k(k):
    a = np.linspace(-30, -1e-3, 500)
    np.testing.assert_allclose(elu_derivative(a, k), elu(a, k) + k, rtol=1e-12, atol=1e-15)


@PAIRS
@given(values=st.lists(st.floats(min_value=-50, max_value=50), min_size=2, max_size=20))
def test_every_activation_rises(function, slope, options, values):
    a = np.sort(values)
    assert np.all(np.diff(function(a, **options)) >= -1e-16)
    assert np.all(slope(a, **options) >= 0)


@EIGHT
@pytest.mark.parametrize("a", [-1e308, -1000.0, -745.2, 745.2, 1000.0, 1e308])
def test_none_of_the_eight_warns_or_overflows(function, a):
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(function(a))


@EIGHT
@given(a=ARRAYS)
def test_the_eight_keep_the_shape_and_do_not_change_the_input(function, a):
    before = a.copy()
    a.flags.writeable = False
    assert np.shape(function(a)) == a.shape
    np.testing.assert_array_equal(a, before, strict=True)


@EIGHT
@pytest.mark.parametrize("options", [{}, {"k": 0.3}])
@pytest.mark.parametrize(("given_dtype", "kept"), [("f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("i8", "f8")])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 2)])
def test_the_eight_keep_a_float_dtype_and_turn_integers_into_float64(function, options, given_dtype, kept, shape):
    options = options if function in WITH_K else {}
    for value in (-2, 2):
        assert function(np.full(shape, value, dtype=given_dtype), **options).dtype == np.dtype(kept)


@EIGHT
def test_the_eight_are_as_accurate_as_float32_can_be(function):
    a = np.linspace(-30, 30, 1000).astype(np.float32)
    np.testing.assert_allclose(function(a), function(a.astype(np.float64)), rtol=1e-6)


@EIGHT
def test_the_eight_take_python_numbers_and_lists(function):
    assert function(-3) == function(-3.0) == function(np.array(-3.0))
    np.testing.assert_array_equal(function([-1, 2]), function(np.array([-1.0, 2.0])))


@EIGHT
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_affects_its_own_entry_only_in_all_eight(function, dtype):
    got = function(np.array([0.5, np.nan, -0.5], dtype=dtype))
    np.testing.assert_array_equal(np.isnan(got), [False, True, False])
    assert got.dtype == dtype


@EIGHT
@pytest.mark.parametrize("bad", [1j, "one", np.array([None])])
def test_the_eight_refuse_inputs_that_are_no_real_numbers(function, bad):
    with pytest.raises(ValueError, match=r"^a must hold real numbers \(got dtype .+\)$"):
        function(bad)


@EACH_WITH_K
@pytest.mark.parametrize("k", [float("nan"), float("inf"), "1", None, True])
def test_a_k_that_is_not_finite_is_refused(function, k):
    with pytest.raises(ValueError, match=rf"^k must be a (positive )?finite number \(got {k!r}\)$"):
        function(np.ones(2), k)


@pytest.mark.parametrize("function", [elu, elu_derivative])
@pytest.mark.parametrize("k", [0.0, -1.0])
def test_elu_refuses_a_k_that_is_not_positive(function, k):
    with pytest.raises(ValueError, match=rf"^k must be a positive finite number \(got {k!r}\)$"):
        function(np.ones(2), k)
