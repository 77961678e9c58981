"""Inputs that several exercises of lesson 06 draw, and their tolerances.

γ is never 1, β and the gradients are never 0 or 1, and no batch has as many examples as features. Every feature has an
offset and a scale of its own; some are so small that even the default ε shows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

RTOL, ATOL = 1e-8, 1e-10  # E[x²] − μ² loses digits where the mean is large; it is right all the same


def batch(rng: np.random.Generator, N: int, D: int) -> Array:
    """Draw a batch of shape (N, D).

    The scales of its features run from about 0.1 to about 8. Their means are 2 to 10 scales away from 0.
    """
    scale = np.geomspace(0.1, 8.0, D) * rng.uniform(0.8, 1.25, size=D)
    offset = scale * signed(rng, 2.0, 10.0, D)
    return offset + scale * rng.normal(size=(N, D))


def signed(rng: np.random.Generator, low: float, high: float, D: int) -> Array:
    """Draw D numbers with sizes in [low, high) and alternating signs; the first sign is random."""
    return rng.uniform(low, high, size=D) * rng.choice([-1.0, 1.0]) * (-1.0) ** np.arange(D)


def scale_and_shift(rng: np.random.Generator, D: int) -> tuple[Array, Array]:
    """Draw γ and β, both of shape (D,)."""
    return signed(rng, 1.5, 3.0, D), signed(rng, 0.3, 1.2, D)


def statistics(rng: np.random.Generator, D: int) -> tuple[Array, Array]:
    """Draw a stored mean and variance of shape (D,); no mean is 0, and no variance is 0 or 1."""
    return signed(rng, 1.0, 6.0, D), np.geomspace(0.05, 9.0, D) * rng.uniform(0.8, 1.25, size=D)


def inverse_std(x: Array, eps: float) -> Array:
    """Return 1 / sqrt(variance + eps) of each feature, the factor by which a batch is normalized."""
    return 1 / np.sqrt(x.var(axis=0) + eps)
