"""Running and judging one submission: as few cells as its functions need, and all of them where that is not enough."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from autograder.grading.lean import lean
from autograder.grading.lesson import Lesson
from autograder.grading.marks import exercise_of, judge_cell, verdict_of
from autograder.grading.restore import grade_id_of
from autograder.judging.own import load_text
from autograder.judging.registry import all_exercises
from autograder.running.edition import LEFT_OUT, write_edition, write_laboratory
from autograder.running.kernels import Kernels, Limits, Mode
from autograder.running.notebook import run_notebook


@dataclass(frozen=True)
class Settings:
    """How submissions are run.

    Attributes
    ----------
    mode : {"namespaces", "landlock", "trusted"}
        How kernels are confined.
    as_root : bool
        Whether kernels stay root where the grader is root.
    everything : bool
        Whether the experiments run too, for the feedback.
    cell_timeout : int
        Seconds a cell may take.
    """

    mode: Mode = "namespaces"
    as_root: bool = False
    everything: bool = False
    cell_timeout: int = 60


class Grader:
    """Runs and judges submissions of one lesson, one after the other.

    Parameters
    ----------
    lesson : Lesson
    settings : Settings
    limits : Limits
        Of each submission.
    """

    def __init__(self, lesson: Lesson, settings: Settings, limits: Limits = Limits()) -> None:  # noqa: B008  # frozen
        for name, text in lesson.own.items():
            load_text(name, text)
        self._lesson, self._settings = lesson, settings
        self._directory = tempfile.TemporaryDirectory(prefix="autograder-edition-")
        root = Path(self._directory.name)
        root.chmod(0o755)
        given, withheld = _answers(lesson.name)
        write_edition(root / "student", given=given, withheld=withheld)
        self._kernels = self._start(root / "student", limits)
        self._laboratory: Kernels | None = None
        if settings.everything:
            write_laboratory(root / "laboratory")
            self._laboratory = self._start(root / "laboratory", limits)

    def _start(self, edition: Path, limits: Limits) -> Kernels:
        return Kernels(edition, mode=self._settings.mode, limits=limits, as_root=self._settings.as_root)

    def grade(self, notebook: Any, files: dict[str, bytes]) -> None:
        """Run a restored submission and fill in outputs and verdicts.

        Parameters
        ----------
        notebook : NotebookNode
            As `restored` gives it.
        files : dict of str to bytes
            What the student handed in beside it; the lesson's own files take precedence.

        Raises
        ------
        RunError
        """
        files = {**files, **self._lesson.files}
        code = {place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
        graded = {place for place, cell in enumerate(notebook.cells) if grade_id_of(cell) is not None}
        tests = {place for place in code if exercise_of(notebook.cells[place])}
        chosen = lean(notebook, self._lesson.experiments, graded)
        before = copy.deepcopy(notebook.cells)
        self._run(self._kernels, notebook, chosen - tests, tests, files)
        if chosen != code and any(_went_wrong(notebook.cells[place]) for place in chosen):
            notebook.cells = before
            self._run(self._kernels, notebook, code - tests, tests, files)
            _take_experiments(notebook, notebook, self._lesson)
        if self._laboratory is not None:
            shown = copy.deepcopy(notebook)
            self._run(self._laboratory, shown, code - tests, set(), files)
            _take_experiments(notebook, shown, self._lesson)

    def _run(self, kernels: Kernels, notebook: Any, cells: set[int], tests: set[int], files: dict[str, bytes]) -> None:
        judge = partial(judge_cell, seed=self._lesson.seed)
        timeout = self._settings.cell_timeout
        run_notebook(notebook, kernels, cells=cells, tests=tests, judge=judge, files=files, cell_timeout=timeout)

    def close(self) -> None:
        """End its kernels and leave nothing behind."""
        self._kernels.close()
        if self._laboratory is not None:
            self._laboratory.close()
        self._directory.cleanup()


@contextmanager
def grader(lesson: Lesson, settings: Settings, limits: Limits = Limits()) -> Iterator[Grader]:  # noqa: B008  # frozen
    """Have a grader for a while."""
    one = Grader(lesson, settings, limits)
    try:
        yield one
    finally:
        one.close()


def _answers(lesson: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Sort the course's answers into those of earlier lessons and the rest."""
    given: list[tuple[str, str]] = []
    withheld: list[tuple[str, str]] = []
    for exercise in all_exercises():
        name = (exercise.reference.__module__, exercise.reference.__name__)
        if name[0].startswith("course_lib."):
            (given if exercise.lesson < lesson else withheld).append(name)
    return given, withheld


def _went_wrong(cell: Any) -> bool:
    """Tell whether something is missing that a cell left out might have brought."""
    if any(output.output_type == "error" for output in cell.get("outputs", [])):
        return True
    verdict = verdict_of(cell)
    failures = [part.failure for part in verdict.parts if part.failure] if verdict else []
    return any(failure.kind == "raised" and "NameError" in failure.message for failure in failures)


def _take_experiments(notebook: Any, shown: Any, lesson: Lesson) -> None:
    """Take over what unchanged experiments showed, but for those that wanted what no submission may have.

    What the student wrote shows what it did while it was judged.
    """
    for cell, other in zip(notebook.cells, shown.cells, strict=True):
        if cell.cell_type == "code" and grade_id_of(cell) is None and cell.source in lesson.experiments:
            cell.outputs = [] if LEFT_OUT in str(other.outputs) else other.outputs
            cell.execution_count = other.execution_count
