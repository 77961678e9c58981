"""Compute the version of an exercise: a hash of the code that its marks depend on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from autograder.judging.exercise import Exercise
from autograder.judging.registry import find, is_exercise

_SITE = Path(__file__).resolve().parents[3]  # the directory of the packages
# Every mark depends on these modules and on the modules that they import, and on no other module of the grader.
_JUDGING = (
    "autograder.judging.judge",
    "autograder.grading.submission.restore",
    "autograder.grading.execute.select_cells",
)
# "from PACKAGE import NAMES", with or without parentheses; imports are absolute, and nothing is imported as a whole.
_IMPORT = re.compile(r"^\s*from ([\w.]+) import (\([^)]*\)|[^\n#]+)", re.MULTILINE)
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


def exercise_versions(grade_ids: Iterable[str]) -> dict[str, str]:
    """Return the versions of the exercises that test cells of a lesson test, by name.

    Parameters
    ----------
    grade_ids : iterable of str
        Of a lesson's cells.

    Returns
    -------
    dict of str to str
        The version of each exercise, by name. The key "" has the version of the code that every mark depends on, also
        one of an instructor's own test.
    """
    names = (grade_id.removeprefix("test_") for grade_id in grade_ids if grade_id.startswith("test_"))
    return {"": _version(_JUDGING), **{name: exercise_version(find(name)) for name in names if is_exercise(name)}}


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
    """Return the given modules, and all modules of `_FOLLOWED` that they import, directly or through others.

    Names of modules without a file are left out.
    """
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
    """Return the names of modules that a module may import; some of them may be no modules.

    They are found in its text, which is ten times as quick as by its syntax tree.
    """
    text = _path(module).read_text(encoding="utf-8")
    return tuple(
        name
        for package, names in _IMPORT.findall(text)
        for name in (package, *(f"{package}.{each}" for each in re.findall(r"\w+", names)))
    )


def _path(module: str) -> Path:
    return _SITE / f"{module.replace('.', '/')}.py"
