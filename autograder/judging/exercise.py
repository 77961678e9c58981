"""An exercise as data: the function, the inputs it is tested on, the known mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Cases = Callable[[np.random.Generator], Sequence["Case"]]


@dataclass(frozen=True)
class Finding:
    """The verdict of a property on one result.

    Attributes
    ----------
    fraction : float
        Fraction of the part's points that the result earns, in [0, 1].
    message : str
        Needed where `fraction` is below 1: what must be and what was got, in words.
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
        What the function is called with. Arrays reach it as read-only copies, unless the exercise says
        `writable_inputs`.
    label : str
        What is special about this input, in words. It is all that a student learns of a hidden case.
    warning_forgiven : bool
        Whether a NumPy warning costs nothing here (inputs that hold NaN).
    context : dict, optional
        Further parameters of the part's property that hold for this case only, such as the seed of a training run.
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
    """The surroundings of a result that a property checks.

    Attributes
    ----------
    case : Case
    want : object
        The reference's result.
    outputs : sequence of str
        Names of what is returned, where that is a tuple.
    earlier : tuple of (Case, object)
        Cases of the same part that the property has judged before, each with the answer's result.
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
        What is tested, as a student would say it.
    points : float
        Above 0.
    cases : callable
        Takes a `numpy.random.Generator`, returns the cases; the same generator gives the same cases.
    hidden : bool
        Whether it is judged only when the work is graded.
    rtol, atol : float
        A value v passes where abs(v − want) ≤ atol + rtol·abs(want) (float64; float32 is given 2e-5 and 1e-6).
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
        What the student reads: where to look, never the answer.
    """

    name: str
    function: Callable[..., Any]
    message: str


@dataclass(frozen=True)
class Curve:
    """Draw an answer as a curve.

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
class Histogram:
    """Draw a histogram of a random result's entries over that of the reference."""


@dataclass(frozen=True)
class Cloud:
    """Draw a cloud of points after an answer has transformed it.

    Attributes
    ----------
    X : ndarray, shape (n, D)
        The cloud, one point a row.
    points : callable
        Takes the function and `X`, returns n points.
    """

    X: np.ndarray[Any, Any]
    points: Callable[[Callable[..., Any], np.ndarray[Any, Any]], Any]


@dataclass(frozen=True, eq=False)  # an exercise is itself and no other
class Exercise:
    """An exercise: the function that students write, and the way it is judged.

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
    writable_inputs : bool
        Whether inputs are writable during the call (they must still be the same afterwards).
    picture : Curve, Histogram, Cloud or None
        What its card draws; with `None`, matrices and lists of layers that are wrong.
    mistake_features : callable or None
        Where there are many right answers: takes a result and the case, and gives what two results have in
        common when they are the same mistake, such as the spread of random weights.
    mistake_rtol : float
        Relative tolerance within which two results (or their mistake_features) are the same mistake.
    notice : str
        Text that is printed before judging, where that takes seconds.
    words : mapping of str to (str, str)
        By the name of a mistake that is recognized in any exercise (`judging/detective.py`): the name and the message
        that this exercise has for it.
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
