"""Define the scores of the gradebook, and the marks in tables and reports.

A coordinator keeps thousands of some of these objects, so they have slots.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from autograder.judging.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Score:
    """One graded cell.

    Attributes
    ----------
    points : float or None
        The manual score if there is one, else the automatic score; `None` until a person has graded the cell.
    max_points : float
    by_hand : bool
        Whether a person must give the points, or has given them.
    """

    points: float | None
    max_points: float
    by_hand: bool


@dataclass(frozen=True)
class Scores:
    """The scores and comments of a submission, for its feedback page.

    Attributes
    ----------
    cells : dict of str to Score
        By grade id.
    comments : dict of str to (str or None)
        By grade id.
    score, max_score, late_penalty : float
    """

    cells: dict[str, Score]
    comments: dict[str, str | None]
    score: float
    max_score: float
    late_penalty: float


@dataclass(frozen=True, slots=True)
class Mark:
    """The points of one exercise, or of one written answer.

    Attributes
    ----------
    points : float or None
        `None` until a person has graded it.
    max_points : float
    verdict : Verdict or None
        `None` if the judge has not graded it.
    """

    points: float | None
    max_points: float
    verdict: Verdict | None = None

    @property
    def diagnosis(self) -> str | None:
        """Return the name of the recognized mistake; `None` if there is none, or no verdict."""
        return self.verdict.diagnosis if self.verdict else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One submission after grading.

    Attributes
    ----------
    student, lesson : str
    status : "graded" or "failed"
    reason : str
        Why it failed, or a remark on its mark for staff.
    exercises : dict of str to Mark
        Marks by the judge, in the lesson's order.
    written : dict of str to Mark
        Marks of written answers, given by hand.
    feedback : Path or None
        The feedback page.
    """

    student: str
    lesson: str
    status: Literal["graded", "failed"]
    reason: str = ""
    exercises: dict[str, Mark] = field(default_factory=dict)
    written: dict[str, Mark] = field(default_factory=dict)
    feedback: Path | None = None

    @property
    def points(self) -> float:
        """Return the points of the exercises, without written answers; an exercise without points counts 0."""
        return sum(mark.points or 0.0 for mark in self.exercises.values())

    @property
    def max_points(self) -> float:
        """Return the maximum points of the exercises."""
        return sum(mark.max_points for mark in self.exercises.values())
