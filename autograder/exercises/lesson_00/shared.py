"""Cases and wrong answers that several exercises of lesson 00 share."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def layer(rng: np.random.Generator, N: int, n_in: int, n_out: int) -> tuple[Array, Array, Array]:
    """Draw an input, weights and biases; never square, so that a forgotten transpose cannot hide."""
    return rng.normal(size=(N, n_in)), rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)
