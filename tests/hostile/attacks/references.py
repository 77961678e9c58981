"""References that replace earlier wrong answers: the kernel may call them, with any arguments, and learns nothing."""

from __future__ import annotations

from collections.abc import Mapping

from hostile.attack import Attack
from hostile.classes import RIGHT

CLASS = "references"
WRONG = "def {0}(*args, **kwargs):\n    return 4.0"
SHOWS_WHAT_IT_GOT = "    raise ValueError(f'told: {got!r:.80}')"
# Answers the judge itself, and claims to use every exercise.
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
# Asks the judge for 80 GB with two numbers; then for arrays that fit into its memory but not into a message.
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


def wrong(*names: str) -> dict[str, str]:
    """Return wrong answers of exercises."""
    return {name: WRONG.format(name) for name in names}


def attack(cells: Mapping[str, str], points: Mapping[str, float], page: str = "") -> Attack:
    """Return an attack with answers and points by exercise."""
    return Attack(cells=cells, points=points, page=page)


ATTACKS = {
    "an honest earlier mistake": attack({**RIGHT, **wrong("sigmoid")}, {"sigmoid": 0, "sigmoid_derivative": 4}),
    "asks before the other was judged": attack(
        {"tanh_derivative": LIES + TELLS, **wrong("tanh")}, {"tanh_derivative": 0}, "offered: []"
    ),
    "asks for itself": attack({"tanh": LIES + TELLS}, {"tanh": 0, "tanh_derivative": 0}, "offered: []"),
    "calls without end": attack(
        {**wrong("sigmoid"), "sigmoid_derivative": LIES + CALLS_FOR_EVER}, {"sigmoid": 0, "sigmoid_derivative": 0}
    ),
    "calls that nest without end": attack(
        {**wrong("numerical_gradient"), "gradient_check": NESTS_FOR_EVER}, {"gradient_check": 0}
    ),
    "asks for more than there is": attack(
        {**wrong("normal_init"), "xavier_init": TAKES_ALL + SHOWS_WHAT_IT_GOT}, {"xavier_init": 0}, "told: ["
    ),
    "asks with arguments of all kinds": attack(
        {**wrong("sigmoid"), "sigmoid_derivative": BAD_ARGUMENTS + SHOWS_WHAT_IT_GOT},
        {"sigmoid_derivative": 0},
        "told: [",
    ),
}
