"""The zygote: a process that has imported everything and forks a ready, sandboxed kernel on request.

It is started by the trusted side as `python -m autograder.running.zygote FD OPTIONS`, with an environment that names
the edition as PYTHONPATH and little else. It first moves into the sandbox's root directory and then executes itself
anew, so that all it ever imports is imported from in there. Then it answers requests on FD, a unix socket of whole
packets, until the other end closes.

Each request is JSON with six or seven descriptors: five listening sockets, in the order of `warmkernel.CHANNELS`, the
kernel's end of the wire, and perhaps the entrance to a cgroup. The answer is JSON with two: a handle of the kernel's
supervisor, and a pipe that brings `R` when the kernel is ready, or else the reason why not.

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
from typing import Any, NoReturn

PACKET = 1 << 16
READY = b"R"


def main() -> None:
    """Run one of the two stages, and tell the other end why if that fails."""
    fd, options = int(sys.argv[1]), json.loads(sys.argv[2])
    connection = socket.socket(fileno=fd)
    try:
        if not options.get("prepared"):
            _execute_in_the_sandbox(fd, options)
        # All that a kernel needs, so that none has to import it again.
        from autograder.running import sandbox, serve, syscalls, warmkernel  # noqa: F401

        warmkernel.warm_up()
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()[-PACKET // 4 :]}
        connection.send(json.dumps(told).encode())
        sys.exit(1)
    connection.send(json.dumps({"ready": True}).encode())
    supervisors: dict[int, int] = {}
    answer_requests(connection, options, supervisors)
    for handle in supervisors:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
    for process in supervisors.values():
        os.waitpid(process, 0)


def _execute_in_the_sandbox(fd: int, options: dict[str, Any]) -> NoReturn:
    from autograder.running import sandbox

    edition = sandbox.prepare(options)
    home = options["home"] or "/tmp"
    os.chdir(home)
    environment = {**os.environ, "PYTHONPATH": edition, "HOME": home, "MPLCONFIGDIR": home, "IPYTHONDIR": home}
    os.set_inheritable(fd, True)
    # What the options say from here on can be read by the kernels too, in /proc.
    options |= {"prepared": True, "edition": edition, "hide": [] if home == "/tmp" else options["hide"]}
    arguments = [sys.executable, "-m", "autograder.running.zygote", str(fd), json.dumps(options)]
    os.execve(sys.executable, arguments, environment)


def answer_requests(connection: socket.socket, options: dict[str, Any], supervisors: dict[int, int]) -> None:
    """Answer requests until the other end closes or the trusted process ends.

    Parameters
    ----------
    connection
        The other end is the trusted process's.
    options
        As on the command line.
    supervisors
        Kept up to date: a handle of each running supervisor, and its process id.
    """
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    # A copy of the other end may live on in some child of the trusted process; the process itself decides.
    if (trusted := _handle_of(options["parent"])) is None:
        return
    waiting.register(trusted, select.POLLIN)
    while True:
        for ready, _ in waiting.poll():
            if ready == trusted:
                return
            if ready != connection.fileno():
                waiting.unregister(ready)
                os.waitpid(supervisors.pop(ready), 0)
                os.close(ready)
                continue
            data, fds, _, _ = socket.recv_fds(connection, PACKET, 16)
            if not data:
                return
            for fd in fds:
                os.set_inheritable(fd, False)  # programs that a student starts need none of them
            answer, handles = _fork(json.loads(data), fds, options)
            socket.send_fds(connection, [json.dumps(answer).encode()], handles)
            for fd in (*fds, *handles[1:]):
                os.close(fd)
            if handles:
                waiting.register(handles[0], select.POLLIN)
                supervisors[handles[0]] = answer["pid"]


def _handle_of(process: int) -> int | None:
    """Open a handle of the parent, unless it has ended already."""
    handle = os.pidfd_open(process)
    return handle if os.getppid() == process else None


def _fork(request: dict[str, Any], fds: list[int], options: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    reading, writing = os.pipe()
    zygote = os.getpid()
    try:
        child = os.fork()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        return {"error": str(error)}, []
    if child == 0:
        _be_a_kernel(request, fds, writing, zygote, options)
    os.close(writing)
    return {"pid": child}, [os.pidfd_open(child), reading]


def _be_a_kernel(request: dict[str, Any], fds: list[int], ready: int, zygote: int, options: dict[str, Any]) -> NoReturn:
    status = 1
    try:
        from autograder.running import sandbox, serve, syscalls, warmkernel

        syscalls.close_all_but({0, 1, 2, ready, *fds})
        *listeners, wire = fds[: len(warmkernel.CHANNELS) + 1]
        for entrance in fds[len(warmkernel.CHANNELS) + 1 :]:
            os.write(entrance, b"0")
            os.close(entrance)
        sandbox.enter(options, zygote, request["scratch"])
        os.environ.update(request["env"])
        named = dict(zip(warmkernel.CHANNELS, listeners, strict=True))
        app = warmkernel.make(named, request["key"], request["scheme"])
        serve.attach(socket.socket(fileno=wire))
        os.write(ready, READY)
        os.close(ready)
        app.start()  # type: ignore[no-untyped-call]  # ipykernel's types are partial
        status = 0
    except BaseException:
        # The pipe is closed once the kernel is ready; before, nothing of the student has run.
        with contextlib.suppress(OSError):
            os.write(ready, traceback.format_exc().encode()[-select.PIPE_BUF :])
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
