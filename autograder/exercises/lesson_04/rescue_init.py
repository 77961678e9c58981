"""Exercise `rescue_init`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from autograder.exercises.lesson_04.shared import (
    Array,
)
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Curve, Finding
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations, initialization
from course_lib.data import load_digits
from course_lib.networks import network_of
from course_lib.training import train_steps

# The challenge: thirty layers that learn
#
# What a run reaches is the best test accuracy it shows on its way, looked up every fifty steps: at this rate one run
# in nine of plain He weights ends in numbers that overflow, long after it has learned. Measured here: He weights
# reach 0.40 to 0.87 (64 runs; 120 others all passed 0.30), weights of half that variance 0.09 to 0.31 (32 runs), and
# guessing 0.1.
_SIZES = (*[64] * 30, 10)


_RATE, _STEPS, _BATCH, _EVERY = 0.05, 1200, 32, 50


_LEARNED, _STIRS = 0.30, 0.20  # accuracies that earn all points and half of them


_LARGEST = 1e6  # of a weight: beyond it nothing is left to train, and numbers overflow before they are used


@dataclass(frozen=True)
class _Run:
    """One training run of several whose median counts.

    Attributes
    ----------
    seed : int
        Decides the order of the examples.
    number, runs : int
        Which one this is, from 1 on, and how many there are.
    reached : list of float
        What the runs before have reached; shared between the cases of a part.
    """

    seed: int
    number: int
    runs: int
    reached: list[float]

    def decided(self) -> bool:
        """Whether the runs so far have settled the median: it is among the best or among the worst."""
        best = sum(accuracy >= _LEARNED for accuracy in self.reached)
        worst = sum(accuracy < _STIRS for accuracy in self.reached)
        return max(best, worst) > self.runs // 2


def _reached(weights: Sequence[Array], seed: int) -> float:
    """Train until it is clear that the network learns, or to the end; give the best test accuracy on the way."""
    network = network_of([W.astype(np.float64) for W in weights], activations.relu, activations.relu_derivative)
    best = 0.0
    for record in train_steps(np.random.default_rng(seed), network, load_digits(), _RATE, _STEPS, _BATCH, _EVERY):
        best = max(best, record.test_accuracy)  # NaN is never larger
        if best >= _LEARNED or math.isnan(record.test_accuracy):
            break
    return best


def _lets_the_network_learn(weights: Sequence[Array], case: Case) -> Finding:
    run: _Run = case.aside
    largest = max(float(np.max(np.abs(W))) for W in weights)
    if largest > _LARGEST:
        return Finding(0, f"The largest weight is {largest:.3g}: with such numbers no training step can be taken.")
    if not run.decided():
        run.reached.append(_reached(weights, run.seed))
    if run.number < run.runs and not run.decided():
        return AS_IT_SHOULD_BE
    median = float(np.median(run.reached)) if run.reached else 0.0
    if median >= _LEARNED:
        return AS_IT_SHOULD_BE
    return Finding(
        0.5 if median >= _STIRS else 0.0,
        f"Trained with these weights, the network reaches a test accuracy of {median:.2f} at best, the median of "
        f"{len(run.reached)} runs of {_STEPS} steps; guessing gives 0.10, and {_LEARNED:.2f} earns all points.",
    )


def _runs(rng: np.random.Generator, runs: int) -> list[Case]:
    reached: list[float] = []
    return [
        Case(
            np.random.default_rng(rng.integers(2**63)),
            _SIZES,
            label=f"run {number} of {runs}",
            aside=_Run(int(rng.integers(2**31)), number, runs, reached),
        )
        for number in range(1, runs + 1)
    ]


def _kind_of_weights(weights: Sequence[Array], case: Case) -> str:
    """Say in a word what a signal meets in weights that let nothing through."""
    hidden = [np.asarray(W, dtype=np.float64) for W in weights[1:-1]]
    if all(np.all(W == 0) for W in hidden):
        return "zero"
    if all(np.all(W.flat[0] == W) for W in hidden):
        return "equal"
    roots = np.sqrt([W.shape[0] for W in hidden])
    mean = float(np.median([abs(W.mean()) for W in hidden] * roots))
    gain = float(np.median([W.std() for W in hidden] * roots))
    if mean > 0.5:
        return "one-sided"
    if 0.22 < gain < 0.28:  # 2/n for sqrt(2/n), where n is 64
        return "variance for std"
    kinds = ((0.9, "fades fast"), (1.1, "slope one"), (1.8, "fits"))
    return next((kind for limit, kind in kinds if gain < limit), "explodes")


def _signal_by_layer(rescue: Callable[..., list[Array]], layers: Array) -> Array:
    weights = rescue(np.random.default_rng(1), _SIZES)
    x = np.random.default_rng(2).normal(size=(64, _SIZES[0]))
    variances = initialization.forward_variances(x, weights, activations.relu)
    return np.log10(np.maximum(variances, 1e-30))


def _all_layers(initializer: Callable[[np.random.Generator, int, int], Array]) -> Callable[..., list[Array]]:
    return lambda rng, sizes: [initializer(rng, n_in, n_out) for n_in, n_out in pairwise(sizes)]

RESCUE_INIT = exercise(
    initialization.rescue_init, "04_weight_initialization", uses=("normal_init", "xavier_init", "he_init"),
    mistake_features=_kind_of_weights,
    notice="Thirty layers are trained with your weights, several times: this takes from two to twenty seconds.",
    picture=Curve(np.arange(1.0, 31.0), _signal_by_layer, "layer", "log₁₀ of the variance"),
    parts=[
        (2, "thirty layers learn: three runs", lambda rng: _runs(rng, 3), _lets_the_network_learn),
        (2, "thirty layers learn: five other runs", lambda rng: _runs(rng, 5), _lets_the_network_learn, HIDDEN),
    ],
    mistakes={
        "zeros": (_all_layers(lambda rng, n_in, n_out: np.zeros((n_in, n_out))),
            "All weights are 0: no signal leaves the first layer, and no gradient comes back."),
        "all_equal": (_all_layers(lambda rng, n_in, n_out: np.full((n_in, n_out), 1 / n_in)),
            "All weights of a layer are equal, so that all its units are one unit, for ever."),
        "one_sided": (_all_layers(lambda rng, n_in, n_out: rng.random((n_in, n_out)) * math.sqrt(2 / n_in)),
            "The weights are not centred on 0: the means of all inputs add up, layer after layer."),
        "variance_for_std": (_all_layers(lambda rng, n_in, n_out: rng.normal(0, 2 / n_in, size=(n_in, n_out))),
            "The spread of these weights is the square of one that would do: a variance where a standard deviation "
            "belongs?"),
        "for_slope_one": (_all_layers(lambda rng, n_in, n_out: rng.normal(0, math.sqrt(1 / n_in), size=(n_in, n_out))),
            "These weights suit units of slope 1. A ReLU cuts half of its input away, 29 times in a row: what "
            "makes up for that?"),
        "fades": (_all_layers(lambda rng, n_in, n_out: rng.normal(0, 0.01, size=(n_in, n_out))),
            "These weights are too small: look at `forward_variances` of the thirty layers."),
        "explodes": (_all_layers(lambda rng, n_in, n_out: rng.normal(size=(n_in, n_out))),
            "These weights are too large: look at `forward_variances` of the thirty layers."),
    },
)

# LOST? # Of the signal and not of the weights, which would give the reference away.
