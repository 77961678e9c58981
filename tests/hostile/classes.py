"""The classes that attacks are graded in: a class has one lesson and one set of options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nbformat.v4 import new_code_cell
from support import RIGHT_SIGMOID, cell_of, graded, small_lesson

from autograder.judging.registry import find

# In the lesson's order: `tanh_derivative` comes before the `tanh` that it uses.
EXERCISES = (
    *("tanh_derivative", "tanh", "sigmoid", "sigmoid_derivative", "normal_init", "xavier_init"),
    *("numerical_gradient", "gradient_check"),
)
RIGHT = {
    "sigmoid": RIGHT_SIGMOID,
    "sigmoid_derivative": "def sigmoid_derivative(a):\n    return sigmoid(a) * sigmoid(-as_float(a))",
}


@dataclass(frozen=True)
class ClassSettings:
    """The lesson and the options with which a class of attackers is graded.

    Attributes
    ----------
    honest : mapping of str to str
        Answers of the honest student, by nbgrader id.
    honest_points : mapping of str to float
        What the honest student must earn, by exercise.
    options : tuple of str
        For `autograder grade`.
    lesson : callable or None
        Builds the solved lesson; None for the small lesson.
    """

    honest: Mapping[str, str]
    honest_points: Mapping[str, float]
    options: tuple[str, ...] = ()
    lesson: Callable[[], Any] | None = None


def lesson_with_dependent_exercises() -> Any:
    """Return a lesson in which answers use earlier ones."""
    notebook = small_lesson()
    test = cell_of(notebook, "test_sigmoid").source
    cells = [notebook.cells[0]]
    for name in EXERCISES:
        metadata = graded(grade_id=f"test_{name}", grade=True, locked=True, points=float(find(name).max_points))
        cells += [
            new_code_cell(
                f"### BEGIN SOLUTION\n{name} = None\n### END SOLUTION", metadata=graded(grade_id=name, solution=True)
            ),
            new_code_cell(test.replace("sigmoid", name), metadata=metadata),
        ]
    notebook.cells = cells
    return notebook


_ANSWERS, _POINTS = {"sigmoid": RIGHT_SIGMOID, "own": "answer = 42"}, {"sigmoid": 4.0, "test_own": 1.0}
CLASSES = {
    # Some attacks run or sleep until they are stopped. Limits are in CPU time, so a short one is safe on a busy machine.
    "ordinary": ClassSettings(_ANSWERS, _POINTS, ("--cell-timeout", "5")),
    "limits": ClassSettings(_ANSWERS, _POINTS, ("--cell-timeout", "10")),
    "references": ClassSettings(
        RIGHT,
        {name: 4.0 if name in RIGHT else 0.0 for name in EXERCISES},
        ("--cell-timeout", "20"),
        lesson_with_dependent_exercises,
    ),
}
