"""Grade a class: workers run and judge submissions, and the coordinator is the only process that writes results."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from typing import Any

from autograder.errors import CourseError, SubmissionError, UnfitError, WorkerDiedError, ZygoteError
from autograder.grading.course.directory import Course
from autograder.grading.course.fingerprint import grader_version
from autograder.grading.course.lesson import Lesson
from autograder.grading.distribute.interrupts import defer_signals
from autograder.grading.distribute.pool import end_now
from autograder.grading.execute.graded import Graded
from autograder.grading.execute.task import grade_submission
from autograder.grading.options import Settings
from autograder.grading.record import gradebook
from autograder.grading.record.feedback_page import render_feedback
from autograder.grading.record.gradebook import LatePolicy, LessonMarks, no_penalty
from autograder.grading.record.journal import Entry, entry_for
from autograder.grading.record.output_files import OutputFiles
from autograder.grading.record.released_lesson import load_lesson
from autograder.grading.record.report import read_outcome
from autograder.grading.record.scores import Outcome, Scores
from autograder.grading.submission.read import Submission, escaped

_MAX_TRIES = 4  # tries to grade a submission, if workers and zygotes die
_QUEUE_PER_WORKER = 3  # submissions per worker that are read into memory
_FULL_DISK = (ENOSPC, EDQUOT)


def grade_lesson(
    course: Course,
    url: str,
    lesson: str,
    students: Sequence[str],
    *,
    start: Callable[[], Executor],
    workers: int = 1,
    settings: Settings = Settings(),  # noqa: B008  # frozen
    again: bool = False,
    late_policy: LatePolicy = no_penalty,
) -> Generator[Outcome, None, None]:
    """Grade submissions of a released lesson, as a generator that waits for each outcome.

    At the end of the generator, its executor is shut down. If the generator is closed early, running tasks are ended.

    Parameters
    ----------
    course : Course
        Must be locked by the caller, as well as its gradebook.
    url : str
        Address of the gradebook.
    lesson : str
        Must be released in this course.
    students : sequence of str
    start : callable
        Returns an executor; called again when that executor is broken.
    workers : int
        Number of workers, used if the executor has no attribute `workers`; the size of a cluster changes.
    settings : Settings
    again : bool
        Whether to grade submissions again that were graded before.
    late_policy : LatePolicy
        The course's penalty for lateness.

    Yields
    ------
    Outcome
        The outcome of each student, in the order in which they are ready.

    Raises
    ------
    CourseError
        If the lesson is not released, the gradebook cannot be used, or submissions cannot be confined as requested.
    """
    released = load_lesson(course, url, lesson)
    if sys.platform == "linux":
        from autograder.running.sandbox.syscalls import map_large_buffers

        map_large_buffers()  # else memory would grow with the thousands of notebooks and pages
    with gradebook.open_for_writing(url, lesson, late_policy) as marks:
        run = _LessonRun(course, released, marks, settings, start, workers)
        try:
            yield from run.outcomes(students, {} if again else marks.entries())
        except BaseException:
            with defer_signals():
                end_now(run.executor)
            raise
        run.executor.shutdown()


@dataclass
class _Pending:
    """A submission that a worker has, or that is in the executor's queue.

    Attributes
    ----------
    submission : Submission
    entry : Entry
        The journal entry to write.
    tries : int
    scores : Scores or None
        The scores that the page must show; None until the marks are written.
    last_try : bool
        Whether its marks count even if a cell or a call stalls.
    """

    submission: Submission
    entry: Entry
    tries: int = 1
    scores: Scores | None = None
    last_try: bool = False


class _LessonRun:
    """The coordinator's part of grading one lesson.

    The results of a student change in this order, and the run may be interrupted after each step:

    1. delete the old mark and its journal entry;
    2. remove the old page and replace the notebook;
    3. write marks and journal entry in one transaction;
    4. write the page.

    So if there is an entry, its notebook exists, and if there is a page, it shows that notebook.
    """

    def __init__(
        self,
        course: Course,
        lesson: Lesson,
        marks: LessonMarks,
        settings: Settings,
        start: Callable[[], Executor],
        workers: int,
    ) -> None:
        self._course, self._lesson, self._marks, self._settings = course, lesson, marks, settings
        self._start, self._workers = start, workers
        self._content, self._version = lesson.to_bytes(), lesson.version
        self._files = OutputFiles(course, lesson.name)
        self._files.sweep()
        self._pending: dict[Future[Any], _Pending] = {}
        self._stalled: deque[str] = deque()  # students to grade once more, when all others are done
        self.executor = start()

    def outcomes(self, students: Sequence[str], finished: dict[str, Entry]) -> Iterator[Outcome]:
        """Grade the submissions, and yield the outcome of each student as soon as it is ready.

        Only a few submissions are in memory at a time. `finished` has the journal entry of each student who was graded
        before.

        Raises
        ------
        CourseError
            If the run cannot continue, as submissions cannot be confined, a disk is full, or results cannot be written.
        """
        waiting = iter(students)
        student = next(waiting, None)
        while student is not None or self._pending or self._stalled:
            while student is not None and len(self._pending) < self._max_pending():
                outcome = self._begin(student, finished.get(student))
                if outcome is not None:
                    yield outcome
                student = next(waiting, None)
            if not self._pending and self._stalled:  # one at a time, so that the machine is idle otherwise
                outcome = self._begin(self._stalled.popleft(), None, last_try=True)
                if outcome is not None:
                    yield outcome
            ready, _ = wait(self._pending, return_when=FIRST_COMPLETED)
            for future in ready:
                with defer_signals():
                    outcome = self._handle_result(future)
                if outcome is not None:
                    yield outcome

    def _max_pending(self) -> int:
        return _QUEUE_PER_WORKER * int(getattr(self.executor, "workers", self._workers))

    def _begin(self, student: str, finished: Entry | None, *, last_try: bool = False) -> Outcome | None:
        """Send a submission to the executor, and return None.

        Return the outcome instead if nothing is to do, or the submission cannot be read. `finished` is the journal
        entry of an earlier grading; None for no such entry.
        """
        try:
            submission = Submission.read(self._course.submission(student, self._lesson.name))
        except SubmissionError as problem:
            with defer_signals():
                return self._fail(student, str(problem))
        entry = entry_for(submission, self._version, self._settings.everything)
        pending = _Pending(submission, entry, last_try=last_try)
        if pending.entry == finished and self._files.notebook(student).is_file():
            scores = self._marks.scores(student)
            if self._files.shows(student, scores):
                return read_outcome(self._course, self._lesson.name, student, scores.cells)
            pending.scores = scores
        self._send(pending)
        return None

    def _send(self, pending: _Pending) -> None:
        submission, lesson = pending.submission, self._lesson
        try:
            if pending.scores is not None:
                notebook = self._files.notebook(submission.student).read_text(encoding="utf-8")
                future: Future[Any] = self.executor.submit(render_feedback, lesson.name, notebook, pending.scores)
            else:
                versions = lesson.version, grader_version()
                future = self.executor.submit(
                    grade_submission, self._content, *versions, self._settings, submission, pending.last_try
                )
        except BrokenExecutor as end:
            future = Future()
            future.set_exception(end)
        self._pending[future] = pending

    def _handle_result(self, future: Future[Any]) -> Outcome | None:
        """Write the result of a task that is done.

        Return the outcome if it was the student's last task, else None.

        Raises
        ------
        CourseError
            If the run cannot continue.
        """
        pending = self._pending.pop(future, None)
        if pending is None:
            return None  # it was sent again, with all other tasks of its broken executor
        try:
            result = future.result()
        except BrokenExecutor:
            self._pending[future] = pending
            return self._send_all_again()
        except (WorkerDiedError, ZygoteError, ConnectionError) as problem:
            return self._send_again(pending, problem)
        except UnfitError as problem:
            raise CourseError(str(problem)) from problem
        except Exception as problem:  # a bug, or a problem of the machine: report it to staff, and continue
            if isinstance(problem, OSError) and problem.errno in _FULL_DISK:
                raise CourseError(f"a worker must have room to write (got: {problem.strerror})") from problem
            reason = f"the grader failed: {type(problem).__name__}: {problem!s:.300}"
            return self._fail(pending.submission.student, reason)
        if isinstance(result, Graded):
            return self._record(result, pending)
        assert pending.scores is not None
        student = pending.submission.student
        self._files.put_page(student, result, pending.scores)
        return read_outcome(self._course, self._lesson.name, student, pending.scores.cells)

    def _record(self, graded: Graded, pending: _Pending) -> Outcome | None:
        """Write a notebook and its marks, submit the task that renders its page, and return None.

        Return the outcome if the submission could not be graded. A stalled submission is graded again later; None is
        returned.

        Raises
        ------
        CourseError
            If the notebook or the marks cannot be written.
        """
        student, submission = graded.student, pending.submission
        if graded.stalled:
            self._stalled.append(student)
            return None
        if graded.reason:
            return self._fail(student, graded.reason)
        self._marks.withdraw(student)
        files = {**submission.files, **self._lesson.files}
        if submission.timestamp:
            files["timestamp.txt"] = f"{submission.timestamp}\n".encode()
        self._files.put_notebook(student, graded.notebook, files)
        pending.scores = self._marks.record(graded, pending.entry, submission.timestamp)
        pending.tries = 1
        self._send(pending)
        return None

    def _send_again(self, pending: _Pending, problem: Exception) -> Outcome | None:
        """Send a submission again, as its worker or zygote died, perhaps for another reason; return None.

        Return the failed outcome after four tries. `problem` is the exception of the last try.

        Raises
        ------
        CourseError
            If the zygote could not be started in four tries.
        """
        if pending.tries < _MAX_TRIES:
            pending.tries += 1
            self._send(pending)
            return None
        if isinstance(problem, ZygoteError):
            raise CourseError(str(problem)) from problem
        return self._fail(pending.submission.student, "its worker died again and again")

    def _send_all_again(self) -> Outcome | None:
        """Send all pending submissions to a new executor, and return None.

        If submissions have had four tries, one of them fails and its outcome is returned.
        """
        end_now(self.executor)
        self.executor = self._start()
        sent, self._pending = list(self._pending.values()), {}
        hopeless = [pending for pending in sent if pending.tries >= _MAX_TRIES]
        for pending in sent:
            if pending not in hopeless[:1]:
                pending.tries += 1
                self._send(pending)
        if hopeless:
            return self._fail(hopeless[0].submission.student, "its worker died again and again")
        return None

    def _fail(self, student: str, reason: str) -> Outcome:
        """Return a failed outcome, and remove the results of an earlier grading.

        These could be mistaken for current ones.

        Raises
        ------
        CourseError
            If they cannot be removed.
        """
        if student.isprintable():  # else nothing was ever written, as the gradebook cannot store the name
            self._marks.withdraw(student)
            self._files.remove(student)
        return Outcome(escaped(student), self._lesson.name, "failed", reason=reason)
