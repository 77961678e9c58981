"""Cases and wrong answers that several exercises of lesson 01 share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def pointwise(function: Callable[..., Any], x: Array) -> Array:
    """Return an array of the values of `function`, which is called with one float for each entry of x."""
    return np.array([float(function(float(value))) for value in x])
