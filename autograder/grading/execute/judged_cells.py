"""Test cells: judged from outside, marked from the verdict, shown as its card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from nbformat import from_dict
from nbgrader.utils import determine_grade, is_grade, is_solution

from autograder.errors import SubmissionError
from autograder.judging import card
from autograder.judging.exercise import Exercise
from autograder.judging.judge import examine
from autograder.judging.registry import find, is_exercise
from autograder.judging.verdict import Verdict
from autograder.running.judge_side.remote_function import RemoteFunctions

# Of a test cell in an autograded notebook.
METADATA_KEY = "autograder"  # its verdict, with the seed
VERSION_KEY = "autograder_version"  # the version of its exercise


def exercise_of(cell: Any) -> Exercise | None:
    """Return the exercise that a test cell tests, or `None` for every other cell."""
    if cell.cell_type != "code" or not is_grade(cell) or is_solution(cell):
        return None
    name = str(cell.metadata.nbgrader.grade_id).removeprefix("test_")
    return find(name) if is_exercise(name) else None


def judge_cell(cell: Any, functions: RemoteFunctions, seed: int, versions: Mapping[str, str]) -> None:
    """Judge the exercise that a test cell tests, in place of running the cell.

    It waits for the kernel. `versions` has the versions of exercises by name. The verdict and the exercise's version
    are written into the cell's metadata, which the submission cannot reach. The card and the points, as nbgrader reads
    them, become its outputs.

    Raises
    ------
    KernelLostError
        If the kernel does not answer.
    StalledError
        If a call took too long without using its CPU time, and it is not the last try.
    """
    exercise = exercise_of(cell)
    assert exercise is not None
    verdict, html = _judged(exercise, functions, seed)
    if functions.ended:  # by the answer, or by the machine: then it does not happen again
        verdict, html = _judged(exercise, functions, seed)
    cell.metadata[METADATA_KEY] = verdict.to_dict()
    cell.metadata[VERSION_KEY] = versions.get(exercise.name, "")
    shown = {"text/html": html, "text/plain": card.as_text(exercise, verdict)}
    earned = {"text/plain": repr(verdict.points)}
    cell.outputs = [  # as `new_output` makes them, which validates each
        from_dict({"output_type": "display_data", "data": shown, "metadata": {}}),
        from_dict({"output_type": "execute_result", "data": earned, "metadata": {}, "execution_count": None}),
    ]


def _judged(exercise: Exercise, functions: RemoteFunctions, seed: int) -> tuple[Verdict, str]:
    with functions.judging(exercise.name) as answer:
        examination = examine(exercise, answer, hidden=True, seed=seed)
        return examination.verdict, card.as_html(exercise, examination.verdict, answer, examination.evidence)


def verdict_of(cell: Any) -> Verdict | None:
    """Return the verdict in a test cell's metadata; `None` for cells that are not judged.

    Raises
    ------
    SubmissionError
        If the stored verdict is damaged, or of another version.
    """
    stored = cell.metadata.get(METADATA_KEY)
    if stored is None:
        return None
    try:
        return _verdict(json.dumps(stored))
    except ValueError as damage:
        raise SubmissionError(f"the stored verdict is damaged or of another version: {damage}") from None


@lru_cache(maxsize=1000)
def _verdict(text: str) -> Verdict:
    """Return the verdict that a JSON text describes.

    The result is cached, as many students of a class have the same verdict.

    Raises
    ------
    ValueError
        If the text describes no verdict.
    """
    return Verdict.from_dict(json.loads(text))


def auto_points(cell: Any) -> float | None:
    """Return the points of a graded cell: from the verdict, or from the outputs of an instructor's own test.

    Returns
    -------
    float or None
        `None` where a person must look.

    Raises
    ------
    SubmissionError
        If a test was not judged, or its verdict has other parts or points than the exercise and the cell.
    """
    exercise = exercise_of(cell)
    if exercise is None:
        try:
            points = determine_grade(cell)[0]
        except ValueError as problem:
            name = cell.metadata.nbgrader.grade_id
            raise SubmissionError(f"the test cell {name} must leave points that it has (got: {problem})") from None
        return None if points is None else float(points)
    verdict = verdict_of(cell)
    got = [(part.name, part.max_points) for part in verdict.parts] if verdict else []
    if verdict is None or got != [(part.name, float(part.points)) for part in exercise.parts]:
        raise SubmissionError(f"the test of {exercise.name} must have a verdict on each of its parts (got {len(got)})")
    if verdict.max_points != float(cell.metadata.nbgrader.points):
        raise SubmissionError(
            f"the test of {exercise.name} must be worth {verdict.max_points:g} points, as the exercise says "
            f"(released with {cell.metadata.nbgrader.points:g}); release the lesson again"
        )
    return verdict.points
