"""What the gradebook holds: marks and their journal, written together, and taken back together."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import text
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config

from autograder.grading import journal
from autograder.grading.errors import CourseError
from autograder.grading.results import Graded, Score, Scores

# nbgrader 0.9.6 was written for SQLAlchemy 1.4 and touches new rows before it adds them: harmless, not ours to mend.
warnings.filterwarnings("ignore", message="Object of type", category=SAWarning)


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Open nbgrader's gradebook; with SQLite, so that readers never wait for the writer.

    Raises
    ------
    CourseError
        If it cannot be read or written.
    """
    try:
        with Gradebook(url) as gradebook:
            if gradebook.engine.dialect.name == "sqlite":
                gradebook.db.execute(text("PRAGMA journal_mode=WAL"))
                gradebook.db.commit()
            journal.make_table(gradebook.engine)
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


class Ledger:
    """The gradebook while a lesson is graded: opened once, written to by nobody else.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    lesson : str
    config : Config
        The course's; says what lateness costs.
    """

    def __init__(self, gradebook: Any, lesson: str, config: Config) -> None:
        self._book, self._lesson = gradebook, lesson
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()

    def keys(self) -> dict[str, str]:
        """Give the journal's key of every submission that has been graded, by student."""
        return journal.keys(self._book.db, self._lesson)

    def record(self, graded: Graded, key: str, timestamp: str | None) -> Scores:
        """Write the marks of a submission and its journal entry in one transaction.

        Marks that a person has given stay and wait to be looked at again, as nbgrader does it.

        Parameters
        ----------
        graded : Graded
        key : str
        timestamp : str or None
            When it was handed in.

        Returns
        -------
        Scores
        """
        book, lesson, student = self._book, self._lesson, graded.student
        book.update_or_create_student(student)
        submission = book.update_or_create_submission(
            lesson, student, **({"timestamp": timestamp} if timestamp else {})
        )
        notebook = book.find_submission_notebook(lesson, lesson, student)
        for grade in notebook.grades:
            grade.auto_score = graded.points.get(grade.name)
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        for comment in notebook.comments:
            comment.auto_comment = "No response." if comment.name in graded.unanswered else None
        self._settle_lateness(submission, notebook)
        journal.enter(book.db, lesson, student, key)
        scores = _scores(notebook)
        book.db.commit()
        book.db.remove()  # so that memory does not grow with the class
        return scores

    def scores(self, student: str) -> Scores:
        """Give what stands written."""
        scores = _scores(self._book.find_submission_notebook(self._lesson, self._lesson, student))
        self._book.db.remove()
        return scores

    def marks(self, student: str) -> dict[str, Score]:
        """Give a student's scores by the id of the graded cell; empty if nothing was graded."""
        found = _marks(self._book, self._lesson, student)
        self._book.db.remove()
        return found

    def withdraw(self, student: str) -> None:
        """Take back the automatic marks of a submission; a person must look at it. Marks given by hand stay."""
        journal.strike(self._book.db, self._lesson, student)
        try:
            grades = self._book.find_submission_notebook(self._lesson, self._lesson, student).grades
        except MissingEntry:
            grades = []
        for grade in grades:
            grade.auto_score = None
            grade.needs_manual_grade = True
        self._book.db.commit()
        self._book.db.remove()

    def _settle_lateness(self, submission: Any, notebook: Any) -> None:
        notebook.late_submission_penalty = None
        self._book.db.flush()
        self._book.db.expire_all()
        seconds = submission.total_seconds_late
        if seconds > 0:
            name = submission.student_id
            penalty = self._late.plugin_inst.late_submission_penalty(name, notebook.score, seconds)
            if penalty is not None:
                notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)
            self._book.db.flush()


@contextmanager
def ledger(url: str, lesson: str, config: Config) -> Iterator[Ledger]:
    """Open the gradebook for writing the marks of a lesson.

    Raises
    ------
    CourseError
        If it cannot be written.
    """
    with opened(url) as gradebook:
        yield Ledger(gradebook, lesson, config)


def scores(url: str, lesson: str, student: str) -> dict[str, Score]:
    """Give a student's scores by the id of the graded cell; empty if nothing was graded."""
    with opened(url) as gradebook:
        return _marks(gradebook, lesson, student)


def _marks(gradebook: Any, lesson: str, student: str) -> dict[str, Score]:
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


def _counting(grade: Any) -> float | None:
    score = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return None if score is None else float(score) + float(grade.extra_credit or 0)


def _scores(notebook: Any) -> Scores:
    penalty = float(notebook.late_submission_penalty or 0)
    return Scores(
        cells={grade.name: (float(grade.score), float(grade.max_score)) for grade in notebook.grades},
        comments={comment.name: comment.comment for comment in notebook.comments},
        score=float(notebook.score) - penalty,
        max_score=float(notebook.max_score),
        late_penalty=penalty,
    )
