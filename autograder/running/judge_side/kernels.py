"""The one entrance to kernels for submissions: fresh, ready, and confined as well as this machine can."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from autograder.running.judge_side.kernel_client import KernelManager
from autograder.running.judge_side.provisioners import Share, close_zygote, zygote

Mode = Literal["namespaces", "landlock", "trusted"]

# Whom a zygote started by root becomes: nobody.
UNPRIVILEGED = (65534, 65534)

_NAME = "submission"
_GROUP = KernelProvisionerFactory.GROUP_NAME
_PROVISIONERS = (
    EntryPoint("autograder-zygote", "autograder.running.judge_side.provisioners:ZygoteProvisioner", _GROUP),
    EntryPoint("autograder-trusted", "autograder.running.judge_side.provisioners:TrustedProvisioner", _GROUP),
)
_CONNECT = '__import__("autograder.running.kernel_side.function_server", fromlist=["serve"]).attach_from_environment()'


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    memory : int
        Bytes, of all its processes together.
    processes : int
        Processes and threads.
    files : int
        Open files of a process.
    file_size : int
        Bytes of a file.
    scratch : int
        Bytes of each directory it may write to.
    cpu_seconds : int
        Of a process.
    """

    memory: int = 2 << 30
    processes: int = 128
    files: int = 512
    file_size: int = 64 << 20
    scratch: int = 64 << 20
    cpu_seconds: int = 600


def sandbox_options(
    mode: Mode, edition: Path, limits: Limits, *, hide: Iterable[str] = (), as_root: bool = False
) -> dict[str, Any]:
    """Write down for the zygote how it shall confine its kernels.

    Raises
    ------
    RuntimeError
        If libseccomp is missing.
    """
    from autograder.running.sandbox import landlock, seccomp

    own_network = mode == "namespaces"
    signals = own_network or landlock.version() >= landlock.SIGNALS
    program = seccomp.build(shared_network=not own_network, signals=signals)
    return {
        "mode": mode,
        "edition": str(edition),
        "user": UNPRIVILEGED if os.getuid() == 0 and not as_root else None,
        "hide": list(hide),
        "limits": asdict(limits),
        "filter": base64.b64encode(program).decode("ascii"),
        "home": None,
    }


class Kernels:
    """Gives fresh kernels for one student edition.

    Parameters
    ----------
    edition : Path
        Directory that holds `course_lib` and `autograder` as students may see them.
    mode : {"namespaces", "landlock", "trusted"}
        How kernels are confined; in trusted mode they are not.
    limits : Limits
    hide : iterable of Path
        What kernels must not see although it is installed beside the interpreter, such as other submissions under
        /usr/local. Installed copies of the course are hidden anyway.
    as_root : bool
        Stay root if this process is root, instead of becoming nobody.
    directory : str or None
        Where the private directory is made.
    share : Share or None
        A part in the zygote of another process's `Kernels` with the same arguments, as its `share()` gives it.

    Examples
    --------
    >>> with Kernels(edition, mode="namespaces") as kernels:  # doctest: +SKIP
    ...     manager = kernels.manager()
    ...     await manager.start_kernel()
    ...     manager.provisioner.channel
    """

    def __init__(
        self,
        edition: Path,
        *,
        mode: Mode,
        limits: Limits = Limits(),
        hide: Iterable[Path] = (),
        as_root: bool = False,
        directory: str | None = None,
        share: Share | None = None,
    ) -> None:
        self._owner = os.getpid()
        self._directory = tempfile.mkdtemp(prefix="autograder-", dir=directory)
        try:
            config = self._config(edition.resolve(), mode, limits, [str(path.resolve()) for path in hide], as_root)
            self._write_kernelspec(mode, config)
            self._zygote = None
            if mode != "trusted":
                self._zygote = zygote(self._directory, config["options"], share)  # it imports while we go on
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._specs = KernelSpecManager(kernel_dirs=[self._directory], ensure_native_kernel=False)

    def _config(self, edition: Path, mode: Mode, limits: Limits, hide: list[str], as_root: bool) -> dict[str, Any]:
        if mode == "trusted":
            return {"edition": str(edition)}
        options = sandbox_options(mode, edition, limits, hide=hide, as_root=as_root)
        return {"directory": self._directory, "options": options}

    def _write_kernelspec(self, mode: Mode, config: dict[str, Any]) -> None:
        name = "autograder-trusted" if mode == "trusted" else "autograder-zygote"
        spec = {
            "argv": [
                *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                f"--IPKernelApp.exec_lines={_CONNECT}",
                "--HistoryManager.enabled=False",
            ],
            "display_name": "A submission",
            "language": "python",
            "metadata": {"kernel_provisioner": {"provisioner_name": name, "config": config}},
        }
        directory = Path(self._directory, _NAME)
        directory.mkdir()
        (directory / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    @property
    def directory(self) -> Path:
        """The private directory that holds sockets and the kernelspec."""
        return Path(self._directory)

    def share(self) -> Share | None:
        """Give another process a part in the zygote, where there is one.

        Raises
        ------
        ConnectionError
            If it has ended.
        """
        return self._zygote.share() if self._zygote is not None else None

    def manager(self) -> KernelManager:
        """Give the manager of a new kernel; `await manager.start_kernel()` starts it.

        Once it is started, `manager.provisioner.channel` is our end of the wire. Whoever starts a kernel shuts it
        down.
        """
        factory = KernelProvisionerFactory.instance()
        for entry in _PROVISIONERS:  # also where this project runs from its sources and is not installed
            factory.provisioners.setdefault(entry.name, entry)
        connection_file = f"{self._directory}/{secrets.token_hex(8)}.json"
        return KernelManager(kernel_name=_NAME, kernel_spec_manager=self._specs, connection_file=connection_file)

    def close(self) -> None:
        """End all kernels and leave nothing behind."""
        if os.getpid() != self._owner:
            return
        close_zygote(self._directory)
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
