"""`softmax_cross_entropy`: a loss of scores, and its gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import losses
from course_lib.arrays import Array

_LARGE = np.array([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0]])


def _scores(rng: np.random.Generator, N: int, C: int, scale: float, label: str) -> Case:
    return Case(scale * rng.normal(size=(N, C)), rng.integers(0, C, size=N), label=label)


def _offset(rng: np.random.Generator) -> Array:
    return rng.normal(size=(8, 4)) + rng.choice([-5000.0, 0.0, 5000.0], size=(8, 1))


def _normalized(e: Array) -> Array:
    return e / e.sum(axis=1, keepdims=True)


def _softmax(scores: Array) -> Array:
    return _normalized(np.exp(scores - scores.max(axis=1, keepdims=True)))


def _onehot(scores: Array, labels: Array) -> Array:
    return np.eye(scores.shape[1])[labels]


def _by(probabilities: Callable[[Array], Array], pad: float = 0.0) -> Callable[..., tuple[float, Array]]:
    """Build a wrong answer: `probabilities(scores)` replaces softmax, and `pad` is added inside the logarithm."""

    def run(scores: Array, labels: Array) -> tuple[float, Array]:
        with np.errstate(all="ignore"):
            p = probabilities(scores)
            loss = -np.mean(np.log(p[np.arange(len(p)), labels] + pad))
        return float(loss), (p - _onehot(scores, labels)) / len(p)

    return run


def _changed(change: Callable[[float, Array, Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer: `change(loss, p, onehot)`.

    `loss` is the right loss, `p` the softmax and `onehot` the right classes as rows of 0 and 1.
    """
    return lambda s, y: change(losses.softmax_cross_entropy(s, y)[0], _softmax(s), _onehot(s, y))

SOFTMAX_CROSS_ENTROPY = exercise(
    losses.softmax_cross_entropy, "00_gradients_you_can_trust", outputs=("loss", "dscores"),
    parts=[
        (2, "loss and gradient", lambda rng: [
            Case(np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), np.array([1, 0]), label="two examples"),
            _scores(rng, 10, 4, 2.0, "ten examples"),
        ]),
        (1, "finite for large scores", lambda rng: [
            Case(_LARGE, np.array([1, 2]), label="scores of ±10000"),
            _scores(rng, 8, 5, 3000.0, "scores in the thousands"),
        ]),
        (1, "one example, many classes, common offsets", lambda rng: [
            _scores(rng, 1, 3, 1.0, "one example"),
            _scores(rng, 9, 30, 1.0, "more classes than examples"),
            Case(_offset(rng), rng.integers(0, 4, size=8), label="rows with very different offsets"),
        ], HIDDEN),
    ],
    mistakes={
        "one_maximum_for_all": (_by(lambda s: _normalized(np.exp(s - s.max()))),
            "One maximum is subtracted from all rows; a row far below it loses everything. Each row needs its own."),
        "overflow": (_by(lambda s: _normalized(np.exp(s))),
            "exp overflows for large scores. What can be subtracted from a row without changing its probabilities?"),
        "padded_logarithm": (_by(_softmax, pad=1e-12),
            "A small number inside the logarithm hides the overflow and caps the loss. Take the logarithm before the "
            "exponential is rounded away."),
        "loss_summed": (_changed(lambda loss, p, t: (loss * len(p), p - t)),
            "Loss and gradient are summed over the batch; the mean is asked for."),
        "gradient_summed": (_changed(lambda loss, p, t: (loss, p - t)),
            "The loss is a mean, so its gradient needs the 1/N as well."),
        "loss_sign": (_changed(lambda loss, p, t: (-loss, (p - t) / len(p))),
            "The loss has the wrong sign: it is a negative log-likelihood, at least 0."),
        "gradient_sign": (_changed(lambda loss, p, t: (loss, (t - p) / len(p))),
            "The gradient has the wrong sign: raising the score of the right class must lower the loss."),
        "gradient_is_softmax": (_changed(lambda loss, p, t: (loss, p / len(p))),
            "The gradient lacks the term of the right class: every row of it must sum to 0."),
        "wrong_axis": (_by(lambda s: _softmax(s.T).T),
            "The softmax runs over the batch; it must run over the classes of each row."),
        "base_two": (_changed(lambda loss, p, t: (loss / np.log(2), (p - t) / len(p))),
            "The loss is in bits; the natural logarithm is asked for, to which the gradient belongs."),
    },
)
