"""A class for `grading.py`: a lesson, and the submissions of N students."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

LESSON = "01_sigmoid_saturation"  # determines which answers of the course a submission may import
SOURCE = Path(__file__).resolve().parents[1] / "notebooks" / LESSON / f"{LESSON}.ipynb"

# Cells of the light lesson: those that take almost no time.
_KEPT = (
    *("title", "curve", "naive-overflow", "curve-lesson", "sigmoid", "test-sigmoid", "slope", "textbook-slope"),
    *("slope-exercise", "sigmoid-derivative", "test-sigmoid-derivative", "plot-both", "saturation", "network"),
    *("saturated-fraction", "test-saturated-fraction", "neuron-lesson", "written-saturation"),
)
_SETUP = """\
import matplotlib.pyplot as plt
import numpy as np

from course_lib.arrays import as_float
from course_lib.experiments import experiment
from course_lib.plots import use_course_style

use_course_style()"""
_COUNT = """\
with experiment():
    a = np.random.default_rng(0).normal(0, 3, size=(256, 16))
    print("saturated share of each unit:", np.round(saturated_fraction(a), 2))"""

# For each exercise: function bodies of students, and how often each occurs; "" is the solution of the lesson.
_ANSWERS = {
    "sigmoid": [
        (9, ""),
        (4, "return np.exp(-np.logaddexp(0, -as_float(a)))"),
        (5, "return 1 / (1 + np.exp(-a))"),
        (2, "a = as_float(a)\nreturn 0.5 * (1 + np.tanh(a / 2))"),
        (1, "return np.exp(a) / (1 + np.exp(a)"),
        (1, "raise NotImplementedError()"),
    ],
    "sigmoid_derivative": [
        (10, ""),
        (7, "return sigmoid(a) * (1 - sigmoid(a))"),
        (3, "s = sigmoid(-np.abs(as_float(a)))\nreturn s * (1 - s)"),
        (2, "return a * (1 - a)"),
        (1, "raise NotImplementedError()"),
    ],
    "saturated_fraction": [
        (10, ""),
        (3, "slopes = sigmoid_derivative(a)\nreturn (slopes < tolerance).sum(axis=0) / a.shape[0]"),
        (3, "return np.mean(sigmoid_derivative(a) < tolerance, axis=1)"),
        (2, "return np.mean(sigmoid_derivative(a) < tolerance)"),
        (2, "return np.mean(sigmoid_derivative(a) < 0.0125, axis=0)"),
        (1, "return np.mean(sigmoid_derivatve(a) < tolerance, axis=0)"),
        (1, "raise NotImplementedError()"),
    ],
}
_WRITTEN = (
    "The gradient is the error times the slope, and the slope of a saturated neuron is tiny; cross-entropy cancels it.",
    "Because the curve is flat where the neuron is wrong. With cross-entropy the slope drops out of the gradient.",
    "",
)
_TRIAL = "print(sigmoid(0.0), sigmoid_derivative(0.0))"


def solved_lesson(light: bool) -> Any:
    """Return the solved lesson: the course's own, or a light one made of its parts that need little time."""
    notebook = nbformat.read(SOURCE, as_version=4)
    if not light:
        return notebook
    by_id = {cell.id: cell for cell in notebook.cells}
    cells = [by_id[name] for name in _KEPT]
    cells.insert(1, new_code_cell(_SETUP, id="setup"))
    cells.insert(-2, new_code_cell(_COUNT, id="count"))
    cells.append(new_markdown_cell("The next lesson finds the second leak.", id="end"))
    notebook.cells = cells
    return notebook


def submissions(released: Any, number: int) -> Iterator[tuple[str, Any]]:
    """Create the students' submissions: names and notebooks, the same in every call.

    Parameters
    ----------
    released : NotebookNode
        The notebook that students received.
    number : int
    """
    solutions = {_grade_id(cell): _body(cell.source) for cell in nbformat.read(SOURCE, as_version=4).cells}
    for place in range(number):
        rng = random.Random(place)
        notebook = copy.deepcopy(released)
        for cell in notebook.cells:
            name = _grade_id(cell)
            if name == "written_saturation":
                cell.source = rng.choice(_WRITTEN)
            elif "def " in cell.source and name in solutions:
                answers = _ANSWERS.get(name, [(1, "")])
                body = rng.choices([text for _, text in answers], [often for often, _ in answers])[0]
                cell.source = _answered(cell.source, body or solutions[name])
        if rng.random() < 1 / 3:
            last = max(i for i, cell in enumerate(notebook.cells) if _grade_id(cell) == "test_sigmoid_derivative")
            notebook.cells.insert(last + 1, new_code_cell(_TRIAL))
        yield f"student{place:05d}", notebook


def tested(notebook: Any) -> dict[str, float]:
    """Return the exercises of a lesson and their points."""
    points = {_grade_id(cell): cell.metadata.get("nbgrader", {}).get("points") for cell in notebook.cells}
    return {name.removeprefix("test_"): points[name] for name in points if name.startswith("test_")}


def without_tests(notebook: Any) -> Any:
    """Return a copy without the test cells, for graders that have their own tests."""
    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if not _grade_id(cell).startswith("test_")]
    return notebook


def _grade_id(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _body(source: str) -> str:
    """Return the text between the markers of a solution, without indentation."""
    found = re.search(r"^    ### BEGIN SOLUTION\n(.*?)^    ### END SOLUTION", source, re.DOTALL | re.MULTILINE)
    return re.sub(r"^    ", "", found[1], flags=re.MULTILINE).rstrip() if found else ""


def _answered(stub: str, body: str) -> str:
    """Insert an answer into the open cell of the lesson."""
    indented = re.sub(r"^(?=.)", "    ", body, flags=re.MULTILINE)
    return re.sub(r"^    # YOUR CODE HERE\n    raise NotImplementedError\(\)", lambda _: indented, stub, flags=re.M)
