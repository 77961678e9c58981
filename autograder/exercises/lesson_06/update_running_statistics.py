"""`update_running_statistics`: move stored statistics towards those of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_06.shared import ATOL, RTOL, Array, batch, statistics
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import batchnorm
from course_lib.batchnorm import DECAY


def _case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    return Case(*statistics(rng, D), batch(rng, N, D), label=label, **options)


def _biased(x: Array) -> Array:
    return x.var(axis=0)


def _mix(old: Array, new: Array, decay: float) -> Array:
    return decay * old + (1 - decay) * new


def _flipped(old: Array, new: Array, decay: float) -> Array:
    return _mix(new, old, decay)


def _update(
    var: Callable[[Array], Any] = lambda x: x.var(axis=0, ddof=1),
    mean: Callable[[Array], Any] = lambda x: x.mean(axis=0),
    mix: Callable[[Array, Array, float], Array] = _mix,
    mix_means: Callable[[Array, Array, float], Array] | None = None,
) -> Callable[..., Any]:
    """Build a wrong update that returns `mix(old, new, decay)` of the means and of the variances.

    `mean(x)` and `var(x)` compute the new statistics of a batch. `mix_means`, if given, replaces `mix` for the means.
    """

    def update(old_mean: Array, old_var: Array, x: Array, decay: float = DECAY) -> Any:
        return (mix_means or mix)(old_mean, mean(x), decay), mix(old_var, var(x), decay)

    return update


def _around_the_stored_mean(old_mean: Array, old_var: Array, x: Array, decay: float = DECAY) -> Any:
    var = np.square(x - old_mean).sum(axis=0) / (len(x) - 1)
    return _mix(old_mean, x.mean(axis=0), decay), _mix(old_var, var, decay)


def _corrected_again(old_mean: Array, old_var: Array, x: Array, decay: float = DECAY) -> Any:
    mean, var = _update(_biased)(old_mean, old_var, x, decay)
    return mean, var * len(x) / (len(x) - 1)

UPDATE_RUNNING_STATISTICS = exercise(
    batchnorm.update_running_statistics, "06_batch_normalization", outputs=("mean", "var"), rtol=RTOL, atol=ATOL,
    parts=[
        (1.5, "towards the statistics of a batch", lambda rng: [
            Case(np.array([0.0, 5.0]), np.array([1.0, 4.0]), np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]),
                 label="three examples, two features"),
            _case(rng, 9, 4, "random numbers, the default decay"),
        ]),
        (0.5, "uses the decay it is given", lambda rng: [
            _case(rng, 8, 3, "a decay given by name", decay=float(rng.uniform(0.2, 0.4))),
            _case(rng, 10, 5, "a long memory", decay=float(rng.uniform(0.6, 0.8))),
        ]),
        (1, "no memory, nothing but memory, two examples", lambda rng: [
            _case(rng, 8, 4, "decay 0", decay=0.0),
            _case(rng, 8, 4, "decay 1", decay=1.0),
            _case(rng, 2, 5, "two examples", decay=0.7),
            _case(rng, 12, 1, "one feature", decay=0.35),
        ], HIDDEN),
    ],
    mistakes={
        "decay_flipped": (_update(mix=_flipped),
            "The weights have changed places: in this course `decay` is the weight of the old value. (PyTorch's "
            "`momentum` is the other one.)"),
        "decay_flipped_and_biased": (_update(_biased, mix=_flipped),
            "Two things: `decay` is the weight of the old value, and the variance of the batch enters as an "
            "unbiased estimate."),
        "biased_variance": (_update(_biased),
            "The variance of the batch divides by N. What is stored is an estimate for examples never seen: by "
            "what does an unbiased one divide?"),
        "std_stored": (_update(lambda x: x.std(axis=0, ddof=1)),
            "A standard deviation is mixed into the stored variance."),
        "biased_std_stored": (_update(lambda x: x.std(axis=0)),
            "A standard deviation is mixed into the stored variance."),
        "variance_without_memory": (_update(mix=lambda old, new, decay: new, mix_means=_mix),
            "The mean remembers, the variance does not: it is that of the batch alone."),
        "mean_without_memory": (_update(mix_means=lambda old, new, decay: new),
            "The variance remembers, the mean does not: it is that of the batch alone."),
        "no_memory": (_update(mix=lambda old, new, decay: new),
            "These are the statistics of the batch: the old values have no part in them."),
        "old_value_not_weighted": (_update(mix=lambda old, new, decay: old + (1 - decay) * new),
            "The weights do not sum to 1: the old value enters in full, so the statistics grow without end."),
        "batch_not_weighted": (_update(mix=lambda old, new, decay: decay * old + new),
            "The weights do not sum to 1: the batch enters in full."),
        "decay_ignored": (lambda mean, var, x, decay=DECAY: _update()(mean, var, x),
            "Right for the default only: the argument `decay` has no effect."),
        "stored_variance_corrected_again": (_corrected_again,
            "The correction from N to N − 1 is applied to the stored part as well, which has had it already."),
        "correction_upside_down": (_update(lambda x: x.var(axis=0) * (len(x) - 1) / len(x)),
            "The correction of the variance is upside down: the unbiased estimate is the larger one."),
        "around_the_stored_mean": (_around_the_stored_mean,
            "The variance of the batch is taken around the stored mean instead of the batch's own."),
        "over_everything": (_update(lambda x: x.var(ddof=1), np.mean),
            "The batch is summed up in one mean and one variance for all features; every feature needs its own."),
        "wrong_axis": (_update(mean=lambda x: x.mean(axis=1)),
            "The statistics of the batch run along the wrong axis: there is one of each for every feature."),
    },
    words={"swapped_values": ("order_of_the_results", "The statistics are in another order than (mean, var).")},
)
