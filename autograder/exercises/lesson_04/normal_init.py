"""Exercise `normal_init`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_04.shared import (
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


def _normal_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    return [
        draw_(rng, 250, 90, want=Wanted(1.0, True, earlier), label="the default: N(0, 1)"),
        draw_(rng, 90, 250, std=0.3, want=Wanted(0.3, True, earlier), label="a small standard deviation"),
        draw_(rng, 90, 250, std=0.3, want=Wanted(0.3, True, earlier), label="the same from another generator"),
    ]


def _hidden_normal_cases(rng: np.random.Generator) -> list[Case]:
    earlier: list[Array] = []
    return [
        draw_(rng, 160, 140, 2.5, want=Wanted(2.5, True, earlier), label="a standard deviation above 1, by position"),
        draw_(rng, 160, 140, want=Wanted(1.0, True, earlier), label="the default"),
        draw_(rng, 7, 1, 2.5, want=Wanted(2.5, True, []), label="a single unit"),
    ]

NORMAL_INIT = exercise(
    initialization.normal_init, "04_weight_initialization", mistake_rtol=0.045, mistake_features=marks_of_a_draw,
    picture=Histogram(),
    parts=[
        (1, "normal, with the standard deviation asked for", _normal_cases, is_drawn_well),
        (1, "other standard deviations, a single unit", _hidden_normal_cases, is_drawn_well, HIDDEN),
    ],
    mistakes={
        "variance_for_std": (lambda rng, n_in, n_out, std=1.0: rng.normal(0, std**2, size=(n_in, n_out)),
            "The spread is the square of what it should be: `rng.normal` takes a standard deviation, and `std` is "
            "one."),
        "root_of_std": (lambda rng, n_in, n_out, std=1.0: rng.normal(0, np.sqrt(std), size=(n_in, n_out)),
            "The spread is the root of what it should be: `std` is a standard deviation already, not a variance."),
        "std_ignored": (lambda rng, n_in, n_out, std=1.0: rng.normal(size=(n_in, n_out)),
            "The standard deviation is 1 whatever is asked for: the argument `std` has no effect."),
        "std_is_the_mean": (lambda rng, n_in, n_out, std=1.0: rng.normal(std, size=(n_in, n_out)),
            "The mean is moved instead of the spread: which argument of `rng.normal` comes first?"),
        "added_instead_of_scaled": (lambda rng, n_in, n_out, std=1.0: std + std * rng.normal(size=(n_in, n_out)),
            "The mean of the weights is not 0: something is added to them."),
        "scaled_by_fan_in": (lambda rng, n_in, n_out, std=1.0: rng.normal(0, std / np.sqrt(n_in), size=(n_in, n_out)),
            "The spread depends on `n_in`: that is a later exercise. Here it is `std`, for any size."),
        "uniform_up_to_std": (lambda rng, n_in, n_out, std=1.0: rng.uniform(-std, std, size=(n_in, n_out)),
            "These are uniform numbers, all of them below `std`. The normal distribution is asked for."),
        "uniform": (
            lambda rng, n_in, n_out, std=1.0: rng.uniform(-np.sqrt(3) * std, np.sqrt(3) * std, size=(n_in, n_out)),
            "Mean and spread are right, but the distribution is uniform; the normal one is asked for."),
        "uniform_from_zero": (lambda rng, n_in, n_out, std=1.0: std * rng.random((n_in, n_out)),
            "No weight is negative: these are uniform numbers from 0 up. A normal distribution around 0 is asked "
            "for."),
        "shape_transposed": (lambda rng, n_in, n_out, std=1.0: rng.normal(0, std, size=(n_out, n_in)),
            TRANSPOSED),
        "one_unit_repeated": (
            lambda rng, n_in, n_out, std=1.0: np.repeat(rng.normal(0, std, size=(n_in, 1)), n_out, axis=1),
            "Every unit has the same weights: draw n_in × n_out numbers, not one column."),
        "rng_ignored": (own_generator(initialization.normal_init),
            RNG_IGNORED),
    },
)
