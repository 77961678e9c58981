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
    """Build an answer that returns None where `function` raises because shapes do not fit.

    `@`, `np.dot` and `np.einsum` raise different messages. So the messages cannot show whether two answers have the
    same
    mistake. Such a case is ignored, and the other cases decide.
    """

    def run(*args: Any) -> Any:
        try:
            return function(*args)
        except (ValueError, np.linalg.LinAlgError):
            return None

    return run


def dot(one: Array, other: Array) -> Array:
    """Return the matrix product of `one` and `other`. An axis of length 1 is broadcast where `@` would raise.

    A case in which an answer raises is ignored if this function returns a result there. So a mistake is recognized
    whether
    a student uses `@` or `np.einsum`.
    """
    return np.asarray(np.einsum("ij,jk->ik", one, other))


def layers(rng: np.random.Generator, sizes: Sequence[int]) -> tuple[Arrays, Arrays]:
    """Draw weights that keep a signal's size, and biases of about the same size as the signal.

    `sizes` are the widths of the input and of every layer.
    """
    weights = [rng.normal(size=(n_in, n_out)) * 1.2 / np.sqrt(n_in) for n_in, n_out in pairwise(sizes)]
    return weights, [rng.normal(size=n_out) for n_out in sizes[1:]]
