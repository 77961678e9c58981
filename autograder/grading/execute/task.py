"""What one worker does for one submission: bytes in, marks and pages out, nothing else touched, on any machine."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbclient.exceptions import CellTimeoutError
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbgrader.preprocessors import LimitOutput
from nbgrader.utils import compute_checksum, is_grade, is_solution, is_task
from threadpoolctl import ThreadpoolController
from traitlets.config import Config

from autograder.errors import SubmissionError
from autograder.grading.course.lesson import Lesson, grader_version
from autograder.grading.execute.grader import Grader
from autograder.grading.execute.judged_cells import auto_points
from autograder.grading.options import Settings
from autograder.grading.record.scores import Graded, Scores
from autograder.grading.submission.read import Submission, parse
from autograder.grading.submission.restore import restored
from autograder.judging.exercise import Curve
from autograder.judging.picture import picture_svg
from autograder.judging.registry import all_exercises
from autograder.running.judge_side.doctor import ConfinementError, choose_mode, examine_machine
from autograder.running.judge_side.run_notebook import RunError
from autograder.running.judge_side.time_limits import StalledError
from autograder.running.judge_side.zygote_client import ZygoteError


class UnfitError(RuntimeError):
    """A worker that can do none of the work: the text says why. Others would find the same, so the run stops."""


class OtherVersionError(UnfitError):
    """A worker that has another grader, or another lesson, than the one who asks."""


_LONGEST_KEPT = 10_000  # characters of a cell
_graders: dict[tuple[str, Settings], Grader] = {}
_one_at_a_time = threading.Lock()


def warm_up() -> None:
    """Do what the first submission would do: write a page, draw a picture, look for libraries that have threads."""
    cells = [nbformat.v4.new_markdown_cell("*1*"), nbformat.v4.new_code_cell("1")]
    render_feedback("", nbformat.writes(nbformat.v4.new_notebook(cells=cells)), Scores({}, {}, 0.0, 0.0, 0.0))
    drawn = next(exercise for exercise in all_exercises() if isinstance(exercise.picture, Curve))
    picture_svg(drawn, drawn.reference, None)
    _threads()


def grade_submission(
    lesson: bytes, version: str, grader: str, settings: Settings, submission: Submission, last_try: bool = False
) -> Graded:
    """Run and judge one submission.

    Parameters
    ----------
    lesson : bytes
        As `Lesson.to_bytes` gives it.
    version, grader : str
        Fingerprints of the lesson and of the grader, which must be those of this process.
    settings : Settings
    submission : Submission
    last_try : bool
        Whether the marks count even if something stalls; otherwise the result says that it must be graded once more.

    Returns
    -------
    Graded

    Raises
    ------
    UnfitError
        If this machine has another version, or cannot confine submissions as asked.
    ZygoteError
        If it gave no kernel for another reason.
    """
    if grader != grader_version():
        raise OtherVersionError("a worker must have the same grader as the coordinator: install one version on both")
    with _one_at_a_time, _threads().limit(limits=1):  # cores are shared out by submission
        released = _lesson(lesson)
        if released.version != version:
            raise OtherVersionError(
                f"the lesson must have the fingerprint {version[:12]} (got {released.version[:12]})"
            )
        try:
            one = grader_for(released, settings)
        except (ImportError, RuntimeError) as problem:  # what confines is missing
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
            raise  # something has ended it; another may live


def grader_for(lesson: Lesson, settings: Settings) -> Grader:
    """Give a lesson's grader; a process keeps the last one."""
    key = (lesson.version, settings)
    if key not in _graders:
        close_graders()
        _graders[key] = Grader(lesson, settings)
    return _graders[key]


def _graded_notebook(grader: Grader, lesson: Lesson, submission: Submission, last_try: bool) -> Any:
    """Run and judge; once more where the kernel was lost, for it may be the machine that ended it."""
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
    """Say why submissions cannot be run here, in words that help, where the machine is the reason."""
    try:
        choose_mode(examine_machine(), asked=settings.mode, as_root=settings.as_root)
    except ConfinementError as refusal:
        raise UnfitError(str(refusal)) from problem


@lru_cache(maxsize=1)
def _lesson(content: bytes) -> Lesson:
    return Lesson.from_bytes(content)


@atexit.register
def close_graders() -> None:
    """End the kernels that are kept ready."""
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


def render_feedback(lesson: str, notebook: str, scores: Scores) -> str:
    """Give the page that a student reads, from nbgrader's own template.

    Parameters
    ----------
    lesson : str
    notebook : str
        The autograded notebook, as text.
    scores : Scores

    Returns
    -------
    str
        HTML.
    """
    nb = nbformat.v4.reads(notebook)  # our own: not validated once more
    for cell in nb.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade_id") in scores.cells:
            score = scores.cells[about["grade_id"]]
            about["score"], about["points"] = score.points or 0.0, score.max_points
        if about.get("grade_id") in scores.comments:
            about["comment"] = scores.comments[about["grade_id"]]
    totals = {"score": scores.score, "max_score": scores.max_score, "late_penalty": scores.late_penalty}
    resources = {"nbgrader": {"notebook": lesson, "assignment": lesson, **totals}, "metadata": {"name": lesson}}
    html, _ = _exporter().from_notebook_node(nb, resources)
    return str(html)


class _Page(HTMLExporter):  # type: ignore[misc]  # nbconvert publishes no types
    """nbconvert's page, without reading all of it once more for texts that figures could have had.

    Most cells are the same in everybody's notebook: what they look like is kept for the next one. Cells here have no
    attachments, and no metadata that would change their looks.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        coloured = _remembering(Highlight2HTML(pygments_lexer="python", parent=self))
        self.register_filter("markdown2html", _remembering(partial(self.markdown2html, {})))
        self.register_filter("highlight_code", lambda source, **_: coloured(source))

    def from_notebook_node(self, nb: Any, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        resources = self._init_resources(resources)
        data_types = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", data_types)
        html, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kwargs)
        described = html.replace('<img src="data:image', '<img alt="A figure of this notebook" src="data:image')
        return described, resources

    def _preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Do without two more copies of the notebook and two more validations: it is ours already."""
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        return nb, resources


def _remembering(function: Callable[[str], str]) -> Callable[[str], str]:
    """Keep what a function makes of short texts, as long as they are among the last few hundred."""
    kept = lru_cache(maxsize=300)(function)
    return lambda text: kept(text) if len(text) < _LONGEST_KEPT else function(text)


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


@cache
def _exporter() -> HTMLExporter:
    server = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
    config = Config()
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [str(server / "templates")]
    config.HTMLExporter.extra_template_paths = [str(server / "static" / "node_modules" / "bootstrap" / "dist" / "css")]
    config.HTMLExporter.optimistic_validation = True
    return _Page(config=config)
