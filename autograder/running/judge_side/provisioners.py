"""Provide kernels to jupyter_client: sandboxed forks of a zygote, or plain processes in trusted mode.

Trusted side. Both kinds have `channel`, our end of the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import select
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Unicode

from autograder.errors import ZygoteError
from autograder.running.judge_side import cgroups
from autograder.running.judge_side.process_usage import usage_of
from autograder.running.judge_side.remove_tree import remove_tree
from autograder.running.judge_side.time_limits import Usage
from autograder.running.judge_side.watchdog import Watched, used_more_memory, watchdog
from autograder.running.judge_side.zygote_client import START_TIMEOUT, zygote_error, zygote_of
from autograder.running.sandbox.options import Limits
from autograder.running.sandbox.processes import children
from autograder.running.wire import ADDRESS_VARIABLE

# In the order in which the kernel expects their sockets; jupyter_client's "port" is the position in this list.
_CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
_END_TIMEOUT = 5
_INTERRUPT_CHECKS = 1000
# The only environment variables that a kernel gets; the others may contain secrets.
_ENVIRONMENT = ("NBGRADER_EXECUTION",)


class ZygoteProvisioner(KernelProvisionerBase):
    """A kernel that a zygote forks into a sandbox of its own."""

    directory = Unicode(help="Private directory of the trusted side, for sockets.").tag(config=True)

    pid: int | None = None
    channel: socket.socket | None = None
    _killed_because: str = ""
    _limits: Limits = Limits()
    _handle: int | None = None  # pidfd of the kernel, or of its supervisor
    _sockets: str | None = None
    _scratch: str | None = None
    _watched: Watched | None = None
    _group: cgroups.Group | None = None

    @property
    def killed_because(self) -> str:
        """Return which limit the submission exceeded, if it was ended for that, else ""."""
        if self._group is not None and self._group.out_of_memory:
            return used_more_memory(self._limits.memory)
        return self._killed_because

    @property
    def usage(self) -> Usage:
        """Return a function that measures the CPU time of the submission; the kernel must have been started."""
        assert self.pid is not None
        return usage_of(self.pid, self._group)

    @property
    def has_process(self) -> bool:
        """Return whether a kernel was started and `wait` has not returned since."""
        return self._handle is not None

    async def poll(self) -> int | None:
        """Return None while the kernel runs, 1 when it has ended, and 0 if none was started or `wait` has returned."""
        if self._handle is None:
            return 0
        return 1 if self._has_ended() else None

    async def wait(self) -> int | None:
        """Wait without a limit until the kernel and all processes that it started have ended; return 0."""
        while not await self._ended_within(_END_TIMEOUT):
            pass
        self._release_handle()
        return 0

    async def send_signal(self, signum: int) -> None:
        """Send SIGINT to the kernel and wait up to 5 seconds until it has received it.

        SIGTERM and SIGKILL end the kernel, without waiting. Other signals are ignored.
        """
        if signum == signal.SIGINT:
            self._signal(signal.SIGINT)
            for _ in range(_INTERRUPT_CHECKS):
                if self.pid is None or not _interrupt_is_pending(self.pid, supervised=self._scratch is not None):
                    break
                await asyncio.sleep(_END_TIMEOUT / _INTERRUPT_CHECKS)
        elif signum in (signal.SIGTERM, signal.SIGKILL):
            self._end()

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all processes that it started, and wait up to 10 seconds until they have ended."""
        self._end()
        if not await self._ended_within(_END_TIMEOUT):
            self._signal(signal.SIGKILL)
            await self._ended_within(_END_TIMEOUT)

    async def terminate(self, restart: bool = False) -> None:
        """End the kernel and wait until it has ended, as `kill` does: it has nothing to clean up."""
        await self.kill(restart)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the paths of the kernel's sockets, and return the arguments for `launch_kernel`."""
        manager = self.parent
        self._sockets = tempfile.mkdtemp(prefix="k", dir=self.directory)
        manager.transport = "ipc"
        manager.ip = f"{self._sockets}/s"
        for place, name in enumerate(_CHANNELS, start=1):
            setattr(manager, f"{name}_port", place)
        self.connection_info = manager.get_connection_info()
        kwargs.pop("extra_arguments", None)  # for a command line, which a fork does not have
        arguments: dict[str, Any] = await super().pre_launch(cmd=[], **kwargs)
        return arguments

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, wait until it is ready, and return its connection's description.

        Raises
        ------
        ZygoteError
            If the zygote cannot start or fork, or the kernel does not become ready.
        """
        given = kwargs.get("env") or {}
        try:
            await asyncio.to_thread(self._launch, {name: given[name] for name in _ENVIRONMENT if name in given})
        except BaseException:
            await self.cleanup()  # jupyter_client cleans up only if the kernel has started
            raise
        return self.connection_info

    def _launch(self, environment: dict[str, str]) -> None:
        source = zygote_of(self.directory)
        self._limits = source.options.limits
        if source.home is not None:
            self._scratch = source.scratch_directory(source.home)
        key: Any = self.connection_info["key"]  # bytes, although its declared type differs
        request = {
            "key": key.decode(),
            "scheme": self.connection_info["signature_scheme"],
            "env": environment,
            "scratch": self._scratch,
        }
        self._group = cgroups.group(self._limits)
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        passed = [_listen(f"{self._sockets}/s-{place}") for place in range(1, len(_CHANNELS) + 1)] + [theirs]
        descriptors = [each.detach() for each in passed]
        try:
            if self._group is not None:
                descriptors.append(self._group.entrance())
            self.pid, self._handle, ready = source.fork(request, descriptors)
        finally:
            for each in descriptors:
                os.close(each)
        try:
            said = _read_ready_byte(ready, START_TIMEOUT)
        finally:
            os.close(ready)
        if said != b"R":
            text = said.decode(errors="replace")
            raise zygote_error("the kernel must say that it is ready", text, text)
        self._watch()

    def _watch(self) -> None:
        assert self.pid is not None
        if self._group is not None and self._scratch is None:
            return  # Linux enforces the limits: memory by the cgroup, files by the size of the mounts
        self._watched = Watched(
            process=self.pid,
            memory=self._limits.memory,
            excess=self._kill_because,
            scratch=Path(self._scratch) if self._scratch else None,
            disk=self._limits.scratch,
        )
        watchdog().watch(self._watched)

    def _kill_because(self, reason: str) -> None:
        self._killed_because = reason
        self._end()

    async def cleanup(self, restart: bool = False) -> None:
        """End the kernel if it runs, and wait until it has ended; close its connection and remove its directories."""
        if self._handle is not None:
            await self.kill()
        self._release_handle()
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        if self._group is not None:
            self._group.close()
        for directory in (self._sockets, self._scratch):
            if directory is not None:
                remove_tree(directory)
        self._sockets = self._scratch = None

    def _release_handle(self) -> None:
        if self._watched is not None:
            watchdog().forget(self._watched)
            self._watched = None
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _end(self) -> None:
        """Kill the kernel and all processes that it started, without waiting for their end.

        A supervisor does this when it gets SIGTERM.
        """
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


def _listen(path: str) -> socket.socket:
    """Return a new unix socket that listens at `path`, so that a client can connect before the kernel is ready."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(16)
    return listener


def _read_ready_byte(pipe: int, seconds: float) -> bytes:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    if not poll.poll(seconds * 1000):
        return f"nothing within {seconds} seconds".encode()
    return os.read(pipe, select.PIPE_BUF)


def _interrupt_is_pending(process: int, *, supervised: bool) -> bool:
    """Return whether an interrupt has not reached the kernel yet, or not its supervisor if it has one.

    Return False if the process has ended.
    """
    try:
        states = [_status(each) for each in (process, *(children(process) if supervised else ()))]
        # A supervisor that waits for the next signal has forwarded all earlier ones.
        waits = not supervised or states[0]["State"].startswith("S")
        pending = [int(state["ShdPnd"], 16) >> (signal.SIGINT - 1) & 1 for state in states]
    except (OSError, KeyError):
        return False  # the process has ended
    return not waits or any(pending)


def _status(process: int) -> dict[str, str]:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


class TrustedProvisioner(LocalProvisioner):
    """A kernel that is a plain process without a sandbox, so its code must be trusted.

    It is for macOS and Windows, which have no sandbox. The wire is a TCP connection over the loopback network.
    """

    edition = Unicode(help="Directory of the student edition.").tag(config=True)

    channel: socket.socket | None = None
    killed_because: str = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the process, wait until it has connected to us, and return its connection's description.

        Raises
        ------
        ZygoteError
            If it ends first, or does not connect within 300 seconds.
        """
        given = kwargs.get("env") or {}
        with socket.create_server(("127.0.0.1", 0)) as listener:
            token = secrets.token_hex(32)
            port = listener.getsockname()[1]
            # Variables with this prefix contain the course's seed and exercises.
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
        """Wait for the connection that sends the token, and return it.

        Connections without the token are closed, as other programs of this machine may connect as well.

        Raises
        ------
        ZygoteError
            If the process ends first, or does not connect within 300 seconds.
        """
        listener.settimeout(0.1)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise ZygoteError("the kernel must connect to us (got: it has ended)")
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(5)  # seconds; generous, as a kernel that is rejected does not connect again
            with contextlib.suppress(OSError):
                if secrets.compare_digest(_receive(connection, len(token)), token):
                    connection.settimeout(None)
                    return connection
            connection.close()
        raise ZygoteError(f"the kernel must connect to us within {START_TIMEOUT} seconds")

    @property
    def usage(self) -> Usage:
        """Return a function that measures the CPU time of the submission; the process must have been started."""
        assert self.pid is not None
        return usage_of(self.pid)

    async def cleanup(self, restart: bool = False) -> None:
        """Close the connection to the kernel; the process must have ended."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        await super().cleanup(restart)


def _receive(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length and (more := connection.recv(length - len(data))):
        data += more
    return data
