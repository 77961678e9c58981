"""Commands that refuse print one line and exit with status 2; a release contains no answers."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import nbformat
import pytest
from click.testing import CliRunner
from filelock import FileLock
from rich.console import Console
from support import LESSON, ROOT, SmallCourse, cell_of, run_autograder, solve

from autograder.cli import _show, cli
from autograder.errors import CourseError
from autograder.grading.course.directory import Course
from autograder.grading.course.private import secret_seed
from autograder.grading.distribute.session import ClassResults
from autograder.grading.record.scores import Mark, Outcome
from autograder.reporting.classtable import class_table


def refuse(*arguments: object) -> str:
    """Run a command that must refuse; return its line of output."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exit_code == 2, result.output
    assert result.output.startswith("Error: "), result.output
    assert len(result.output.strip().splitlines()) == 1
    return result.output


def test_an_unknown_lesson_is_refused_and_the_known_names_are_listed(small_course: SmallCourse) -> None:
    for command in ("grade", "release", "report"):
        text = refuse(command, "09_nothing", "--course", small_course.root)
        assert "must be one of: 01_sigmoid_saturation (got '09_nothing')" in text


def test_a_missing_course_directory_is_refused(tmp_path: Path) -> None:
    for command in ("grade", "release", "report"):
        text = refuse(command, LESSON, "--course", tmp_path / "nowhere")
        assert "must be an existing directory" in text
    assert list(tmp_path.iterdir()) == []


def test_a_class_without_submissions_is_refused(small_course: SmallCourse) -> None:
    assert "there must be submissions" in refuse("grade", LESSON, "--course", small_course.root)
    assert "there must be submissions" in refuse("grade", "--course", small_course.root)


def test_a_json_file_that_could_not_be_written_is_refused_before_grading(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    for command in ("grade", "report"):
        text = refuse(command, LESSON, "--course", small_course.root, "--json", small_course.root / "no" / "out.json")
        assert "the folder of --json must exist" in text
    assert not (small_course.root / "autograded").exists()


def test_the_demo_never_removes_a_directory_that_existed_before(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "must not exist yet" in result.stderr
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_an_unknown_student_is_refused(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    text = refuse("grade", LESSON, "--course", small_course.root, "--student", "nobody")
    assert "a student must have handed in 01_sigmoid_saturation (got 'nobody')" in text


def test_an_unreadable_gradebook_is_refused_and_nothing_is_written(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    (small_course.root / "gradebook.db").write_bytes(b"this is no database" * 100)
    report = small_course.root / "out.json"
    text = refuse("grade", LESSON, "--course", small_course.root, "--json", report)
    assert "must be a readable nbgrader database" in text
    assert not report.exists()
    assert not (small_course.root / "autograded").exists()


def test_a_second_command_that_writes_is_refused(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    with FileLock(small_course.root / ".autograder" / "lock"):
        text = refuse("grade", LESSON, "--course", small_course.root)
        assert "only one command may write to" in text
        refuse("release", "--course", small_course.root)
    assert not (small_course.root / "autograded").exists()


def test_a_damaged_seed_is_refused_and_not_replaced(small_course: SmallCourse) -> None:
    path = small_course.root / ".autograder" / "seed.json"
    for damage in ("", "{", '{"seed": "7"}', '{"seed": -1}', '{"seed": true}', "[]"):
        path.write_text(damage)
        with pytest.raises(CourseError, match=r"must hold the course's seed"):
            secret_seed(small_course.root)
        assert path.read_text() == damage


def test_a_broken_configuration_is_refused(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    (small_course.root / "nbgrader_config.py").write_text("c = get_config(\n")
    text = refuse("grade", LESSON, "--course", small_course.root)
    assert "nbgrader_config.py must be loadable (SyntaxError" in text


def test_the_seed_is_drawn_once_and_differs_between_courses(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    assert secret_seed(one) == secret_seed(one) != secret_seed(other)
    assert (one / ".autograder" / "seed.json").stat().st_mode & 0o077 == 0


def test_a_release_holds_no_solution_no_hidden_test_and_no_output(small_course: SmallCourse) -> None:
    text = (small_course.root / "release" / LESSON / f"{LESSON}.ipynb").read_text()
    for secret in ("logaddexp", "hidden=True", "HIDDEN", "answer = 42", "Because of the slope", "BEGIN SOLUTION"):
        assert secret not in text, secret
    notebook = nbformat.reads(text, 4)
    assert "raise NotImplementedError()" in cell_of(notebook, "sigmoid").source
    assert cell_of(notebook, "test_sigmoid").source.endswith("check(\n    sigmoid,\n)")
    assert all(not cell.get("outputs") for cell in notebook.cells)


def test_releasing_twice_gives_the_same_files_and_keeps_the_seed(small_course: SmallCourse) -> None:
    kept = [small_course.root / ".autograder" / "seed.json", small_course.root / "release" / LESSON / f"{LESSON}.ipynb"]
    before = [path.read_bytes() for path in kept]
    assert small_course.run("release").returncode == 0
    assert [path.read_bytes() for path in kept] == before


def test_points_that_differ_from_the_exercise_are_refused_at_release(small_course: SmallCourse) -> None:
    path = small_course.root / "notebooks" / LESSON / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, 4)
    cell_of(notebook, "test_sigmoid").metadata.nbgrader.points = 7
    nbformat.write(notebook, path)
    assert "must be worth 4 points (got 7)" in refuse("release", LESSON, "--course", small_course.root)


def test_a_course_without_lessons_of_its_own_uses_those_of_the_project(tmp_path: Path) -> None:
    assert Course.at(tmp_path).source == ROOT / "notebooks"


def test_practice_never_overwrites_an_edited_notebook(small_course: SmallCourse, tmp_path: Path) -> None:
    target = tmp_path / "work" / LESSON / f"{LESSON}.ipynb"
    first = small_course.run("practice", tmp_path / "work")
    assert first.returncode == 0, first.stderr
    target.write_text("mine")
    second = small_course.run("practice", tmp_path / "work")
    assert "kept" in second.stdout
    assert target.read_text() == "mine"


def test_without_the_instructors_packages_the_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['click'] = None; from autograder.__main__ import main; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "pip install 'keep-the-signal-alive[instructor]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_report_shows_students_who_were_not_graded_yet(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    report = small_course.root / "report.json"
    result = run_autograder("report", LESSON, "--course", small_course.root, "--json", report)
    assert result.returncode == 0, result.stderr
    assert "not graded yet" in json.loads(report.read_text())["students"]["anna"]["reason"]


def test_help_keeps_the_lines_of_its_example() -> None:
    lines = CliRunner().invoke(cli, ["--help"]).output.splitlines()
    assert "    autograder release 01_sigmoid_saturation     students get release/" in lines
    assert not [line for line in lines if "\\b" in line or "\b" in line]


class LineCountingTerminal(io.StringIO):
    """A terminal that stores the largest number of lines that one call wrote."""

    longest = 0

    def write(self, text: str) -> int:
        self.longest = max(self.longest, text.count("\n"))
        return super().write(text)


@pytest.mark.parametrize("columns", [60, 160])
@pytest.mark.parametrize("colours", ["truecolor", None])
def test_the_table_of_a_large_class_is_written_line_by_line(
    small_course: SmallCourse, monkeypatch: pytest.MonkeyPatch, columns: int, colours: Literal["truecolor"] | None
) -> None:
    marks = [{"sigmoid": Mark(2.0, 2.0)}, {"sigmoid": Mark(0.5, 2.0)}, {"sigmoid": Mark(None, 2.0)}]
    outcomes = [Outcome(f"student{number:03}", LESSON, "graded", exercises=marks[number % 3]) for number in range(100)]

    def terminal(file: LineCountingTerminal) -> Console:
        return Console(file=file, width=columns, force_terminal=colours is not None, color_system=colours)

    at_once, by_line = LineCountingTerminal(), LineCountingTerminal()
    terminal(at_once).print(class_table(LESSON, outcomes))
    monkeypatch.setattr("autograder.cli._out", terminal(by_line))
    _show(ClassResults(small_course.root / "feedback", {LESSON: outcomes}), None)
    assert by_line.getvalue() == at_once.getvalue()
    assert at_once.longest > 100
    assert by_line.longest == 1
