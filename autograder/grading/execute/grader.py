"""Run and judge one submission: first only the cells that its functions need, then all cells if that fails."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

from autograder.grading.course.lesson import Lesson
from autograder.grading.execute.judged_cells import exercise_of, judge_cell, verdict_of
from autograder.grading.execute.lesson_kernels import Editions, KernelShare
from autograder.grading.execute.select_cells import cells_to_run
from autograder.grading.options import Settings
from autograder.grading.submission.restore import grade_id_of
from autograder.judging.load_exercises import load_text
from autograder.running.judge_side.kernels import Kernels
from autograder.running.judge_side.run_notebook import run_notebook
from autograder.running.judge_side.student_edition import LEFT_OUT


class Grader:
    """A grader of one lesson, which runs and judges submissions one after the other.

    Parameters
    ----------
    lesson : Lesson
    settings : Settings
    share : KernelShare or None
        Kernels of another process, to use instead of starting new ones.
    """

    def __init__(self, lesson: Lesson, settings: Settings, share: KernelShare | None = None) -> None:
        for name, text in lesson.custom_exercises.items():
            load_text(name, text)
        self._lesson, self._settings = lesson, settings
        self._editions = Editions(lesson.name, settings, share=share)

    def grade(self, notebook: Any, files: dict[str, bytes], *, last_try: bool = False) -> None:
        """Run a restored submission, and write outputs and verdicts into its cells.

        It waits until the submission has run to its end.

        Parameters
        ----------
        notebook : NotebookNode
            The result of `restored`; changed in place.
        files : dict of str to bytes
            The submitted files beside the notebook; the lesson's own files take precedence.
        last_try : bool
            Whether the marks count even if a cell or a call stalls.

        Raises
        ------
        StalledError
            If a cell or a call took too long without using its CPU time, and this is not the last try.
        RunError
            If the submission could not be run to its end.
        ZygoteError
            If no kernel can be started on this machine.
        """
        files = {**files, **self._lesson.files}
        code = {place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
        graded = {place for place, cell in enumerate(notebook.cells) if grade_id_of(cell) is not None}
        tests = {place for place in code if exercise_of(notebook.cells[place])}
        chosen = cells_to_run(notebook, self._lesson.experiments, graded)
        before = copy.deepcopy(notebook.cells)
        run = partial(self._run, files=files, last_try=last_try)
        run(self._editions.kernels, notebook, chosen - tests, tests)
        if chosen != code and any(_went_wrong(notebook.cells[place]) for place in chosen):
            notebook.cells = before
            run(self._editions.kernels, notebook, code - tests, tests)
        shown = notebook
        if self._editions.laboratory is not None:
            shown = copy.deepcopy(notebook)
            run(self._editions.laboratory, shown, code - tests, set())
        _take_experiments(notebook, shown, self._lesson)

    def _run(
        self,
        kernels: Kernels,
        notebook: Any,
        cells: set[int],
        tests: set[int],
        *,
        files: dict[str, bytes],
        last_try: bool,
    ) -> None:
        run_notebook(
            notebook,
            kernels,
            cells=cells,
            tests=tests,
            judge=partial(judge_cell, seed=self._lesson.seed, versions=self._lesson.exercise_versions),
            files=files,
            cell_timeout=self._settings.cell_timeout,
            last_try=last_try,
        )

    def close(self) -> None:
        """Stop the kernels, wait for their end, and remove the student editions."""
        self._editions.close()


def _went_wrong(cell: Any) -> bool:
    """Return whether a cell failed in a way that may be due to cells that were left out."""
    if any(output.output_type == "error" and not _is_refused(output) for output in cell.get("outputs", [])):
        return True
    verdict = verdict_of(cell)
    failures = [part.failure for part in verdict.parts if part.failure] if verdict else []
    return any(failure.kind == "raised" and "NameError" in failure.message for failure in failures)


def _take_experiments(notebook: Any, shown: Any, lesson: Lesson) -> None:
    """Copy the outputs of experiments from `shown` to `notebook`.

    These are the outputs of unchanged cells, and of a student's cells that used a stub of the edition. If `shown` has
    no outputs either, such a cell has no output, like a cell that was left out. All other cells keep the outputs of the
    judged run.
    """
    for cell, other in zip(notebook.cells, shown.cells, strict=True):
        if cell.cell_type != "code" or grade_id_of(cell) is not None:
            continue
        if cell.source in lesson.experiments or any(map(_is_refused, cell.outputs)):
            cell.outputs = [output for output in other.outputs if not _is_refused(output)]
            cell.execution_count = other.execution_count


def _is_refused(output: Any) -> bool:
    """Return whether this is the error that a stub of the student edition raises."""
    return output.output_type == "error" and LEFT_OUT in output.evalue
