"""The protocol between judge and kernel: JSON and raw buffers over a socket; all that is received gets validated."""

from __future__ import annotations

import builtins
import itertools
import json
import math
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from autograder.errors import EncodingError, EndedError, TooSlowError, WireError
from autograder.judging import calls
from autograder.judging.encoding import DTYPES, decode, dtype_name, encode
from course_lib.batchnorm import BatchNormCache

ADDRESS_VARIABLE = "AUTOGRADER_WIRE"  # host:port:token, where the wire is a TCP connection
# Control bytes that the judge sends to a kernel.
FORK, INLINE, STOP, DONE, FULL = b"F", b"I", b"S", b"D", b"N"
LARGEST_HEADER = 1 << 20  # bytes of JSON
LARGEST_BUFFERS = 64 << 20  # bytes of all arrays of one message
MOST_BUFFERS = 4096
_LONGEST_TEXT = 2000  # of an exception, or of what was printed
_T = TypeVar("_T")
_HEAD = struct.Struct("<II")  # bytes of JSON, number of buffers; the sizes of the buffers follow


Wait = Callable[[], float]  # returns the seconds until it must be called again, or raises TimeoutError


def at_most(seconds: float) -> Wait:
    """Return a `Wait` that returns the seconds left, and raises TimeoutError when `seconds` have passed from now on."""
    until = time.monotonic() + seconds

    def left() -> float:
        if (seconds := until - time.monotonic()) <= 0:
            raise TimeoutError
        return seconds

    return left


class Wire:
    """One end of the connection: sends and receives messages.

    Parameters
    ----------
    connection : socket.socket
        A stream socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def send(
        self,
        message: Mapping[str, Any],
        values: Mapping[str, Any],
        functions: list[Callable[..., Any]] | None = None,
        wait: Wait | None = None,
    ) -> None:
        """Send a message, and wait until the connection has taken all of it.

        Parameters
        ----------
        message : mapping
            Values of JSON types only.
        values : mapping of str to object
            Values that `pack` accepts, by name; `receive` returns them under the same names.
        functions : list, optional
            Functions among the values are appended here and are not sent; the other side gets their index in this list.
        wait : callable, optional
            Returns the seconds to wait for the other side, and raises when it has waited too long.

        Raises
        ------
        EncodingError
            If a value cannot be sent, or is too large; nothing was sent then.
        WireError
            If the connection broke.
        TimeoutError, StalledError
            If `wait` raises it. A part of the message may have been sent.
        """
        buffers: list[bytes] = []
        try:
            frame = _frame(message, values, buffers, functions)
        finally:
            # `pack` leaves a reference cycle, which would keep the buffers until the next garbage collection.
            buffers.clear()
        rest = memoryview(frame)
        while rest:
            rest = rest[self._transfer(lambda: self._socket.send(rest), wait) :]  # noqa: B023  # called at once

    def receive(
        self, wait: Wait | None = None, functions: Callable[[int], Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Wait for the next message, and return it with its values.

        The sizes are checked before memory is allocated.

        Parameters
        ----------
        wait : callable, optional
            Returns the seconds to wait for the next byte, and raises when it has waited too long.
        functions : callable, optional
            Returns a proxy for the function with the given index; without it, messages with functions are refused.

        Returns
        -------
        message, values
            Two dicts, as they were passed to `send`.

        Raises
        ------
        WireError
            If the message is not valid, or the connection broke.
        TimeoutError, StalledError
            If `wait` raises it. A part of the message may have been received.
        """
        length, count = _HEAD.unpack(self._read(_HEAD.size, wait))
        if length > LARGEST_HEADER or count > MOST_BUFFERS:
            raise WireError(f"a message must have a header below {LARGEST_HEADER} bytes (got {length})")
        sizes = struct.unpack(f"<{count}Q", self._read(8 * count, wait))
        if sum(sizes) > LARGEST_BUFFERS:
            raise WireError(f"a message must hold less than {LARGEST_BUFFERS} bytes of arrays (got {sum(sizes)})")
        text, buffers = self._read(length, wait), _split(self._read(sum(sizes), wait), sizes)
        try:
            header = json.loads(text)
            message, packed = header["message"], header["values"]
            values = {str(name): unpack(data, buffers, functions) for name, data in packed.items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as damage:
            raise WireError(f"a message must be what the grader understands ({damage!s:.200})") from None
        if not isinstance(message, dict):
            raise WireError("a message must be a JSON object")
        return message, values

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _read(self, size: int, wait: Wait | None) -> bytearray:
        data = bytearray()
        while len(data) < size:
            missing = min(1 << 20, size - len(data))
            piece = self._transfer(lambda: self._socket.recv(missing), wait)  # noqa: B023  # called at once
            if not piece:
                raise WireError("the connection was closed")
            data += piece
        return data

    def _transfer(self, transfer: Callable[[], _T], wait: Wait | None) -> _T:
        """Wait until `transfer` has sent or received something, and return its result.

        Raises
        ------
        WireError
            If the connection broke.
        TimeoutError, StalledError
            If `wait` raises it.
        """
        while True:
            self._socket.settimeout(None if wait is None else max(0.001, wait()))
            try:
                return transfer()
            except TimeoutError:
                continue
            except OSError as problem:
                raise WireError(f"the connection broke: {problem}") from problem


def _frame(
    message: Mapping[str, Any],
    values: Mapping[str, Any],
    buffers: list[bytes],
    functions: list[Callable[..., Any]] | None,
) -> bytes:
    packed = {name: pack(value, buffers, functions) for name, value in values.items()}
    header = json.dumps({"message": message, "values": packed}).encode()
    if len(header) > LARGEST_HEADER or len(buffers) > MOST_BUFFERS or sum(map(len, buffers)) > LARGEST_BUFFERS:
        raise EncodingError("a message must be small enough to be read")
    sizes = struct.pack(f"<{len(buffers)}Q", *map(len, buffers))
    return b"".join((_HEAD.pack(len(header), len(buffers)), sizes, header, *buffers))


def pack(value: Any, buffers: list[bytes], functions: list[Callable[..., Any]] | None = None) -> Any:
    """Convert a value to JSON types, and return them.

    The bytes of arrays are appended to `buffers`. Functions other than ufuncs are appended to `functions`; they are
    refused if it is None.

    Raises
    ------
    EncodingError
        If the value contains something that cannot be sent.
    """

    def other(value: Any) -> Any:
        if type(value) is np.ndarray and dtype_name(value.dtype) in DTYPES:
            little = np.asarray(value, dtype=value.dtype.newbyteorder("<"), order="C")
            buffers.append(little.tobytes())
            return {"buffer": [len(buffers) - 1, dtype_name(value.dtype), list(value.shape)]}
        if type(value) is np.ndarray and value.dtype == np.longdouble:
            return {"long": other(value.astype(np.float64))}
        if isinstance(value, np.bool_ | np.number):  # a NumPy scalar, a float64 one too
            return {"scalar": other(np.asarray(value))}
        if type(value) is BatchNormCache:
            return {"cache": [encode(entry, other) for entry in tuple(value)]}
        if isinstance(value, calls.UnsupportedValue):
            return {"foreign": calls.printable(value.type_name)[:100]}
        if functions is not None and callable(value) and not isinstance(value, np.ufunc):
            functions.append(value)
            return {"function": len(functions) - 1}
        return None

    return encode(value, other)


def _split(data: bytearray, sizes: Iterable[int]) -> list[memoryview]:
    ends = list(itertools.accumulate(sizes))
    return [memoryview(data)[begin:end] for begin, end in itertools.pairwise([0, *ends])]


def unpack(data: Any, buffers: list[memoryview], functions: Callable[[int], Any] | None = None) -> Any:
    """Return the value that `pack` was called with, built from plain types only, even if the data were forged.

    `functions` returns a proxy for the function with the given index; with None, functions are refused. Each buffer
    becomes one array and is then removed from `buffers`: a short text that names a long buffer many times would
    otherwise fill our memory.

    Raises
    ------
    EncodingError
        If `pack` cannot have returned this.
    """

    def array(content: Any) -> np.ndarray[Any, Any]:
        number, dtype, shape = content
        if type(number) is not int or not 0 <= number < len(buffers):
            raise EncodingError("an array must have a buffer")
        if dtype not in DTYPES or len(shape) > 32 or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
            raise EncodingError(f"an array must have a known dtype and a shape (got {content!s:.80})")
        kind = np.dtype(dtype)
        if math.prod(shape) * kind.itemsize != len(buffers[number]):
            raise EncodingError(f"an array of shape {shape} and dtype {dtype} must have a buffer of its size")
        data, buffers[number] = buffers[number], memoryview(b"")
        return np.frombuffer(data, dtype=kind.newbyteorder("<")).astype(kind).reshape(shape)

    def long(content: Any) -> np.ndarray[Any, Any]:
        doubles = array(content["buffer"])
        if doubles.dtype != np.float64:  # an array of a shorter type would need more memory here than was sent
            raise EncodingError(f"an array of long doubles must travel as float64 (got {doubles.dtype})")
        return doubles.astype(np.longdouble)

    def function(number: Any) -> Any:
        if functions is None or type(number) is not int:
            raise EncodingError("a function cannot be sent to here")
        return functions(number)

    others: dict[str, Callable[[Any], Any]] = {
        "buffer": array,
        "long": long,
        "scalar": lambda content: array(content["buffer"])[()],
        "cache": lambda content: BatchNormCache._make(decode(entry, others) for entry in content),
        "foreign": lambda name: calls.UnsupportedValue(str(name)[:100]),
        "function": function,
    }
    return decode(data, others)


def error_to_message(error: BaseException) -> dict[str, str]:
    """Return an exception's type name and text, shortened to 100 and 2000 characters."""
    return {"type": calls.printable(type(error).__name__)[:100], "text": calls.text_of(error)[:_LONGEST_TEXT]}


def error_from_message(message: Any) -> BaseException:
    """Return an exception with the text of the message; it is not raised.

    It has the built-in type of the message's name, or else a new type of this name.

    Raises
    ------
    WireError
        If the message does not describe an exception.
    """
    try:
        name, text = (calls.printable(str(message[key])) for key in ("type", "text"))
        unknown: type[Exception] = type(name[:100], (Exception,), {})
    except (KeyError, TypeError, ValueError) as damage:
        raise WireError(f"an exception must have a type and a text ({damage!s:.80})") from None
    text = text[:_LONGEST_TEXT]
    kind = _EXCEPTIONS.get(name)
    try:
        if kind is not None:
            return kind(_Verbatim(text))
    except TypeError:  # a built-in type that needs more arguments than a text
        pass
    return unknown(text)


class _Verbatim(str):
    """A text whose `repr` is the text itself: a KeyError shows its argument's `repr`, which this text already is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _exceptions() -> Iterable[tuple[str, type[BaseException]]]:
    for name, kind in vars(builtins).items():
        if isinstance(kind, type) and issubclass(kind, Exception):
            yield name, kind
    yield "LinAlgError", np.linalg.LinAlgError
    yield "SystemExit", SystemExit
    yield "TooSlowError", TooSlowError
    yield "EndedError", EndedError


_EXCEPTIONS = dict(_exceptions())


def outcome_to_message(outcome: calls.Outcome) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the outcome of a call as a message and its values, for `Wire.send`.

    Long texts are shortened, and more than ten warnings are left out.
    """
    message = {
        "error": error_to_message(outcome.error) if outcome.error else None,
        "warnings": [calls.printable(text)[:_LONGEST_TEXT] for text in outcome.warnings[:10]],
        "printed": calls.printable(outcome.printed[:_LONGEST_TEXT]),
        "changed": outcome.changed[:100],
        "line": outcome.line[:_LONGEST_TEXT],
    }
    return message, {"value": outcome.value}


def outcome_from_message(message: Mapping[str, Any], values: Mapping[str, Any]) -> calls.Outcome:
    """Return the outcome of a call.

    Its value is built from plain types only, even if the message was forged. It is None if the call had an error.

    Raises
    ------
    WireError
        If something is missing or has a wrong type, or the value is nested too deeply.
    """
    texts = [message.get(name) for name in ("printed", "changed", "line")]
    warned = message.get("warnings")
    if not all(isinstance(text, str) for text in texts) or not isinstance(warned, list) or "value" not in values:
        raise WireError("an outcome must have a value, and texts that say how it came")
    printed, changed, line = (calls.printable(str(text))[:_LONGEST_TEXT] for text in texts)
    error = message.get("error")
    try:
        value = None if error is not None else calls.plain(values["value"])
    except RecursionError:
        raise WireError("a value must not be nested so deeply") from None
    return calls.Outcome(
        value=value,
        error=None if error is None else error_from_message(error),
        warnings=tuple(calls.printable(str(text))[:_LONGEST_TEXT] for text in warned[:10]),
        printed=printed,
        changed=changed,
        line=line,
    )
