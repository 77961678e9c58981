"""Draws and wrong answers that several exercises of lesson 02 share."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.arrays import Array

Arrays = list[Array]
Function = Callable[[Array], Array]
Answer = Callable[..., Any]


def where_shapes_fit(function: Answer) -> Answer:
    """Build an answer that returns None where `function` cannot run.

    `@`, `np.dot` and `np.einsum` word that differently; so such a case tells nothing, and the others decide.
    """

    def run(*args: Any) -> Any:
        try:
            return function(*args)
        except (ValueError, np.linalg.LinAlgError):
            return None

    return run


def dot(one: Array, other: Array) -> Array:
    """Multiply as `np.einsum` does, which stretches an axis of length 1 where `@` raises.

    What raises where the mistake gives a result counts as nothing, so that a mistake made with either is known.
    """
    return np.asarray(np.einsum("ij,jk->ik", one, other))


def layers(rng: np.random.Generator, sizes: Sequence[int]) -> tuple[Arrays, Arrays]:
    """Draw weights that keep a signal's size, and biases that are not small beside it."""
    weights = [rng.normal(size=(n_in, n_out)) * 1.2 / np.sqrt(n_in) for n_in, n_out in pairwise(sizes)]
    return weights, [rng.normal(size=n_out) for n_out in sizes[1:]]
