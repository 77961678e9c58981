"""Count the mistakes of a class: every failed part and every diagnosis in the stored verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from autograder.grading.record.scores import Outcome


@dataclass(frozen=True)
class Slip:
    """One kind of failure in one part of an exercise.

    Attributes
    ----------
    exercise, part : str
    kind : str
        The step of the judge that failed: "value", "shape", "raised", …
    diagnosis : str
        Diagnosis of the whole answer; "" if no mistake was recognized.
    """

    exercise: str
    part: str
    kind: str
    diagnosis: str


def count_slips(outcomes: Sequence[Outcome]) -> Counter[Slip]:
    """Return how many students have each kind of failure, the most frequent first."""
    slips = Counter(slip for outcome in outcomes for slip in _slips(outcome))
    return Counter(dict(slips.most_common()))


def _slips(outcome: Outcome) -> Iterator[Slip]:
    for name, mark in outcome.exercises.items():
        for part in mark.verdict.parts if mark.verdict else ():
            if part.failure:
                yield Slip(name, part.name, part.failure.kind, mark.diagnosis or "")


def mistakes_table(lesson: str, outcomes: Sequence[Outcome]) -> Table:
    """Build the table of failures and return it.

    A row is an exercise, a part, the step that failed and the recognized mistake, with the number of students.
    Exercises
    are in the lesson's order. Within an exercise, the most frequent failure comes first.
    """
    graded = sum(outcome.status == "graded" for outcome in outcomes)
    table = Table(title=f"{lesson}: what {graded} graded submissions got wrong", title_justify="left")
    for head in ("exercise", "part", "failed at", "recognized"):
        table.add_column(head, overflow="fold")
    table.add_column("students", justify="right")
    order = [name for outcome in outcomes for name in outcome.exercises]
    slips = count_slips(outcomes)
    for slip in sorted(slips, key=lambda slip: (order.index(slip.exercise), -slips[slip])):
        table.add_row(*map(Text, (slip.exercise, slip.part, slip.kind, slip.diagnosis, str(slips[slip]))))
    return table


def mistakes_as_json(lesson: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the counts of `count_slips` and all stored verdicts, as JSON types.

    The verdicts are ordered by student, then by exercise. An instructor's test has no verdict.
    """
    return {
        "lesson": lesson,
        "mistakes": [{**vars(slip), "students": n} for slip, n in count_slips(outcomes).items()],
        "verdicts": {
            outcome.student: {name: mark.verdict.to_dict() for name, mark in outcome.exercises.items() if mark.verdict}
            for outcome in outcomes
        },
    }
