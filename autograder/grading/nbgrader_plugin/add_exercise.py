"""Test a course's own exercises, and write their cells and the students' record into its lessons."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.errors import CourseError, EncodingError
from autograder.grading.course.directory import Course
from autograder.grading.course.lesson import NOTEBOOK_METADATA
from autograder.grading.course.listener import Listener
from autograder.grading.course.shipped import SHIPPED, lessons_in, put_beside
from autograder.grading.nbgrader_plugin.config import open_course
from autograder.judging.exercise import Exercise
from autograder.judging.load_exercises import FOLDER, RECORD, load_file, write_record
from autograder.judging.self_test import self_test


def add_exercise(directory: Path, file: Path, listener: Listener) -> None:
    """Test an exercise of the course's own and write its cells into its lesson.

    Parameters
    ----------
    directory : Path
        The course directory.
    file : Path
        File of the exercise.
    listener : Listener

    Raises
    ------
    CourseError
        If the file is not in the course's folder for exercises, or an exercise of the course cannot be used, or this
        one judges its reference or a known mistake wrongly; nothing is written then. Also if a visible case cannot be
        written as JSON; then the cells are written already.
    """
    configured = open_course(directory)
    course = configured.course
    if file.resolve().parent != course.root / FOLDER:
        raise CourseError(f"an exercise must be a file in {course.root / FOLDER} (got {file})")
    exercise = load_file(file)
    tests = self_test(exercise)
    for test in tests:
        listener.advance(done=f"{'✗' if test.problem else '✓'} {test.answer} {test.problem}")
    if any(test.problem for test in tests):
        raise CourseError(f"{exercise.name} must judge its own answers as it says; nothing was written")
    path = _home_of(course, exercise.lesson) / f"{exercise.lesson}.ipynb"
    put_into_lesson(path, exercise)
    write_records([*configured.custom_exercises, exercise], exercise.lesson, path.parent)
    listener.advance(done=f"wrote {exercise.name} into {path.relative_to(course.root)}")


def _home_of(course: Course, lesson: str) -> Path:
    """Return the folder of a course's own version of a lesson.

    A lesson of the project is first copied beside the course's own assignments, if there are such.

    Raises
    ------
    OSError
        If the lesson cannot be copied.
    """
    if course.takes_shipped and lesson in lessons_in(SHIPPED):
        put_beside(course.root, course.source, [lesson])
    source = course.source if course.source.is_relative_to(course.root) else course.root / "notebooks"
    return source / lesson


def put_into_lesson(path: Path, exercise: Exercise) -> None:
    """Write an exercise's cells into its lesson: replace older ones, or add them at the end.

    The solution cell is the reference function, copied from its file, with the body marked as solution.

    Parameters
    ----------
    path : Path
        Path of the notebook; it is created if it does not exist.
    exercise : Exercise

    Raises
    ------
    CourseError
        If the reference is not a function with a docstring.
    """
    notebook = nbformat.read(path, as_version=4) if path.exists() else _new_lesson(exercise.lesson)
    cells = [_solution_cell(exercise), _test_cell(exercise)]
    ids = [cell.id for cell in cells]
    place = next((n for n, cell in enumerate(notebook.cells) if cell.id in ids), _index_of_overview(notebook))
    before = [cell for cell in notebook.cells[:place] if cell.id not in ids]
    after = [cell for cell in notebook.cells[place:] if cell.id not in ids]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[*before, *cells, *after], metadata=notebook.metadata), path)


def write_records(exercises: Iterable[Exercise], lesson: str, folder: Path) -> None:
    """Write the record of a course's own exercises of a lesson, which students need, into a folder.

    If the lesson has none of these exercises, nothing is written.

    Raises
    ------
    CourseError
        If a visible case cannot be written as JSON.
    """
    of_lesson = {exercise.name: exercise for exercise in exercises if exercise.lesson == lesson}
    if not of_lesson:
        return
    try:
        write_record(folder / RECORD, list(of_lesson.values()))
    except EncodingError as refusal:
        raise CourseError(f"the visible cases of {lesson} must be plain data: {refusal}") from refusal


def _new_lesson(lesson: str) -> Any:
    title = lesson.lstrip("0123456789_").replace("_", " ").capitalize() or lesson
    cells = [
        new_markdown_cell(f"# {title}", id="title"),
        new_code_cell("import numpy as np", id="setup"),
        new_code_cell(f'from autograder import progress\n\nprogress("{lesson}")', id="progress"),
    ]
    return new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)


def _index_of_overview(notebook: Any) -> int:
    last = len(notebook.cells)
    return last - 1 if last and notebook.cells[-1].id == "progress" else last


def _solution_cell(exercise: Exercise) -> Any:
    source = textwrap.dedent(inspect.getsource(exercise.reference))
    head, body = _split(source, exercise.name)
    marked = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    metadata = _graded(grade_id=exercise.name, solution=True)
    return new_code_cell(marked, id=exercise.name.replace("_", "-"), metadata=metadata)


def _split(source: str, name: str) -> tuple[str, str]:
    """Return two parts of a function: up to its docstring, which students get, and the body, which they write.

    Raises
    ------
    CourseError
        If it is not a function with a docstring.
    """
    found = re.match(r'(def .*?:\n    (?:"""|\'\'\').*?(?:"""|\'\'\'))\n(.*)', source.rstrip(), flags=re.DOTALL)
    if not found:
        raise CourseError(f"the reference of {name} must be a function with a docstring, which students read")
    return found[1], found[2]


def _test_cell(exercise: Exercise) -> Any:
    source = (
        f"from autograder import check\n\ncheck(\n    {exercise.name},\n"
        "    ### BEGIN HIDDEN TESTS\n    hidden=True,\n    ### END HIDDEN TESTS\n)"
    )
    name = f"test_{exercise.name}"
    metadata = _graded(grade_id=name, grade=True, locked=True, points=exercise.max_points)
    return new_code_cell(source, id=name.replace("_", "-"), metadata=metadata)


def _graded(**settings: Any) -> dict[str, Any]:
    plain = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {"nbgrader": {**plain, **settings}}
