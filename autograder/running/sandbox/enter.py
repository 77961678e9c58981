"""The sandbox of a submission, from the inside: `prepare` once in the zygote, then `fork`, and `enter` in each fork.

The order of steps matters: each needs rights that a later one takes away. Kernel side: imports the standard library
and siblings only.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from autograder.running.sandbox import landlock, namespaces, rlimits, seccomp, syscalls
from autograder.running.sandbox.options import SandboxOptions
from autograder.running.sandbox.supervisor import supervise

# Landlock names each file that may be read, where no root directory of its own leaves the others out.
_SYSTEM = (*namespaces.SYSTEM, "/bin", "/sbin", "/lib", "/lib64", "/lib32")
_ETC = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/fonts",
    "/etc/mime.types",
    "/etc/alternatives",
    "/etc/nsswitch.conf",
)
_WRITABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
_READABLE_DEVICES = ("/dev/random", "/dev/urandom")


def prepare(options: SandboxOptions) -> str:
    """Prepare, in the zygote before it imports anything else, what all kernels share.

    Returns
    -------
    str
        Where the edition is for this process from now on.
    """
    if options.mode == "namespaces":
        namespaces.prepare(options.edition, options.user, options.hide)
        return namespaces.EDITION
    if os.getuid() == 0 and options.user:
        syscalls.become(*options.user)
    return options.edition


class Parent(NamedTuple):
    """What a fork must know of the process it came from, and cannot ask for any more."""

    handle: int
    uid: int
    gid: int

    @classmethod
    def this(cls) -> Parent:
        """Give what a fork of this process must know."""
        return cls(os.pidfd_open(os.getpid()), os.getuid(), os.getgid())


def fork(options: SandboxOptions) -> int:
    """Fork; the child must `enter` its sandbox before anything else."""
    return namespaces.fork() if options.mode == "namespaces" else os.fork()


def enter(options: SandboxOptions, parent: Parent, scratch: str | None) -> None:
    """Confine this process, which `fork` has just made, for good; returns in the kernel's process only.

    Parameters
    ----------
    options
        As the zygote got them.
    parent
        The zygote.
    scratch
        The one directory this kernel may write to; only where it cannot have a root directory of its own.
    """
    bounds = options.limits
    if scratch is None:
        syscalls.die_with(parent.handle)
        os.setsid()
        namespaces.furnish(parent.uid, parent.gid, bounds.scratch)
        _move_in(namespaces.HOME, "/tmp")
        rlimits.apply(bounds)
        syscalls.drop_capabilities()
        writable = ("/tmp", "/dev/shm", "/dev/pts", namespaces.HOME, *_WRITABLE_DEVICES)
        landlock.restrict(writable, ["/"], tcp=True)
    else:
        if landlock.version() < landlock.TRUNCATION:
            raise OSError(f"Landlock must be of version {landlock.TRUNCATION} or newer (got {landlock.version()})")
        supervise(parent.handle)
        os.setsid()
        _move_in(scratch, scratch)
        rlimits.apply(bounds, already_running=rlimits.threads_of_this_user())
        syscalls.drop_capabilities()
        covered = set(namespaces.answers_installed(options.hide))
        named = [*_SYSTEM, *_ETC, *_READABLE_DEVICES, *namespaces.prefixes(), options.edition]
        roots = sorted({os.path.realpath(path) for path in named})
        readable = [path for root in roots for path in _without(root, covered)]
        landlock.restrict([scratch, *_WRITABLE_DEVICES], readable, roots, tcp=False)
    seccomp.load(options.filter)


def _without(path: str, covered: set[str]) -> Iterator[str]:
    """Split a directory into what is below it, as far as needed to leave out the covered paths."""
    if path in covered or Path(path).is_symlink():
        return  # what a link leads to has a rule of its own, or none
    if any(other.startswith(f"{path}/") for other in covered):
        for below in sorted(Path(path).iterdir()):
            yield from _without(str(below), covered)
    else:
        yield path


def _move_in(home: str, temporary: str) -> None:
    """Live in `home`, with nothing of the outside left in the environment, in files or in standard streams."""
    os.environ.update(
        PATH=f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        HOME=home,
        TMPDIR=temporary,
        IPYTHONDIR=f"{home}/.ipython",
        MPLCONFIGDIR=f"{home}/.matplotlib",
        JUPYTER_RUNTIME_DIR=f"{home}/.jupyter",
    )
    tempfile.tempdir = None
    os.chdir(home)
    nothing = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
