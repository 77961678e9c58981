"""Functions that are arguments of cases. Each has a name, and none of them answers an exercise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.arrays import Array


@dataclass(frozen=True, eq=False)  # arrays have no truth value to compare by
class Probe:
    """A function of numbers that a case draws.

    Attributes
    ----------
    name : str
        As a card shows it.
    parameters : tuple of ndarray or float
    function : callable
        Of a module, so that its name finds it again. It takes the argument of the call, then the parameters.
    """

    name: str
    parameters: tuple[Any, ...]
    function: Callable[..., Any]

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, argument: Any) -> Any:
        """Return the function's value for `argument` and the stored parameters."""
        return self.function(argument, *self.parameters)

    def __repr__(self) -> str:
        return self.name


def sum_of_cubes(x: Array) -> float:
    """Return Σ xᵢ³."""
    return float(np.sum(np.asarray(x, dtype=float) ** 3))


def wave(x: Array, c: Array) -> float:
    """Return Σ cᵢ·exp(xᵢ/2) + Σ xᵢ³.

    Its third derivative is not 0. So one-sided differences, and other step sizes, give another result.
    """
    return float(np.sum(c * np.exp(0.5 * np.reshape(x, c.shape))) + np.sum(np.asarray(x) ** 3))


def tanh_network_error(params: Mapping[str, Array], x: Array, y: Array) -> float:
    """Return the mean squared error of a network of two layers with tanh between them.

    It is a smooth function of the parameters, so that only wrong gradients differ from numerical ones.
    """
    h = np.tanh(x @ params["W1"] + params["b1"])
    return float(np.mean((h @ params["W2"] + params["b2"] - y) ** 2))
