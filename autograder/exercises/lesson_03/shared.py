"""Cases and wrong answers that several exercises of lesson 03 share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.random_draws import element_wise
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Finding
from course_lib.arrays import as_float

Array = np.ndarray[Any, Any]


Side = Callable[[Array, float], Any]


PLACES = np.linspace(-4, 4, 161)


def any_shape(rng: np.random.Generator) -> list[Case]:
    """Give the promises on dtype and shape; NaN has a part of its own wherever a comparison with 0 can lose it."""
    return [case for case in element_wise(rng) if not case.warning_forgiven]


def any_shape_and_k(rng: np.random.Generator) -> list[Case]:
    return [
        *any_shape(rng),
        Case(rng.normal(scale=2.0, size=(3, 4)).astype(np.float32), k=0.3, label="float32 and a k of its own"),
        Case(np.array([-3, -2, 1, 4]), 0.6, label="integers and a k of its own"),
    ]


def nan_(**kwargs: float) -> Callable[[np.random.Generator], list[Case]]:
    return lambda rng: [Case(np.array([0.5, np.nan, -0.5]), **kwargs, label="NaN in, NaN out", warning_forgiven=True)]


def both_sides(rng: np.random.Generator) -> Array:
    """Draw a batch with entries on both sides of 0, at least 0.01 away from it."""
    return rng.uniform(0.01, 4, size=(6, 3)) * np.where(np.arange(18).reshape(6, 3) % 2, 1, -1)


def with_k(*fixed: float, low: float, high: float) -> Callable[[np.random.Generator], list[Case]]:
    """Give cases with ks that nobody has by heart, by keyword and by position."""

    def cases(rng: np.random.Generator) -> list[Case]:
        return [
            *(Case(np.array([-2.0, -1.0, 1.0, 2.0]), k=k, label=f"k = {k}") for k in fixed),
            Case(both_sides(rng), float(rng.uniform(low, high)), label="a batch, and some k"),
        ]

    return cases


def slope_at_zero(k: float) -> Callable[[Any, Case], Finding]:
    """Judge slopes at exactly 0, where every value between those of the two sides is right; `k` is the default."""

    def holds(result: Any, case: Case) -> Finding:
        left = float(case.kwargs.get("k", k))
        low, high = min(left, 1.0), max(left, 1.0)
        wrong = [float(s) for s in np.ravel(result) if not low - 1e-6 <= s <= high + 1e-6]
        if not wrong:
            return AS_IT_SHOULD_BE
        return Finding(0.0, f"At exactly 0 any slope from {low:g} to {high:g} is right; got {wrong[0]:.12g}.")

    return holds


def at_zero(*ks: float) -> Callable[[np.random.Generator], list[Case]]:
    return lambda rng: [
        Case(np.zeros(3), label="exactly 0"),
        Case(0.0, label="the number 0"),
        Case(np.array([0, 0]), label="integers"),
        *(Case(np.array([[0.0], [-0.0]]), k=k, label=f"0 and −0, k = {k}") for k in ks),
    ]


def off_the_kink(reference: Callable[..., Any]) -> Callable[[Any, Case], list[Any]]:
    """Compare mistakes where the answer is unique; what becomes of NaN counts only where all the rest is right.

    A slope on the wrong side is that mistake whatever is returned at 0 and for NaN.
    """

    def features(result: Any, case: Case) -> list[Any]:
        a = np.asarray(case.args[0])
        told = (a != 0) & ~np.isnan(a)
        want = np.asarray(reference(*case.args, **case.kwargs))[told]
        if not np.allclose(result[told].astype(np.float64), want, rtol=1e-5, atol=1e-6):
            return [result[told]]
        return [result[told], np.isnan(result[np.isnan(a)]), str(result.dtype.kind == "b")]

    return features


def sides(left: Side, right: Side = lambda a, k: a, *, default: float = 0.0) -> Callable[..., Any]:
    """Build a wrong function of two pieces; NaN stays NaN."""

    def wrong(a: Any, k: float = default) -> Array:
        a = as_float(a)
        with np.errstate(all="ignore"):
            pieces = np.where(a > 0, right(a, k), left(a, k))
        return np.where(np.isnan(a), a, pieces)

    return wrong


def with_zero_for_nan(reference: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, *args, **kwargs: np.where(np.isnan(a), 0, reference(a, *args, **kwargs))


def with_default_k(reference: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, k=None: reference(a)


def one(a: Array, k: float) -> Any:
    return np.ones_like(a)


HIDES_NAN = (
    "Right but for NaN: every comparison with NaN is false, so NaN took the other branch and came out as a decent "
    "number. Which part of the result must see the NaN itself?"
)


K_IGNORED = "Right for the default only: the argument `k` has no effect."


PRODUCTS = (
    "Far to the right this is 0 times infinity, which is NaN: switching a piece off by a product does not stop it from "
    "overflowing. What may the exponential be taken of?"
)


def expm1_(a: Array, k: float) -> Any:
    return k * np.expm1(a)


def rectified(rng: np.random.Generator, rows: int = 12) -> Array:
    """Draw activations of seven rectified units: one dead, one alive for a single example, one always active."""
    h = np.maximum(rng.normal(size=(rows, 7)), 0)
    h[2], h[5] = rng.uniform(0.5, 2, size=7), 0.0  # the four others are sometimes silent and sometimes not
    silent, rare, busy = rng.permutation(7)[:3]
    h[:, silent] = 0.0
    h[:, rare] = 0.0
    h[rng.integers(rows), rare] = rng.uniform(0.5, 2)
    h[:, busy] = rng.uniform(0.5, 2, size=rows)
    return h


def signed(rng: np.random.Generator) -> Array:
    """Draw activations with negative ones among them: only the first unit is dead.

    The second is never positive, the third adds up to exactly 0, the fourth is tiny, the fifth mostly 0.
    """
    h = rng.uniform(0.5, 2, size=(10, 6)) * rng.choice([-1, 1], size=(10, 6))
    h[:, 0] = 0.0
    h[:, 1] = -np.abs(h[:, 1])
    h[4:7, 1] = 0.0
    h[:, 2] = np.tile([1.0, -1.0], 5)
    h[:, 3] = 1e-12
    h[:, 4] = 0.0
    h[rng.integers(10), 4] = -rng.uniform(0.5, 2)
    return h
