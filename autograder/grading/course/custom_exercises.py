"""Load a course's own exercises from the files of its directory."""

from __future__ import annotations

from pathlib import Path

from autograder.errors import CourseError, CustomExerciseError
from autograder.judging.exercise import Exercise
from autograder.judging.load_exercises import FOLDER, load_folder


def load_custom_exercises(root: Path) -> list[Exercise]:
    """Register the exercises of a course directory, and return them.

    Raises
    ------
    CourseError
        If one of them cannot be used.
    """
    try:
        return load_folder(root / FOLDER)
    except CustomExerciseError as refusal:
        raise CourseError(str(refusal)) from refusal


def texts_of_custom_exercises(root: Path) -> dict[str, str]:
    """Return the source text of each of a course's own exercises, by file name; empty if it has none."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((root / FOLDER).glob("*.py"))}
