"""Run a command on a class, from the course's configuration over the coordinator to the results."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import ConfinementError, CourseError
from autograder.grading.course.directory import Course
from autograder.grading.course.listener import Listener
from autograder.grading.distribute.fast_import import without_collections
from autograder.grading.distribute.interrupts import raise_on_signals
from autograder.grading.distribute.pool import InProcessExecutor, pool, started
from autograder.grading.distribute.scratch import scratch_directory
from autograder.grading.nbgrader_plugin.config import ConfiguredCourse, gradebook_url, late_policy, open_course
from autograder.grading.options import Settings

# nbgrader takes seconds to import, so functions import it while the workers start.
if TYPE_CHECKING:
    from autograder.grading.record.scores import Outcome
    from autograder.running.sandbox.options import Mode

_EXPOSED = (
    "warning: without TLS, whoever reaches a port of this cluster can run programs on it and here, and read the "
    "course's answers"
)
_WEAKER = {
    "landlock": "warning: without namespaces, submissions see each other's processes and share the machine's memory "
    "and network names; only files, system calls and their own use were limited",
    "trusted": "warning: trusted-code mode: nothing kept the submissions' code from doing what you may do",
}


@dataclass(frozen=True)
class Request:
    """The options of a grading command.

    Attributes
    ----------
    lessons, students : sequence of str
        Names; empty for all that have submissions.
    confine : {"namespaces", "landlock", "trusted"} or None
        Kind of sandbox; `None` for the strongest one.
    as_root, everything : bool
        See `Settings`.
    cell_timeout : int
        See `Settings`.
    again : bool
        Whether to grade submissions again that were graded before.
    workers : int or None
        Number of processes on this machine; 0 for this process only, `None` for the number of cores.
    scheduler : str or None
        Address of a Dask cluster that is used instead of this machine.
    tls : tuple of (Path or None)
        Authority, certificate and key for the cluster.
    """

    lessons: Sequence[str] = ()
    students: Sequence[str] = ()
    confine: Mode | None = None
    as_root: bool = False
    everything: bool = False
    cell_timeout: int = 60
    again: bool = False
    workers: int | None = None
    scheduler: str | None = None
    tls: tuple[Path | None, Path | None, Path | None] = (None, None, None)


@dataclass(frozen=True)
class ClassResults:
    """The results of a class.

    Attributes
    ----------
    feedback : Path
        Folder of the feedback pages.
    lessons : dict of str to list of Outcome
        The outcomes of each lesson, sorted by student.
    """

    feedback: Path
    lessons: dict[str, list[Outcome]]

    @property
    def any_failed(self) -> bool:
        """Return whether a submission could not be graded."""
        return any(outcome.status == "failed" for outcomes in self.lessons.values() for outcome in outcomes)


def grade_class(directory: Path, request: Request, *, db: str | None, listener: Listener) -> ClassResults:
    """Grade the submissions of a class, and return the results of all lessons.

    It waits until all are graded.

    Parameters
    ----------
    directory : Path
        The course directory.
    request : Request
    db : str or None
        Address of the gradebook; None for the one in the configuration.
    listener : Listener

    Raises
    ------
    CourseError
        If the command cannot run here, or there is nothing to grade. Marks that were written before stay.
    KeyboardInterrupt
        If SIGINT, SIGTERM or SIGHUP stops it. Marks that were written before stay.
    """
    configured = open_course(directory, db)
    course = configured.course
    cluster = _cluster(request, listener)
    mode = _mode(request, elsewhere=cluster is not None)
    settings = Settings(mode, request.as_root, request.everything, request.cell_timeout)
    results = {}
    for lesson in request.lessons or [name for name in course.lessons() if course.students(name)]:
        course.require_lesson(lesson)
        results[lesson] = _Session(configured, request, settings, db, listener).grade(lesson, cluster)
    if not results:
        raise CourseError(f"there must be submissions in {course.submitted}/STUDENT/LESSON/ (found none)")
    if mode != "namespaces":
        listener.note(_WEAKER[mode])
    return ClassResults(course.feedback, results)


def read_class(directory: Path, lessons: Sequence[str], *, db: str | None) -> ClassResults:
    """Return the current results of a class from the gradebook; nothing is graded.

    Parameters
    ----------
    directory : Path
        The course directory.
    lessons : sequence of str
    db : str or None
        Address of the gradebook; None for the one in the configuration.

    Raises
    ------
    CourseError
        If the course cannot be opened, there is no such lesson, or the gradebook cannot be read.
    """
    from autograder.grading.record.report import read_outcomes

    configured = open_course(directory, db)
    course, url = configured.course, gradebook_url(configured)
    results = {}
    for lesson in lessons:
        course.require_lesson(lesson)
        results[lesson] = list(read_outcomes(course, url, lesson, course.students(lesson)))
    return ClassResults(course.feedback, results)


def _mode(request: Request, *, elsewhere: bool) -> Mode:
    """Return the kind of sandbox; on Linux, the first kernel shows whether it works.

    `elsewhere` is true if other machines run the submissions.

    Raises
    ------
    CourseError
        If this machine cannot confine submissions as requested.
    """
    platform: str = sys.platform
    if elsewhere or platform == "linux":
        return request.confine or "namespaces"
    from autograder.running.judge_side.doctor import choose_mode, examine_machine

    try:
        return choose_mode(examine_machine(), asked=request.confine, as_root=request.as_root)
    except ConfinementError as refusal:
        raise CourseError(str(refusal)) from refusal


def _cluster(request: Request, listener: Listener) -> Callable[[], Executor] | None:
    """Return a function that connects to the cluster; None if no cluster is requested.

    Raises
    ------
    CourseError
        If the options contradict each other, or one is missing.
    """
    authority, certificate, key = request.tls
    if request.scheduler is None:
        if any(request.tls):
            raise CourseError("--tls-ca, --tls-cert and --tls-key must be given with --scheduler")
        return None
    if request.workers is not None:
        raise CourseError("a command must have --workers or --scheduler, not both: a cluster has its own workers")
    from autograder.grading.distribute.dask_cluster import Certificates, connect, is_exposed

    certificates = Certificates(authority, certificate, key) if authority and certificate and key else None
    if any(request.tls) and certificates is None:
        raise CourseError("--tls-ca, --tls-cert and --tls-key must be given together")
    if is_exposed(request.scheduler):
        listener.note(_EXPOSED)
    return partial(connect, request.scheduler, certificates)


@dataclass(frozen=True)
class _Session:
    """A grading command, which grades one lesson after the other with the same settings."""

    configured: ConfiguredCourse
    request: Request
    settings: Settings
    db: str | None
    listener: Listener

    def grade(self, lesson: str, cluster: Callable[[], Executor] | None) -> list[Outcome]:
        """Grade the chosen submissions of a lesson, and return their outcomes, sorted by student.

        `cluster` starts the executor; None means worker processes on this machine. If the request asks for 0 workers,
        this process grades.

        Raises
        ------
        CourseError
            If there is no chosen submission, another command writes to the course or its gradebook, or the run cannot
            continue.
        KeyboardInterrupt
            If SIGINT, SIGTERM or SIGHUP stops it.
        """
        course = self.configured.course
        students = self._students(course, lesson)
        cores = os.cpu_count() or 1
        workers = min(len(students), cores if self.request.workers is None else self.request.workers)
        with raise_on_signals(), course.locked(), scratch_directory(course.root) as scratch:
            executor = partial(pool, workers, scratch, lesson, self.settings) if workers else None
            # nbgrader is imported while the workers start.
            with started(cluster or executor or partial(InProcessExecutor, scratch)) as start:
                outcomes = self._grade(lesson, students, start, max(1, workers))
        return sorted(outcomes, key=lambda outcome: outcome.student)

    def _students(self, course: Course, lesson: str) -> list[str]:
        students = course.students(lesson)
        for student in self.request.students:
            if student not in students:
                raise CourseError(f"a student must have handed in {lesson} (got {student!r})")
        chosen = [student for student in students if not self.request.students or student in self.request.students]
        if not chosen:
            raise CourseError(f"there must be submissions in submitted/STUDENT/{lesson}/ (found none)")
        return chosen

    def _grade(
        self, lesson: str, students: Sequence[str], start: Callable[[], Executor], workers: int
    ) -> list[Outcome]:
        with without_collections():  # modules that a pool of workers has not imported already
            from autograder.grading.distribute.coordinator import grade_lesson
            from autograder.grading.nbgrader_plugin.release import release_lessons
            from autograder.grading.record.gradebook import is_released
            from autograder.grading.record.locks import database_lock

        course, url = self.configured.course, gradebook_url(self.configured)
        with database_lock(url):
            if not is_released(url, lesson):
                self.listener.note(f"{lesson} was not released from this course yet: releasing it first")
                release_lessons(self.configured, [lesson], self.db, self.listener)
            work = grade_lesson(
                course,
                url,
                lesson,
                students,
                start=start,
                workers=workers,
                settings=self.settings,
                again=self.request.again,
                late_policy=late_policy(self.configured.config),
            )
            return self._collect(url, lesson, students, work)

    def _collect(
        self, url: str, lesson: str, students: Sequence[str], work: Generator[Outcome, None, None]
    ) -> list[Outcome]:
        """Return the outcomes of `work`, a generator, and report each one to the listener.

        If the run is stopped, the listener gets a note with the number of graded submissions.

        Raises
        ------
        CourseError, KeyboardInterrupt
            If `work` raises it.
        """
        from autograder.grading.record.report import count_current

        outcomes: list[Outcome] = []
        self.listener.begin(lesson, len(students))
        try:
            with closing(work):
                for outcome in work:
                    outcomes.append(outcome)
                    problem = f"{outcome.student}: {outcome.reason}" if outcome.status == "failed" else ""
                    self.listener.advance(problem=problem)
        except (KeyboardInterrupt, CourseError) as end:
            if outcomes or isinstance(end, KeyboardInterrupt):
                current = count_current(self.configured.course, url, lesson, students)
                text = f"stopped: {current} of {len(students)} were graded and stay so; run the command again"
                self.listener.note(text)
            raise
        finally:
            self.listener.end()
        return outcomes
