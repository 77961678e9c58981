"""An exercise as data: what is asked, on which inputs it is tested, which mistakes are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Cases = Callable[[np.random.Generator], Sequence["Case"]]


class Case:
    """One call of the student's function.

    Parameters
    ----------
    *args, **kwargs
        What the function is called with. Arrays reach it as read-only copies, unless the exercise says
        `may_move_inputs`.
    label : str
        What is special about this input, in words: the only thing a student learns of a hidden case.
    warning_forgiven : bool
        Whether a NumPy warning costs nothing here (inputs that hold NaN).
    """

    def __init__(self, *args: Any, label: str = "", warning_forgiven: bool = False, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs
        self.label = label
        self.warning_forgiven = warning_forgiven


@dataclass(frozen=True)
class Part:
    """A share of an exercise's points, earned when all its cases pass.

    Attributes
    ----------
    name : str
        What is tested, as a student would say it.
    points : float
        Above 0.
    cases : callable
        Takes a `numpy.random.Generator`, returns the cases; the same generator gives the same cases.
    hidden : bool
        Whether it is judged only when the work is graded.
    rtol, atol : float
        A value v passes where |v − want| ≤ atol + rtol·|want| (float64; float32 is given 2e-5 and 1e-6).
    """

    name: str
    points: float
    cases: Cases
    hidden: bool = False
    rtol: float = 1e-9
    atol: float = 1e-12


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is known: an answer with the same outputs has made the same mistake.

    Attributes
    ----------
    name : str
        The diagnosis, a short identifier.
    function : callable
        The wrong answer.
    message : str
        What the student reads: where to look, never the answer.
    """

    name: str
    function: Callable[..., Any]
    message: str


@dataclass(frozen=True)
class Curve:
    """How to draw an exercise's answer as a curve on its card.

    Attributes
    ----------
    x : ndarray, shape (n,)
        Where.
    y : callable
        Takes the function and `x`, returns the n values.
    xlabel, ylabel : str
    logx : bool
        Whether the horizontal axis is logarithmic.
    """

    x: np.ndarray[Any, Any]
    y: Callable[[Callable[..., Any], np.ndarray[Any, Any]], Any]
    xlabel: str
    ylabel: str
    logx: bool = False


@dataclass(frozen=True)
class Exercise:
    """What students write, and how it is judged.

    Attributes
    ----------
    name : str
        Of the function, everywhere: notebook, reference, grader.
    lesson : str
        The lesson's folder.
    reference : callable
        The right answer.
    parts : sequence of Part
    mistakes : sequence of Mistake
        Most specific first: the first that fits is the diagnosis.
    outputs : sequence of str
        Names of what is returned, where that is a tuple.
    uses : sequence of str
        Earlier exercises that an answer may call; where that helps, it is judged again with their references.
    keeps_dtype : bool
        Whether the dtype of the result is judged (element-wise functions).
    may_move_inputs : bool
        Whether inputs are writable during the call (they must still be the same afterwards).
    curve : Curve or None
    """

    name: str
    lesson: str
    reference: Callable[..., Any]
    parts: Sequence[Part]
    mistakes: Sequence[Mistake] = ()
    outputs: Sequence[str] = ()
    uses: Sequence[str] = ()
    keeps_dtype: bool = False
    may_move_inputs: bool = False
    curve: Curve | None = None
    max_points: float = field(init=False)

    def __post_init__(self) -> None:
        names = [mistake.name for mistake in self.mistakes]
        if len(set(names)) != len(names):
            raise ValueError(f"mistakes of {self.name} must have different names (got {names})")
        if not self.parts or any(part.points <= 0 for part in self.parts):
            raise ValueError(f"{self.name} must have at least one part, each with points above 0")
        object.__setattr__(self, "max_points", float(sum(part.points for part in self.parts)))
