"""Write the students' version of lessons with nbgrader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory

from autograder.errors import CourseError
from autograder.grading.course.directory import Course
from autograder.grading.course.listener import Listener
from autograder.grading.course.private import secret_seed
from autograder.grading.course.shipped import SHIPPED, lessons_in, put_beside
from autograder.grading.execute.judged_cells import exercise_of
from autograder.grading.nbgrader_plugin.add_exercise import write_records
from autograder.grading.nbgrader_plugin.config import ConfiguredCourse, gradebook_url, open_course, write_config
from autograder.grading.record.locks import database_lock


class _Release(GenerateAssignment):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's converter, which stores the exception that nbgrader itself only logs.

    Attributes
    ----------
    problem : Exception or None
    """

    problem: Exception | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Convert one notebook; if nbgrader raises an exception, store it and raise it again."""
        try:
            super().convert_single_notebook(notebook_filename)
        except Exception as problem:
            self.problem = problem
            raise


def release(directory: Path, lessons: Sequence[str], *, db: str | None, listener: Listener) -> None:
    """Write the students' version of lessons, and store the lessons in the gradebook.

    Parameters
    ----------
    directory : Path
        The course directory.
    lessons : sequence of str
        If empty, all lessons are released. In a course that takes the shipped lessons, its own assignments without an
        exercise are left out.
    db : str or None
        Address of the gradebook; None for the one in the configuration.
    listener : Listener

    Raises
    ------
    CourseError
        If there are no lessons, if another command writes to the course or its gradebook, if the course cannot be
        opened, or for the reasons of `release_lesson`.
    """
    configured = open_course(directory, db)
    with configured.course.locked(), database_lock(gradebook_url(configured)):
        release_lessons(configured, lessons or _all_lessons(configured.course), db, listener)


def _all_lessons(course: Course) -> list[str]:
    """Return the lessons of a course, sorted; empty if there are none.

    In a course that takes the shipped lessons, its own assignments without an exercise are left out.
    """
    if not course.takes_shipped:
        return course.lessons()
    shipped = lessons_in(SHIPPED)
    return [name for name in course.lessons() if name in shipped or _has_exercise(course.source / name)]


def _has_exercise(folder: Path) -> bool:
    return any(map(exercise_of, nbformat.read(folder / f"{folder.name}.ipynb", as_version=4).cells))


def release_lessons(configured: ConfiguredCourse, lessons: Sequence[str], db: str | None, listener: Listener) -> None:
    """Release lessons, and write the course's configuration file, if it has none.

    The caller must lock the course and its gradebook. `db` is as for `release`.

    Raises
    ------
    CourseError
        If `lessons` is empty, or for the reasons of `release_lesson`. Lessons that were released before stay released.
    """
    course = configured.course
    if not lessons:
        raise CourseError(f"a course must have lessons (found none in {course.source})")
    for lesson in lessons:
        course.require_lesson(lesson)
    if written := write_config(course.root, gradebook_url(configured) if db is not None else None):
        listener.note(f"wrote {written}: nbgrader's own commands work here too")
    listener.begin("releasing", len(lessons))
    try:
        for lesson in lessons:
            path = release_lesson(configured, lesson)
            listener.advance(done=f"released {_below(path, course.root)}")
    finally:
        listener.end()


def _below(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def release_lesson(configured: ConfiguredCourse, lesson: str) -> Path:
    """Write the released lesson without solutions and hidden tests, and store the lesson in the gradebook.

    Parameters
    ----------
    configured : ConfiguredCourse
        Its course must be locked by the caller.
    lesson : str

    Returns
    -------
    Path
        The released notebook.

    Raises
    ------
    CourseError
        If there is no such lesson, if its points differ from those of the exercises, if a folder cannot be written, or
        if nbgrader refuses it (for example because cells were added or removed after the first submission).
    """
    course, config = configured.course, configured.config
    course.require_lesson(lesson)
    if course.takes_shipped and lesson in lessons_in(SHIPPED):
        _put_beside(course, lesson)
    _require_points(course.source / lesson / f"{lesson}.ipynb")
    secret_seed(course.root)
    write_records(configured.custom_exercises, lesson, course.source / lesson)
    converter = _Release(coursedir=CourseDirectory(config=config, assignment_id=lesson), config=config, force=True)
    try:
        converter.start()
    except Exception as refusal:
        reason = str(converter.problem or refusal).strip().split("\n")[0]
        raise CourseError(f"nbgrader cannot release {lesson}: {reason}") from refusal
    return course.released(lesson)


def _put_beside(course: Course, lesson: str) -> None:
    try:
        put_beside(course.root, course.source, [lesson])
    except OSError as problem:
        raise CourseError(f"{course.source} must be writable (got: {problem.strerror or problem})") from problem


def _require_points(path: Path) -> None:
    """Check that the points of a lesson's tests are equal to those of its exercises.

    Raises
    ------
    CourseError
        If they are not.
    """
    for cell in nbformat.read(path, as_version=4).cells:
        exercise = exercise_of(cell)
        if exercise and float(cell.metadata.nbgrader.points) != exercise.max_points:
            raise CourseError(
                f"the test of {exercise.name} in {path.name} must be worth {exercise.max_points:g} points "
                f"(got {cell.metadata.nbgrader.points:g})"
            )
