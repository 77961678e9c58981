"""`rms_by_layer`: the size of a signal in every layer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_02.shared import Answer, Arrays
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import backpropagation
from course_lib.arrays import Array


def _off_centre(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Array:
    """Draw numbers whose mean is far from 0, so that root mean square and standard deviation differ."""
    return scale * (rng.normal(size=shape) + rng.choice([-1.0, 1.0]) * rng.uniform(1, 2))


def _of_each(number: Callable[[Array], Any]) -> Answer:
    return lambda arrays: np.array([number(array) for array in arrays])


def _per_unit(arrays: Arrays) -> Any:
    rows = [np.sqrt(np.mean(array**2, axis=0)) for array in arrays]
    return np.array(rows) if len({row.shape for row in rows}) == 1 else rows

RMS_BY_LAYER = exercise(
    backpropagation.rms_by_layer, "02_vanishing_gradients", atol=0,
    parts=[
        (0.5, "a list of batches", lambda rng: [
            Case([np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[-2.0]])], label="numbers to check by hand"),
            Case([_off_centre(rng, 8, n) for n in (5, 3, 4)], label="three layers"),
            Case([_off_centre(rng, 9, 4) for _ in range(4)], label="four layers of the same width"),
        ]),
        (0.5, "other shapes, tiny numbers", lambda rng: [
            Case([_off_centre(rng, 6), _off_centre(rng, 3, 2, 4)], label="one axis and three"),
            Case([_off_centre(rng, 7, 3, scale=10.0**-n) for n in (0, 8, 19)], label="a vanishing signal"),
            Case([_off_centre(rng, 7, 5)], label="one layer"),
        ], HIDDEN),
    ],
    mistakes={
        "summed": (_of_each(lambda v: np.sqrt(np.sum(v**2))),
            "This is the length of the array as a vector; it grows with its size. A *mean* does not."),
        "mean_subtracted": (_of_each(np.std),
            "This is the standard deviation: it measures from the mean, the root mean square from 0."),
        "mean_absolute": (_of_each(lambda v: np.mean(np.abs(v))),
            "This is the mean of the absolute values; squares weigh large entries more."),
        "root_before_the_mean": (_of_each(lambda v: np.mean(np.sqrt(np.mean(np.atleast_2d(v) ** 2, axis=-1)))),
            "A root is taken of every row, then the mean: take one root, last."),
        "mean_before_the_square": (_of_each(lambda v: np.sqrt(np.mean(v) ** 2)),
            "The mean is squared, not the entries: positive and negative ones cancel."),
        "largest": (_of_each(lambda v: np.max(np.abs(v))),
            "This is the largest entry, not a mean."),
        "per_unit": (_per_unit,
            "There should be one number for each array: the mean runs over all its entries."),
        "all_together": (lambda arrays: np.sqrt(np.mean(np.concatenate([array.ravel() for array in arrays]) ** 2)),
            "All layers are thrown together; each has a number of its own."),
    },
    words={"square_root_missing": ("root_forgotten", "This is the mean square: the root is missing.")},
)
