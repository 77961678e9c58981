"""References that stand in for an earlier wrong answer: called from over there, on whatever arguments an attacker likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from support import LESSON, SmallCourse, cell_of, graded, small_lesson

from autograder.judging.registry import find

# In the lesson's order: `tanh_derivative` comes before the `tanh` that it uses.
EXERCISES = (
    *("tanh_derivative", "tanh", "sigmoid", "sigmoid_derivative", "normal_init", "xavier_init"),
    *("numerical_gradient", "gradient_check"),
)
RIGHT = {
    "sigmoid": "def sigmoid(a):\n    a = as_float(a)\n    return np.exp(-np.logaddexp(0, -a))",
    "sigmoid_derivative": "def sigmoid_derivative(a):\n    return sigmoid(a) * sigmoid(-as_float(a))",
}
WRONG = "def {0}(*args, **kwargs):\n    return 4.0"
TOLD = "    raise ValueError(f'told: {got!r:.80}')"
# Answers the judge itself, and says that it can see every name it was asked about, and every other.
LIES = """
from autograder.running.kernel_side import function_server
from autograder.running.wire import outcome_to_message
from autograder.judging import calls
def taken_over(wire, namespace):
    while True:
        message, values = wire.receive(functions=lambda number: number)
        if message.get("request") == "look":
            wire.send({"callable": True, "names": ["sigmoid", "tanh", "tanh_derivative", "normal_init"]}, {})
        else:
            answer(wire, message, values)
function_server._serve = taken_over
"""
TELLS = """
def answer(wire, message, values):
    offered = ValueError(f"offered: {sorted(values['references'])}")
    wire.send(*outcome_to_message(calls.Outcome(None, offered, (), "", "")))
"""
CALLS_FOR_EVER = """
def answer(wire, message, values):
    while values["references"]:
        wire.send({"back": 0}, {"args": [0.5], "kwargs": {}})
        wire.receive()
    wire.send(*outcome_to_message(calls.Outcome(None, ValueError("none"), (), "", "")))
"""
NESTS_FOR_EVER = """
def gradient_check(loss, params, grads, tolerance=1e-6):
    def f(x):
        return float(np.sum(numerical_gradient(f, x)))
    numerical_gradient(f, np.zeros(2))
"""
# Two numbers ask the judge for 80 GB; then for arrays that it has room for, but that cannot travel.
TAKES_ALL = """
def xavier_init(rng, n_in, n_out, mode="fan_avg"):
    got = []
    for size in (100_000, 10_000, 4_000):
        try:
            got.append(normal_init(rng, size, size).size)
        except Exception as refusal:
            got.append(type(refusal).__name__)
"""
BAD_ARGUMENTS = """
def sigmoid_derivative(a):
    got = []
    for argument in (None, "4.0", [[1], [2, 3]], {}, lambda x: x, 10 ** 300, np.zeros(0), np.exp):
        try:
            got.append(sigmoid(argument) is not None)
        except Exception as refusal:
            got.append(type(refusal).__name__)
"""


@dataclass(frozen=True)
class Attack:
    """Answers by exercise; the rest is left as it was handed out.

    Attributes
    ----------
    answers : mapping of str to str
    points : mapping of str to float
        Of those exercises that matter here.
    says : str
        Stands on the page.
    """

    answers: Mapping[str, str]
    points: Mapping[str, float]
    says: str = ""


def wrong(*names: str) -> dict[str, str]:
    return {name: WRONG.format(name) for name in names}


ATTACKS = {
    "an honest earlier mistake": Attack({**RIGHT, **wrong("sigmoid")}, {"sigmoid": 0, "sigmoid_derivative": 4}),
    "asks before the other was judged": Attack(
        {"tanh_derivative": LIES + TELLS, **wrong("tanh")}, {"tanh_derivative": 0}, "offered: []"
    ),
    "asks for itself": Attack({"tanh": LIES + TELLS}, {"tanh": 0, "tanh_derivative": 0}, "offered: []"),
    "calls without end": Attack(
        {**wrong("sigmoid"), "sigmoid_derivative": LIES + CALLS_FOR_EVER}, {"sigmoid": 0, "sigmoid_derivative": 0}
    ),
    "calls that nest without end": Attack(
        {**wrong("numerical_gradient"), "gradient_check": NESTS_FOR_EVER}, {"gradient_check": 0}
    ),
    "asks for more than there is": Attack(
        {**wrong("normal_init"), "xavier_init": TAKES_ALL + TOLD}, {"xavier_init": 0}, "told: ["
    ),
    "asks with arguments of all kinds": Attack(
        {**wrong("sigmoid"), "sigmoid_derivative": BAD_ARGUMENTS + TOLD}, {"sigmoid_derivative": 0}, "told: ["
    ),
}


def lesson() -> Any:
    """Build a lesson in which answers use earlier ones."""
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


@pytest.fixture(scope="module")
def marked(confined: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallCourse, dict[str, Any]]:
    course = SmallCourse(tmp_path_factory.mktemp("references"))
    source = course.root / "notebooks" / LESSON / f"{LESSON}.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(lesson(), source)
    released = course.run("release")
    assert released.returncode == 0, released.stderr
    for student, attack in ATTACKS.items():
        course.hand_in(student, lambda notebook, attack=attack: _fill_in(notebook, attack))
    return course, course.grade("--workers", 2, "--cell-timeout", 20)[1]


def _fill_in(notebook: Any, attack: Attack) -> None:
    for name, answer in attack.answers.items():
        cell_of(notebook, name).source = answer


def _page(course: SmallCourse, student: str) -> str:
    return Path(course.root, "feedback", student, LESSON, f"{LESSON}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("student", ATTACKS)
def test_a_reference_that_stands_in_gives_nothing_away(marked: Any, student: str) -> None:
    course, students = marked
    attack, entry = ATTACKS[student], students[student]
    assert entry["status"] == "graded", entry
    assert {name: entry["exercises"][name]["points"] for name in attack.points} == attack.points
    assert attack.says in _page(course, student)
