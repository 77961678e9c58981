"""How jupyter_client gets its kernels: ready and sandboxed from a zygote, or plain processes where nothing confines.

Trusted side. Both kinds offer `channel`, our end of the wire.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Dict, Unicode

from autograder.errors import ZygoteError
from autograder.running.judge_side import cgroups
from autograder.running.judge_side.remove_tree import remove_tree
from autograder.running.judge_side.watchdog import Watched, used_more_memory, watchdog
from autograder.running.sandbox.processes import children
from autograder.running.wire import ADDRESS_VARIABLE

# In the order in which the kernel takes their sockets; jupyter_client's "port" is the place.
_CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
_PACKET = 1 << 16
_SECONDS_TO_START = 30
_SECONDS_TO_END = 5
_LOOKS_FOR_AN_INTERRUPT = 1000
# Of the environment that a kernel is started with, only what no secret can be in.
_PASSED_ON = ("NBGRADER_EXECUTION",)
_KEPT_FOR_ZYGOTE = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")


def _zygote_error(wanted: str, got: str, details: str) -> ZygoteError:
    """Put the last line, which says most, into the message and the rest into a note."""
    lines = got.strip().splitlines() or ["nothing"]
    error = ZygoteError(f"{wanted} (got {lines[-1]})")
    error.add_note(details or got)
    return error


@dataclass(frozen=True)
class Share:
    """What another process needs to have kernels forked by a zygote of this one.

    Attributes
    ----------
    connection : socket.socket
        When it closes, those kernels end.
    home : str or None
        As `Zygote.home`.
    """

    connection: socket.socket
    home: str | None


class Zygote:
    """The process that sandboxed kernels are forked from, started at once and again when it has died.

    Parameters
    ----------
    options : dict
        What `autograder.running.kernel_side.zygote` reads: `mode`, `edition`, `user`, `hide`, `limits` and `filter`.
    directory : Path
        Private directory for its log.
    share : Share or None
        A part in another process's zygote: one of our own is started when that one has died.
    """

    def __init__(self, options: dict[str, Any], directory: Path, share: Share | None = None) -> None:
        self._options = options
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
        """Its process id while it runs, if it is our own."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def share(self) -> Share:
        """Let another process have kernels forked by it.

        Raises
        ------
        ConnectionError
            If it has ended.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                socket.send_fds(self._socket, [b'{"client": true}'], [theirs.fileno()])
        except OSError:
            ours.close()
            raise
        return Share(ours, self._home)

    def _lives(self) -> bool:
        if self._process is not None:
            return self.pid is not None
        poll = select.poll()
        poll.register(self._socket, 0)
        return not poll.poll(0)  # nobody has hung up

    def _start(self) -> None:
        if self._options["mode"] == "landlock" and self._own_home is None:
            self._own_home = self.scratch_directory(None)
        self._home = self._own_home
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        options = {**self._options, "home": self._home, "parent": os.getpid()}
        environment = {name: os.environ[name] for name in _KEPT_FOR_ZYGOTE if name in os.environ}
        environment |= {
            "PYTHONPATH": self._options["edition"],
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",  # the edition stays as it was made
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
                    str(theirs.fileno()),
                    json.dumps(options),
                ],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                process_group=0,  # Ctrl-C in a terminal is for whoever started us
            )
        self._socket = ours
        self._ready = False

    def scratch_directory(self, within: str | None) -> str:
        """Make a directory that its kernels' user may write to."""
        path = tempfile.mkdtemp(prefix="autograder-", dir=within)
        if self._options["user"] and os.getuid() == 0:
            os.chown(path, *self._options["user"])
        return path

    @property
    def home(self) -> str | None:
        """Where kernels without a root directory of their own have their scratch directories."""
        return self._home

    def fork(self, request: dict[str, Any], fds: list[int]) -> tuple[int, int, int]:
        """Ask for a kernel.

        Returns
        -------
        pid, handle, ready
            Process id of the kernel, or of its supervisor where it has one; a pidfd of it; and the pipe that brings a
            word when the kernel is ready.
        """
        with self._lock:
            if not self._lives():
                self._end()
                self._start()
            if not self._ready:
                self._receive()
                self._ready = True
            socket.send_fds(self._socket, [json.dumps(request).encode()], fds)
            answer, handles = self._receive()
        return int(answer["pid"]), handles[0], handles[1]

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        self._socket.settimeout(_SECONDS_TO_START)
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
            raise _zygote_error("the zygote must start and fork kernels", answer["error"], answer.get("traceback", ""))
        return answer, fds

    def _end(self) -> None:
        self._socket.close()
        if self._process is not None:
            try:
                self._process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """End it and, with it, all its kernels."""
        if os.getpid() != self._owner:
            return  # the copy of a fork; the zygote belongs to the parent
        atexit.unregister(self.close)
        with self._lock:
            self._end()
        if self._own_home is not None:
            remove_tree(self._own_home)
            self._own_home = None


_zygotes: dict[str, Zygote] = {}
_zygotes_lock = threading.Lock()


def zygote(directory: str, options: dict[str, Any], share: Share | None = None) -> Zygote:
    """Give the one zygote of this process that has this directory; start it, or take a share, if there is none."""
    key = f"{os.getpid()}:{directory}"
    with _zygotes_lock:
        if key not in _zygotes:
            _zygotes[key] = Zygote(options, Path(directory), share)
        return _zygotes[key]


def close_zygote(directory: str) -> None:
    """End the zygote that has this directory, if there is one."""
    with _zygotes_lock:
        found = _zygotes.pop(f"{os.getpid()}:{directory}", None)
    if found is not None:
        found.close()


class ZygoteProvisioner(KernelProvisionerBase):
    """Kernels forked by a zygote into a sandbox of their own."""

    directory = Unicode(help="Private directory of the trusted side, for sockets.").tag(config=True)
    options = Dict(help="What the zygote reads.").tag(config=True)

    pid: int | None = None
    channel: socket.socket | None = None
    _killed_because: str = ""
    _handle: int | None = None  # pidfd of the kernel, or of its supervisor
    _sockets: str | None = None
    _scratch: str | None = None
    _watched: Watched | None = None
    _group: cgroups.Group | None = None

    @property
    def killed_because(self) -> str:
        """Which limit the submission broke, if it was ended for that."""
        if self._group is not None and self._group.out_of_memory:
            return used_more_memory(self.options["limits"]["memory"])
        return self._killed_because

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet waited for."""
        return self._handle is not None

    async def poll(self) -> int | None:
        """Give None while the kernel runs."""
        if self._handle is None:
            return 0
        return 1 if self._has_ended() else None

    async def wait(self) -> int | None:
        """Wait until the kernel and everything it started has ended."""
        while not await self._ended_within(_SECONDS_TO_END):
            pass
        self._let_go()
        return 0

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel, and wait until it has been; or end it."""
        if signum == signal.SIGINT:
            self._signal(signal.SIGINT)
            for _ in range(_LOOKS_FOR_AN_INTERRUPT):
                if self.pid is None or not _is_on_its_way(self.pid, supervised=self._scratch is not None):
                    break
                await asyncio.sleep(_SECONDS_TO_END / _LOOKS_FOR_AN_INTERRUPT)
        elif signum in (signal.SIGTERM, signal.SIGKILL):
            self._end()

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and everything it started, and wait for that."""
        self._end()
        if not await self._ended_within(_SECONDS_TO_END):
            self._signal(signal.SIGKILL)
            await self._ended_within(_SECONDS_TO_END)

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel; there is nothing in it to be polite to."""
        await self.kill(restart)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Say where the kernel's sockets are going to be."""
        manager = self.parent
        self._sockets = tempfile.mkdtemp(prefix="k", dir=self.directory)
        manager.transport = "ipc"
        manager.ip = f"{self._sockets}/s"
        for place, name in enumerate(_CHANNELS, start=1):
            setattr(manager, f"{name}_port", place)
        self.connection_info = manager.get_connection_info()
        kwargs.pop("extra_arguments", None)  # of a command line, which a fork has not
        arguments: dict[str, Any] = await super().pre_launch(cmd=[], **kwargs)
        return arguments

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel and wait until it is ready."""
        given = kwargs.get("env") or {}
        try:
            await asyncio.to_thread(self._launch, {name: given[name] for name in _PASSED_ON if name in given})
        except BaseException:
            await self.cleanup()  # jupyter_client cleans up after kernels that did start
            raise
        return self.connection_info

    def _launch(self, environment: dict[str, str]) -> None:
        source = zygote(self.directory, self.options)
        if source.home is not None:
            self._scratch = source.scratch_directory(source.home)
        key: Any = self.connection_info["key"]  # bytes, whatever its type says
        request = {
            "key": key.decode(),
            "scheme": self.connection_info["signature_scheme"],
            "env": environment,
            "scratch": self._scratch,
        }
        self._group = cgroups.group(self.options["limits"])
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        passed = [_listening(f"{self._sockets}/s-{place}") for place in range(1, len(_CHANNELS) + 1)] + [theirs]
        descriptors = [each.detach() for each in passed]
        try:
            if self._group is not None:
                descriptors.append(self._group.entrance())
            self.pid, self._handle, ready = source.fork(request, descriptors)
        finally:
            for each in descriptors:
                os.close(each)
        try:
            said = _said_within(ready, _SECONDS_TO_START)
        finally:
            os.close(ready)
        if said != b"R":
            text = said.decode(errors="replace")
            raise _zygote_error("the kernel must say that it is ready", text, text)
        self._watch()

    def _watch(self) -> None:
        assert self.pid is not None
        if self._group is not None and self._scratch is None:
            return  # Linux does
        limits = self.options["limits"]
        self._watched = Watched(
            process=self.pid,
            memory=limits["memory"],
            excess=self._kill_because,
            scratch=Path(self._scratch) if self._scratch else None,
            disk=limits["scratch"],
        )
        watchdog().watch(self._watched)

    def _kill_because(self, reason: str) -> None:
        self._killed_because = reason
        self._end()

    async def cleanup(self, restart: bool = False) -> None:
        """Leave nothing behind."""
        if self._handle is not None:
            await self.kill()
        self._let_go()
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        if self._group is not None:
            self._group.close()
        for directory in (self._sockets, self._scratch):
            if directory is not None:
                remove_tree(directory)
        self._sockets = self._scratch = None

    def _let_go(self) -> None:
        if self._watched is not None:
            watchdog().forget(self._watched)
            self._watched = None
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _end(self) -> None:
        """Kill the kernel, and all it started with it; where it has a supervisor, have that do it."""
        self._signal(signal.SIGKILL if self._scratch is None else signal.SIGTERM)

    def _signal(self, number: int) -> None:
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def _has_ended(self) -> bool:
        return self._handle is None or bool(select.select([self._handle], [], [], 0)[0])

    async def _ended_within(self, seconds: float) -> bool:
        if self._has_ended():
            return True
        assert self._handle is not None
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(self._handle, ended.set)
        try:
            await asyncio.wait_for(ended.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._handle)
        return True


def _listening(path: str) -> socket.socket:
    """Give a bound and listening socket: a client that comes before the kernel is ready need not come again."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(16)
    return listener


def _said_within(pipe: int, seconds: float) -> bytes:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    if not poll.poll(seconds * 1000):
        return f"nothing within {seconds} seconds".encode()
    return os.read(pipe, select.PIPE_BUF)


def _is_on_its_way(process: int, *, supervised: bool) -> bool:
    """Tell whether an interrupt has yet to come to a kernel, or from a supervisor to its kernel."""
    try:
        states = [_status(each) for each in (process, *(children(process) if supervised else ()))]
        # A supervisor that waits for the next signal has passed on what came before.
        waits = not supervised or states[0]["State"].startswith("S")
        pending = [int(state["ShdPnd"], 16) >> (signal.SIGINT - 1) & 1 for state in states]
    except (OSError, KeyError):
        return False  # it has ended
    return not waits or any(pending)


def _status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


class TrustedProvisioner(LocalProvisioner):
    """Kernels that are plain processes: nothing confines them, so the code must be trusted.

    For macOS and Windows, where there is no sandbox. The wire is a loopback connection.
    """

    edition = Unicode(help="Directory of the student edition.").tag(config=True)

    channel: socket.socket | None = None
    killed_because: str = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the process and wait until it has connected the wire."""
        given = kwargs.get("env") or {}
        with socket.create_server(("127.0.0.1", 0)) as listener:
            token = secrets.token_hex(32)
            port = listener.getsockname()[1]
            # The course's seed and exercises are in variables of this name.
            kept = {name: value for name, value in given.items() if not name.startswith("AUTOGRADER_")}
            kwargs["env"] = kept | {
                "PYTHONPATH": self.edition,
                "PYTHONSAFEPATH": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "MPLBACKEND": "module://matplotlib_inline.backend_inline",
                "OPENBLAS_NUM_THREADS": "1",
                ADDRESS_VARIABLE: f"127.0.0.1:{port}:{token}",
            }
            kwargs |= {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            info = await super().launch_kernel(cmd, **kwargs)
            try:
                self.channel = await asyncio.to_thread(self._accept, listener, token.encode("ascii"))
            except BaseException:
                await self.kill()
                await self.wait()
                raise
        return info

    def _accept(self, listener: socket.socket, token: bytes) -> socket.socket:
        """Take the connection that knows the token; any other program of this machine may try as well."""
        listener.settimeout(0.1)
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise ZygoteError("the kernel must connect to us (got: it has ended)")
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(5)  # seconds: a kernel turned away does not come again, busy as its machine may be
            with contextlib.suppress(OSError):
                if secrets.compare_digest(_received(connection, len(token)), token):
                    connection.settimeout(None)
                    return connection
            connection.close()
        raise ZygoteError(f"the kernel must connect to us within {_SECONDS_TO_START} seconds")

    async def cleanup(self, restart: bool = False) -> None:
        """Close the wire."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        await super().cleanup(restart)


def _received(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length and (more := connection.recv(length - len(data))):
        data += more
    return data
