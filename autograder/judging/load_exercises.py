"""Load exercises: the course's own and an instructor's from Python files, recorded ones beside a student's notebook."""

from __future__ import annotations

import importlib
import importlib.util
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from autograder.errors import CustomExerciseError
from autograder.judging.exercise import Exercise
from autograder.judging.recorded import from_record, record
from autograder.judging.registry import forget, is_exercise, register, register_lesson

FOLDER = "exercises"  # the folder in a course directory, with one file per exercise
RECORD = "exercises.json"  # the file beside a notebook, with recorded exercises for students

_loaded: dict[Path, Exercise] = {}


def load_folder(folder: Path) -> list[Exercise]:
    """Load and register every exercise of a folder, one per file.

    Parameters
    ----------
    folder : Path
        If it does not exist, there are no exercises.

    Returns
    -------
    list of Exercise
        Sorted by file name.

    Raises
    ------
    CustomExerciseError
        If a file cannot be executed, does not contain exactly one exercise, or uses the name of another exercise.
    """
    return [load_file(path) for path in sorted(folder.glob("*.py"))]


def load_file(path: Path) -> Exercise:
    """Load, register and return the exercise of one file; a file is read only once.

    Raises
    ------
    CustomExerciseError
        If the file cannot be executed, does not contain exactly one exercise, or uses the name of another exercise.
    """
    path = path.resolve()
    if path not in _loaded:
        exercise = _only_exercise(path.name, vars(_run(path)))
        try:
            register(exercise)
        except ValueError as taken:
            raise CustomExerciseError(f"{path.name}: {taken}") from None
        _loaded[path] = exercise
    return _loaded[path]


def load_text(name: str, text: str) -> Exercise:
    """Load, register and return the exercise of a file's text; a text is loaded only once.

    Parameters
    ----------
    name : str
        The file's name, without a folder.
    text : str
        The Python code in it.

    Raises
    ------
    CustomExerciseError
        If the code cannot be executed, does not contain exactly one exercise, or uses the name of another exercise.
    """
    known = [e for path, e in _loaded.items() if path.name == name and path.read_text(encoding="utf-8") == text]
    if known:
        return known[0]
    path = Path(tempfile.mkdtemp(prefix="autograder-own-"), name)  # not removed: cards quote its lines
    path.write_text(text, encoding="utf-8")
    return load_file(path)


def load_lesson(package: str, lesson: str, minutes: int, order: Sequence[str]) -> tuple[Exercise, ...]:
    """Load and register the exercises of a lesson of the course, one per module.

    Parameters
    ----------
    package : str
        Package with a module for each exercise, which has the exercise's name.
    lesson : str
        The lesson's folder in `notebooks/`.
    minutes : int
        Planned time for the lesson.
    order : sequence of str
        Names of the exercises, in the order of the notebook.

    Returns
    -------
    tuple of Exercise
        In the same order.

    Raises
    ------
    CustomExerciseError
        If a module does not contain exactly one exercise.
    ImportError
        If there is no such module.
    ValueError
        If the name of an exercise is used already, or an exercise belongs to another lesson.
    """
    exercises = tuple(_only_exercise(name, vars(importlib.import_module(f"{package}.{name}"))) for name in order)
    register_lesson(lesson, minutes, exercises)
    return exercises


def _run(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"own_exercise_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise CustomExerciseError(f"an exercise must be a Python file (got {path})")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as damage:  # the file's own code may raise any exception
        raise CustomExerciseError(f"{path.name} must run by itself ({type(damage).__name__}: {damage})") from damage
    return module


def _only_exercise(file: str, names: Mapping[str, object]) -> Exercise:
    """Return the one exercise among the values of a module; `file` is for error messages.

    Raises
    ------
    CustomExerciseError
        If there is not exactly one exercise, or its name is not that of its reference function.
    """
    found = list({id(value): value for value in names.values() if isinstance(value, Exercise)}.values())
    if len(found) != 1:
        raise CustomExerciseError(f"{file} must hold exactly one Exercise (got {len(found)})")
    if found[0].name != getattr(found[0].reference, "__name__", ""):
        raise CustomExerciseError(
            f"{file}: the exercise must have the name of its reference function, "
            f"{getattr(found[0].reference, '__name__', 'which has none')} (got {found[0].name})"
        )
    return found[0]


def write_record(path: Path, exercises: Sequence[Exercise]) -> None:
    """Write the file with recorded exercises that students get beside their notebook.

    Raises
    ------
    EncodingError
        If a visible case contains a value without a JSON form.
    OSError
        If the file cannot be written.
    """
    path.write_text(json.dumps([record(exercise) for exercise in exercises]) + "\n", encoding="utf-8")


def make_known() -> None:
    """Register the recorded exercises in the working directory, which is the notebook's folder; every check calls this.

    A missing or damaged file is ignored. The check then reports the unknown exercise.
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


_recorded: set[str] = set()  # names of exercises from a record, which a newer record may replace
