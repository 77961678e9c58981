"""A tiny student edition, kernels for it, and a way to run code in one."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import GENEROUS, ROOT

from autograder.running.judge_side.doctor import Machine, examine_machine
from autograder.running.judge_side.kernels import Kernels
from autograder.running.sandbox.options import Limits

ROOMS = ("sandbox", "kernel_side")
SERVE = '''
"""Says hello, which is all that these tests ask of a wire."""
import os, socket

def attach(connection):
    global kept
    kept = connection
    connection.sendall(b"hello")

def attach_from_environment():
    host, port, token = os.environ.pop("AUTOGRADER_WIRE").rsplit(":", 2)
    connection = socket.create_connection((host, int(port)))
    connection.sendall(token.encode())
    attach(connection)
'''


class SandboxedKernel:
    """A client of a kernel in a sandbox: it runs code and returns the output."""

    def __init__(self, kernels: Kernels) -> None:
        self._loop = asyncio.new_event_loop()
        self.manager = kernels.manager()
        try:
            self._loop.run_until_complete(self.manager.start_kernel())
        except BaseException:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
            raise
        self.provisioner: Any = self.manager.provisioner
        self._client: Any = self.manager.client()
        self._client.start_channels()
        self._loop.run_until_complete(self._client.wait_for_ready(GENEROUS))

    def run(self, code: str) -> str:
        """Run a cell; return its printed and displayed text, and the name and text of its error."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] in ("execute_result", "display_data"):
                said.append(content["data"]["text/plain"])
            elif message["msg_type"] == "error":
                said.append(f"{content['ename']}: {content['evalue']}")

        running = self._client.execute_interactive(code, allow_stdin=False, output_hook=hear, timeout=GENEROUS)
        self._loop.run_until_complete(running)
        return "".join(said).strip()

    def wait_until_it_ends(self) -> None:
        """Wait until the kernel has ended."""
        self._loop.run_until_complete(self.provisioner.wait())

    def send(self, code: str) -> None:
        """Start a cell that may never end."""
        self._client.execute(code)

    def shut_down(self) -> None:
        """End the kernel; do nothing if it was ended before."""
        if not self._loop.is_closed():
            self._client.stop_channels()
            self._loop.run_until_complete(self.manager.shutdown_kernel(now=True))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("edition")
    running = directory / "autograder" / "running"
    running.mkdir(parents=True)
    shutil.copy(ROOT / "autograder" / "running" / "__init__.py", running)
    (directory / "autograder" / "__init__.py").write_text("", encoding="utf-8")
    for room in ROOMS:
        shutil.copytree(ROOT / "autograder" / "running" / room, running / room)
    (running / "kernel_side" / "function_server.py").write_text(SERVE, encoding="utf-8")
    (directory / "course_lib").mkdir()
    (directory / "course_lib" / "__init__.py").write_text("EDITION = True\n", encoding="utf-8")
    return directory


@pytest.fixture(scope="session")
def machine() -> Machine:
    return examine_machine()


def _kernels(mode: Any, edition: Path, machine: Machine, **limits: int) -> Kernels:
    if sys.platform != "linux":
        pytest.skip(f"{machine.platform} has no {mode}")
    # Kernels of root run as user 65534, who may be unable to read an interpreter below /root. Then they run as root.
    as_root = machine.root and mode in machine.problems
    problems = machine.problems_as_root if as_root else machine.problems
    if mode in problems:
        pytest.skip(f"this machine has no {mode}: {problems[mode]}")
    return Kernels(edition, mode=mode, limits=Limits(**limits), as_root=as_root)


@pytest.fixture(scope="module")
def kernels(edition: Path, machine: Machine) -> Iterator[Kernels]:
    with _kernels("namespaces", edition, machine) as kernels:
        yield kernels


@pytest.fixture(scope="module")
def inside(kernels: Kernels) -> Iterator[SandboxedKernel]:
    """Start one kernel for all tests of a module that do not end it."""
    kernel = SandboxedKernel(kernels)
    yield kernel
    kernel.shut_down()


@pytest.fixture(scope="module")
def tight_kernels(edition: Path, machine: Machine) -> Iterator[Kernels]:
    """Create kernels with limits so low that a test can reach them."""
    small = {"memory": 512 << 20, "processes": 40, "scratch": 4 << 20, "file_size": 2 << 20, "cpu_seconds": 2}
    with _kernels("namespaces", edition, machine, **small) as kernels:
        yield kernels


@pytest.fixture(scope="module")
def landlocked(edition: Path, machine: Machine) -> Iterator[Kernels]:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:  # only this user can read the directories of pytest
        Path(directory).chmod(0o755)
        reachable = shutil.copytree(edition, Path(directory, "edition"))
        with _kernels("landlock", reachable, machine, scratch=4 << 20) as kernels:
            yield kernels


@pytest.fixture
def start() -> Iterator[Callable[[Kernels], SandboxedKernel]]:
    """Return a function that starts kernels; they are shut down after the test."""
    started: list[SandboxedKernel] = []

    def start_one(kernels: Kernels) -> SandboxedKernel:
        started.append(SandboxedKernel(kernels))
        return started[-1]

    yield start_one
    for inside in started:
        inside.shut_down()
