"""Properties of results: what a part checks where many answers are right, by name and with numbers as parameters.

A property is recorded as its name and its parameters. So a notebook's record holds no formula.
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
        """Check a result of one case."""
        return PROPERTIES[self.name](result, tried, **{**self.parameters, **tried.case.context})


def named_property(function: Callable[..., Finding]) -> Callable[..., Property]:
    """Register a check under the function's name; calling it with parameters then creates a `Property`.

    Parameters
    ----------
    function : callable
        Takes the result, a `Tried`, and parameters by keyword or position; returns a `Finding`.

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
    """Check some of several results and leave the others to other parts.

    Parameters
    ----------
    result : tuple
    tried : Tried
    outputs : str
        Names of the results that count, such as "dgamma, dbeta".
    rtol, atol : float
        A value v is right where abs(v − want) ≤ atol + rtol·abs(want).
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
def interval_at_zero(result: Any, tried: Tried, low: float, high: float) -> Finding:
    """Check slopes at a kink at 0, where each value between the slopes of the two sides is right.

    Parameters
    ----------
    result : ndarray
    tried : Tried
    low, high : float
        The smaller and the larger slope of the two sides.
    """
    wrong = [float(slope) for slope in np.ravel(result) if not low - 1e-6 <= slope <= high + 1e-6]
    if not wrong:
        return AS_IT_SHOULD_BE
    return Finding(0.0, f"At exactly 0 any slope from {low:g} to {high:g} is right; got {wrong[0]:.12g}.")
