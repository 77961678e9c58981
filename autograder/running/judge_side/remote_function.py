"""Call a student's functions, which run in the kernel's process, over the wire as if they were local."""

from __future__ import annotations

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

from autograder.errors import EncodingError, EndedError, KernelLostError, StalledError, TooSlowError, WireError
from autograder.judging import calls
from autograder.running.judge_side.time_limits import TimeLimit, Usage
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

_GRACE = 2.0  # seconds after the deadline that the kernel itself enforces
# CPU seconds that the judge's functions may take during one call of a student's function.
_OWN_TIMEOUT = 5.0
_MEMORY_OF_A_CALL = 1 << 30  # bytes that a function of the judge's may allocate with arguments of the submission
# The number of calls that may be sent before earlier ones are answered, and the bytes of arrays in each of them. They
# are so small that sending never blocks: the kernel may be blocked too, until we read.
_MAX_PREFETCHED, _MAX_PREFETCHED_BYTES = 8, 4096
_CONTROL_TIMEOUT = 15.0  # seconds to start a fork, or to stop one
_FULL = "the submission's processes and threads must leave room for one more"
_LOST = "the submission broke its connection to the grader, or a cell did not stop when it was interrupted"


@dataclass(frozen=True, eq=False)
class _Call:
    """A call of a function in the kernel."""

    function: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    references: Mapping[str, Callable[..., Any]]
    writable: bool

    def equals(self, other: _Call) -> bool:
        """Return whether both are the same call.

        Arguments must be the same objects, not only equal ones.
        """
        same = self.args is other.args and self.kwargs is other.kwargs and self.references is other.references
        return same and self.function == other.function and self.writable == other.writable

    @property
    def may_be_prefetched(self) -> bool:
        """Return whether its arguments are small and contain no functions.

        Functions as arguments would need messages during the call.
        """
        bytes_of = [_bytes_of(value) for value in (*self.args, *self.kwargs.values())]
        return not self.references and sum(bytes_of) <= _MAX_PREFETCHED_BYTES


class RemoteFunctions:
    """The functions of one kernel.

    Every exercise is judged in a process of its own, forked from the kernel. Side effects of a function end with that
    process, and a function that hangs or crashes does not harm the kernel.

    Parameters
    ----------
    channel : socket.socket
        The connection to the kernel. Over TCP, nothing is forked.
    usage : callable
        Measures the CPU time of the submission.
    last_try : bool
        Whether a call that stalls counts as too slow; otherwise it raises StalledError.

    Attributes
    ----------
    ended : bool
        Whether a process ended silently while the last exercise was judged.
    """

    def __init__(self, channel: socket.socket, usage: Usage, *, last_try: bool = False) -> None:
        self._channel, self._usage, self._last_try = channel, usage, last_try
        self._forks = channel.family != socket.AF_INET
        self._wire: Wire | None = None
        self._judged: set[str] = set()
        self._announced: deque[_Call] = deque()
        self._sent: deque[_Call] = deque()  # sent, but not answered yet
        self.ended = False

    @contextmanager
    def judging(self, name: str) -> Iterator[RemoteFunction | None]:
        """Fork the kernel; yield the function of a name, or `None` if the name is not callable.

        The fork ends with the block. For functions that are judged later, `globals_among` then also finds this name.

        Raises
        ------
        KernelLostError
            If the kernel cannot fork, or the connection broke.
        StalledError
            If it is not the last try, and the kernel took too long without using its CPU time.
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
        """Return those of `names` that the function `name` can see as globals and that have been judged already.

        It waits for the kernel. The result is empty if the kernel does not answer the question.

        Raises
        ------
        KernelLostError
            If the kernel cannot fork, or the connection broke.
        StalledError
            If it is not the last try, and the kernel took too long without using its CPU time.
        """
        judged = [other for other in names if other in self._judged]
        seen = self._look(name, judged).get("names") if judged else None
        return tuple(other for other in judged if isinstance(seen, list) and other in seen)

    def prefetch(self, announced: Iterable[_Call]) -> None:
        """Store calls that will probably follow in this order; they replace the calls stored before.

        This method sends nothing. `call` sends some of them early, and leaves out large ones.
        """
        self._announced = deque(announced)

    def call(self, call: _Call) -> calls.Outcome:
        """Make one call, and wait for its outcome.

        If the call hangs, ends its process or sends invalid messages, the outcome has an error.

        Raises
        ------
        KernelLostError
            If the kernel cannot fork, or the connection broke.
        StalledError
            If it is not the last try, and the call took too long without using its CPU time.
        EncodingError
            If an argument cannot be sent.
        """
        self._discard_prefetched(call)
        functions: list[Callable[..., Any]] = []
        try:
            wire, limit = self._wire or self._open(), self._limit_of_a_call()
            if not self._sent:
                self._send(call, wire, functions, limit)
            if self._forks and not functions:
                self._send_prefetched(wire, limit)
            answer = _Conversation(wire, functions, limit).listen()
            self._sent.popleft()
            return outcome_from_message(*answer)
        except TimeoutError:
            error: BaseException = TooSlowError()
        except StalledError:
            if not self._last_try:
                raise
            error = TooSlowError()
        except WireError:
            error = EndedError()
            self.ended = True
        self._close()
        return calls.Outcome(None, error, (), "", "")

    def _limit_of_a_call(self) -> TimeLimit:
        return TimeLimit(calls.DEADLINE_SECONDS + _GRACE, self._usage)

    def _discard_prefetched(self, call: _Call | None) -> None:
        """Receive and discard the answers of calls sent before `call`; of all if `call` is None.

        If `call` was not sent, drop the announced calls up to and including it.

        Raises
        ------
        StalledError
            If it is not the last try, and an answer took too long without use of CPU time.
        KernelLostError
            If the kernel does not confirm the end of the judging process, or the connection broke.
        """
        while self._sent and not (call and self._sent[0].equals(call)):
            assert self._wire is not None  # since a call was sent over it
            try:
                _Conversation(self._wire, [], self._limit_of_a_call()).listen()
                self._sent.popleft()
            except StalledError:
                if not self._last_try:
                    raise
                self._close()
            except (TimeoutError, WireError):
                self._close()
        if not self._sent and call:
            while self._announced and not self._announced.popleft().equals(call):
                pass

    def _send_prefetched(self, wire: Wire, limit: TimeLimit) -> None:
        while self._announced and len(self._sent) < _MAX_PREFETCHED and self._announced[0].may_be_prefetched:
            self._send(self._announced.popleft(), wire, [], limit)

    def _send(self, call: _Call, wire: Wire, functions: list[Callable[..., Any]], limit: TimeLimit) -> None:
        message = {"request": "call", "function": call.function, "writable": call.writable}
        values = {"args": list(call.args), "kwargs": dict(call.kwargs), "references": dict(call.references)}
        wire.send(message, values, functions, limit.until_next_look)
        self._sent.append(call)

    def _look(self, name: str, names: Sequence[str]) -> dict[str, Any]:
        self._discard_prefetched(None)
        try:
            wire, limit = self._wire or self._open(), self._limit_of_a_call()
            wire.send({"request": "look", "function": name, "names": list(names)}, {}, wait=limit.until_next_look)
            return _Conversation(wire, [], limit).listen()[0]
        except StalledError:
            if not self._last_try:
                raise
        except TimeoutError:
            pass
        except WireError:
            self.ended = True
        self._close()
        return {}

    def _open(self) -> Wire:
        """Request a judging process from the kernel, wait until it is there, and return the connection to it.

        Without forks, the kernel's own process serves.

        Raises
        ------
        KernelLostError
            If the kernel cannot fork, or the connection broke.
        StalledError
            If it is not the last try, and the kernel took too long without using its CPU time.
        """
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
        """End the judging process, and forget the calls sent to it.

        If there is none, nothing happens. With forks, wait for the kernel's confirmation.

        Raises
        ------
        KernelLostError
            If the kernel does not confirm, or the connection broke.
        StalledError
            If it is not the last try, and the kernel took too long without using its CPU time.
        WireError
            Without forks, if the connection broke.
        TimeoutError
            Without forks, if the kernel did not read the request in time.
        """
        self._sent.clear()
        if self._wire is None:
            return
        if self._forks:
            self._wire.close()
            self._control(STOP)
        else:
            self._wire.send({"request": "end"}, {}, wait=TimeLimit(_CONTROL_TIMEOUT, self._usage).until_next_look)
        self._wire = None

    def _control(self, byte: bytes, descriptors: Sequence[int] = ()) -> None:
        said, limit = b"", TimeLimit(_CONTROL_TIMEOUT, self._usage)
        self._channel.settimeout(None)  # so few bytes fit into the socket's buffer, so this does not block
        try:
            if descriptors:
                socket.send_fds(self._channel, [byte], descriptors)
            else:
                self._channel.sendall(byte)
            said = self._read_answer(limit)
        except StalledError:
            if not self._last_try:
                self._wire = None
                raise
        except OSError:  # also the limit's TimeoutError
            pass
        if said != DONE:
            self._wire = None
            raise KernelLostError(_FULL if said == FULL else _LOST)

    def _read_answer(self, limit: TimeLimit) -> bytes:
        while True:
            self._channel.settimeout(max(0.001, limit.until_next_look()))
            try:
                return self._channel.recv(1)
            except TimeoutError:
                continue


class RemoteFunction(calls.RemoteCallable):
    """A student's function in its kernel.

    Parameters
    ----------
    functions : RemoteFunctions
    name : str
    references : mapping of str to callable
        Replacements for globals of these names. They run in the judge's process and are never sent to the kernel.
    """

    def __init__(
        self, functions: RemoteFunctions, name: str, references: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self.__name__ = name
        self._functions = functions
        self._references = dict(references or {})

    def call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, writable: bool) -> calls.Outcome:
        """Call the function in its kernel, on copies of the arguments, and wait for the outcome.

        If `writable` is false, it gets arrays that it cannot change. An error of the call is part of the outcome.

        Raises
        ------
        KernelLostError
            If the kernel cannot fork, or the connection broke.
        StalledError
            If it is not the last try, and the call took too long without using its CPU time.
        EncodingError
            If an argument cannot be sent.
        """
        return self._functions.call(self._call(args, kwargs, writable))

    def prefetch(self, arguments: Sequence[calls.Arguments], *, writable: bool) -> None:
        """Store calls that will probably follow in this order, so that small ones can be sent early.

        It returns at once. `call` returns the results.
        """
        self._functions.prefetch(self._call(args, kwargs, writable) for args, kwargs in arguments)

    def _call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], writable: bool) -> _Call:
        return _Call(self.__name__, args, kwargs, self._references, writable)

    def globals_among(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of `names` that it can see as globals and that have been judged already.

        It waits for the kernel. The result is empty if the kernel does not answer the question.

        Raises
        ------
        KernelLostError
            If the kernel cannot fork, or the connection broke.
        StalledError
            If it is not the last try, and the kernel took too long without using its CPU time.
        """
        return self._functions.globals_among(self.__name__, names)

    def with_references(self, references: Mapping[str, Callable[..., Any]]) -> RemoteFunction:
        """Return a new object for the same function, with `references` in place of globals of these names.

        References that were set before are not kept.
        """
        return RemoteFunction(self._functions, self.__name__, references)


def _bytes_of(value: Any) -> float:
    """Return an estimate of the bytes of an argument.

    The estimate is infinity for a value that may contain a function.
    """
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_bytes_of, value.values()))
    if isinstance(value, tuple | list):
        return sum(map(_bytes_of, value))
    if isinstance(value, str):
        return len(value)
    return 8 if value is None or isinstance(value, bool | int | float | np.generic) else math.inf


class _Conversation:
    """The messages of one request, until its answer; meanwhile each side may call functions of the other.

    Parameters
    ----------
    wire : Wire
    functions : sequence of callable
        Functions of the judge's that the kernel may call.
    limit : TimeLimit
        The time in which these functions run is not charged.
    """

    def __init__(self, wire: Wire, functions: Sequence[Callable[..., Any]], limit: TimeLimit) -> None:
        self._wire, self._functions, self._limit = wire, functions, limit
        self._waited = self._own = 0.0

    def listen(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Wait for the answer, and return its message and its values.

        Meanwhile, call the judge's functions that the kernel asks for.

        Raises
        ------
        TimeoutError, StalledError, WireError
            If the limit was reached, or the kernel sent an invalid message or closed the connection.
        """
        while True:
            message, values = self._receive()
            number = message.get("back")
            if number is None:
                return message, values
            if type(number) is not int or not 0 <= number < len(self._functions):
                raise WireError("only functions that were sent can be called back")
            reply, result = self._call_own(self._functions[number], values)
            try:
                self._wire.send(reply, result, wait=self._limit.until_next_look)
            except EncodingError as problem:  # the result is too large to be sent
                self._wire.send({"error": error_to_message(problem)}, {}, wait=self._limit.until_next_look)

    def _receive(self) -> tuple[dict[str, Any], dict[str, Any]]:
        begun = time.monotonic()
        try:
            return self._wire.receive(self._limit.until_next_look, self._proxy)
        finally:
            self._waited += time.monotonic() - begun

    def _call_own(
        self, function: Callable[..., Any], values: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        begun, waited, cpu = time.monotonic(), self._waited, time.thread_time()
        try:
            return _call_with_limits(function, values)
        finally:
            self._limit.excuse(time.monotonic() - begun - (self._waited - waited))
            self._own += time.thread_time() - cpu
            if self._own > _OWN_TIMEOUT:
                raise TimeoutError

    def _proxy(self, number: int) -> Callable[..., Any]:
        """Return a proxy for the function with this number in the kernel.

        A call of the proxy waits for the result. It raises the function's exception, or the errors of `listen`.
        """

        def call(*args: Any, **kwargs: Any) -> Any:
            self._wire.send({"own": number}, {"args": list(args), "kwargs": kwargs}, wait=self._limit.until_next_look)
            message, values = self.listen()
            if message.get("error") is not None:
                problem = error_from_message(message["error"])
                raise problem if isinstance(problem, Exception) else RuntimeError(str(problem))
            return calls.plain(values.get("value"))

        return call


def _call_with_limits(function: Callable[..., Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    args, kwargs = values.get("args"), values.get("kwargs")
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise WireError("a call must have a list and a dict of arguments")
    try:
        with _limited_memory():
            return {"error": None}, {"value": function(*args, **kwargs)}
    except (TimeoutError, StalledError, WireError):
        raise
    except Exception as problem:  # the student's code passed wrong arguments, so it gets the error
        return {"error": error_to_message(problem)}, {}


@contextmanager
def _limited_memory() -> Iterator[None]:
    """Limit the memory of this process during the block to 1 GiB more than it has now.

    Otherwise, the arguments of a submission could make a function of the judge's allocate all memory. Only Linux has
    this limit; a larger allocation raises MemoryError.
    """
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
