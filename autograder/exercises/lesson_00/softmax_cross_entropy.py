"""Exercise `softmax_cross_entropy`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_00.shared import Array
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import losses


def _scores(rng: np.random.Generator, N: int, C: int, scale: float, label: str) -> Case:
    return Case(scale * rng.normal(size=(N, C)), rng.integers(0, C, size=N), label=label)


def _softmax(scores: Array) -> Array:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p: Array = e / e.sum(axis=1, keepdims=True)
    return p


def _onehot(scores: Array, labels: Array) -> Array:
    return np.eye(scores.shape[1])[labels]


def _naive_cross_entropy(scores: Array, labels: Array) -> tuple[float, Array]:
    with np.errstate(all="ignore"):
        e = np.exp(scores)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
    return float(loss), (p - _onehot(scores, labels)) / len(p)


def _global_maximum(scores: Array, labels: Array) -> tuple[float, Array]:
    with np.errstate(all="ignore"):
        e = np.exp(scores - scores.max())
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
    return float(loss), (p - _onehot(scores, labels)) / len(p)


def _padded_logarithm(scores: Array, labels: Array) -> tuple[float, Array]:
    p = _softmax(scores)
    loss = -np.mean(np.log(p[np.arange(len(p)), labels] + 1e-12))
    return float(loss), (p - _onehot(scores, labels)) / len(p)


def _right_loss(scores: Array, labels: Array) -> float:
    return losses.softmax_cross_entropy(scores, labels)[0]


def _wrong_axis(scores: Array, labels: Array) -> tuple[float, Array]:
    p = _softmax(scores.T).T
    loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
    return float(loss), (p - _onehot(scores, labels)) / len(p)

SOFTMAX_CROSS_ENTROPY = exercise(
    losses.softmax_cross_entropy, "00_gradients_you_can_trust", outputs=("loss", "dscores"),
    parts=[
        (2, "loss and gradient", lambda rng: [
            Case(np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), np.array([1, 0]), label="two examples"),
            _scores(rng, 10, 4, 2.0, "ten examples"),
        ]),
        (1, "finite for large scores", lambda rng: [
            Case(np.array([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0]]), np.array([1, 2]), label="scores of ±10000"),
            _scores(rng, 8, 5, 3000.0, "scores in the thousands"),
        ]),
        (1, "one example, many classes, common offsets", lambda rng: [
            _scores(rng, 1, 3, 1.0, "one example"),
            _scores(rng, 9, 30, 1.0, "more classes than examples"),
            Case(
                rng.normal(size=(8, 4)) + rng.choice([-5000.0, 0.0, 5000.0], size=(8, 1)),
                rng.integers(0, 4, size=8),
                label="rows with very different offsets",
            ),
        ], HIDDEN),
    ],
    mistakes={
        "one_maximum_for_all": (_global_maximum,
            "One maximum is subtracted from all rows; a row far below it loses everything. Each row needs its own."),
        "overflow": (_naive_cross_entropy,
            "exp overflows for large scores. What can be subtracted from a row without changing its probabilities?"),
        "padded_logarithm": (_padded_logarithm,
            "A small number inside the logarithm hides the overflow and caps the loss. Take the logarithm before "
            "the exponential is rounded away."),
        "loss_summed": (lambda s, y: (_right_loss(s, y) * len(s), (_softmax(s) - _onehot(s, y))),
            "Loss and gradient are summed over the batch; the mean is asked for."),
        "gradient_summed": (lambda s, y: (_right_loss(s, y), _softmax(s) - _onehot(s, y)),
            "The loss is a mean, so its gradient needs the 1/N as well."),
        "loss_sign": (lambda s, y: (-_right_loss(s, y), (_softmax(s) - _onehot(s, y)) / len(s)),
            "The loss has the wrong sign: it is a negative log-likelihood, at least 0."),
        "gradient_sign": (lambda s, y: (_right_loss(s, y), (_onehot(s, y) - _softmax(s)) / len(s)),
            "The gradient has the wrong sign: raising the score of the right class must lower the loss."),
        "gradient_is_softmax": (lambda s, y: (_right_loss(s, y), _softmax(s) / len(s)),
            "The gradient lacks the term of the right class: every row of it must sum to 0."),
        "wrong_axis": (_wrong_axis,
            "The softmax runs over the batch; it must run over the classes of each row."),
        "base_two": (lambda s, y: (_right_loss(s, y) / np.log(2), (_softmax(s) - _onehot(s, y)) / len(s)),
            "The loss is in bits; the natural logarithm is asked for, to which the gradient belongs."),
    },
)
