"""Check properties of results, for parts with many right answers: named checks with numbers as parameters.

A record stores a property as its name and its parameters, so that it contains no formula.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.judging.exercise import AS_IT_SHOULD_BE, Finding, Tried

Parameter = float | int | bool | str
PROPERTIES: dict[str, Callable[..., Finding]] = {}


@dataclass(frozen=True)
class Property:
    """A named check of a result.

    Attributes
    ----------
    name : str
    parameters : mapping of str to (float, int, bool or str)
        The case's `context` is added to them.

    Raises
    ------
    ValueError
        If no property of this name is registered.
    TypeError
        If a parameter has another type.
    """

    name: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in PROPERTIES:
            raise ValueError(f"a property must be one of {', '.join(sorted(PROPERTIES))} (got {self.name!r})")
        wrong = [name for name, value in self.parameters.items() if not isinstance(value, Parameter)]
        if wrong:
            raise TypeError(f"parameters of {self.name} must be numbers, True, False or text (got {', '.join(wrong)})")

    def __call__(self, result: Any, tried: Tried) -> Finding:
        """Return the finding for a result of one case.

        Parameters
        ----------
        result : object
            The answer's result.
        tried : Tried
            The entries of its case's `context` replace parameters of the same name.

        Raises
        ------
        TypeError
            If the check lacks a parameter, or does not know one.
        """
        return PROPERTIES[self.name](result, tried, **{**self.parameters, **tried.case.context})


def named_property(function: Callable[..., Finding]) -> Callable[..., Property]:
    """Register a check under the function's name; calling it with parameters then creates a `Property`.

    Parameters
    ----------
    function : callable
        Takes the result, a `Tried`, and parameters by keyword or position; returns a `Finding`.

    Returns
    -------
    callable
        Takes the parameters and returns a `Property`. It raises `TypeError` for an unknown parameter.

    Raises
    ------
    ValueError
        If another module has registered the name.

    Examples
    --------
    >>> @named_property
    ... def at_most(result, tried, limit):
    ...     return AS_IT_SHOULD_BE if result <= limit else Finding(0, f"It must be at most {limit}; got {result}.")
    >>> at_most(3).parameters
    {'limit': 3}
    """
    name = function.__name__
    known = PROPERTIES.get(name)
    if known is not None and known.__module__ != function.__module__:
        raise ValueError(f"a property's name must be new (got {name!r} a second time)")
    PROPERTIES[name] = function
    names = list(inspect.signature(function).parameters)[2:]

    @functools.wraps(function)
    def with_parameters(*args: Parameter, **kwargs: Parameter) -> Property:
        unknown = [*args[len(names) :], *(key for key in kwargs if key not in names)]
        if unknown:
            raise TypeError(f"{name} must be called with {', '.join(names) or 'nothing'} (got {unknown[0]!r})")
        return Property(name, {**dict(zip(names, args, strict=False)), **kwargs})

    return with_parameters


@named_property
def only(result: Any, tried: Tried, outputs: str, rtol: float = 1e-9, atol: float = 1e-12) -> Finding:
    """Check the named ones of several results; other parts check the others.

    Parameters
    ----------
    result : tuple
    tried : Tried
    outputs : str
        Names of the results that count, such as "dgamma, dbeta".
    rtol, atol : float
        A value v is right where abs(v − want) ≤ atol + rtol·abs(want).

    Returns
    -------
    Finding
        Fraction 1 or 0.

    Raises
    ------
    ValueError
        If a name is not among the exercise's outputs.
    """
    for name in outputs.split(", "):
        place = tried.outputs.index(name)
        got, want = result[place], tried.want[place]
        wrong = np.argwhere(~np.isclose(got, want, rtol=rtol, atol=atol))
        if len(wrong):
            index = tuple(wrong[0])
            where = ", ".join(map(str, index))
            return Finding(
                0.0,
                f"`{name}`: {len(wrong)} of {want.size} entries are wrong, the first at [{where}], "
                f"where it is {got[index]:.6g} and should be {want[index]:.6g}.",
            )
    return AS_IT_SHOULD_BE


@named_property
def whitens(result: Any, tried: Tried, eps: float) -> Finding:
    """Check a whitening (mean, W) whose columns may come in any order and point to either side.

    Directions and lengths are compared with those of the reference's columns. Where two variances are nearly equal,
    every orthogonal pair of directions between them is right. All is held to 1e-6; right answers err by 1e-12.

    Parameters
    ----------
    result : tuple
    tried : Tried
        The first argument of its case is the data, shape (N, D).
    eps : float
        Named in messages; the lengths come from the reference.

    Returns
    -------
    Finding
        Fraction 1; 0.75 if only the mean is wrong; 0 if W is wrong.
    """
    X, (mean, W), (right_mean, right_W) = tried.case.args[0], result, tried.want
    lengths = np.linalg.norm(W, axis=0)
    if np.any(lengths == 0):
        return Finding(0, f"Column {np.argmin(lengths)} of `W` is zero: one direction of the data is lost.")
    directions, axes = W / lengths, right_W / np.linalg.norm(right_W, axis=0)
    variances = np.var(X @ directions, axis=0)
    differences = np.var(X @ axes, axis=0)[:, np.newaxis] - variances  # a direction may mix axes of one variance only
    astray = np.abs(axes @ (axes.T @ directions * differences)).max(axis=0) > 1e-6 * X.var(axis=0).sum()
    if np.any(astray):
        return Finding(0, f"Column {np.argmax(astray)} of `W` does not point along a principal axis of the data.")
    if np.max(np.abs(directions.T @ directions - np.eye(len(W)))) > 1e-6:
        return Finding(0, "Two columns of `W` are not orthogonal to each other.")
    want = np.linalg.norm(right_W.T @ directions, axis=0)
    wrong = np.abs(lengths - want) > 1e-6 * want
    if np.any(wrong):
        k = int(np.argmax(wrong))
        return Finding(
            0,
            f"The columns of `W` point the right way, but column {k} has length {lengths[k]:.6g} where the variance "
            f"{variances[k]:.6g} and eps {eps:g} ask for {want[k]:.6g}.",
        )
    if np.max(np.abs(mean - right_mean)) > 1e-9:
        return Finding(0.75, "`W` is right, but `mean` is not the mean of every feature.")
    return AS_IT_SHOULD_BE


@named_property
def interval_at_zero(result: Any, tried: Tried, low: float, high: float) -> Finding:
    """Check slopes at a kink at 0, where each value between the slopes of the two sides is right.

    Parameters
    ----------
    result : ndarray
    tried : Tried
    low, high : float
        The smaller and the larger slope of the two sides.

    Returns
    -------
    Finding
        Fraction 1 or 0.
    """
    wrong = [float(slope) for slope in np.ravel(result) if not low - 1e-6 <= slope <= high + 1e-6]
    if not wrong:
        return AS_IT_SHOULD_BE
    return Finding(0.0, f"At exactly 0 any slope from {low:g} to {high:g} is right; got {wrong[0]:.12g}.")
