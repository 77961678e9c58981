"""Copy the lessons for a person who works alone."""

from __future__ import annotations

import copy
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from autograder.errors import CourseError
from autograder.grading.course.directory import Course
from autograder.grading.course.listener import Listener
from autograder.grading.course.shipped import SHIPPED
from autograder.grading.nbgrader_plugin.config import ConfiguredCourse, open_course
from autograder.grading.nbgrader_plugin.release import release_lesson


def practice(directory: Path, course_directory: Path, listener: Listener) -> None:
    """Write the lessons without solutions into a folder; write nothing to other folders.

    Existing notebooks are not changed.

    Parameters
    ----------
    directory : Path
        Created if it does not exist.
    course_directory : Path
        Directory of the course with the lessons.
    listener : Listener

    Raises
    ------
    CourseError
        If the course cannot be opened or has no lessons, or one cannot be released.
    """
    configured = open_course(course_directory)
    lessons = configured.course.lessons()
    if not lessons:
        raise CourseError(f"a course must have lessons (found none in {configured.course.source})")
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".autograder-", dir=directory.resolve()) as scratch:
        listener.begin("releasing", len(lessons))
        try:
            for lesson in lessons:
                place = directory / lesson / f"{lesson}.ipynb"
                if place.exists():
                    listener.advance(done=f"kept     {place}")
                    continue
                _copy(_release_into(Path(scratch), configured, lesson), place.parent)
                listener.advance(done=f"copied   {place}")
        finally:
            listener.end()


def _release_into(root: Path, configured: ConfiguredCourse, lesson: str) -> Path:
    """Release a lesson from a temporary course in `root`, and return the released folder.

    Raises
    ------
    CourseError
        If it cannot be released.
    """
    original = configured.course.source / lesson
    if not original.is_dir():
        original = SHIPPED / lesson
    shutil.copytree(original, root / "source" / lesson, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    config = copy.deepcopy(configured.config)
    for key in [key for key in config.CourseDirectory if key.endswith("_directory")]:
        del config.CourseDirectory[key]
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    course = Course.at(root, root / "source")
    return release_lesson(replace(configured, course=course, config=config), lesson).parent


def _copy(released: Path, place: Path) -> None:
    """Copy the files of a released folder to `place`; existing files there are kept."""
    for path in sorted(released.rglob("*")):
        target = place / path.relative_to(released)
        if path.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
