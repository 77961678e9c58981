"""Choose and draw a card's picture, as an SVG for light and dark pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np

from autograder.judging import calls, drawings
from autograder.judging.case_result import CaseResult
from autograder.judging.exercise import Cloud, Curve, Exercise, Histogram

_INK = "#010203"  # drawn in this colour by matplotlib, then replaced by the page's own text colour


class Drawing:
    """Numbers and the function that draws them. Two drawings of the same numbers are equal.

    Parameters
    ----------
    draw : callable
        Takes a matplotlib figure and the numbers, draws, and returns a description in words.
    *numbers
        Arrays, lists of arrays or texts.
    """

    def __init__(self, draw: Callable[..., str], *numbers: Any) -> None:
        self._draw, self._numbers = draw, numbers
        self._key = (draw.__name__, _key(list(numbers)))

    def on(self, figure: Any) -> str:
        """Draw into a figure and return a description of it."""
        return self._draw(figure, *self._numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Drawing) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _key(numbers: Any) -> Any:
    if isinstance(numbers, np.ndarray):
        return numbers.shape, numbers.dtype.str, numbers.tobytes()
    return tuple(map(_key, numbers)) if isinstance(numbers, list) else numbers


def _coarse(got: Any, want: Any) -> Any:
    """Return `got` rounded to 1e-4 of the range of `want`, a difference that cannot be seen.

    So all right answers of a class have the same cached picture.
    """
    unit = 1e-4 * (float(np.ptp(want[np.isfinite(want)])) or 1.0)
    with np.errstate(all="ignore"):
        return np.round(got / unit) * unit


def picture_svg(exercise: Exercise, function: Callable[..., Any], case_result: CaseResult | None) -> str:
    """Return a picture of an answer beside the expected one.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The answer.
    case_result : CaseResult or None
        A visible case: the first that failed, or the first of all.

    Returns
    -------
    str
        An `svg` element with a description for screen readers; "" if there is nothing to draw.
    """
    drawing = None
    if isinstance(exercise.picture, Curve):  # an exercise with a curve or a cloud has no other picture
        drawing = _of_curve(exercise, exercise.picture, function)
    elif isinstance(exercise.picture, Cloud):
        drawing = _of_cloud(exercise, exercise.picture, function)
    elif case_result is not None and case_result.outcome.error is None:
        with np.errstate(all="ignore"):
            drawing = _of_trial(exercise, case_result)
    if drawing is None:
        return ""
    svg, text = _render(drawing)
    opening = f'<svg role="img" aria-label="{escape(f"{exercise.name}: {text}")}" style="max-width:100%;height:auto" '
    return opening + svg.replace(_INK, "currentColor")[svg.index("<svg") + len("<svg ") :]


def _of_curve(exercise: Exercise, curve: Curve, function: Callable[..., Any]) -> Drawing | None:
    got, want = _values(curve, function), _values(curve, exercise.reference)
    if got is None or want is None:
        return None
    labels = (curve.xlabel, curve.ylabel)
    return Drawing(drawings.curve, curve.x, _coarse(got, want), want, labels, curve.logx)


def _of_cloud(exercise: Exercise, cloud: Cloud, function: Callable[..., Any]) -> Drawing | None:
    got, want = (_result(cloud.points, one, cloud.X) for one in (function, exercise.reference))
    if got is None or want is None or got.shape != want.shape or not np.isfinite(got).all():
        return None
    return Drawing(drawings.cloud, _coarse(got, want), want)


def _values(curve: Curve, function: Callable[..., Any]) -> Any:
    value = _result(curve.y, function, curve.x)
    if value is None or value.shape != curve.x.shape or not np.isfinite(value).any():
        return None
    return value


def _result(use: Callable[..., Any], function: Callable[..., Any], x: Any) -> Any:
    """Return the answer's values for the picture as floats; `None` if it raises or returns no array."""
    value = calls.call(lambda x: use(function, x), (x,), {}, writable=False).value
    return value.astype(float) if isinstance(value, np.ndarray) else None


def _of_trial(exercise: Exercise, case_result: CaseResult) -> Drawing | None:
    got, want = case_result.outcome.value, case_result.want
    if exercise.picture is None and case_result.part.check:
        return None  # there are many right answers, so a comparison with the reference would mislead
    if isinstance(want, tuple):
        got, want = _first_wrong(got, want)
    if isinstance(want, list) and want and all(isinstance(layer, np.ndarray) for layer in want):
        return _of_layers(got, want)
    if not isinstance(got, np.ndarray) or not isinstance(want, np.ndarray) or not (got.size and want.size):
        return None
    if isinstance(exercise.picture, Histogram):
        finite = bool(np.isfinite(got).all())
        return Drawing(drawings.histogram, got.ravel(), want.ravel()) if finite else None
    if case_result.failure is None or case_result.failure.kind not in ("value", "shape"):
        return None  # nothing to draw: the matrix is right
    if got.ndim == want.ndim == 2:
        return Drawing(drawings.difference, got, want)
    if got.ndim == want.ndim == 1 and 2 <= max(want.size, got.size) <= 40:
        return Drawing(drawings.entries, got, want)
    return None


def _of_layers(got: Any, want: list[Any]) -> Drawing | None:
    if not isinstance(got, list | tuple) or not got or not all(isinstance(layer, np.ndarray) for layer in got):
        return None
    return Drawing(drawings.layers, list(got), want)


def _first_wrong(got: Any, want: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return the first wrong value of several, and the expected one.

    If all are right, the first value. If the number of values is wrong, two `None`.
    """
    if not isinstance(got, tuple | list) or len(got) != len(want):
        return None, None
    for one, other in zip(got, want, strict=True):
        if isinstance(other, list) or not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
            return one, other
        if one.shape != other.shape or not np.allclose(one, other, rtol=1e-6, equal_nan=True):
            return one, other
    return got[0], want[0]


@lru_cache(maxsize=64)
def _render(drawing: Drawing) -> tuple[str, str]:
    """Return a picture as SVG and its description; drawn once for all answers with the same numbers."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    inked: Any = {"svg.fonttype": "none", "svg.hashsalt": "card", "font.size": 9, "axes.edgecolor": _INK}
    inked |= dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), _INK)
    default = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith("backend")}
    with mpl.rc_context(), np.errstate(all="ignore"):
        mpl.rcParams.update({**default, **inked})
        figure = Figure(figsize=(5.6, 2.1))  # fixed layout: an automatic layout takes longer than the drawing
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        text = drawing.on(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None}, dpi=100)
    # matplotlib's style sheet would change all elements of the page, not only those of this picture.
    return re.sub(r"<style.*?</style>", "", buffer.getvalue(), flags=re.DOTALL), text
