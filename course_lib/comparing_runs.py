"""Comparison of training runs: speed and spread over seeds; and networks that are built from a design."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib import activations
from course_lib.arrays import (
    Array,
    require_choice,
    require_count,
    require_finite,
    require_positive,
    require_rank,
    require_sizes,
)
from course_lib.data import Digits
from course_lib.initialization import he_init, normal_init, xavier_init
from course_lib.networks import Network, network_of
from course_lib.training import train_steps

# The values that a design may contain.
ACTIVATIONS = activations.PAIRS
INITIALIZATIONS: dict[str, Callable[[np.random.Generator, int, int], Array]] = {
    "normal": normal_init,
    "xavier": xavier_init,
    "he": he_init,
}

DESIGN_SIZES = (64,) * 20 + (10,)  # 20 layers of weights
DESIGN_STEPS = 200
DESIGN_BATCH_SIZE = 64


def steps_to_accuracy(accuracies: Sequence[float] | Array, threshold: float) -> int | None:
    """Return the index of the first accuracy of at least `threshold`.

    Parameters
    ----------
    accuracies : sequence of float
        One per step; NaN is below every threshold.
    threshold : float

    Returns
    -------
    int or None
        Counted from 0; `None` if no accuracy reaches the threshold.

    Raises
    ------
    ValueError
        If `threshold` is not finite.
    """
    require_finite("threshold", threshold)
    reached = np.flatnonzero(np.asarray(accuracies) >= threshold)
    return int(reached[0]) if len(reached) else None


def seed_summary(curves: Array) -> tuple[Array, Array, Array]:
    """Return the median, smallest and largest accuracy over seeds, at every step.

    Parameters
    ----------
    curves : ndarray, shape (S, T)
        Accuracies: one row per seed, one column per step. From its first NaN on, a run counts as accuracy 0.
        A run that diverged has failed; without it, the summary would be too good.

    Returns
    -------
    median, smallest, largest : ndarray, shape (T,)

    Raises
    ------
    ValueError
        If `curves` does not have two axes or has no rows.
    """
    require_rank("curves", curves, 2)
    blown_up = np.logical_or.accumulate(np.isnan(curves), axis=1)
    kept = np.where(blown_up, 0.0, curves)
    return np.median(kept, axis=0), kept.min(axis=0), kept.max(axis=0)


def design_network() -> dict[str, Any]:
    """Return a design with which a 20-layer network learns the digits.

    Returns
    -------
    dict
        `activation`: "sigmoid", "tanh", "relu", "leaky_relu" or "elu"; `initialization`: "normal", "xavier" or
        "he"; `batch_norm`: bool; `learning_rate`: float above 0.
    """
    return {"activation": "elu", "initialization": "he", "batch_norm": True, "learning_rate": 0.1}


def build_design(rng: np.random.Generator, design: Mapping[str, Any], sizes: Sequence[int] = DESIGN_SIZES) -> Network:
    """Create an untrained network from a design, with random weights.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights.
    design : mapping
        With the entries of `design_network`. "normal" draws weights from N(0, 1); "xavier" and "he" use
        `xavier_init` and `he_init` of lesson 04 with their default arguments. Biases are 0.
    sizes : sequence of int
        Width of the input, of every hidden layer and of the output.

    Returns
    -------
    Network
        With running mean 0 and running variance 1, if the design has batch normalization.

    Raises
    ------
    ValueError
        If an entry is missing or unknown, or a size is not positive.
    """
    _require_design(design)
    require_sizes("sizes", sizes)
    draw = INITIALIZATIONS[design["initialization"]]
    weights = [draw(rng, n_in, n_out) for n_in, n_out in pairwise(sizes)]
    return network_of(weights, *ACTIVATIONS[design["activation"]], batch_norm=bool(design["batch_norm"]))


def train_design(
    rng: np.random.Generator,
    design: Mapping[str, Any],
    data: Digits,
    steps: int = DESIGN_STEPS,
    every: int = 50,
    *,
    sizes: Sequence[int] = DESIGN_SIZES,
    batch_size: int = DESIGN_BATCH_SIZE,
) -> Array:
    """Train a network that is built from a design, and return its test accuracy over time.

    The grader of `design_network` uses this training with its default arguments.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights, then the order of the examples.
    design : mapping
        See `build_design`.
    data : Digits
    steps : int
        At least 0.
    every : int
        Number of steps between two entries of the result.
    sizes : sequence of int
        See `build_design`.
    batch_size : int
        Number of examples per step.

    Returns
    -------
    ndarray, shape (1 + ceil(steps / every),)
        Test accuracy in [0, 1] before the first step, every `every` steps, and after the last one. NaN from the point
        on at which the run has diverged.

    Raises
    ------
    ValueError
        If the design, a size, `steps`, `every` or `batch_size` is invalid.
    """
    require_count("steps", steps)
    require_count("every", every, least=1)
    network = build_design(rng, design, sizes)
    accuracies = np.full(1 + -(-steps // every), np.nan)
    records = train_steps(rng, network, data, design["learning_rate"], steps, batch_size, every)
    for number, record in enumerate(records):
        if not np.isfinite(record.loss) or np.isnan(record.test_accuracy):
            break
        accuracies[number] = record.test_accuracy
    return accuracies


def _require_design(design: Mapping[str, Any]) -> None:
    keys = ("activation", "initialization", "batch_norm", "learning_rate")
    if sorted(design) != sorted(keys):
        raise ValueError(f"design must have the keys {', '.join(keys)} (got {', '.join(map(str, design))})")
    require_choice("activation", design["activation"], tuple(ACTIVATIONS))
    require_choice("initialization", design["initialization"], tuple(INITIALIZATIONS))
    if not isinstance(design["batch_norm"], bool | np.bool_):
        raise ValueError(f"batch_norm must be True or False (got {design['batch_norm']!r})")
    require_positive("learning_rate", design["learning_rate"])
