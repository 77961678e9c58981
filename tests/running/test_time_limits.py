"""Time limits: the time that counts for a submission; a busy machine and the judge's own work do not count."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from autograder import judge
from autograder.judging import calls
from autograder.running.judge_side.process_usage import usage_of
from autograder.running.judge_side.remote_function import RemoteFunctions
from autograder.running.judge_side.time_limits import WALL_TIMES, Look, StalledError, TimeLimit
from autograder.running.kernel_side.function_server import Server


@dataclass
class Machine:
    """A simulated machine: a clock and the CPU time of a submission, both set by a test."""

    now: float = 1000.0
    cpu: float = 7.0
    wants_cpu: bool = True
    looks: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def usage(self) -> Look:
        self.looks.append(self.now)
        return Look(self.cpu, self.wants_cpu)

    def limit(self, seconds: float) -> TimeLimit:
        return TimeLimit(seconds, self.usage, self.clock)

    def spend(self, limit: TimeLimit, seconds: float, *, speed: float, wants_cpu: bool = True) -> None:
        """Move the clock; the submission gets `speed` seconds of CPU time each second."""
        end = self.now + seconds
        self.wants_cpu = wants_cpu
        while self.now < end:
            pause = min(limit.until_next_look(), end - self.now)
            self.now += pause
            self.cpu += speed * pause


def test_a_submission_over_its_cpu_time_gets_a_timeout() -> None:
    machine = Machine()
    limit = machine.limit(5)
    machine.spend(limit, 5, speed=1)
    with pytest.raises(TimeoutError):
        machine.spend(limit, 1, speed=1)


def test_on_a_busy_machine_only_the_cpu_time_counts() -> None:
    machine = Machine()
    limit = machine.limit(5)
    machine.spend(limit, 24, speed=0.2)
    with pytest.raises(TimeoutError):
        machine.spend(limit, 3, speed=0.2)


def test_a_submission_that_sleeps_is_stalled() -> None:
    machine = Machine()
    limit = machine.limit(5)
    machine.spend(limit, 5, speed=0, wants_cpu=False)
    with pytest.raises(StalledError, match="slept"):
        machine.spend(limit, 1, speed=0, wants_cpu=False)


def test_a_submission_without_cpu_time_for_long_is_stalled() -> None:
    machine = Machine()
    limit = machine.limit(5)
    machine.spend(limit, 5 * WALL_TIMES, speed=0.001)
    with pytest.raises(StalledError, match="too little of a processor"):
        machine.spend(limit, 1, speed=0.001)


def test_sleeping_and_computing_together_can_reach_the_limit() -> None:
    machine = Machine()
    limit = machine.limit(5)
    machine.spend(limit, 3, speed=1)
    with pytest.raises(StalledError, match="slept"):
        machine.spend(limit, 3, speed=0, wants_cpu=False)


def test_cpu_time_of_parallel_processes_counts_as_that_of_one() -> None:
    machine = Machine()
    limit = machine.limit(5)
    machine.spend(limit, 5, speed=64)
    with pytest.raises(TimeoutError):
        machine.spend(limit, 1, speed=64)


def test_time_in_which_the_judge_did_not_run_counts_as_no_sleep() -> None:
    machine = Machine(wants_cpu=False)
    limit = machine.limit(5)
    for _ in range(10):
        limit.until_next_look()
        machine.now += 4  # the answer of the submission waits: it is read after the look
    assert limit.used < 5


def test_time_of_the_judge_does_not_count() -> None:
    machine = Machine(wants_cpu=False)
    limit = machine.limit(5)
    for _ in range(800):
        machine.now += 1
        limit.excuse(1)
        limit.until_next_look()
    assert limit.used < 1


def test_the_usage_of_a_short_call_is_not_measured() -> None:
    machine = Machine()
    limit = machine.limit(60)
    machine.now += 0.1
    limit.until_next_look()
    assert machine.looks == []
    assert limit.used == pytest.approx(0.1)


# Real processes -----------------------------------------------------------------------------------

BURN = "end = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
PROGRAMS = {
    "itself": BURN,
    "a thread": f"import threading\ndef burn():\n{textwrap.indent(BURN, '    ')}\n"
    "thread = threading.Thread(target=burn)\nthread.start()\nthread.join()\n",
    "a child that was waited for": f"if os.fork() == 0:\n{textwrap.indent(BURN, '    ')}    os._exit(0)\nos.wait()\n",
    "an orphan": f"if os.fork() == 0:\n    if os.fork() == 0:\n{textwrap.indent(BURN, '        ')}"
    "        os.write(ready, b'x')\n        time.sleep(1000)\n    os._exit(0)\nos.wait()\nos.read(done, 1)\n",
}


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
@pytest.mark.parametrize("who", PROGRAMS)
def test_all_cpu_time_below_a_process_counts(who: str) -> None:
    """Run a process that adopts its orphans, like a kernel that is the first process of its namespace."""
    adopt = "import ctypes, os, time\nctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\ndone, ready = os.pipe()\n"
    code = f"{adopt}print('begin', flush=True)\ninput()\n{PROGRAMS[who]}print('end', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            process.stdout.readline()
            look = usage_of(process.pid)
            before = look()
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"end\n"
            assert look().cpu - before.cpu >= 0.15
        finally:
            for child in reversed(below(process.pid)):
                os.kill(child, signal.SIGKILL)
            process.kill()


def below(process: int) -> list[int]:
    from autograder.running.sandbox.processes import descendants

    return list(descendants(process))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_a_sleeping_process_wants_no_cpu_and_a_running_one_does() -> None:
    code = "import sys\nprint('awake', flush=True)\nsys.stdin.readline()\nprint('busy', flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            process.stdout.readline()
            look = usage_of(process.pid)
            while look().wants_cpu:
                pass
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
            while not look().wants_cpu:
                pass
        finally:
            process.kill()
    ended = look()
    assert not ended.wants_cpu
    assert ended.cpu > 0


# Calls --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(source: str, usage: Callable[[], Look] | None = None, *, last_try: bool) -> Iterator[RemoteFunctions]:
    """Start a process that has run a notebook's code and serves its functions, as a kernel does."""
    namespace: dict[str, object] = {"np": np}
    exec(source, namespace)
    ours, theirs = socket.socketpair()
    process = os.fork()
    if process == 0:
        with contextlib.suppress(BaseException):
            os.setpgid(0, 0)
            ours.close()
            server = Server(theirs, lambda: namespace)
            while True:
                server.answer()
        os._exit(0)
    theirs.close()
    with contextlib.suppress(OSError):  # it may have done so itself
        os.setpgid(process, process)
    try:
        yield RemoteFunctions(ours, usage or usage_of(process), last_try=last_try)
    finally:
        ours.close()
        os.killpg(process, signal.SIGKILL)  # what the student's code has forked, too: no namespace ends it here
        os.waitpid(process, 0)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr("autograder.running.judge_side.remote_function._GRACE", 0.2)


SLEEPS = "import time\ndef sigmoid(a):\n    time.sleep(1000)"
BURNS = "def sigmoid(a):\n    while True:\n        pass"
BURNS_IN_A_CHILD = "import os\ndef sigmoid(a):\n    if os.fork() == 0:\n        while True: pass\n    os.wait()"
SWALLOWS = (
    "def sigmoid(a):\n    while True:\n        try:\n            while True: pass\n"
    "        except BaseException:\n            pass"
)


@pytest.mark.usefixtures("short")
def test_a_call_that_sleeps_is_stalled_at_the_first_try() -> None:
    with (
        serving(SLEEPS, last_try=False) as functions,
        pytest.raises(StalledError),
        functions.judging("sigmoid") as remote,
    ):
        judge("sigmoid", remote, seed=3)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("source", [SLEEPS, BURNS, BURNS_IN_A_CHILD, SWALLOWS])
def test_at_the_last_try_a_call_that_hangs_is_diagnosed(source: str) -> None:
    with serving(source, last_try=True) as functions, functions.judging("sigmoid") as remote:
        verdict = judge("sigmoid", remote, seed=3)
    assert (verdict.points, verdict.diagnosis) == (0, "never_returns")


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("source", [BURNS, BURNS_IN_A_CHILD, SWALLOWS])
def test_a_call_over_its_cpu_time_is_diagnosed_at_the_first_try(source: str) -> None:
    with serving(source, last_try=False) as functions, functions.judging("sigmoid") as remote:
        assert judge("sigmoid", remote, seed=3).diagnosis == "never_returns"


SLOW_REFERENCE = """
def scaled(f):
    return sum(float(f(float(n))) for n in range(20))
"""


@pytest.mark.usefixtures("short")
def test_the_time_of_a_reference_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check twenty calls of a reference, of which each takes longer than the deadline by the clock of the judge."""
    late = 0.0

    def clock() -> float:
        return real() + late

    def reference(x: float) -> float:
        nonlocal late
        late += 0.5
        return x

    from autograder.running.judge_side import remote_function, time_limits

    real = time_limits.time.monotonic
    monkeypatch.setattr(time_limits.TimeLimit.__init__, "__defaults__", (clock,))
    monkeypatch.setattr(remote_function.time, "monotonic", clock)
    with serving(SLOW_REFERENCE, last_try=False) as functions, functions.judging("scaled") as remote:
        assert remote is not None
        assert remote.call((reference,), {}, writable=False).value == sum(range(20))
    assert late == 10


def test_a_second_call_that_times_out_is_not_a_different_answer() -> None:
    class SlowAtTheSecondCall:
        """A function that answers the first call with each input, and is too slow at the second."""

        def __init__(self) -> None:
            self.seen: list[bytes] = []

        def __call__(self, a: np.ndarray) -> np.ndarray:
            if np.asarray(a).tobytes() in self.seen:
                raise calls.TooSlowError
            self.seen.append(np.asarray(a).tobytes())
            return np.exp(-np.logaddexp(0, -np.asarray(a, dtype=float)))

    failure = judge("sigmoid", SlowAtTheSecondCall(), seed=3).parts[0].failure
    assert failure is not None
    assert failure.kind == "timeout"
