"""Grading a class: workers run and judge, one coordinator alone writes; nothing is lost and nothing is done twice."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.utils import rmtree

from autograder.grading import gradebook
from autograder.grading.course import Course
from autograder.grading.errors import CourseError, SubmissionError
from autograder.grading.gradebook import Ledger
from autograder.grading.lesson import Lesson, grader_version
from autograder.grading.marks import exercise_of, verdict_of
from autograder.grading.results import Graded, Mark, Outcome
from autograder.grading.run import Settings
from autograder.grading.submission import Submission
from autograder.grading.task import UnfitError, grade_submission, render_feedback
from autograder.grading.workers import kill

_MOST_TRIES = 4  # of one submission, while workers die
_AHEAD = 3  # submissions a worker that wait in memory


def grade_lesson(
    course: Course,
    lesson: str,
    students: Sequence[str],
    *,
    start: Callable[[], Executor],
    workers: int = 1,
    settings: Settings = Settings(),  # noqa: B008  # frozen
    again: bool = False,
) -> Iterator[Outcome]:
    """Grade submissions of a released lesson.

    Parameters
    ----------
    course : Course
        Held by the caller with `course.writing()`.
    lesson : str
        Must be released in this course.
    students : sequence of str
    start : callable
        Gives an executor; called again when its workers have died.
    workers : int
        How many submissions the executor works on at once, unless it says so itself: a cluster grows and shrinks.
    settings : Settings
    again : bool
        Whether to grade what has been graded already, too.

    Yields
    ------
    Outcome
        As they are ready.

    Raises
    ------
    CourseError
        If the lesson is not released, the gradebook cannot be used, or submissions cannot be confined as asked.
    """
    released = Lesson.of(course, lesson)
    with gradebook.ledger(course.gradebook_url, lesson, course.config()) as ledger:
        run = _Run(course, released, ledger, settings, start, workers)
        try:
            yield from run.outcomes(students, {} if again else ledger.keys())
        except BaseException:
            kill(run.executor)
            raise
        run.executor.shutdown()


@dataclass
class _Flight:
    """A submission on its way.

    Attributes
    ----------
    submission : Submission
    key : str
        Of the journal.
    tries : int
    graded : bool
        Whether its marks are written, so that only the page is missing.
    """

    submission: Submission
    key: str
    tries: int = 1
    graded: bool = False


class _Run:
    """The coordinator's part of grading one lesson."""

    def __init__(
        self,
        course: Course,
        lesson: Lesson,
        ledger: Ledger,
        settings: Settings,
        start: Callable[[], Executor],
        workers: int,
    ) -> None:
        self._course, self._lesson, self._ledger, self._settings = course, lesson, ledger, settings
        self._start, self._workers = start, workers
        self._content = lesson.to_bytes()
        self._flights: dict[Future[Any], _Flight] = {}
        self.executor = start()

    def outcomes(self, students: Sequence[str], finished: dict[str, str]) -> Iterator[Outcome]:
        """Grade, with never more than a few submissions in memory."""
        waiting = iter(students)
        student = next(waiting, None)
        while student is not None or self._flights:
            while student is not None and len(self._flights) < self._most():
                outcome = self._begin(student, finished.get(student))
                if outcome is not None:
                    yield outcome
                student = next(waiting, None)
            landed, _ = wait(self._flights, return_when=FIRST_COMPLETED)
            for future in landed:
                outcome = self._land(future)
                if outcome is not None:
                    yield outcome

    def _most(self) -> int:
        return _AHEAD * int(getattr(self.executor, "workers", self._workers))

    def _begin(self, student: str, finished: str | None) -> Outcome | None:
        """Send a submission off, unless there is nothing to do or no use."""
        try:
            submission = Submission.read(self._course.submission(student, self._lesson.name))
        except SubmissionError as problem:
            return self._failed(student, str(problem))
        flight = _Flight(submission, self._key(submission))
        path = self._folder("autograded", student) / f"{self._lesson.name}.ipynb"
        if flight.key == finished and path.is_file():
            if self._page(student).is_file():
                return read_outcome(self._course, self._lesson.name, student, self._ledger)
            flight.graded = True
        self._send(flight)
        return None

    def _key(self, submission: Submission) -> str:
        """Name the work: the same submission, lesson, grader and way of running it are the same work."""
        parts = (submission.fingerprint, self._lesson.version, grader_version(), str(self._settings.everything))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _send(self, flight: _Flight) -> None:
        submission, lesson = flight.submission, self._lesson
        try:
            if flight.graded:
                path = self._folder("autograded", submission.student) / f"{lesson.name}.ipynb"
                scores = self._ledger.scores(submission.student)
                future: Future[Any] = self.executor.submit(
                    render_feedback, lesson.name, path.read_text(encoding="utf-8"), scores
                )
            else:
                future = self.executor.submit(
                    grade_submission, self._content, lesson.version, grader_version(), self._settings, submission
                )
        except BrokenExecutor:
            future = Future()
            future.set_exception(BrokenExecutor())
        self._flights[future] = flight

    def _land(self, future: Future[Any]) -> Outcome | None:
        """Write down what a worker brought; give the outcome once everything is written."""
        flight = self._flights.pop(future, None)
        if flight is None:
            return None  # sent off anew, after its worker died
        student = flight.submission.student
        try:
            result = future.result()
        except BrokenExecutor:
            self._flights[future] = flight
            return self._send_all_again()
        except UnfitError as problem:
            raise CourseError(str(problem)) from problem
        except Exception as problem:  # of the grader, or of its machine: staff must hear of it, the class goes on
            return self._failed(student, f"the grader failed: {type(problem).__name__}: {problem!s:.300}")
        if isinstance(result, Graded):
            if result.reason:
                return self._failed(student, result.reason)
            self._write_files(result, flight.submission)
            self._ledger.record(result, flight.key, flight.submission.timestamp)
            flight.graded = True
            self._send(flight)
            return None
        page = self._page(student)
        page.parent.mkdir(parents=True, exist_ok=True)
        draft = page.with_suffix(".tmp")
        draft.write_text(result, encoding="utf-8")
        draft.replace(page)
        return read_outcome(self._course, self._lesson.name, student, self._ledger)

    def _send_all_again(self) -> Outcome | None:
        """Go on with new workers; a submission whose workers keep dying has failed."""
        kill(self.executor)
        self.executor = self._start()
        flights, self._flights = list(self._flights.values()), {}
        hopeless = [flight for flight in flights if flight.tries >= _MOST_TRIES]
        for flight in flights:
            if flight not in hopeless[:1]:
                flight.tries += 1
                self._send(flight)
        if hopeless:
            return self._failed(hopeless[0].submission.student, "its worker died again and again")
        return None

    def _write_files(self, graded: Graded, submission: Submission) -> None:
        """Put the autograded notebook in its place, all at once."""
        place = self._folder("autograded", graded.student)
        draft = place.with_name(f".{place.name}.tmp")
        shutil.rmtree(draft, ignore_errors=True)
        for name, content in {**submission.files, **self._lesson.files}.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
        draft.mkdir(parents=True, exist_ok=True)
        if submission.timestamp:
            (draft / "timestamp.txt").write_text(submission.timestamp + "\n", encoding="utf-8")
        (draft / f"{self._lesson.name}.ipynb").write_text(graded.notebook, encoding="utf-8")
        self._page(graded.student).unlink(missing_ok=True)
        if place.exists():
            rmtree(str(place))
        draft.rename(place)

    def _failed(self, student: str, reason: str) -> Outcome:
        """Leave nothing of an earlier grading that could pass for the current one."""
        self._ledger.withdraw(student)
        for step in ("autograded", "feedback"):
            stale = self._folder(step, student)
            if stale.exists():
                rmtree(str(stale))
        return Outcome(student, self._lesson.name, "failed", reason=reason)

    def _folder(self, step: str, student: str) -> Path:
        return self._course.root / step / student / self._lesson.name

    def _page(self, student: str) -> Path:
        return self._folder("feedback", student) / f"{self._lesson.name}.html"


def read_outcome(course: Course, lesson: str, student: str, ledger: Ledger | None = None) -> Outcome:
    """Give what the gradebook and the autograded notebook say of a student's submission.

    Raises
    ------
    SubmissionError
        If it has not been graded.
    """
    scores = ledger.marks(student) if ledger else gradebook.scores(course.gradebook_url, lesson, student)
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
        mark = Mark(score.points, score.max_points, verdict_of(cell))
        if cell.cell_type == "code":
            exercises[exercise.name if exercise else grade_id] = mark
        else:
            written[grade_id] = mark
    page = course.root / "feedback" / student / lesson / f"{lesson}.html"
    return Outcome(student, lesson, "graded", "", exercises, written, feedback=page if page.is_file() else None)
