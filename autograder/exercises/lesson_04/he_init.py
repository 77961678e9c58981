"""`he_init`: weights that keep the variance of a signal through rectified units."""

from functools import partial
from math import sqrt

import numpy as np

from autograder.exercises.lesson_04 import wrong
from autograder.exercises.lesson_04.shared import draws
from autograder.exercises.random_draws import features_of_draws, independent_draws
from autograder.judging.exercise import Histogram
from autograder.judging.table import HIDDEN, exercise
from course_lib import initialization

_K = 0.45  # 1, 1 + k² and 1 + k differ most from each other here: by ten percent of the spread each


def _std(n_in: float, n_out: float, k: float) -> float:
    return sqrt(2 / ((1 + k**2) * n_in))


_init = partial(wrong.initializer, 0.0)

HE_INIT = exercise(
    initialization.he_init, "04_weight_initialization", uses=("normal_init", "xavier_init"), mistake_rtol=0.045,
    mistake_features=features_of_draws(), picture=Histogram(),
    parts=[
        (2, "the right spread, leaky or not", lambda rng: [
            draws(rng, 320, 75, expected=_std(320, 75, 0), label="320 inputs, 75 units"),
            draws(rng, 320, 75, expected=_std(320, 75, 0), label="the same from another generator"),
            draws(rng, 320, 75, k=_K, expected=_std(320, 75, _K), label="a leaky unit"),
        ], independent_draws()),
        (1, "more units than inputs, other slopes, a single unit", lambda rng: [
            draws(rng, 75, 320, _K, expected=_std(75, 320, _K), label="more units than inputs, k by position"),
            draws(rng, 75, 320, k=1.0, expected=_std(75, 320, 1), label="slope 1 on both sides"),
            draws(rng, 5, 1, expected=_std(5, 1, 0), label="a single unit"),
        ], independent_draws(), HIDDEN),
    ],
    mistakes={
        "variance_for_std": (_init(lambda n_in, n_out, k: _std(n_in, n_out, k) ** 2),
            "The spread is the square of what it should be. N(0, v) names a variance; what does `rng.normal` take?"),
        "limit_is_not_std": (_init(_std, wrong.uniform),
            "The spread is too small by √3: the limit of a uniform distribution is not its standard deviation."),
        "limit_taken_for_std": (_init(lambda n_in, n_out, k: sqrt(3) * _std(n_in, n_out, k)),
            "The spread is too large by √3: that number is the limit of a uniform distribution, not a standard "
            "deviation."),
        "k_ignored": (_init(lambda n_in, n_out, k: sqrt(2 / n_in)),
            "Right for k = 0 only: a leaky unit lets more through, so that its weights need less spread."),
        "k_not_squared": (_init(lambda n_in, n_out, k: sqrt(2 / ((1 + k) * n_in))),
            "Right for k = 0 only: the left half scales the *square* of the signal. By what?"),
        "square_of_the_sum": (_init(lambda n_in, n_out, k: sqrt(2 / n_in) / (1 + k)),
            "Right for k = 0 only: the squares of the two slopes are averaged, not the slopes."),
        "k_the_wrong_way": (_init(lambda n_in, n_out, k: sqrt(2 * (1 + k**2) / n_in)),
            "The larger k, the larger these weights; but a leaky unit lets more through and needs smaller ones."),
        "fan_swapped": (_init(lambda n_in, n_out, k: _std(n_out, n_in, k)),
            "The wrong fan counts: a pre-activation sums over the weights that feed into the unit. How many are "
            "they?"),
        "two_forgotten": (_init(lambda n_in, n_out, k: _std(n_in, n_out, k) / sqrt(2)),
            "The variance is half of what it should be: how much of its square does a signal keep through a ReLU?"),
        "both_fans": (_init(lambda n_in, n_out, k: _std((n_in + n_out) / 2, n_out, k)),
            "`n_out` counts here: this exercise keeps the forward signal, for which only one fan matters."),
        "for_linear_units": (_init(lambda n_in, n_out, k: sqrt(2 / (n_in + n_out))),
            "This is the rule for units of slope 1, from the exercise before."),
        "standard_normal": (_init(lambda n_in, n_out, k: 1.0),
            "The standard deviation is 1 whatever the size of the layer."),
        "not_centred": (_init(_std, wrong.positive), wrong.NOT_CENTRED),
        "folded": (_init(_std, lambda rng, std, shape: np.abs(rng.normal(0, std, shape))), wrong.NOT_CENTRED),
        "shape_transposed": wrong.transposed(initialization.he_init),
        "one_number": (_init(_std, wrong.one_number), wrong.ALL_EQUAL),
        "rng_ignored": wrong.own_generator(initialization.he_init),
    },
)
