import json
import linecache
from types import SimpleNamespace

import IPython
import IPython.display
import matplotlib.pyplot as plt
import numpy as np
import pytest

from autograder import Verdict, check
from autograder.judging import card
from autograder.judging.verdict import VERDICT_MIME
from course_lib import activations

PRELUDE = "import numpy as np\nfrom autograder import check\nfrom course_lib import activations\n"
RIGHT = "def sigmoid(a):\n    return activations.sigmoid(a)\n"
SLOPE = "def sigmoid_derivative(a):\n    return activations.sigmoid_derivative(a)\n"


def run(*cells):
    """Run cells in order, as a notebook does; return its namespace."""
    space = {"__name__": "__main__"}
    for number, cell in enumerate((PRELUDE, *cells)):
        name = f"<cell {number} {hash(cell)}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)  # as IPython does
        exec(compile(cell, name, "exec"), space)
    return space


@pytest.fixture
def jupyter(monkeypatch):
    """Simulate a notebook; return a list that collects what is displayed."""
    shown = []
    plt.switch_backend("agg")  # otherwise matplotlib would ask the simulated shell for a backend
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(IPython.display, "display", lambda *args, **kwargs: shown.append((args, kwargs)))
    return shown


def test_a_right_answer_gives_all_points_as_a_plain_float(capfd):
    points = run(RIGHT, "points = check(sigmoid)")["points"]
    assert type(points) is float
    assert points == 4.0
    out, err = capfd.readouterr()
    assert out.startswith("sigmoid is right · 3 of 3 points\n")
    assert "hidden cases (1)" in out
    assert err == ""


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ("return 1 / (1 + np.exp(a))", 0.0),
        ("return 1 / (1 + np.exp(-np.asarray(a, dtype=float)))", 2.0),  # overflows in the tails
        ("return activations.sigmoid(np.asarray(a, dtype=float))", 4.0),  # loses float32 only
        ("return None", 0.0),
        ("raise SystemExit", 0.0),
        ("raise NotImplementedError", 0.0),
    ],
)
def test_hidden_points_count_in_advance_only_while_all_others_are_right(body, points, capfd):
    result = run(f"def sigmoid(a):\n    {body}", "points = check(sigmoid)")["points"]
    assert type(result) is float
    assert result == points
    assert capfd.readouterr().err == ""


def test_a_name_that_is_no_function_counts_as_an_exercise_not_written_yet(capsys):
    assert run("sigmoid = None", "points = check(sigmoid)")["points"] == 0.0
    assert "is not written yet" in capsys.readouterr().out


def test_hidden_parts_are_judged_on_request(capsys):
    cell = "def sigmoid(a):\n    return activations.sigmoid(np.asarray(a, dtype=float))\n"
    assert run(cell, "points = check(sigmoid, hidden=True)")["points"] == 3.0
    assert "keeps float32" in capsys.readouterr().out


def test_hidden_inputs_are_fresh_and_the_visible_ones_the_same_every_time(jupyter):
    for hidden in (True, True, False, False):
        check(activations.sigmoid, hidden=hidden)
    fresh, fresher, visible, again = (bundle[VERDICT_MIME]["seed"] for (bundle,), _ in jupyter)
    assert fresh != fresher
    assert visible == again == 0


def test_an_unfinished_exercise_earns_zero_points_and_a_friendly_message(capfd):
    space = run("def sigmoid(a):\n    raise NotImplementedError\n", "points = check(sigmoid)")
    out, err = capfd.readouterr()
    assert space["points"] == 0.0
    assert type(space["points"]) is float
    assert "is not written yet" in out
    assert "Traceback" not in out
    assert "Error" not in out
    assert err == ""


@pytest.mark.parametrize(
    "definition",
    [
        "sigmoid = lambda a: activations.sigmoid(a)",
        "def wrap(a):\n    return activations.sigmoid(a)\nsigmoid = wrap",
        "import functools\nsigmoid = functools.partial(activations.sigmoid)",
        "class Squash:\n    def __call__(_, a):\n        return activations.sigmoid(a)\nsigmoid = Squash()",
        "sigmoid = activations.sigmoid",
    ],
)
def test_the_exercise_is_found_by_the_name_of_the_argument(definition, capsys):
    assert run(definition, "points = check(sigmoid)")["points"] == 4.0
    assert capsys.readouterr().out.startswith("sigmoid is right")


@pytest.mark.parametrize(
    "definition",
    [
        "from scipy.special import expit as sigmoid",
        "import math\nsigmoid = np.vectorize(lambda a: 1 / (1 + math.exp(-max(a, -700))))",
        "sigmoid = np.exp",
    ],
)
def test_ufuncs_and_vectorized_functions_are_found_by_name(definition, capsys):
    assert run(definition, "points = check(sigmoid)")["points"] >= 0
    assert capsys.readouterr().out.startswith("sigmoid is")


def test_the_name_in_the_call_counts_if_a_function_has_two_names(capsys):
    run(RIGHT, "sigmoid_derivative = sigmoid", "points = check(sigmoid_derivative)")
    assert capsys.readouterr().out.startswith("sigmoid_derivative is not right yet")


def test_the_name_in_the_call_counts_in_a_cell_with_both_names(capsys):
    run(RIGHT, "sigmoid_derivative = sigmoid\npoints = check(sigmoid_derivative)")
    assert capsys.readouterr().out.startswith("sigmoid_derivative is not right yet")


def test_several_checks_in_one_cell_each_judge_their_own(capsys):
    run(RIGHT, SLOPE, "a = check(sigmoid)\nb = check(sigmoid_derivative)")
    out = capsys.readouterr().out
    assert "sigmoid is right" in out
    assert "sigmoid_derivative is right" in out


def test_a_function_under_another_name_is_found_by_its_own_name(capsys):
    run(RIGHT, "mine = sigmoid\ndel sigmoid\npoints = check(mine)")
    assert capsys.readouterr().out.startswith("sigmoid is right")


def test_a_local_function_is_found_by_its_own_name(capsys):
    body = "    def sigmoid(a):\n        return activations.sigmoid(a)\n    return check(sigmoid)\n"
    run(f"def outer():\n{body}outer()")
    assert capsys.readouterr().out.startswith("sigmoid is right")


@pytest.mark.parametrize("given", ["np.sin", "lambda a: a", "42", "None", "'sigmoid'", "print", "np.ones(3)"])
def test_other_objects_than_exercises_are_refused(given, capsys):
    text = r"^check must be given the function of an exercise, as in check\(sigmoid\) \(got "
    with pytest.raises(ValueError, match=text):
        run(f"points = check({given})")
    assert capsys.readouterr().out == ""


def test_in_a_notebook_one_mime_bundle_is_displayed(jupyter, capfd):
    points = check(activations.sigmoid)
    assert (type(points), points) == (float, 4.0)
    ((bundle,), kwargs) = jupyter[0]
    assert len(jupyter) == 1
    assert kwargs == {"raw": True}
    assert set(bundle) == {"text/html", "text/plain", VERDICT_MIME}
    assert bundle["text/html"].startswith("<div")
    assert bundle["text/plain"].startswith("sigmoid is right")
    verdict = Verdict.from_dict(json.loads(json.dumps(bundle[VERDICT_MIME])))
    assert (verdict.exercise, verdict.passed) == ("sigmoid", True)
    assert capfd.readouterr() == ("", "")


def test_ipython_in_a_terminal_shows_text(monkeypatch, capsys):
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace())
    check(activations.sigmoid)
    assert capsys.readouterr().out.startswith("sigmoid is right")


def test_checking_twice_shows_the_same_card(capsys):
    check(activations.sigmoid)
    first = capsys.readouterr().out
    check(activations.sigmoid)
    assert capsys.readouterr().out == first


# `check` never writes to stderr and never raises on a wrong answer ------------------------------
class UnprintableError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def raises(error):
    def sigmoid(a):
        raise error

    return sigmoid


def returns(value):
    def sigmoid(a):
        return value(a) if callable(value) else value

    return sigmoid


@pytest.mark.parametrize(
    "answer",
    [
        raises(UnprintableError()),
        raises(ValueError("\ud800 is no character")),
        raises(ValueError("\x00\x1b[31m\r\n\u202e")),
        raises(SystemExit("bye")),
        raises(RecursionError()),
        returns(None),
        returns(lambda a: np.full(np.shape(a), 1e308)),
        returns(lambda a: np.where(np.asarray(a) > 0, 1e308, -1e308)),
        returns(lambda a: np.full(np.shape(a), np.inf)),
        returns(lambda a: np.where(np.asarray(a) > 0, np.inf, -np.inf)),
        returns(lambda a: np.full(np.shape(a), np.nan)),
        returns(lambda a: np.where(np.asarray(a) > 0, np.nan, 0.5)),
        returns(lambda a: np.full(np.shape(a), 5e-324)),
        returns(lambda a: np.asarray(a) + 1j),
        returns(lambda a: np.asarray(a) > 0),
        returns(lambda a: np.asarray(a).astype(np.float16)),
        returns(lambda a: np.asarray(a).astype(np.longdouble)),
        returns(lambda a: np.zeros(np.shape(a), dtype=np.int8)),
        returns(lambda a: print("\ud800") or a),
    ],
)
@pytest.mark.parametrize("setting", ["warn", "raise"])
def test_no_wrong_answer_raises_or_reaches_stderr(answer, setting, jupyter, capfd, monkeypatch):
    with np.errstate(all=setting):
        assert check(answer) < 4
        monkeypatch.setattr(IPython, "get_ipython", lambda: None)
        assert check(answer) < 4
    assert len(jupyter) == 1
    out, err = capfd.readouterr()
    assert err == ""
    assert out.startswith("sigmoid is not right yet")
    json.dumps(jupyter[0][0][0]).encode()
    jupyter[0][0][0]["text/html"].encode()


def test_the_card_is_drawn_once_and_the_verdict_is_its_source(jupyter, monkeypatch):
    drawn = []
    monkeypatch.setattr(card, "as_html", lambda *args: drawn.append(args) or "<div></div>")
    check(activations.sigmoid)
    ((exercise, verdict, function, evidence),) = drawn
    assert not evidence.part.hidden
    assert exercise.name == verdict.exercise == "sigmoid"
    assert function is activations.sigmoid
