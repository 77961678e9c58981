"""Draw random inputs for element-wise functions, and check the property of random weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Finding, Tried
from autograder.judging.properties import named_property

Array = np.ndarray[Any, Any]


def element_wise(rng: np.random.Generator) -> list[Case]:
    """Create a case for each rule about the dtype and shape of element-wise functions.

    No number in them is 0, where many functions have a kink.
    """
    a = rng.uniform(0.1, 4.0, size=(4, 3)) * rng.choice([-1, 1], size=(4, 3))
    return [
        Case(a.astype(np.float32), label="float32 in, float32 out"),
        Case(_whole(rng, 7), label="int64 in, float64 out"),
        Case(_whole(rng, (2, 3)).astype(np.int32), label="int32 in, float64 out"),
        Case(float(a[0, 0]), label="a Python number"),
        Case(np.array(a[1, 1]), label="an array without axes"),
        Case(rng.normal(size=(2, 3, 2, 2)), label="four axes"),
        Case(np.zeros((0, 3)), label="an empty array"),
        Case(np.array([0.5, np.nan, -0.5]), label="NaN in, NaN out", warning_forgiven=True),
    ]


def _whole(rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
    return rng.integers(1, 6, size=size) * rng.choice([-1, 1], size=size)


# Random weights. Many answers are right, so a draw is compared with bounds that a right answer almost never exceeds.
#
# Assume that N entries are independent, with mean 0 and variance v, and follow a normal or a uniform law. Both laws
# are sub-Gaussian with variance proxy v: E exp(s·w) ≤ exp(v·s²/2), because sinh(u)/u ≤ exp(u²/6). Let x = `RARE` = 25.
# - Mean: P(|mean| > sqrt(2xv/N)) ≤ 2·exp(−x) (Chernoff).
# - Sum of squares, upper bound: P(Σw² > v·(N + 2·sqrt(Nx) + 2x)) ≤ exp(−x) (normal law: Laurent and Massart 2000;
#   every sub-Gaussian law: Hsu, Kakade and Zhang 2012).
# - Sum of squares, lower bound: P(Σw² < v·(N − 2·sqrt(Nx))) ≤ exp(−x) (normal law: Laurent and Massart 2000; uniform
#   law, where E w⁴ = 1.8v²: the one-sided Bernstein inequality for positive terms gives exp(−4x/3.6)).
# - Means of the rows: they are sub-Gaussian with variance proxy v/n_out, so the upper bound holds for the sum of their
#   squares, with n_in terms. Columns likewise.
# - Sum of squares of each row: the same two bounds with x + ln(n_in) for x hold for all rows. Columns likewise.
# - Correlation with an earlier draw w': given w', P(|Σ w·w'| > sqrt(2x·v·Σw'²)) ≤ 2·exp(−x) (Chernoff).
# - Normal law: P(sup |F_N − Φ| > sqrt(x/(2N))) ≤ 2·exp(−x) (Dvoretzky, Kiefer and Wolfowitz; Massart 1990).
# A draw is compared with at most 14 bounds, so a right answer fails with a probability below 28·exp(−25) = 4e-10.
# Equal numbers: among 24,000 draws of 53 random bits two are equal with probability 3e-8. One in a hundred is never.
RARE = 25.0
_MANY = 1000  # a draw with fewer entries is too small to recognize repeated numbers or a mistake
_GRID = np.linspace(-3, 3, 13)  # in standard deviations
_LAWS = {  # by name: the cumulative distribution function on the grid
    "normal": np.array([(1 + math.erf(z / math.sqrt(2))) / 2 for z in _GRID]),
    "uniform": np.clip((1 + _GRID / math.sqrt(3)) / 2, 0, 1),
}


@named_property
def independent_draws(result: Any, tried: Tried, std: float, law: str = "any") -> Finding:
    """Check that weights are independent random draws from one law with mean 0.

    Weights that are not float64 earn half of the points.

    Parameters
    ----------
    result : ndarray, shape (n_in, n_out)
    tried : Tried
        Another generator was passed in each of its earlier cases, so the draws must differ.
    std : float
        The required standard deviation of the case.
    law : {"any", "normal", "uniform"}
        "any" accepts the normal and the uniform law.

    Returns
    -------
    Finding
        Fraction 1; 0.5 if only the dtype is wrong, else 0.
    """
    W, variance, (low, high) = result, std**2, _bounds(result.size)
    mean, squares = float(np.mean(W)), float(np.mean(W**2))
    if abs(mean) > math.sqrt(2 * RARE * variance / W.size):
        return Finding(0, f"The mean of the weights must be 0; over {W.size} weights it is {mean:.3g}.")
    if not low * variance <= squares <= high * variance:
        got = f"{math.sqrt(squares):.4g} over {W.size} weights, where {std:.4g} is asked for."
        return Finding(0, f"The standard deviation of the weights is wrong: {got}")
    if pattern := _pattern(W, variance):
        return Finding(0, f"Every weight must be a draw of its own; here {pattern}.")
    if law != "any" and not _follows(W, law, std):
        return Finding(0, f"Mean and standard deviation are right, but the weights are not {law}ly distributed.")
    if any(_correlated(W, earlier, variance) for _, earlier in tried.earlier):
        return Finding(0, "Another generator was passed, but the same weights came again: is `rng` used?")
    if W.dtype != np.float64:
        return Finding(0.5, f"The weights must be float64; got {W.dtype}.")
    return AS_IT_SHOULD_BE


def features_of_draws(law: str = "any") -> Callable[[Array, Case], Any]:
    """Return a function that computes the features of a draw, which are equal for two draws of the same mistake.

    Parameters
    ----------
    law : {"any", "normal", "uniform"}
        See `independent_draws`: with "any", the normal and the uniform law count as the same.

    Returns
    -------
    callable
        Takes the weights and their case, and returns a dict of features, or a text if there are too few weights.
    """

    def features(W: Array, case: Case) -> Any:
        if W.size < _MANY:
            return "too few numbers to recognize a mistake"
        mean, std = float(np.mean(W)), float(np.std(W))
        followed = law if law == "any" else next((name for name in _LAWS if _follows(W - mean, name, std)), "other")
        return {
            "mean": np.array(0.0 if abs(mean) <= math.sqrt(2 * RARE / W.size) * std else mean),
            "std": np.array(std),
            "pattern": _pattern(W - mean, std**2),
            "law": followed,
            "dtype": str(W.dtype),
        }

    return features


def _pattern(W: Array, variance: float) -> str:
    """Return a description of a pattern that independent draws from one law do not have; "" if there is none."""
    n_in, n_out = W.shape
    if W.size > 1 and np.all(W.flat[0] == W):
        return "all weights are equal"
    if W.size >= _MANY and np.count_nonzero(np.diff(np.sort(W, axis=None))) < 0.99 * W.size:
        return "the same numbers come again and again"
    for n, other, axis, name in ((n_in, n_out, 1, "row"), (n_out, n_in, 0, "column")):
        if np.mean(W.mean(axis=axis) ** 2) * other > _bounds(n)[1] * variance:
            return f"the mean changes from {name} to {name} more than chance allows"
        squares, (low, high) = np.mean(W**2, axis=axis), _bounds(other, RARE + math.log(n))
        if squares.max() > high * variance or squares.min() < low * variance:
            return f"the spread changes from {name} to {name} more than chance allows"
    return ""


def _follows(W: Array, law: str, std: float) -> bool:
    """Return whether weights follow a law with mean 0 and this standard deviation, by the Kolmogorov distance."""
    share_below = np.array([np.count_nonzero(std * z > W) for z in _GRID]) / W.size
    return bool(np.max(np.abs(share_below - _LAWS[law])) <= math.sqrt(RARE / (2 * W.size)))


def _correlated(W: Array, earlier: Array, variance: float) -> bool:
    n = min(W.size, earlier.size)
    now, before = W.ravel()[:n], earlier.ravel()[:n]
    return n >= _MANY and abs(float(before @ now)) > math.sqrt(2 * RARE * variance * float(before @ before))


def _bounds(n: int, x: float = RARE) -> tuple[float, float]:
    """Return bounds of the mean of the squares of n independent draws with mean 0 and variance 1.

    The probability of a mean outside of them is at most exp(−x) on each side.
    """
    return 1 - 2 * math.sqrt(x / n), 1 + 2 * math.sqrt(x / n) + 2 * x / n
