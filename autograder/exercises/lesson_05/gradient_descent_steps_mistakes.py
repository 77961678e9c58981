"""Wrong answers to `gradient_descent_steps`, and the losses of a right one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_05.shared import Array, spectrum
from autograder.judging.table import Mistakes


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


def losses(X: Array, y: Array, steps: int) -> list[float]:
    """Return `steps` + 1 numbers: the mean loss at the start and after each of `steps` updates."""
    found: list[float] = []

    def note(scores: Array, y: Array) -> float:
        found.append(_mean_loss(scores, y))
        return np.inf

    _descend(loss=note)(X, y, 0.0, steps + 1)
    return found


def _descend(
    *,
    design: Callable[[Array], Array] = _with_ones,
    step_size: Callable[[Array], float] = lambda X: _safe_step(_with_ones(X)),
    gradient: Callable[[Array, Array, Array], Array] = _mean_gradient,
    loss: Callable[[Array, Array], float] = _mean_loss,
    met: Callable[[int], int] = lambda step: step,
    given_up: Callable[[int], Any] = lambda max_steps: max_steps,
    first_check: int = 0,
    limit: Callable[[int], int] = lambda max_steps: max_steps,
) -> Callable[..., Any]:
    """Build a gradient descent with some parts replaced; the others are right.

    `design(X)` returns the matrix of inputs. `step_size` takes X without the column of ones.
    """

    def run(X: Array, y: Array, target_loss: float, max_steps: int = 100_000) -> Any:
        Z, eta = design(X), step_size(X)
        w = np.zeros(Z.shape[1])
        for step in range(limit(max_steps)):
            scores = Z @ w
            if step >= first_check and loss(scores, y) <= target_loss:
                return met(step)
            w = w - eta * gradient(Z, y, scores)
        return given_up(max_steps)

    return run


MISTAKES: Mistakes = {
    "one_too_many": (_descend(met=lambda step: step + 1),
        "One too many: you count how often the loss was looked at; the updates before it are asked for."),
    "one_too_few": (_descend(met=lambda step: max(step - 1, 0)),
        "One too few: is the update that has just been made counted?"),
    "start_not_checked": (_descend(first_check=1),
        "A start that meets the target already needs no update: look at the loss before you move."),
    "no_ones": (_descend(design=lambda X: X, step_size=_safe_step),
        "There is no intercept: append a column of ones to X first."),
    "step_without_ones": (_descend(step_size=_safe_step),
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
        _descend(gradient=lambda X, y, scores: -X.T @ (y * _logistic(-y * scores)) / len(X),
                 loss=lambda scores, y: float(np.mean(np.logaddexp(0, -y * scores)))),
        "This formula is for labels −1 and 1. Here they are 0 and 1, and examples with label 0 have no say."),
    "standardized_first": (lambda X, *args: _descend()((X - X.mean(axis=0)) / X.std(axis=0), *args),
        "X is standardized on the way: the point is to measure what happens without."),
    "logarithm_of_zero": (_descend(loss=_careless_loss),
        "Where a score passes 37, σ rounds to 1, and 0 · log 0 is not a number: the target is never met. Write "
        "the loss in terms of the scores."),
    "limit_ignored": (_descend(limit=lambda max_steps: 100_000),
        "`max_steps` has no effect."),
    "nothing_when_given_up": (_descend(given_up=lambda max_steps: None),
        "When the target is not met in time, what is to be returned?"),
}
