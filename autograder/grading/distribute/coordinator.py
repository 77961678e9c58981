"""Grading a class: workers run and judge, one coordinator alone writes; nothing is lost and nothing is done twice."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from typing import Any

from autograder.errors import CourseError, SubmissionError
from autograder.grading.course.directory import Course
from autograder.grading.course.lesson import Lesson, grader_version
from autograder.grading.distribute.interrupts import defer_signals
from autograder.grading.distribute.pool import WorkerDiedError, kill
from autograder.grading.execute.task import UnfitError, grade_submission, render_feedback
from autograder.grading.options import Settings
from autograder.grading.record import gradebook
from autograder.grading.record.gradebook import Ledger
from autograder.grading.record.journal import Entry
from autograder.grading.record.output_files import OutputFiles
from autograder.grading.record.report import entry_for, read_outcome, version_of
from autograder.grading.record.scores import Graded, Outcome, Scores
from autograder.grading.submission.read import Submission
from autograder.running.judge_side.zygote_client import ZygoteError

_MOST_TRIES = 4  # of one submission, while workers and zygotes die
_QUEUE_PER_WORKER = 3  # submissions a worker that wait in memory
_FULL_DISK = (ENOSPC, EDQUOT)


def grade_lesson(
    course: Course,
    lesson: str,
    students: Sequence[str],
    *,
    start: Callable[[], Executor],
    workers: int = 1,
    settings: Settings = Settings(),  # noqa: B008  # frozen
    again: bool = False,
) -> Generator[Outcome, None, None]:
    """Grade submissions of a released lesson.

    Parameters
    ----------
    course : Course
        Held by the caller with `course.writing()`.
    lesson : str
        Must be released in this course.
    students : sequence of str
    start : callable
        Gives an executor; called again when that one can do no more.
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
    if sys.platform == "linux":
        from autograder.running.sandbox.syscalls import map_large_buffers

        map_large_buffers()  # notebooks and pages pass through by the thousand
    with gradebook.open_for_writing(course.gradebook_url, lesson, course.config()) as ledger:
        run = _Run(course, released, ledger, settings, start, workers)
        try:
            yield from run.outcomes(students, {} if again else ledger.entries())
        except BaseException:
            with defer_signals():
                kill(run.executor)
            raise
        run.executor.shutdown()


@dataclass
class _Pending:
    """A submission on its way.

    Attributes
    ----------
    submission : Submission
    entry : Entry
        Of the journal.
    tries : int
    scores : Scores or None
        What the page is to show, once the marks are written.
    last_try : bool
        Whether its marks count even if something in it stalls.
    """

    submission: Submission
    entry: Entry
    tries: int = 1
    scores: Scores | None = None
    last_try: bool = False


class _Run:
    """The coordinator's part of grading one lesson.

    What stands of a student changes in this order, and may be cut short anywhere: the old mark and its entry in the
    journal go; the old page goes and the notebook is replaced; marks and entry are written in one transaction; the
    page comes. So an entry says that its notebook is there, and a page shows the notebook beside it.
    """

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
        self._content, self._version = lesson.to_bytes(), version_of(lesson)
        self._papers = OutputFiles(course.root, lesson.name)
        self._papers.sweep()
        self._pending: dict[Future[Any], _Pending] = {}
        self._stalled: deque[str] = deque()  # students to be graded once more, when all others are done
        self.executor = start()

    def outcomes(self, students: Sequence[str], finished: dict[str, Entry]) -> Iterator[Outcome]:
        """Grade, with never more than a few submissions in memory."""
        waiting = iter(students)
        student = next(waiting, None)
        while student is not None or self._pending or self._stalled:
            while student is not None and len(self._pending) < self._most():
                outcome = self._begin(student, finished.get(student))
                if outcome is not None:
                    yield outcome
                student = next(waiting, None)
            if not self._pending and self._stalled:  # one at a time: the machine has nothing else to do
                outcome = self._begin(self._stalled.popleft(), None, last_try=True)
                if outcome is not None:
                    yield outcome
            landed, _ = wait(self._pending, return_when=FIRST_COMPLETED)
            for future in landed:
                with defer_signals():
                    outcome = self._handle_result(future)
                if outcome is not None:
                    yield outcome

    def _most(self) -> int:
        return _QUEUE_PER_WORKER * int(getattr(self.executor, "workers", self._workers))

    def _begin(self, student: str, finished: Entry | None, *, last_try: bool = False) -> Outcome | None:
        """Send a submission off, unless there is nothing to do or no use."""
        try:
            submission = Submission.read(self._course.submission(student, self._lesson.name))
        except SubmissionError as problem:
            with defer_signals():
                return self._failed(student, str(problem))
        entry = entry_for(submission, self._version, self._settings.everything)
        flight = _Pending(submission, entry, last_try=last_try)
        if flight.entry == finished and self._papers.notebook(student).is_file():
            scores = self._ledger.scores(student)
            if self._papers.shows(student, scores):
                return read_outcome(self._course, self._lesson.name, student, scores.cells)
            flight.scores = scores
        self._send(flight)
        return None

    def _send(self, flight: _Pending) -> None:
        submission, lesson = flight.submission, self._lesson
        try:
            if flight.scores is not None:
                notebook = self._papers.notebook(submission.student).read_text(encoding="utf-8")
                future: Future[Any] = self.executor.submit(render_feedback, lesson.name, notebook, flight.scores)
            else:
                versions = lesson.version, grader_version()
                future = self.executor.submit(
                    grade_submission, self._content, *versions, self._settings, submission, flight.last_try
                )
        except BrokenExecutor as end:
            future = Future()
            future.set_exception(end)
        self._pending[future] = flight

    def _handle_result(self, future: Future[Any]) -> Outcome | None:
        """Write down what a worker brought; give the outcome once everything is written."""
        flight = self._pending.pop(future, None)
        if flight is None:
            return None  # sent off anew, with everything else that its executor had
        try:
            result = future.result()
        except BrokenExecutor:
            self._pending[future] = flight
            return self._send_all_again()
        except (WorkerDiedError, ZygoteError, ConnectionError) as problem:
            return self._send_again(flight, problem)
        except UnfitError as problem:
            raise CourseError(str(problem)) from problem
        except Exception as problem:  # of the grader, or of its machine: staff must hear of it, the class goes on
            if isinstance(problem, OSError) and problem.errno in _FULL_DISK:
                raise CourseError(f"a worker must have room to write (got: {problem.strerror})") from problem
            reason = f"the grader failed: {type(problem).__name__}: {problem!s:.300}"
            return self._failed(flight.submission.student, reason)
        if isinstance(result, Graded):
            return self._record(result, flight)
        assert flight.scores is not None
        student = flight.submission.student
        self._papers.put_page(student, result, flight.scores)
        return read_outcome(self._course, self._lesson.name, student, flight.scores.cells)

    def _record(self, graded: Graded, flight: _Pending) -> Outcome | None:
        """Write a notebook and its marks, and send it off for its page."""
        student, submission = graded.student, flight.submission
        if graded.stalled:
            self._stalled.append(student)
            return None
        if graded.reason:
            return self._failed(student, graded.reason)
        self._ledger.withdraw(student)
        files = {**submission.files, **self._lesson.files}
        if submission.timestamp:
            files["timestamp.txt"] = f"{submission.timestamp}\n".encode()
        self._papers.put_notebook(student, graded.notebook, files)
        flight.scores = self._ledger.record(graded, flight.entry, submission.timestamp)
        flight.tries = 1
        self._send(flight)
        return None

    def _send_again(self, flight: _Pending, problem: Exception) -> Outcome | None:
        """Try a submission once more: whoever had it died, perhaps of something else."""
        if flight.tries < _MOST_TRIES:
            flight.tries += 1
            self._send(flight)
            return None
        if isinstance(problem, ZygoteError):
            raise CourseError(str(problem)) from problem
        return self._failed(flight.submission.student, "its worker died again and again")

    def _send_all_again(self) -> Outcome | None:
        """Go on with a new executor; a submission whose executors keep ending has failed."""
        kill(self.executor)
        self.executor = self._start()
        flights, self._pending = list(self._pending.values()), {}
        hopeless = [flight for flight in flights if flight.tries >= _MOST_TRIES]
        for flight in flights:
            if flight not in hopeless[:1]:
                flight.tries += 1
                self._send(flight)
        if hopeless:
            return self._failed(hopeless[0].submission.student, "its worker died again and again")
        return None

    def _failed(self, student: str, reason: str) -> Outcome:
        """Leave nothing of an earlier grading that could pass for the current one."""
        self._ledger.withdraw(student)
        self._papers.remove(student)
        return Outcome(student, self._lesson.name, "failed", reason=reason)
