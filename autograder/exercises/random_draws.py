"""What the specs of several lessons share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case

Answer = Callable[..., Any]


def element_wise(rng: np.random.Generator) -> list[Case]:
    """Give a case for each promise an element-wise function makes on dtype and shape; none is at 0, a kink of some."""
    a = rng.uniform(0.1, 4.0, size=(4, 3)) * rng.choice([-1, 1], size=(4, 3))
    with_nan = np.array([0.5, np.nan, -0.5])
    return [
        Case(a.astype(np.float32), label="float32 in, float32 out"),
        Case(_whole(rng, 7), label="int64 in, float64 out"),
        Case(_whole(rng, (2, 3)).astype(np.int32), label="int32 in, float64 out"),
        Case(float(a[0, 0]), label="a Python number"),
        Case(np.array(a[1, 1]), label="an array without axes"),
        Case(rng.normal(size=(2, 3, 2, 2)), label="four axes"),
        Case(np.zeros((0, 3)), label="an empty array"),
        Case(with_nan, label="NaN in, NaN out", warning_forgiven=True),
    ]


def _whole(rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray[Any, Any]:
    return rng.integers(1, 6, size=size) * rng.choice([-1, 1], size=size)
