"""Functions in another process: they are judged like local functions, and cannot harm the judge."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import socket
import struct
from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from support import GENEROUS

from autograder import judge
from autograder.errors import EndedError, KernelLostError, WireError
from autograder.exercises import LESSONS
from autograder.judging.calls import Arguments
from autograder.judging.exercise import Exercise
from autograder.judging.verdict import Verdict
from autograder.running.judge_side.process_usage import usage_of
from autograder.running.judge_side.remote_function import RemoteFunction, RemoteFunctions
from autograder.running.kernel_side.function_server import Server
from autograder.running.wire import Wire, at_most, outcome_from_message, pack, unpack
from course_lib.batchnorm import BatchNormCache

EXERCISES = [exercise for lesson in LESSONS for exercise in lesson.EXERCISES]
DOUBLED = """
def sigmoid(a):
    return 2 / (1 + np.exp(a))

def sigmoid_derivative(a):
    return sigmoid(a) * sigmoid(-a)
"""


def frame(header: object, *buffers: bytes) -> bytes:
    """Write a message by hand, as a hijacked kernel may."""
    text = json.dumps(header).encode()
    sizes = struct.pack(f"<{len(buffers)}Q", *map(len, buffers))
    return struct.pack("<II", len(text), len(buffers)) + sizes + text + b"".join(buffers)


OUTCOME = {"error": None, "warnings": [], "printed": "", "changed": "", "line": ""}


@contextlib.contextmanager
def serving(namespace: Mapping[str, object]) -> Iterator[RemoteFunctions]:
    """Start a process that serves some functions, as a kernel does."""
    ours, theirs = socket.socketpair()
    process = os.fork()
    if process == 0:
        faulthandler.disable()  # pytest's handler would print the intended crashes to the terminal
        with contextlib.suppress(BaseException):
            ours.close()
            server = Server(theirs, lambda: namespace)
            while True:
                server.answer()
        os._exit(0)
    theirs.close()
    try:
        yield RemoteFunctions(ours, usage_of(process), last_try=True)
    finally:
        ours.close()
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


@contextlib.contextmanager
def started(source: str) -> Iterator[RemoteFunctions]:
    """Start a process that has run a notebook's code."""
    namespace: dict[str, object] = {"np": np}
    exec(source, namespace)
    with serving(namespace) as functions:
        yield functions


def verdicts(exercise: Exercise, function: object) -> tuple[Verdict, Verdict]:
    """Judge a function in this process and in another process."""
    local = judge(exercise, function, seed=7)  # type: ignore[arg-type]
    with serving({exercise.name: function}) as functions, functions.judging(exercise.name) as remote:
        return local, judge(exercise, remote, seed=7)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_reference_gets_the_same_verdict_in_another_process(exercise: Exercise) -> None:
    local, remote = verdicts(exercise, exercise.reference)
    assert local == remote
    assert remote.passed


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if not e.notice], ids=lambda exercise: exercise.name)
def test_every_known_mistake_gets_the_same_verdict_in_another_process(exercise: Exercise) -> None:
    for mistake in exercise.mistakes:
        local, remote = verdicts(exercise, mistake.function)
        assert local == remote, mistake.name


def test_a_name_that_is_missing_or_cannot_be_called_is_no_answer() -> None:
    with serving({"sigmoid": 3}) as functions:
        for name in ("sigmoid", "tanh"):
            with functions.judging(name) as remote:
                assert remote is None


def test_an_earlier_mistake_costs_its_own_points_only() -> None:
    with started(DOUBLED) as functions:
        with functions.judging("sigmoid") as remote:
            assert judge("sigmoid", remote, seed=3).points == 0
        with functions.judging("sigmoid_derivative") as remote:
            verdict = judge("sigmoid_derivative", remote, seed=3)
    assert verdict.judged_with == ("sigmoid",)
    assert verdict.points > 0


def test_a_reference_that_takes_functions_replaces_a_wrong_answer_too() -> None:
    source = """
def numerical_gradient(f, x, step=1e-5):
    return 0 * x

def gradient_check(loss, params, grads, tolerance=1e-6):
    wrong = []
    for name in sorted(params):
        numeric = numerical_gradient(lambda p: loss({**params, name: p}), params[name])
        error = np.abs(grads[name] - numeric) / np.maximum(1e-8, np.abs(grads[name]) + np.abs(numeric))
        if not np.max(error) <= tolerance:
            wrong.append(name)
    return wrong
"""
    with started(source) as functions:
        with functions.judging("numerical_gradient") as remote:
            assert judge("numerical_gradient", remote, seed=3).points < 1
        with functions.judging("gradient_check") as remote:
            verdict = judge("gradient_check", remote, seed=3)
    assert verdict.judged_with == ("numerical_gradient",)
    assert verdict.passed


def test_no_reference_replaces_an_answer_before_its_own_exercise_was_judged() -> None:
    with started(DOUBLED) as functions, functions.judging("sigmoid_derivative") as remote:
        assert judge("sigmoid_derivative", remote, seed=3).judged_with == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("    while True: pass", "timeout"),
        ("    import os; os._exit(0)", "raised"),
        ("    import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "raised"),
        ("    raise SystemExit", "raised"),
        ("    return [0.0] * 5_000", "type"),
        ("    return np.zeros(20_000_000)", "type"),
        ("    return np.array([object()])", "type"),
        ("    x = []\n    x.append(x)\n    return x", "raised"),
    ],
)
def test_a_call_that_goes_wrong_is_a_failure_of_its_own_exercise(body: str, kind: str) -> None:
    right = "def sigmoid_derivative(a):\n    return np.exp(-np.abs(a)) / (1 + np.exp(-np.abs(a))) ** 2"
    with started(f"def sigmoid(a):\n{body}\n{right}") as functions:
        with functions.judging("sigmoid") as remote:
            verdict = judge("sigmoid", remote, seed=3)
        assert verdict.points == 0
        assert verdict.parts[0].failure is not None
        assert verdict.parts[0].failure.kind == kind
        with functions.judging("sigmoid_derivative") as remote:
            assert judge("sigmoid_derivative", remote, seed=3).points > 0


def test_side_effects_of_a_function_do_not_reach_the_next_function() -> None:
    source = "seen = []\ndef sigmoid(a):\n    seen.append(a)\ndef tanh(a):\n    return np.full(3, len(seen))"
    with started(source) as functions:
        with functions.judging("sigmoid") as remote:
            judge("sigmoid", remote, seed=3)
        with functions.judging("tanh") as remote:
            assert remote is not None
            assert remote.call((1.0,), {}, writable=False).value.tolist() == [0, 0, 0]


COUNTING = """
import os
seen = []
def scaled(a):
    seen.append(a)
    if a == 3:
        os._exit(0)
    return 10 * a
def count(a):
    return float(len(seen))
def large(a):
    return np.full(1_000_000, a)
"""
NUMBERS: list[Arguments] = [((float(n),), {}) for n in range(6)]


def test_prefetched_calls_are_made_before_they_are_requested() -> None:
    with started(COUNTING) as functions, functions.judging("scaled") as remote:
        assert remote is not None
        prefetched = [*NUMBERS[:3], NUMBERS[4]]
        remote.prefetch(prefetched, writable=False)
        assert remote.call(*prefetched[0], writable=False).value == 0
        assert RemoteFunction(functions, "count").call((0.0,), {}, writable=False).value == 4


def test_the_answer_of_an_unused_prefetched_call_is_given_to_no_other_call() -> None:
    with started(COUNTING) as functions, functions.judging("scaled") as remote:
        assert remote is not None
        remote.prefetch([arguments for arguments in NUMBERS[:3] for _ in "twice"], writable=False)
        assert [remote.call(*arguments, writable=False).value for arguments in NUMBERS[:3]] == [0, 10, 20]
        remote.prefetch([NUMBERS[4], NUMBERS[5]], writable=False)
        assert remote.call((7.0,), {}, writable=False).value == 70
        assert remote.call(*NUMBERS[5], writable=False).value == 50


def test_a_prefetched_call_that_ends_its_process_loses_no_other_answer() -> None:
    with started(COUNTING) as functions, functions.judging("scaled") as remote:
        assert remote is not None
        remote.prefetch(NUMBERS, writable=False)
        outcomes = [remote.call(*arguments, writable=False) for arguments in NUMBERS]
        assert [type(outcome.error) for outcome in outcomes] == [type(None)] * 3 + [EndedError] + [type(None)] * 2
        assert [outcomes[n].value for n in (2, 4, 5)] == [20, 40, 50]
        assert functions.ended


def test_an_unused_prefetched_call_may_end_its_process() -> None:
    with started(COUNTING) as functions, functions.judging("scaled") as remote:
        assert remote is not None
        remote.prefetch(NUMBERS, writable=False)
        assert [remote.call(*NUMBERS[n], writable=False).value for n in (0, 4, 5)] == [0, 40, 50]
        assert not functions.ended


def test_large_results_of_prefetched_calls_arrive_in_order() -> None:
    with started(COUNTING) as functions, functions.judging("large") as remote:
        assert remote is not None
        remote.prefetch(NUMBERS, writable=False)
        results = [remote.call(*arguments, writable=False).value for arguments in NUMBERS]
    assert [(result.shape, result[0]) for result in results] == [((1_000_000,), n) for n in range(6)]


INVALID_MESSAGES = {
    "hangs up": b"",
    "nonsense": b"x" * 4096,
    "endless header": struct.pack("<II", 0xFFFFFFFF, 0),
    "endless buffers": struct.pack("<IIQ", 2, 1, 1 << 60) + b"{}",
    "many buffers": struct.pack("<II", 2, 0xFFFFFFFF),
    "no JSON": struct.pack("<II", 2, 0) + b"{,",
    "deep nesting": struct.pack("<II", 200_000, 0) + b"[" * 200_000,
    "another message": frame({"message": 3, "values": {}}),
    "no value": frame({"message": {"error": None}, "values": {}}),
    "a buffer that is not there": frame({"message": OUTCOME, "values": {"value": {"buffer": [7, "float64", [1]]}}}),
    "a size that is not the buffer's": frame(
        {"message": OUTCOME, "values": {"value": {"buffer": [0, "float64", [1 << 39]]}}}, bytes(8)
    ),
    "a dtype of objects": frame({"message": OUTCOME, "values": {"value": {"buffer": [0, "object", [1]]}}}, bytes(8)),
    "a function": frame({"message": OUTCOME, "values": {"value": {"function": 0}}}),
    "a pickle": frame({"message": OUTCOME, "values": {"value": {"pickle": "gASVCAAAAAAAAACMBHBvc2l4lC4="}}}),
    "a call of what was not sent": frame({"message": {"back": 5}, "values": {"args": [], "kwargs": {}}}),
    "a negative number": frame({"message": {"back": -1}, "values": {"args": [], "kwargs": {}}}),
}


@pytest.mark.parametrize("kind", INVALID_MESSAGES)
def test_invalid_bytes_on_the_wire_are_refused(kind: str) -> None:
    """Check the bytes of a hijacked kernel that answers every request with them."""
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    with theirs:
        theirs.sendall(INVALID_MESSAGES[kind])
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(WireError):
            outcome_from_message(*wire.receive(at_most(GENEROUS)))
    wire.close()


def test_an_incomplete_message_ends_in_a_timeout() -> None:
    ours, theirs = socket.socketpair()
    with theirs, pytest.raises(TimeoutError):
        theirs.sendall(b"\0")
        Wire(ours).receive(at_most(0.05))
    ours.close()


def test_a_kernel_that_does_not_answer_the_judge_is_lost() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with pytest.raises(KernelLostError), RemoteFunctions(ours, usage_of(os.getpid())).judging("sigmoid"):
        pass
    ours.close()


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.float32([[1.5]]),
        np.array(3),
        np.array([True, False]),
        np.zeros((0, 3)),
        np.array([np.nan, -np.inf, -0.0]),
        {"W1": np.ones(2), "b": [np.array(1.0), "text", None]},
        (np.array(1.0), [np.ones(2), np.ones(3)]),
        BatchNormCache(np.ones((2, 3)), np.ones(3), np.ones(3)),
        np.arange(3, dtype=np.longdouble),
        np.arange(3, dtype=np.float16),
    ],
    ids=repr,
)
def test_values_cross_the_wire_bit_for_bit(value: object) -> None:
    buffers: list[bytes] = []
    packed = json.loads(json.dumps(pack(value, buffers)))
    back = unpack(packed, [bytearray(buffer) for buffer in buffers])
    assert repr(back) == repr(value)
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        assert np.array_equal(back, value, equal_nan=True)
        assert np.array_equal(np.signbit(back), np.signbit(value))
