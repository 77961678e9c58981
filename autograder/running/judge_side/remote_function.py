"""The judge's side of the wire: a student's functions as if they were here, while they run over there."""

from __future__ import annotations

import contextlib
import math
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import EncodingError, EndedError, KernelLostError, TooSlowError, WireError
from autograder.judging import calls
from autograder.running.wire import (
    DONE,
    FORK,
    FULL,
    INLINE,
    STOP,
    Wire,
    error_from_message,
    error_to_message,
    outcome_from_message,
)

_GRACE_SECONDS = 2.0  # beyond the deadline that the kernel keeps itself
_MEMORY_OF_A_CALL = 1 << 30  # bytes that a function of ours may take when the submission chose its arguments
# Calls that may be sent before earlier ones were answered, and the bytes of arrays that each of these may hold: small
# enough that sending never waits for the kernel, which may be waiting for us to read.
_MOST_AHEAD, _BYTES_AHEAD = 8, 4096
_CONTROL_SECONDS = 15.0  # for a fork, or for stopping one, on a busy machine
_FULL = "the submission's processes and threads must leave room for one more"
_LOST = "the submission broke its connection to the grader, or a cell did not stop when it was interrupted"


@dataclass(frozen=True, eq=False)
class _Call:
    """A call of a function of the kernel's."""

    function: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    references: Mapping[str, Callable[..., Any]]
    writable: bool

    def is_as(self, other: _Call) -> bool:
        """Tell whether this is the call that was announced."""
        same = self.args is other.args and self.kwargs is other.kwargs and self.references is other.references
        return same and self.function == other.function and self.writable == other.writable

    @property
    def may_be_ahead(self) -> bool:
        """Whether it is small, and holds no functions, for which both sides would talk in the middle of it."""
        bytes_of = [_bytes_of(value) for value in (*self.args, *self.kwargs.values())]
        return not self.references and sum(bytes_of) <= _BYTES_AHEAD


class RemoteFunctions:
    """The functions of one kernel.

    Every exercise is judged in a process of its own, forked from the kernel: what a function does to its
    surroundings is gone afterwards, and one that hangs or crashes takes nothing with it.

    Parameters
    ----------
    channel : socket.socket
        The wire to the kernel. Over TCP, nothing is forked.

    Attributes
    ----------
    ended : bool
        Whether a process of the last judging ended without a word.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._forks = channel.family != socket.AF_INET
        self._wire: Wire | None = None
        self._judged: set[str] = set()
        self._announced: deque[_Call] = deque()
        self._sent: deque[_Call] = deque()  # and not answered yet
        self.ended = False

    @contextmanager
    def judging(self, name: str) -> Iterator[RemoteFunction | None]:
        """Give the function of a name, or `None` where there is none that can be called.

        From then on, its reference may stand in for it where a later exercise calls it.

        Raises
        ------
        KernelLostError
        """
        self.ended = False
        try:
            self._open()
            seen = self._look(name, ())
            yield RemoteFunction(self, name) if seen.get("callable") is True else None
        finally:
            self._judged.add(name)
            self._announced.clear()
            self._close()

    def globals_among(self, name: str, names: Sequence[str]) -> tuple[str, ...]:
        """Tell which of these names a function sees, of exercises that have been judged already."""
        judged = [other for other in names if other in self._judged]
        seen = self._look(name, judged).get("names") if judged else None
        return tuple(other for other in judged if isinstance(seen, list) and other in seen)

    def prefetch(self, announced: Iterable[_Call]) -> None:
        """Learn of calls that are going to follow in this order; those that are not made are passed over."""
        self._announced = deque(announced)

    def call(self, call: _Call) -> calls.Outcome:
        """Make one call; what hangs, ends its process or talks nonsense gets an error for an outcome."""
        self._pass_over(call)
        functions: list[Callable[..., Any]] = []
        try:
            wire, until = self._wire or self._open(), _until()
            if not self._sent:
                self._send(call, wire, functions, until)
            if self._forks and not functions:
                self._send_ahead(wire, until)
            answer = _listen(wire, functions, until)
            self._sent.popleft()
            return outcome_from_message(*answer)
        except TimeoutError:
            error: BaseException = TooSlowError()
        except WireError:
            error = EndedError()
            self.ended = True
        self._close()
        return calls.Outcome(None, error, (), "", "")

    def _pass_over(self, call: _Call | None) -> None:
        """Let go of what was sent, or announced, before this call and is not wanted; of everything if there is none."""
        while self._sent and not (call and self._sent[0].is_as(call)):
            assert self._wire is not None  # or nothing would be on its way
            try:
                _listen(self._wire, [], _until())
                self._sent.popleft()
            except (TimeoutError, WireError):
                self._close()
        if not self._sent and call:
            while self._announced and not self._announced.popleft().is_as(call):
                pass

    def _send_ahead(self, wire: Wire, until: float) -> None:
        while self._announced and len(self._sent) < _MOST_AHEAD and self._announced[0].may_be_ahead:
            self._send(self._announced.popleft(), wire, [], until)

    def _send(self, call: _Call, wire: Wire, functions: list[Callable[..., Any]], until: float) -> None:
        message = {"request": "call", "function": call.function, "writable": call.writable}
        values = {"args": list(call.args), "kwargs": dict(call.kwargs), "references": dict(call.references)}
        wire.send(message, values, functions, seconds=until - time.monotonic())
        self._sent.append(call)

    def _look(self, name: str, names: Sequence[str]) -> dict[str, Any]:
        self._pass_over(None)
        try:
            wire, until = self._wire or self._open(), _until()
            wire.send({"request": "look", "function": name, "names": list(names)}, {}, seconds=until - time.monotonic())
            return _listen(wire, [], until)[0]
        except (TimeoutError, WireError) as problem:
            self.ended = self.ended or isinstance(problem, WireError)
            self._close()
            return {}

    def _open(self) -> Wire:
        """Have the kernel fork."""
        if not self._forks:
            self._control(INLINE)
            self._wire = Wire(self._channel)
            return self._wire
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._control(FORK, [theirs.fileno()])
        except KernelLostError:
            ours.close()
            raise
        self._wire = Wire(ours)
        return self._wire

    def _close(self) -> None:
        """Have the fork killed, if there is one."""
        self._sent.clear()
        if self._wire is None:
            return
        if self._forks:
            self._wire.close()
            self._control(STOP)
        else:
            self._wire.send({"request": "end"}, {}, seconds=_CONTROL_SECONDS)
        self._wire = None

    def _control(self, byte: bytes, descriptors: Sequence[int] = ()) -> None:
        said = b""
        with contextlib.suppress(OSError):
            self._channel.settimeout(_CONTROL_SECONDS)
            if descriptors:
                socket.send_fds(self._channel, [byte], descriptors)
            else:
                self._channel.sendall(byte)
            said = self._channel.recv(1)
        if said != DONE:
            self._wire = None
            raise KernelLostError(_FULL if said == FULL else _LOST)


class RemoteFunction(calls.RemoteCallable):
    """A student's function in its kernel.

    Parameters
    ----------
    functions : RemoteFunctions
    name : str
    references : mapping of str to callable
        What stands in for globals of these names; called here, so that the kernel never holds them.
    """

    def __init__(
        self, functions: RemoteFunctions, name: str, references: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self.__name__ = name
        self._functions = functions
        self._references = dict(references or {})

    def call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, writable: bool) -> calls.Outcome:
        """Call it over there, on copies.

        Raises
        ------
        KernelLostError
        """
        return self._functions.call(self._call(args, kwargs, writable))

    def prefetch(self, arguments: Sequence[calls.Arguments], *, writable: bool) -> None:
        """Have small calls sent before they are asked for, several at a time."""
        self._functions.prefetch(self._call(args, kwargs, writable) for args, kwargs in arguments)

    def _call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], writable: bool) -> _Call:
        return _Call(self.__name__, args, kwargs, self._references, writable)

    def globals_among(self, names: Sequence[str]) -> tuple[str, ...]:
        """Tell which of these names it can see, of exercises that have been judged already."""
        return self._functions.globals_among(self.__name__, names)

    def with_references(self, references: Mapping[str, Callable[..., Any]]) -> RemoteFunction:
        """Give the same function with references in place of globals."""
        return RemoteFunction(self._functions, self.__name__, references)


def _until() -> float:
    """Give the time by which a call must be answered that begins now."""
    return time.monotonic() + calls.DEADLINE_SECONDS + _GRACE_SECONDS


def _bytes_of(value: Any) -> float:
    """Give about how much an argument weighs; without end where it is a function, or may hold one."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_bytes_of, value.values()))
    if isinstance(value, tuple | list):
        return sum(map(_bytes_of, value))
    if isinstance(value, str):
        return len(value)
    return 8 if value is None or isinstance(value, bool | int | float | np.generic) else math.inf


def _listen(wire: Wire, functions: Sequence[Callable[..., Any]], until: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Wait for an answer; meanwhile the other side may call functions of ours, and these may call functions of theirs.

    Raises
    ------
    TimeoutError, WireError
    """

    def theirs(number: int) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            wire.send({"own": number}, {"args": list(args), "kwargs": kwargs}, seconds=until - time.monotonic())
            message, values = _listen(wire, functions, until)
            if message.get("error") is not None:
                problem = error_from_message(message["error"])
                raise problem if isinstance(problem, Exception) else RuntimeError(str(problem))
            return calls.plain(values.get("value"))

        return call

    while True:
        message, values = wire.receive(until - time.monotonic(), theirs)
        number = message.get("back")
        if number is None:
            return message, values
        if type(number) is not int or not 0 <= number < len(functions):
            raise WireError("only functions that were sent can be called back")
        reply, result = _called(functions[number], values)
        try:
            wire.send(reply, result, seconds=until - time.monotonic())
        except EncodingError as problem:  # a result too large to travel
            wire.send({"error": error_to_message(problem)}, {}, seconds=until - time.monotonic())


def _called(function: Callable[..., Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    args, kwargs = values.get("args"), values.get("kwargs")
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise WireError("a call must have a list and a dict of arguments")
    try:
        with _little_memory():
            return {"error": None}, {"value": function(*args, **kwargs)}
    except (TimeoutError, WireError):
        raise
    except Exception as problem:  # wrong arguments: theirs to hear of
        return {"error": error_to_message(problem)}, {}


@contextmanager
def _little_memory() -> Iterator[None]:
    """Have memory for right arguments and not for any: two numbers can ask an initializer for all there is."""
    if sys.platform != "linux":
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = pages * resource.getpagesize() + _MEMORY_OF_A_CALL
    if soft != resource.RLIM_INFINITY:
        bound = min(bound, soft)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
