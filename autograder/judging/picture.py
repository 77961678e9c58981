"""Pictures on a card: the student's curve against the expected one, as an SVG that follows light and dark pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from autograder.judging import calls, style
from autograder.judging.exercise import Curve, Exercise

_INK = "#010203"  # drawn in this colour by matplotlib, then replaced by the page's own text colour


def curve_svg(exercise: Exercise, function: Callable[..., Any]) -> str:
    """Draw an answer's curve and the expected one; "" where the exercise has none or the answer gives no numbers.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The answer.

    Returns
    -------
    str
        An `svg` element with a text for screen readers.
    """
    curve = exercise.curve
    if curve is None:
        return ""
    got, want = _values(curve, function), _values(curve, exercise.reference)
    if got is None or want is None:
        return ""
    same = bool(np.allclose(got, want, rtol=1e-3, atol=1e-3 * float(np.max(np.abs(want))), equal_nan=True))
    text = f"{exercise.name}: your curve {'lies on' if same else 'differs from'} the expected one"
    svg = _draw(curve, got, want).replace(_INK, "currentColor")
    start = svg.index("<svg")
    opening = f'<svg role="img" aria-label="{escape(text)}" style="max-width:100%;height:auto" '
    return opening + svg[start + len("<svg ") :]


def _values(curve: Curve, function: Callable[..., Any]) -> Any:
    outcome = calls.call(lambda x: curve.y(function, x), (curve.x,), {}, writable=False)
    value = outcome.value
    if not isinstance(value, np.ndarray) or value.shape != curve.x.shape or not np.isfinite(value).any():
        return None
    return value.astype(float)


def _draw(curve: Curve, got: Any, want: Any) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    low, high = float(np.min(want)), float(np.max(want))
    margin = 0.15 * (high - low or 1.0)
    far = 100 * margin  # out of sight; the numbers beyond could overflow in the drawing
    inked: Any = {"svg.fonttype": "none", "svg.hashsalt": "card", "font.size": 9, "axes.edgecolor": _INK}
    inked |= dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), _INK)
    default = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith("backend")}
    with mpl.rc_context(), np.errstate(all="ignore"):
        mpl.rcParams.update({**default, **inked})
        figure = Figure(figsize=(5.4, 2.1), layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        ax = figure.add_subplot()
        ax.patch.set_alpha(0)
        ax.spines[["top", "right"]].set_visible(False)
        ax.plot(curve.x, want, color=style.BLUE, linewidth=5, alpha=0.6, label="expected")
        seen = np.clip(got, low - far, high + far)
        ax.plot(curve.x, seen, color=style.ORANGE, linewidth=1.6, linestyle="--", label="yours")
        ax.set_ylim(low - margin, high + margin)
        ax.set(xlabel=curve.xlabel, ylabel=curve.ylabel, xscale="log" if curve.logx else "linear")
        ax.legend(frameon=False, loc="best")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    # matplotlib's style sheet speaks of every element of the page, not only of this picture's
    return re.sub(r"<style.*?</style>", "", buffer.getvalue(), flags=re.DOTALL)
