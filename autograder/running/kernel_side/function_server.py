"""The kernel's side of the wire: calls the student's functions, in a process of their own, and sends what they gave.

It runs where the student's code runs and may be changed by it: nothing that it says is believed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from autograder.errors import EncodingError, WireError
from autograder.judging import calls
from autograder.running.wire import (
    ADDRESS_VARIABLE,
    DONE,
    FORK,
    FULL,
    INLINE,
    STOP,
    Wire,
    error_from_message,
    error_to_message,
    outcome_to_message,
)

_ROOM_TIMEOUT = 10


def attach(connection: socket.socket) -> None:
    """Let the kernel's event loop answer the judge, between cells and never during one."""
    from tornado.ioloop import IOLoop

    server = Server(connection, _user_namespace)
    IOLoop.current().add_handler(connection.fileno(), lambda *_: server.answer(), IOLoop.READ)


def attach_from_environment() -> None:
    """Connect to the judge at the address that the environment gives, and let the event loop answer it."""
    host, port, token = os.environ.pop(ADDRESS_VARIABLE).rsplit(":", 2)
    connection = socket.create_connection((host, int(port)))
    connection.sendall(token.encode("ascii"))
    attach(connection)


def _user_namespace() -> Mapping[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell is not None else {}


class Server:
    """Answers the judge's bytes: functions are called in a fork, so that what they leave behind is gone afterwards.

    Parameters
    ----------
    connection : socket.socket
    namespace : callable
        Gives the notebook's names.
    """

    def __init__(self, connection: socket.socket, namespace: Callable[[], Mapping[str, Any]]) -> None:
        self._connection = connection
        self._namespace = namespace
        self._child = 0

    def answer(self) -> None:
        """Read one byte and do what it says."""
        if hasattr(socket, "recv_fds") and self._connection.family != socket.AF_INET:
            said, descriptors, _, _ = socket.recv_fds(self._connection, 1, 1)
        else:
            said, descriptors = self._connection.recv(1), []
        if said == FORK:
            self._kill()
            self._wait()
            try:
                self._fork(descriptors[0])
            except BlockingIOError:
                self._connection.sendall(FULL)
                return
        elif said == STOP:
            self._kill()
            self._connection.sendall(DONE)  # the judge need not wait while Linux takes its memory apart
            self._wait()
            return
        elif said == INLINE:
            self._connection.sendall(DONE)
            _serve(Wire(self._connection), self._namespace())
            return
        else:
            from tornado.ioloop import IOLoop

            IOLoop.current().remove_handler(self._connection.fileno())
            return
        self._connection.sendall(DONE)

    def _fork(self, descriptor: int) -> None:
        parent = os.pidfd_open(os.getpid()) if sys.platform == "linux" else -1
        try:
            child = _forked()
            if child:
                os.close(descriptor)
                self._child = child
            else:
                self._serve_as_a_child(descriptor, parent)
        finally:
            if parent >= 0:
                os.close(parent)

    def _serve_as_a_child(self, descriptor: int, parent: int) -> NoReturn:
        try:
            if sys.platform == "linux":
                from autograder.running.sandbox.syscalls import die_with  # its library is not there on Windows

                die_with(parent)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._connection.close()
            _serve(Wire(socket.socket(fileno=descriptor)), self._namespace())
        finally:
            os._exit(0)

    def _kill(self) -> None:
        if self._child:
            os.kill(self._child, signal.SIGKILL)

    def _wait(self) -> None:
        if self._child:
            os.waitpid(self._child, 0)
            self._child = 0


def _forked() -> int:
    """Fork; at the limit of processes and threads, wait for some to end, and let go of those that have."""
    until = time.monotonic() + _ROOM_TIMEOUT
    with warnings.catch_warnings(action="ignore"):  # the child uses none of the other threads' locks
        while True:
            try:
                return os.fork()
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                with contextlib.suppress(ChildProcessError):
                    while os.waitpid(-1, os.WNOHANG)[0]:
                        pass
                time.sleep(0.05)


def _serve(wire: Wire, namespace: Mapping[str, Any]) -> None:
    """Answer requests until the judge has no more."""
    session = _Session(wire)
    while True:
        try:
            message, values = wire.receive(functions=session.far)
        except WireError:
            return
        request = message.get("request")
        if request == "end":
            return
        function = namespace.get(str(message.get("function")))
        if request == "look":
            names = list(calls.globals_among(function, message["names"]))
            wire.send({"callable": callable(function), "names": names}, {})
        elif request == "call":
            _send(wire, _outcome(function, message, values))


def _outcome(function: Any, message: Mapping[str, Any], values: Mapping[str, Any]) -> calls.Outcome:
    if values["references"]:
        function = calls.with_references(function, values["references"])
    arguments = tuple(values["args"]), values["kwargs"]
    return calls.call(function, *arguments, writable=bool(message["writable"]), may_sleep=True)


def _send(wire: Wire, outcome: calls.Outcome) -> None:
    """Send what a call left; a result that cannot travel is named, so that it can be called wrong."""
    try:
        wire.send(*outcome_to_message(outcome))
    except EncodingError:
        wire.send(
            *outcome_to_message(replace(outcome, value=calls.UnsupportedValue("a result too large to be judged")))
        )


class _Session:
    """One process's talk with the judge: each side may call functions of the other while it waits."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._own: list[Callable[..., Any]] = []

    def far(self, number: int) -> Callable[..., Any]:
        """Give what stands for a function of the judge's: a loss to be differentiated, an earlier reference."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with calls.deadline_paused():
                return self._ask(number, args, kwargs)

        return call

    def _ask(self, number: int, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        values = {"args": [_plain(arg) for arg in args], "kwargs": {k: _plain(v) for k, v in kwargs.items()}}
        self._wire.send({"back": number}, values, self._own)
        while True:
            message, values = self._wire.receive(functions=self.far)
            if "own" not in message:
                break
            self._answer(message, values)
        if message.get("error") is not None:
            raise error_from_message(message["error"])
        return values["value"]

    def _answer(self, message: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        try:
            value = calls.plain(self._own[message["own"]](*values["args"], **values["kwargs"]))
        except Exception as problem:
            self._wire.send({"error": error_to_message(problem)}, {})
        else:
            self._wire.send({"error": None}, {"value": value})


def _plain(value: Any) -> Any:
    return value if callable(value) else calls.plain(value)
