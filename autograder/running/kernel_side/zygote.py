"""Run the zygote: a process that has imported everything and forks a ready, sandboxed kernel on request.

The judge's process starts it as `python -m autograder.running.kernel_side.zygote prepare FD PARENT OPTIONS`. PARENT is
the process that starts it. PYTHONPATH is the student edition; few other environment variables are set. It first moves
into the sandbox's root directory. Then it executes itself again with `serve` instead of `prepare`, so that every import
is from inside the sandbox. It answers requests on FD, a unix socket of type SOCK_SEQPACKET, until the other end closes.

A request for a kernel is JSON with six or seven descriptors: five listening sockets, in the order of
`warm_kernel.CHANNELS`, the kernel's end of the wire, and optionally the file `cgroup.procs` of a cgroup. The answer is
JSON with two descriptors: a pidfd of the kernel, or of its supervisor if it has one, and a pipe. The kernel writes `R`
to the pipe when it is ready, or else its traceback.

The request `{"client": true}` has one descriptor: another such socket, on which another process requests kernels of its
own. These kernels end when that socket's other end closes.

Kernel side: imports the standard library, IPython's kernel and siblings only.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from autograder.running.sandbox.options import SandboxOptions

if TYPE_CHECKING:
    from autograder.running.sandbox.enter import Parent

PACKET = 1 << 16
READY = b"R"


def main() -> None:
    """Run one of the two stages; if it fails, send the reason to the other end.

    The function never returns: it executes the next stage, or ends the process.

    Raises
    ------
    SystemExit
        With status 1 if the stage fails.
    """
    stage, fd, starter = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    connection = socket.socket(fileno=fd)
    try:
        options = SandboxOptions.from_json(sys.argv[4])
        if stage == "prepare":
            _execute_in_sandbox(fd, starter, options)
        sys.path[:] = [path for path in sys.path if Path(path).exists()]  # inside the sandbox
        # Import all that a kernel needs, so that no kernel has to.
        from autograder.running.kernel_side import (
            warm_kernel,
        )
        from autograder.running.sandbox import namespaces

        namespaces.prefixes()
        warm_kernel.warm_up()
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()[-PACKET // 4 :]}
        connection.send(json.dumps(told).encode())
        sys.exit(1)
    # A child of the trusted process may hold a copy of the other end, so watch the process too and not only the socket.
    trusted = _handle_of(starter)
    if trusted is not None:
        Service(connection, options).answer_until_the_end(trusted)
    os._exit(0)  # skip the interpreter's shutdown, which takes time and changes nothing


def _execute_in_sandbox(fd: int, starter: int, options: SandboxOptions) -> NoReturn:
    from autograder.running.sandbox import enter

    fonts = _font_lists()
    edition = enter.prepare(options)
    home = options.home or "/tmp"
    os.chdir(home)
    for name, content in fonts.items():
        Path(name).write_bytes(content)
    environment = {**os.environ, "PYTHONPATH": edition, "HOME": home, "MPLCONFIGDIR": home, "IPYTHONDIR": home}
    os.set_inheritable(fd, True)
    # Kernels can read this command line in /proc, so paths that they must not know are left out.
    seen = replace(options, edition=edition, hide=() if options.home is None else options.hide)
    arguments = ["serve", str(fd), str(starter), seen.to_json()]
    os.execve(sys.executable, [sys.executable, "-m", "autograder.running.kernel_side.zygote", *arguments], environment)


def _font_lists() -> dict[str, bytes]:
    """Return the content of each of matplotlib's cached lists of this machine's fonts, by file name.

    Without them, matplotlib would scan all fonts again. The result is empty if there are none, or they cannot be read.
    """
    try:
        return {path.name: path.read_bytes() for path in Path("~/.cache/matplotlib").expanduser().glob("fontlist-*")}
    except (OSError, RuntimeError):  # no home directory, or no right to read it
        return {}


class Service:
    """The server of the zygote: answers the first client, and the clients that it has added.

    Parameters
    ----------
    connection
        Socket to the first client, the trusted process.
    options
        The sandbox options of the command line.
    """

    def __init__(self, connection: socket.socket, options: SandboxOptions) -> None:
        self._first, self._options = connection, options
        self._clients: dict[int, socket.socket] = {}
        self._kernels: dict[int, tuple[int, int]] = {}  # from a pidfd to the process id and its client's descriptor
        # A supervisor must be able to kill its kernel's processes first, so it gets SIGTERM. In a process namespace,
        # Linux kills all other processes when the first one ends.
        self._ending = signal.SIGKILL if options.mode == "namespaces" else signal.SIGTERM
        self._waiting = select.poll()
        self._add_client(connection)

    def _add_client(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client.send(json.dumps({"ready": True}).encode())
        self._clients[client.fileno()] = client
        self._waiting.register(client, select.POLLIN)

    def answer_until_the_end(self, trusted: int) -> None:
        """Answer requests until the first client disconnects or the trusted process ends.

        Then end all kernels, wait until they have ended, and return.

        Parameters
        ----------
        trusted
            A pidfd of the trusted process.
        """
        self._waiting.register(trusted, select.POLLIN)
        first = self._first.fileno()
        while first in self._clients:
            for ready, _ in self._waiting.poll():
                if ready == trusted:
                    self._disconnect(first)
                elif ready in self._kernels:
                    self._reap(ready)
                elif ready in self._clients and not self._answer(self._clients[ready]):
                    self._disconnect(ready)
        for handle in self._kernels:
            signal.pidfd_send_signal(handle, self._ending)
        for process, _ in self._kernels.values():
            os.waitpid(process, 0)

    def _answer(self, client: socket.socket) -> bool:
        """Answer one request of a client, and return whether the client is still connected."""
        try:
            data, fds, _, _ = socket.recv_fds(client, PACKET, 16)
        except OSError:
            return False
        if not data:
            return False
        for fd in fds:
            os.set_inheritable(fd, False)  # programs that a student's code starts must not inherit them
        request = json.loads(data)
        if "client" in request:
            self._add_client(socket.socket(fileno=fds[0]))
            return True
        answer, handles = _fork(request, fds, self._options)
        if handles:
            self._waiting.register(handles[0], select.POLLIN)
            self._kernels[handles[0]] = (answer["pid"], client.fileno())
        with contextlib.suppress(OSError):  # the client has ended; the next poll reports that
            socket.send_fds(client, [json.dumps(answer).encode()], handles)
        for fd in (*fds, *handles[1:]):
            os.close(fd)
        return True

    def _disconnect(self, number: int) -> None:
        """Close the connection to a client, and end all its kernels, without waiting for their end.

        `number` is the descriptor of the connection.
        """
        self._waiting.unregister(number)
        self._clients.pop(number).close()
        for handle, (_, client) in self._kernels.items():
            if client == number:
                signal.pidfd_send_signal(handle, self._ending)

    def _reap(self, handle: int) -> None:
        self._waiting.unregister(handle)
        os.waitpid(self._kernels.pop(handle)[0], 0)
        os.close(handle)


def _handle_of(process: int) -> int | None:
    """Return a pidfd of the process `process`; None if this process has another parent, as its parent has ended.

    Raises
    ------
    ProcessLookupError
        If there is no such process.
    """
    handle = os.pidfd_open(process)
    return handle if os.getppid() == process else None


def _fork(request: dict[str, Any], fds: list[int], options: SandboxOptions) -> tuple[dict[str, Any], list[int]]:
    from autograder.running.sandbox import enter

    reading, writing = os.pipe()
    parent = enter.Parent.this()
    try:
        child = enter.fork(options)
    except OSError as error:
        os.close(reading)
        return {"error": str(error)}, []
    else:
        if child == 0:
            _run_kernel(request, fds, writing, parent, options)
    finally:
        os.close(parent.handle)
        os.close(writing)
    return {"pid": child}, [os.pidfd_open(child), reading]


def _run_kernel(
    request: dict[str, Any], fds: list[int], ready: int, parent: Parent, options: SandboxOptions
) -> NoReturn:
    status = 1
    try:
        from autograder.running.kernel_side import function_server, warm_kernel
        from autograder.running.sandbox import enter, syscalls

        syscalls.close_all_but({0, 1, 2, ready, parent.handle, *fds})
        *listeners, wire = fds[: len(warm_kernel.CHANNELS) + 1]
        for entrance in fds[len(warm_kernel.CHANNELS) + 1 :]:
            os.write(entrance, b"0")
            os.close(entrance)
        enter.enter(options, parent, request["scratch"])
        os.environ.update(request["env"])
        named = dict(zip(warm_kernel.CHANNELS, listeners, strict=True))
        app = warm_kernel.make(named, request["key"], request["scheme"])
        function_server.attach(socket.socket(fileno=wire))
        os.write(ready, READY)
        os.close(ready)
        app.start()  # type: ignore[no-untyped-call]  # ipykernel's types are partial
        status = 0
    except BaseException:
        # The pipe is closed as soon as the kernel is ready. Before that, no code of the student has run.
        with contextlib.suppress(OSError):
            os.write(ready, traceback.format_exc().encode()[-select.PIPE_BUF :])
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
