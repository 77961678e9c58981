"""Exercises of lesson 04: what initial weights must be so that a signal gets through."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Curve, Exercise, Finding, Histogram, Mistake, Part
from course_lib import activations, backpropagation, initialization
from course_lib.data import load_digits
from course_lib.networks import network_of
from course_lib.training import train_steps

LESSON = "04_weight_initialization"
MINUTES = 100

Array = np.ndarray[Any, Any]


# Counting units


def _columns(*columns: Sequence[float]) -> Array:
    return np.array(columns, dtype=np.float64).T


def _with_copies(rng: np.random.Generator, n_in: int, different: int, n_out: int) -> Array:
    """Draw `different` columns, each at least once, in a random order."""
    extra = rng.integers(different, size=n_out - different)
    return rng.normal(size=(n_in, different))[:, rng.permutation([*range(different), *extra])]


def _almost_equal(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Repeat one column, but for the last bit of one entry of the first."""
    W = np.repeat(rng.uniform(1, 2, size=(n_in, 1)), n_out, axis=1)
    W[1, 0] = np.nextafter(W[1, 0], 3)
    return W


DISTINCT_UNITS = Exercise(
    "distinct_units",
    lesson=LESSON,
    reference=initialization.distinct_units,
    parts=[
        Part(
            "weights with and without copies",
            points=0.5,
            cases=lambda rng: [
                Case(_columns([1, 2], [1, 2], [2, 1], [1, 2]), label="three copies of one unit, and another unit"),
                Case(np.full((3, 5), 0.5), label="all weights equal"),
                Case(_with_copies(rng, 4, 6, 9), label="nine units, six of them different"),
            ],
        ),
        Part(
            "exact comparison, more units than inputs",
            points=0.5,
            hidden=True,
            cases=lambda rng: [
                Case(_almost_equal(rng, 6, 4), label="units that differ in the last bit of one weight"),
                Case(_columns([1, 4], [2, 3], [3, 2], [4, 1], [2, 3]), label="units with equal sums"),
                Case(rng.normal(size=(3, 11)), label="no two units alike"),
                Case(_with_copies(rng, 7, 2, 3), label="two different units among three"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "counts_rows",
            lambda W: len({tuple(row) for row in W}),
            "This counts different rows: the outgoing weights of an input. A unit's incoming weights are a column.",
        ),
        Mistake(
            "counts_numbers",
            lambda W: len(np.unique(W)),
            "This counts different numbers; two units are equal when all of their incoming weights are.",
        ),
        Mistake(
            "counts_all_units",
            lambda W: W.shape[1],
            "Every unit is counted, copies included.",
        ),
        Mistake(
            "counts_copies",
            lambda W: W.shape[1] - len({tuple(column) for column in W.T}),
            "This counts the copies; the units that are left without them are asked for.",
        ),
        Mistake(
            "neighbours_only",
            lambda W: 1 + int(np.sum(np.any(W[:, 1:] != W[:, :-1], axis=0))),
            "Only neighbouring columns are compared: a copy that stands further away counts as new.",
        ),
        Mistake(
            "compares_sums",
            lambda W: len(np.unique(W.sum(axis=0))),
            "Different columns can have the same sum: compare the columns entry by entry.",
        ),
        Mistake(
            "rounds",
            lambda W: len({tuple(column) for column in np.round(W.T, 9)}),
            "Columns that differ in a late digit are taken for equal: the comparison must be exact.",
        ),
    ],
)


# Random weights. Many answers are right, so that a draw is judged by what holds of every one, but for bad luck.
#
# Let N entries be independent with mean 0 and variance v, normal or uniform. Both laws are sub-Gaussian with
# variance proxy v: E exp(s·w) ≤ exp(v·s²/2), because sinh(u)/u ≤ exp(u²/6). With x = `_RARE` = 25:
# - mean: P(|mean| > sqrt(2xv/N)) ≤ 2·exp(−x) (Chernoff);
# - sum of squares from above: P(Σw² > v·(N + 2·sqrt(Nx) + 2x)) ≤ exp(−x) (Laurent and Massart 2000 for the normal
#   law; Hsu, Kakade and Zhang 2012 for every sub-Gaussian one);
# - from below: P(Σw² < v·(N − 2·sqrt(Nx))) ≤ exp(−x) (Laurent and Massart; for the uniform law, where E w⁴ = 1.8v²,
#   the one-sided Bernstein inequality for positive terms gives exp(−4x/3.6));
# - means of the rows are sub-Gaussian with proxy v/n_out, so their sum of squares obeys the second bound, with n_in
#   terms; likewise columns;
# - sum of squares of every row: the same two bounds with x + ln(n_in) in place of x, for n_in rows together;
# - correlation with an earlier draw: P(|Σ w·w'| > sqrt(2x·v·Σw'²)) ≤ 2·exp(−x), and Σw'² ≤ 1.2·N·v by the above;
# - normal law: P(sup |F_N − Φ| > sqrt(x/(2N))) ≤ 2·exp(−x) (Dvoretzky, Kiefer and Wolfowitz; Massart 1990).
# A draw is held against at most fourteen bounds, so a right answer fails with probability below 28·exp(−25) = 4e-10.
# Equal numbers: a draw of 53 random bits repeats itself among 24,000 with probability 3e-8; one in a hundred, never.
_RARE = 25.0
_GRID = np.linspace(-3, 3, 13)
_NORMAL = np.array([(1 + math.erf(z / math.sqrt(2))) / 2 for z in _GRID])
_UNIFORM = np.clip((1 + _GRID / math.sqrt(3)) / 2, 0, 1)


def _above(n: int, x: float = _RARE) -> float:
    return 1 + 2 * math.sqrt(x / n) + 2 * x / n


def _below(n: int, x: float = _RARE) -> float:
    return 1 - 2 * math.sqrt(x / n)


def _pattern(W: Array, variance: float) -> str:
    """Name what shows that the entries are not independent draws of one law; "" for nothing."""
    n_in, n_out = W.shape
    if W.size > 1 and np.all(W.flat[0] == W):
        return "all weights are equal"
    if W.size >= 1000 and np.count_nonzero(np.diff(np.sort(W, axis=None))) < 0.99 * W.size:
        return "the same numbers come again and again"
    for n, other, axis, name in ((n_in, n_out, 1, "row"), (n_out, n_in, 0, "column")):
        if np.mean(W.mean(axis=axis) ** 2) * other > _above(n) * variance:
            return f"the mean changes from {name} to {name} more than chance allows"
        squares = np.mean(W**2, axis=axis)
        x = _RARE + math.log(n)
        if squares.max() > _above(other, x) * variance or squares.min() < _below(other, x) * variance:
            return f"the spread changes from {name} to {name} more than chance allows"
    return ""


def _follows(W: Array, law: Array, std: float) -> bool:
    share_below = np.array([np.count_nonzero(std * z > W) for z in _GRID]) / W.size
    return bool(np.max(np.abs(share_below - law)) <= math.sqrt(_RARE / (2 * W.size)))


@dataclass(frozen=True)
class _Wanted:
    """What a draw must be like: kept beside its case.

    Attributes
    ----------
    std : float
    normal : bool
        Whether the law must be the normal one.
    earlier : list of ndarray
        What the same answer drew in the cases before, from other generators.
    """

    std: float
    normal: bool
    earlier: list[Array]


def _is_drawn_well(W: Array, case: Case) -> Finding:
    want: _Wanted = case.aside
    earlier = [draw.ravel() for draw in want.earlier]
    want.earlier.append(W / want.std)
    mean, variance = float(np.mean(W)), want.std**2
    if abs(mean) > math.sqrt(2 * _RARE * variance / W.size):
        return Finding(0, f"The mean of the weights must be 0; over {W.size} weights it is {mean:.3g}.")
    squares = float(np.mean(W**2))
    if not _below(W.size) * variance <= squares <= _above(W.size) * variance:
        return Finding(
            0,
            f"The standard deviation of the weights is wrong: {math.sqrt(squares):.4g} over {W.size} weights, "
            f"where {want.std:.4g} is asked for.",
        )
    pattern = _pattern(W, variance)
    if pattern:
        return Finding(0, f"Every weight must be a draw of its own; here {pattern}.")
    if want.normal and not _follows(W, _NORMAL, want.std):
        return Finding(0, "Mean and standard deviation are right, but the weights are not normally distributed.")
    for draw in earlier:
        n = min(W.size, draw.size)
        if n >= 1000 and abs(float(draw[:n] @ W.ravel()[:n])) > math.sqrt(2.4 * _RARE * n * variance):
            return Finding(0, "Another generator was passed, but the same weights came again: is `rng` used?")
    if W.dtype != np.float64:
        return Finding(0.5, f"The weights must be float64; got {W.dtype}.")
    return AS_IT_SHOULD_BE


def _marks_of_a_draw(W: Array, case: Case) -> Any:
    """Tell what two draws have in common when they come from the same mistake."""
    want: _Wanted = case.aside
    if W.size < 1000:
        return "too few numbers to know a mistake by"
    mean, std = float(np.mean(W)), float(np.std(W))
    centred = abs(mean) <= math.sqrt(2 * _RARE / W.size) * std
    law = "any"
    if want.normal:
        laws = {"normal": _NORMAL, "uniform": _UNIFORM}
        law = next((name for name, shares in laws.items() if _follows(W - mean, shares, std)), "other")
    return {
        "mean": np.array(0.0 if centred else mean),
        "std": np.array(std),
        "pattern": _pattern(W - mean, std**2),
        "law": law,
        "dtype": str(W.dtype),
    }


def _draw(rng: np.random.Generator, *args: Any, want: _Wanted, label: str, **kwargs: Any) -> Case:
    """Make a case with a generator of its own."""
    return Case(np.random.default_rng(rng.integers(2**63)), *args, label=label, aside=want, **kwargs)


def _own_generator(initializer: Callable[..., Array]) -> Callable[..., Array]:
    """Build the mistake of an initializer that draws from a generator it made itself."""
    return lambda rng, *args, **kwargs: initializer(np.random.default_rng(0), *args, **kwargs)


_RNG_IGNORED = (
    "The weights are as they should be, but the same ones come whatever generator is passed: every draw must come "
    "from `rng`."
)
_TRANSPOSED = "The shape is transposed: in this course `W` is (n_in, n_out)."
_ALL_EQUAL = "All weights are equal: then all units of a layer are one unit. Draw an array, not one number."
_NOT_CENTRED = "These weights are all of one sign, or nearly so: their mean must be 0."


def _normal_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    return [
        _draw(rng, 250, 90, want=_Wanted(1.0, True, earlier), label="the default: N(0, 1)"),
        _draw(rng, 90, 250, std=0.3, want=_Wanted(0.3, True, earlier), label="a small standard deviation"),
        _draw(rng, 90, 250, std=0.3, want=_Wanted(0.3, True, earlier), label="the same from another generator"),
    ]


def _hidden_normal_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    return [
        _draw(rng, 160, 140, 2.5, want=_Wanted(2.5, True, earlier), label="a standard deviation above 1, by position"),
        _draw(rng, 160, 140, want=_Wanted(1.0, True, earlier), label="the default"),
        _draw(rng, 7, 1, 2.5, want=_Wanted(2.5, True, []), label="a single unit"),
    ]


NORMAL_INIT = Exercise(
    "normal_init",
    lesson=LESSON,
    reference=initialization.normal_init,
    mistake_rtol=0.045,
    mistake_features=_marks_of_a_draw,
    picture=Histogram(),
    parts=[
        Part("normal, with the standard deviation asked for", points=1, cases=_normal_cases, holds=_is_drawn_well),
        Part(
            "other standard deviations, a single unit",
            points=1,
            hidden=True,
            cases=_hidden_normal_cases,
            holds=_is_drawn_well,
        ),
    ],
    mistakes=[
        Mistake(
            "variance_for_std",
            lambda rng, n_in, n_out, std=1.0: rng.normal(0, std**2, size=(n_in, n_out)),
            "The spread is the square of what it should be: `rng.normal` takes a standard deviation, and `std` is one.",
        ),
        Mistake(
            "root_of_std",
            lambda rng, n_in, n_out, std=1.0: rng.normal(0, np.sqrt(std), size=(n_in, n_out)),
            "The spread is the root of what it should be: `std` is a standard deviation already, not a variance.",
        ),
        Mistake(
            "std_ignored",
            lambda rng, n_in, n_out, std=1.0: rng.normal(size=(n_in, n_out)),
            "The standard deviation is 1 whatever is asked for: the argument `std` has no effect.",
        ),
        Mistake(
            "std_is_the_mean",
            lambda rng, n_in, n_out, std=1.0: rng.normal(std, size=(n_in, n_out)),
            "The mean is moved instead of the spread: which argument of `rng.normal` comes first?",
        ),
        Mistake(
            "added_instead_of_scaled",
            lambda rng, n_in, n_out, std=1.0: std + std * rng.normal(size=(n_in, n_out)),
            "The mean of the weights is not 0: something is added to them.",
        ),
        Mistake(
            "scaled_by_fan_in",
            lambda rng, n_in, n_out, std=1.0: rng.normal(0, std / np.sqrt(n_in), size=(n_in, n_out)),
            "The spread depends on `n_in`: that is a later exercise. Here it is `std`, for any size.",
        ),
        Mistake(
            "uniform_up_to_std",
            lambda rng, n_in, n_out, std=1.0: rng.uniform(-std, std, size=(n_in, n_out)),
            "These are uniform numbers, all of them below `std`. The normal distribution is asked for.",
        ),
        Mistake(
            "uniform",
            lambda rng, n_in, n_out, std=1.0: rng.uniform(-np.sqrt(3) * std, np.sqrt(3) * std, size=(n_in, n_out)),
            "Mean and spread are right, but the distribution is uniform; the normal one is asked for.",
        ),
        Mistake(
            "uniform_from_zero",
            lambda rng, n_in, n_out, std=1.0: std * rng.random((n_in, n_out)),
            "No weight is negative: these are uniform numbers from 0 up. A normal distribution around 0 is asked for.",
        ),
        Mistake(
            "shape_transposed",
            lambda rng, n_in, n_out, std=1.0: rng.normal(0, std, size=(n_out, n_in)),
            _TRANSPOSED,
        ),
        Mistake(
            "one_unit_repeated",
            lambda rng, n_in, n_out, std=1.0: np.repeat(rng.normal(0, std, size=(n_in, 1)), n_out, axis=1),
            "Every unit has the same weights: draw n_in × n_out numbers, not one column.",
        ),
        Mistake(
            "rng_ignored",
            _own_generator(initialization.normal_init),
            _RNG_IGNORED,
        ),
    ],
)


def _with_std(formula: Callable[..., float], *, uniform: bool = False) -> Callable[..., Array]:
    """Build a wrong `xavier_init` from a wrong standard deviation (or limit) as a function of n_in, n_out, mode."""

    def initializer(rng: np.random.Generator, n_in: int, n_out: int, mode: str = "fan_avg") -> Array:
        s = formula(n_in, n_out, mode == "fan_in")
        return rng.uniform(-s, s, size=(n_in, n_out)) if uniform else rng.normal(0, s, size=(n_in, n_out))

    return initializer


def _xavier_variance(n_in: int, n_out: int, fan_in: bool) -> float:
    return 1 / n_in if fan_in else 2 / (n_in + n_out)


def _xavier_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    average = _Wanted(math.sqrt(2 / 460), False, earlier)
    return [
        _draw(rng, 400, 60, want=average, label="400 inputs, 60 units"),
        _draw(rng, 400, 60, want=average, label="the same from another generator"),
        _draw(
            rng,
            400,
            60,
            mode="fan_in",
            want=_Wanted(math.sqrt(1 / 400), False, earlier),
            label='400 inputs, 60 units, mode="fan_in"',
        ),
    ]


def _hidden_xavier_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    return [
        _draw(
            rng,
            60,
            400,
            "fan_in",
            want=_Wanted(math.sqrt(1 / 60), False, earlier),
            label="more units than inputs, the mode by position",
        ),
        _draw(
            rng,
            60,
            400,
            mode="fan_avg",
            want=_Wanted(math.sqrt(2 / 460), False, earlier),
            label="more units than inputs",
        ),
        _draw(rng, 1, 6, want=_Wanted(math.sqrt(2 / 7), False, []), label="a single input"),
    ]


XAVIER_INIT = Exercise(
    "xavier_init",
    lesson=LESSON,
    reference=initialization.xavier_init,
    uses=("normal_init",),
    mistake_rtol=0.045,
    mistake_features=_marks_of_a_draw,
    picture=Histogram(),
    parts=[
        Part("the right spread, in both modes", points=2, cases=_xavier_cases, holds=_is_drawn_well),
        Part(
            "more units than inputs, a single input",
            points=1,
            hidden=True,
            cases=_hidden_xavier_cases,
            holds=_is_drawn_well,
        ),
    ],
    mistakes=[
        Mistake(
            "variance_for_std",
            _with_std(_xavier_variance),
            "The spread is the square of what it should be. N(0, v) names a variance; what does `rng.normal` take?",
        ),
        Mistake(
            "limit_is_not_std",
            _with_std(lambda *a: math.sqrt(_xavier_variance(*a)), uniform=True),
            "The spread is too small by √3: the limit of a uniform distribution is not its standard deviation.",
        ),
        Mistake(
            "limit_taken_for_std",
            _with_std(lambda *a: math.sqrt(3 * _xavier_variance(*a))),
            "The spread is too large by √3: that number is the limit of a uniform distribution, not a standard "
            "deviation.",
        ),
        Mistake(
            "modes_exchanged",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_in, n_out, not fan_in))),
            "The two modes are exchanged.",
        ),
        Mistake(
            "always_fan_avg",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_in, n_out, False))),
            "Right for the default only: the argument `mode` has no effect.",
        ),
        Mistake(
            "always_fan_in",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_in, n_out, True))),
            'Right for `mode="fan_in"` only: `n_out` counts in the other mode.',
        ),
        Mistake(
            "fan_swapped",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_out, n_in, fan_in))),
            'With `mode="fan_in"` the wrong fan counts: which number of weights feeds into a unit?',
        ),
        Mistake(
            "two_forgotten",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(1 / n_in if fan_in else 1 / (n_in + n_out))),
            "In the default mode the variance is half of what it must be: one over the *mean* of the two fans.",
        ),
        Mistake(
            "two_everywhere",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(2 / n_in if fan_in else 2 / (n_in + n_out))),
            'With `mode="fan_in"` the variance is twice what it should be: that is the rule for rectified units.',
        ),
        Mistake(
            "for_rectified_units",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(2 / n_in)),
            "This is the rule for rectified units. Here `n_out` counts too, or the factor is another.",
        ),
        Mistake(
            "product_of_fans",
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(1 / n_in if fan_in else 1 / math.sqrt(n_in * n_out))),
            "In the default mode this divides by the geometric mean of the fans; the arithmetic one is asked for.",
        ),
        Mistake(
            "standard_normal",
            _with_std(lambda n_in, n_out, fan_in: 1.0),
            "The standard deviation is 1 whatever the size of the layer.",
        ),
        Mistake(
            "not_centred",
            lambda rng, n_in, n_out, mode="fan_avg": (
                rng.random((n_in, n_out)) * math.sqrt(_xavier_variance(n_in, n_out, mode == "fan_in"))
            ),
            _NOT_CENTRED,
        ),
        Mistake(
            "limit_from_zero",
            lambda rng, n_in, n_out, mode="fan_avg": (
                rng.random((n_in, n_out)) * math.sqrt(3 * _xavier_variance(n_in, n_out, mode == "fan_in"))
            ),
            _NOT_CENTRED,
        ),
        Mistake(
            "shape_transposed",
            lambda rng, n_in, n_out, mode="fan_avg": initialization.xavier_init(rng, n_in, n_out, mode).T,
            _TRANSPOSED,
        ),
        Mistake(
            "one_number",
            lambda rng, n_in, n_out, mode="fan_avg": np.full(
                (n_in, n_out), math.sqrt(_xavier_variance(n_in, n_out, mode == "fan_in"))
            ),
            _ALL_EQUAL,
        ),
        Mistake("rng_ignored", _own_generator(initialization.xavier_init), _RNG_IGNORED),
    ],
)


def _he_with(formula: Callable[[int, int, float], float], *, uniform: bool = False) -> Callable[..., Array]:
    """Build a wrong `he_init` from a wrong standard deviation (or limit) as a function of n_in, n_out, k."""

    def initializer(rng: np.random.Generator, n_in: int, n_out: int, k: float = 0.0) -> Array:
        s = formula(n_in, n_out, k)
        return rng.uniform(-s, s, size=(n_in, n_out)) if uniform else rng.normal(0, s, size=(n_in, n_out))

    return initializer


def _he_variance(n_in: int, k: float) -> float:
    return 2 / ((1 + k**2) * n_in)


_K = 0.45  # where 1, 1 + k² and 1 + k lie furthest apart: ten percent of the spread each


def _he_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    plain = _Wanted(math.sqrt(_he_variance(320, 0)), False, earlier)
    leaky = _Wanted(math.sqrt(_he_variance(320, _K)), False, earlier)
    return [
        _draw(rng, 320, 75, want=plain, label="320 inputs, 75 units"),
        _draw(rng, 320, 75, want=plain, label="the same from another generator"),
        _draw(rng, 320, 75, k=_K, want=leaky, label="a leaky unit"),
    ]


def _hidden_he_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    linear = _Wanted(math.sqrt(_he_variance(75, 1)), False, earlier)
    leaky = _Wanted(math.sqrt(_he_variance(75, _K)), False, earlier)
    return [
        _draw(rng, 75, 320, _K, want=leaky, label="more units than inputs, k by position"),
        _draw(rng, 75, 320, k=1.0, want=linear, label="slope 1 on both sides"),
        _draw(rng, 5, 1, want=_Wanted(math.sqrt(2 / 5), False, []), label="a single unit"),
    ]


HE_INIT = Exercise(
    "he_init",
    lesson=LESSON,
    reference=initialization.he_init,
    uses=("normal_init", "xavier_init"),
    mistake_rtol=0.045,
    mistake_features=_marks_of_a_draw,
    picture=Histogram(),
    parts=[
        Part("the right spread, leaky or not", points=2, cases=_he_cases, holds=_is_drawn_well),
        Part(
            "more units than inputs, other slopes, a single unit",
            points=1,
            hidden=True,
            cases=_hidden_he_cases,
            holds=_is_drawn_well,
        ),
    ],
    mistakes=[
        Mistake(
            "variance_for_std",
            _he_with(lambda n_in, n_out, k: _he_variance(n_in, k)),
            "The spread is the square of what it should be. N(0, v) names a variance; what does `rng.normal` take?",
        ),
        Mistake(
            "limit_is_not_std",
            _he_with(lambda n_in, n_out, k: math.sqrt(_he_variance(n_in, k)), uniform=True),
            "The spread is too small by √3: the limit of a uniform distribution is not its standard deviation.",
        ),
        Mistake(
            "limit_taken_for_std",
            _he_with(lambda n_in, n_out, k: math.sqrt(3 * _he_variance(n_in, k))),
            "The spread is too large by √3: that number is the limit of a uniform distribution, not a standard "
            "deviation.",
        ),
        Mistake(
            "k_ignored",
            _he_with(lambda n_in, n_out, k: math.sqrt(2 / n_in)),
            "Right for k = 0 only: a leaky unit lets more through, so that its weights need less spread.",
        ),
        Mistake(
            "k_not_squared",
            _he_with(lambda n_in, n_out, k: math.sqrt(2 / ((1 + k) * n_in))),
            "Right for k = 0 only: the left half scales the *square* of the signal. By what?",
        ),
        Mistake(
            "square_of_the_sum",
            _he_with(lambda n_in, n_out, k: math.sqrt(2 / ((1 + k) ** 2 * n_in))),
            "Right for k = 0 only: the squares of the two slopes are averaged, not the slopes.",
        ),
        Mistake(
            "k_the_wrong_way",
            _he_with(lambda n_in, n_out, k: math.sqrt(2 * (1 + k**2) / n_in)),
            "The larger k, the larger these weights; but a leaky unit lets more through and needs smaller ones.",
        ),
        Mistake(
            "fan_swapped",
            _he_with(lambda n_in, n_out, k: math.sqrt(_he_variance(n_out, k))),
            "The wrong fan counts: a pre-activation sums over the weights that feed into the unit. How many are they?",
        ),
        Mistake(
            "two_forgotten",
            _he_with(lambda n_in, n_out, k: math.sqrt(_he_variance(n_in, k) / 2)),
            "The variance is half of what it should be: how much of its square does a signal keep through a ReLU?",
        ),
        Mistake(
            "both_fans",
            _he_with(lambda n_in, n_out, k: math.sqrt(4 / ((1 + k**2) * (n_in + n_out)))),
            "`n_out` counts here: this exercise keeps the forward signal, for which only one fan matters.",
        ),
        Mistake(
            "for_linear_units",
            _he_with(lambda n_in, n_out, k: math.sqrt(2 / (n_in + n_out))),
            "This is the rule for units of slope 1, from the exercise before.",
        ),
        Mistake(
            "standard_normal",
            _he_with(lambda n_in, n_out, k: 1.0),
            "The standard deviation is 1 whatever the size of the layer.",
        ),
        Mistake(
            "not_centred",
            lambda rng, n_in, n_out, k=0.0: rng.random((n_in, n_out)) * math.sqrt(_he_variance(n_in, k)),
            _NOT_CENTRED,
        ),
        Mistake(
            "folded",
            lambda rng, n_in, n_out, k=0.0: np.abs(rng.normal(0, math.sqrt(_he_variance(n_in, k)), (n_in, n_out))),
            _NOT_CENTRED,
        ),
        Mistake(
            "shape_transposed",
            lambda rng, n_in, n_out, k=0.0: initialization.he_init(rng, n_in, n_out, k).T,
            _TRANSPOSED,
        ),
        Mistake(
            "one_number",
            lambda rng, n_in, n_out, k=0.0: np.full((n_in, n_out), math.sqrt(_he_variance(n_in, k))),
            _ALL_EQUAL,
        ),
        Mistake("rng_ignored", _own_generator(initialization.he_init), _RNG_IGNORED),
    ],
)


# A signal on its way


def _weights(rng: np.random.Generator, *sizes: int) -> list[Array]:
    """Draw weights around which no activation used here is nearly linear or nearly flat."""
    return [rng.normal(0, 1.3 / np.sqrt(n_in), size=(n_in, n_out)) for n_in, n_out in pairwise(sizes)]


def _forward_case(rng: np.random.Generator, N: int, sizes: Sequence[int], activation: Any, label: str) -> Case:
    x = rng.normal(0.4, 1.2, size=(N, sizes[0]))
    return Case(x, _weights(rng, *sizes), activation, label=label)


def _on_the_way(
    measure: Callable[[Array], Any], *, of_output: bool = False, first: Callable[[Array, Any], Array] = lambda x, f: x
) -> Callable[..., Array]:
    """Build a wrong `forward_variances`: another measure, taken of a or of h, after something done to x."""

    def variances(x: Array, weights: Sequence[Array], activation: Callable[[Array], Array]) -> Array:
        h, measured = first(x, activation), []
        for W in weights:
            a = h @ W
            h = activation(a)
            measured.append(measure(h if of_output else a))
        return np.array(measured)

    return variances


def _linear_variances(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return initialization.forward_variances(x, weights, lambda a: a)


def _never_chained(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return np.array([np.var(x @ W) for W in weights])


def _with_input(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return np.array([np.var(x), *initialization.forward_variances(x, weights, activation)])


def _without_last(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    return initialization.forward_variances(x, weights[:-1], activation)


def _as_ratios(x: Array, weights: Sequence[Array], activation: Any) -> Array:
    variances = initialization.forward_variances(x, weights, activation)
    return variances / np.array([np.var(x), *variances[:-1]])


FORWARD_VARIANCES = Exercise(
    "forward_variances",
    lesson=LESSON,
    reference=initialization.forward_variances,
    parts=[
        Part(
            "a few layers",
            points=1,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]]),
                    [np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]]), np.array([[0.5, -1.0], [1.0, 0.0], [0.0, 1.0]])],
                    np.tanh,
                    label="three examples, two layers",
                ),
                _forward_case(rng, 9, [4, 6, 3, 5], np.cos, "random weights, three layers"),
            ],
        ),
        Part(
            "one layer, many layers, layers of equal width",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _forward_case(rng, 8, [5, 3], np.tanh, "one layer"),
                _forward_case(rng, 12, [4] * 7, np.cos, "six layers of equal width"),
                _forward_case(rng, 10, [3, 8, 2, 7, 4], np.arctan, "four layers"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "of_the_outputs",
            _on_the_way(np.var, of_output=True),
            "These are variances of the outputs h; those of the pre-activations are asked for.",
        ),
        Mistake(
            "standard_deviations",
            _on_the_way(np.std),
            "These are standard deviations; variances are asked for.",
        ),
        Mistake(
            "mean_squares",
            _on_the_way(lambda a: np.mean(a**2)),
            "These are mean squares: a variance is measured around the mean.",
        ),
        Mistake(
            "per_unit",
            _on_the_way(lambda a: np.mean(np.var(a, axis=0))),
            "The variance is taken unit by unit and averaged; one variance over all entries of a layer is asked for.",
        ),
        Mistake(
            "per_example",
            _on_the_way(lambda a: np.mean(np.var(a, axis=1))),
            "The variance is taken example by example and averaged; one variance over all entries of a layer is "
            "asked for.",
        ),
        Mistake(
            "unbiased",
            _on_the_way(lambda a: np.var(a, ddof=1)),
            "The variance divides by one less than the number of entries; in this course it divides by their number.",
        ),
        Mistake("no_activation", _linear_variances, "The layers are linear here: `activation` has no effect."),
        Mistake(
            "input_activated",
            _on_the_way(np.var, first=lambda x, activation: activation(x)),
            "The input passes through the activation before the first layer; only pre-activations do.",
        ),
        Mistake(
            "never_chained",
            _never_chained,
            "Every layer is fed with `x`; each must be fed with what comes out of the one before.",
        ),
        Mistake(
            "starts_with_the_input", _with_input, "The first entry belongs to the input; only layers are asked for."
        ),
        Mistake("last_layer_missing", _without_last, "The last layer has pre-activations too."),
        Mistake(
            "ratios",
            _as_ratios,
            "These are ratios from layer to layer; the variances themselves are asked for.",
        ),
    ],
)


def _backward_case(rng: np.random.Generator, N: int, sizes: Sequence[int], derivative: Any, label: str) -> Case:
    pre_activations = [rng.normal(0.3, 1.1, size=(N, n)) for n in sizes[1:]]
    delta_last = rng.normal(0.5, 1.0, size=(N, sizes[-1]))
    return Case(delta_last, _weights(rng, *sizes), pre_activations, derivative, label=label)


def _deltas_measured(measure: Callable[[Array], Any]) -> Callable[..., Array]:
    def variances(delta_last: Array, weights: Any, pre_activations: Any, derivative: Any) -> Array:
        deltas = backpropagation.backward_pass(delta_last, weights, pre_activations, derivative)
        return np.array([measure(delta) for delta in deltas])

    return variances


def _deltas_by(
    step: Callable[[Array, Array, Array, Any], Array], *, shift: int = -1, last: bool = False
) -> Callable[..., Array]:
    """Build a wrong `backward_variances` from a wrong step, or one that takes another layer's pre-activations."""

    def variances(delta_last: Array, weights: Any, pre_activations: Any, derivative: Any) -> Array:
        delta = delta_last * derivative(pre_activations[-1]) if last else delta_last
        measured = [np.mean(delta**2)]
        for layer in range(len(weights) - 1, 0, -1):
            delta = step(delta, weights[layer], pre_activations[layer + shift], derivative)
            measured.append(np.mean(delta**2))
        return np.array(measured[::-1])

    return variances


def _right_step(delta: Array, W: Array, a: Array, derivative: Any) -> Array:
    return derivative(a) * (delta @ W.T)


BACKWARD_VARIANCES = Exercise(
    "backward_variances",
    lesson=LESSON,
    reference=initialization.backward_variances,
    parts=[
        Part(
            "a few layers",
            points=1,
            cases=lambda rng: [
                _backward_case(rng, 9, [4, 6, 3, 5], np.cos, "three layers"),
                _backward_case(rng, 8, [5, 5, 5, 5], np.cos, "three layers of equal width"),
            ],
        ),
        Part(
            "one layer, many layers",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _backward_case(rng, 10, [3, 4], np.cos, "one layer"),
                _backward_case(rng, 8, [3, 8, 2, 7, 4, 6], np.exp, "five layers"),
                _backward_case(rng, 11, [4] * 7, np.sin, "six layers of equal width"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "around_the_mean",
            _deltas_measured(np.var),
            "These are variances around the mean. A delta that is the same everywhere is a signal too: the mean square "
            "is asked for.",
        ),
        Mistake(
            "roots",
            _deltas_measured(lambda delta: np.sqrt(np.mean(delta**2))),
            "These are root mean squares; mean squares are asked for.",
        ),
        Mistake(
            "sums",
            _deltas_measured(lambda delta: np.sum(delta**2)),
            "The squares are summed; their mean is asked for.",
        ),
        Mistake(
            "summed_over_units",
            _deltas_measured(lambda delta: np.mean(np.sum(delta**2, axis=1))),
            "The squares are summed over the units; the mean over all entries is asked for.",
        ),
        Mistake(
            "last_layer_first",
            lambda *args: initialization.backward_variances(*args)[::-1],
            "The order is that of the computation: the first layer must come first.",
        ),
        Mistake(
            "derivative_forgotten",
            _deltas_by(lambda delta, W, a, derivative: delta @ W.T),
            "The slope is missing: `derivative` has no effect.",
        ),
        Mistake(
            "derivative_of_the_last_layer",
            _deltas_by(_right_step, last=True),
            "`delta_last` is multiplied by a slope; it is a delta already.",
        ),
        Mistake(
            "layer_above",
            _deltas_by(_right_step, shift=0),
            "The slope is taken at the layer above; it belongs to the layer whose delta is wanted.",
        ),
        Mistake(
            "missing_transpose",
            _deltas_by(lambda delta, W, a, derivative: derivative(a) * (delta @ W)),
            "A transpose is missing: on the way back, a delta has one column a unit of the layer above.",
        ),
        Mistake(
            "weights_of_the_layer_below",
            lambda delta_last, weights, pre_activations, derivative: initialization.backward_variances(
                delta_last, [weights[-1], *weights[:-1]], pre_activations, derivative
            ),
            "The weights are off by one layer: which ones lead from this layer to the next?",
        ),
        Mistake(
            "slope_squared",
            _deltas_by(lambda delta, W, a, derivative: derivative(a) ** 2 * (delta @ W.T)),
            "The slope counts twice in every layer.",
        ),
    ],
)


# The gain of an activation


def _expectation(function: Callable[[Array], Array]) -> float:
    z = np.linspace(-12, 12, 4801)
    return float(np.sum(function(z) * np.exp(-(z**2) / 2)) / np.sum(np.exp(-(z**2) / 2)))


def _root(square: float) -> float:
    return 1 / math.sqrt(square) if square > 1e-12 else math.inf


def _marks_of_a_gain(gain: Array, case: Case) -> Any:
    """Know a gain within 2% as such: whether by few nodes or by random draws, it is not precise enough."""
    right = initialization.init_gain(*case.args)
    value = float(gain)
    if abs(value - right) <= 0.02 * right:
        return "about right"
    return np.array(value) if abs(value) < 50 else "beyond all bounds"


def _gain_case(activation: Callable[..., Array], label: str) -> Case:
    return Case(activation, label=label)


def _uniform_gain(activation: Callable[[Array], Array]) -> float:
    z = np.linspace(-np.sqrt(3), np.sqrt(3), 20001)
    return float(1 / np.sqrt(np.mean(activation(z) ** 2)))


def _slope(activation: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda z: (activation(z + 1e-6) - activation(z - 1e-6)) / 2e-6


INIT_GAIN = Exercise(
    "init_gain",
    lesson=LESSON,
    reference=initialization.init_gain,
    mistake_rtol=2e-3,
    mistake_features=_marks_of_a_gain,
    parts=[
        Part(
            "ReLU, tanh and ELU",
            points=2,
            rtol=1e-4,
            atol=1e-4,
            cases=lambda rng: [
                _gain_case(activations.relu, "ReLU"),
                _gain_case(activations.tanh, "tanh"),
                _gain_case(activations.elu, "ELU"),
            ],
        ),
        Part(
            "leaky ReLU and sine",
            points=1,
            hidden=True,
            rtol=1e-4,
            atol=1e-4,
            cases=lambda rng: [
                _gain_case(activations.leaky_relu, "leaky ReLU"),
                _gain_case(np.sin, "sine"),
                _gain_case(activations.elu, "ELU"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "not_precise_enough",
            lambda activation: 1.003 * initialization.init_gain(activation),
            "Close, but not to 1e-4. Averaging random draws gains one digit for a hundred times as many; a grid gains "
            "much more, if it is fine enough and does not end too early.",
        ),
        Mistake(
            "square_of_the_mean",
            lambda activation: _root(_expectation(activation) ** 2),
            "The square stands outside the expectation; it belongs inside. "
            "(For an odd function the mean is 0, and nothing could be divided by it.)",
        ),
        Mistake(
            "around_the_mean",
            lambda activation: _root(_expectation(lambda z: activation(z) ** 2) - _expectation(activation) ** 2),
            "The mean is subtracted: what the next layer receives is h with its mean, so E[h²] counts.",
        ),
        Mistake(
            "not_inverted",
            lambda activation: math.sqrt(_expectation(lambda z: activation(z) ** 2)),
            "This is how much the activation shrinks a signal; the factor that makes up for it is asked for.",
        ),
        Mistake(
            "no_root",
            lambda activation: 1 / _expectation(lambda z: activation(z) ** 2),
            "This is the factor for the variance of the weights; the one for their standard deviation is asked for.",
        ),
        Mistake(
            "neither_inverted_nor_rooted",
            lambda activation: _expectation(lambda z: activation(z) ** 2),
            "This is E[h²] itself: what factor on the weights makes up for it?",
        ),
        Mistake(
            "absolute_values",
            lambda activation: 1 / _expectation(lambda z: np.abs(activation(z))),
            "This averages absolute values; variances are about squares.",
        ),
        Mistake(
            "of_the_slope",
            lambda activation: _root(_expectation(lambda z: _slope(activation)(z) ** 2)),
            "This averages the slope: it keeps the backward signal. Here the forward one is meant, E[h²].",
        ),
        Mistake(
            "uniform_input",
            _uniform_gain,
            "The pre-activation is taken as uniform with variance 1; it must be normal.",
        ),
        Mistake(
            "density_without_the_half",
            lambda activation: _root(
                _expectation(lambda z: activation(z) ** 2 * np.exp(-(z**2) / 2))
                / _expectation(lambda z: np.exp(-(z**2) / 2))
            ),
            "The density is too narrow: what stands in the exponent of N(0, 1)?",
        ),
        Mistake(
            "density_not_normalized",
            lambda activation: _root(math.sqrt(2 * math.pi) * _expectation(lambda z: activation(z) ** 2)),
            "The density must integrate to 1: is its factor there?",
        ),
        Mistake(
            "half_of_the_axis",
            lambda activation: _root(_expectation(lambda z: np.where(z > 0, activation(z) ** 2, 0))),
            "Only positive pre-activations count here; half of them are negative.",
        ),
    ],
)


# The challenge: thirty layers that learn
#
# What a run reaches is the best test accuracy it shows on its way, looked up every fifty steps: at this rate one run
# in nine of plain He weights ends in numbers that overflow, long after it has learned. Measured here: He weights
# reach 0.40 to 0.87 (64 runs; 120 others all passed 0.30), weights of half that variance 0.09 to 0.31 (32 runs), and
# guessing 0.1.
_SIZES = (*[64] * 30, 10)
_RATE, _STEPS, _BATCH, _EVERY = 0.05, 1200, 32, 50
_LEARNED, _STIRS = 0.30, 0.20  # accuracies that earn all points and half of them
_LARGEST = 1e6  # of a weight: beyond it nothing is left to train, and numbers overflow before they are used


@dataclass(frozen=True)
class _Run:
    """One training run of several whose median counts.

    Attributes
    ----------
    seed : int
        Decides the order of the examples.
    number, runs : int
        Which one this is, from 1 on, and how many there are.
    reached : list of float
        What the runs before have reached; shared between the cases of a part.
    """

    seed: int
    number: int
    runs: int
    reached: list[float]

    def decided(self) -> bool:
        """Whether the runs so far have settled the median: it is among the best or among the worst."""
        best = sum(accuracy >= _LEARNED for accuracy in self.reached)
        worst = sum(accuracy < _STIRS for accuracy in self.reached)
        return max(best, worst) > self.runs // 2


def _reached(weights: Sequence[Array], seed: int) -> float:
    """Train until it is clear that the network learns, or to the end; give the best test accuracy on the way."""
    network = network_of([W.astype(np.float64) for W in weights], activations.relu, activations.relu_derivative)
    best = 0.0
    for record in train_steps(np.random.default_rng(seed), network, load_digits(), _RATE, _STEPS, _BATCH, _EVERY):
        best = max(best, record.test_accuracy)  # NaN is never larger
        if best >= _LEARNED or math.isnan(record.test_accuracy):
            break
    return best


def _lets_the_network_learn(weights: Sequence[Array], case: Case) -> Finding:
    run: _Run = case.aside
    largest = max(float(np.max(np.abs(W))) for W in weights)
    if largest > _LARGEST:
        return Finding(0, f"The largest weight is {largest:.3g}: with such numbers no training step can be taken.")
    if not run.decided():
        run.reached.append(_reached(weights, run.seed))
    if run.number < run.runs and not run.decided():
        return AS_IT_SHOULD_BE
    median = float(np.median(run.reached)) if run.reached else 0.0
    if median >= _LEARNED:
        return AS_IT_SHOULD_BE
    return Finding(
        0.5 if median >= _STIRS else 0.0,
        f"Trained with these weights, the network reaches a test accuracy of {median:.2f} at best, the median of "
        f"{len(run.reached)} runs of {_STEPS} steps; guessing gives 0.10, and {_LEARNED:.2f} earns all points.",
    )


def _runs(rng: np.random.Generator, runs: int) -> list[Case]:
    reached: list[float] = []
    return [
        Case(
            np.random.default_rng(rng.integers(2**63)),
            _SIZES,
            label=f"run {number} of {runs}",
            aside=_Run(int(rng.integers(2**31)), number, runs, reached),
        )
        for number in range(1, runs + 1)
    ]


def _kind_of_weights(weights: Sequence[Array], case: Case) -> str:
    """Say in a word what a signal meets in weights that let nothing through."""
    hidden = [np.asarray(W, dtype=np.float64) for W in weights[1:-1]]
    if all(np.all(W == 0) for W in hidden):
        return "zero"
    if all(np.all(W.flat[0] == W) for W in hidden):
        return "equal"
    roots = np.sqrt([W.shape[0] for W in hidden])
    mean = float(np.median([abs(W.mean()) for W in hidden] * roots))
    gain = float(np.median([W.std() for W in hidden] * roots))
    if mean > 0.5:
        return "one-sided"
    if 0.22 < gain < 0.28:  # 2/n for sqrt(2/n), where n is 64
        return "variance for std"
    kinds = ((0.9, "fades fast"), (1.1, "slope one"), (1.8, "fits"))
    return next((kind for limit, kind in kinds if gain < limit), "explodes")


def _signal_by_layer(rescue: Callable[..., list[Array]], layers: Array) -> Array:
    weights = rescue(np.random.default_rng(1), _SIZES)
    x = np.random.default_rng(2).normal(size=(64, _SIZES[0]))
    variances = initialization.forward_variances(x, weights, activations.relu)
    return np.log10(np.maximum(variances, 1e-30))


def _all_layers(initializer: Callable[[np.random.Generator, int, int], Array]) -> Callable[..., list[Array]]:
    return lambda rng, sizes: [initializer(rng, n_in, n_out) for n_in, n_out in pairwise(sizes)]


RESCUE_INIT = Exercise(
    "rescue_init",
    lesson=LESSON,
    reference=initialization.rescue_init,
    uses=("normal_init", "xavier_init", "he_init"),
    notice="Thirty layers are trained with your weights, several times: this takes from two to twenty seconds.",
    mistake_features=_kind_of_weights,
    # Of the signal and not of the weights, which would give the reference away.
    picture=Curve(np.arange(1.0, 31.0), _signal_by_layer, "layer", "log₁₀ of the variance"),
    parts=[
        Part(
            "thirty layers learn: three runs", points=2, cases=lambda rng: _runs(rng, 3), holds=_lets_the_network_learn
        ),
        Part(
            "thirty layers learn: five other runs",
            points=2,
            hidden=True,
            cases=lambda rng: _runs(rng, 5),
            holds=_lets_the_network_learn,
        ),
    ],
    mistakes=[
        Mistake(
            "zeros",
            _all_layers(lambda rng, n_in, n_out: np.zeros((n_in, n_out))),
            "All weights are 0: no signal leaves the first layer, and no gradient comes back.",
        ),
        Mistake(
            "all_equal",
            _all_layers(lambda rng, n_in, n_out: np.full((n_in, n_out), 1 / n_in)),
            "All weights of a layer are equal, so that all its units are one unit, for ever.",
        ),
        Mistake(
            "one_sided",
            _all_layers(lambda rng, n_in, n_out: rng.random((n_in, n_out)) * math.sqrt(2 / n_in)),
            "The weights are not centred on 0: the means of all inputs add up, layer after layer.",
        ),
        Mistake(
            "variance_for_std",
            _all_layers(lambda rng, n_in, n_out: rng.normal(0, 2 / n_in, size=(n_in, n_out))),
            "The spread of these weights is the square of one that would do: a variance where a standard deviation "
            "belongs?",
        ),
        Mistake(
            "for_slope_one",
            _all_layers(lambda rng, n_in, n_out: rng.normal(0, math.sqrt(1 / n_in), size=(n_in, n_out))),
            "These weights suit units of slope 1. A ReLU cuts half of its input away, 29 times in a row: what makes up "
            "for that?",
        ),
        Mistake(
            "fades",
            _all_layers(lambda rng, n_in, n_out: rng.normal(0, 0.01, size=(n_in, n_out))),
            "These weights are too small: look at `forward_variances` of the thirty layers.",
        ),
        Mistake(
            "explodes",
            _all_layers(lambda rng, n_in, n_out: rng.normal(size=(n_in, n_out))),
            "These weights are too large: look at `forward_variances` of the thirty layers.",
        ),
    ],
)

EXERCISES = (
    DISTINCT_UNITS,
    NORMAL_INIT,
    XAVIER_INIT,
    HE_INIT,
    FORWARD_VARIANCES,
    BACKWARD_VARIANCES,
    INIT_GAIN,
    RESCUE_INIT,
)
