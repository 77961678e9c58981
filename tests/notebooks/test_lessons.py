"""The lessons as they are committed."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from support import grade_id

from autograder.judging.registry import exercises_of, find, minutes_of

sys.path.insert(0, str(Path(__file__).parent))
from contract import CONTRACT
from lessons import LESSONS, solution_lines, source_of


@pytest.mark.parametrize("name", [name for names in CONTRACT.values() for name in names])
def test_a_solution_is_the_body_of_the_reference_without_its_checks_of_arguments(name: str) -> None:
    exercise = find(name)
    cell = next(cell for cell in source_of(exercise.lesson).cells if grade_id(cell) == name)
    text = inspect.getsource(exercise.reference)
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    docstring = function.body[0]
    body = text.splitlines()[docstring.end_lineno :]
    want = [line for line in body if not line.strip().startswith("require_")]
    assert solution_lines(cell.source) == want
    parameters = list(inspect.signature(exercise.reference).parameters)
    written = ast.parse(cell.source).body[0]
    assert isinstance(written, ast.FunctionDef)
    assert [argument.arg for argument in written.args.args] == parameters
    assert ast.get_docstring(written)


def test_every_lesson_contains_the_exercises_of_the_course_in_its_own_cells() -> None:
    for lesson, names in CONTRACT.items():
        ids = [grade_id(cell) for cell in source_of(lesson).cells if grade_id(cell)]
        assert sorted(e.name for e in exercises_of(lesson)) == sorted(names)
        assert {i for i in ids if not i.startswith(("test_", "written_"))} == set(names)
        for name in names:
            assert ids.index(f"test_{name}") == ids.index(name) + 1
        assert sum(i.startswith("written_") for i in ids) == 1


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_test_cell_is_locked_has_the_points_of_its_exercise_and_hides_its_hidden_part(lesson: str) -> None:
    for cell in source_of(lesson).cells:
        if not grade_id(cell).startswith("test_"):
            continue
        exercise = find(grade_id(cell).removeprefix("test_"))
        info = cell.metadata.nbgrader
        assert (info.grade, info.locked, info.solution) == (True, True, False)
        assert info.points == exercise.max_points
        assert cell.source.splitlines() == [
            "from autograder import check",
            "",
            "check(",
            f"    {exercise.name},",
            "    ### BEGIN HIDDEN TESTS",
            "    hidden=True,",
            "    ### END HIDDEN TESTS",
            ")",
        ]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_committed_lesson_has_no_output_and_stable_unique_ids(lesson: str) -> None:
    notebook = source_of(lesson)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    ids = [cell.id for cell in notebook.cells]
    assert [name for name, n in Counter(ids).items() if n > 1] == []
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cell.id), cell.id  # chosen, not drawn by an editor
        assert set(cell.metadata) <= {"nbgrader"}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        if grade_id(cell):
            assert cell.id == grade_id(cell).replace("_", "-")


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_states_its_time_asks_for_predictions_and_ends_with_verdicts_and_references(lesson: str) -> None:
    texts = [cell.source for cell in source_of(lesson).cells if cell.cell_type == "markdown"]
    assert f"**Plan about {minutes_of(lesson)} minutes" in texts[0]
    assert sum("*My prediction:*" in text for text in texts) >= 3
    assert "| verdict |" in "\n".join(texts[-3:])
    assert "## References" in "\n".join(texts[-3:])


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_ends_with_an_overview_of_its_exercises(lesson: str) -> None:
    last = source_of(lesson).cells[-1]
    assert (last.id, last.source) == ("progress", f'from autograder import progress\n\nprogress("{lesson}")')
