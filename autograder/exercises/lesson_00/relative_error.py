"""`relative_error`: how far two arrays differ, beside their size."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import gradients
from course_lib.arrays import Array


def _nearly(rng: np.random.Generator, *shape: int) -> tuple[Array, Array]:
    want = rng.normal(size=shape) + np.sign(rng.normal(size=shape)) * 2
    return want * (1 + 1e-4 * rng.uniform(0.1, 1, size=shape)), want


def _by(error: Callable[[Array, Array, Array], Any]) -> Callable[..., float]:
    """Build a wrong answer: `error(abs(got − want), abs(got), abs(want))`."""
    return lambda got, want: float(error(np.abs(np.subtract(got, want)), np.abs(got), np.abs(want)))

RELATIVE_ERROR = exercise(
    gradients.relative_error, "00_gradients_you_can_trust",
    parts=[
        (1.5, "largest relative difference", lambda rng: [
            Case(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 3.0]), label="one entry off"),
            Case(rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), label="random numbers"),
            Case(*_nearly(rng, 5, 2), label="nearly equal numbers"),
        ]),
        (0.5, "zeros and tiny numbers", lambda rng: [
            Case(np.zeros(3), np.zeros(3), label="zeros on both sides"),
            Case(np.array([1e-9, 1.0]), np.array([-1e-9, 1.0]), label="tiny numbers"),
            Case(np.array([0.0, 2.0]), np.array([1.0, 2.0]), label="zero on one side"),
            Case(2.0, 2.1, label="two numbers"),
            Case(np.array([-3.0, -1.0]), np.array([-3.1, -1.0]), label="negative numbers"),
        ], HIDDEN),
    ],
    mistakes={
        "absolute": (_by(lambda d, g, w: np.max(d)),
            "This is the absolute error: a difference of 1 means little between millions."),
        "by_want_only": (_by(lambda d, g, w: np.max(d / np.maximum(1e-8, w))),
            "Both magnitudes belong in the denominator; otherwise got and want play different roles."),
        "mean": (_by(lambda d, g, w: np.mean(d / np.maximum(1e-8, g + w))),
            "This is the mean; one wrong entry must not drown among right ones. The largest is asked for."),
        "norms": (_by(lambda d, g, w: np.linalg.norm(d) / np.maximum(1e-8, np.linalg.norm(g) + np.linalg.norm(w))),
            "This compares norms of whole arrays; the exercise goes entry by entry."),
        "largest_over_largest": (_by(lambda d, g, w: np.max(d) / max(1e-8, np.max(g + w))),
            "The largest difference is divided by the largest magnitude; divide entry by entry, then take the "
            "maximum."),
        "floor_added": (_by(lambda d, g, w: np.max(d / (1e-8 + g + w))),
            "The 1e-8 is a floor for the denominator, not a summand."),
        "signed": (
            lambda got, want: float(np.max(np.subtract(got, want) / np.maximum(1e-8, np.abs(got) + np.abs(want)))),
            "Differences to the other side are lost: take absolute values before the maximum."),
        "not_doubled": (_by(lambda d, g, w: np.max(d / np.maximum(1e-8, np.maximum(g, w)))),
            "The denominator is the sum of both magnitudes, not the larger one."),
    },
)
