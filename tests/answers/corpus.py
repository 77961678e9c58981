"""The right and wrong answers beside this file, exercise by exercise."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.exercises import LESSONS
from autograder.judging.exercise import Exercise


@dataclass(frozen=True)
class Answer:
    """One answer to an exercise.

    Attributes
    ----------
    exercise : Exercise
    style : str
        How it was written.
    function : callable
    right : bool
    diagnosis : str or None
        What a wrong one must be called.
    """

    exercise: Exercise
    style: str
    function: Callable[..., Any]
    right: bool
    diagnosis: str | None = None

    @property
    def known(self) -> bool:
        """Return True if it makes one of the exercise's known mistakes."""
        return self.diagnosis in known_mistakes(self.exercise)

    @property
    def general(self) -> bool:
        """Return True if it is wrong in a way that is recognized in any exercise."""
        return self.diagnosis is not None and not self.known


def known_mistakes(exercise: Exercise) -> set[str]:
    """Return the names of an exercise's known mistakes, those among them that are recognized in any exercise too."""
    return {mistake.name for mistake in exercise.mistakes} | {name for name, _ in exercise.words.values()}


def answers() -> list[Answer]:
    """Load every answer of every lesson."""
    return [answer for spec in LESSONS if _file(spec).exists() for answer in _of_lesson(spec)]


def _of_lesson(spec: ModuleType) -> Iterator[Answer]:
    module = _load(_file(spec))
    for exercise in spec.EXERCISES:
        yield Answer(exercise, "the reference", exercise.reference, right=True)
        yield from (Answer(exercise, style, f, True) for style, f in module.RIGHT.get(exercise.name, ()))
        yield from (Answer(exercise, style, f, False, named) for style, f, named in module.WRONG.get(exercise.name, ()))


def _file(spec: ModuleType) -> Path:
    return Path(__file__).with_name(f"{spec.__name__.rpartition('.')[2]}.py")


def _load(path: Path) -> ModuleType:
    """Load a data file beside this one; no package, so that it works from any directory."""
    spec = importlib.util.spec_from_file_location(f"answers_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
