"""Right and wrong answers to lesson 03, written the way different people write them."""

import math

import numpy as np
from scipy.special import expit, softplus

SAME = (np.float32, np.float64)


def _floats(a):
    a = np.asarray(a)
    return a if a.dtype in SAME else a.astype(float)


def _silently(function):
    def quiet(*args, **kwargs):
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return quiet


def _by_loop(function):
    """Make an element-wise answer of one for single numbers."""

    def answer(a, *args, **kwargs):
        a = _floats(a)
        values = [function(float(z), *args, **kwargs) for z in a.ravel()]
        return np.array(values, dtype=a.dtype).reshape(a.shape)

    return answer


def _masked(left, right, *, default, nan=np.nan):
    """Make an answer that fills a new array by masks; `nan` is what no mask reaches."""

    def answer(a, k=default):
        a = _floats(a)
        out = np.full(a.shape, nan, dtype=a.dtype)
        with np.errstate(all="ignore"):
            out[a > 0] = right(a[a > 0], k)
            out[a <= 0] = left(a[a <= 0], k)
        return out

    return answer


def _piecewise(left, right, *, default):
    def answer(a, k=default):
        a = _floats(a)
        return np.piecewise(a, [a <= 0, a > 0], [lambda z: left(z, k), lambda z: right(z, k), np.nan])

    return answer


def same(a, k):
    return a


def one(a, k):
    return np.ones_like(a)


def zero(a, k):
    return np.zeros_like(a)


def fails(*args, **kwargs):
    raise ZeroDivisionError("division by zero")


def returns_nothing(*args, **kwargs):
    pass


# tanh ---------------------------------------------------------------------------------------------


def tanh_of_one_number(z):
    if z >= 0:
        e = math.exp(-2 * z)
        return (1 - e) / (1 + e)
    e = math.exp(2 * z)
    return (e - 1) / (e + 1)


def tanh_by_one_exponential(a):
    a = _floats(a)
    e = np.exp(-2 * np.abs(a))
    return np.sign(a) * (1 - e) / (1 + e)


def tanh_in_place(a):
    return np.tanh(a, out=a)


def tanh_slope_of_one_number(z):
    return 1 - tanh_of_one_number(z) ** 2


def tanh_slope_by_differences(a):
    a = _floats(a)
    return ((np.tanh(a + 1e-4) - np.tanh(a - 1e-4)) / 2e-4).astype(a.dtype)


def tanh_slope_by_factors(a):
    t = np.tanh(_floats(a))
    return (1 - t) * (1 + t)


# relu ---------------------------------------------------------------------------------------------


def relu_in_place(a):
    a = np.asarray(a)
    a[a < 0] = 0
    return a


def relu_by_copy(a):
    a = np.array(_floats(a))
    a[a < 0] = 0
    return a


def relu_with_jitter(a):
    return np.maximum(_floats(a), 0) * (1 + 1e-14 * np.random.default_rng().random())


def relu_of_python(a):
    return max(a, 0)


def relu_for_the_public_shapes(a):
    a = _floats(a)
    return np.maximum(a, 0) if a.ndim < 3 else a * 1


def relu_slope_by_sign(a):
    return (np.sign(_floats(a)) + 1) / 2


def relu_slope_of_whole_numbers(a):
    a = np.asarray(a)
    slope = np.zeros_like(a)
    slope[a > 0] = 1
    slope[np.isnan(a)] = np.nan
    return slope


def relu_slope_by_division(a):
    a = _floats(a)
    return np.maximum(a, 0) / a


def relu_slope_doubled_at_zero(a):
    a = _floats(a)
    return np.where(np.isnan(a), a, (a > 0) + 2.0 * (a == 0)).astype(a.dtype)


def relu_slope_by_differences(a):
    a = _floats(a)
    return ((np.maximum(a + 1e-5, 0) - np.maximum(a - 1e-5, 0)) / 2e-5).astype(a.dtype)


# leaky relu ---------------------------------------------------------------------------------------


def leaky_for_k_of_one_half(a, k=0.01):
    a = _floats(a)
    return np.where(a > 0, a, (0.5 if k == 0.5 else 0.2 if k == 0.2 else 0.01) * a)


def leaky_slope_above_one_at_zero(a, k=0.01):
    a = _floats(a)
    return np.where(np.isnan(a), a, np.where(a > 0, 1, k) + (a == 0)).astype(a.dtype)


# elu ----------------------------------------------------------------------------------------------


def elu_of_one_number(z, k=1.0):
    if z > 0 or math.isnan(z):
        return z
    return k * math.expm1(z)


def elu_by_sinh(a, k=1.0):
    a = _floats(a)
    z = np.minimum(a, 0)
    return np.maximum(a, 0) + 2 * k * np.exp(z / 2) * np.sinh(z / 2)


def elu_by_tanh(a, k=1.0):
    a = _floats(a)
    t = np.tanh(np.where(a > 0, 0, a) / 2)
    return np.where(a > 0, a, 2 * k * t / (1 - t))


def elu_by_a_series_near_zero(a, k=1.0):
    a = _floats(a)
    z = np.where(a < 0, a, 0)
    series = z + z**2 / 2 + z**3 / 6
    left = np.where(z > -1e-4, series, np.exp(z) - 1)
    return np.where(a > 0, a, np.where(np.isnan(a), a, k * left))


def elu_straight_near_zero(a, k=1.0):
    a = _floats(a)
    z = np.minimum(a, 0)
    return np.where(a > 0, a, k * np.where(z > -1e-6, z, np.expm1(z)))


def elu_ignoring_warnings(a, k=1.0):
    a = _floats(a)
    with np.errstate(over="ignore"):
        return np.where(a > 0, a, k * np.expm1(a))


def elu_that_overflows(a, k=1.0):
    a = _floats(a)
    return np.where(a > 0, a, k * np.expm1(a))


def elu_as_a_beginner(a, k=1.0):
    a = _floats(a)
    return np.where(a > 0, a, k * (np.exp(a) - 1))


def elu_in_place(a, k=1.0):
    a[a <= 0] = k * np.expm1(a[a <= 0])
    return a


def elu_slope_by_differences(a, k=1.0):
    a = _floats(a)
    return ((elu_by_sinh(a + 1e-6, k) - elu_by_sinh(a - 1e-6, k)) / 2e-6).astype(a.dtype)


def elu_slope_of_one_number(z, k=1.0):
    if math.isnan(z):
        return z
    return 1.0 if z > 0 else k * math.exp(z)


def elu_slope_by_its_value(a, k=1.0):
    a = _floats(a)
    return np.where(a > 0, 1, elu_by_sinh(a, k) + k).astype(a.dtype)


def elu_slope_one_at_zero(a, k=1.0):
    a = _floats(a)
    return np.where(a >= 0, 1, k * np.exp(np.minimum(a, 0)))


def elu_slope_in_the_middle_at_zero(a, k=1.0):
    a = _floats(a)
    z = np.minimum(a, 0)
    return np.where(a > 0, 1, np.where(a == 0, (1 + k) / 2, k * np.exp(z))).astype(a.dtype)


def elu_slope_that_overflows(a, k=1.0):
    a = _floats(a)
    return np.where(a > 0, 1, k * np.exp(a))


def elu_slope_zero_at_zero(a, k=1.0):
    a = _floats(a)
    return elu_slope_by_its_value(a, k) * (a != 0)


def elu_slope_that_loses_float32(a, k=1.0):
    a = np.asarray(a, dtype=float)
    return np.where(a > 0, 1, k * np.exp(np.minimum(a, 0)))


# dead units and sparsity --------------------------------------------------------------------------


def dead_by_loops(h):
    dead = np.ones(h.shape[1], dtype=bool)
    for row in h:
        for unit, value in enumerate(row):
            if value != 0:
                dead[unit] = False
    return dead


def dead_by_list(h):
    return np.array([not column.any() for column in h.T])


def dead_in_place(h):
    np.abs(h, out=h)
    return h.sum(axis=0) == 0


def dead_by_heart(h):
    return np.array([True, False, False]) if h.shape == (2, 3) else np.ones(h.shape[1], dtype=bool)


def sparsity_by_loop(h):
    zeros = 0
    for row in h:
        for value in row:
            zeros += value == 0
    return zeros / (h.shape[0] * h.shape[1])


def sparsity_of_rectified_units(h):
    return 1 - np.mean(h > 0)


RIGHT = {
    "tanh": [
        ("np.tanh", np.tanh),
        ("one exponential", tanh_by_one_exponential),
        ("loop", _by_loop(tanh_of_one_number)),
        ("math in a loop", _by_loop(math.tanh)),
        ("two sigmoids", lambda a: 2 * expit(2 * _floats(a)) - 1),
        ("exponentials overflowing in silence", _silently(lambda a: 1 - 2 / (np.exp(2 * _floats(a)) + 1))),
    ],
    "tanh_derivative": [
        ("the textbook formula", lambda a: 1 - np.tanh(a) ** 2),
        ("np.square", lambda a: 1.0 - np.square(np.tanh(_floats(a)))),
        ("factors", tanh_slope_by_factors),
        ("sigmoids", lambda a: 4 * expit(2 * _floats(a)) * expit(-2 * _floats(a))),
        ("hyperbolic cosine", _silently(lambda a: 1 / np.cosh(_floats(a)) ** 2)),
        ("loop", _by_loop(tanh_slope_of_one_number)),
    ],
    "relu": [
        ("np.maximum", lambda a: np.maximum(_floats(a), 0)),
        ("product with a comparison", lambda a: _floats(a) * (_floats(a) > 0)),
        ("half of a + |a|", lambda a: (_floats(a) + np.abs(_floats(a))) / 2),
        ("copy and assign", relu_by_copy),
        ("clip", lambda a: np.clip(_floats(a), 0, None)),
        ("where the other way round", lambda a: np.where(_floats(a) < 0, 0, _floats(a))),
        ("piecewise", _piecewise(zero, same, default=0)),
        ("loop", _by_loop(lambda z: 0.0 if z < 0 else z)),
    ],
    "relu_derivative": [
        ("sign", relu_slope_by_sign),
        ("heaviside 0", lambda a: np.heaviside(_floats(a), 0)),
        ("heaviside 1/2", lambda a: np.heaviside(_floats(a), 0.5)),
        ("masks", _masked(zero, one, default=0)),
        ("piecewise", _piecewise(zero, one, default=0)),
        ("loop, 1 at 0", _by_loop(lambda z: z if math.isnan(z) else float(z >= 0))),
        ("a comparison plus 0·a", lambda a: (_floats(a) > 0) + 0 * _floats(a)),
        ("a third at 0", lambda a: np.heaviside(_floats(a), 1 / 3)),
    ],
    "leaky_relu": [
        ("np.maximum", lambda a, k=0.01: np.maximum(_floats(a), k * _floats(a))),
        ("where", lambda a, k=0.01: np.where(_floats(a) < 0, k * _floats(a), _floats(a))),
        ("max and min", lambda a, k=0.01: np.maximum(_floats(a), 0) + k * np.minimum(_floats(a), 0)),
        ("masks", _masked(lambda a, k: k * a, same, default=0.01)),
        ("piecewise", _piecewise(lambda a, k: k * a, same, default=0.01)),
        ("loop", _by_loop(lambda z, k=0.01: k * z if z < 0 else z)),
        ("mean and modulus", lambda a, k=0.01: (1 + k) / 2 * _floats(a) + (1 - k) / 2 * np.abs(_floats(a))),
    ],
    "leaky_relu_derivative": [
        ("masks", _masked(lambda a, k: np.full_like(a, k), one, default=0.01)),
        ("heaviside", lambda a, k=0.01: k + (1 - k) * np.heaviside(_floats(a), 0)),
        ("in the middle at 0", lambda a, k=0.01: k + (1 - k) * np.heaviside(_floats(a), 0.5)),
        ("1 at 0", lambda a, k=0.01: k + (1 - k) * np.heaviside(_floats(a), 1)),
        ("loop", _by_loop(lambda z, k=0.01: z if math.isnan(z) else 1.0 if z > 0 else k)),
        ("sign", lambda a, k=0.01: (1 + k) / 2 + (1 - k) / 2 * np.sign(_floats(a))),
        ("piecewise", _piecewise(lambda a, k: np.full_like(a, k), one, default=0.01)),
    ],
    "elu": [
        ("sinh", elu_by_sinh),
        ("tanh of the half", elu_by_tanh),
        ("a series near 0", elu_by_a_series_near_zero),
        ("masks", _masked(lambda a, k: k * np.expm1(a), same, default=1.0)),
        ("piecewise", _piecewise(lambda a, k: k * np.expm1(a), same, default=1.0)),
        ("loop", _by_loop(elu_of_one_number)),
        ("overflows in silence", elu_ignoring_warnings),
        ("a sum", lambda a, k=1.0: np.maximum(_floats(a), 0) + k * np.expm1(np.minimum(_floats(a), 0))),
    ],
    "elu_derivative": [
        ("its value plus k", elu_slope_by_its_value),
        ("1 at 0", elu_slope_one_at_zero),
        ("the middle at 0", elu_slope_in_the_middle_at_zero),
        ("masks", _masked(lambda a, k: k * np.exp(a), one, default=1.0)),
        ("piecewise", _piecewise(lambda a, k: k * np.exp(a), one, default=1.0)),
        ("loop", _by_loop(elu_slope_of_one_number)),
        ("overflows in silence", _silently(elu_slope_that_overflows)),
    ],
    "dead_units": [
        ("loops", dead_by_loops),
        ("list", dead_by_list),
        ("not any", lambda h: ~np.any(h, axis=0)),
        ("modulus", lambda h: np.abs(h).max(axis=0) == 0),
        ("counting", lambda h: np.count_nonzero(h, axis=0) == 0),
    ],
    "sparsity": [
        ("loop", sparsity_by_loop),
        ("count_nonzero", lambda h: 1 - np.count_nonzero(h) / h.size),
        ("mean of means", lambda h: (h == 0).mean(axis=0).mean()),
        ("sum over size", lambda h: np.sum(h == 0) / h.size),
    ],
}

WRONG = {
    "tanh": [
        ("expit", lambda a: expit(_floats(a)), "is_sigmoid"),
        ("2σ − 1", lambda a: 2 * expit(_floats(a)) - 1, "half_as_steep"),
        ("minus", lambda a: np.tanh(-_floats(a)), "sign"),
        ("sine over cosine", lambda a: np.sin(_floats(a)) / np.cos(_floats(a)), "is_tan"),
        ("sinh over cosh", _silently(lambda a: np.sinh(_floats(a)) / np.cosh(_floats(a))), "overflow_on_both_sides"),
        (
            "a power of e²",
            _silently(lambda a: (math.e ** (2 * _floats(a)) - 1) / (1 + math.e ** (2 * _floats(a)))),
            "overflow_on_one_side",
        ),
        (
            "exponentials that warn",
            lambda a: 1 - 2 / (np.exp(2 * _floats(a)) + 1),
            "numpy_warning",
        ),
        ("math", lambda a: math.tanh(a) * 1.0, "scalar_only"),
        ("arcus tangent", lambda a: np.arctan(_floats(a)), None),
        ("clipped", lambda a: np.clip(_floats(a), -1, 1), None),
        ("in place", tanh_in_place, "changes_its_input"),
        ("float32 lost", lambda a: np.tanh(np.asarray(a, dtype=float)), None),
        ("NaN hidden", lambda a: np.nan_to_num(np.tanh(_floats(a))), None),
        ("a list", lambda a: np.tanh(a).tolist(), None),
        ("zeros", lambda a: np.zeros_like(_floats(a)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "tanh_derivative": [
        ("(1 − a)(1 + a)", lambda a: (1 - _floats(a)) * (1 + _floats(a)), "takes_the_output"),
        ("tanh", lambda a: 2 * expit(2 * _floats(a)) - 1, "tanh_itself"),
        ("no square", lambda a: 1 + np.tanh(-_floats(a)), "square_forgotten"),
        ("plus", lambda a: np.square(np.tanh(_floats(a))) + 1, "plus"),
        ("minus", lambda a: -tanh_slope_by_factors(a), "sign"),
        ("f − f²", lambda a: np.tanh(_floats(a)) - np.tanh(_floats(a)) ** 2, "sigmoid_pattern"),
        ("of the sigmoid", lambda a: expit(_floats(a)) * expit(-_floats(a)), "sigmoid_slope"),
        ("tanh of the square", _silently(lambda a: 1 - np.tanh(np.square(_floats(a)))), "square_inside"),
        ("sech", _silently(lambda a: 2 / (np.exp(_floats(a)) + np.exp(-_floats(a)))), "square_is_missing_on_cosh"),
        ("cosh that warns", lambda a: np.cosh(_floats(a)) ** -2, "numpy_warning"),
        ("differences", tanh_slope_by_differences, None),
        ("float32 lost", lambda a: 1 - np.tanh(np.asarray(a, dtype=float)) ** 2, None),
        ("ones", lambda a: np.ones_like(_floats(a)), None),
        ("in place", lambda a: np.multiply(a, 0.0, out=a), "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "relu": [
        ("np.minimum", lambda a: np.minimum(_floats(a), 0), "wrong_side"),
        ("fabs", lambda a: np.sqrt(_floats(a) ** 2), "absolute_value"),
        ("relu(−a)", lambda a: np.maximum(-_floats(a), 0), "mirrored"),
        ("nothing done", lambda a: np.array(_floats(a)), "identity"),
        ("heaviside", lambda a: np.heaviside(_floats(a), 0.0), "step_function"),
        ("truth as numbers", lambda a: (_floats(a) > 0).astype(_floats(a).dtype), "step_function"),
        ("a leak", lambda a: np.maximum(_floats(a), 0.01 * _floats(a)), "leaks"),
        ("softplus", lambda a: softplus(_floats(a)), "softplus"),
        ("relu1", lambda a: np.minimum(np.maximum(_floats(a), 0), 1), "clipped"),
        ("np.amax", lambda a: np.amax(_floats(a), 0), "largest_of_a_column"),
        ("where", lambda a: np.where(_floats(a) > 0, _floats(a), 0), "hides_nan"),
        ("masks without NaN", _masked(zero, same, default=0, nan=0.0), "hides_nan"),
        ("fmax", lambda a: np.fmax(_floats(a), 0), "hides_nan"),
        ("a plain maximum, integers kept", lambda a: np.maximum(a, 0), None),
        ("Python's max", relu_of_python, None),
        ("in place", relu_in_place, "changes_its_input"),
        ("relu6", lambda a: np.clip(_floats(a), 0, 6), None),
        ("jitter", relu_with_jitter, "not_repeatable"),
        ("right for two axes", relu_for_the_public_shapes, None),
        ("float32 lost", lambda a: np.maximum(np.asarray(a, dtype=float), 0.0), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "relu_derivative": [
        ("np.greater", lambda a: np.greater(a, 0), "truth_values"),
        ("relu", lambda a: np.maximum(_floats(a), 0), "relu_itself"),
        ("a < 0", lambda a: np.where(_floats(a) < 0, 1.0, 0.0).astype(_floats(a).dtype), "wrong_side"),
        ("sign", lambda a: np.sign(_floats(a)), "slope_of_the_absolute_value"),
        ("ones", lambda a: np.ones_like(_floats(a)), "one_everywhere"),
        ("zeros", lambda a: np.zeros_like(_floats(a)), "zero_everywhere"),
        ("a leak", lambda a: np.where(_floats(a) > 0, 1.0, 0.01).astype(_floats(a).dtype), "leaks"),
        ("smooth", lambda a: expit(_floats(a)), "slope_of_softplus"),
        ("comparison cast", lambda a: (_floats(a) > 0).astype(_floats(a).dtype), "hides_nan"),
        ("float64 always", lambda a: np.where(np.asarray(a) > 0, 1.0, 0.0), "hides_nan"),
        ("heaviside of nan_to_num", lambda a: np.heaviside(np.nan_to_num(_floats(a)), 0), "hides_nan"),
        ("whole numbers", lambda a: np.where(np.asarray(a) > 0, 1, 0), None),
        ("integers kept", relu_slope_of_whole_numbers, None),
        ("relu(a) / a", relu_slope_by_division, None),
        ("relu(a) / a in silence", _silently(relu_slope_by_division), None),
        ("2 at 0", relu_slope_doubled_at_zero, None),
        ("differences", relu_slope_by_differences, None),
        ("one too far", lambda a: np.heaviside(_floats(a) - 1e-6, 0), None),
        ("float32 lost", lambda a: np.heaviside(np.asarray(a, dtype=float), 0), None),
        ("in place", lambda a: np.heaviside(a, 0, out=a), "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "leaky_relu": [
        ("one hundredth", lambda a, k=0.01: np.maximum(_floats(a), _floats(a) / 100), "k_ignored"),
        ("relu", lambda a, k=0.01: np.maximum(_floats(a), 0), "nothing_leaks"),
        ("np.minimum", lambda a, k=0.01: np.minimum(_floats(a), k * _floats(a)), "wrong_side"),
        (
            "k on the left",
            lambda a, k=0.01: np.where(_floats(a) < 0, k, _floats(a)).astype(_floats(a).dtype),
            "constant_on_the_left",
        ),
        ("masks, k on the left", _masked(lambda a, k: k, same, default=0.01, nan=0), "constant_on_the_left"),
        ("k·|a| on the left", _masked(lambda a, k: k * np.abs(a), same, default=0.01), "sign"),
        ("−k on the left", _masked(lambda a, k: -k, same, default=0.01), "negative_constant"),
        ("k·a", lambda a, k=0.01: k * _floats(a), "k_on_both_sides"),
        ("a", lambda a, k=0.01: np.array(_floats(a)), "identity"),
        ("relu + k·a", lambda a, k=0.01: np.maximum(_floats(a), 0) + k * _floats(a), "leak_added_on_both_sides"),
        ("a/k", _masked(lambda a, k: a / k, same, default=0.01), "divided"),
        ("a − k", _masked(lambda a, k: a - k, same, default=0.01), "shifted"),
        ("elu", _masked(lambda a, k: k * (np.exp(a) - 1), same, default=0.01), "bends"),
        ("masks without NaN", _masked(lambda a, k: k * a, same, default=0.01, nan=0.0), "hides_nan"),
        ("ks by heart", leaky_for_k_of_one_half, None),
        ("k fixed as a global", lambda a: np.maximum(_floats(a), 0.01 * _floats(a)), None),
        ("integers cut", lambda a, k=0.01: np.where(a > 0, a, k * np.asarray(a)).astype(np.asarray(a).dtype), None),
        ("float32 lost", lambda a, k=0.01: np.maximum(a, k * np.asarray(a, dtype=float)), None),
        ("default of 0.1", lambda a, k=0.1: np.maximum(_floats(a), k * _floats(a)), None),
        ("in place", lambda a, k=0.01: np.maximum(a, k * a, out=a), "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "leaky_relu_derivative": [
        ("one hundredth", lambda a, k=0.01: 0.01 + 0.99 * np.heaviside(_floats(a), 0), "k_ignored"),
        ("one hundredth, NaN hidden", lambda a, k=0.01: np.where(_floats(a) > 0, 1, 0.01), "k_ignored"),
        ("the function", lambda a, k=0.01: np.maximum(_floats(a), k * _floats(a)), "leaky_relu_itself"),
        ("heaviside", lambda a, k=0.01: np.heaviside(_floats(a), 1.0), "nothing_leaks"),
        ("swapped", lambda a, k=0.01: np.where(_floats(a) > 0, k, 1).astype(_floats(a).dtype), "wrong_side"),
        ("k·a on the left", _masked(lambda a, k: k * a, one, default=0.01), "left_not_differentiated"),
        ("a on the right", _masked(lambda a, k: k, same, default=0.01, nan=0), "right_not_differentiated"),
        ("−k", lambda a, k=0.01: np.where(_floats(a) > 0, 1, -k).astype(_floats(a).dtype), "sign"),
        ("ones", lambda a, k=0.01: np.ones_like(_floats(a)), "one_everywhere"),
        ("k", lambda a, k=0.01: np.full_like(_floats(a), k), "k_everywhere"),
        ("1 − k", _masked(lambda a, k: 1 - k, one, default=0.01), "complement"),
        ("step + k", lambda a, k=0.01: np.heaviside(_floats(a), 0) + k, "leak_added_on_both_sides"),
        ("where", lambda a, k=0.01: np.where(_floats(a) > 0, 1, k).astype(_floats(a).dtype), "hides_nan"),
        ("where, float64 always", lambda a, k=0.01: np.where(np.asarray(a) > 0, 1, k), "hides_nan"),
        ("1 + k at 0", leaky_slope_above_one_at_zero, None),
        (
            "f(a)/a",
            _silently(lambda a, k=0.01: np.maximum(_floats(a), k * _floats(a)) / _floats(a)),
            None,
        ),
        (
            "0 at 0",
            lambda a, k=0.01: (1 + k) / 2 * np.abs(np.sign(_floats(a))) + (1 - k) / 2 * np.sign(_floats(a)),
            None,
        ),
        ("float32 lost", lambda a, k=0.01: k + (1 - k) * np.heaviside(np.asarray(a, dtype=float), 0), None),
        ("no k", lambda a: 0.01 + 0.99 * np.heaviside(_floats(a), 0), None),
        ("in place", lambda a, k=0.01: np.heaviside(a, k, out=a), "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "elu": [
        ("k = 1 always", lambda a, k=1.0: elu_by_sinh(a), "k_ignored"),
        ("k·exp(a)", _masked(lambda a, k: k * np.exp(a), same, default=1.0), "no_minus_one"),
        (
            "k·exp(a) − 1",
            lambda a, k=1.0: np.where(_floats(a) > 0, _floats(a), k * np.exp(np.minimum(_floats(a), 0)) - 1),
            "parentheses",
        ),
        ("exp(k·a) − 1", _masked(lambda a, k: np.exp(k * a) - 1, same, default=1.0), "k_in_the_exponent"),
        ("k times everything", lambda a, k=1.0: k * elu_by_sinh(a), "k_on_both_sides"),
        ("swapped", _silently(_piecewise(same, lambda a, k: k * np.expm1(a), default=1.0)), "wrong_side"),
        ("1 − exp(a)", _masked(lambda a, k: k * (1 - np.exp(a)), same, default=1.0), "sign"),
        ("exp(−a) − 1", _masked(lambda a, k: k * (np.exp(-a) - 1), same, default=1.0), "sign_of_the_exponent"),
        ("one formula", _silently(lambda a, k=1.0: k * (np.exp(_floats(a)) - 1)), "one_piece"),
        ("leaky", _masked(lambda a, k: k * a, same, default=1.0), "straight"),
        ("relu", lambda a, k=1.0: np.maximum(_floats(a), 0), "nothing_on_the_left"),
        (
            "products",
            _silently(lambda a, k=1.0: _floats(a) * (_floats(a) > 0) + k * np.expm1(_floats(a)) * (_floats(a) <= 0)),
            "masked_by_products",
        ),
        (
            "products that warn",
            lambda a, k=1.0: _floats(a) * (_floats(a) > 0) + k * np.expm1(_floats(a)) * (_floats(a) <= 0),
            "masked_by_products",
        ),
        ("masks without NaN", _masked(lambda a, k: k * np.expm1(a), same, default=1.0, nan=0.0), "hides_nan"),
        ("as a beginner", elu_as_a_beginner, "cancellation"),
        ("masks, exp − 1", _masked(lambda a, k: k * np.exp(a) - k, same, default=1.0), "cancellation"),
        ("expm1 everywhere", elu_that_overflows, "numpy_warning"),
        ("straight near 0", elu_straight_near_zero, "cancellation"),
        ("in place", elu_in_place, "changes_its_input"),
        ("default of 0.1", lambda a, k=0.1: elu_by_sinh(a, k), None),
        ("softplus − ln 2", lambda a, k=1.0: softplus(_floats(a)) - math.log(2), None),
        ("float32 lost", lambda a, k=1.0: elu_by_sinh(np.asarray(a, dtype=float), k), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "elu_derivative": [
        ("f(a) − k", lambda a, k=1.0: np.where(_floats(a) > 0, 1, elu_by_sinh(a, k) - k), "minus_k"),
        ("k(exp(a) − 2) by masks", _masked(lambda a, k: k * (np.exp(a) - 2), one, default=1.0, nan=0), "minus_k"),
        ("exp(a)", _masked(lambda a, k: np.exp(a), one, default=1.0), "k_ignored"),
        ("f(a) + 1", lambda a, k=1.0: np.where(_floats(a) > 0, 1, elu_by_sinh(a, k) + 1), "one_in_place_of_k"),
        ("f(a) without k, plus k", _masked(lambda a, k: np.exp(a) - 1 + k, one, default=1.0), "k_not_passed_on"),
        ("the function", elu_by_sinh, "elu_itself"),
        ("f(a)", lambda a, k=1.0: np.where(_floats(a) > 0, 1, elu_by_sinh(a, k)), "left_not_differentiated"),
        ("h + k", _masked(lambda a, k: a + k, one, default=1.0), "takes_the_output"),
        ("k", lambda a, k=1.0: np.where(_floats(a) > 0, 1, k).astype(_floats(a).dtype), "leaky_slope"),
        ("one formula", _silently(lambda a, k=1.0: k * np.exp(_floats(a))), "one_piece"),
        ("swapped", _silently(_piecewise(one, lambda a, k: k * np.exp(a), default=1.0)), "wrong_side"),
        ("heaviside", lambda a, k=1.0: np.heaviside(_floats(a), 1.0), "nothing_on_the_left"),
        ("−k·exp(a)", _masked(lambda a, k: -k * np.exp(a), one, default=1.0), "sign"),
        ("k·exp(−a)", _masked(lambda a, k: k * np.exp(-a), one, default=1.0, nan=1), "sign_of_the_exponent"),
        ("k times everything", lambda a, k=1.0: k * elu_slope_by_its_value(a), "k_on_both_sides"),
        ("a on the right", _masked(lambda a, k: k * np.exp(a), same, default=1.0), "right_not_differentiated"),
        (
            "products",
            lambda a, k=1.0: 1.0 * (_floats(a) > 0) + k * np.exp(_floats(a)) * (_floats(a) <= 0),
            "masked_by_products",
        ),
        ("masks without NaN", _masked(lambda a, k: k * np.exp(a), one, default=1.0, nan=0.0), "hides_nan"),
        ("masks, 1 for NaN", _masked(lambda a, k: k * np.exp(a), one, default=1.0, nan=1.0), "hides_nan"),
        ("exp everywhere", elu_slope_that_overflows, "numpy_warning"),
        ("0 at 0", elu_slope_zero_at_zero, None),
        ("differences", elu_slope_by_differences, None),
        ("float32 lost", elu_slope_that_loses_float32, None),
        ("ones", lambda a, k=1.0: np.ones_like(_floats(a)), None),
        ("in place", lambda a, k=1.0: np.exp(a, out=a), "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "dead_units": [
        ("one 0 is enough", lambda h: (h == 0).max(axis=0), "any_instead_of_all"),
        ("rows", lambda h: ~np.any(h, axis=-1), "wrong_axis"),
        ("count", lambda h: len(h.T) - np.count_nonzero(h.any(axis=0)), "counted"),
        ("share", lambda h: np.average(~h.any(axis=0)), "share_of_units"),
        ("the layer", lambda h: not h.any(), "everything_silent"),
        ("alive", lambda h: h.any(axis=0), "alive"),
        ("never 0", lambda h: h.all(axis=0), "always_active"),
        ("largest at most 0", lambda h: h.max(axis=0) <= 0, "never_positive"),
        ("mean 0", lambda h: h.mean(axis=0) == 0, "adds_up_to_zero"),
        ("below 1e-9", lambda h: np.abs(h).max(axis=0) < 1e-9, "tolerance"),
        ("np.where", lambda h: np.where(~h.any(axis=0))[0], "indices"),
        ("shares of examples", lambda h: np.mean(h == 0, axis=0), None),
        ("numbers", lambda h: dead_by_list(h).astype(int), None),
        ("a list", lambda h: dead_by_list(h).tolist(), "returns_list"),
        ("a row with two axes", lambda h: np.all(h == 0, axis=0, keepdims=True), "axis_kept"),
        ("in place", dead_in_place, "changes_its_input"),
        ("by heart", dead_by_heart, None),
        ("the first row only", lambda h: h[0] == 0, None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "sparsity": [
        ("count_nonzero", lambda h: np.count_nonzero(h) / h.size, "share_of_others"),
        ("one for each unit", lambda h: (h == 0).sum(axis=0) / len(h), "per_unit"),
        ("one for each example", lambda h: 1 - np.count_nonzero(h, axis=1) / h.shape[1], "per_example"),
        ("count", lambda h: h.size - np.count_nonzero(h), "counted"),
        ("percent", lambda h: 100 - 100 * np.count_nonzero(h) / h.size, "in_percent"),
        ("not above 0", sparsity_of_rectified_units, "not_positive"),
        ("below 1e-8", lambda h: np.mean(np.abs(h) < 1e-8), "tolerance"),
        ("dead units", lambda h: np.average(~h.any(axis=0)), "dead_share"),
        ("zeros in an example", lambda h: np.mean(np.sum(h == 0, axis=1)), "over_the_examples"),
        ("one half by heart", lambda h: 4 / 9, None),
        ("an array", lambda h: np.array([np.mean(h == 0)]), "axis_kept"),
        ("as text", lambda h: f"{np.mean(h == 0):.4f}", None),
        ("in place", lambda h: np.mean(np.multiply(h, 0, out=h)), "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
}
