"""Exercise `he_init`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from autograder.exercises.lesson_04.shared import (
    ALL_EQUAL,
    NOT_CENTRED,
    RNG_IGNORED,
    TRANSPOSED,
    Array,
    Wanted,
    draw_,
    is_drawn_well,
    marks_of_a_draw,
    own_generator,
)
from autograder.judging.exercise import Case, Histogram
from autograder.judging.table import HIDDEN, exercise
from course_lib import initialization


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
    plain = Wanted(math.sqrt(_he_variance(320, 0)), False, earlier)
    leaky = Wanted(math.sqrt(_he_variance(320, _K)), False, earlier)
    return [
        draw_(rng, 320, 75, want=plain, label="320 inputs, 75 units"),
        draw_(rng, 320, 75, want=plain, label="the same from another generator"),
        draw_(rng, 320, 75, k=_K, want=leaky, label="a leaky unit"),
    ]


def _hidden_he_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    linear = Wanted(math.sqrt(_he_variance(75, 1)), False, earlier)
    leaky = Wanted(math.sqrt(_he_variance(75, _K)), False, earlier)
    return [
        draw_(rng, 75, 320, _K, want=leaky, label="more units than inputs, k by position"),
        draw_(rng, 75, 320, k=1.0, want=linear, label="slope 1 on both sides"),
        draw_(rng, 5, 1, want=Wanted(math.sqrt(2 / 5), False, []), label="a single unit"),
    ]

HE_INIT = exercise(
    initialization.he_init, "04_weight_initialization", uses=("normal_init", "xavier_init"), mistake_rtol=0.045,
    mistake_features=marks_of_a_draw,
    picture=Histogram(),
    parts=[
        (2, "the right spread, leaky or not", _he_cases, is_drawn_well),
        (1, "more units than inputs, other slopes, a single unit", _hidden_he_cases, is_drawn_well, HIDDEN),
    ],
    mistakes={
        "variance_for_std": (_he_with(lambda n_in, n_out, k: _he_variance(n_in, k)),
            "The spread is the square of what it should be. N(0, v) names a variance; what does `rng.normal` take?"),
        "limit_is_not_std": (_he_with(lambda n_in, n_out, k: math.sqrt(_he_variance(n_in, k)), uniform=True),
            "The spread is too small by √3: the limit of a uniform distribution is not its standard deviation."),
        "limit_taken_for_std": (_he_with(lambda n_in, n_out, k: math.sqrt(3 * _he_variance(n_in, k))),
            "The spread is too large by √3: that number is the limit of a uniform distribution, not a standard "
            "deviation."),
        "k_ignored": (_he_with(lambda n_in, n_out, k: math.sqrt(2 / n_in)),
            "Right for k = 0 only: a leaky unit lets more through, so that its weights need less spread."),
        "k_not_squared": (_he_with(lambda n_in, n_out, k: math.sqrt(2 / ((1 + k) * n_in))),
            "Right for k = 0 only: the left half scales the *square* of the signal. By what?"),
        "square_of_the_sum": (_he_with(lambda n_in, n_out, k: math.sqrt(2 / ((1 + k) ** 2 * n_in))),
            "Right for k = 0 only: the squares of the two slopes are averaged, not the slopes."),
        "k_the_wrong_way": (_he_with(lambda n_in, n_out, k: math.sqrt(2 * (1 + k**2) / n_in)),
            "The larger k, the larger these weights; but a leaky unit lets more through and needs smaller ones."),
        "fan_swapped": (_he_with(lambda n_in, n_out, k: math.sqrt(_he_variance(n_out, k))),
            "The wrong fan counts: a pre-activation sums over the weights that feed into the unit. How many are "
            "they?"),
        "two_forgotten": (_he_with(lambda n_in, n_out, k: math.sqrt(_he_variance(n_in, k) / 2)),
            "The variance is half of what it should be: how much of its square does a signal keep through a ReLU?"),
        "both_fans": (_he_with(lambda n_in, n_out, k: math.sqrt(4 / ((1 + k**2) * (n_in + n_out)))),
            "`n_out` counts here: this exercise keeps the forward signal, for which only one fan matters."),
        "for_linear_units": (_he_with(lambda n_in, n_out, k: math.sqrt(2 / (n_in + n_out))),
            "This is the rule for units of slope 1, from the exercise before."),
        "standard_normal": (_he_with(lambda n_in, n_out, k: 1.0),
            "The standard deviation is 1 whatever the size of the layer."),
        "not_centred": (lambda rng, n_in, n_out, k=0.0: rng.random((n_in, n_out)) * math.sqrt(_he_variance(n_in, k)),
            NOT_CENTRED),
        "folded": (
            lambda rng, n_in, n_out, k=0.0: np.abs(rng.normal(0, math.sqrt(_he_variance(n_in, k)), (n_in, n_out))),
            NOT_CENTRED),
        "shape_transposed": (lambda rng, n_in, n_out, k=0.0: initialization.he_init(rng, n_in, n_out, k).T,
            TRANSPOSED),
        "one_number": (lambda rng, n_in, n_out, k=0.0: np.full((n_in, n_out), math.sqrt(_he_variance(n_in, k))),
            ALL_EQUAL),
        "rng_ignored": (own_generator(initialization.he_init),
            RNG_IGNORED),
    },
)
