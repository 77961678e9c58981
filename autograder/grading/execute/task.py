"""Grade one submission as a task for a worker on any machine: bytes in, marks and a notebook out, no side effects."""

from __future__ import annotations

import atexit
import threading
from functools import cache, lru_cache
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError
from nbgrader.preprocessors import LimitOutput
from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task
from threadpoolctl import ThreadpoolController

from autograder.errors import (
    ConfinementError,
    OtherVersionError,
    RunError,
    StalledError,
    SubmissionError,
    UnfitError,
    ZygoteError,
)
from autograder.grading.course.fingerprint import grader_version
from autograder.grading.course.lesson import Lesson
from autograder.grading.execute.graded import Graded
from autograder.grading.execute.grader import Grader
from autograder.grading.execute.judged_cells import auto_points
from autograder.grading.execute.lesson_kernels import KernelShare
from autograder.grading.options import Settings
from autograder.grading.submission.parse import parse
from autograder.grading.submission.read import Submission
from autograder.grading.submission.restore import restored
from autograder.running.judge_side.doctor import choose_mode, examine_machine

_graders: dict[tuple[str, Settings], Grader] = {}
_task_lock = threading.Lock()


def grade_submission(
    lesson: bytes,
    version: str,
    grader: str,
    settings: Settings,
    submission: Submission,
    last_try: bool = False,
    share: KernelShare | None = None,
) -> Graded:
    """Run and judge one submission, and wait for the result.

    Parameters
    ----------
    lesson : bytes
        The result of `Lesson.to_bytes`.
    version, grader : str
        Hashes of the lesson and of the grader, which must be equal to those of this process.
    settings : Settings
    submission : Submission
    last_try : bool
        Whether the marks count even if a cell or a call stalls; otherwise the result then requires one more grading.
    share : KernelShare or None
        Kernels of the coordinator, for a worker that shares them.

    Returns
    -------
    Graded
        If the submission could not be graded or stalled, with the reason in place of points.

    Raises
    ------
    UnfitError
        If this machine has another version, or cannot confine submissions as requested.
    ZygoteError
        If no kernel could be started for another reason.
    ImportError, RuntimeError
        If a library is missing or the kernels cannot be set up, although this machine can confine submissions.
    """
    if grader != grader_version():
        raise OtherVersionError("a worker must have the same grader as the coordinator: install one version on both")
    with _task_lock, thread_pools().limit(limits=1):  # each submission uses one core
        released = _lesson(lesson)
        if released.version != version:
            raise OtherVersionError(
                f"the lesson must have the fingerprint {version[:12]} (got {released.version[:12]})"
            )
        try:
            one = grader_for(released, settings, share)
        except (ImportError, RuntimeError) as problem:  # a library of the sandbox may be missing
            _require_confinement(settings, problem)
            raise
        try:
            return _result(submission.student, _graded_notebook(one, released, submission, last_try))
        except StalledError as problem:
            return Graded(submission.student, stalled=str(problem))
        except (SubmissionError, RunError) as problem:
            return Graded(submission.student, reason=str(problem))
        except ZygoteError as problem:
            _require_confinement(settings, problem)
            raise  # the zygote was killed, so the next try may succeed


def grader_for(lesson: Lesson, settings: Settings, share: KernelShare | None = None) -> Grader:
    """Return a lesson's grader; a process caches the last one with its kernels.

    For another lesson or other settings, the cached grader is closed and a new one is built. `share` is used for a new
    one only.

    Raises
    ------
    RuntimeError
        If libseccomp is missing, or no zygote can be started.
    """
    key = (lesson.version, settings)
    if key not in _graders:
        close_graders()
        _graders[key] = Grader(lesson, settings, share)
    return _graders[key]


def _graded_notebook(grader: Grader, lesson: Lesson, submission: Submission, last_try: bool) -> Any:
    """Return the notebook of a submission, run and judged.

    Retry once if the kernel was lost, as the machine may be the cause.

    Raises
    ------
    SubmissionError
        If the submission is damaged, or of another lesson.
    RunError
        If it could not be run to its end.
    StalledError
        If it took too long without using its CPU time, and it is not the last try.
    ZygoteError
        If no kernel could be started.
    """
    for last in (False, True):
        notebook = restored(parse(submission.notebook, lesson.name, lesson.cells), lesson.cells)
        try:
            grader.grade(notebook, submission.files, last_try=last_try)
            break
        except RunError as problem:
            if last or isinstance(problem.__cause__, CellTimeoutError):
                raise
    return notebook


def _require_confinement(settings: Settings, problem: Exception) -> None:
    """Check that this machine can confine submissions; `problem` is the exception that raised the doubt.

    Raises
    ------
    UnfitError
        If it cannot; the text is the reason.
    """
    try:
        choose_mode(examine_machine(), asked=settings.mode, as_root=settings.as_root)
    except ConfinementError as refusal:
        raise UnfitError(str(refusal)) from problem


@lru_cache(maxsize=1)
def _lesson(content: bytes) -> Lesson:
    return Lesson.from_bytes(content)


@atexit.register
def close_graders() -> None:
    """Stop the kernels of the cached grader, if there is one, and wait for their end."""
    while _graders:
        _graders.popitem()[1].close()


def _result(student: str, notebook: Any) -> Graded:
    notebook, _ = LimitOutput().preprocess(notebook, {})
    points = {cell.metadata.nbgrader.grade_id: auto_points(cell) for cell in notebook.cells if is_grade(cell)}
    points |= dict.fromkeys(cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_task(cell))
    unanswered = tuple(
        cell.metadata.nbgrader.grade_id
        for cell in notebook.cells
        if is_solution(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
    )
    return Graded(student, notebook=nbformat.v4.writes(notebook), points=points, unanswered=unanswered)


@cache
def thread_pools() -> ThreadpoolController:
    """Return the thread pools of the loaded libraries; they are searched only once."""
    return ThreadpoolController()
