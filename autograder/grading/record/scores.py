"""What grading gives: of one submission from a worker, from the gradebook, and for people.

A coordinator keeps thousands of some of these: they have slots.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from autograder.judging.verdict import Verdict


@dataclass(frozen=True)
class Graded:
    """A submission after it was run and judged.

    Attributes
    ----------
    student : str
    reason : str
        Why it could not be graded, or "".
    stalled : str
        Why it must be graded once more, when the machine has nothing else to do, or "".
    notebook : str
        The autograded notebook, as text.
    points : dict of str to (float or None)
        By grade id; `None` waits for a person.
    unanswered : tuple of str
        Grade ids of solutions that are as they were handed out.
    """

    student: str
    reason: str = ""
    stalled: str = ""
    notebook: str = ""
    points: dict[str, float | None] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """One graded cell.

    Attributes
    ----------
    points : float or None
        What counts: the manual score where there is one, else the automatic; `None` while it waits for a person.
    max_points : float
    by_hand : bool
        Whether a person gives, or gave, the points.
    """

    points: float | None
    max_points: float
    by_hand: bool


@dataclass(frozen=True)
class Scores:
    """What the gradebook says of a submission, for the page that its student reads.

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
    """What one exercise, or one written answer, brought.

    Attributes
    ----------
    points : float or None
        `None` while it waits for a person.
    max_points : float
    verdict : Verdict or None
        `None` for what was not graded by the judge.
    """

    points: float | None
    max_points: float
    verdict: Verdict | None = None

    @property
    def diagnosis(self) -> str | None:
        """Name of the recognized mistake, where there is one."""
        return self.verdict.diagnosis if self.verdict else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One submission after grading.

    Attributes
    ----------
    student, lesson : str
    status : "graded" or "failed"
    reason : str
        Why it failed, or what staff must know of a mark.
    exercises : dict of str to Mark
        Graded by the judge, in the lesson's order.
    written : dict of str to Mark
        Graded by hand.
    feedback : Path or None
        The page for the student.
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
        """Points of the exercises; written answers are apart."""
        return sum(mark.points or 0.0 for mark in self.exercises.values())

    @property
    def max_points(self) -> float:
        """Points possible in the exercises."""
        return sum(mark.max_points for mark in self.exercises.values())
