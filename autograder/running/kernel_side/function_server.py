"""Serve the judge's calls of the student's functions, each exercise in a forked process.

It runs in the same process as the student's code, which may change it: the judge trusts no message of it.
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

_FORK_TIMEOUT = 10  # seconds to wait for a free process where the limit of processes is reached


def attach(connection: socket.socket) -> None:
    """Register a server with the kernel's event loop, and return at once.

    The server answers the judge between cells and never during one.
    """
    from tornado.ioloop import IOLoop

    server = Server(connection, _user_namespace)
    IOLoop.current().add_handler(connection.fileno(), lambda *_: server.answer(), IOLoop.READ)


def attach_from_environment() -> None:
    """Connect to the judge at the address in the environment, and answer it in the event loop.

    The address is removed from the environment.

    Raises
    ------
    KeyError
        If there is no address.
    OSError
        If the connection fails.
    """
    host, port, token = os.environ.pop(ADDRESS_VARIABLE).rsplit(":", 2)
    connection = socket.create_connection((host, int(port)))
    connection.sendall(token.encode("ascii"))
    attach(connection)


def _user_namespace() -> Mapping[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell is not None else {}


class Server:
    """The server of the judge's control bytes; calls run in a fork, so that their side effects end with it.

    Parameters
    ----------
    connection : socket.socket
    namespace : callable
        Returns the notebook's global names.
    """

    def __init__(self, connection: socket.socket, namespace: Callable[[], Mapping[str, Any]]) -> None:
        self._connection = connection
        self._namespace = namespace
        self._child = 0

    def answer(self) -> None:
        """Wait for one control byte and execute it.

        INLINE serves calls until the judge ends them; the other bytes take a moment. For an unknown byte or a closed
        connection, the server stops.

        Raises
        ------
        OSError
            If the connection broke, or Linux refuses to fork for another reason than the limit of processes.
        """
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
            self._connection.sendall(DONE)  # the judge need not wait until Linux has freed the child's memory
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
            child = _fork_with_retry()
            if child:
                os.close(descriptor)
                self._child = child
            else:
                self._serve_in_child(descriptor, parent)
        finally:
            if parent >= 0:
                os.close(parent)

    def _serve_in_child(self, descriptor: int, parent: int) -> NoReturn:
        try:
            if sys.platform == "linux":
                from autograder.running.sandbox.syscalls import die_with  # cannot be imported on Windows

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


def _fork_with_retry() -> int:
    """Fork, and return the child's process id; 0 in the child.

    At the limit of processes and threads, wait up to 10 seconds until some have ended, and reap them.

    Raises
    ------
    BlockingIOError
        If the limit is still reached then.
    """
    until = time.monotonic() + _FORK_TIMEOUT
    # Python warns of a fork with several threads. The child uses no lock that another thread may hold.
    with warnings.catch_warnings(action="ignore"):
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
    """Wait for requests and answer each, until the judge sends "end" or closes the connection."""
    session = _Session(wire)
    while True:
        try:
            message, values = wire.receive(functions=session.proxy)
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
    """Send the outcome of a call.

    A result that cannot be sent is replaced by its description, which is judged wrong.

    Raises
    ------
    WireError
        If the connection broke.
    """
    try:
        wire.send(*outcome_to_message(outcome))
    except EncodingError:
        wire.send(
            *outcome_to_message(replace(outcome, value=calls.UnsupportedValue("a result too large to be judged")))
        )


class _Session:
    """The exchange of one process with the judge: each side may call functions of the other while it waits."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._own: list[Callable[..., Any]] = []

    def proxy(self, number: int) -> Callable[..., Any]:
        """Return a proxy for a function of the judge's, such as a loss to differentiate or an earlier reference.

        A call of the proxy waits for the result, and raises the function's exception.
        """

        def call(*args: Any, **kwargs: Any) -> Any:
            with calls.deadline_paused():
                return self._ask(number, args, kwargs)

        return call

    def _ask(self, number: int, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        values = {"args": [_plain(arg) for arg in args], "kwargs": {k: _plain(v) for k, v in kwargs.items()}}
        self._wire.send({"back": number}, values, self._own)
        while True:
            message, values = self._wire.receive(functions=self.proxy)
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
