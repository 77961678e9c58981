"""`normal_init`: weights from a normal distribution."""

from functools import partial

import numpy as np

from autograder.exercises.lesson_04 import wrong
from autograder.exercises.lesson_04.shared import draws
from autograder.exercises.random_draws import features_of_draws, independent_draws
from autograder.judging.exercise import Histogram
from autograder.judging.table import HIDDEN, exercise
from course_lib import initialization

_init = partial(wrong.initializer, 1.0)

NORMAL_INIT = exercise(
    initialization.normal_init, "04_weight_initialization", mistake_rtol=0.045,
    mistake_features=features_of_draws(law="normal"), picture=Histogram(),
    parts=[
        (1, "normal, with the standard deviation asked for", lambda rng: [
            draws(rng, 250, 90, expected=1, label="the default: N(0, 1)"),
            draws(rng, 90, 250, std=0.3, expected=0.3, label="a small standard deviation"),
            draws(rng, 90, 250, std=0.3, expected=0.3, label="the same from another generator"),
        ], independent_draws(law="normal")),
        (1, "other standard deviations, a single unit", lambda rng: [
            draws(rng, 160, 140, 2.5, expected=2.5, label="a standard deviation above 1, by position"),
            draws(rng, 160, 140, expected=1, label="the default"),
            draws(rng, 7, 1, 2.5, expected=2.5, label="a single unit"),
        ], independent_draws(law="normal"), HIDDEN),
    ],
    mistakes={
        "variance_for_std": (_init(lambda n_in, n_out, std: std**2),
            "The spread is the square of what it should be: `rng.normal` takes a standard deviation, and `std` is "
            "one."),
        "root_of_std": (_init(lambda n_in, n_out, std: np.sqrt(std)),
            "The spread is the root of what it should be: `std` is a standard deviation already, not a variance."),
        "std_ignored": (_init(lambda n_in, n_out, std: 1.0),
            "The standard deviation is 1 whatever is asked for: the argument `std` has no effect."),
        "std_is_the_mean": (lambda rng, n_in, n_out, std=1.0: rng.normal(std, size=(n_in, n_out)),
            "The mean is moved instead of the spread: which argument of `rng.normal` comes first?"),
        "added_instead_of_scaled": (lambda rng, n_in, n_out, std=1.0: std + std * rng.normal(size=(n_in, n_out)),
            "The mean of the weights is not 0: something is added to them."),
        "scaled_by_fan_in": (_init(lambda n_in, n_out, std: std / np.sqrt(n_in)),
            "The spread depends on `n_in`: that is a later exercise. Here it is `std`, for any size."),
        "uniform_up_to_std": (_init(lambda n_in, n_out, std: std, wrong.uniform),
            "These are uniform numbers, all of them below `std`. The normal distribution is asked for."),
        "uniform": (_init(lambda n_in, n_out, std: np.sqrt(3) * std, wrong.uniform),
            "Mean and spread are right, but the distribution is uniform; the normal one is asked for."),
        "uniform_from_zero": (_init(lambda n_in, n_out, std: std, wrong.positive),
            "No weight is negative: these are uniform numbers from 0 up. A normal distribution around 0 is asked "
            "for."),
        "shape_transposed": wrong.transposed(initialization.normal_init),
        "one_unit_repeated": (
            lambda rng, n_in, n_out, std=1.0: np.repeat(rng.normal(0, std, size=(n_in, 1)), n_out, axis=1),
            "Every unit has the same weights: draw n_in × n_out numbers, not one column."),
        "rng_ignored": wrong.own_generator(initialization.normal_init),
    },
)
