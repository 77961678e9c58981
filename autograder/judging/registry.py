"""Register exercises, and find them by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from autograder.judging.exercise import Exercise

_exercises: dict[str, Exercise] = {}
_minutes: dict[str, int] = {}


def register(*exercises: Exercise) -> None:
    """Register exercises.

    Raises
    ------
    ValueError
        If another exercise already has the name.
    """
    for exercise in exercises:
        if _exercises.get(exercise.name, exercise) is not exercise:
            raise ValueError(f"an exercise's name must be new (got {exercise.name!r} a second time)")
        _exercises[exercise.name] = exercise


def forget(name: str) -> None:
    """Remove an exercise from the registry, so that a newer version can be registered; an unknown name is ignored."""
    _exercises.pop(name, None)


def register_lesson(lesson: str, minutes: int, exercises: Sequence[Exercise]) -> None:
    """Register a lesson: its folder, the planned time, and its exercises in their order.

    Raises
    ------
    ValueError
        If the name of an exercise is used already, or an exercise belongs to another lesson.
    """
    for exercise in exercises:
        if exercise.lesson != lesson:
            raise ValueError(f"an exercise of {lesson} must name it as its lesson (got {exercise.lesson!r})")
    register(*exercises)
    _minutes[lesson] = minutes


def minutes_of(lesson: str) -> int | None:
    """Return the minutes planned for a lesson; `None` for an instructor's own lesson, which has no planned time.

    Raises
    ------
    ValueError
        If there is no such lesson. The error message lists the existing lessons.
    """
    lessons = {*_minutes, *(exercise.lesson for exercise in _exercises.values())}
    if lesson not in lessons:
        raise ValueError(f"lesson must be one of {', '.join(sorted(lessons))} (got {lesson!r})")
    return _minutes.get(lesson)


def find(name: str) -> Exercise:
    """Return the exercise of this name.

    Raises
    ------
    ValueError
        If there is none. The error message lists the exercises with similar names, or all if no name is similar.
    """
    if name not in _exercises:
        near = difflib.get_close_matches(name, _exercises) or sorted(_exercises)
        raise ValueError(f"exercise must be one of the course's, such as {', '.join(near)} (got {name!r})")
    return _exercises[name]


def is_exercise(name: str) -> bool:
    """Return whether a registered exercise has this name."""
    return name in _exercises


def exercises_of(lesson: str) -> list[Exercise]:
    """Return a lesson's exercises in the order of registration; an unknown lesson has none."""
    return [exercise for exercise in _exercises.values() if exercise.lesson == lesson]


def all_exercises() -> list[Exercise]:
    """Return every registered exercise, in the order of registration."""
    return list(_exercises.values())
