"""Comparing training runs: how soon, over how many seeds, and one design that works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.arrays import Array, require_finite, require_rank


def steps_to_accuracy(accuracies: Sequence[float] | Array, threshold: float) -> int | None:
    """Index of the first accuracy of at least `threshold`.

    Parameters
    ----------
    accuracies : sequence of float
        One a step; NaN reaches no threshold.
    threshold : float

    Returns
    -------
    int or None
        `None` where the run never gets there.

    Raises
    ------
    ValueError
        If `threshold` is not finite.
    """
    require_finite("threshold", threshold)
    reached = np.flatnonzero(np.asarray(accuracies) >= threshold)
    return int(reached[0]) if len(reached) else None


def seed_summary(curves: Array) -> tuple[Array, Array, Array]:
    """Median, smallest and largest accuracy over seeds, at every step.

    Parameters
    ----------
    curves : ndarray, shape (S, T)
        Accuracies: one row a seed, one column a step. From its first NaN on, a run counts as accuracy 0:
        a run that blew up has failed, and leaving it out would flatter the rest.

    Returns
    -------
    median, smallest, largest : ndarray, shape (T,)

    Raises
    ------
    ValueError
        If `curves` has not two axes.
    """
    require_rank("curves", curves, 2)
    blown_up = np.logical_or.accumulate(np.isnan(curves), axis=1)
    kept = np.where(blown_up, 0.0, curves)
    return np.median(kept, axis=0), kept.min(axis=0), kept.max(axis=0)


def design_network() -> dict[str, Any]:
    """Choose what lets a 20-layer network learn the digits.

    Returns
    -------
    dict
        `activation`: "sigmoid", "tanh", "relu", "leaky_relu" or "elu"; `initialization`: "normal", "xavier" or
        "he"; `batch_norm`: bool; `learning_rate`: float above 0.
    """
    return {"activation": "tanh", "initialization": "xavier", "batch_norm": True, "learning_rate": 0.1}
