"""Write and delete marks in the gradebook, together with their journal entries."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.utils import parse_utc
from sqlalchemy import Index, text
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from sqlalchemy.orm import joinedload, undefer

from autograder.errors import CourseError
from autograder.grading.execute.graded import Graded
from autograder.grading.record import journal
from autograder.grading.record.database_url import patient, shown
from autograder.grading.record.journal import Entry
from autograder.grading.record.scores import Score, Scores

# nbgrader 0.9.6 was written for SQLAlchemy 1.4 and uses new rows before it adds them. This is harmless.
warnings.filterwarnings("ignore", message="Object of type", category=SAWarning)


# nbgrader queries by these columns for every page and every mark. Without an index, each query would read the marks of
# the whole class.
_INDEXES = (
    Index("autograder_grade_notebook", Grade.notebook_id),
    Index("autograder_comment_notebook", Comment.notebook_id),
)


# Arguments: the student's name, the score, the seconds of lateness. Returns the penalty in points, or `None`.
LatePolicy = Callable[[str, float, float], float | None]


def no_penalty(student: str, score: float, seconds_late: float) -> None:
    """Return `None`: no penalty for late submissions."""


class _Book(Gradebook):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's gradebook, which also closes its database connection if opening fails."""

    def __init__(self, url: str) -> None:
        try:
            super().__init__(url)
        except BaseException:
            if hasattr(self, "engine"):
                self.engine.dispose()
            raise


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Yield nbgrader's gradebook, and close it at the end of the block.

    Errors of the database inside the block are raised as CourseError too.

    Raises
    ------
    CourseError
        If it cannot be read or written.
    """
    try:
        with _Book(patient(url)) as gradebook:
            yield gradebook
    except SQLAlchemyError as damage:
        reason = str(getattr(damage, "orig", None) or damage).strip().split("\n")[0]
        raise CourseError(f"the gradebook {shown(url)} must be a readable nbgrader database ({reason})") from damage
    except InvalidEntry as damage:  # nbgrader raises it for every error of its database at a commit
        reason = str(damage).strip().split("\n")[0]
        raise CourseError(f"the gradebook {shown(url)} must take what is written to it ({reason})") from damage


def is_released(url: str, lesson: str) -> bool:
    """Return whether a lesson has been released from this gradebook's course.

    Raises
    ------
    CourseError
        If the gradebook cannot be read.
    """
    with opened(url) as gradebook:
        try:
            gradebook.find_notebook(lesson, lesson)
        except MissingEntry:
            return False
        return True


@dataclass(frozen=True)
class _Parts:
    """The cells of a released lesson, by their ids in nbgrader's database.

    Attributes
    ----------
    assignment, notebook : str
    graded, commented : list of str
        Ids of the cells that get points, and of those that get a comment.
    names : dict of str to str
        The grade id of each cell.
    """

    assignment: str
    notebook: str
    graded: list[str]
    commented: list[str]
    names: dict[str, str]


class LessonMarks:
    """The marks of one lesson in an open gradebook; only one process writes them.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    lesson : str
    late_policy : LatePolicy
        Called when marks are written.
    """

    def __init__(self, gradebook: Any, lesson: str, late_policy: LatePolicy = no_penalty) -> None:
        self._book, self._lesson, self._late_policy = gradebook, lesson, late_policy
        self._known: _Parts | None = None

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Yield the database session, and clear it at the end of the block.

        So memory does not grow with the class. What was not committed is rolled back.
        """
        try:
            yield self._book.db
        finally:
            self._book.db.remove()

    def entries(self) -> dict[str, Entry]:
        """Return the journal's entry of every submission that has been graded, by student; empty if there are none."""
        with self._session() as session:
            return journal.entries(session, self._lesson)

    def record(self, graded: Graded, entry: Entry, timestamp: str | None) -> Scores:
        """Write the marks of a submission and its journal entry in one transaction, and return the new scores.

        Marks given by hand stay, and are flagged for another look by a person, as in nbgrader.

        Parameters
        ----------
        graded : Graded
        entry : Entry
        timestamp : str or None
            The time of the submission.

        Returns
        -------
        Scores
        """
        with self._session() as session:
            submission, notebook = self._submission(session, graded.student)
            if timestamp:
                submission.timestamp = parse_utc(timestamp)
            names = self._parts().names
            for grade in notebook.grades:
                grade.auto_score = graded.points.get(names.get(grade.cell_id, ""))
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            for comment in notebook.comments:
                comment.auto_comment = "No response." if names.get(comment.cell_id) in graded.unanswered else None
            self._set_late_penalty(submission, notebook)
            journal.write_entry(session, self._lesson, graded.student, entry)
            scores = _scores(session, notebook)
            session.commit()
            return scores

    def _submission(self, session: Any, student: str) -> tuple[Any, Any]:
        """Return a student's submission and its notebook, as rows of nbgrader's tables.

        A new submission gets the same rows as from nbgrader's `add_submission`, but within this transaction. The caller
        commits.
        """
        try:
            notebook = self._notebook(student)
        except MissingEntry:
            lesson = self._parts()
            session.add(session.get(Student, student) or Student(id=student))
            submission = SubmittedAssignment(assignment_id=lesson.assignment, student_id=student)
            notebook = SubmittedNotebook(notebook_id=lesson.notebook, assignment=submission)
            notebook.grades = [Grade(cell_id=cell) for cell in lesson.graded]
            notebook.comments = [Comment(cell_id=cell) for cell in lesson.commented]
            session.add(submission)
        return notebook.assignment, notebook

    def _notebook(self, student: str) -> Any:
        return self._book.find_submission_notebook(self._lesson, self._lesson, student)

    def _parts(self) -> _Parts:
        if self._known is None:
            notebook = self._book.find_notebook(self._lesson, self._lesson)
            kinds = (notebook.grade_cells, notebook.solution_cells, notebook.task_cells)
            graded, answers, tasks = ([cell.id for cell in cells] for cells in kinds)
            names = {cell.id: cell.name for cells in kinds for cell in cells}
            self._known = _Parts(notebook.assignment_id, notebook.id, [*graded, *tasks], [*answers, *tasks], names)
        return self._known

    def scores(self, student: str) -> Scores:
        """Return a student's scores and comments as they are stored.

        Raises
        ------
        MissingEntry
            If the gradebook has no submission of the student.
        """
        with self._session() as session:
            return _scores(session, self._notebook(student))

    def marks(self, student: str) -> dict[str, Score]:
        """Return a student's scores by grade id; empty if nothing was graded."""
        with self._session() as session:
            try:
                return _cells(session, self._notebook(student))
            except MissingEntry:
                return {}

    def withdraw(self, student: str) -> None:
        """Delete the automatic marks and the journal entry of a submission, and flag it for a person.

        Marks given by hand stay. A student without a submission in the gradebook is not an error.
        """
        with self._session() as session:
            journal.delete_entry(session, self._lesson, student)
            try:
                notebook = self._notebook(student)
            except MissingEntry:
                pass
            else:
                notebook.late_submission_penalty = None
                for grade in notebook.grades:
                    grade.auto_score = None
                    grade.needs_manual_grade = True
            session.commit()

    def _set_late_penalty(self, submission: Any, notebook: Any) -> None:
        notebook.late_submission_penalty = None
        self._book.db.flush()
        seconds = submission.total_seconds_late
        if seconds > 0:
            self._book.db.expire(notebook)
            penalty = self._late_policy(submission.student_id, notebook.score, seconds)
            if penalty is not None:
                notebook.late_submission_penalty = min(max(penalty, 0), notebook.score)
            self._book.db.flush()


@contextmanager
def open_for_writing(url: str, lesson: str, late_policy: LatePolicy = no_penalty) -> Iterator[LessonMarks]:
    """Yield the marks of a lesson for writing; the gradebook is closed at the end of the block.

    Missing tables and indexes are created. SQLite is set to WAL, so that readers never wait.

    Raises
    ------
    CourseError
        If it cannot be written.
    """
    with opened(url) as gradebook:
        if gradebook.engine.dialect.name == "sqlite":
            gradebook.db.execute(text("PRAGMA journal_mode=WAL"))
            gradebook.db.commit()
        journal.prepare(gradebook.engine)
        for index in _INDEXES:
            index.create(gradebook.engine, checkfirst=True)
        yield LessonMarks(gradebook, lesson, late_policy)


@contextmanager
def open_for_reading(url: str, lesson: str) -> Iterator[LessonMarks]:
    """Yield the marks of a lesson for reading; the gradebook is closed at the end of the block.

    Raises
    ------
    CourseError
        If it cannot be read.
    """
    with opened(url) as gradebook:
        yield LessonMarks(gradebook, lesson)


def _grades(session: Any, notebook: Any) -> list[Any]:
    """Return a submitted notebook's current grades, with all columns that we use, from one query."""
    query = session.query(Grade).options(joinedload(Grade.cell), undefer(Grade.max_score), undefer(Grade.cell_type))
    return list(query.filter(Grade.notebook_id == notebook.id).populate_existing())


def _comments(session: Any, notebook: Any) -> list[Any]:
    query = session.query(Comment).options(joinedload(Comment.cell))
    return list(query.filter(Comment.notebook_id == notebook.id).populate_existing())


def _cells(session: Any, notebook: Any) -> dict[str, Score]:
    return {grade.name: _score(grade) for grade in _grades(session, notebook)}


def _score(grade: Any) -> Score:
    by_hand = grade.manual_score is not None or grade.cell_type != "code"
    return Score(points=_points(grade), max_points=float(grade.max_score), by_hand=by_hand)


def _points(grade: Any) -> float | None:
    score = grade.manual_score if grade.manual_score is not None else grade.auto_score
    return None if score is None else float(score) + float(grade.extra_credit or 0)


def _scores(session: Any, notebook: Any) -> Scores:
    session.flush()
    session.refresh(notebook, ["score", "max_score", "late_submission_penalty"])
    penalty = float(notebook.late_submission_penalty or 0)
    return Scores(
        cells=_cells(session, notebook),
        comments={comment.name: comment.comment for comment in _comments(session, notebook)},
        score=float(notebook.score) - penalty,
        max_score=float(notebook.max_score),
        late_penalty=penalty,
    )
