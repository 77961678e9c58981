"""A course's own exercises, outside the project: the commands of the tutorial, and files that are refused."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import ROOT, cell_of, run_autograder

TUTORIAL = (ROOT / "docs" / "own-exercise.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", TUTORIAL, flags=re.DOTALL)[0]
NEW, *COMMANDS = re.findall(r"```console\nautograder (.*?)\n```", TUTORIAL)
LESSON = "10_signals"
RIGHT = "    return np.array([x[i : i + width].mean() for i in range(len(x) - width + 1)])"
SUMMED = "    return np.array([sum(x[i : i + width]) for i in range(len(x) - width + 1)])"
ONLY_VISIBLE = "    return np.array([x[i : i + width].mean() for i in range(len(x) - width + 1)]) + (width in (1, 9))"


def command(root: Path, line: str) -> subprocess.CompletedProcess[str]:
    return run_autograder(*shlex.split(line), cwd=root)


def create_course(root: Path, code: str = CODE) -> Path:
    """Create the course of step 1 of the tutorial."""
    (root / "exercises").mkdir(parents=True)
    (root / "exercises" / "moving_average.py").write_text(code, encoding="utf-8")
    return root


def answered(root: Path, body: str) -> Any:
    notebook = nbformat.read(root / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
    cell = cell_of(notebook, "moving_average")
    cell.source = cell.source.partition("    # YOUR CODE HERE")[0] + body
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Follow the tutorial up to the release, and hand in three answers."""
    root = create_course(tmp_path_factory.mktemp("signals") / "course")
    for line in COMMANDS[:2]:
        done = command(root, line)
        assert done.returncode == 0, done.stdout + done.stderr
    for student, body in (("ada", RIGHT), ("ben", SUMMED), ("cem", ONLY_VISIBLE)):
        path = root / "submitted" / student / LESSON / f"{LESSON}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(answered(root, body), path)
    return root


def test_the_tutorial_has_four_commands() -> None:
    assert [line.split()[0] for line in (NEW, *COMMANDS)] == ["new-exercise", "add", "release", "grade"]


def test_a_new_exercise_is_the_file_of_the_tutorial_and_never_overwrites_one(tmp_path: Path) -> None:
    done = command(tmp_path, NEW)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "exercises" / "moving_average.py"
    assert path.read_text(encoding="utf-8") == CODE
    path.write_text("mine", encoding="utf-8")
    done = command(tmp_path, NEW)
    assert done.returncode == 2
    assert "must not exist yet" in " ".join(done.stderr.split())
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "says"),
    [("sigmoid", "which the course has"), ("two words", "that Python allows"), ("class", "that Python allows")],
)
def test_a_name_that_no_new_exercise_can_have_is_refused(tmp_path: Path, name: str, says: str) -> None:
    done = command(tmp_path, f"new-exercise '{name}' --lesson 10_signals")
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert not (tmp_path / "exercises").exists()


def test_the_exercise_is_graded_like_those_of_the_package(course: Path) -> None:
    done = command(course, COMMANDS[2])
    assert done.returncode == 0, done.stdout + done.stderr
    students = json.loads((course / "marks.json").read_text(encoding="utf-8"))["students"]
    got = {
        name: (s["exercises"]["moving_average"]["points"], s["exercises"]["moving_average"]["diagnosis"])
        for name, s in students.items()
    }
    assert got == {"ada": (3.0, None), "ben": (0.0, "summed"), "cem": (2.0, None)}
    assert (course / "feedback" / "ben" / LESSON / f"{LESSON}.html").is_file()


def test_what_students_get_holds_no_answer(course: Path) -> None:
    released = course / "release" / LESSON
    assert sorted(path.name for path in released.iterdir()) == [f"{LESSON}.ipynb", "exercises.json"]
    for path in released.iterdir():
        assert "convolve" not in path.read_text(encoding="utf-8")


def run_alone(course: Path, tmp_path: Path, body: str) -> str:
    """Run a student's cells in a directory without the course's files, as on the student's laptop."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "exercises.json").write_bytes((course / "release" / LESSON / "exercises.json").read_bytes())
    cells = [cell.source for cell in answered(course, body).cells if cell.cell_type == "code"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(cells)], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.stderr == ""
    return done.stdout


def test_the_check_of_a_student_judges_the_visible_part_and_names_the_mistake(course: Path, tmp_path: Path) -> None:
    text = run_alone(course, tmp_path, SUMMED)
    assert "moving_average is not right yet · 0 of 2 points" in text
    assert "This is a sum, not yet a mean." in text
    assert "hidden cases (1)" in text
    assert "10_signals: 0 of 1 exercises right" in text


def test_a_right_answer_is_shown_as_right_by_the_check_and_the_overview(course: Path, tmp_path: Path) -> None:
    text = run_alone(course, tmp_path, RIGHT)
    assert "moving_average is right · 2 of 2 points" in text
    assert "10_signals: 1 of 1 exercises right" in text


def test_adding_an_exercise_again_keeps_the_notebook_as_it_is(course: Path) -> None:
    path = course / "notebooks" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "# Signals\n\nMy own prose."
    nbformat.write(notebook, path)
    before = path.read_text(encoding="utf-8")
    assert command(course, COMMANDS[0]).returncode == 0
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('mode="valid")\n\n\nEXERCISE', 'mode="valid") +\n\n\nEXERCISE'), "must run by itself (SyntaxError"),
        (("import numpy", "import nunpy"), "must run by itself (ModuleNotFoundError"),
        ((CODE[CODE.index("EXERCISE =") :], ""), "must hold exactly one Exercise (got 0)"),
        (("EXERCISE =", "OTHER = exercise(abs, 'lesson', parts=[(1, 'it', list)])\nEXERCISE ="), "(got 2)"),
        (("parts=[", "parts=[(1, 'it', list, 'hiden'), "), "must hold HIDDEN, a property or within(rtol, atol)"),
        (("np.ones(width), mode", "np.ones(width) / width, mode"), "must judge its own answers as it says"),
        (("moving_average", "sigmoid"), "an exercise's name must be new (got 'sigmoid' a second time)"),
        (('    """Return the mean', '    # """Return the mean'), ""),
    ],
)
def test_a_file_with_a_mistake_is_refused_in_one_line_and_nothing_is_written(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    root = create_course(tmp_path / "course", CODE.replace(*change))
    done = command(root, COMMANDS[0])
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (root / "notebooks").exists()


def test_a_reference_without_a_docstring_is_refused(tmp_path: Path) -> None:
    code = re.sub(r'    """Return the mean.*?"""\n', "", CODE, flags=re.DOTALL)
    done = command(create_course(tmp_path / "course", code), COMMANDS[0])
    assert done.returncode == 2
    assert "must be a function with a docstring, which students read" in " ".join(done.stderr.split())


def test_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    root = create_course(tmp_path / "course")
    (root / "exercises" / "moving_average.py").rename(root / "mine.py")
    done = command(root, "add mine.py")
    assert done.returncode == 2
    assert "an exercise must be a file in" in " ".join(done.stderr.split())
