"""The card: a verdict as people read it, in a notebook (HTML) and in a terminal (text).

Styles stand inside the tags, because notebooks that are not trusted lose style sheets. Text takes the
page's own colour, so that the card reads on light and on dark.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from html import escape
from typing import Any

from autograder.judging.exercise import Exercise
from autograder.judging.picture import curve_svg
from autograder.judging.verdict import Failure, PartResult, Verdict

_GREEN, _ORANGE, _BLUE = (
    "#009E73",
    "#D55E00",
    "#3A8FC8",
)  # told apart by colour-blind readers, on white and black
_CELL = "padding:3px 12px 3px 0;text-align:left;vertical-align:top;border:0;background:transparent;color:inherit"
_CODE = "font-family:var(--jp-code-font-family,monospace);background:rgba(128,128,128,.14);padding:0 4px"


def as_html(exercise: Exercise, verdict: Verdict, function: Callable[..., Any] | None) -> str:
    """Draw the card for a notebook.

    Parameters
    ----------
    exercise : Exercise
    verdict : Verdict
        Of an answer to this exercise.
    function : callable or None
        The answer, for its curve; called once more on public inputs.

    Returns
    -------
    str
        One `div`; everything that came from the student is escaped.
    """
    state, colour = _state(verdict)
    rows = "".join(_row(part) for part in verdict.parts) + _waiting_row(exercise, verdict)
    blocks = [
        f'<div style="display:flex;flex-wrap:wrap;justify-content:space-between;gap:2px 16px">'
        f'<span style="font-weight:600"><code style="{_CODE}">{escape(exercise.name)}</code> {state}</span>'
        f"<span>{_points(verdict)}</span></div>",
        f'<p style="margin:6px 0">{_prose(verdict.message)}</p>',
        _details(verdict),
        f'<table style="border-collapse:collapse;margin:6px 0;border:0;font-size:inherit">'
        f'<thead><tr><th scope="col" style="{_CELL};font-weight:600">part</th>'
        f'<th scope="col" style="{_CELL};font-weight:600">result</th>'
        f'<th scope="col" style="{_CELL};font-weight:600">points</th></tr></thead><tbody>{rows}</tbody></table>',
        *(f'<p style="margin:6px 0">{_prose(note)}</p>' for note in _notes(verdict)),
    ]
    if function is not None and not _hopeless(verdict):
        blocks.append(curve_svg(exercise, function))
    return (
        f'<div role="group" aria-label="Result for {escape(exercise.name)}" style="max-width:680px;'
        f"border:1px solid rgba(128,128,128,.35);border-left:5px solid {colour};border-radius:4px;"
        f'padding:10px 14px;margin:6px 0;color:inherit;line-height:1.45">{"".join(blocks)}</div>'
    )


def as_text(exercise: Exercise, verdict: Verdict) -> str:
    """Write the card for a terminal, at most 88 columns wide."""
    state, _ = _state(verdict)
    lines = [f"{exercise.name} {state} · {_points(verdict)}"]
    lines += _wrapped(verdict.message)
    failure = _first_failure(verdict)
    if failure:
        lines += [line for label, text in _facts(failure) for line in _wrapped(f"{label}: {text}")]
    for part in verdict.parts:
        lines.append(f"  {_mark(part):<12} {part.name} ({part.points:g} of {part.max_points:g})")
    waiting = exercise.max_points - verdict.max_points
    if waiting:
        lines.append(f"  {'? at grading':<12} hidden cases ({waiting:g})")
    for note in _notes(verdict):
        lines += _wrapped(note)
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 88, initial_indent="  ", subsequent_indent="  ", tabsize=4)


def _hopeless(verdict: Verdict) -> bool:
    """Tell whether calling the function once more, for its curve, would give nothing or take as long again."""
    return any(part.failure and part.failure.not_worth_calling_again for part in verdict.parts)


_NOT_STARTED = "is not written yet"


def _state(verdict: Verdict) -> tuple[str, str]:
    first = _first_failure(verdict)
    if first and first.not_written and not verdict.points:
        return _NOT_STARTED, _BLUE
    return ("is right", _GREEN) if verdict.passed else ("is not right yet", _ORANGE)


def _points(verdict: Verdict) -> str:
    return f"{verdict.points:g} of {verdict.max_points:g} points"


def _mark(part: PartResult) -> str:
    if part.passed:
        return "✓ right"
    waiting = part.failure is not None and part.failure.not_written
    if waiting:
        return "– open"
    return "◐ in part" if part.points else "✗ not yet"


def _row(part: PartResult) -> str:
    hidden = " (hidden)" if part.hidden else ""
    return (
        f'<tr style="background:transparent"><td style="{_CELL}">{escape(part.name)}{hidden}</td>'
        f'<td style="{_CELL}">{_mark(part)}</td>'
        f'<td style="{_CELL}">{part.points:g} of {part.max_points:g}</td></tr>'
    )


def _waiting_row(exercise: Exercise, verdict: Verdict) -> str:
    waiting = exercise.max_points - verdict.max_points
    if not waiting:
        return ""
    return (
        f'<tr style="background:transparent;opacity:.75"><td style="{_CELL}">hidden cases</td>'
        f'<td style="{_CELL}">judged when the work is graded</td><td style="{_CELL}">{waiting:g} more</td></tr>'
    )


def _details(verdict: Verdict) -> str:
    failure = _first_failure(verdict)
    facts = _facts(failure) if failure else []
    if not facts:
        return ""
    rows = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{_CELL};font-weight:400;opacity:.75">{label}</th>'
        f'<td style="{_CELL};overflow-wrap:anywhere"><code style="{_CODE}">{escape(text)}</code></td></tr>'
        for label, text in facts
    )
    return f'<table style="border-collapse:collapse;margin:6px 0;border:0;font-size:inherit">{rows}</table>'


def _first_failure(verdict: Verdict) -> Failure | None:
    return next((part.failure for part in verdict.parts if part.failure), None)


def _facts(failure: Failure) -> list[tuple[str, str]]:
    """List what there is to say of the first failure: on which input, where, what came and what should have."""
    if failure.not_written:
        return []
    return [
        (label, text)
        for label, text in (
            ("case", failure.case),
            ("call", failure.call),
            ("entry", failure.index),
            ("got", failure.got),
            ("expected", failure.expected),
            ("difference", failure.difference),
        )
        if text
    ]


def _notes(verdict: Verdict) -> list[str]:
    notes = []
    first = _first_failure(verdict)
    if first and not first.not_written and first.message not in verdict.message:
        notes.append(f"What was seen: {first.message}")
    if verdict.judged_with:
        names = ", ".join(f"`{name}`" for name in verdict.judged_with)
        notes.append(f"Judged with the reference {names}: an earlier exercise costs its own points only.")
    if verdict.printed:
        notes.append(f"It printed: {verdict.printed.strip()}")
    return notes


def _prose(text: str) -> str:
    """Escape a text and set what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", rf'<code style="{_CODE}">\1</code>', escape(text))
