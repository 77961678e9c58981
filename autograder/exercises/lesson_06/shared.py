"""Cases and wrong answers that several exercises of lesson 06 share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judging.exercise import AS_IT_SHOULD_BE, Finding

Array = np.ndarray[Any, Any]


RTOL, ATOL = 1e-8, 1e-10  # E[x²] − μ² loses digits where the mean is large; it is right all the same


def batch(rng: np.random.Generator, N: int, D: int) -> Array:
    """Draw a batch; the scales run from small to large, the offsets are up to ten of them away from 0."""
    scale = np.geomspace(0.1, 8.0, D) * rng.uniform(0.8, 1.25, size=D)
    offset = scale * signed(rng, 2.0, 10.0, D)
    return offset + scale * rng.normal(size=(N, D))


def signed(rng: np.random.Generator, low: float, high: float, D: int) -> Array:
    """Draw numbers between low and high, of alternating signs from a random one on."""
    return rng.uniform(low, high, size=D) * rng.choice([-1.0, 1.0]) * (-1.0) ** np.arange(D)


def scale_and_shift(rng: np.random.Generator, D: int) -> tuple[Array, Array]:
    return signed(rng, 1.5, 3.0, D), signed(rng, 0.3, 1.2, D)


def statistics(rng: np.random.Generator, D: int) -> tuple[Array, Array]:
    """Draw stored statistics, none of which is 0 or 1."""
    return signed(rng, 1.0, 6.0, D), np.geomspace(0.05, 9.0, D) * rng.uniform(0.8, 1.25, size=D)


def first_wrong(names: Sequence[str], results: Sequence[Any], wanted: Sequence[Array]) -> Finding:
    for name, got, want in zip(names, results, wanted, strict=True):
        wrong = np.argwhere(~np.isclose(got, want, rtol=RTOL, atol=ATOL))
        if len(wrong):
            index = tuple(wrong[0])
            place = ", ".join(map(str, index))
            return Finding(
                0.0,
                f"`{name}`: {len(wrong)} of {want.size} entries are wrong, the first at [{place}], "
                f"where it is {got[index]:.6g} and should be {want[index]:.6g}.",
            )
    return AS_IT_SHOULD_BE


def inv_std_(x: Array, eps: float) -> Array:
    factor: Array = 1 / np.sqrt(x.var(axis=0) + eps)
    return factor
