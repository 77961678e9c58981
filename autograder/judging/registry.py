"""The exercises that are known, by name."""

from __future__ import annotations

import difflib

from autograder.judging.exercise import Exercise

_exercises: dict[str, Exercise] = {}


def register(*exercises: Exercise) -> None:
    """Make exercises known.

    Raises
    ------
    ValueError
        If another exercise already has the name.
    """
    for exercise in exercises:
        if _exercises.get(exercise.name, exercise) is not exercise:
            raise ValueError(f"an exercise's name must be new (got {exercise.name!r} a second time)")
        _exercises[exercise.name] = exercise


def find(name: str) -> Exercise:
    """Give the exercise of this name.

    Raises
    ------
    ValueError
        If there is none; the text names the nearest ones.
    """
    if name not in _exercises:
        near = difflib.get_close_matches(name, _exercises) or sorted(_exercises)
        raise ValueError(f"exercise must be one of the course's, such as {', '.join(near)} (got {name!r})")
    return _exercises[name]


def is_exercise(name: str) -> bool:
    """Tell whether an exercise has this name."""
    return name in _exercises


def exercises_of(lesson: str) -> list[Exercise]:
    """Give a lesson's exercises, in the order in which they were registered."""
    return [exercise for exercise in _exercises.values() if exercise.lesson == lesson]
