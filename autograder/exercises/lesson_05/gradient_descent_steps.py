"""Exercise `gradient_descent_steps`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_05.shared import (
    Array,
    columns_,
    spectrum,
)
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization


def _with_ones(X: Array) -> Array:
    return np.column_stack([X, np.ones(len(X))])


def _logistic(scores: Array) -> Array:
    return 0.5 * np.tanh(0.5 * scores) + 0.5


def _mean_loss(scores: Array, y: Array) -> float:
    return float(np.logaddexp(0, scores).sum() - y @ scores) / len(y)


def _careless_loss(scores: Array, y: Array) -> float:
    p = _logistic(scores)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def _safe_step(X: Array) -> float:
    return float(4 / np.linalg.eigvalsh(X.T @ X / len(X))[-1])


def _mean_gradient(X: Array, y: Array, scores: Array) -> Array:
    return X.T @ (_logistic(scores) - y) / len(X)


def _descend(
    *,
    design: Callable[[Array], Array] = _with_ones,
    step_size: Callable[[Array], float] | None = None,
    gradient: Callable[[Array, Array, Array], Array] = _mean_gradient,
    loss: Callable[[Array, Array], float] = _mean_loss,
    met: Callable[[int], int] = lambda step: step,
    given_up: Callable[[int], Any] = lambda max_steps: max_steps,
    check_start: bool = True,
    limit: Callable[[int], int] = lambda max_steps: max_steps,
) -> Callable[..., Any]:
    """Build a gradient descent that goes wrong in one of its parts; `step_size` is told X without its ones."""

    def run(X: Array, y: Array, target_loss: float, max_steps: int = 100_000) -> Any:
        Z = design(X)
        eta = step_size(X) if step_size else _safe_step(Z)
        w = np.zeros(Z.shape[1])
        for step in range(limit(max_steps)):
            scores = Z @ w
            if (step or check_start) and loss(scores, y) <= target_loss:
                return met(step)
            w = w - eta * gradient(Z, y, scores)
        return given_up(max_steps)

    return run


def _losses(X: Array, y: Array, steps: int) -> list[float]:
    Z = _with_ones(X)
    eta, w, losses = _safe_step(Z), np.zeros(Z.shape[1]), []
    for _ in range(steps + 1):
        scores = Z @ w
        losses.append(_mean_loss(scores, y))
        w = w - eta * _mean_gradient(Z, y, scores)
    return losses


def _between(X: Array, y: Array, steps: int) -> float:
    """Give a target halfway between the losses before and after update `steps`.

    With this step size the loss falls at every update, so that this one crosses the target, and no rounding
    can move the crossing.
    """
    *_, before, after = _losses(X, y, steps)
    if not (before - after) > 1e-6 * before:
        raise RuntimeError("the loss hardly moves: the number of updates would hang on rounding")
    return (before + after) / 2


def _two_classes(rng: np.random.Generator, rows: int, columns: int) -> tuple[Array, Array]:
    """Draw features off centre, in different units, and labels half and half that a noisy line separates."""
    X = columns_(rng, rows, columns) * np.geomspace(0.5, 1.5, columns)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    score = z @ (rng.uniform(0.5, 1.5, size=columns) * rng.choice([-1, 1], size=columns)) + 0.3 * rng.normal(size=rows)
    return X, (score > np.median(score)).astype(np.int64)


def _two_groups(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw two groups on either side of the origin: any step that is too long still goes the right way."""
    y = np.tile([0, 1], 6)
    return (2 * y - 1)[:, None] * rng.uniform(1, 2, size=(12, 2)), y


def _small_features(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw features beside which the column of ones is large, so that it decides the step size.

    The classes are of different sizes, so that the intercept is needed. Always the same examples, but for their
    order and the features' signs, which change no number of updates.
    """
    first = [-5, -4, -2, -1, -1, 0, 1, 1, 2, 3, 4, 2]
    second = [-1, 3, -4, 1, 5, -2, 4, -5, 0, 2, -3, 1]
    X = np.column_stack([first, second])
    y = (X @ [2, 1] + np.tile([1, -1, 0], 4) > 4).astype(np.int64)
    order = rng.permutation(12)
    return 0.1 * (X - X.mean(axis=0))[order] * rng.choice([-1, 1], size=2), y[order]


def _far_examples(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw many examples near 0 and one far out on either side, whose scores pass 37, where σ rounds to 1."""
    y = np.tile([0, 1], 75)
    X = (2 * y - 1) * rng.uniform(0.9, 1.1, size=150)
    X[:2] *= 14
    return X[:, None], y


def _reached(data: tuple[Array, Array], steps: int, label: str, max_steps: int) -> Case:
    X, y = data
    return Case(X, y, _between(X, y, steps), max_steps, label=label)

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
    mistakes={
        "one_too_many": (_descend(met=lambda step: step + 1),
            "One too many: you count how often the loss was looked at; the updates before it are asked for."),
        "one_too_few": (_descend(met=lambda step: max(step - 1, 0)),
            "One too few: is the update that has just been made counted?"),
        "start_not_checked": (_descend(check_start=False),
            "A start that meets the target already needs no update: look at the loss before you move."),
        "no_ones": (_descend(design=lambda X: X),
            "There is no intercept: append a column of ones to X first."),
        "step_without_ones": (_descend(step_size=lambda X: _safe_step(X)),
            "The step size is that of X without its column of ones."),
        "step_of_the_covariance": (_descend(step_size=lambda X: float(4 / spectrum(X)[-1])),
            "The step size comes from the centred covariance; the descent sees X̃ as it stands, with its mean."),
        "step_four_times_too_small": (_descend(step_size=lambda X: _safe_step(_with_ones(X)) / 4),
            "The steps are four times too short: a sigmoid is never steeper than 1/4, and that allows longer ones."),
        "step_not_averaged": (_descend(step_size=lambda X: _safe_step(_with_ones(X)) / len(X)),
            "The steps are N times too short. Both the gradient and the matrix whose eigenvalue sets the step are "
            "averages over the examples, each divided by N once."),
        "gradient_summed": (_descend(gradient=lambda X, y, scores: _mean_gradient(X, y, scores) * len(X)),
            "The gradient is that of the summed loss: N times too long."),
        "loss_summed": (_descend(loss=lambda scores, y: _mean_loss(scores, y) * len(y)),
            "It is the mean loss that must reach the target; this is the sum over the examples."),
        "uphill": (_descend(gradient=lambda X, y, scores: -_mean_gradient(X, y, scores)),
            "The loss rises: look at the sign of the update."),
        "labels_of_plus_and_minus_one": (
            _descend(
                gradient=lambda X, y, scores: -X.T @ (y * _logistic(-y * scores)) / len(X),
                loss=lambda scores, y: float(np.mean(np.logaddexp(0, -y * scores))),
            ),
            "This formula is for labels −1 and 1. Here they are 0 and 1, and examples with label 0 have no say."),
        "standardized_first": (_descend(design=lambda X: _with_ones((X - X.mean(axis=0)) / X.std(axis=0))),
            "X is standardized on the way: the point is to measure what happens without."),
        "logarithm_of_zero": (_descend(loss=_careless_loss),
            "Where a score passes 37, σ rounds to 1, and 0 · log 0 is not a number: the target is never met. Write "
            "the loss in terms of the scores."),
        "limit_ignored": (_descend(limit=lambda max_steps: 100_000),
            "`max_steps` has no effect."),
        "nothing_when_given_up": (_descend(given_up=lambda max_steps: None),
            "When the target is not met in time, what is to be returned?"),
    },
)
