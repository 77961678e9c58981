"""A course's own exercises in its lessons: the cells, the record for students, and the proof that they work."""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.errors import CourseError, EncodingError
from autograder.grading.course.directory import Course
from autograder.grading.nbgrader_plugin.config import own_exercises
from autograder.judging.custom_exercises import RECORD, write_record
from autograder.judging.exercise import Exercise
from autograder.judging.judge import judge

_SEEDS = range(20)
_KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class SelfTest:
    """How an answer to a new exercise was judged.

    Attributes
    ----------
    answer : str
        "the reference", or the name of a known mistake.
    problem : str
        "" where it was judged as it must be, with every seed.
    """

    answer: str
    problem: str


def self_test(exercise: Exercise) -> list[SelfTest]:
    """Judge an exercise's own answers with many seeds: the reference must be right, every mistake caught and named."""
    answers = [("the reference", exercise.reference, None), *((m.name, m.function, m.name) for m in exercise.mistakes)]
    return [SelfTest(shown, _problem(exercise, answer, name)) for shown, answer, name in answers]


def _problem(exercise: Exercise, answer: Any, name: str | None) -> str:
    for seed in _SEEDS:
        verdict = judge(exercise, answer, seed=seed)
        if verdict.passed != (name is None):
            return (
                f"it passes (seed {seed})" if verdict.passed else f"it does not pass (seed {seed}): {verdict.message}"
            )
        if verdict.diagnosis != name:
            return f"it is called {verdict.diagnosis} (seed {seed})"
    return ""


def put_into_lesson(course: Course, exercise: Exercise) -> Path:
    """Write an exercise's cells into its lesson, in place of those it has there or at the end.

    The solution cell is the reference function as it stands in its file, with the body marked as solution.

    Parameters
    ----------
    course : Course
    exercise : Exercise

    Returns
    -------
    Path
        The notebook; a new one where the lesson had none.
    """
    path = course.root / "notebooks" / exercise.lesson / f"{exercise.lesson}.ipynb"
    notebook = nbformat.read(path, as_version=4) if path.exists() else _new_lesson(exercise.lesson)
    cells = [_solution_cell(exercise), _test_cell(exercise)]
    ids = [cell.id for cell in cells]
    place = next((n for n, cell in enumerate(notebook.cells) if cell.id in ids), _before_the_overview(notebook))
    before = [cell for cell in notebook.cells[:place] if cell.id not in ids]
    after = [cell for cell in notebook.cells[place:] if cell.id not in ids]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[*before, *cells, *after], metadata=notebook.metadata), path)
    return path


def write_records(course: Course, lesson: str) -> None:
    """Put what students need of the course's own exercises beside the lesson, from where releases copy it.

    Raises
    ------
    CourseError
        If a visible case cannot be written down.
    """
    exercises = [exercise for exercise in own_exercises(course.root) if exercise.lesson == lesson]
    if not exercises:
        return
    try:
        write_record(course.source / lesson / RECORD, exercises)
    except EncodingError as refusal:
        raise CourseError(f"the visible cases of {lesson} must be plain data: {refusal}") from refusal


def _new_lesson(lesson: str) -> Any:
    title = lesson.lstrip("0123456789_").replace("_", " ").capitalize() or lesson
    cells = [
        new_markdown_cell(f"# {title}", id="title"),
        new_code_cell("import numpy as np", id="setup"),
        new_code_cell(f'from autograder import progress\n\nprogress("{lesson}")', id="progress"),
    ]
    return new_notebook(cells=cells, metadata=_KERNEL)


def _before_the_overview(notebook: Any) -> int:
    last = len(notebook.cells)
    return last - 1 if last and notebook.cells[-1].id == "progress" else last


def _solution_cell(exercise: Exercise) -> Any:
    source = textwrap.dedent(inspect.getsource(exercise.reference))
    head, body = _split(source, exercise.name)
    marked = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    metadata = _graded(grade_id=exercise.name, solution=True)
    return new_code_cell(marked, id=exercise.name.replace("_", "-"), metadata=metadata)


def _split(source: str, name: str) -> tuple[str, str]:
    """Cut a function after its docstring, which students read, and before the body, which they write."""
    found = re.match(r'(def .*?:\n    (?:"""|\'\'\').*?(?:"""|\'\'\'))\n(.*)', source.rstrip(), flags=re.DOTALL)
    if not found:
        raise CourseError(f"the reference of {name} must be a function with a docstring, which students read")
    return found[1], found[2]


def _test_cell(exercise: Exercise) -> Any:
    source = (
        f"from autograder import check\n\ncheck(\n    {exercise.name},\n"
        "    ### BEGIN HIDDEN TESTS\n    hidden=True,\n    ### END HIDDEN TESTS\n)"
    )
    name = f"test_{exercise.name}"
    metadata = _graded(grade_id=name, grade=True, locked=True, points=exercise.max_points)
    return new_code_cell(source, id=name.replace("_", "-"), metadata=metadata)


def _graded(**settings: Any) -> dict[str, Any]:
    plain = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    return {"nbgrader": {**plain, **settings}}
