"""Start fresh kernels for submissions, confined as the mode says."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import TracebackType
from typing import Self

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from autograder.running.judge_side.kernel_client import KernelManager
from autograder.running.judge_side.zygote_client import ZygoteShare, close_zygote, start_zygote
from autograder.running.sandbox.options import Limits, Mode, SandboxOptions

# User and group, by convention without any rights, that a zygote started by root changes to.
UNPRIVILEGED = (65534, 65534)

_NAME = "submission"
_GROUP = KernelProvisionerFactory.GROUP_NAME
_PROVISIONERS = (
    EntryPoint("autograder-zygote", "autograder.running.judge_side.provisioners:ZygoteProvisioner", _GROUP),
    EntryPoint("autograder-trusted", "autograder.running.judge_side.provisioners:TrustedProvisioner", _GROUP),
)
_CONNECT = '__import__("autograder.running.kernel_side.function_server", fromlist=["serve"]).attach_from_environment()'


def sandbox_options(
    mode: Mode, edition: Path, limits: Limits, *, hide: Iterable[str] = (), as_root: bool = False
) -> SandboxOptions:
    """Return the options for a zygote on this machine.

    Raises
    ------
    RuntimeError
        If libseccomp is missing.
    """
    from autograder.running.sandbox import landlock, seccomp

    own_network = mode == "namespaces"
    signals = own_network or landlock.version() >= landlock.SIGNALS
    program = seccomp.build(shared_network=not own_network, signals=signals)
    user = UNPRIVILEGED if os.getuid() == 0 and not as_root else None
    return SandboxOptions(mode, str(edition), program, user=user, hide=tuple(hide), limits=limits)


class Kernels:
    """A source of fresh kernels for one student edition.

    Parameters
    ----------
    edition : Path
        Directory that holds `course_lib` and `autograder` as students may see them.
    mode : {"namespaces", "landlock", "trusted"}
        Kind of sandbox; in trusted mode there is none.
    limits : Limits
    hide : iterable of Path
        Paths beside the interpreter that kernels must not see, such as other submissions under /usr/local. Installed
        copies of the course are always hidden.
    as_root : bool
        Stay root if this process is root, instead of changing to user 65534.
    directory : str or None
        Parent of the private directory; None for the system's directory for temporary files.
    share : ZygoteShare or None
        Share in the zygote of another process's `Kernels` with the same arguments, as its `share()` returned it.

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
        limits: Limits = Limits(),  # noqa: B008  # frozen
        hide: Iterable[Path] = (),
        as_root: bool = False,
        directory: str | None = None,
        share: ZygoteShare | None = None,
    ) -> None:
        self._owner = os.getpid()
        self._directory = tempfile.mkdtemp(prefix="autograder-", dir=directory)
        try:
            self._zygote = None
            if mode == "trusted":
                self._write_kernelspec("autograder-trusted", {"edition": str(edition.resolve())})
            else:
                hidden = [str(path.resolve()) for path in hide]
                options = sandbox_options(mode, edition.resolve(), limits, hide=hidden, as_root=as_root)
                self._write_kernelspec("autograder-zygote", {"directory": self._directory})
                self._zygote = start_zygote(self._directory, options, share)  # its imports run in the background
        except BaseException:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise
        self._specs = KernelSpecManager(kernel_dirs=[self._directory], ensure_native_kernel=False)

    def _write_kernelspec(self, provisioner: str, config: dict[str, str]) -> None:
        spec = {
            "argv": [
                *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                f"--IPKernelApp.exec_lines={_CONNECT}",
                "--HistoryManager.enabled=False",
            ],
            "display_name": "A submission",
            "language": "python",
            "metadata": {"kernel_provisioner": {"provisioner_name": provisioner, "config": config}},
        }
        directory = Path(self._directory, _NAME)
        directory.mkdir()
        (directory / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    @property
    def directory(self) -> Path:
        """Return the private directory for sockets and the kernelspec."""
        return Path(self._directory)

    def share(self) -> ZygoteShare | None:
        """Return a share in the zygote, for another process; None if there is no zygote.

        Raises
        ------
        ConnectionError
            If the zygote has ended.
        """
        return self._zygote.share() if self._zygote is not None else None

    def manager(self) -> KernelManager:
        """Return the manager of a new kernel, which is not started yet.

        `await manager.start_kernel()` starts it. Then `manager.provisioner.channel` is our end of the wire. The caller
        must shut the kernel down.
        """
        factory = KernelProvisionerFactory.instance()
        for entry in _PROVISIONERS:  # registered here, as the project may run from its sources without installation
            factory.provisioners.setdefault(entry.name, entry)
        connection_file = f"{self._directory}/{secrets.token_hex(8)}.json"
        return KernelManager(kernel_name=_NAME, kernel_spec_manager=self._specs, connection_file=connection_file)

    def close(self) -> None:
        """End all kernels and their zygote, wait for their end, and remove the private directory.

        In a fork of the process that created this object, nothing happens.
        """
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
