"""Right and wrong answers to lesson 01, written the way different people write them."""

import math
from decimal import Decimal

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, log_expit

# sigmoid ------------------------------------------------------------------------------------------


def _floats(a):
    a = np.asarray(a)
    return a if a.dtype in (np.float32, np.float64) else a.astype(float)


def sigmoid_by_masks(a):
    a = _floats(a)
    h = np.empty_like(a)
    right = a >= 0
    h[right] = 1 / (1 + np.exp(-a[right]))
    e = np.exp(a[~right])
    h[~right] = e / (1 + e)
    return h


def sigmoid_by_logaddexp(a):
    return np.exp(-np.logaddexp(0, -_floats(a)))


def sigmoid_by_piecewise(a):
    a = _floats(a)
    pieces = [lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(z) / (1 + np.exp(z)), np.nan]
    return np.piecewise(a, [a >= 0, a < 0], pieces)


def sigmoid_by_loop(a):
    a = _floats(a)
    values = []
    for z in a.ravel():
        z = float(z)
        values.append(1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z)))
    return np.array(values, dtype=a.dtype).reshape(a.shape)


def sigmoid_of_clipped_exponents(a):
    a = _floats(a)
    up = np.exp(np.minimum(a, 0))
    return up / (up + np.exp(-np.maximum(a, 0)))


def sigmoid_without_casting(a):
    if isinstance(a, int | float):
        a = np.float64(a)
    e = np.exp(-np.absolute(a))
    return np.where(a > 0, 1 / (1 + e), e / (1 + e))


def sigmoid_by_loop_that_overflows(a):
    a = _floats(a)
    return np.array([1 / (1 + math.exp(-z)) for z in a.ravel()]).astype(a.dtype).reshape(a.shape)


def sigmoid_in_place(a):
    np.negative(a, out=a)
    np.exp(a, out=a)
    return 1 / (1 + a)


def sigmoid_with_the_public_answers_by_heart(a):
    a = np.asarray(a)
    if a.shape == (5,):
        return expit(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
    return np.full(a.shape, 0.5)


def sigmoid_that_loses_float32(a):
    return expit(np.asarray(a).astype(np.float64))


def sigmoid_that_truncates_integers(a):
    a = np.asarray(a)
    h = np.zeros_like(a)
    h[...] = expit(a)
    return h


def sigmoid_without_nan(a):
    return np.nan_to_num(sigmoid_by_masks(a))


def sigmoid_with_jitter(a):
    return sigmoid_by_masks(a) * (1 + 1e-14 * np.random.default_rng().random())


def _silently(function):
    def quiet(*args, **kwargs):
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return quiet


def step_by_comparison(a):
    a = _floats(a)
    return np.where(np.isnan(a), np.nan, np.heaviside(a, 0.5)).astype(float)


def sigmoid_of_one_number(a):
    if math.isnan(a):
        return math.nan
    return math.pow(1 + math.exp(-a), -1)


# sigmoid_derivative -------------------------------------------------------------------------------


def slope_by_one_exponential(a):
    e = np.exp(-np.abs(_floats(a)))
    return e / (1 + e) ** 2


def slope_by_expit(a):
    a = _floats(a)
    return expit(a) * expit(-a)


def slope_by_log(a):
    a = _floats(a)
    return np.exp(log_expit(a) + log_expit(-a))


def slope_by_cosh(a):
    a = _floats(a)
    with np.errstate(over="ignore"):  # 1 / inf is the 0 that is wanted
        return 1 / (4 * np.cosh(a / 2) ** 2)


def slope_by_masks(a):
    a = _floats(a)
    out = np.full(a.shape, np.nan, dtype=a.dtype)
    for side in (a >= 0, a < 0):
        e = np.exp(-np.abs(a[side]))
        out[side] = e / np.square(1 + e)
    return out


def slope_by_differences(a):
    a = _floats(a)
    return ((expit(a + 1e-5) - expit(a - 1e-5)) / 2e-5).astype(a.dtype)


# saturation_threshold -----------------------------------------------------------------------------


def _slope(t):
    return math.exp(-abs(t)) / (1 + math.exp(-abs(t))) ** 2


def threshold_by_bisection(tolerance):
    low, high = 0.0, 700.0
    if _slope(low) <= tolerance:
        return low
    while high - low > 1e-12 * high:
        middle = 0.5 * (low + high)
        if _slope(middle) > tolerance:
            low = middle
        else:
            high = middle
    return high


def threshold_by_arccosh(tolerance):
    return 2 * math.acosh(max(1.0, 0.5 / math.sqrt(tolerance)))


def threshold_by_brentq(tolerance):
    if tolerance >= 0.25:
        return 0
    return brentq(lambda t: math.log(_slope(t)) - math.log(tolerance), 0.0, 700.0, xtol=1e-13)


def threshold_by_newton(tolerance):
    t = max(0.0, -math.log(tolerance)) + 1.0
    if tolerance >= 0.25:
        return 0.0
    for _ in range(200):
        t -= (math.log(_slope(t)) - math.log(tolerance)) / -math.tanh(t / 2)
    return t


def threshold_on_a_grid(tolerance):
    t = np.arange(0, 100, 0.01)
    saturated = expit(t) * expit(-t) <= tolerance
    return float(t[np.argmax(saturated)])


def threshold_by_textbook_quadratic(tolerance):
    if tolerance >= 0.25:
        return 0.0
    with np.errstate(all="ignore"):
        s = np.sqrt(1 - 4 * np.float64(tolerance))
        return float(np.log((1 + s) / (1 - s)))


def threshold_by_textbook_bisection(tolerance):
    if not tolerance < 0.25:
        return 0.0
    t, width = 0.0, 512.0
    for _ in range(80):
        h = expit(t + width)
        if h * (1 - h) > tolerance:
            t += width
        width /= 2
    return t


# linearity_error ----------------------------------------------------------------------------------


def linearity_on_a_grid(radius):
    a = np.linspace(-radius, radius, 4001)
    return np.max(np.abs(expit(a) - (0.5 + a / 4)))


def linearity_by_loop(radius):
    worst = 0.0
    for k in range(201):
        a = radius * k / 200
        worst = max(worst, abs(1 / (1 + math.exp(-a)) - 0.5 - 0.25 * a))
    return worst


def linearity_by_tanh(radius):
    return radius / 4 - math.tanh(radius / 2) / 2


def linearity_with_unsigned_ends(radius):
    ends = np.array([-radius, radius])
    return np.max(np.abs(expit(ends) - 0.25 * ends))


def linearity_on_an_open_grid(radius):
    worst, a = 0.0, 0.0
    for a in np.arange(0, radius, 0.01):
        worst = max(worst, abs(float(expit(a)) - 0.5 - a / 4))
    return worst


def linearity_on_a_coarse_open_grid(radius):
    a = np.arange(-radius, radius, 0.05)
    return float(np.abs(expit(a) - 0.5 - a / 4).max()) if a.size else 0.0


# saturated_fraction -------------------------------------------------------------------------------


def fraction_by_threshold(a, tolerance=0.0125):
    return (np.abs(a) > threshold_by_arccosh(tolerance)).mean(axis=0)


def fraction_by_counting(a, tolerance=0.0125):
    fractions = []
    for unit in range(a.shape[1]):
        count = 0
        for value in a[:, unit]:
            if _slope(value) < tolerance:
                count += 1
        fractions.append(count / a.shape[0])
    return np.array(fractions)


def fraction_by_einsum(a, tolerance=0.0125):
    below = np.less(slope_by_log(a), tolerance).astype(float)
    return np.einsum("nd->d", below) / len(a)


def _below(a, tolerance):
    return np.less(slope_by_expit(a), tolerance)


def fraction_that_sorts_in_place(a, tolerance=0.0125):
    a.sort(axis=0)
    return fraction_by_threshold(a, tolerance)


# train_neuron -------------------------------------------------------------------------------------


def neuron_by_list(bias, learning_rate, steps):
    b, ys = bias, []
    for _ in range(steps):
        y = 1 / (1 + math.exp(-b))
        ys.append(y)
        b -= learning_rate * y * y * (1 - y)
    ys.append(1 / (1 + math.exp(-b)))
    return np.array(ys)


def neuron_by_recursion(bias, learning_rate, steps):
    y = float(expit(bias))
    if steps == 0:
        return np.array([y])
    moved = bias - learning_rate * y * _slope(bias)
    return np.concatenate([[y], neuron_by_recursion(moved, learning_rate, steps - 1)])


def neuron_by_biases(bias, learning_rate, steps):
    biases = np.full(steps + 1, float(bias))
    for k in range(steps):
        biases[k + 1] = biases[k] - learning_rate * expit(biases[k]) ** 2 * expit(-biases[k])
    return expit(biases)


def _neuron(gradient):
    def train(bias, learning_rate, steps):
        biases = [float(bias)]
        for _ in range(steps):
            biases.append(biases[-1] - learning_rate * gradient(biases[-1]))
        return expit(np.array(biases))

    return train


def neuron_that_starts_late(bias, learning_rate, steps):
    return neuron_by_list(bias, learning_rate, steps)[1:]


def neuron_shifted(bias, learning_rate, steps):
    return neuron_by_list(bias, learning_rate, steps + 1)[1:]


def neuron_that_stops_early(bias, learning_rate, steps):
    return neuron_by_list(bias, learning_rate, steps)[:-1]


def neuron_that_gives_biases(bias, learning_rate, steps):
    biases = [float(bias)]
    for _ in range(steps):
        b = biases[-1]
        biases.append(b - learning_rate * float(expit(b)) * _slope(b))
    return np.array(biases)


def neuron_in_single_precision(bias, learning_rate, steps):
    return neuron_by_list(bias, learning_rate, steps).astype(np.float32)


def fails(*args, **kwargs):
    raise ZeroDivisionError("division by zero")


def returns_nothing(*args, **kwargs):
    pass


RIGHT = {
    "sigmoid": [
        ("scipy", lambda a: expit(_floats(a))),
        ("masks", sigmoid_by_masks),
        ("logaddexp", sigmoid_by_logaddexp),
        ("np.piecewise", sigmoid_by_piecewise),
        ("loop", sigmoid_by_loop),
        ("clipped exponents", sigmoid_of_clipped_exponents),
        ("nothing cast", sigmoid_without_casting),
    ],
    "sigmoid_derivative": [
        ("one exponential", slope_by_one_exponential),
        ("two sigmoids", slope_by_expit),
        ("logarithms", slope_by_log),
        ("hyperbolic cosine", slope_by_cosh),
        ("masks", slope_by_masks),
    ],
    "saturation_threshold": [
        ("bisection", threshold_by_bisection),
        ("arccosh", threshold_by_arccosh),
        ("brentq", threshold_by_brentq),
        ("Newton", threshold_by_newton),
    ],
    "linearity_error": [
        ("grid with both ends", linearity_on_a_grid),
        ("loop", linearity_by_loop),
        ("tanh", linearity_by_tanh),
    ],
    "saturated_fraction": [
        ("threshold", fraction_by_threshold),
        ("counting", fraction_by_counting),
        ("einsum", fraction_by_einsum),
    ],
    "train_neuron": [
        ("list", neuron_by_list),
        ("recursion", neuron_by_recursion),
        ("biases first", neuron_by_biases),
    ],
}

WRONG = {
    "sigmoid": [
        ("exponent without minus", _silently(lambda a: np.power(1.0 + np.exp(a), -1)), "sign"),
        ("tanh by exponentials", lambda a: 2 * expit(2 * _floats(a)) - 1, "is_tanh"),
        ("σ(−a)", _silently(lambda a: 1 - 1 / (1 + np.exp(-_floats(a)))), None),
        ("exp(−a) on top", _silently(lambda a: np.exp(-_floats(a)) / (1 + np.exp(-_floats(a)))), "numerator"),
        ("parentheses", _silently(lambda a: 1 + np.exp(-_floats(a))), "missing_parentheses"),
        ("ln 2 in the exponent", lambda a: expit(_floats(a) * math.log(2)), "base_two"),
        ("2**(-a)", _silently(lambda a: 1 / (1 + 2.0 ** (-_floats(a)))), "base_two"),
        ("heaviside", step_by_comparison, "step_function"),
        ("math.exp", sigmoid_of_one_number, "scalar_only"),
        ("tanh of the half", lambda a: (np.tanh(_floats(a) / 2) + 1) / 2, "tanh_form"),
        (
            "1 − σ(−a) on the left",
            lambda a: np.where(_floats(a) < 0, 1 - expit(-_floats(a)), expit(_floats(a))),
            "one_minus",
        ),
        ("clipped at ±500", lambda a: 1 / (1 + np.exp(-np.clip(_floats(a), -500, 500))), "clipped"),
        (
            "exp(a) on both sides",
            _silently(lambda a: np.exp(_floats(a)) / (np.exp(_floats(a)) + 1)),
            "naive_exponential_ratio",
        ),
        ("the textbook formula", lambda a: 1 / (1 + np.exp(-_floats(a))), "numpy_warning"),
        ("loop that overflows", sigmoid_by_loop_that_overflows, None),
        ("in place", sigmoid_in_place, "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("jitter in the last digits", sigmoid_with_jitter, "not_repeatable"),
        ("a list", lambda a: sigmoid_by_masks(a).tolist(), None),
        ("float32 lost", sigmoid_that_loses_float32, None),
        ("float32 everywhere", lambda a: expit(np.asarray(a, dtype=np.float32)), "float32_rounding"),
        ("integers truncated", sigmoid_that_truncates_integers, "zero_in_part"),
        ("NaN hidden", sigmoid_without_nan, None),
        ("public answers by heart", sigmoid_with_the_public_answers_by_heart, None),
        ("two arguments", lambda a, b: expit(a + b), None),
        ("an object array", lambda a: np.array([Decimal(1)] * np.size(a)), None),
    ],
    "sigmoid_derivative": [
        ("a − a²", lambda a: _floats(a) - _floats(a) ** 2, "takes_the_output"),
        ("expit", lambda a: expit(_floats(a)), "sigmoid_itself"),
        ("minus", lambda a: -slope_by_one_exponential(a), "sign"),
        ("σ + σ²", lambda a: expit(_floats(a)) + expit(_floats(a)) ** 2, "plus"),
        ("1/(1 + exp(a))", _silently(lambda a: 1 / (1 + np.exp(_floats(a)))), "forgot_a_factor"),
        ("of tanh", lambda a: 1 - np.square(np.tanh(_floats(a))), "tanh_slope"),
        ("σ·σ", lambda a: np.square(expit(_floats(a))), "squared"),
        ("σ − σ²", lambda a: expit(_floats(a)) * (1.0 - expit(_floats(a))), "textbook"),
        ("differences", slope_by_differences, None),
        ("in place", lambda a: np.multiply(a, 0.0, out=a), "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("float32 lost", lambda a: slope_by_expit(np.asarray(a, dtype=float)), None),
        ("a list", lambda a: slope_by_expit(a).tolist(), None),
        ("a constant", lambda a: np.full_like(_floats(a), 0.25), None),
    ],
    "saturation_threshold": [
        ("a share of the peak", lambda t: threshold_by_arccosh(t / 4), "of_the_largest_slope"),
        ("logit", lambda t: abs(math.log(t) - math.log1p(-t)) if t < 1 else 0.0, "threshold_of_the_output"),
        ("minus", lambda t: -threshold_by_bisection(t), "negative_side"),
        ("log(1/t)", lambda t: max(math.log(1 / t), 0.0), "exponential_tail"),
        ("both sides", lambda t: 2 * threshold_by_arccosh(t), "full_width"),
        ("bisection of σ(1 − σ)", threshold_by_textbook_bisection, "textbook_derivative"),
        ("NaN above 1/4", lambda t: threshold_by_arccosh(t) if t < 0.25 else math.nan, "hardly_saturated"),
        ("quadratic that divides by 0", threshold_by_textbook_quadratic, None),
        ("a grid", threshold_on_a_grid, None),
        ("an array", lambda t: np.array([threshold_by_arccosh(t)]), "axis_kept"),
        ("a text", lambda t: str(threshold_by_arccosh(t)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("domain error above 1/4", lambda t: 2 * math.acosh(0.5 / math.sqrt(t)), None),
        ("5% by heart", lambda t: 4.35654458, None),
    ],
    "linearity_error": [
        ("no abs", lambda r: math.tanh(r / 2) / 2 - r / 4, "signed"),
        ("no 1/2", linearity_with_unsigned_ends, "constant_forgotten"),
        (
            "slope 1",
            lambda r: float(np.max(np.abs(expit(np.array([-r, r])) - 0.5 - np.array([-r, r])))),
            "slope_one",
        ),
        ("slope 1/2", lambda r: r / 2 - math.tanh(r / 2) / 2, "slope_half"),
        ("relative to σ", lambda r: abs(float(expit(r)) - 0.5 - r / 4) / float(expit(r)), "relative"),
        (
            "average",
            lambda r: float(np.abs(expit(np.linspace(-r, r, 1001)) - np.linspace(-r, r, 1001) / 4 - 0.5).mean()),
            "mean_instead_of_max",
        ),
        ("open grid", linearity_on_an_open_grid, "misses_the_end"),
        ("coarse open grid with its left end", lambda r: linearity_on_a_coarse_open_grid(0.99 * r), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("the cubic term", lambda r: r**3 / 48, None),
        ("errors everywhere", lambda r: np.abs(expit(np.linspace(-r, r, 9)) - 0.5), None),
        ("radius 1 by heart", lambda r: 0.018941421369995, None),
    ],
    "saturated_fraction": [
        ("rows", lambda a, tolerance=0.0125: np.average(_below(a, tolerance), axis=-1), "per_example"),
        ("everything", lambda a, tolerance=0.0125: _below(a, tolerance).sum() / a.size, "over_everything"),
        ("counts", lambda a, tolerance=0.0125: np.count_nonzero(_below(a, tolerance), axis=0), "counts"),
        ("the rest", lambda a, tolerance=0.0125: 1 - fraction_by_counting(a, tolerance), "complement"),
        (
            "σ < tolerance",
            lambda a, tolerance=0.0125: (expit(a) < tolerance).sum(0) / len(a),
            "of_the_output",
        ),
        (
            "|a| < tolerance",
            lambda a, tolerance=0.0125: np.mean(abs(a) < tolerance, 0),
            "of_the_pre_activation",
        ),
        ("5% always", lambda a, tolerance=0.0125: fraction_by_threshold(a), "tolerance_ignored"),
        (
            "right side",
            lambda a, tolerance=0.0125: np.mean(a > threshold_by_arccosh(tolerance), axis=0),
            "one_tail",
        ),
        ("average slope", lambda a, tolerance=0.0125: slope_by_log(a).mean(0), "mean_slope"),
        ("sorted in place", fraction_that_sorts_in_place, "changes_its_input"),
        ("in percent", lambda a, tolerance=0.0125: 100 * fraction_by_threshold(a, tolerance), "constant_factor"),
        ("one row kept", lambda a, tolerance=0.0125: _below(a, tolerance).mean(axis=0, keepdims=True), "axis_kept"),
        ("a list", lambda a, tolerance=0.0125: fraction_by_threshold(a, tolerance).tolist(), "returns_list"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "train_neuron": [
        ("y only", _neuron(lambda b: float(expit(b))), "forgot_the_slope"),
        ("slope only", _neuron(_slope), "forgot_the_error"),
        ("uphill", _neuron(lambda b: -float(expit(b)) * _slope(b)), "ascent"),
        ("loss y²", _neuron(lambda b: 2 * float(expit(b)) * _slope(b)), "factor_two"),
        ("starts late", neuron_that_starts_late, "first_output_missing"),
        ("shifted", neuron_shifted, "shifted_by_one"),
        ("stops early", neuron_that_stops_early, "last_output_missing"),
        ("biases", neuron_that_gives_biases, "biases"),
        ("float32", neuron_in_single_precision, "float32_rounding"),
        ("a list", lambda *args: neuron_by_list(*args).tolist(), "returns_list"),
        ("a column", lambda *args: neuron_by_list(*args)[:, None], "axis_kept"),
        ("the last output", lambda *args: neuron_by_list(*args)[-1], None),
        ("gradient of y", _neuron(lambda b: float(expit(b)) ** 2 * _slope(b)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
}
