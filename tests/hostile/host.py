"""Helpers to observe the host: its files, processes that a command leaves behind, and servers for attackers to reach."""

from __future__ import annotations

import ctypes
import hashlib
import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.running.sandbox.processes import descendants

_PR_SET_CHILD_SUBREAPER = 36
_MILLISECONDS_TO_END = 120_000  # a process left behind would never end


@dataclass(frozen=True)
class Servers:
    """Addresses of the host that a submission must not reach.

    Attributes
    ----------
    port : int
        Of servers on 127.0.0.1 and, if the machine has it, on ::1.
    socket : str
        Name of an abstract unix socket, without its leading zero byte.
    """

    port: int
    socket: str


def snapshot(directory: Path) -> dict[Path, tuple[int, bytes]]:
    """Return mode and digest of every file below a directory; the digest is empty for what is no regular file."""
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            path = Path(parent, name)
            mode, digest = path.lstat().st_mode, b""
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "blake2b").digest()
            found[path] = (mode, digest)
    return found


@contextmanager
def adopted_orphans() -> Iterator[Callable[[], list[int]]]:
    """Make this process the parent of orphans; yield a function that lists those that do not end by themselves."""
    before = descendants(os.getpid())
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield lambda: [process for process in descendants(os.getpid()) - before if not _ends_by_itself(process)]
    finally:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _ends_by_itself(process: int) -> bool:
    """Check that an orphan ends by itself, as multiprocessing's helper processes do."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(_MILLISECONDS_TO_END):
            return False
        with suppress(ChildProcessError):
            os.waitpid(process, 0)
        return True
    finally:
        os.close(handle)


@contextmanager
def listening_servers() -> Iterator[Servers]:
    """Listen on the host's loopback devices and on an abstract socket; greet everybody who connects."""
    name = f"hostile-{os.getpid()}"
    with ExitStack() as stack:
        loopback = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = int(loopback.getsockname()[1])
        listening = [loopback]
        with suppress(OSError):  # a machine without IPv6
            listening.append(stack.enter_context(socket.create_server(("::1", port), family=socket.AF_INET6)))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(f"\0{name}")
        unix.listen()
        listening.append(unix)
        for server in listening:
            threading.Thread(target=_greet, args=(server,), daemon=True).start()
        for server in listening:
            with socket.socket(server.family) as client:
                client.connect(server.getsockname())
                assert client.recv(99) == b"welcome"  # the servers answer, so "refused" comes from the sandbox
        yield Servers(port, name)
        for server in listening:
            server.shutdown(socket.SHUT_RDWR)


def _greet(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"welcome")
