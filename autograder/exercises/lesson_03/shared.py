"""Cases that several exercises of lesson 03 share, and the picture of an activation."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.exercises.random_draws import element_wise
from autograder.judging.exercise import Case, Cases, Curve

Array = np.ndarray[Any, Any]


def curve(ylabel: str, **kwargs: float) -> Curve:
    """Build the picture of an activation or its slope on [−4, 4]; the function is called with `kwargs`."""
    return Curve(np.linspace(-4, 4, 161), lambda f, x: f(x, **kwargs), "pre-activation a", ylabel)


def batch(rng: np.random.Generator) -> Array:
    """Draw pre-activations of shape (6, 3), on both sides of 0 and at least 0.01 away from it."""
    return rng.uniform(0.01, 4, size=(6, 3)) * np.where(np.arange(18).reshape(6, 3) % 2, 1, -1)


def both_sides(*small: float, near_and_far: bool) -> Cases:
    """Return a function that builds cases on both sides of 0: the numbers `small`, then a batch.

    With `near_and_far`, a third case has numbers very close to 0 and very far from it.
    """

    def cases(rng: np.random.Generator) -> list[Case]:
        first = Case(np.array(small, dtype=np.float64), label="small whole numbers")
        last = Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far")
        return [first, Case(batch(rng), label="a batch of pre-activations"), *([last] if near_and_far else [])]

    return cases


def with_k(*fixed: float, low: float, high: float) -> Cases:
    """Return a function that takes a generator and builds cases with k.

    It builds one case for each k in `fixed`, passed by keyword, and one with a random k in [low, high), passed by
    position.
    """
    return lambda rng: [
        *(Case(np.array([-2.0, -1.0, 1.0, 2.0]), k=k, label=f"k = {k}") for k in fixed),
        Case(batch(rng), float(rng.uniform(low, high)), label="a batch, and some k"),
    ]


def far_out(rng: np.random.Generator) -> list[Case]:
    """Create cases where exp(a) overflows if it is computed for every entry; nothing is random."""
    return [
        Case(np.array([-1000.0, -40.0, 40.0, 1000.0]), label="far out"),
        Case(np.array([[-800.0, 800.0]]), k=0.5, label="far out, k = 0.5"),
    ]


def at_zero(*ks: float) -> Cases:
    """Return a function that builds cases at the kink, a = 0.

    There is one more case for each k in `ks`. Its context contains the bounds of a right slope, for `interval_at_zero`.
    """
    return lambda rng: [
        Case(np.zeros(3), label="exactly 0"),
        Case(0.0, label="the number 0"),
        Case(np.array([0, 0]), label="integers"),
        *(Case(np.array([[0.0], [-0.0]]), k=k, label=f"0 and −0, k = {k}", context=_interval(k)) for k in ks),
    ]


def _interval(k: float) -> dict[str, float]:
    return {"low": min(k, 1.0), "high": max(k, 1.0)}


def nan(**kwargs: Any) -> Cases:
    """Return a function that builds one case: an input with a NaN, called with `kwargs`."""
    return lambda rng: [Case(np.array([0.5, np.nan, -0.5]), **kwargs, label="NaN in, NaN out", warning_forgiven=True)]


def any_shape(rng: np.random.Generator) -> list[Case]:
    """Create the cases of `element_wise` without the one with NaN, which has its own part."""
    return [case for case in element_wise(rng) if not case.warning_forgiven]


def any_shape_and_k(rng: np.random.Generator) -> list[Case]:
    """Create the cases of `any_shape` and two more with a k."""
    return [
        *any_shape(rng),
        Case(rng.normal(scale=2.0, size=(3, 4)).astype(np.float32), k=0.3, label="float32 and a k of its own"),
        Case(np.array([-3, -2, 1, 4]), 0.6, label="integers and a k of its own"),
    ]


def rectified(rng: np.random.Generator, rows: int = 12) -> Array:
    """Draw activations of seven rectified units, shape (rows, 7).

    One unit is dead, one is active for a single example, and one is always active. Their places are random.
    """
    h = np.maximum(rng.normal(size=(rows, 7)), 0)
    h[2], h[5] = rng.uniform(0.5, 2, size=7), 0.0  # the four other units are 0 for some examples only
    silent, rare, busy = rng.permutation(7)[:3]
    h[:, silent] = 0.0
    h[:, rare] = 0.0
    h[rng.integers(rows), rare] = rng.uniform(0.5, 2)
    h[:, busy] = rng.uniform(0.5, 2, size=rows)
    return h


def signed(rng: np.random.Generator) -> Array:
    """Draw activations of six units, shape (10, 6); some are negative, and only the first unit is dead.

    The second unit is never positive. The entries of the third add up to exactly 0. Those of the fourth are tiny, and
    those
    of the fifth are mostly 0.
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
