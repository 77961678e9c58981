"""A gradebook in PostgreSQL: the same marks as in a file, for our commands and for nbgrader's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from support import LESSON, SmallCourse, cell_of, solve
from system_parts import find_program, installed_postgresql, packaged_postgresql

from autograder.errors import CourseError
from autograder.grading.nbgrader_plugin.config import gradebook_url, open_course
from autograder.grading.record import gradebook
from autograder.grading.record.locks import database_lock

NOBODY = 65534
ANSWERS = {
    "anna": ("def sigmoid(a):\n    a = as_float(a)\n    return np.exp(-np.logaddexp(0, -a))", "answer = 42"),
    "berta": ("def sigmoid(a):\n    return 0.5 * (1 + np.tanh(as_float(a) / 2))", "answer = 41"),
    "carl": ("def sigmoid(a):\n    return 1 / (1 + np.exp(a))", "answer = 42"),
}


def programs(directory: Path) -> Path:
    """Return the folder with the server's programs: of the installed server, or else a copy of the one from PyPI.

    Root runs the server as another user, who may be unable to read the environment that holds the package.
    """
    installed = find_program("initdb", folders=installed_postgresql())
    if installed is not None:
        return installed.resolve().parent
    packaged = packaged_postgresql()
    if packaged is None:
        pytest.fail("these tests start a PostgreSQL server: run make setup, or apt install postgresql")
    package = packaged.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):  # the programs find their libraries beside them
        if folder.is_dir():
            shutil.copytree(folder, directory / folder.name)
    return directory / package.name / packaged.relative_to(package)


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """Start a PostgreSQL server; yield the directory of its socket."""
    directory = Path(tempfile.mkdtemp(prefix="pg"))
    folder = programs(directory)
    # PostgreSQL refuses to run as root.
    identity: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    if identity:
        os.chown(directory, NOBODY, NOBODY)

    def run(*arguments: str) -> None:
        command = [str(folder / arguments[0]), "-D", str(directory / "data"), *arguments[1:]]
        with (directory / "log").open("a") as log:
            done = subprocess.run(command, check=False, stdout=log, stderr=log, cwd=directory, **identity)
        assert done.returncode == 0, (directory / "log").read_text()

    try:
        run("initdb", "--auth=trust", "--username=grader", "--encoding=UTF8", "--no-sync")
        run("pg_ctl", "start", "-w", "-o", f"-k {directory} -c listen_addresses='' -c fsync=off")
        yield directory
        run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def url(server: Path, request: pytest.FixtureRequest) -> str:
    """Create an empty database; return its address."""
    name = re.sub(r"\W", "", request.node.name)[:50]
    engine = create_engine(f"postgresql+psycopg://grader@/postgres?host={server}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"postgresql+psycopg://grader@/{name}?host={server}"


@pytest.fixture
def fresh(released: SmallCourse, tmp_path: Path) -> SmallCourse:
    """Return a course without a gradebook, with the seed and the release of another course, and three submissions."""
    course = SmallCourse(tmp_path / "fresh")
    shutil.copytree(released.root / "notebooks", course.root / "notebooks")
    (course.root / ".autograder").mkdir()
    shutil.copy(released.root / ".autograder" / "seed.json", course.root / ".autograder")
    shutil.copytree(released.root / "release", course.root / "release")
    hand_in(course)
    return course


def hand_in(course: SmallCourse) -> None:
    for student, (source, own) in ANSWERS.items():
        course.hand_in(student, lambda nb, source=source, own=own: solve(nb, source, own))


def test_a_class_gets_the_same_marks_as_in_a_file_and_formgrader_shows_them(
    small_course: SmallCourse, fresh: SmallCourse, url: str
) -> None:
    hand_in(small_course)
    _, expected = small_course.grade()
    result = fresh.run("release", LESSON, "--db", url)
    assert result.returncode == 0, result.stderr
    result, students = fresh.grade("--db", url)
    assert result.returncode == 0, result.stderr
    assert students == expected
    assert not (fresh.root / "gradebook.db").exists()
    _, again = fresh.grade()  # `release` has written the address into nbgrader_config.py
    assert again == expected

    totals = {student: entry["points"] for student, entry in expected.items()}
    with formgrader(fresh) as get:
        assert "<title>nbgrader" in get("formgrader/gradebook").lower().replace("formgrader", "nbgrader")
        submissions = json.loads(get(f"formgrader/api/submissions/{LESSON}"))
        assert {each["student"]: each["score"] for each in submissions} == totals
        notebooks = json.loads(get(f"formgrader/api/submitted_notebooks/{LESSON}/{LESSON}"))
        assert {each["student"]: each["score"] for each in notebooks} == totals
        assert {each["student"]: each["needs_manual_grade"] for each in notebooks} == dict.fromkeys(totals, False)
        page = get(f"formgrader/submissions/{notebooks[0]['id']}")
        assert "Result for sigmoid" in page


@contextmanager
def formgrader(course: SmallCourse) -> Iterator[Any]:
    """Run nbgrader's formgrader on a course; yield a function that downloads a page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": course.root,
        "IdentityProvider.token": "secret",
        "ServerApp.jpserver_extensions": "{'nbgrader.server_extensions.formgrader': True}",
    }
    command = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"]
    command += [f"--{name}={value}" for name, value in options.items()]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def get(path: str) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", headers={"Authorization": "token secret"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return str(response.read().decode())

    log = course.root.with_name("server.log")
    with (
        log.open("w") as said,
        subprocess.Popen(command, cwd=course.root, env=environment, stdout=said, stderr=said) as process,
    ):
        try:
            while not _accepts_connections(port):
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
                    pytest.fail(log.read_text())
            yield get
        finally:
            process.kill()


def _accepts_connections(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def test_nbgraders_own_commands_use_the_database(fresh: SmallCourse, url: str) -> None:
    assert fresh.run("release", LESSON, "--db", url).returncode == 0
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": programs + os.pathsep + os.environ["PATH"]}
    for arguments in (["autograde", LESSON], ["export", "--to", str(fresh.root / "grades.csv")]):
        command = [sys.executable, "-W", "ignore", "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=fresh.root, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr[-3000:]
    assert "anna" in (fresh.root / "grades.csv").read_text()
    report = fresh.root / "report.json"
    assert fresh.run("report", LESSON, "--json", report).returncode == 0
    students = json.loads(report.read_text())["students"]
    assert {name: entry["points"] for name, entry in students.items()} == {"anna": 5.0, "berta": 3.0, "carl": 1.0}


def test_a_second_machine_that_grades_into_the_same_database_is_refused(
    fresh: SmallCourse, url: str, tmp_path: Path
) -> None:
    assert fresh.run("release", LESSON, "--db", url).returncode == 0
    elsewhere = fresh.copy_to(tmp_path / "elsewhere")
    with database_lock(gradebook_url(open_course(fresh.root))):
        result, _ = elsewhere.grade("--db", url)
        assert result.returncode == 2
        assert "only one command may write to the gradebook postgresql+psycopg://grader@/" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
    result, _ = elsewhere.grade("--db", url)
    assert result.returncode == 0, result.stderr


def test_the_next_command_completes_one_that_was_killed(fresh: SmallCourse, url: str) -> None:
    for number in range(12):
        source, own = list(ANSWERS.values())[number % 3]
        fresh.hand_in(f"s{number:02}", lambda nb, source=source, own=own: solve(nb, source, own))
    assert fresh.run("release", LESSON, "--db", url).returncode == 0
    own = open_course(fresh.root)
    with gradebook.open_for_writing(gradebook_url(own), LESSON):
        pass  # creates the journal's table
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE chronicle (student TEXT)",
            "CREATE FUNCTION remember() RETURNS trigger AS $$ BEGIN INSERT INTO chronicle VALUES (new.student); "
            "RETURN new; END $$ LANGUAGE plpgsql",
            "CREATE TRIGGER remember AFTER INSERT ON autograder_journal FOR EACH ROW EXECUTE FUNCTION remember()",
        ):
            connection.execute(text(statement))

    def entered() -> list[str]:
        with engine.connect() as connection:
            return list(connection.scalars(text("SELECT student FROM chronicle")))

    command = [sys.executable, "-m", "autograder", "grade", LESSON, "--course", str(fresh.root)]
    for enough in (1, 4, 8):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while len(entered()) < enough:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.01)
                    pytest.fail(f"it ended by itself: {process.returncode}")
            process.kill()
    result, students = fresh.grade()
    assert result.returncode == 0, result.stderr
    assert sorted(entered()) == sorted(students)
    engine.dispose()
    expected = {f"s{number:02}": (5.0, 3.0, 1.0)[number % 3] for number in range(12)}
    assert {name: students[name]["points"] for name in expected} == expected


def test_a_missing_database_is_refused_without_showing_the_password(small_course: SmallCourse, server: Path) -> None:
    small_course.hand_in("anna", solve)
    address = f"postgresql+psycopg://grader:hunter2@/nowhere?host={server}"
    result, _ = small_course.grade("--db", address)
    assert result.returncode == 2
    assert "nowhere" in result.stderr
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.stderr


def test_without_the_driver_the_command_says_what_to_install(
    small_course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CourseError, match=r"pip install 'keep-the-signal-alive\[postgresql\]'"):
        _ = gradebook_url(open_course(small_course.root, "postgresql://grader@localhost/grades"))


def test_marks_by_hand_for_written_answers_are_kept(fresh: SmallCourse, url: str) -> None:
    fresh.hand_in("anna", lambda nb: (solve(nb), cell_of(nb, "written_saturation").update(source="The slope.")))
    assert fresh.run("release", LESSON, "--db", url).returncode == 0
    _, first = fresh.grade()
    with gradebook.opened(url) as book:
        book.find_grade("written_saturation", LESSON, LESSON, "anna").manual_score = 1.5
        book.db.commit()
    _, second = fresh.grade("--again")
    assert first["anna"]["written"]["written_saturation"]["points"] is None
    assert second["anna"]["written"]["written_saturation"]["points"] == 1.5
