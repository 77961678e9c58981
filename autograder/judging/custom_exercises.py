"""A course's own exercises: Python files for the instructor, recorded ones beside a student's notebook."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import CustomExerciseError
from autograder.judging.exercise import Exercise
from autograder.judging.recorded import from_record, record
from autograder.judging.registry import forget, is_exercise, register

FOLDER = "exercises"  # of a course directory: one file an exercise
RECORD = "exercises.json"  # beside a notebook: what its students need of them

_loaded: dict[Path, Exercise] = {}


def load_folder(folder: Path) -> list[Exercise]:
    """Make known every exercise of a folder, one a file.

    Parameters
    ----------
    folder : Path
        Need not exist.

    Returns
    -------
    list of Exercise
        Sorted by file name.

    Raises
    ------
    CustomExerciseError
        If a file cannot be run, holds no exercise or more than one, or takes a name that is taken.
    """
    return [load_file(path) for path in sorted(folder.glob("*.py"))]


def load_file(path: Path) -> Exercise:
    """Make known the exercise of one file; a file is read once.

    Raises
    ------
    CustomExerciseError
        As for `load_folder`.
    """
    path = path.resolve()
    if path not in _loaded:
        exercise = _run(path)
        try:
            register(exercise)
        except ValueError as taken:
            raise CustomExerciseError(f"{path.name}: {taken}") from None
        _loaded[path] = exercise
    return _loaded[path]


def load_text(name: str, text: str) -> Exercise:
    """Make known the exercise of a file that is given by its text; one that is known already is not read again.

    Raises
    ------
    CustomExerciseError
        As for `load_folder`.
    """
    known = [e for path, e in _loaded.items() if path.name == name and path.read_text(encoding="utf-8") == text]
    if known:
        return known[0]
    path = Path(tempfile.mkdtemp(prefix="autograder-own-"), name)  # kept: cards quote its lines
    path.write_text(text, encoding="utf-8")
    return load_file(path)


def _run(path: Path) -> Exercise:
    spec = importlib.util.spec_from_file_location(f"own_exercise_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise CustomExerciseError(f"an exercise must be a Python file (got {path})")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as damage:  # whatever the file's own code raises
        raise CustomExerciseError(f"{path.name} must run by itself ({type(damage).__name__}: {damage})") from damage
    found = list({id(value): value for value in vars(module).values() if isinstance(value, Exercise)}.values())
    if len(found) != 1:
        raise CustomExerciseError(f"{path.name} must hold exactly one Exercise (got {len(found)})")
    if found[0].name != getattr(found[0].reference, "__name__", ""):
        raise CustomExerciseError(
            f"{path.name}: the exercise must have the name of its reference function, "
            f"{getattr(found[0].reference, '__name__', 'which has none')} (got {found[0].name})"
        )
    return found[0]


def write_record(path: Path, exercises: Sequence[Exercise]) -> None:
    """Write the file that students get beside their notebook."""
    path.write_text(json.dumps([record(exercise) for exercise in exercises]) + "\n", encoding="utf-8")


def make_known() -> None:
    """Learn the exercises that belong to the notebook that runs here; called by every check.

    They are the record in its folder; a damaged one says nothing, and the check then names the exercise it does
    not know.
    """
    try:
        entries = json.loads(Path(RECORD).read_text(encoding="utf-8"))
        exercises = [from_record(entry) for entry in entries]
    except (OSError, ValueError):
        return
    for exercise in exercises:
        if exercise.name in _recorded:
            forget(exercise.name)
        if not is_exercise(exercise.name):
            register(exercise)
            _recorded.add(exercise.name)


_recorded: set[str] = set()  # names that came from a record, and may come again from a newer one
