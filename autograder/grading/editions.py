"""Where a lesson's submissions run: its editions, and kernels for each of them."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from autograder.grading.settings import Settings
from autograder.judging.registry import all_exercises
from autograder.running.edition import write_edition, write_laboratory
from autograder.running.kernels import Kernels


class Editions:
    """The editions of one lesson.

    Parameters
    ----------
    lesson : str
    settings : Settings

    Attributes
    ----------
    kernels : Kernels
        For the student edition: what is judged runs in them.
    laboratory : Kernels or None
        For showing experiments, where that was asked for.
    """

    def __init__(self, lesson: str, settings: Settings) -> None:
        self._settings = settings
        self._directory = tempfile.TemporaryDirectory(prefix="autograder-edition-")
        root = Path(self._directory.name)
        root.chmod(0o755)
        given, withheld = _answers(lesson)
        write_edition(root / "student", given=given, withheld=withheld)
        self.kernels = self._start(root / "student")
        self.laboratory: Kernels | None = None
        if settings.everything:
            write_laboratory(root / "laboratory")
            self.laboratory = self._start(root / "laboratory")

    def _start(self, edition: Path) -> Kernels:
        return Kernels(edition, mode=self._settings.mode, as_root=self._settings.as_root)

    def close(self) -> None:
        """End the kernels and leave nothing behind."""
        self.kernels.close()
        if self.laboratory is not None:
            self.laboratory.close()
        self._directory.cleanup()


_early: dict[tuple[str, Settings], Editions] = {}


def get_ready(lesson: str, settings: Settings) -> None:
    """Make a lesson's editions before they are needed: their kernels' imports take seconds, and so does much else."""
    with contextlib.suppress(Exception):  # whoever needs them makes them again, and says what is wrong
        _early[lesson, settings] = Editions(lesson, settings)


def editions(lesson: str, settings: Settings) -> Editions:
    """Give a lesson's editions, made early or now; whoever asked closes them."""
    return _early.pop((lesson, settings), None) or Editions(lesson, settings)


def close_early() -> None:
    """Close what was made early for nobody."""
    while _early:
        _early.popitem()[1].close()


def _answers(lesson: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Sort the course's answers into those of earlier lessons and the rest."""
    given: list[tuple[str, str]] = []
    withheld: list[tuple[str, str]] = []
    for exercise in all_exercises():
        name = (exercise.reference.__module__, exercise.reference.__name__)
        if name[0].startswith("course_lib."):
            (given if exercise.lesson < lesson else withheld).append(name)
    return given, withheld
