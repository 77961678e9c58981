"""Read a released lesson from the gradebook and the course directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import MissingEntry

from autograder.errors import CourseError
from autograder.grading.course.attachments import files_beside
from autograder.grading.course.custom_exercises import texts_of_custom_exercises
from autograder.grading.course.directory import Course
from autograder.grading.course.exercise_version import exercise_versions
from autograder.grading.course.lesson import Lesson
from autograder.grading.course.private import secret_seed
from autograder.grading.execute.judged_cells import exercise_of
from autograder.grading.record import gradebook
from autograder.grading.submission.restore import grade_id_of


def load_lesson(course: Course, url: str, name: str, notebook: str = "") -> Lesson:
    """Return a lesson, read from the gradebook and the course that released it.

    Parameters
    ----------
    course : Course
    url : str
        Address of the gradebook.
    name : str
        Name of the assignment.
    notebook : str
        Name of the assignment's notebook, if it differs from the assignment's.

    Raises
    ------
    CourseError
        If it was not released, its files are too large to be copied to every kernel, the gradebook cannot be read, or
        the file of the secret seed is damaged.
    """
    notebook = notebook or name
    with gradebook.opened(url) as book:
        try:
            cells = released_cells(book.find_notebook(notebook, name))
        except MissingEntry:
            raise CourseError(f"a lesson must be released before it is graded (got {name!r})") from None
    released = course.release / name / f"{notebook}.ipynb"
    return Lesson(
        name=name,
        seed=secret_seed(course.root),
        cells=cells,
        experiments=_experiments(released) if released.is_file() else frozenset(),
        files=files_beside(course.source / name),
        custom_exercises=texts_of_custom_exercises(course.root),
        exercise_versions=exercise_versions(cells),
    )


def released_cells(notebook: Any) -> dict[str, dict[str, Any]]:
    """Return the cells of nbgrader's `notebook`, by grade id, as stored at the release.

    Each has nbgrader's metadata, its type and its source.
    """
    grades = {cell.name: cell.max_score for cell in notebook.grade_cells}
    tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
    points = {**grades, **tasks}
    solutions = {cell.name for cell in notebook.solution_cells}
    return {
        cell.name: {
            "grade": cell.name in grades,
            "grade_id": cell.name,
            "locked": bool(cell.locked),
            "schema_version": 3,
            "solution": cell.name in solutions,
            "task": cell.name in tasks,
            "cell_type": str(cell.cell_type),
            "checksum": cell.checksum,
            "source": cell.source,
            **({"points": points[cell.name]} if cell.name in points else {}),
        }
        for cell in notebook.source_cells
    }


def _experiments(path: Path) -> frozenset[str]:
    """Return the texts of the code cells without a grade id in the released notebook at `path`.

    The result is empty if the notebook has no exercise of this grader. In such a notebook, plain test cells may depend
    on every cell, so all cells must run.
    """
    cells = nbformat.read(path, as_version=4).cells
    if not any(map(exercise_of, cells)):
        return frozenset()
    return frozenset(cell.source for cell in cells if cell.cell_type == "code" and grade_id_of(cell) is None)
