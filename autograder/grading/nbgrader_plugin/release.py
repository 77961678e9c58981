"""Making the students' version of a lesson, with nbgrader."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbgrader.coursedir import CourseDirectory

from autograder.errors import CourseError
from autograder.grading.course.directory import Course, secret_seed
from autograder.grading.execute.judged_cells import exercise_of
from autograder.grading.nbgrader_plugin.add_exercise import write_records
from autograder.grading.nbgrader_plugin.converters import Release


def release_lesson(course: Course, lesson: str) -> Path:
    """Write `release/LESSON/` without solutions and hidden tests, and store the lesson in the gradebook.

    Parameters
    ----------
    course : Course
        Held by the caller with `course.writing()`.
    lesson : str

    Returns
    -------
    Path
        The released notebook.

    Raises
    ------
    CourseError
        If there is no such lesson, its points are not those of the exercises, or nbgrader refuses it
        (cells added or removed after students have handed in, say).
    """
    course.require_lesson(lesson)
    _require_points(course.source / lesson / f"{lesson}.ipynb")
    secret_seed(course.root)
    write_records(course, lesson)
    config = course.config()
    directory = CourseDirectory(config=config, assignment_id=lesson)
    converter = Release(coursedir=directory, config=config, force=True)
    try:
        converter.start()
    except Exception as refusal:
        reason = str(converter.problem or refusal).strip().split("\n")[0]
        raise CourseError(f"nbgrader cannot release {lesson}: {reason}") from refusal
    return course.root / "release" / lesson / f"{lesson}.ipynb"


def _require_points(path: Path) -> None:
    """Insist that a lesson gives the points its exercises say: they are written down in one place."""
    for cell in nbformat.read(path, as_version=4).cells:
        exercise = exercise_of(cell)
        if exercise and float(cell.metadata.nbgrader.points) != exercise.max_points:
            raise CourseError(
                f"the test of {exercise.name} in {path.name} must be worth {exercise.max_points:g} points "
                f"(got {cell.metadata.nbgrader.points:g})"
            )
