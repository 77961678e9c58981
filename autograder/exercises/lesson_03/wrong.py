"""Build wrong functions of two pieces for lesson 03, shared mistakes, and the features that recognize them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case
from course_lib.arrays import as_float

Array = np.ndarray[Any, Any]
Piece = Callable[[Array, float], Any]  # of a and k
Mistake = tuple[Callable[..., Any], str]

PRODUCTS = (
    "Far to the right this is 0 times infinity, which is NaN: switching a piece off by a product does not stop it from "
    "overflowing. What may the exponential be taken of?"
)


def same(a: Array, k: float) -> Array:
    """Return `a` itself."""
    return a


def zero(a: Array, k: float) -> Array:
    """Return an array filled with 0, with the shape and dtype of `a`."""
    return np.zeros_like(a)


def one(a: Array, k: float) -> Array:
    """Return an array filled with 1, with the shape and dtype of `a`."""
    return np.ones_like(a)


def flat(a: Array, k: float) -> Array:
    """Return an array filled with k, with the shape and dtype of `a`."""
    return np.full_like(a, k)


def scaled(a: Array, k: float) -> Array:
    """Return k·a."""
    return k * a


def expm1(a: Array, k: float) -> Array:
    """Return k·(exp(a) − 1)."""
    return k * np.expm1(a)


def exp(a: Array, k: float) -> Array:
    """Return k·exp(a)."""
    return k * np.exp(a)


def pieces(left: Piece, right: Piece = same, *, default: float = 0.0) -> Callable[..., Any]:
    """Build a function of a and k: `right(a, k)` where a > 0, else `left(a, k)`; NaN stays NaN.

    `default` is the default value of k.
    """

    def wrong(a: Any, k: float = default) -> Array:
        a = as_float(a)
        with np.errstate(all="ignore"):
            result = np.where(a > 0, right(a, k), left(a, k))
        return np.where(np.isnan(a), a, result)

    return wrong


def hides_nan(reference: Callable[..., Any]) -> Mistake:
    """Build the mistake of returning 0 for NaN: the function and the message."""
    return lambda a, *args, **kwargs: np.where(np.isnan(a), 0, reference(a, *args, **kwargs)), (
        "Right but for NaN: every comparison with NaN is false, so NaN took the other branch and came out as a decent "
        "number. Which part of the result must see the NaN itself?"
    )


def ignores_k(
    reference: Callable[..., Any], message: str = "Right for the default only: the argument `k` has no effect."
) -> Mistake:
    """Build the mistake of always using the default value of k: the function and the message."""
    return lambda a, k=None: reference(a), message


def off_the_kink(reference: Callable[..., Any]) -> Callable[[Any, Case], list[Any]]:
    """Return a function that computes the features of a mistake: the results at inputs with only one right answer.

    The result for NaN counts only if all others are right: a slope that is wrong on one side is the same mistake,
    whatever its results at 0 and for NaN are.
    """

    def features(result: Any, case: Case) -> list[Any]:
        a = np.asarray(case.args[0])
        unique = (a != 0) & ~np.isnan(a)
        want = np.asarray(reference(*case.args, **case.kwargs))[unique]
        if not np.allclose(result[unique].astype(np.float64), want, rtol=1e-5, atol=1e-6):
            return [result[unique]]
        return [result[unique], np.isnan(result[np.isnan(a)]), str(result.dtype.kind == "b")]

    return features
