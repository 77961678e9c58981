"""Training runs of the challenges: of weights that an answer draws, or of a design in words."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.judging.calls import UnsupportedValue
from course_lib import activations
from course_lib.arrays import Array
from course_lib.comparing_runs import ACTIVATIONS, INITIALIZATIONS, train_design
from course_lib.data import load_digits
from course_lib.networks import network_of
from course_lib.training import train_steps

RATE, STEPS, BATCH_SIZE, EVERY = 0.05, 1200, 32, 50  # of a run that trains given weights
LARGEST = 1e6  # of a weight: beyond it nothing is left to train, and numbers overflow before they are used
Design = tuple[str, str, bool, float]  # activation, initialization, batch_norm, learning_rate


@dataclass(frozen=True)
class Training:
    """A way to train what an answer returns.

    Attributes
    ----------
    problem : callable
        Takes the result. Returns why it cannot be trained, or "".
    accuracy : callable
        Takes the result, a seed and an accuracy that is enough, at which the run may end. Returns the test accuracy
        of the run, or NaN where it blew up. The same arguments are trained once.
    message : str
        What a student reads below full marks. It is formatted with `median`, `runs`, `blown_up` (a remark on runs
        that gave NaN), `lower` (all steps of the ladder but the last) and `full` (the last one).
    """

    problem: Callable[[Any], str]
    accuracy: Callable[[Any, int, float], float]
    message: str


def _problem_of_weights(weights: Sequence[Array]) -> str:
    largest = max(float(np.max(np.abs(W))) for W in weights)
    text = f"The largest weight is {largest:.3g}: with such numbers no training step can be taken."
    return text if largest > LARGEST else ""


_known: dict[tuple[bytes, int, float], float] = {}  # accuracies by a digest of the weights: a few bytes a run


def _accuracy_of_weights(weights: Sequence[Array], seed: int, enough: float) -> float:
    """Return the best test accuracy during the run, measured every `EVERY` steps; stop when it is at least `enough`.

    The last accuracy is not used: one run in nine of plain He weights ends in numbers that overflow, long after it has
    learned. If all are NaN, the result is 0.
    """
    weights = [W.astype(np.float64) for W in weights]
    key = hashlib.blake2b(b"".join(W.tobytes() for W in weights)).digest(), seed, enough
    if key not in _known:
        network = network_of(weights, activations.relu, activations.relu_derivative)
        run = train_steps(np.random.default_rng(seed), network, load_digits(), RATE, STEPS, BATCH_SIZE, EVERY)
        best = 0.0
        for record in run:
            best = max(best, record.test_accuracy)  # NaN is never larger
            if best >= enough or math.isnan(record.test_accuracy):
                break
        _known[key] = best
    return _known[key]


def read_design(design: dict[str, Any]) -> Design | str:
    """Return the four choices of a design, or a message if one of them is wrong."""
    for key, words in (("activation", ACTIVATIONS), ("initialization", INITIALIZATIONS)):
        if not (isinstance(design[key], str) and design[key] in words):
            return f"`{key}` must be one of {', '.join(map(repr, words))}; got {_shown(design[key])}."
    norm, rate = design["batch_norm"], design["learning_rate"]
    if not (isinstance(norm, np.ndarray) and norm.ndim == 0 and norm.dtype.kind == "b"):
        return f"`batch_norm` must be True or False; got {_shown(norm)}."
    if not (isinstance(rate, np.ndarray) and rate.ndim == 0 and rate.dtype.kind in "fiu"):
        return f"`learning_rate` must be a single number; got {_shown(rate)}."
    if not (np.isfinite(rate) and rate > 0):
        return f"`learning_rate` must be a positive finite number; got {float(rate):g}."
    return design["activation"], design["initialization"], bool(norm), float(rate)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return repr(value)[:40]
    if isinstance(value, UnsupportedValue):
        return value.type_name
    if isinstance(value, np.ndarray):
        return str(value) if value.ndim == 0 else f"an array of shape {value.shape}"
    return type(value).__name__


def _problem_of_design(design: dict[str, Any]) -> str:
    chosen = read_design(design)
    return chosen if isinstance(chosen, str) else ""


def _accuracy_of_design(design: dict[str, Any], seed: int, enough: float) -> float:
    """Return the test accuracy after the last step; NaN if the run has diverged. `enough` is not used."""
    chosen = read_design(design)
    assert not isinstance(chosen, str)
    return _train_design(chosen, seed)


@lru_cache(maxsize=4096)
def _train_design(design: Design, seed: int) -> float:
    keys = ("activation", "initialization", "batch_norm", "learning_rate")
    chosen = dict(zip(keys, design, strict=True))
    return float(train_design(np.random.default_rng(seed), chosen, load_digits())[-1])


# By name. Tests replace `accuracy` by one that reads recorded accuracies.
TRAININGS = {
    "weights": Training(
        _problem_of_weights,
        _accuracy_of_weights,
        "Trained with these weights, the network reaches a test accuracy of {median:.2f} at best, the median of {runs} "
        f"runs of {STEPS} steps; guessing gives 0.10, and {{full:.2f}} earns all points.",
    ),
    "design": Training(
        _problem_of_design,
        _accuracy_of_design,
        "The median test accuracy of {runs} runs is {median:.2f}{blown_up}. "
        "A fifth of the points each is earned at {lower} and {full:g}.",
    ),
}
