"""`xavier_init`: weights that keep the variance of a signal through linear units."""

from collections.abc import Callable
from math import sqrt
from typing import Any

from autograder.exercises.lesson_04 import wrong
from autograder.exercises.lesson_04.shared import draws
from autograder.exercises.random_draws import features_of_draws, independent_draws
from autograder.judging.exercise import Histogram
from autograder.judging.table import HIDDEN, exercise
from course_lib import initialization

Std = Callable[[int, int], float]  # of n_in and n_out


def _average(n_in: int, n_out: int) -> float:
    return sqrt(2 / (n_in + n_out))


def _input(n_in: int, n_out: int) -> float:
    return sqrt(1 / n_in)


def _init(fan_avg: Std, fan_in: Std, draw: Callable[..., Any] = wrong.normal) -> Callable[..., Any]:
    """Build a wrong initializer: it returns `draw(rng, size, shape)`.

    The size is `fan_avg(n_in, n_out)` or `fan_in(n_in, n_out)`, depending on the mode.
    """
    sizes = {"fan_avg": fan_avg, "fan_in": fan_in}
    return wrong.initializer("fan_avg", lambda n_in, n_out, mode: sizes[mode](n_in, n_out), draw)

XAVIER_INIT = exercise(
    initialization.xavier_init, "04_weight_initialization", uses=("normal_init",), mistake_rtol=0.045,
    mistake_features=features_of_draws(), picture=Histogram(),
    parts=[
        (2, "the right spread, in both modes", lambda rng: [
            draws(rng, 400, 60, expected=_average(400, 60), label="400 inputs, 60 units"),
            draws(rng, 400, 60, expected=_average(400, 60), label="the same from another generator"),
            draws(rng, 400, 60, mode="fan_in", expected=1 / 20, label='400 inputs, 60 units, mode="fan_in"'),
        ], independent_draws()),
        (1, "more units than inputs, a single input", lambda rng: [
            draws(rng, 60, 400, "fan_in", expected=_input(60, 400),
                label="more units than inputs, the mode by position"),
            draws(rng, 60, 400, mode="fan_avg", expected=_average(60, 400), label="more units than inputs"),
            draws(rng, 1, 6, expected=_average(1, 6), label="a single input"),
        ], independent_draws(), HIDDEN),
    ],
    mistakes={
        "variance_for_std": (_init(_average, _input, lambda rng, std, shape: rng.normal(0, std**2, shape)),
            "The spread is the square of what it should be. N(0, v) names a variance; what does `rng.normal` take?"),
        "limit_is_not_std": (_init(_average, _input, wrong.uniform),
            "The spread is too small by √3: the limit of a uniform distribution is not its standard deviation."),
        "limit_taken_for_std": (_init(_average, _input, lambda rng, std, shape: rng.normal(0, sqrt(3) * std, shape)),
            "The spread is too large by √3: that number is the limit of a uniform distribution, not a standard "
            "deviation."),
        "modes_exchanged": (_init(_input, _average),
            "The two modes are exchanged."),
        "always_fan_avg": (_init(_average, _average),
            "Right for the default only: the argument `mode` has no effect."),
        "always_fan_in": (_init(_input, _input),
            "Right for `mode=\"fan_in\"` only: `n_out` counts in the other mode."),
        "fan_swapped": (_init(_average, lambda n_in, n_out: _input(n_out, n_in)),
            "With `mode=\"fan_in\"` the wrong fan counts: which number of weights feeds into a unit?"),
        "two_forgotten": (_init(lambda n_in, n_out: sqrt(1 / (n_in + n_out)), _input),
            "In the default mode the variance is half of what it must be: one over the *mean* of the two fans."),
        "two_everywhere": (_init(_average, lambda n_in, n_out: sqrt(2 / n_in)),
            "With `mode=\"fan_in\"` the variance is twice what it should be: that is the rule for rectified units."),
        "for_rectified_units": (_init(lambda n_in, n_out: sqrt(2 / n_in), lambda n_in, n_out: sqrt(2 / n_in)),
            "This is the rule for rectified units. Here `n_out` counts too, or the factor is another."),
        "product_of_fans": (_init(lambda n_in, n_out: (n_in * n_out) ** -0.25, _input),
            "In the default mode this divides by the geometric mean of the fans; the arithmetic one is asked for."),
        "standard_normal": (_init(lambda n_in, n_out: 1.0, lambda n_in, n_out: 1.0),
            "The standard deviation is 1 whatever the size of the layer."),
        "not_centred": (_init(_average, _input, wrong.positive), wrong.NOT_CENTRED),
        "limit_from_zero": (_init(_average, _input, lambda rng, std, shape: sqrt(3) * std * rng.random(shape)),
            wrong.NOT_CENTRED),
        "shape_transposed": wrong.transposed(initialization.xavier_init),
        "one_number": (_init(_average, _input, wrong.one_number), wrong.ALL_EQUAL),
        "rng_ignored": wrong.own_generator(initialization.xavier_init),
    },
)
