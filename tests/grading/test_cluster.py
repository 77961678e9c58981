"""Grading by a Dask cluster of real processes: the same marks after crashes, and no access without a certificate."""

from __future__ import annotations

import os
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import pytest
import trustme
from click.testing import CliRunner
from distributed import Client
from support import LESSON, RIGHT_SIGMOID, ROOT, SmallCourse, solve

from autograder.cli import cli
from autograder.errors import CourseError
from autograder.grading.distribute import dask_cluster as cluster
from autograder.grading.distribute.coordinator import grade_lesson
from autograder.grading.distribute.dask_cluster import Certificates, connect, is_exposed
from autograder.grading.nbgrader_plugin.config import gradebook_url, open_course
from autograder.grading.record.gradebook import LessonMarks
from autograder.grading.record.locks import database_lock
from autograder.grading.record.scores import Outcome
from autograder.reporting.classtable import as_json

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="workers confine submissions on Linux only"),
    pytest.mark.filterwarnings("ignore:Object of type"),  # nbgrader's, as in gradebook.py
]

SECONDS = 180  # a timeout that no test reaches; without it, a program that hangs would hang the tests
ANSWERS = {
    "anna": RIGHT_SIGMOID,
    "ben": RIGHT_SIGMOID.replace("-a))", "a))"),
    "carla": "def sigmoid(a):\n    return 1 / (1 + np.exp(-a))",
    "deniz": "def sigmoid(a):\n    raise ValueError",
    "emil": "sigmoid = 3",
    "fay": "def sigmoid(a):\n    return np.tanh(a)",
    "gus": RIGHT_SIGMOID,
    "hana": "def sigmoid(a):\n    return a > 0",
}


class Program:
    """A program that writes its progress to stderr."""

    def __init__(self, *arguments: object, path: Path = ROOT) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=path,
            env={**os.environ, "PYTHONPATH": str(path)},
        )
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for_line(self, pattern: str) -> str:
        """Wait for a line of stderr that matches; return the first group of the pattern."""
        seen = []
        while (line := self._lines.get(timeout=SECONDS)) is not None:
            seen.append(line)
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError("".join(seen))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()


class Cluster:
    """A scheduler and its workers."""

    def __init__(self, directory: Path, tls: Certificates | None = None) -> None:
        self._directory = directory
        self._stack = ExitStack()
        names = ("--tls-ca-file", "--tls-cert", "--tls-key")
        files = (tls.authority, tls.certificate, tls.key) if tls else ()
        self._options = [str(word) for pair in zip(names, files, strict=False) for word in pair]
        self._protocol = "tls" if tls else "tcp"
        self.address = ""
        self.scheduler = self.start_scheduler()

    def start_scheduler(self, port: str = "0") -> Program:
        """Start a scheduler; port 0 means any free port."""
        options = ["--host", "127.0.0.1", "--port", port, "--protocol", self._protocol, "--no-dashboard"]
        program = self._start("scheduler", *options, *self._options)
        self.address = program.wait_for_line(r"Scheduler at:\s+(\S+)")
        return program

    def worker(self, path: Path = ROOT, *options: str, address: str = "") -> tuple[Program, str]:
        """Start a worker with the packages in `path`; return it and its address when it is registered."""
        known = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--preload", "autograder.grading.execute.task"]
        where = ["--local-directory", str(self._directory)]
        program = self._start("worker", address or self.address, *known, *where, *self._options, *options, path=path)
        own = program.wait_for_line(r"Start worker at:\s+(\S+)")
        program.wait_for_line(r"(Registered) to:")
        return program, own

    def _start(self, *arguments: str, path: Path = ROOT) -> Program:
        program = Program("dask", *arguments, path=path)
        self._stack.callback(program.end)
        return program

    def close(self) -> None:
        self._stack.close()


@contextmanager
def running_cluster(directory: Path, **options: Any) -> Iterator[Cluster]:
    one = Cluster(directory, **options)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a directory with a short name, since paths of sockets are limited to about 100 characters."""
    directory = Path("/tmp", f"dask-{os.getpid()}-{tmp_path_factory.mktemp('x').name}")
    directory.mkdir(mode=0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def empty(scratch: Path) -> Iterator[Cluster]:
    """Return a scheduler without workers."""
    with running_cluster(scratch) as one:
        yield one


@pytest.fixture(scope="module")
def ungraded_class(
    released: SmallCourse, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SmallCourse, dict[str, Any]]:
    """Return a class that was not graded yet, and the results of grading a copy without a cluster."""
    course = released.copy_to(tmp_path_factory.mktemp("class") / "course")
    for student, source in ANSWERS.items():
        course.hand_in(student, partial(solve, source=source))
    course.path("ivo").parent.mkdir(parents=True)
    course.path("ivo").write_text("no notebook")
    result, students = course.copy_to(tmp_path_factory.mktemp("local") / "course").grade("--workers", 2)
    assert result.returncode == 1, result.stderr
    return course, students


@pytest.fixture
def course(ungraded_class: tuple[SmallCourse, dict[str, Any]], tmp_path: Path) -> SmallCourse:
    return ungraded_class[0].copy_to(tmp_path / "class")


@pytest.fixture
def expected(ungraded_class: tuple[SmallCourse, dict[str, Any]]) -> dict[str, Any]:
    return ungraded_class[1]


def grading(course: SmallCourse, connecting: Callable[[], Any]) -> Iterator[Outcome]:
    """Grade the class."""
    here = open_course(course.root)
    url = gradebook_url(here)
    with here.course.locked(), database_lock(url):
        yield from grade_lesson(here.course, url, LESSON, here.course.students(LESSON), start=connecting)


def until_graded(run: Iterator[Outcome]) -> list[Outcome]:
    """Return the outcomes up to the first from a worker; the workers have further submissions in their queues then."""
    outcomes = [next(run)]
    while outcomes[-1].status != "graded":
        outcomes.append(next(run))
    return outcomes


def marks(outcomes: list[Outcome]) -> Any:
    assert len({outcome.student for outcome in outcomes}) == len(outcomes)
    return as_json(LESSON, outcomes)["students"]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that collects a student's name each time a mark of the student is written."""
    students = []
    record = LessonMarks.record

    def record_and_count(ledger: LessonMarks, graded: Any, *arguments: Any) -> Any:
        students.append(graded.student)
        return record(ledger, graded, *arguments)

    monkeypatch.setattr(LessonMarks, "record", record_and_count)
    return students


@contextmanager
def cluster_client(address: str) -> Iterator[Client]:
    with Client(address, set_as_default=False) as client:
        yield client


def handles_below(process: int) -> list[int]:
    """Return a pidfd of each descendant of a process; it is readable when the descendant has ended."""
    return [os.pidfd_open(child.pid) for child in psutil.Process(process).children(recursive=True)]


def has_ended(handle: int) -> bool:
    """Wait for the end of a process; return False at the timeout."""
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    return bool(waiting.poll(SECONDS * 1000))


def test_a_cluster_gives_the_marks_that_this_machine_gives(
    empty: Cluster, course: SmallCourse, expected: dict[str, Any]
) -> None:
    for _ in range(2):
        empty.worker()
    result, students = course.grade("--scheduler", empty.address)
    assert result.returncode == 1, result.stderr  # ivo's is no notebook
    assert "Traceback" not in result.stderr
    assert students == expected
    assert students["ben"]["exercises"]["sigmoid"]["diagnosis"]
    assert {path.parents[1].name for path in (course.root / "feedback").rglob("*.html")} == set(ANSWERS)


def test_killing_a_worker_changes_no_mark_and_leaves_no_kernel(
    empty: Cluster, course: SmallCourse, expected: dict[str, Any], recorded: list[str]
) -> None:
    workers = {address: program for program, address in (empty.worker() for _ in range(2))}
    run = grading(course, partial(connect, empty.address))
    with cluster_client(empty.address) as client:
        outcomes = until_graded(run)
        busy = next(address for address, tasks in client.processing().items() if tasks)
    handles = handles_below(workers[busy].process.pid)
    workers[busy].kill()
    outcomes += run
    assert marks(outcomes) == expected
    assert sorted(recorded) == sorted(ANSWERS)
    assert handles, "it had kernels ready"
    for handle in handles:
        assert has_ended(handle)
        os.close(handle)


def test_a_worker_that_connects_during_a_run_takes_part_in_it(
    empty: Cluster, course: SmallCourse, expected: dict[str, Any]
) -> None:
    more = [f"zoe{number}" for number in range(24)]  # enough submissions for two workers
    for student in more:
        course.hand_in(student, partial(solve, source=RIGHT_SIGMOID))
    empty.worker()
    run = grading(course, partial(connect, empty.address))
    outcomes = until_graded(run)
    _, late = empty.worker()
    helped = False
    with cluster_client(empty.address) as client:
        for outcome in run:
            outcomes.append(outcome)
            helped |= any(late in where for key, where in client.who_has().items() if key.startswith("shared-"))
    assert marks(outcomes) == expected | dict.fromkeys(more, expected["gus"])
    assert helped, "it must have fetched the lesson"


def test_a_run_without_workers_ends_and_the_next_run_grades_the_rest(
    empty: Cluster, course: SmallCourse, expected: dict[str, Any], recorded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_SECONDS_TO_FIND_WORKERS", 1)
    only, _ = empty.worker()
    run = grading(course, partial(connect, empty.address, patience=1))
    until_graded(run)
    only.kill()
    with pytest.raises(
        CourseError, match=r"must have workers \(found none\): start `dask worker tcp://.* --nthreads 1`"
    ):
        list(run)
    empty.worker()
    assert marks(list(grading(course, partial(connect, empty.address)))) == expected
    assert sorted(recorded) == sorted(ANSWERS), "what was graded before was not graded again"


def test_a_run_without_its_scheduler_ends_and_the_next_run_grades_the_rest(
    empty: Cluster, course: SmallCourse, expected: dict[str, Any], recorded: list[str]
) -> None:
    empty.worker()
    run = grading(course, partial(connect, empty.address))
    until_graded(run)
    empty.scheduler.kill()
    with pytest.raises(CourseError, match=r"there must be a scheduler at tcp://127\.0\.0\.1:\d+ that we may use"):
        list(run)
    assert recorded
    empty.start_scheduler()
    empty.worker()
    assert marks(list(grading(course, partial(connect, empty.address)))) == expected
    assert sorted(recorded) == sorted(ANSWERS)


def test_a_missing_scheduler_is_reported_with_its_address(small_course: SmallCourse) -> None:
    small_course.hand_in("anna", solve)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    result = small_course.run("grade", LESSON, "--scheduler", address)
    assert result.returncode == 2
    assert re.fullmatch(rf"Error: there must be a scheduler at {address} that we may use \(.*\)\n", result.stderr)
    assert not (small_course.root / "autograded").exists()


def test_workers_with_another_version_stop_the_run(empty: Cluster, course: SmallCourse, scratch: Path) -> None:
    other = scratch / "other"
    for package in ("autograder", "course_lib"):
        shutil.copytree(ROOT / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "course_lib" / "units.py").open("a") as file:
        file.write("# newer\n")
    empty.worker()
    run = grading(course, partial(connect, empty.address))
    outcomes = until_graded(run)
    empty.worker(other)  # while the class is graded
    reason = r"must have grader \w+ with NumPy .* \(got grader \w+ with .*\): install one version of keep-the-signal"
    with pytest.raises(CourseError, match=reason):
        outcomes += run
    assert {outcome.student for outcome in outcomes if outcome.status == "failed"} <= {"ivo"}
    with pytest.raises(CourseError, match=reason):
        connect(empty.address)


def test_a_worker_without_a_sandbox_stops_the_run(empty: Cluster, course: SmallCourse, scratch: Path) -> None:
    without = scratch / "without"
    without.mkdir()
    for package in ("autograder", "course_lib"):
        (without / package).symlink_to(ROOT / package)
    (without / "pyseccomp.py").write_text("raise ImportError('no libseccomp')")
    empty.worker(without)
    result = course.run("grade", LESSON, "--scheduler", empty.address)
    assert result.returncode == 2, result.stderr
    assert re.search(r"Error: the worker tcp://\S+: mode namespaces must work on this machine", result.stderr)
    assert not list((course.root / "autograded").rglob("*.ipynb"))


def test_a_worker_with_several_threads_is_refused(empty: Cluster) -> None:
    empty.worker(ROOT, "--nthreads", "2")
    with pytest.raises(CourseError, match=r"must have one thread \(got 2\): start it with --nthreads 1"):
        connect(empty.address)


class Relay:
    """A proxy that forwards connections to a port and counts the bytes."""

    def __init__(self, port: int) -> None:
        self.bytes = 0
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            other = socket.create_connection(("127.0.0.1", self._port))
            self._open += [one, other]
            for pair in ((one, other), (other, one)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                self.bytes += len(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        for each in self._open:
            each.close()


def test_a_lesson_is_sent_once_and_not_with_every_submission(empty: Cluster, course: SmallCourse) -> None:
    size = 4 << 20
    (course.root / "notebooks" / LESSON / "data.bin").write_bytes(os.urandom(size))
    relay = Relay(int(empty.address.rpartition(":")[2]))
    try:
        empty.worker(address=relay.address)
        assert len(list(grading(course, partial(connect, relay.address)))) == len(ANSWERS) + 1
    finally:
        relay.close()
    # Sent twice, to the scheduler and from there to the worker, in base64; not once for each of the eight submissions.
    assert 2 * 4 / 3 * size < relay.bytes < 3 * 4 / 3 * size


def create_certificates(authority: trustme.CA, directory: Path) -> Certificates:
    """Create a certificate for a machine, signed by an authority, and write its files."""
    directory.mkdir()
    known = authority.issue_cert("localhost", "127.0.0.1")
    files = Certificates(directory / "authority.pem", directory / "certificate.pem", directory / "key.pem")
    authority.cert_pem.write_to_path(str(files.authority))
    known.cert_chain_pems[0].write_to_path(str(files.certificate))
    known.private_key_pem.write_to_path(str(files.key))
    return files


def test_with_tls_only_clients_with_a_certificate_of_the_cluster_can_connect(
    scratch: Path, course: SmallCourse, expected: dict[str, Any]
) -> None:
    authority = trustme.CA()
    ours, stranger = (
        create_certificates(authority, scratch / "ours"),
        create_certificates(trustme.CA(), scratch / "strangers"),
    )
    with running_cluster(scratch, tls=create_certificates(authority, scratch / "clusters")) as secured:
        secured.worker()
        assert secured.address.startswith("tls://")
        with pytest.raises(CourseError, match=r"there must be a scheduler at tls://.* that we may use"):
            connect(secured.address, stranger)
        with pytest.raises(CourseError, match=r"there must be a scheduler at tcp://.* that we may use"):
            connect(secured.address.replace("tls:", "tcp:"))
        files = ("--tls-ca", ours.authority, "--tls-cert", ours.certificate, "--tls-key", ours.key)
        result, students = course.grade("--scheduler", secured.address, *files)
    assert result.returncode == 1, result.stderr
    assert students == expected


def test_an_address_must_be_complete_and_fit_the_certificates() -> None:
    files = Certificates(Path("ca.pem"), Path("cert.pem"), Path("key.pem"))
    for address in ("localhost:8786", "http://localhost:8786", "tcp://localhost", "tcp://localhost:port", ""):
        with pytest.raises(CourseError, match="a scheduler must be given as tcp://HOST:PORT or tls://HOST:PORT"):
            connect(address)
    for address, given in (("tls://localhost:8786", None), ("tcp://localhost:8786", files)):
        with pytest.raises(CourseError, match="must be given with --tls-ca, --tls-cert and --tls-key"):
            connect(address, given)


def test_a_scheduler_on_another_machine_without_tls_is_exposed() -> None:
    assert not any(map(is_exposed, ("tcp://127.0.0.1:8786", "tcp://localhost:8786", "tls://10.0.0.7:8786")))
    assert all(map(is_exposed, ("tcp://10.0.0.7:8786", "tcp://grading.example.org:8786", "tcp://0.0.0.0:8786")))


def test_options_that_cannot_be_combined_are_refused(small_course: SmallCourse, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    for options in (
        ["--scheduler", "tcp://127.0.0.1:1", "--workers", "2"],
        ["--scheduler", "tls://127.0.0.1:1", "--tls-ca", tmp_path / "ca.pem"],
        ["--tls-ca", tmp_path / "ca.pem"],
    ):
        command = ["grade", LESSON, "--course", small_course.root, *options]
        result = CliRunner().invoke(cli, [str(word) for word in command])
        assert result.exit_code == 2
        assert re.fullmatch(r"Error: .* must .*\n", result.output)
