"""Grading that is killed, stopped or interrupted at any time: the next command completes it with the right marks."""

from __future__ import annotations

import ctypes
import errno
import json
import multiprocessing
import os
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from support import GENEROUS, LESSON, RIGHT_SIGMOID, ROOT, SmallCourse, cell_of, solve

from autograder.errors import CourseError, WorkerDiedError
from autograder.grading.course.directory import Course
from autograder.grading.distribute import coordinator
from autograder.grading.distribute.coordinator import grade_lesson
from autograder.grading.distribute.pool import InProcessExecutor, WorkerPool
from autograder.grading.execute.graded import Graded
from autograder.grading.record import gradebook
from autograder.grading.record.output_files import OutputFiles
from autograder.grading.record.report import read_outcomes
from autograder.grading.record.scores import Outcome
from autograder.running.sandbox.processes import descendants, parents_of_all

STUDENTS = 60
ANSWERS = (
    RIGHT_SIGMOID,
    "def sigmoid(a):\n    return 1 / (1 + np.exp(a))",
    "def sigmoid(a):\n    return 0.5 * (1 + np.tanh(as_float(a) / 2))",
    "def sigmoid(a):\n    raise NotImplementedError()",
    "def sigmoid(a):\n    return a",
)
_PR_SET_CHILD_SUBREAPER = 36

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Return a directory with a short name, since paths of sockets are limited to about 100 characters."""
    directory = Path(tempfile.mkdtemp(prefix="t"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def orphans() -> Iterator[Callable[[], list[str]]]:
    """Make this process the parent of orphans; yield a function that lists those that do not end by themselves."""
    libc = ctypes.CDLL(None)
    before = descendants(os.getpid())
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def remaining() -> list[str]:
        names = []
        for process in descendants(os.getpid()) - before:
            with suppress(ProcessLookupError, FileNotFoundError, ChildProcessError):
                if not _ends_by_itself(process):
                    names.append(Path(f"/proc/{process}/cmdline").read_text().replace("\0", " "))
                os.waitpid(process, os.WNOHANG)
        return names

    yield remaining
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)


@pytest.fixture
def signals_not_ignored() -> Iterator[None]:
    """Reset signal handlers: commands inherit ignored signals, such as those of tests started with `nohup` or `&`."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _ends_by_itself(process: int) -> bool:
    handle = os.pidfd_open(process)
    try:
        return bool(select.select([handle], [], [], GENEROUS)[0])
    finally:
        os.close(handle)


@contextmanager
def grading(course: SmallCourse, temporary: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run `autograder grade` in a new process; kill it at the end."""
    command = [sys.executable, "-m", "autograder", "grade", LESSON, "--course", str(course.root), *options]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONFAULTHANDLER": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, process_group=0
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended_within(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def stderr_after_the_end(process: subprocess.Popen[str]) -> str:
    """Return the stderr of a command that was asked to end; fail with its stack if it does not end."""
    try:
        return process.communicate(timeout=GENEROUS)[1]
    except subprocess.TimeoutExpired:
        alive = by_role(process.pid)
        process.send_signal(signal.SIGABRT)
        try:
            _, stderr = process.communicate(timeout=GENEROUS)
        except subprocess.TimeoutExpired as still_open:
            stderr = f"another process holds it open: {still_open.stderr!r}"
        pytest.fail(f"the command must end; below it there were {alive}, and its stack was\n{stderr}")


def url_of(course: SmallCourse) -> str:
    return f"sqlite:///{course.root / 'gradebook.db'}"


class EntryLog:
    """A log, kept by the gradebook itself, of all entries that were ever written to its journal."""

    def __init__(self, course: SmallCourse) -> None:
        self._path = course.root / "gradebook.db"
        with gradebook.open_for_writing(url_of(course), LESSON):
            pass  # creates the journal's table
        with closing(sqlite3.connect(self._path)) as book:
            book.executescript(
                "CREATE TABLE chronicle (student TEXT);"
                "CREATE TRIGGER remember AFTER INSERT ON autograder_journal "
                "BEGIN INSERT INTO chronicle VALUES (new.student); END;"
            )

    def students(self) -> list[str]:
        """Return the student of each entry."""
        with closing(sqlite3.connect(self._path, timeout=60)) as book:
            return [student for (student,) in book.execute("SELECT student FROM chronicle")]


def by_role(coordinator: int) -> dict[str, list[int]]:
    """Find the descendants of a coordinator and sort them by role."""
    parents = parents_of_all()
    commands: dict[int, bytes] = {}
    for process in {coordinator, *descendants(coordinator, parents)}:
        with suppress(OSError):
            commands[process] = Path(f"/proc/{process}/cmdline").read_bytes()
    roles: dict[str, list[int]] = {"forkserver": [], "worker": [], "zygote": [], "kernel": []}
    for process in sorted(commands.keys() - {coordinator}):
        command, above = commands[process], commands.get(parents.get(process, 0), b"")
        if b"autograder.running.kernel_side.zygote" in command:
            roles["kernel" if b"autograder.running.kernel_side.zygote" in above else "zygote"].append(process)
        elif command == above and _has_threads(process):  # forked by the coordinator or by the fork server
            roles["worker"].append(process)
        elif b"multiprocessing.forkserver" in command:
            roles["forkserver"].append(process)
    return roles


def _has_threads(process: int) -> bool:
    """Return whether a process has several threads: a worker has, a child just after its fork does not."""
    with suppress(OSError):
        return len(list(Path(f"/proc/{process}/task").iterdir())) > 1
    return False


def kill_one(role: str, coordinator: subprocess.Popen[str], rng: random.Random) -> None:
    """Kill a process of this role as soon as there is one."""
    if role == "forkserver" and not by_role(coordinator.pid)[role]:
        kill_one("worker", coordinator, rng)  # its replacement is started by the fork server
    while not (found := by_role(coordinator.pid)[role]):
        assert not ended_within(coordinator, 0.01), coordinator.stderr.read()  # type: ignore[union-attr]
    with suppress(ProcessLookupError):
        os.kill(rng.choice(found), signal.SIGKILL)


def marks_in(course: SmallCourse) -> set[Any]:
    """Return all marks of a gradebook."""
    with gradebook.opened(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        return {
            (submission.student.id, grade.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for submission in book.assignment_submissions(LESSON)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def files_of(course: SmallCourse) -> set[str]:
    """Return the names of all files of a course, except SQLite's and the report of `verdicts_of`."""
    names = (path.relative_to(course.root).as_posix() for path in course.root.rglob("*"))
    return {name for name in names if not name.startswith("gradebook.db") and name != "verdicts.json"}


def verdicts_of(course: SmallCourse) -> Any:
    """Return the whole report, including verdicts."""
    path = course.root / "verdicts.json"
    result = course.run("report", LESSON, "--mistakes", "--json", path)
    assert result.returncode == 0, result.stderr
    return json.loads(path.read_text())


@linux
def test_a_class_whose_grading_was_killed_ten_times_gets_the_marks_of_an_undisturbed_run(
    small_course: SmallCourse, tmp_path: Path, temporary: Path, orphans: Callable[[], list[str]]
) -> None:
    rng = random.Random(20)
    for number in range(STUDENTS):
        source, own = ANSWERS[number % len(ANSWERS)], f"answer = {41 + number % 2}"
        small_course.hand_in(f"s{number:02}", lambda nb, source=source, own=own: solve(nb, source, own))
    quiet = small_course.copy_to(tmp_path / "quiet")
    _, expected = quiet.grade()
    chronicle = EntryLog(small_course)
    for _ in range(10):
        already_written = len(chronicle.students())
        moments = sorted((rng.randrange(4), rng.choice(["forkserver", "worker", "zygote", "kernel"])) for _ in range(3))
        with grading(small_course, temporary) as process:
            for progress, role in [*moments, (rng.randrange(3, 6), "coordinator")]:
                while len(chronicle.students()) < already_written + progress:
                    assert not ended_within(process, 0.01), process.communicate()
                if role == "coordinator":
                    process.kill()
                else:
                    kill_one(role, process, rng)
        assert orphans() == []
    assert len(chronicle.students()) < STUDENTS, "the last run must have something to do"

    with grading(small_course, temporary, "--json", str(small_course.root / "out.json")) as process:
        _, stderr = process.communicate(timeout=GENEROUS)
    assert process.returncode == 0, stderr
    assert json.loads((small_course.root / "out.json").read_text())["students"] == expected
    assert marks_in(small_course) == marks_in(quiet)
    assert verdicts_of(small_course) == verdicts_of(quiet)
    assert Counter(chronicle.students()) == Counter(f"s{number:02}" for number in range(STUDENTS))
    assert files_of(small_course) == files_of(quiet)
    assert list(temporary.iterdir()) == []
    assert orphans() == []


def ask_to_end(process: subprocess.Popen[str], request: int) -> None:
    """Send a signal as the system does: SIGTERM to the command only, those of a terminal to its whole process group."""
    (os.kill if request == signal.SIGTERM else os.killpg)(process.pid, request)


@pytest.mark.usefixtures("signals_not_ignored")
@linux
@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("role", ["zygote", "worker"])
def test_a_command_stopped_while_it_starts_leaves_no_process_and_no_file(
    small_course: SmallCourse, temporary: Path, orphans: Callable[[], list[str]], role: str, stop_signal: int
) -> None:
    small_course.hand_in("anna", solve)
    with grading(small_course, temporary) as process:
        while not by_role(process.pid)[role]:
            assert not ended_within(process, 0.01), process.communicate()
        ask_to_end(process, stop_signal)
        stderr = stderr_after_the_end(process)
    assert process.returncode == 1
    assert "Traceback" not in stderr
    assert orphans() == []
    assert list(temporary.iterdir()) == []


STOPPED = """
import multiprocessing, os, signal
from autograder.cli import cli
from autograder.grading.distribute import scratch
from autograder.grading.distribute import pool
started, remove = pool.WorkerPool._started, scratch.remove_tree

def stopped(pool):
    worker = started(pool)
    os.kill(os.getpid(), signal.SIGTERM)
    return worker

def removed(directory):
    print("alive:", multiprocessing.active_children())
    remove(directory)

pool.WorkerPool._started, scratch.remove_tree = stopped, removed
cli()
"""


@pytest.mark.usefixtures("signals_not_ignored")
@linux
def test_a_command_stopped_between_two_workers_removes_its_files_when_the_first_has_ended(
    small_course: SmallCourse, temporary: Path, orphans: Callable[[], list[str]]
) -> None:
    small_course.hand_in("anna", solve)
    small_course.hand_in("zoe", solve)
    command = [sys.executable, "-c", STOPPED, "grade", LESSON, "--course", str(small_course.root), "--workers", "2"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1, done.stderr
    assert set(done.stdout.splitlines()) == {"alive: []"}
    assert "Traceback" not in done.stderr
    assert orphans() == []
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("signals_not_ignored")
@linux
@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_command_says_how_many_are_graded_and_leaves_no_process_and_no_file(
    small_course: SmallCourse, temporary: Path, orphans: Callable[[], list[str]], stop_signal: int
) -> None:
    def hangs(notebook: Any) -> None:
        solve(notebook)
        cell_of(notebook, "own").source = "while True:\n    pass"

    small_course.hand_in("anna", solve)
    small_course.hand_in("zoe", hangs)
    chronicle = EntryLog(small_course)
    with grading(small_course, temporary, "--workers", "2") as process:
        while not chronicle.students():
            assert not ended_within(process, 0.01), process.communicate()
        kill_one("kernel", process, random.Random(0))  # zoe's kernel; the command starts a new one for her
        ask_to_end(process, stop_signal)
        stderr = stderr_after_the_end(process)
    assert process.returncode == 1
    assert "stopped: 1 of 2 were graded and stay so" in stderr
    assert "Traceback" not in stderr
    assert orphans() == []
    assert list(temporary.iterdir()) == []
    assert {path.name for path in (small_course.root / ".autograder").iterdir()} <= {"seed.json", "lock"}


@linux
def test_a_command_that_ignores_sighup_continues_grading(
    small_course: SmallCourse, temporary: Path, orphans: Callable[[], list[str]]
) -> None:
    for student in ("anna", "zoe"):
        small_course.hand_in(student, solve)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        with grading(small_course, temporary, "--workers", "2") as process:
            while not by_role(process.pid)["kernel"]:
                assert not ended_within(process, 0.01), process.communicate()
            ask_to_end(process, signal.SIGHUP)
            stderr = stderr_after_the_end(process)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == 0, stderr
    assert {student for student, *_ in marks_in(small_course)} == {"anna", "zoe"}
    assert orphans() == []
    assert list(temporary.iterdir()) == []


# The command is killed at a function: its module, class and name, and before or after it has done its work.
MOMENTS = [
    ("autograder.grading.record.gradebook", "LessonMarks", "withdraw", "before"),
    ("autograder.grading.record.gradebook", "LessonMarks", "withdraw", "after"),
    ("autograder.grading.record.output_files", "", "rmtree", "before"),
    ("autograder.grading.record.output_files", "", "rmtree", "after"),
    ("autograder.grading.record.gradebook", "LessonMarks", "record", "before"),
    ("autograder.grading.record.journal", "", "write_entry", "after"),
    ("autograder.grading.record.gradebook", "LessonMarks", "record", "after"),
    ("autograder.grading.record.output_files", "", "_stamp", "before"),
]
KILLED = """
import functools, importlib, os, signal, sys
module, owner, name, when = sys.argv[1:5]
del sys.argv[1:5]
place = importlib.import_module(module)
place = getattr(place, owner) if owner else place
original = getattr(place, name)

@functools.wraps(original)
def killed(*args, **kwargs):
    if when == "after":
        original(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(place, name, killed)
from autograder.cli import cli
cli()
"""


@pytest.fixture(scope="module")
def graded_once(released: SmallCourse, tmp_path_factory: pytest.TempPathFactory) -> SmallCourse:
    """Return a course in which anna has all points."""
    course = released.copy_to(tmp_path_factory.mktemp("once") / "course")
    course.hand_in("anna", solve)
    _, students = course.grade("--workers", 0)
    assert students["anna"]["points"] == 5.0
    return course


def killed_at(course: SmallCourse, moment: tuple[str, str, str, str]) -> None:
    """Run a command that grades and is killed at this moment."""
    command = [sys.executable, "-c", KILLED, *moment, "grade", LESSON, "--course", str(course.root), "--workers", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def reported(course: SmallCourse) -> Outcome:
    """Read the outcome of anna from the report."""
    (outcome,) = read_outcomes(Course.at(course.root), url_of(course), LESSON, ["anna"])
    return outcome


@linux
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: "-".join(moment[1:]))
def test_a_regrade_killed_between_two_writes_shows_no_old_mark_and_is_repaired(
    graded_once: SmallCourse, tmp_path: Path, moment: tuple[str, str, str, str]
) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    course.hand_in("anna", lambda nb: solve(nb, ANSWERS[1], "answer = 0"))
    killed_at(course, moment)
    seen = reported(course)
    assert seen.status == "failed" or seen.points == 0.0
    result, students = course.grade("--workers", 0)
    assert result.returncode == 0, result.stderr
    assert students["anna"]["points"] == 0.0
    assert "look at the sign of the exponent" in OutputFiles(Course.at(course.root), LESSON).page("anna").read_text()
    assert {path.name for path in (course.root / "autograded" / "anna").iterdir()} == {LESSON}


@linux
def test_a_failing_regrade_killed_before_its_files_are_gone_shows_no_old_mark(
    graded_once: SmallCourse, tmp_path: Path
) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    course.path("anna").write_text("{")
    killed_at(course, ("autograder.grading.record.output_files", "OutputFiles", "remove", "before"))
    assert reported(course).status == "failed"
    assert {score for _, _, score, _, _ in marks_in(course)} == {None}
    _, students = course.grade("--workers", 0)
    assert students["anna"]["status"] == "failed"
    assert not OutputFiles(Course.at(course.root), LESSON).notebook("anna").exists()
    assert not OutputFiles(Course.at(course.root), LESSON).page("anna").exists()


def test_a_report_does_not_show_the_mark_of_an_earlier_submission(graded_once: SmallCourse, tmp_path: Path) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    assert reported(course).points == 5.0
    course.hand_in("anna", lambda nb: solve(nb, own="answer = 0"))
    assert reported(course).status == "failed"
    assert "handed in again since it was graded" in reported(course).reason
    course.hand_in("anna", solve)
    assert reported(course).points == 5.0


def test_a_report_says_which_marks_are_of_an_earlier_version(graded_once: SmallCourse, tmp_path: Path) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    (course.root / "notebooks" / LESSON / "data.csv").write_text("1,2\n")
    assert reported(course).points == 5.0
    assert "by an earlier version of the lesson" in reported(course).reason
    text = " ".join(course.run("report", LESSON).stdout.split())
    assert "1 graded, 1 of them by an earlier version of the lesson" in text


def test_a_page_is_written_again_after_marking_by_hand(graded_once: SmallCourse, tmp_path: Path) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    page = OutputFiles(Course.at(course.root), LESSON).page("anna")
    before = page.read_text()
    with gradebook.opened(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        book.find_grade("written_saturation", LESSON, LESSON, "anna").manual_score = 1.5
        book.find_comment("written_saturation", LESSON, LESSON, "anna").manual_comment = "Nearly: think of the slope."
        book.db.commit()
    grade_here(course)
    assert "Nearly: think of the slope." not in before
    assert "Nearly: think of the slope." in page.read_text()


def grade_here(course: SmallCourse, students: tuple[str, ...] = ("anna",)) -> list[Outcome]:
    """Grade in this process."""
    own = Course.at(course.root)
    with own.locked(), tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        return list(grade_lesson(own, url_of(course), LESSON, students, start=lambda: InProcessExecutor(scratch)))


def test_a_folder_that_disappears_during_grading_fails_alone_and_is_named(
    graded_once: SmallCourse, tmp_path: Path
) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    gone, anna = grade_here(course, ("gone", "anna"))
    assert (gone.status, anna.status) == ("failed", "graded")
    assert "must be readable (got: No such file or directory)" in gone.reason


@pytest.mark.parametrize("name", ["write_bytes", "write_text"])
def test_a_full_disk_stops_the_command_with_one_line_and_leaves_no_incomplete_file(
    graded_once: SmallCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    course.hand_in("anna", lambda nb: solve(nb, own="answer = 0"))
    write = getattr(Path, name)

    def full(path: Path, *args: Any, **kwargs: Any) -> Any:
        if {"autograded", "feedback"} & set(path.parts):
            write(path, args[0][:10], **kwargs)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *args, **kwargs)

    monkeypatch.setattr(Path, name, full)
    with pytest.raises(CourseError, match=r"must be writable \(got: No space left on device\)"):
        grade_here(course)
    monkeypatch.undo()
    assert not list(course.root.rglob("*.tmp"))
    assert reported(course).status == "failed" or reported(course).points == 4.0
    assert not OutputFiles(Course.at(course.root), LESSON).page("anna").exists() or name == "write_bytes"
    (anna,) = grade_here(course)
    assert anna.points == 4.0
    assert anna.feedback is not None


def test_a_gradebook_that_another_program_locks_for_too_long_is_reported(
    graded_once: SmallCourse, tmp_path: Path
) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    path = course.root / "gradebook.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(CourseError, match="database is locked"),
            gradebook.open_for_writing(f"sqlite:///{path}?timeout=0.01", LESSON) as ledger,
        ):
            ledger.withdraw("anna")
    assert reported(course).points == 5.0


def test_a_report_of_a_read_only_gradebook_can_be_made(graded_once: SmallCourse, tmp_path: Path) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    (course.root / "gradebook.db").rename(course.root / "elsewhere.db")
    url = f"sqlite:///file:{course.root / 'elsewhere.db'}?mode=ro&uri=true"
    (outcome,) = read_outcomes(Course.at(course.root), url, LESSON, ["anna"])
    assert outcome.points == 5.0
    with pytest.raises(CourseError, match="readonly database"):
        list(
            grade_lesson(
                Course.at(course.root),
                url,
                LESSON,
                ["anna"],
                start=lambda: InProcessExecutor(str(tmp_path)),
                again=True,
            )
        )


def test_an_invalid_timestamp_fails_only_its_own_submission(graded_once: SmallCourse, tmp_path: Path) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    (course.path("anna").parent / "timestamp.txt").write_text("yesterday evening, I swear")
    (outcome,) = grade_here(course)
    assert "timestamp.txt must hold a time like 2026-03-01 12:00:00 UTC (got 'yesterday evening" in outcome.reason


def die(how: str) -> bytes:
    """Kill this process, or return more bytes than a pipe can hold, so that the reader is still reading at the end."""
    if how == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    return os.urandom(1 << 20)


def fork_servers() -> list[int]:
    """Find the fork server that starts workers for this process."""
    ours = [child for child, parent in parents_of_all().items() if parent == os.getpid()]
    return [child for child in ours if b"multiprocessing.forkserver" in Path(f"/proc/{child}/cmdline").read_bytes()]


@linux
def test_a_worker_that_dies_costs_its_own_task_only(temporary: Path) -> None:
    workers = WorkerPool(2, str(temporary))
    try:
        tasks = [workers.submit(die, "before"), *(workers.submit(die, "not at all") for _ in range(4))]
        with pytest.raises(WorkerDiedError):
            tasks[0].result(GENEROUS)
        assert [len(task.result(GENEROUS)) for task in tasks[1:]] == [1 << 20] * 4
    finally:
        workers.kill()


@linux
def test_no_task_is_lost_if_the_fork_server_is_killed(temporary: Path) -> None:
    workers = WorkerPool(1, str(temporary))
    try:
        for _ in range(5):
            with pytest.raises(WorkerDiedError):
                workers.submit(die, "before").result(GENEROUS)
            # The fork server starts the worker of this task.
            assert len(workers.submit(die, "not at all").result(GENEROUS)) == 1 << 20
            with pytest.raises(WorkerDiedError):
                workers.submit(die, "before").result(GENEROUS)
            (server,) = fork_servers()
            os.kill(server, signal.SIGKILL)
            tasks = [workers.submit(die, "not at all") for _ in range(5)]
            assert [len(task.result(GENEROUS)) for task in tasks] == [1 << 20] * 5
    finally:
        workers.kill()


@linux
def test_workers_that_are_killed_while_they_send_leave_no_pending_task(temporary: Path) -> None:
    workers = WorkerPool(2, str(temporary))
    tasks = [workers.submit(die, "not at all") for _ in range(200)]
    tasks[5].result(GENEROUS)
    workers.kill()
    assert all(task.done() for task in tasks)
    assert not [process for process in multiprocessing.active_children() if process.is_alive()]


@linux
def test_an_answer_whose_process_was_ended_is_judged_again(small_course: SmallCourse) -> None:
    """Check an answer that ends its process at the first call only; a directory records that it was called."""

    def ends_at_the_first_call(notebook: Any) -> None:
        solve(notebook)
        text = cell_of(notebook, "sigmoid").source
        once = "    import os\n    if not os.path.exists('seen'):\n        os.mkdir('seen')\n        os._exit(1)\n"
        cell_of(notebook, "sigmoid").source = text.replace("(a):\n", f"(a):\n{once}", 1)

    small_course.hand_in("anna", ends_at_the_first_call)
    _, students = small_course.grade("--workers", 0)
    assert students["anna"]["exercises"]["sigmoid"]["points"] == 4.0


class StallingGrader:
    """A replacement for `grade_submission`: some submissions stall at the first try, and every call is recorded."""

    def __init__(self, grade: Callable[..., Graded], stalling: set[str]) -> None:
        self._grade, self._stalling = grade, stalling
        self.calls: list[tuple[str, bool]] = []

    def __call__(self, *arguments: Any) -> Graded:
        *_, submission, last_try = arguments
        self.calls.append((submission.student, last_try))
        if submission.student in self._stalling and not last_try:
            return Graded(submission.student, stalled="it slept")
        return self._grade(*arguments)


def test_a_stalled_submission_is_graded_again_after_all_others_and_only_the_second_try_counts(
    graded_once: SmallCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = graded_once.copy_to(tmp_path / "course")
    for student in ("berta", "carl", "dora"):
        course.hand_in(student, solve)
    stalling = StallingGrader(coordinator.grade_submission, {"berta", "carl"})
    monkeypatch.setattr(coordinator, "grade_submission", stalling)
    outcomes = grade_here(course, ("berta", "carl", "dora"))
    assert stalling.calls == [("berta", False), ("carl", False), ("dora", False), ("berta", True), ("carl", True)]
    assert {outcome.student: outcome.points for outcome in outcomes} == {"berta": 5.0, "carl": 5.0, "dora": 5.0}


BLOCKED_SERVER = """
import sys, threading
from autograder.grading.distribute.pool import WorkerPool
threading.Thread(target=sys.stdin.read, daemon=True).start()  # with a second thread, workers come from a fork server
WorkerPool(1, sys.argv[1])
threading.Event().wait()
"""


@linux
def test_a_fork_server_that_hangs_in_an_import_ends_with_its_coordinator_and_the_resource_tracker_too(
    tmp_path: Path, temporary: Path, orphans: Callable[[], list[str]]
) -> None:
    """Check a fork server that hangs in an import: it waits for a line that is never written."""
    os.mkfifo(tmp_path / "here")
    os.mkfifo(tmp_path / "never")
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text(
        f"open({str(tmp_path / 'here')!r}, 'w').close()\nopen({str(tmp_path / 'never')!r}).read()\n"
    )
    command = [sys.executable, "-c", BLOCKED_SERVER, str(temporary)]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "TMPDIR": str(temporary)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        (tmp_path / "here").read_text()
        assert by_role(process.pid)["forkserver"]
        process.kill()
    assert orphans() == []
