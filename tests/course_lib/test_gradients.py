import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.gradients import gradient_check, numerical_gradient, relative_error

NUMBERS = st.floats(-1e3, 1e3)
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), elements=NUMBERS)


def pairs():
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    return shapes.flatmap(lambda shape: st.tuples(*[hnp.arrays(float, shape, elements=st.floats(-1e6, 1e6))] * 2))


@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 4), (2, 3, 2), (0, 3)])
def test_a_weighted_sum_of_sines_has_weighted_cosines_as_its_gradient(shape):
    rng = np.random.default_rng(0)
    weights, x = rng.normal(size=shape), rng.normal(size=shape)
    got = numerical_gradient(lambda z: np.sum(weights * np.sin(z)), x)
    np.testing.assert_allclose(got, weights * np.cos(x), rtol=1e-8, atol=1e-9)
    assert got.shape == shape
    assert got.dtype == np.float64


def test_differences_are_central_bit_for_bit():
    x = np.array([1.0, -2.0])
    np.testing.assert_allclose(numerical_gradient(lambda z: np.sum(z**3), x, 0.1), 3 * x**2 + 0.01, rtol=1e-12)


@given(ARRAYS)
def test_x_is_unchanged_bit_for_bit(x):
    before, seen = x.tobytes(), []
    numerical_gradient(lambda z: float(np.sum(z)) + len(seen), x)
    assert x.tobytes() == before


def test_a_read_only_x_is_accepted():
    x = np.array([0.1, 0.2, 0.3])
    x.flags.writeable = False
    np.testing.assert_allclose(numerical_gradient(lambda z: np.sum(z * z), x), 2 * x, rtol=1e-9)


@pytest.mark.parametrize("x", [np.array([1, -2, 3]), [1, -2, 3], np.array([1, -2, 3], dtype=np.int8)])
def test_integers_are_converted_to_float_before_the_step(x):
    np.testing.assert_allclose(numerical_gradient(lambda z: np.sum(z**2), x), [2.0, -4.0, 6.0], rtol=1e-9)


def test_one_entry_at_a_time_is_changed_and_restored():
    x, visited = np.array([[1.0, 2.0], [3.0, 4.0]]), []
    numerical_gradient(lambda z: visited.append(z - x) or 0.0, x, 0.5)
    assert len(visited) == 8
    assert all(np.count_nonzero(moved) == 1 for moved in visited)
    np.testing.assert_array_equal(sum(visited), np.zeros((2, 2)))


def test_a_transposed_array_keeps_its_order():
    rng = np.random.default_rng(2)
    weights, x = rng.normal(size=(4, 3)), rng.normal(size=(3, 4)).T
    np.testing.assert_allclose(numerical_gradient(lambda z: np.sum(weights * z), x), weights, atol=1e-9)


@pytest.mark.parametrize("step", [0.0, -1e-5, float("nan"), float("inf"), "small", None])
def test_a_step_that_is_not_positive_is_refused(step):
    with pytest.raises(ValueError, match=r"^step must be a positive finite number \(got "):
        numerical_gradient(np.sum, np.ones(2), step)


@given(pairs())
def test_relative_error_agrees_with_its_definition_and_is_symmetric(pair):
    got, want = pair
    entries = zip(got.ravel().tolist(), want.ravel().tolist(), strict=True)
    expected = max([abs(g - w) / max(1e-8, abs(g) + abs(w)) for g, w in entries], default=0.0)
    assert relative_error(got, want) == pytest.approx(expected, rel=1e-12)
    assert relative_error(got, want) == relative_error(want, got)
    assert 0 <= relative_error(got, want) <= 1 + 1e-15


@given(ARRAYS)
def test_an_array_has_error_0_against_itself(x):
    error = relative_error(x, x.copy())
    assert type(error) is float
    assert error == 0.0


def test_one_wrong_entry_is_found_among_many_right_ones():
    want = np.full(10_000, 5.0)
    got = want.copy()
    got[1234] = -5.0
    assert relative_error(got, want) == 1.0


@pytest.mark.parametrize("place", ["got", "want"])
def test_nan_in_either_array_gives_nan(place):
    arrays = {"got": np.array([1.0, 2.0]), "want": np.array([1.0, 2.0])}
    arrays[place][1] = np.nan
    assert np.isnan(relative_error(**arrays))


def test_below_the_floor_errors_are_absolute():
    assert relative_error(1e-10, -1e-10) == pytest.approx(2e-2)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"^got and want must have the same shape \(got \(3,\) and \(3, 1\)\)$"):
        relative_error(np.ones(3), np.ones((3, 1)))


def network(seed):
    """Create a loss with hand-written gradients: mean of (tanh(xW)·v − y)²; entries far above rounding errors."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(9, 3)), rng.normal(size=9)
    params = {"v": rng.normal(size=4), "W": rng.normal(size=(3, 4)), "c": np.array(0.3)}

    def loss(p):
        return float(np.mean((np.tanh(x @ p["W"]) @ p["v"] + p["c"] - y) ** 2))

    h = np.tanh(x @ params["W"])
    delta = 2 * (h @ params["v"] + params["c"] - y) / 9
    inner = np.outer(delta, params["v"]) * (1 - h**2)
    return loss, params, {"v": delta @ h, "W": x.T @ inner, "c": np.sum(delta)}


@pytest.mark.parametrize("seed", range(5))
def test_right_gradients_pass(seed):
    assert gradient_check(*network(seed), tolerance=1e-5) == []


@pytest.mark.parametrize("planted", [["W"], ["v"], ["c"], ["W", "c"], ["W", "c", "v"]])
def test_known_bugs_are_found_and_sorted(planted):
    loss, params, grads = network(0)
    wrong = {name: 1.01 * grad if name in planted else grad for name, grad in grads.items()}
    assert gradient_check(loss, params, wrong, tolerance=1e-5) == sorted(planted)


def test_one_wrong_entry_and_nan_are_found():
    loss, params, grads = network(1)
    grads["W"][2, 1] *= 1.001
    grads["v"][0] = np.nan
    assert gradient_check(loss, params, grads, tolerance=1e-5) == ["W", "v"]


def test_the_tolerance_determines_which_names_are_listed():
    loss, params, grads = network(2)
    grads["W"] = grads["W"] * 1.002
    assert gradient_check(loss, params, grads, tolerance=0.01) == []
    assert gradient_check(loss, params, grads, tolerance=1e-4) == ["W"]


def test_an_error_equal_to_the_tolerance_passes():
    params = {"w": np.array([1.0])}
    grads = {"w": np.array([3.0])}
    assert gradient_check(lambda p: 0.0 * p["w"][0], params, grads, tolerance=1.0) == []


def test_checking_changes_nothing():
    loss, params, grads = network(3)
    before = {name: value.tobytes() for name, value in (params | grads).items()}
    for array in (*params.values(), grads["v"]):
        array.flags.writeable = False
    gradient_check(loss, params, grads)
    assert {name: value.tobytes() for name, value in (params | grads).items()} == before


def test_a_missing_gradient_is_refused_by_name():
    loss, params, grads = network(0)
    del grads["v"]
    with pytest.raises(ValueError, match=r"^grads must have an entry for each parameter \('v' is missing\)$"):
        gradient_check(loss, params, grads)


def test_a_gradient_of_another_shape_is_refused_by_name():
    loss, params, grads = network(0)
    grads["W"] = grads["W"].T
    with pytest.raises(ValueError, match=r"^grads\['W'\] must have shape \(3, 4\) \(got \(4, 3\)\)$"):
        gradient_check(loss, params, grads)
