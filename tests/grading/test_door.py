"""`autograder.nbgrader` in a course's configuration: it adds the lessons and changes nothing of the course."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from support import LESSON, SmallCourse, cell_of, graded, run_autograder, solve
from traitlets.config import Config
from traitlets.utils.importstring import import_item

import autograder.nbgrader
from autograder.grading.course.shipped import SHIPPED, lessons_in, put_beside
from autograder.grading.nbgrader_plugin.config import open_course
from autograder.grading.record.gradebook import opened
from autograder.nbgrader import STEPS, configure

OWN = """\
from pathlib import Path

c = get_config()
c.CourseDirectory.course_id = "cs101"
c.ClearSolutions.code_stub = {"python": "# write here\\nraise NotImplementedError()"}
"""
DOOR = "\nfrom autograder.nbgrader import configure\n\nconfigure(c, Path(__file__).parent)\n"
FULL = {"test_double": 2.0, "test_more": 1.0}


def homework(name: str) -> Any:
    """Build an ordinary assignment: a solution cell and two test cells, one of them with partial credit."""
    cells = [
        new_code_cell("factors = []", id="setup"),
        new_code_cell("factors.append(2)", id="side-effect"),
        new_code_cell(
            "def double(x):\n    ### BEGIN SOLUTION\n    return factors[0] * x\n    ### END SOLUTION",
            id="double",
            metadata=graded(grade_id="double", solution=True),
        ),
        new_code_cell(
            "assert double(2) == 4\nassert double('a') == 'aa'",
            id="test-double",
            metadata=graded(grade_id="test_double", grade=True, locked=True, points=2.0),
        ),
        new_code_cell(
            "1.0 if len(factors) == 1 else 0.5",
            id="test-more",
            metadata=graded(grade_id="test_more", grade=True, locked=True, points=1.0),
        ),
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def run_nbgrader(root: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, env={**os.environ, "PATH": programs}
    )
    assert done.returncode == 0, done.stderr


def hand_in(root: Path, student: str, assignment: str, body: str) -> None:
    notebook = nbformat.read(root / "release" / assignment / f"{assignment}.ipynb", 4)
    cell_of(notebook, "double").source = f"def double(x):\n    {body}"
    path = root / "submitted" / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def marks_of(root: Path, assignment: str) -> dict[str, dict[str, float | None]]:
    with opened(f"sqlite:///{root / 'gradebook.db'}") as book:
        return {
            submission.student.id: {grade.name: grade.auto_score for grade in submission.notebooks[0].grades}
            for submission in book.assignment_submissions(assignment)
        }


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def own_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a course that does not use this project yet: configuration, two assignments, a gradebook with marks."""
    root = tmp_path_factory.mktemp("cs101") / "course"
    for name in ("hw1", "hw2"):
        path = root / "source" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(homework(name), path)
        (path.parent / "data.csv").write_text("1,2\n")
    (root / "nbgrader_config.py").write_text(OWN)
    for name in ("hw1", "hw2"):
        run_nbgrader(root, "generate_assignment", name)
    hand_in(root, "ada", "hw1", "return 2 * x")
    hand_in(root, "ben", "hw1", "return x")
    run_nbgrader(root, "autograde", "hw1")
    assert marks_of(root, "hw1") == {"ada": FULL, "ben": {**FULL, "test_double": 0.0}}
    return root


def test_a_course_gets_the_lessons_and_keeps_its_assignments_and_marks(own_course: Path) -> None:
    source, submitted = files_below(own_course / "source"), files_below(own_course / "submitted")
    marks = marks_of(own_course, "hw1")
    (own_course / "nbgrader_config.py").write_text(OWN + DOOR)
    run_nbgrader(own_course, "generate_assignment", LESSON)
    released = run_autograder("release", "02_vanishing_gradients", cwd=own_course)
    assert released.returncode == 0, released.stderr
    run_nbgrader(own_course, "generate_assignment", "hw2", "--force")
    for name in (LESSON, "02_vanishing_gradients", "hw2"):
        text = (own_course / "release" / name / f"{name}.ipynb").read_text()
        assert "# write here" in text
        assert "BEGIN SOLUTION" not in text
    after = files_below(own_course / "source")
    assert {name: after[name] for name in source} == source
    assert files_below(own_course / "submitted") == submitted
    assert marks_of(own_course, "hw1") == marks
    assert (own_course / "nbgrader_config.py").read_text() == OWN + DOOR

    hand_in(own_course, "cem", "hw1", "return 2 * x")
    hand_in(own_course, "ben", "hw2", "return x")
    done = run_autograder("grade", "hw1", "hw2", "--json", "marks.json", "--workers", 0, cwd=own_course)
    assert done.returncode == 0, done.stderr
    assert marks_of(own_course, "hw1") == {**marks, "cem": FULL}
    assert marks_of(own_course, "hw2") == {"ben": {**FULL, "test_double": 0.0}}
    run_nbgrader(own_course, "autograde", "hw1", "--student", "ada", "--force")
    assert marks_of(own_course, "hw1") == {**marks, "cem": FULL}
    with opened(f"sqlite:///{own_course / 'gradebook.db'}") as book:
        assert {a.name: a.course_id for a in book.assignments} == dict.fromkeys(
            ["hw1", "hw2", LESSON, "02_vanishing_gradients"], "cs101"
        )


def plain_course(root: Path) -> Path:
    path = root / "source" / "hw1" / "hw1.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(homework("hw1"), path)
    return root


SETTINGS = {
    "course_id": "cs101",
    "source_directory": "assignments",
    "root": "elsewhere",
    "db_url": "sqlite:///marks.db",
    "release_directory": "out",
}


@pytest.mark.parametrize("before", [True, False])
def test_settings_of_the_course_are_not_changed(tmp_path: Path, before: bool) -> None:
    config = Config()
    (tmp_path / "elsewhere" / "assignments").mkdir(parents=True)
    for setting in (True, False):
        if setting == before:
            config.CourseDirectory.update(SETTINGS | {"root": str(tmp_path / "elsewhere")})
        else:
            configure(config, tmp_path)
    assert dict(config.CourseDirectory) == SETTINGS | {"root": str(tmp_path / "elsewhere")}


def test_a_course_with_the_default_source_folder_gets_no_other_setting_than_its_root(tmp_path: Path) -> None:
    config = Config()
    configure(config, plain_course(tmp_path))
    assert dict(config.CourseDirectory) == {"root": str(tmp_path)}


def test_a_courses_own_list_of_steps_is_kept_and_causes_a_warning(tmp_path: Path) -> None:
    config = Config()
    config.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.Execute"]
    with pytest.warns(UserWarning, match="own without RunSubmission"):
        configure(config, tmp_path)
    assert config.Autograde.autograde_preprocessors == ["nbgrader.preprocessors.Execute"]


def test_a_step_that_a_course_adds_runs_after_ours(tmp_path: Path) -> None:
    config = Config()
    config.Autograde.autograde_preprocessors.append("theirs.Step")
    configure(config, tmp_path)
    names = [name.rpartition(".")[2] for name in config.Autograde.autograde_preprocessors]
    assert (names[0], names[-1]) == ("RunSubmission", "Step")


def test_copied_lessons_never_overwrite_a_folder_of_the_course(tmp_path: Path) -> None:
    root = plain_course(tmp_path)
    mine = root / "source" / LESSON / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    configure(Config(), root)
    assert sorted(path.name for path in (root / "source").iterdir()) == sorted({*lessons_in(SHIPPED), "hw1"})
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_a_copied_lesson_is_updated_until_the_course_changes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, source = tmp_path / "shipped", tmp_path / "course" / "source"
    source.mkdir(parents=True)
    (shipped / LESSON).mkdir(parents=True)
    lesson, copy = shipped / LESSON / f"{LESSON}.ipynb", source / LESSON / f"{LESSON}.ipynb"
    monkeypatch.setattr("autograder.grading.course.shipped.SHIPPED", shipped)

    def update_copy(text: str) -> str:
        lesson.write_text(text)
        put_beside(tmp_path / "course", source, [LESSON])
        return copy.read_text()

    assert [update_copy("first"), update_copy("second")] == ["first", "second"]
    (copy.parent / "exercises.json").write_text("[]")  # `release` writes this file into the folder
    assert update_copy("third") == "third"
    copy.write_text("mine")
    assert [update_copy("third"), update_copy("fourth")] == ["mine", "mine"]


def test_an_assignment_with_another_notebook_is_refused_with_what_to_use(tmp_path: Path) -> None:
    root = plain_course(tmp_path)
    (root / "source" / "hw1" / "hw1.ipynb").rename(root / "source" / "hw1" / "problem1.ipynb")
    done = run_autograder("grade", "hw1", cwd=root)
    assert done.returncode == 2
    assert "hw1 must have one notebook, hw1.ipynb (found problem1.ipynb): use `nbgrader autograde`" in done.stderr


COUNTED = """\
from pathlib import Path

from autograder.nbgrader import configure

with Path(__file__).with_name("executed.txt").open("a") as file:
    file.write("x")
c = get_config()
configure(c, Path(__file__).parent)
"""
EXERCISE = '''\
import numpy as np

from autograder import Case, Exercise, Part


def twice(x):
    """Return two times `x`."""
    return 2 * x


TWICE = Exercise(
    name="twice",
    lesson="{lesson}",
    reference=twice,
    parts=[Part("values", 1, lambda rng: [Case(np.array([1.0, 2.0]), label="two numbers")])],
    mistakes=[],
)
'''


def test_a_command_executes_the_courses_configuration_once(small_course: SmallCourse, tmp_path: Path) -> None:
    root = small_course.root
    (root / "nbgrader_config.py").write_text(COUNTED)
    small_course.hand_in("anna", solve)
    commands: dict[str, list[object]] = {
        "release": [LESSON],
        "grade": [LESSON, "--workers", 0],
        "report": [LESSON],
        "practice": [tmp_path / "work"],
    }
    counts = {}
    for name, arguments in commands.items():
        (root / "executed.txt").unlink(missing_ok=True)
        done = small_course.run(name, *arguments)
        assert done.returncode == 0, done.stderr
        counts[name] = (root / "executed.txt").read_text()
    (root / "exercises").mkdir()
    (root / "exercises" / "twice.py").write_text(EXERCISE.format(lesson=LESSON))
    (root / "executed.txt").unlink()
    done = small_course.run("add", root / "exercises" / "twice.py")
    assert done.returncode == 0, done.stderr
    counts["add"] = (root / "executed.txt").read_text()
    assert counts == dict.fromkeys([*commands, "add"], "x")


FORMER = [
    ("autograder.grading.nbgrader_setup", "configure"),
    ("autograder.grading.preprocess", "RunSubmission"),
    ("autograder.grading.preprocess", "EnterIntoJournal"),
    ("autograder.grading.restore", "RestoreReleased"),
    ("autograder.grading.marks", "SaveMarks"),
]


@pytest.mark.parametrize(("module", "name"), FORMER)
def test_a_former_name_still_works_and_names_the_new_line(module: str, name: str) -> None:
    with pytest.warns(FutureWarning, match=f"from autograder.nbgrader import {name}") as seen:
        found = import_item(f"{module}.{name}")  # as traitlets reads a class path in a configuration
    assert found is getattr(autograder.nbgrader, name)
    with pytest.warns(FutureWarning) as seen:
        exec(f"from {module} import {name}", {})
    assert seen[0].category is FutureWarning


def test_an_unknown_name_is_no_former_name() -> None:
    from autograder.grading import marks

    with warnings.catch_warnings(), pytest.raises(AttributeError, match="no attribute 'RunSubmission'"):
        _ = marks.RunSubmission


def test_a_configuration_with_the_former_line_works_and_its_warning_is_shown(
    small_course: SmallCourse,
) -> None:
    former = COUNTED.replace("autograder.nbgrader", "autograder.grading.nbgrader_setup")
    steps = [f"{module}.{name}" for module, name in FORMER[1:]]
    before = f"c.Autograde.autograde_preprocessors = {[*steps[:1], steps[3], steps[1]]!r}\nconfigure("
    (small_course.root / "nbgrader_config.py").write_text(former.replace("configure(c,", f"{before}c,", 1))
    small_course.hand_in("anna", solve)
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", LESSON],
        cwd=small_course.root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": programs},
    )
    assert done.returncode == 0, done.stderr
    assert "FutureWarning: autograder.grading.nbgrader_setup.configure has moved" in done.stderr
    assert marks_of(small_course.root, LESSON)["anna"]["test_sigmoid"] == 4.0


def test_autograder_nbgrader_has_every_step_that_the_configuration_uses() -> None:
    config = Config()
    configure(config, Path(__file__).parents[2])
    names = [*config.Autograde.sanitize_preprocessors, *config.Autograde.autograde_preprocessors]
    ours = {name.rpartition(".")[2] for name in names if name.startswith("autograder.")}
    assert ours == set(STEPS)
    for name in names:
        assert import_item(name).__name__ == name.rpartition(".")[2]


def test_a_student_folder_with_an_unprintable_name_fails_alone_and_is_named(small_course: SmallCourse) -> None:
    small_course.hand_in("honest", solve)
    small_course.hand_in("Ana\xa0Lima", solve)
    undecodable = small_course.root / "submitted" / os.fsdecode(b"b\xfcro")
    (undecodable / LESSON).mkdir(parents=True)
    result, students = small_course.grade("--workers", 0)
    assert result.returncode == 1, result.stderr
    assert students["honest"]["points"] == 5.0
    assert {name: entry["status"] for name, entry in students.items()} == {
        "honest": "graded",
        r"Ana\xa0Lima": "failed",
        r"b\udcfcro": "failed",
    }
    assert r"must have a printable name in UTF-8 (got 'Ana\xa0Lima')" in students[r"Ana\xa0Lima"]["reason"]
    report = small_course.root / "report.json"
    assert small_course.run("report", LESSON, "--json", report).returncode == 0
    assert "printable name" in json.loads(report.read_text())["students"][r"b\udcfcro"]["reason"]


def test_practice_writes_nothing_outside_its_directory(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    done = run_autograder("practice", "work", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shelf", "work"]
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == lessons_in(SHIPPED)
    assert "BEGIN SOLUTION" not in (tmp_path / "work" / LESSON / f"{LESSON}.ipynb").read_text()


def test_a_course_below_a_hidden_folder_keeps_its_files_and_times(small_course: SmallCourse, tmp_path: Path) -> None:
    course = small_course.copy_to(tmp_path / ".courses" / "course")
    path = course.hand_in("anna", lambda nb: solve(nb, own="answer = int(open('answer.txt').read())"))
    (path.parent / "answer.txt").write_text("42")
    (path.parent / ".hidden.txt").write_text("x")
    (path.parent / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC\n")
    _, students = course.grade("--workers", 0)
    assert students["anna"]["points"] == 5.0
    beside = course.root / "autograded" / "anna" / LESSON
    assert {p.name for p in beside.iterdir()} == {f"{LESSON}.ipynb", "answer.txt", "timestamp.txt"}
    with opened(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        assert str(book.find_submission(LESSON, "anna").timestamp).startswith("2026-03-01 12:00")


def test_a_course_whose_configuration_does_not_import_the_grader_has_the_lessons_too(tmp_path: Path) -> None:
    root = plain_course(tmp_path)
    (root / "nbgrader_config.py").write_text(OWN)
    course = open_course(root).course
    assert course.source == root / "source"
    assert course.lessons() == sorted({*lessons_in(SHIPPED), "hw1"})
