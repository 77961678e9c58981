"""The gradebook, read by nbgrader: marks, lateness, extensions, comments and exports are as from its own command."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Grade
from support import LESSON, SmallCourse, cell_of, solve

from autograder.errors import CourseError
from autograder.grading.execute.graded import Graded
from autograder.grading.nbgrader_plugin.config import gradebook_url, open_course, write_config
from autograder.grading.record import gradebook, journal
from autograder.grading.record.database_url import patient, require_url, shown, without_password
from autograder.grading.record.journal import Entry

PENALTY = """
from nbgrader.plugins import BasePlugin


class HalfAPointAnHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return None if student_id == "forgiven" else total_seconds_late / 7200


c.AssignLatePenalties.plugin_class = HalfAPointAnHour
"""
HANDED_IN = {
    "punctual": "2026-03-01 11:59:00 UTC",
    "late": "2026-03-01 15:00:00 UTC",
    "very late": "2026-03-09 12:00:00 UTC",
    "forgiven": "2026-03-01 15:00:00 UTC",
    "ill": "2026-03-01 15:00:00 UTC",
    "no time": None,
}


def nbgrader(course: SmallCourse, *arguments: str) -> None:
    """Run one of nbgrader's own commands."""
    command = [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]


def url_of(course: SmallCourse) -> str:
    return f"sqlite:///{course.root / 'gradebook.db'}"


def rows_of(course: SmallCourse) -> dict[str, Any]:
    """Return everything that the gradebook holds about each submission, except random ids."""
    with gradebook.opened(url_of(course)) as book:
        return {
            submission.student.id: {
                "score": submission.score,
                "penalty": notebook.late_submission_penalty,
                "late": submission.total_seconds_late,
                "extension": submission.extension,
                "grades": {
                    grade.name: (
                        grade.auto_score,
                        grade.manual_score,
                        grade.extra_credit,
                        grade.needs_manual_grade,
                        grade.score,
                    )
                    for grade in notebook.grades
                },
                "comments": {
                    comment.name: (comment.auto_comment, comment.manual_comment) for comment in notebook.comments
                },
            }
            for submission in book.assignment_submissions(LESSON)
            for notebook in submission.notebooks
        }


def exported(course: SmallCourse) -> list[dict[str, str]]:
    nbgrader(course, "export", "--to", str(course.root / "grades.csv"))
    rows = list(csv.DictReader((course.root / "grades.csv").read_text().splitlines()))
    return sorted(rows, key=lambda row: row["student_id"])


@pytest.fixture(scope="module")
def marked(released: SmallCourse, tmp_path_factory: pytest.TempPathFactory) -> SmallCourse:
    """Grade a class with late submissions, and enter some marks by hand."""
    course = released.copy_to(tmp_path_factory.mktemp("marked") / "course")
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(PENALTY)
    for student, time in HANDED_IN.items():
        own = "answer = 41" if student == "ill" else "answer = 42"

        def edit(notebook: Any, own: str = own) -> None:
            solve(notebook, own=own)
            cell_of(notebook, "written_saturation").source = "The slope."

        path = course.hand_in(student, edit)
        if time:
            (path.parent / "timestamp.txt").write_text(time)
    with gradebook.opened(url_of(course)) as book:
        book.update_or_create_assignment(LESSON, duedate="2026-03-01 12:00:00 UTC")
    result, _ = course.grade()
    assert result.returncode == 0, result.stderr
    with gradebook.opened(url_of(course)) as book:
        book.grant_extension(LESSON, "ill", days=1)
        written: Grade = book.find_grade("written_saturation", LESSON, LESSON, "late")
        written.manual_score, written.extra_credit, written.needs_manual_grade = 1.5, 0.25, False
        overruled = book.find_grade("test_own", LESSON, LESSON, "ill")
        overruled.manual_score, overruled.needs_manual_grade = 1.0, False
        book.find_comment("written_saturation", LESSON, LESSON, "late").manual_comment = "Nearly."
        book.db.commit()
    return course


@pytest.fixture(scope="module")
def graded_by_both(marked: SmallCourse, tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallCourse, SmallCourse]:
    """Grade two copies of the class again: with our command, and with nbgrader's."""
    place = tmp_path_factory.mktemp("both")
    ours, theirs = marked.copy_to(place / "ours"), marked.copy_to(place / "theirs")
    result, _ = ours.grade("--again")
    assert result.returncode == 0, result.stderr
    nbgrader(theirs, "autograde", LESSON, "--force")
    return ours, theirs


def test_everything_in_the_gradebook_is_as_nbgraders_own_command_writes_it(
    graded_by_both: tuple[SmallCourse, SmallCourse],
) -> None:
    ours, theirs = map(rows_of, graded_by_both)
    assert ours == theirs
    assert set(ours) == set(HANDED_IN)


def test_marks_and_comments_by_hand_survive_a_regrade_and_need_another_review(
    graded_by_both: tuple[SmallCourse, SmallCourse],
) -> None:
    rows = rows_of(graded_by_both[0])
    assert rows["late"]["grades"]["written_saturation"] == (None, 1.5, 0.25, True, 1.75)
    assert rows["late"]["comments"]["written_saturation"] == (None, "Nearly.")
    assert rows["ill"]["grades"]["test_own"] == (0.0, 1.0, None, True, 1.0)
    assert rows["punctual"]["grades"]["test_own"][3] is False


def test_the_late_penalty_is_computed_by_the_courses_own_plugin(
    graded_by_both: tuple[SmallCourse, SmallCourse],
) -> None:
    rows = rows_of(graded_by_both[0])
    assert rows["late"]["penalty"] == 1.5
    assert rows["very late"]["penalty"] == 5.0, "never more than there is"
    assert [rows[name]["penalty"] for name in ("punctual", "forgiven", "ill", "no time")] == [None] * 4
    assert (rows["ill"]["late"], rows["late"]["late"]) == (0, 3 * 3600)


def test_the_export_is_the_same_and_has_the_penalty(graded_by_both: tuple[SmallCourse, SmallCourse]) -> None:
    ours, theirs = map(exported, graded_by_both)
    assert ours == theirs
    late = next(row for row in ours if row["student_id"] == "late")
    assert (float(late["raw_score"]), float(late["late_submission_penalty"]), float(late["score"])) == (6.75, 1.5, 5.25)
    assert float(late["max_score"]) == 7.0


def test_the_page_shows_the_penalty_and_the_comment_by_hand(graded_by_both: tuple[SmallCourse, SmallCourse]) -> None:
    page = (graded_by_both[0].root / "feedback" / "late" / LESSON / f"{LESSON}.html").read_text()
    assert "Nearly." in page
    assert "5.25" in page


def test_submissions_graded_by_nbgraders_own_command_are_reported_as_current(
    graded_by_both: tuple[SmallCourse, SmallCourse],
) -> None:
    _, theirs = graded_by_both
    assert theirs.run("report", LESSON, "--json", theirs.root / "report.json").returncode == 0
    students = json.loads((theirs.root / "report.json").read_text())["students"]
    assert {name: entry["status"] for name, entry in students.items()} == dict.fromkeys(HANDED_IN, "graded")


def test_a_failed_regrade_by_nbgraders_own_command_leaves_no_mark_in_the_report(
    marked: SmallCourse, tmp_path: Path
) -> None:
    course = marked.copy_to(tmp_path / "course")
    course.path("late").write_text("{")
    with pytest.raises(AssertionError):
        nbgrader(course, "autograde", LESSON, "--force", "--student", "late")
    assert course.run("report", LESSON, "--json", course.root / "report.json").returncode == 0
    students = json.loads((course.root / "report.json").read_text())["students"]
    assert students["late"]["status"] == "failed"
    assert students["punctual"]["status"] == "graded"


def test_addresses_are_completed_and_shown_without_passwords() -> None:
    assert require_url("postgresql://a:b@h/d") == "postgresql+psycopg://a:b@h/d"
    assert shown("postgresql+psycopg://a:b@h/d") == "postgresql+psycopg://a:***@h/d"
    assert without_password("postgresql+psycopg://a:b@h/d") == "postgresql+psycopg://a@h/d"
    assert patient("sqlite:////x/gradebook.db") == "sqlite:////x/gradebook.db?timeout=60"
    assert patient("sqlite:///file:/x?mode=ro&uri=true").endswith("&timeout=60")
    assert patient("postgresql+psycopg://a@h/d") == "postgresql+psycopg://a@h/d"


@pytest.mark.parametrize("address", ["grades.db", "postgres://a:secret@h/d", "oracle+nothing://a:secret@h/d"])
def test_an_invalid_address_is_refused_without_showing_it(small_course: SmallCourse, address: str) -> None:
    with pytest.raises(CourseError, match=r"must be like sqlite:////") as refusal:
        _ = gradebook_url(open_course(small_course.root, address))
    assert "secret" not in str(refusal.value)


def test_a_new_courses_configuration_names_the_database_but_not_its_password(tmp_path: Path) -> None:
    course = open_course(tmp_path, "postgresql://grader:secret@localhost/grades")
    assert write_config(tmp_path, gradebook_url(course))
    text = (tmp_path / "nbgrader_config.py").read_text()
    assert "c.CourseDirectory.db_url = 'postgresql+psycopg://grader@localhost/grades'" in text
    assert "secret" not in text
    assert gradebook_url(open_course(tmp_path)) == "postgresql+psycopg://grader@localhost/grades"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
def test_a_gradebook_that_cannot_be_read_is_closed(tmp_path: Path) -> None:
    damaged = tmp_path / "gradebook.db"
    damaged.write_bytes(b"this is no database" * 100)
    with (
        pytest.raises(CourseError, match="must be a readable nbgrader database") as refusal,
        gradebook.opened(f"sqlite:///{damaged}"),
    ):
        pass
    assert refusal.value.__cause__ is not None  # the cause must not keep the file open
    assert damaged not in [file.resolve() for file in Path("/proc/self/fd").iterdir()]


def test_a_submission_is_recorded_completely_or_not_at_all(
    small_course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    graded, entry = Graded("anna", points={"test_sigmoid": 4.0}), Entry("key", "submission", "version")
    with gradebook.open_for_writing(url_of(small_course), LESSON) as ledger:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(journal, "write_entry", interrupt)
            ledger.record(graded, entry, None)
        assert (rows_of(small_course), ledger.entries()) == ({}, {})
        assert ledger.record(graded, entry, None).cells["test_sigmoid"].points == 4.0
        assert ledger.entries() == {"anna": entry}
    assert rows_of(small_course)["anna"]["score"] == 4.0


def test_marks_are_found_without_reading_those_of_the_whole_class(small_course: SmallCourse) -> None:
    path = small_course.root / "gradebook.db"
    with closing(sqlite3.connect(path)) as book:
        for table in ("grade", "comment"):  # a gradebook that nbgrader created has no such index
            book.execute(f"DROP INDEX IF EXISTS autograder_{table}_notebook")
    for _ in range(2):
        with gradebook.open_for_writing(url_of(small_course), LESSON):
            pass
    with closing(sqlite3.connect(path)) as book:
        for table in ("grade", "comment"):
            (plan,) = book.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE notebook_id = 'x'")
            assert f"USING INDEX autograder_{table}_notebook" in plan[-1]
