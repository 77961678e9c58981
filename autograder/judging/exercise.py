"""Define an exercise as data: the reference function, the inputs of its tests, the known mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Cases = Callable[[np.random.Generator], Sequence["Case"]]


@dataclass(frozen=True)
class Finding:
    """The result of checking a property of one result.

    Attributes
    ----------
    fraction : float
        Fraction of the part's points that the result earns, in [0, 1].
    message : str
        Required if `fraction` is below 1: what is expected and what was returned, in words.

    Raises
    ------
    ValueError
        If `fraction` lies outside of [0, 1], or the required message is missing.
    """

    fraction: float
    message: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.fraction <= 1:
            raise ValueError(f"fraction must lie in [0, 1] (got {self.fraction})")
        if self.fraction < 1 and not self.message:
            raise ValueError("a finding with a fraction below 1 must have a message")


AS_IT_SHOULD_BE = Finding(1.0)


class Case:
    """One call of the student's function.

    Parameters
    ----------
    *args, **kwargs
        Arguments of the call. Arrays are passed as read-only copies, unless the exercise has `writable_inputs`.
    label : str
        What is special about this input, in words. Of a hidden case, students see only the label.
    warning_forgiven : bool
        Whether a NumPy warning costs no points here (inputs that contain NaN).
    context : dict, optional
        Further parameters of the part's property, for this case only, such as the seed of a training run.
    """

    def __init__(
        self,
        *args: Any,
        label: str = "",
        warning_forgiven: bool = False,
        context: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.args = args
        self.kwargs = kwargs
        self.label = label
        self.warning_forgiven = warning_forgiven
        self.context = dict(context or {})


@dataclass(frozen=True)
class Tried:
    """The context of a result that a property checks.

    Attributes
    ----------
    case : Case
    want : object
        The reference's result.
    outputs : sequence of str
        Names of the returned values, if a tuple is returned.
    earlier : tuple of (Case, object)
        Cases of the same part that the property has checked before, each with the answer's result.
    """

    case: Case
    want: Any
    outputs: Sequence[str] = ()
    earlier: tuple[tuple[Case, Any], ...] = ()


Check = Callable[[Any, Tried], Finding]


@dataclass(frozen=True)
class Part:
    """A part of an exercise. Its points are earned when all its cases pass.

    Attributes
    ----------
    name : str
        What is tested, in a student's words.
    points : float
        Greater than 0.
    cases : callable
        Takes a `numpy.random.Generator`, returns the cases; the same generator gives the same cases.
    hidden : bool
        Whether it is judged only when the work is graded.
    rtol, atol : float
        A value v passes if abs(v − want) ≤ atol + rtol·abs(want). For float32, rtol is at least 2e-5 and atol 1e-6.
    check : callable or None
        A property, for parts with many right answers. It takes the result (of the reference's type and shape, all
        numbers finite) and a `Tried`, and returns a `Finding`. It replaces the comparison with the reference's
        values. The part earns the smallest fraction of its cases.
    """

    name: str
    points: float
    cases: Cases
    hidden: bool = False
    rtol: float = 1e-9
    atol: float = 1e-12
    check: Check | None = None


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer. An answer with the same results has made the same mistake.

    Attributes
    ----------
    name : str
        The diagnosis, a short identifier.
    function : callable
        The wrong answer.
    message : str
        The text for the student: where to look, never the answer.
    """

    name: str
    function: Callable[..., Any]
    message: str


@dataclass(frozen=True)
class Curve:
    """A picture of an answer as a curve.

    Attributes
    ----------
    x : ndarray, shape (n,)
        The points at which the function is evaluated.
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
class Histogram:
    """A picture of a random result: the histogram of its entries over that of the reference."""


@dataclass(frozen=True)
class Cloud:
    """A picture of a cloud of points after an answer has transformed it.

    Attributes
    ----------
    X : ndarray, shape (n, D)
        The cloud, one point per row.
    points : callable
        Takes the function and `X`, returns n points.
    """

    X: np.ndarray[Any, Any]
    points: Callable[[Callable[..., Any], np.ndarray[Any, Any]], Any]


@dataclass(frozen=True, eq=False)  # compared and hashed by identity
class Exercise:
    """An exercise: the function that students write, and the way it is judged.

    Attributes
    ----------
    name : str
        Name of the function in the notebook, in the reference and in the grader.
    lesson : str
        The lesson's folder.
    reference : callable
        The right answer.
    parts : sequence of Part
    mistakes : sequence of Mistake
        The most specific one first: the first that matches is the diagnosis.
    outputs : sequence of str
        Names of the returned values, if a tuple is returned.
    uses : sequence of str
        Earlier exercises that an answer may call. A wrong answer is judged again with their references, and the better
        verdict counts.
    keeps_dtype : bool
        Whether the dtype of the result is judged (element-wise functions).
    writable_inputs : bool
        Whether inputs are writable during the call (they must still be the same afterwards).
    picture : Curve, Histogram, Cloud or None
        The picture on its card; with `None`, the card shows wrong matrices and wrong lists of layers.
    mistake_features : callable or None
        For exercises with many right answers. It takes a result and the case, and returns features, such as the spread
        of random weights. Two results with equal features come from the same mistake.
    mistake_rtol : float
        Relative tolerance within which two results, or their features, come from the same mistake.
    notice : str
        Text that is printed before judging, if judging takes seconds.
    words : mapping of str to (str, str)
        For mistakes that are recognized in any exercise (`judging/detective.py`), by their name: the name and the
        message to use in this exercise instead.
    max_points : float
        The sum of the points of all parts, computed from them.

    Raises
    ------
    ValueError
        If two mistakes have the same name, there are no parts, or a part's points are not above 0.
    """

    name: str
    lesson: str
    reference: Callable[..., Any]
    parts: Sequence[Part]
    mistakes: Sequence[Mistake] = ()
    outputs: Sequence[str] = ()
    uses: Sequence[str] = ()
    keeps_dtype: bool = False
    writable_inputs: bool = False
    picture: Curve | Histogram | Cloud | None = None
    mistake_features: Callable[[Any, Case], Any] | None = None
    mistake_rtol: float = 1e-6
    notice: str = ""
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    max_points: float = field(init=False)

    def __post_init__(self) -> None:
        names = [mistake.name for mistake in self.mistakes]
        if len(set(names)) != len(names):
            raise ValueError(f"mistakes of {self.name} must have different names (got {names})")
        if not self.parts or any(part.points <= 0 for part in self.parts):
            raise ValueError(f"{self.name} must have at least one part, each with points above 0")
        object.__setattr__(self, "max_points", float(sum(part.points for part in self.parts)))
