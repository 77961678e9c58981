"""Compute the version of an exercise: a hash of the code that its marks depend on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from autograder.judging.exercise import Exercise

_SITE = Path(__file__).resolve().parents[3]  # the directory of the packages
# Every mark depends on these modules and on the modules that they import, and on no other module of the grader.
_JUDGING = (
    "autograder.judging.judge",
    "autograder.grading.submission.restore",
    "autograder.grading.execute.select_cells",
)
_FOLLOWED = ("autograder.judging", "autograder.exercises", "course_lib")


def exercise_version(exercise: Exercise) -> str:
    """Return the version of an exercise.

    It changes with the exercise's table, its reference function's module, the judge, and the code that restores and
    selects a submission's cells; also with any module of the project that these import. It does not change with the
    commands, the card's look, or other exercises.

    Parameters
    ----------
    exercise : Exercise

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return _version((exercise_module(exercise), exercise.reference.__module__, *_JUDGING))


def exercise_module(exercise: Exercise) -> str:
    """Return the name of the module that defines an exercise; "" if the exercise is not from the package."""
    name = f"autograder.exercises.lesson_{exercise.lesson[:2]}.{exercise.name}"
    return name if _path(name).is_file() else ""


@cache
def _version(modules: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in sorted(_reachable(modules)):
        digest.update(f"{name}\n".encode())
        digest.update(_path(name).read_bytes())
    return digest.hexdigest()


def _reachable(modules: Iterable[str]) -> set[str]:
    """Find modules and all modules of `_FOLLOWED` that they import, directly or through others."""
    found: set[str] = set()
    waiting = [name for name in modules if _path(name).is_file()]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [each for each in _imports(name) if each.startswith(_FOLLOWED) and _path(each).is_file()]
    return found


@cache
def _imports(module: str) -> tuple[str, ...]:
    return tuple(_imported(ast.parse(_path(module).read_bytes())))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _path(module: str) -> Path:
    return _SITE / f"{module.replace('.', '/')}.py"
