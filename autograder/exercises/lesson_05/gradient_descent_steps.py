"""`gradient_descent_steps`: how many updates logistic regression needs."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_05.gradient_descent_steps_mistakes import MISTAKES, losses
from autograder.exercises.lesson_05.shared import Array, draw_columns
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization


def _two_classes(rng: np.random.Generator, rows: int, columns: int) -> tuple[Array, Array]:
    """Draw features X of shape (rows, columns) and labels y of two classes of equal size.

    The features have means away from 0 and different scales. A noisy line separates the two classes.
    """
    X = draw_columns(rng, rows, columns) * np.geomspace(0.5, 1.5, columns)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    score = z @ (rng.uniform(0.5, 1.5, size=columns) * rng.choice([-1, 1], size=columns)) + 0.3 * rng.normal(size=rows)
    return X, (score > np.median(score)).astype(np.int64)


def _two_groups(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw features and labels of two groups on opposite sides of the origin.

    On them, even a step that is too long has the right direction.
    """
    y = np.tile([0, 1], 6)
    return (2 * y - 1)[:, np.newaxis] * rng.uniform(1, 2, size=(12, 2)), y


def _small_features(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw features and labels; the features are small beside the column of ones, which determines the step size.

    The classes are of different sizes, so that the intercept is needed. Only the order of the examples and the signs
    of the features are random. Neither changes the number of updates.
    """
    X = np.column_stack([[-5, -4, -2, -1, -1, 0, 1, 1, 2, 3, 4, 2], [-1, 3, -4, 1, 5, -2, 4, -5, 0, 2, -3, 1]])
    y = (X @ [2, 1] + np.tile([1, -1, 0], 4) > 4).astype(np.int64)
    order = rng.permutation(12)
    return 0.1 * (X - X.mean(axis=0))[order] * rng.choice([-1, 1], size=2), y[order]


def _far_examples(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw one feature and labels: many examples near 0 and one outlier on each side.

    The outliers reach scores above 37, where σ rounds to 1.
    """
    y = np.tile([0, 1], 75)
    X = (2 * y - 1) * rng.uniform(0.9, 1.1, size=150)
    X[:2] *= 14
    return X[:, np.newaxis], y


def _reached(data: tuple[Array, Array], steps: int, label: str, max_steps: int) -> Case:
    """Build a case whose target lies halfway between the losses before and after update `steps`.

    `data` is (X, y). The loss falls at every update of this step size. So this update crosses the target, and rounding
    cannot change that.

    Raises
    ------
    RuntimeError
        If the loss falls by less than a millionth in this update.
    """
    *_, before, after = losses(*data, steps)
    if not (before - after) > 1e-6 * before:
        raise RuntimeError("the loss hardly moves: the number of updates would hang on rounding")
    return Case(*data, (before + after) / 2, max_steps, label=label)

GRADIENT_DESCENT_STEPS = exercise(
    normalization.gradient_descent_steps, "05_input_normalization",
    parts=[
        (2, "counts the updates", lambda rng: [
            _reached(_two_classes(rng, 8, 2), 3, "three updates", 30),
            Case(*_two_groups(rng), 0.692, 10, label="a target just below the start"),
            _reached(_two_groups(rng), int(rng.integers(6, 10)), "two groups", 25),
            _reached(_small_features(rng), int(rng.integers(7, 13)), "features that are smaller than 1", 25),
        ]),
        (1, "met at the start, or never", lambda rng: [
            Case(*_two_classes(rng, 8, 2), 0.7, 30, label="the start meets the target"),
            Case(*_two_classes(rng, 9, 2), 30.0, label="any loss meets the target"),
            _reached(_two_classes(rng, 10, 3), 10, "max_steps comes first", int(rng.integers(4, 9))),
            _reached(_two_classes(rng, 8, 3), 3, "no steps allowed", 0),
        ]),
        (1, "examples far out", lambda rng: [
            _reached(_far_examples(rng), int(rng.integers(26, 30)), "two examples whose scores grow large", 40),
            _reached(_two_classes(rng, 11, 3), int(rng.integers(8, 14)), "three features", 30),
        ], HIDDEN),
    ],
    mistakes=MISTAKES,
)
