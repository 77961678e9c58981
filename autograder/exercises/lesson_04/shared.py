"""Random weights for the cases of lesson 04."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from autograder.judging.exercise import Case

Array = np.ndarray[Any, Any]


def weights_(rng: np.random.Generator, *sizes: int) -> list[Array]:
    """Draw weights with which no activation of the cases is nearly linear or nearly flat.

    `sizes` are the widths of the input and of every layer.
    """
    return [rng.normal(0, 1.3 / np.sqrt(n_in), size=(n_in, n_out)) for n_in, n_out in pairwise(sizes)]


def draws(rng: np.random.Generator, *args: Any, expected: float, label: str, **kwargs: Any) -> Case:
    """Create a case with its own generator; `expected` is the standard deviation of a right draw."""
    generator = np.random.default_rng(rng.integers(2**63))
    return Case(generator, *args, label=label, context={"std": float(expected)}, **kwargs)
