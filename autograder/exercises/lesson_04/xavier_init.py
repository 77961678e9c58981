"""Exercise `xavier_init`."""

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
    average = Wanted(math.sqrt(2 / 460), False, earlier)
    return [
        draw_(rng, 400, 60, want=average, label="400 inputs, 60 units"),
        draw_(rng, 400, 60, want=average, label="the same from another generator"),
        draw_(
            rng,
            400,
            60,
            mode="fan_in",
            want=Wanted(math.sqrt(1 / 400), False, earlier),
            label='400 inputs, 60 units, mode="fan_in"',
        ),
    ]


def _hidden_xavier_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    return [
        draw_(
            rng,
            60,
            400,
            "fan_in",
            want=Wanted(math.sqrt(1 / 60), False, earlier),
            label="more units than inputs, the mode by position",
        ),
        draw_(
            rng,
            60,
            400,
            mode="fan_avg",
            want=Wanted(math.sqrt(2 / 460), False, earlier),
            label="more units than inputs",
        ),
        draw_(rng, 1, 6, want=Wanted(math.sqrt(2 / 7), False, []), label="a single input"),
    ]

XAVIER_INIT = exercise(
    initialization.xavier_init, "04_weight_initialization", uses=("normal_init",), mistake_rtol=0.045,
    mistake_features=marks_of_a_draw,
    picture=Histogram(),
    parts=[
        (2, "the right spread, in both modes", _xavier_cases, is_drawn_well),
        (1, "more units than inputs, a single input", _hidden_xavier_cases, is_drawn_well, HIDDEN),
    ],
    mistakes={
        "variance_for_std": (_with_std(_xavier_variance),
            "The spread is the square of what it should be. N(0, v) names a variance; what does `rng.normal` take?"),
        "limit_is_not_std": (_with_std(lambda *a: math.sqrt(_xavier_variance(*a)), uniform=True),
            "The spread is too small by √3: the limit of a uniform distribution is not its standard deviation."),
        "limit_taken_for_std": (_with_std(lambda *a: math.sqrt(3 * _xavier_variance(*a))),
            "The spread is too large by √3: that number is the limit of a uniform distribution, not a standard "
            "deviation."),
        "modes_exchanged": (_with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_in, n_out, not fan_in))),
            "The two modes are exchanged."),
        "always_fan_avg": (_with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_in, n_out, False))),
            "Right for the default only: the argument `mode` has no effect."),
        "always_fan_in": (_with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_in, n_out, True))),
            "Right for `mode=\"fan_in\"` only: `n_out` counts in the other mode."),
        "fan_swapped": (_with_std(lambda n_in, n_out, fan_in: math.sqrt(_xavier_variance(n_out, n_in, fan_in))),
            "With `mode=\"fan_in\"` the wrong fan counts: which number of weights feeds into a unit?"),
        "two_forgotten": (_with_std(lambda n_in, n_out, fan_in: math.sqrt(1 / n_in if fan_in else 1 / (n_in + n_out))),
            "In the default mode the variance is half of what it must be: one over the *mean* of the two fans."),
        "two_everywhere": (_with_std(lambda n_in, n_out, fan_in: math.sqrt(2 / n_in if fan_in else 2 / (n_in + n_out))),
            "With `mode=\"fan_in\"` the variance is twice what it should be: that is the rule for rectified units."),
        "for_rectified_units": (_with_std(lambda n_in, n_out, fan_in: math.sqrt(2 / n_in)),
            "This is the rule for rectified units. Here `n_out` counts too, or the factor is another."),
        "product_of_fans": (
            _with_std(lambda n_in, n_out, fan_in: math.sqrt(1 / n_in if fan_in else 1 / math.sqrt(n_in * n_out))),
            "In the default mode this divides by the geometric mean of the fans; the arithmetic one is asked for."),
        "standard_normal": (_with_std(lambda n_in, n_out, fan_in: 1.0),
            "The standard deviation is 1 whatever the size of the layer."),
        "not_centred": (
            lambda rng, n_in, n_out, mode="fan_avg": (
                rng.random((n_in, n_out)) * math.sqrt(_xavier_variance(n_in, n_out, mode == "fan_in"))
            ),
            NOT_CENTRED),
        "limit_from_zero": (
            lambda rng, n_in, n_out, mode="fan_avg": (
                rng.random((n_in, n_out)) * math.sqrt(3 * _xavier_variance(n_in, n_out, mode == "fan_in"))
            ),
            NOT_CENTRED),
        "shape_transposed": (
            lambda rng, n_in, n_out, mode="fan_avg": initialization.xavier_init(rng, n_in, n_out, mode).T,
            TRANSPOSED),
        "one_number": (
            lambda rng, n_in, n_out, mode="fan_avg": np.full(
                (n_in, n_out), math.sqrt(_xavier_variance(n_in, n_out, mode == "fan_in"))
            ),
            ALL_EQUAL),
        "rng_ignored": (own_generator(initialization.xavier_init),
            RNG_IGNORED),
    },
)
