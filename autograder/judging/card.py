"""Write the card, which shows a verdict as HTML in a notebook and as text in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from html import escape
from typing import Any

from autograder.judging import reproduce, style
from autograder.judging.case_result import CaseResult
from autograder.judging.exercise import Exercise
from autograder.judging.picture import picture_svg
from autograder.judging.verdict import Failure, PartResult, Verdict


def as_html(
    exercise: Exercise, verdict: Verdict, function: Callable[..., Any] | None, evidence: CaseResult | None = None
) -> str:
    """Return the card for a notebook, as HTML.

    Parameters
    ----------
    exercise : Exercise
    verdict : Verdict
        The verdict on an answer to this exercise.
    function : callable or None
        The answer. It is called once more on public inputs, to draw its curve. With `None` there is no picture.
    evidence : CaseResult or None
        The case to show in detail; never a hidden one. With `None` the card shows no case.

    Returns
    -------
    str
        One `div`. All text from the student is escaped.
    """
    state, colour = _state(verdict)
    blocks = [
        f'<div style="display:flex;flex-wrap:wrap;justify-content:space-between;gap:2px 16px">'
        f'<span style="font-weight:600"><code style="{style.CODE}">{escape(exercise.name)}</code> {state}</span>'
        f"<span>{_points(verdict)}</span></div>",
        style.paragraph(verdict.message),
        style.facts(_facts(failure) if (failure := _first_failure(verdict)) else []),
        style.table(["part", "result", "points"], [*map(_row, verdict.parts), *_waiting_row(exercise, verdict)]),
        *map(style.paragraph, _notes(verdict)),
    ]
    if function is not None and not _is_hopeless(verdict):
        blocks.append(picture_svg(exercise, function, evidence))
    if evidence is not None and evidence.failure is not None and not evidence.failure.not_written:
        blocks.append(_code_to_paste(exercise, evidence))
    return style.box(f"Result for {exercise.name}", colour, blocks)


def _code_to_paste(exercise: Exercise, evidence: CaseResult) -> str:
    code = reproduce.cell(exercise.name, evidence.case)
    if not code:
        return ""
    return (
        f'<details style="margin:6px 0"><summary>The input of this case, as code to paste into a cell</summary>'
        f'<pre style="{style.PRE}">{escape(code)}</pre></details>'
    )


def as_text(exercise: Exercise, verdict: Verdict) -> str:
    """Return the card for a terminal: lines of at most 88 columns, joined by line breaks."""
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


def _is_hopeless(verdict: Verdict) -> bool:
    """Return whether another call, to draw the curve, is useless: there is no answer yet, or a call ran out of time."""
    return any(part.failure and part.failure.not_worth_calling_again for part in verdict.parts)


_NOT_STARTED = "is not written yet"


def _state(verdict: Verdict) -> tuple[str, str]:
    first = _first_failure(verdict)
    if first and first.not_written and not verdict.points:
        return _NOT_STARTED, style.BLUE
    return ("is right", style.GREEN) if verdict.passed else ("is not right yet", style.ORANGE)


def _points(verdict: Verdict) -> str:
    return f"{verdict.points:g} of {verdict.max_points:g} points"


def _mark(part: PartResult) -> str:
    written = part.failure is None or not part.failure.not_written
    return style.mark(written=written, right=part.passed, points=part.points)


def _row(part: PartResult) -> list[str]:
    hidden = " (hidden)" if part.hidden else ""
    return [escape(part.name) + hidden, _mark(part), f"{part.points:g} of {part.max_points:g}"]


def _waiting_row(exercise: Exercise, verdict: Verdict) -> list[list[str]]:
    waiting = exercise.max_points - verdict.max_points
    return [["hidden cases", "judged when the work is graded", f"{waiting:g} more"]] if waiting else []


def _first_failure(verdict: Verdict) -> Failure | None:
    return next((part.failure for part in verdict.parts if part.failure), None)


def _facts(failure: Failure) -> list[tuple[str, str]]:
    """Return the facts of a failure as (label, text): case, call, entry, result, expected result and difference.

    Facts without a text are left out. The list is empty if there is no answer yet.
    """
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
