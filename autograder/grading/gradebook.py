"""What the gradebook holds, and taking back a mark that no longer stands."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.grading.errors import CourseError

# nbgrader 0.9.6 was written for SQLAlchemy 1.4 and touches new rows before it adds them: harmless, not ours to mend.
warnings.filterwarnings("ignore", message="Object of type", category=SAWarning)


@dataclass(frozen=True)
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


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Open nbgrader's gradebook.

    Raises
    ------
    CourseError
        If it cannot be read or written.
    """
    try:
        with Gradebook(url) as gradebook:
            yield gradebook
    except SQLAlchemyError as damage:
        reason = str(getattr(damage, "orig", None) or damage).strip().split("\n")[0]
        raise CourseError(f"the gradebook {url} must be a readable nbgrader database ({reason})") from damage


def released_cells(url: str, lesson: str) -> set[str] | None:
    """Give the ids of a released lesson's cells; `None` if it has not been released."""
    with opened(url) as gradebook:
        try:
            return {cell.name for cell in gradebook.find_notebook(lesson, lesson).source_cells}
        except MissingEntry:
            return None


def scores(url: str, lesson: str, student: str) -> dict[str, Score]:
    """Give a student's scores by the id of the graded cell; empty if nothing was graded."""
    with opened(url) as gradebook:
        try:
            grades = gradebook.find_submission_notebook(lesson, lesson, student).grades
        except MissingEntry:
            return {}
        return {
            grade.name: Score(
                points=_counting(grade),
                max_points=float(grade.max_score),
                by_hand=grade.manual_score is not None or grade.cell_type != "code",
            )
            for grade in grades
        }


def withdraw(url: str, lesson: str, student: str) -> None:
    """Take back the automatic marks of a submission that could not be graded again; a person must look at it.

    Marks given by hand stay.
    """
    with opened(url) as gradebook:
        try:
            grades = gradebook.find_submission_notebook(lesson, lesson, student).grades
        except MissingEntry:
            return
        for grade in grades:
            grade.auto_score = None
            grade.needs_manual_grade = True
        gradebook.db.commit()


def _counting(grade: Any) -> float | None:
    score = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return None if score is None else float(score) + float(grade.extra_credit or 0)
