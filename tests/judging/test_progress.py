import json
from pathlib import Path
from types import SimpleNamespace

import IPython
import IPython.display
import pytest

from autograder import check, progress
from autograder.notebook import last_check as checked
from course_lib.activations import sigmoid as right_sigmoid

LESSON = "01_sigmoid_saturation"


@pytest.fixture
def jupyter(monkeypatch):
    """Simulate a notebook; return a list that collects what is displayed."""
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr(IPython.display, "display", lambda bundle, **kwargs: shown.append(bundle))
    return shown


def check_as(name, function):
    """Call `check` like a notebook's cell, with the exercise's name as argument."""
    exec(f"check({name})", {name: function, "check": check})


def test_a_lesson_without_checks_is_open_and_names_the_next_exercise_and_the_time(capsys):
    progress(LESSON)
    text = capsys.readouterr().out
    assert "0 of 6 exercises right · 0 of 15 points" in text
    assert "planned for 80 minutes" in text
    assert text.count("– open") == 6
    assert text.endswith("Next: sigmoid.\n")


def test_right_partly_right_wrong_and_open_have_different_marks(capsys):
    check_as("sigmoid", right_sigmoid)
    check_as("sigmoid_derivative", lambda a: right_sigmoid(a) * (1 - right_sigmoid(a)))
    check_as("linearity_error", lambda radius: None)
    capsys.readouterr()
    progress(LESSON)
    lines = {line.split()[2]: line for line in capsys.readouterr().out.splitlines()[1:-1] if line.strip()[0] != "◐"}
    assert "✓ right" in lines["sigmoid"]
    assert "3 of 3, 1 more at grading" in lines["sigmoid"]
    assert "✗ not yet" in " ".join(lines.values())
    progress(LESSON)
    assert "◐ in part  sigmoid_derivative" in capsys.readouterr().out


def test_checks_survive_a_kernel_restart(jupyter, monkeypatch):
    check_as("sigmoid", right_sigmoid)
    monkeypatch.setattr(checked, "_here", {})  # as in a new kernel
    progress(LESSON)
    assert "1 of 6 exercises right" in jupyter[-1]["text/plain"]
    assert '<th scope="col"' in jupyter[-1]["text/html"]
    assert "Next: <code" in jupyter[-1]["text/html"]


def test_outside_a_notebook_no_file_is_written(jupyter, monkeypatch):
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    check_as("sigmoid", right_sigmoid)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 2, "checked": {}}', '{"schema": 1, "checked": {"sigmoid": {"points": "9"}}}']
)
def test_a_damaged_record_is_ignored_and_replaced_by_the_next_check(text, jupyter):
    Path(checked.FILE).write_text(text, encoding="utf-8")
    progress(LESSON)
    assert "0 of 6 exercises right" in jupyter[-1]["text/plain"]
    check_as("sigmoid", right_sigmoid)
    assert json.loads(Path(checked.FILE).read_text(encoding="utf-8"))["checked"]["sigmoid"]["written"] is True


def test_a_read_only_directory_causes_no_error(jupyter, monkeypatch):
    def refuses(*args, **kwargs):
        raise PermissionError("read-only file system")

    monkeypatch.setattr(checked.tempfile, "mkstemp", refuses)
    check_as("sigmoid", right_sigmoid)
    progress(LESSON)
    assert "1 of 6 exercises right" in jupyter[-1]["text/plain"]


def test_progress_reports_that_everything_is_right(capsys):
    from autograder.judging.registry import exercises_of

    for exercise in exercises_of(LESSON):
        check_as(exercise.name, exercise.reference)
    progress(LESSON)
    assert "Everything that can be checked here is right." in capsys.readouterr().out


def test_an_unknown_lesson_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"^lesson must be one of 00_gradients_you_can_trust, .* \(got 'sigmoids'\)$"):
        progress("sigmoids")
