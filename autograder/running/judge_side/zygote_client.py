"""Start a zygote, request kernels from it, and share it with other processes of the grader.

Trusted side.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.errors import ZygoteError
from autograder.running.judge_side.remove_tree import remove_tree
from autograder.running.sandbox.options import SandboxOptions

# Seconds; long enough for a busy machine. No code of a submission runs yet, and if the zygote fails, its socket closes
# at once.
START_TIMEOUT = 300
_END_TIMEOUT = 5
_PACKET = 1 << 16
_KEPT_FOR_ZYGOTE = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")


def zygote_error(wanted: str, got: str, details: str) -> ZygoteError:
    """Return an error whose message contains `wanted` and the last line of `got`, the most useful one.

    A note has `details`, or all of `got` if `details` is empty.
    """
    lines = got.strip().splitlines() or ["nothing"]
    error = ZygoteError(f"{wanted} (got {lines[-1]})")
    error.add_note(details or got)
    return error


@dataclass(frozen=True)
class ZygoteShare:
    """A share in this process's zygote, with which another process can request kernels.

    Attributes
    ----------
    connection : socket.socket
        Connection to the zygote. When it closes, the kernels requested over it end.
    home : str or None
        See `Zygote.home`.
    """

    connection: socket.socket
    home: str | None


class Zygote:
    """The process from which sandboxed kernels are forked; it is started at once, and restarted after it has died.

    Parameters
    ----------
    options : SandboxOptions
    directory : Path
        Private directory for its log.
    share : ZygoteShare or None
        Share in another process's zygote. When that zygote has died, one of our own is started.
    """

    def __init__(self, options: SandboxOptions, directory: Path, share: ZygoteShare | None = None) -> None:
        self.options = options
        self._log = directory / "zygote.log"
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._own_home: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if share is None:
            self._start()
        else:
            self._socket, self._home, self._ready = share.connection, share.home, False
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """Return its process id; None if it has ended or belongs to another process."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def share(self) -> ZygoteShare:
        """Return a new share, with which another process can request kernels from this zygote.

        Raises
        ------
        ConnectionError
            If the zygote has ended.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                socket.send_fds(self._socket, [b'{"client": true}'], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        return ZygoteShare(ours, self._home)

    def _is_alive(self) -> bool:
        if self._process is not None:
            return self.pid is not None
        poll = select.poll()
        poll.register(self._socket, 0)
        return not poll.poll(0)  # the other end has not closed the connection

    def _start(self) -> None:
        if self.options.mode == "landlock" and self._own_home is None:
            self._own_home = self.scratch_directory(None)
        self._home = self._own_home
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        options = replace(self.options, home=self._home)
        environment = {name: os.environ[name] for name in _KEPT_FOR_ZYGOTE if name in os.environ}
        environment |= {
            "PYTHONPATH": self.options.edition,
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",  # add no files to the edition
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "autograder.running.kernel_side.zygote",
                    "prepare",
                    str(theirs.fileno()),
                    str(os.getpid()),
                    options.to_json(),
                ],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                process_group=0,  # Ctrl-C in a terminal must interrupt the grader only, not the zygote
            )
        self._socket = ours
        self._ready = False

    def scratch_directory(self, within: str | None) -> str:
        """Create a directory that the kernels' user may write to, and return its path.

        `within` is its parent; None for the system's directory for temporary files.
        """
        path = tempfile.mkdtemp(prefix="autograder-", dir=within)
        if self.options.user and os.getuid() == 0:
            os.chown(path, *self.options.user)
        return path

    @property
    def home(self) -> str | None:
        """Return the parent of the kernels' scratch directories, as a path; None in mode namespaces."""
        return self._home

    def fork(self, request: dict[str, Any], fds: list[int]) -> tuple[int, int, int]:
        """Request a kernel, and wait until it is forked; restart the zygote first if it has died.

        `request` is sent as JSON, together with the descriptors `fds`, which stay open here.

        Returns
        -------
        pid, handle, ready
            The process id of the kernel, or of its supervisor if it has one; a pidfd of that process; and a pipe from
            which `R` can be read when the kernel is ready.

        Raises
        ------
        ZygoteError
            If the zygote cannot start or fork.
        """
        with self._lock:
            if not self._is_alive():
                self._end()
                self._start()
            if not self._ready:
                self._receive()
                self._ready = True
            socket.send_fds(self._socket, [json.dumps(request).encode()], fds)
            answer, handles = self._receive()
        return int(answer["pid"]), handles[0], handles[1]

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        self._socket.settimeout(START_TIMEOUT)
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, _PACKET, 2)
        except (TimeoutError, ConnectionError) as error:
            data, fds, said = b"", [], str(error)
        else:
            said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:] if self._log.exists() else ""
        for fd in fds:
            os.set_inheritable(fd, False)
        answer = json.loads(data) if data else {"error": said or "it ended without a word"}
        if "error" in answer:
            raise zygote_error("the zygote must start and fork kernels", answer["error"], answer.get("traceback", ""))
        return answer, fds

    def _end(self) -> None:
        self._socket.close()
        if self._process is not None:
            try:
                self._process.wait(_END_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """Close the connection, and wait until the zygote and all its kernels have ended.

        A zygote that does not end within 5 seconds is killed. In a fork of the process that created this object,
        nothing happens.
        """
        if os.getpid() != self._owner:
            return  # this process is a fork; the zygote belongs to its parent
        atexit.unregister(self.close)
        with self._lock:
            self._end()
        if self._own_home is not None:
            remove_tree(self._own_home)
            self._own_home = None


_zygotes: dict[str, Zygote] = {}
_zygotes_lock = threading.Lock()


def start_zygote(directory: str, options: SandboxOptions, share: ZygoteShare | None = None) -> Zygote:
    """Start a zygote and return it, registered under this directory; do not wait until it is ready.

    With a `share` in another process's zygote, that one is used and none is started.
    """
    with _zygotes_lock:
        key = f"{os.getpid()}:{directory}"
        _zygotes[key] = Zygote(options, Path(directory), share)
        return _zygotes[key]


def zygote_of(directory: str) -> Zygote:
    """Return the zygote that this process registered under this directory.

    Raises
    ------
    ZygoteError
        If there is none, or it was closed.
    """
    with _zygotes_lock:
        found = _zygotes.get(f"{os.getpid()}:{directory}")
    if found is None:
        raise ZygoteError(f"a kernel must be started before its kernels are closed (got {directory})")
    return found


def close_zygote(directory: str) -> None:
    """End the zygote that this process registered under this directory, if there is one, and wait for its end."""
    with _zygotes_lock:
        found = _zygotes.pop(f"{os.getpid()}:{directory}", None)
    if found is not None:
        found.close()
