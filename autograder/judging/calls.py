"""Call a student's function on copies of its arguments, capture its output, limit its time, convert its result."""

from __future__ import annotations

import copy
import io
import linecache
import math
import signal
import sys
import threading
import traceback
import types
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import course_lib
from autograder.errors import TooSlowError
from course_lib.batchnorm import BatchNormCache

# CPU seconds of a call, which do not depend on the load of the machine. A right answer takes milliseconds. Three parts
# that are judged twice fit into the time of one cell.
DEADLINE_SECONDS = 5.0
_WALL_TIMES = 30  # the limit of wall time for a call that sleeps, in deadlines
_CACHE_FIELDS = BatchNormCache._fields  # read here, before a student's code can change them
_OURS = (str(Path(__file__).parents[1]), str(course_lib.__path__[0]))  # folders of our own code


Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]  # args and kwargs of a call


@dataclass(frozen=True)
class Outcome:
    """The outcome of one call.

    Attributes
    ----------
    value : object
        The result as `plain` converts it: arrays and numbers are NumPy arrays.
    error : BaseException or None
        The exception that it raised instead.
    warnings : tuple of str
        NumPy's warnings.
    printed : str
        The text that it wrote to stdout and stderr.
    changed : str
        Position or name of the first argument that the call has changed, or "".
    line : str
        The line of the student's code that raised, or "".
    """

    value: Any
    error: BaseException | None
    warnings: tuple[str, ...]
    printed: str
    changed: str
    line: str = ""


@dataclass(frozen=True)
class UnsupportedValue:
    """A placeholder for a result of an unsupported type, with the type's name."""

    type_name: str


class RemoteCallable(ABC):
    """A function in another process, to which calls are sent."""

    @abstractmethod
    def call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, writable: bool) -> Outcome:
        """Call the function in its process and return the outcome, as this module's `call` does in this process."""

    @abstractmethod
    def prefetch(self, arguments: Sequence[Arguments], *, writable: bool) -> None:
        """Send calls to the other process before `call` asks for their results.

        The calls will follow in this order. Some may be left out.
        """

    @abstractmethod
    def globals_among(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return those of `names` that are globals of the function."""

    @abstractmethod
    def with_references(self, references: Mapping[str, Callable[..., Any]]) -> RemoteCallable:
        """Return a remote callable of the same function with `references` as globals.

        The references run in this process.
        """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function and return its result.

        Raises
        ------
        BaseException
            The exception that the function raised.
        """
        outcome = self.call(args, kwargs, writable=False)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value


def call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    writable: bool,
    may_sleep: bool = False,
) -> Outcome:
    """Call a function on copies of the arguments and return the outcome, errors included.

    Parameters
    ----------
    function : callable
        May be a `RemoteCallable`.
    args, kwargs
        Arrays, numbers, strings, functions, generators, and lists, tuples and dicts of these.
    writable : bool
        Whether the copies may be written to.
    may_sleep : bool
        Whether only the CPU time is limited here, since the caller limits the time of sleep.

    Returns
    -------
    Outcome
        If the call exceeds the time limit, its error is a `TooSlowError`.

    Raises
    ------
    KeyboardInterrupt
        If the user has interrupted the program.
    """
    if isinstance(function, RemoteCallable):
        return function.call(args, kwargs, writable=writable)
    given, given_kwargs = _copy(args, writable), _copy(dict(kwargs), writable)
    value, error = None, None
    wall = math.inf if may_sleep else _WALL_TIMES * DEADLINE_SECONDS
    with _captured() as printed, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with (
                np.errstate(all="warn", under="ignore"),
                _deadline(DEADLINE_SECONDS, wall),
            ):
                value = plain(function(*given, **given_kwargs))
        except KeyboardInterrupt:
            raise
        except BaseException as problem:  # also SystemExit, as a student's exit() must not end the grading
            error = problem
    numeric = tuple(str(w.message) for w in caught if issubclass(w.category, RuntimeWarning))
    before = [*enumerate(args, start=1), *kwargs.items()]
    after = [*given, *given_kwargs.values()]
    changed = next((str(n) for (n, old), new in zip(before, after, strict=True) if not _same(old, new)), "")
    return Outcome(value, error, numeric, printed.getvalue(), changed, _line_of(error) if error else "")


def prefetch(function: Any, arguments: Sequence[Arguments], *, writable: bool) -> None:
    """Send the next calls of a remote function before they are made, so that no call has to wait.

    For a function of this process, nothing happens.
    """
    if isinstance(function, RemoteCallable):
        function.prefetch(arguments, writable=writable)


def plain(value: Any) -> Any:
    """Return a result as plain values: arrays, `None`, strings, and tuples, lists and dicts of these.

    A number becomes an array without axes. Any other value becomes `UnsupportedValue`.
    Only exact types are supported, because a subclass may define its own comparisons. The only supported NamedTuple is
    `BatchNormCache`. Its entries are read from the tuple, not from its attributes, which a student's code could change.
    """
    kind = type(value)
    if value is None or kind is str:
        return value
    if kind in (bool, int, float) or isinstance(value, np.number | np.bool_):
        return _number(value)
    if kind is np.ndarray:
        return np.array(value) if value.dtype.kind in "fiub" else UnsupportedValue(f"array of dtype {value.dtype}")
    if kind in (tuple, list):
        return kind(plain(entry) for entry in value)
    if kind is BatchNormCache and tuple.__len__(value) == len(_CACHE_FIELDS):
        return tuple.__new__(BatchNormCache, [plain(entry) for entry in tuple.__iter__(value)])
    if kind is dict and all(type(key) is str for key in value):
        return {key: plain(entry) for key, entry in value.items()}
    return UnsupportedValue(kind.__name__)


def text_of(error: BaseException) -> str:
    """Return an exception's message; "(no text)" if it cannot be read.

    The exception's class may be a student's. Its `__str__` may raise, or return characters that cannot be encoded.
    """
    try:
        return printable(str(error))
    except Exception:
        return "(no text)"


def printable(text: str) -> str:
    """Return a text in which "?" replaces characters that cannot be encoded, such as half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")


def globals_among(function: Any, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of `names` that are globals of a function.

    The result is empty if `function` is neither a plain Python function nor a `RemoteCallable`.
    """
    if isinstance(function, RemoteCallable):
        return function.globals_among(names)
    return tuple(name for name in names if name in function.__globals__) if type(function) is types.FunctionType else ()


def with_references(function: Any, references: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return a copy of a function with `references` as globals.

    Parameters
    ----------
    function : callable
        A plain Python function or a `RemoteCallable`.
    references : mapping of str to callable
        The functions by the name of the global that they replace.

    Returns
    -------
    callable
        A `RemoteCallable` if `function` is one.
    """
    if isinstance(function, RemoteCallable):
        return function.with_references(references)
    helped = types.FunctionType(
        function.__code__,
        {**function.__globals__, **references},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    helped.__kwdefaults__ = function.__kwdefaults__
    return helped


def _line_of(error: BaseException) -> str:
    """Return the line of the student's code that raised, without indentation; "" if there is none."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    own = [frame for frame in frames if not frame.filename.startswith(_OURS)]
    if not own or own[-1].lineno is None:
        return ""
    return printable(linecache.getline(own[-1].filename, own[-1].lineno).strip())


def _number(value: Any) -> Any:
    array = np.asarray(value)
    return array if array.dtype.kind in "fiub" else UnsupportedValue(type(value).__name__)


def _copy(value: Any, writable: bool) -> Any:
    """Return a copy of a value with copies of all arrays, containers and generators in it; functions are not copied."""
    if isinstance(value, np.ndarray):
        array = value.copy(order="K")
        array.flags.writeable = writable
        return array
    if isinstance(value, dict):
        return {key: _copy(entry, writable) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        entries = [_copy(entry, writable) for entry in value]
        return type(value)._make(entries) if hasattr(value, "_make") else type(value)(entries)
    if isinstance(value, np.random.Generator):
        return copy.deepcopy(value)
    return value


def _same(before: Any, after: Any) -> bool:
    """Return whether an argument is equal bit for bit before and after a call; generators may change."""
    if type(after) is not type(before):
        return False
    if isinstance(before, np.ndarray):
        same_kind = before.shape == after.shape and before.dtype == after.dtype
        return bool(same_kind and before.tobytes() == after.tobytes())
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_same, before, after))
    return True


class _Transcript(io.StringIO):
    """A text buffer that can be read after a student's code has closed it."""

    def close(self) -> None:
        """Keep the buffer open."""


@contextmanager
def _captured() -> Iterator[io.StringIO]:
    """Redirect stdout and stderr inside the block, and yield the buffer that receives their text.

    nbgrader without this grader gives zero points for any output on stderr. A logging handler keeps a reference to the
    original stream, so the stream's own `write` is replaced too.
    """
    text = _Transcript()
    stderr = sys.stderr
    own_write = getattr(stderr, "__dict__", {}).get("write")
    with redirect_stdout(text):
        sys.stderr = text
        patched = _redirect(stderr, text)
        try:
            yield text
        finally:
            sys.stderr = stderr
            if patched and own_write is not None:
                vars(stderr)["write"] = own_write
            elif patched:
                del stderr.write  # restores the method of the class


def _redirect(stream: Any, text: io.StringIO) -> bool:
    try:
        stream.write = text.write
    except AttributeError:  # None under pythonw, or a stream without a __dict__
        return False
    return True


@contextmanager
def _deadline(cpu: float, wall: float) -> Iterator[None]:
    """Raise `TooSlowError` in the code of the block after `cpu` or `wall` seconds.

    It is raised again each second, in case the code catches it. An infinite `wall` sets no limit on wall time. The
    deadline needs Unix and the main thread, in which Jupyter runs cells. Elsewhere only the time limit of the notebook
    cell applies.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(signum: int, frame: types.FrameType | None) -> None:
        raise TooSlowError

    timers = [(signal.ITIMER_PROF, signal.SIGPROF, cpu)]
    if wall < math.inf:
        timers.append((signal.ITIMER_REAL, signal.SIGALRM, wall))
    before = [signal.signal(number, ring) for _, number, _ in timers]
    for timer, _, seconds in timers:
        signal.setitimer(timer, seconds, 1.0)
    try:
        yield
    finally:
        for (timer, number, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


@contextmanager
def deadline_paused() -> Iterator[None]:
    """Pause the CPU deadline inside the block, for our own work within a call, such as packing values for the judge."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    left = signal.setitimer(signal.ITIMER_PROF, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, *left)
