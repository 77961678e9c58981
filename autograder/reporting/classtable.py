"""Build the class table for the terminal, and the same data as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from autograder.grading.course.atomic_write import write_atomically
from autograder.grading.record.scores import Mark, Outcome

_GOOD, _BAD = "green", "yellow"
_text = cache(Text)  # many rows have equal texts, which share one object


def class_table(lesson: str, outcomes: Sequence[Outcome]) -> Table:
    """Build the class table and return it.

    A row is a student. A column is an exercise; further columns are the points, the points by hand and the recognized
    mistakes.

    Parameters
    ----------
    lesson : str
        The title.
    outcomes : sequence of Outcome
        One per student.
    """
    numbers = {name: n for n, name in enumerate(_columns(outcomes), start=1)}
    table = Table(title=lesson, title_justify="left", caption_justify="left", caption=_caption(outcomes, numbers))
    table.add_column("student", no_wrap=True)
    for number in numbers.values():
        table.add_column(str(number), justify="right", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("by hand", justify="right", no_wrap=True)
    table.add_column("recognized", overflow="fold")
    for outcome in outcomes:
        table.add_row(*_row(outcome, numbers))
    return table


def _columns(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the exercises of the lesson with their maximum points, in the lesson's order."""
    return {name: mark.max_points for outcome in outcomes for name, mark in outcome.exercises.items()}


def _row(outcome: Outcome, numbers: dict[str, int]) -> list[Text]:
    if outcome.status == "failed":
        blank = [Text("–")] * len(numbers)
        return [
            Text(outcome.student),
            *blank,
            Text("failed", style="bold red"),
            Text(""),
            Text(outcome.reason),
        ]
    seen: dict[str, list[str]] = {}
    for name, mark in outcome.exercises.items():
        if mark.diagnosis:
            seen.setdefault(mark.diagnosis, []).append(str(numbers[name]))
    recognized = ", ".join(f"{diagnosis} ({', '.join(where)})" for diagnosis, where in seen.items())
    full = outcome.points == outcome.max_points
    return [
        Text(outcome.student),
        *(_cell(outcome.exercises.get(name)) for name in numbers),
        _text(f"{outcome.points:g} of {outcome.max_points:g}", style=_GOOD if full else ""),
        _text(_by_hand(outcome)),
        _text(recognized),
    ]


def _cell(mark: Mark | None) -> Text:
    if mark is None:
        return _text("–")
    if mark.points is None:
        return _text("?", style="bold red")
    return _text(f"{mark.points:g}", style=_GOOD if mark.points == mark.max_points else _BAD)


def _by_hand(outcome: Outcome) -> str:
    marks = outcome.written.values()
    waiting = sum(1 for mark in marks if mark.points is None)
    if waiting:
        return f"{waiting} to read"
    return f"{sum(mark.points or 0 for mark in marks):g} of {sum(m.max_points for m in marks):g}" if marks else ""


def _caption(outcomes: Sequence[Outcome], numbers: dict[str, int]) -> str:
    most = _columns(outcomes)
    legend = " · ".join(f"{number} {name} ({most[name]:g})" for name, number in numbers.items())
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    count = f"{len(outcomes) - failed} graded"
    noted = sum(outcome.status == "graded" and bool(outcome.reason) for outcome in outcomes)
    if noted:
        count += f", {noted} of them by an earlier version of the lesson or of an exercise: grade them again"
    if failed:
        count += f", {failed} failed: no mark stands for {'it' if failed == 1 else 'them'}"
    own = {name for outcome in outcomes for name, mark in outcome.exercises.items() if mark.verdict is None}
    if own:
        count += (
            f"\nweaker kind: {', '.join(sorted(own))} ran inside the submission's kernel, where code that sets out to "
            "can forge its mark"
        )
    return f"{legend}\n{count}" if legend else count


def as_json(lesson: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the class as JSON types: for each student the status, the points, the exercises and the written answers.

    A student whose grading failed has the reason, and neither points nor exercises.
    """
    return {"lesson": lesson, "students": {outcome.student: _student(outcome) for outcome in outcomes}}


def _student(outcome: Outcome) -> dict[str, Any]:
    entry: dict[str, Any] = {"status": outcome.status}
    if outcome.status == "failed":
        entry |= {"points": None, "max_points": None, "reason": outcome.reason, "exercises": {}}
        return entry
    entry |= {"points": outcome.points, "max_points": outcome.max_points}
    if outcome.reason:
        entry["reason"] = outcome.reason
    entry["exercises"] = {name: _mark(mark) for name, mark in outcome.exercises.items()}
    entry["written"] = {
        name: {"points": mark.points, "max_points": mark.max_points} for name, mark in outcome.written.items()
    }
    return entry


def _mark(mark: Mark) -> dict[str, Any]:
    """Return a mark as JSON types; `judged` is false for an instructor's test, which ran in the submission's kernel."""
    judged = mark.verdict is not None
    return {"points": mark.points, "max_points": mark.max_points, "diagnosis": mark.diagnosis, "judged": judged}


def write_json(path: Path, data: Any) -> None:
    """Write data of JSON types to a file atomically.

    Raises
    ------
    OSError
        If the file cannot be written.
    TypeError
        If `data` contains a value without a JSON form.
    """
    write_atomically(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
