"""Grading a class: one submission after the other through nbgrader; what one of them does stops nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import rmtree

from autograder.grading import gradebook
from autograder.grading.converters import Grade
from autograder.grading.course import Course
from autograder.grading.errors import CourseError, SubmissionError
from autograder.grading.marks import METADATA_KEY, exercise_of
from autograder.grading.submission import require_gradable
from autograder.judging.verdict import Verdict


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Outcome:
    """One submission after grading.

    Attributes
    ----------
    student, lesson : str
    status : "graded" or "failed"
    reason : str
        Why it failed, for staff.
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


def grade_lesson(
    course: Course, lesson: str, students: Sequence[str], *, timeout: int | None = None
) -> Iterator[Outcome]:
    """Grade submissions of a released lesson, each in a fresh kernel.

    Parameters
    ----------
    course : Course
        Held by the caller with `course.writing()`.
    lesson : str
        Must be released in this course.
    students : sequence of str
    timeout : int, optional
        Seconds a cell may take.

    Yields
    ------
    Outcome
        In the order of `students`.

    Raises
    ------
    CourseError
        If the lesson is not released or the gradebook cannot be used; before anything is touched.
    """
    cells = gradebook.released_cells(course.gradebook_url, lesson)
    if cells is None:
        raise CourseError(f"a lesson must be released before it is graded (got {lesson!r})")
    config = course.config()
    if timeout is not None:
        config.RunSubmission.timeout = timeout
    for student in students:
        yield _grade_one(course, config, lesson, student, cells)


def _grade_one(course: Course, config: Any, lesson: str, student: str, cells: set[str]) -> Outcome:
    """Grade one submission; whatever ends it early, no half of a mark stays."""
    try:
        require_gradable(course.submission(student, lesson), lesson, cells)
        _run(config, lesson, student)
        return read_outcome(course, lesson, student)
    except SubmissionError as problem:
        _clear(course, lesson, student)
        return Outcome(student, lesson, "failed", reason=str(problem))
    except KeyboardInterrupt:
        _clear(course, lesson, student)
        raise


def read_outcome(course: Course, lesson: str, student: str) -> Outcome:
    """Give what the gradebook and the autograded notebook say of a student's submission.

    Raises
    ------
    SubmissionError
        If it has not been graded.
    """
    scores = gradebook.scores(course.gradebook_url, lesson, student)
    path = course.root / "autograded" / student / lesson / f"{lesson}.ipynb"
    if not scores or not path.is_file():
        raise SubmissionError("not graded yet, or its last grading failed")
    exercises, written = {}, {}
    for cell in nbformat.read(path, as_version=4).cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id not in scores:
            continue
        score = scores[grade_id]
        exercise = exercise_of(cell)
        mark = Mark(score.points, score.max_points, _verdict_of(cell))
        if cell.cell_type == "code":
            exercises[exercise.name if exercise else grade_id] = mark
        else:
            written[grade_id] = mark
    page = course.root / "feedback" / student / lesson / f"{lesson}.html"
    return Outcome(student, lesson, "graded", "", exercises, written, feedback=page if page.is_file() else None)


def _verdict_of(cell: Any) -> Verdict | None:
    stored = cell.metadata.get(METADATA_KEY)
    if stored is None:
        return None
    try:
        return Verdict.from_dict(stored)
    except ValueError as damage:
        raise SubmissionError(f"the stored verdict is damaged or of another version: {damage}") from None


def _run(config: Any, lesson: str, student: str) -> None:
    """Let nbgrader restore, run, mark and give feedback."""
    directory = CourseDirectory(config=config, assignment_id=lesson, student_id=student)
    autograde = Grade(coursedir=directory, config=config, force=True)
    try:
        autograde.start()
        GenerateFeedback(coursedir=directory, config=config, force=True).start()
    except Exception as problem:
        raise SubmissionError(_reason(autograde.problem or problem)) from problem


def _reason(problem: Exception) -> str:
    if isinstance(problem, SubmissionError):
        return str(problem)
    if isinstance(problem, DeadKernelError):
        return "the kernel died: the submission ended it, or ran out of memory"
    if isinstance(problem, CellTimeoutError):
        return "a cell did not stop when its time was up and it was interrupted"
    return f"{type(problem).__name__}: {str(problem).strip().splitlines()[0] if str(problem).strip() else ''}"


def _clear(course: Course, lesson: str, student: str) -> None:
    """Leave nothing of an earlier grading that could pass for the current one."""
    gradebook.withdraw(course.gradebook_url, lesson, student)
    for step in ("autograded", "feedback"):
        stale = course.root / step / student / lesson
        if stale.exists():
            rmtree(str(stale))
