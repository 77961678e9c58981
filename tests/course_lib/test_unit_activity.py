import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.unit_activity import dead_units, sparsity

ENTRIES = st.sampled_from([0.0, -0.0, 1e-300, -1e-300, 0.5, -2.0])
BATCHES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5), elements=ENTRIES)


@given(BATCHES)
def test_dead_units_agree_with_a_loop(h):
    want = [all(h[n, d] == 0 for n in range(h.shape[0])) for d in range(h.shape[1])]
    np.testing.assert_array_equal(dead_units(h), np.array(want), strict=True)


@given(BATCHES)
def test_sparsity_agrees_with_counting(h):
    assert sparsity(h) == pytest.approx(sum(value == 0 for value in h.flat) / h.size, abs=1e-15)


@given(BATCHES)
def test_the_fraction_of_dead_units_is_at_most_the_sparsity(h):
    assert np.mean(dead_units(h)) <= sparsity(h) + 1e-15


def test_a_unit_that_is_active_once_is_not_dead():
    h = np.zeros((5, 3))
    h[4, 1] = 1e-300
    np.testing.assert_array_equal(dead_units(h), [True, False, True])


def test_a_unit_whose_activations_cancel_is_not_dead():
    np.testing.assert_array_equal(dead_units(np.array([[1.0, -0.0], [-1.0, 0.0]])), [False, True])


def test_negative_activations_do_not_count_as_zero():
    h = np.array([[-1.0, 0.0], [-2.0, 0.0]])
    np.testing.assert_array_equal(dead_units(h), [False, True])
    assert sparsity(h) == 0.5


def test_a_layer_without_units_has_no_dead_ones():
    assert dead_units(np.zeros((3, 0))).shape == (0,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [dead_units, sparsity])
def test_the_batch_is_read_only_and_of_any_float_type(function, dtype):
    h = np.eye(3, dtype=dtype)
    h.flags.writeable = False
    function(h)
    np.testing.assert_array_equal(h, np.eye(3))


def test_sparsity_accepts_any_shape_and_returns_a_python_float():
    assert type(sparsity(np.zeros((2, 3, 4)))) is float
    assert sparsity(np.array([0.0, 1.0, 0.0, 0.0])) == 0.75


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_dead_units_refuses_an_array_that_is_no_batch(shape):
    with pytest.raises(ValueError, match=r"^h must have 2 axes \(got shape \(.*\)\)$"):
        dead_units(np.zeros(shape))


def test_dead_units_refuses_a_list():
    with pytest.raises(ValueError, match=r"^h must be a NumPy array with 2 axes \(got list\)$"):
        dead_units([[0.0, 1.0]])


def test_dead_units_refuses_a_batch_without_examples():
    with pytest.raises(ValueError, match=r"^the number of rows of h must be an integer of at least 1 \(got 0\)$"):
        dead_units(np.zeros((0, 3)))


def test_sparsity_refuses_an_empty_array():
    with pytest.raises(ValueError, match=r"^the number of entries of h must be an integer of at least 1 \(got 0\)$"):
        sparsity(np.zeros((0, 3)))
