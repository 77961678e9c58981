"""Build an exercise from a table, the compact form in which every exercise of the course is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from autograder.judging.exercise import Case, Cases, Cloud, Curve, Exercise, Histogram, Mistake, Part
from autograder.judging.properties import Property

HIDDEN: Final = "hidden"  # in a row of `parts`: judged only when the work is graded


class within(NamedTuple):  # noqa: N801  # reads as a word in a row of `parts`
    """Tolerances of one part that differ from those of the exercise."""

    rtol: float
    atol: float


Row = tuple[float, str, Cases] | tuple[float, str, Cases, Any] | tuple[float, str, Cases, Any, Any]
Mistakes = Mapping[str, tuple[Callable[..., Any], str]]


def exercise(
    reference: Callable[..., Any],
    lesson: str,
    *,
    parts: Sequence[Row],
    mistakes: Mistakes | None = None,
    words: Mapping[str, tuple[str, str]] | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-12,
    outputs: Sequence[str] = (),
    uses: Sequence[str] = (),
    keeps_dtype: bool = False,
    writable_inputs: bool = False,
    picture: Curve | Histogram | Cloud | None = None,
    mistake_features: Callable[[Any, Case], Any] | None = None,
    mistake_rtol: float = 1e-6,
    notice: str = "",
) -> Exercise:
    """Build an exercise from a table; it has the name of its reference function.

    Parameters
    ----------
    reference : callable
        The right answer.
    lesson : str
        The lesson's folder, such as "01_sigmoid_saturation".
    parts : sequence of tuple
        Rows of (points, name, cases), each with up to two more entries: `HIDDEN`, a property that replaces the
        comparison of values, or `within(rtol, atol)`. `cases` takes a `numpy.random.Generator` and returns a list of
        `Case`.
    mistakes : mapping of str to (callable, str)
        For each name of a mistake: the wrong function, and the message on the card. The most specific one comes first.
    words : mapping of str to (str, str)
        For mistakes that are recognized in any exercise, by their name: another name and another message.
    rtol, atol : float
        Tolerances of all parts: a value v is right if abs(v − want) ≤ atol + rtol·abs(want).
    outputs, uses, keeps_dtype, writable_inputs, picture, mistake_features, mistake_rtol, notice
        See `Exercise`.

    Returns
    -------
    Exercise
        It is not registered yet.

    Raises
    ------
    ValueError
        If there are no rows, a row has another entry, its points are not above 0, or two mistakes have the same name.
    """
    return Exercise(
        reference.__name__,
        lesson,
        reference,
        parts=[_part(row, rtol, atol) for row in parts],
        mistakes=[Mistake(name, function, message) for name, (function, message) in (mistakes or {}).items()],
        words=words or {},
        outputs=outputs,
        uses=uses,
        keeps_dtype=keeps_dtype,
        writable_inputs=writable_inputs,
        picture=picture,
        mistake_features=mistake_features,
        mistake_rtol=mistake_rtol,
        notice=notice,
    )


def _part(row: Row, rtol: float, atol: float) -> Part:
    points, name, cases, *extras = row
    tolerances, hidden, check = within(rtol, atol), False, None
    for extra in extras:
        if isinstance(extra, within):
            tolerances = extra
        elif isinstance(extra, Property):
            check = extra
        elif extra == HIDDEN:
            hidden = True
        else:
            raise ValueError(f"a row of parts must hold HIDDEN, a property or within(rtol, atol) (got {extra!r})")
    return Part(name, points, cases, hidden=hidden, rtol=tolerances.rtol, atol=tolerances.atol, check=check)
