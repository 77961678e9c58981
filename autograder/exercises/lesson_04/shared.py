"""Cases and wrong answers that several exercises of lesson 04 share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Finding

Array = np.ndarray[Any, Any]


# Random weights. Many answers are right, so that a draw is judged by what holds of every one, but for bad luck.
#
# Let N entries be independent with mean 0 and variance v, normal or uniform. Both laws are sub-Gaussian with
# variance proxy v: E exp(s·w) ≤ exp(v·s²/2), because sinh(u)/u ≤ exp(u²/6). With x = `RARE` = 25:
# - mean: P(|mean| > sqrt(2xv/N)) ≤ 2·exp(−x) (Chernoff);
# - sum of squares from above: P(Σw² > v·(N + 2·sqrt(Nx) + 2x)) ≤ exp(−x) (Laurent and Massart 2000 for the normal
#   law; Hsu, Kakade and Zhang 2012 for every sub-Gaussian one);
# - from below: P(Σw² < v·(N − 2·sqrt(Nx))) ≤ exp(−x) (Laurent and Massart; for the uniform law, where E w⁴ = 1.8v²,
#   the one-sided Bernstein inequality for positive terms gives exp(−4x/3.6));
# - means of the rows are sub-Gaussian with proxy v/n_out, so their sum of squares obeys the second bound, with n_in
#   terms; likewise columns;
# - sum of squares of every row: the same two bounds with x + ln(n_in) in place of x, for n_in rows together;
# - correlation with an earlier draw: P(|Σ w·w'| > sqrt(2x·v·Σw'²)) ≤ 2·exp(−x), and Σw'² ≤ 1.2·N·v by the above;
# - normal law: P(sup |F_N − Φ| > sqrt(x/(2N))) ≤ 2·exp(−x) (Dvoretzky, Kiefer and Wolfowitz; Massart 1990).
# A draw is held against at most fourteen bounds, so a right answer fails with probability below 28·exp(−25) = 4e-10.
# Equal numbers: a draw of 53 random bits repeats itself among 24,000 with probability 3e-8; one in a hundred, never.
RARE = 25.0


GRID = np.linspace(-3, 3, 13)


NORMAL = np.array([(1 + math.erf(z / math.sqrt(2))) / 2 for z in GRID])


UNIFORM = np.clip((1 + GRID / math.sqrt(3)) / 2, 0, 1)


def above(n: int, x: float = RARE) -> float:
    return 1 + 2 * math.sqrt(x / n) + 2 * x / n


def below(n: int, x: float = RARE) -> float:
    return 1 - 2 * math.sqrt(x / n)


def pattern_(W: Array, variance: float) -> str:
    """Name what shows that the entries are not independent draws of one law; "" for nothing."""
    n_in, n_out = W.shape
    if W.size > 1 and np.all(W.flat[0] == W):
        return "all weights are equal"
    if W.size >= 1000 and np.count_nonzero(np.diff(np.sort(W, axis=None))) < 0.99 * W.size:
        return "the same numbers come again and again"
    for n, other, axis, name in ((n_in, n_out, 1, "row"), (n_out, n_in, 0, "column")):
        if np.mean(W.mean(axis=axis) ** 2) * other > above(n) * variance:
            return f"the mean changes from {name} to {name} more than chance allows"
        squares = np.mean(W**2, axis=axis)
        x = RARE + math.log(n)
        if squares.max() > above(other, x) * variance or squares.min() < below(other, x) * variance:
            return f"the spread changes from {name} to {name} more than chance allows"
    return ""


def follows(W: Array, law: Array, std: float) -> bool:
    share_below = np.array([np.count_nonzero(std * z > W) for z in GRID]) / W.size
    return bool(np.max(np.abs(share_below - law)) <= math.sqrt(RARE / (2 * W.size)))


@dataclass(frozen=True)
class Wanted:
    """What a draw must be like: kept beside its case.

    Attributes
    ----------
    std : float
    normal : bool
        Whether the law must be the normal one.
    earlier : list of ndarray
        What the same answer drew in the cases before, from other generators.
    """

    std: float
    normal: bool
    earlier: list[Array]


def is_drawn_well(W: Array, case: Case) -> Finding:
    want: Wanted = case.aside
    earlier = [draw.ravel() for draw in want.earlier]
    want.earlier.append(W / want.std)
    mean, variance = float(np.mean(W)), want.std**2
    if abs(mean) > math.sqrt(2 * RARE * variance / W.size):
        return Finding(0, f"The mean of the weights must be 0; over {W.size} weights it is {mean:.3g}.")
    squares = float(np.mean(W**2))
    if not below(W.size) * variance <= squares <= above(W.size) * variance:
        return Finding(
            0,
            f"The standard deviation of the weights is wrong: {math.sqrt(squares):.4g} over {W.size} weights, "
            f"where {want.std:.4g} is asked for.",
        )
    pattern = pattern_(W, variance)
    if pattern:
        return Finding(0, f"Every weight must be a draw of its own; here {pattern}.")
    if want.normal and not follows(W, NORMAL, want.std):
        return Finding(0, "Mean and standard deviation are right, but the weights are not normally distributed.")
    for draw in earlier:
        n = min(W.size, draw.size)
        if n >= 1000 and abs(float(draw[:n] @ W.ravel()[:n])) > math.sqrt(2.4 * RARE * n * variance):
            return Finding(0, "Another generator was passed, but the same weights came again: is `rng` used?")
    if W.dtype != np.float64:
        return Finding(0.5, f"The weights must be float64; got {W.dtype}.")
    return AS_IT_SHOULD_BE


def marks_of_a_draw(W: Array, case: Case) -> Any:
    """Tell what two draws have in common when they come from the same mistake."""
    want: Wanted = case.aside
    if W.size < 1000:
        return "too few numbers to know a mistake by"
    mean, std = float(np.mean(W)), float(np.std(W))
    centred = abs(mean) <= math.sqrt(2 * RARE / W.size) * std
    law = "any"
    if want.normal:
        laws = {"normal": NORMAL, "uniform": UNIFORM}
        law = next((name for name, shares in laws.items() if follows(W - mean, shares, std)), "other")
    return {
        "mean": np.array(0.0 if centred else mean),
        "std": np.array(std),
        "pattern": pattern_(W - mean, std**2),
        "law": law,
        "dtype": str(W.dtype),
    }


def draw_(rng: np.random.Generator, *args: Any, want: Wanted, label: str, **kwargs: Any) -> Case:
    """Make a case with a generator of its own."""
    return Case(np.random.default_rng(rng.integers(2**63)), *args, label=label, aside=want, **kwargs)


def own_generator(initializer: Callable[..., Array]) -> Callable[..., Array]:
    """Build the mistake of an initializer that draws from a generator it made itself."""
    return lambda rng, *args, **kwargs: initializer(np.random.default_rng(0), *args, **kwargs)


RNG_IGNORED = (
    "The weights are as they should be, but the same ones come whatever generator is passed: every draw must come "
    "from `rng`."
)


TRANSPOSED = "The shape is transposed: in this course `W` is (n_in, n_out)."


ALL_EQUAL = "All weights are equal: then all units of a layer are one unit. Draw an array, not one number."


NOT_CENTRED = "These weights are all of one sign, or nearly so: their mean must be 0."


def weights_(rng: np.random.Generator, *sizes: int) -> list[Array]:
    """Draw weights around which no activation used here is nearly linear or nearly flat."""
    return [rng.normal(0, 1.3 / np.sqrt(n_in), size=(n_in, n_out)) for n_in, n_out in pairwise(sizes)]
