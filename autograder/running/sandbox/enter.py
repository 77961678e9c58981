"""Enter the sandbox from the inside: `prepare` once in the zygote, then `fork`, and `enter` in each fork.

The order of steps matters: each step needs rights that a later step takes away. Kernel side: imports the standard
library and siblings only.
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

# In mode landlock there is no separate root directory, so each directory that may be read is listed.
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
    """Prepare in the zygote what all kernels share; it must run before other imports.

    Returns
    -------
    str
        Path of the edition, as this process sees it from now on.

    Raises
    ------
    RuntimeError
        If a directory of the interpreter contains the user's home directory; in mode namespaces only.
    OSError
        If Linux refuses a step.
    """
    if options.mode == "namespaces":
        namespaces.prepare(options.edition, options.user, options.hide)
        return namespaces.EDITION
    if os.getuid() == 0 and options.user:
        syscalls.become(*options.user)
    return options.edition


class Parent(NamedTuple):
    """Facts about the zygote that a fork needs and can no longer look up by itself: a pidfd, and its user and group."""

    handle: int
    uid: int
    gid: int

    @classmethod
    def this(cls) -> Parent:
        """Return the facts about this process, for its forks; the caller must close the pidfd.

        Raises
        ------
        OSError
            If Linux refuses to open the pidfd.
        """
        return cls(os.pidfd_open(os.getpid()), os.getuid(), os.getgid())


def fork(options: SandboxOptions) -> int:
    """Fork; the child must call `enter` before anything else.

    Returns
    -------
    int
        The process id of the child; 0 in the child.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    return namespaces.fork() if options.mode == "namespaces" else os.fork()


def enter(options: SandboxOptions, parent: Parent, scratch: str | None) -> None:
    """Confine this process, which `fork` has just created, permanently; return in the kernel's process only.

    Parameters
    ----------
    options
        The options of the zygote.
    parent
        The zygote.
    scratch
        The only directory that this kernel may write to, in mode landlock; None in mode namespaces.

    Raises
    ------
    OSError
        If Landlock is missing or too old, or Linux refuses a step. Then this process may be confined partly.
    """
    bounds = options.limits
    if scratch is None:
        syscalls.die_with(parent.handle)
        os.setsid()
        namespaces.furnish(parent.uid, parent.gid, bounds.scratch)
        _change_home(namespaces.HOME, "/tmp")
        rlimits.apply(bounds)
        syscalls.drop_capabilities()
        writable = ("/tmp", "/dev/shm", "/dev/pts", namespaces.HOME, *_WRITABLE_DEVICES)
        landlock.restrict(writable, ["/"], tcp=True)
    else:
        if landlock.version() < landlock.TRUNCATION:
            raise OSError(f"Landlock must be of version {landlock.TRUNCATION} or newer (got {landlock.version()})")
        supervise(parent.handle)
        os.setsid()
        _change_home(scratch, scratch)
        rlimits.apply(bounds, already_running=rlimits.threads_of_this_user())
        syscalls.drop_capabilities()
        covered = set(namespaces.answers_installed(options.hide))
        named = [*_SYSTEM, *_ETC, *_READABLE_DEVICES, *namespaces.prefixes(), options.edition]
        roots = sorted({os.path.realpath(path) for path in named})
        readable = [path for root in roots for path in _split_around(root, covered)]
        landlock.restrict([scratch, *_WRITABLE_DEVICES], readable, roots, tcp=False)
    seccomp.load(options.filter)


def _split_around(path: str, covered: set[str]) -> Iterator[str]:
    """Yield the largest directories and files below `path` that contain none of the covered paths.

    Yield `path` itself if nothing below it is covered. Yield nothing if it is covered itself, or is a symbolic link.
    """
    if path in covered or Path(path).is_symlink():
        return  # the target of a link has a rule of its own, or must not be read
    if any(other.startswith(f"{path}/") for other in covered):
        for below in sorted(Path(path).iterdir()):
            yield from _split_around(str(below), covered)
    else:
        yield path


def _change_home(home: str, temporary: str) -> None:
    """Change the working directory to `home`, and set environment variables for it.

    `temporary` becomes the directory for temporary files. The standard streams are redirected to /dev/null.
    """
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
