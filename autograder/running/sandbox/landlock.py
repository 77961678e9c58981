"""Restrict the files that a process and all its children may use, with Landlock, a security module of Linux.

Kernel side: imports the standard library and siblings only.

References
----------
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from autograder.running.sandbox.syscalls import PR_SET_NO_NEW_PRIVS, checked, libc, prctl

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446

_EXECUTE, _WRITE_FILE, _READ_FILE, READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
READ = _EXECUTE | _READ_FILE | READ_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
# The number of file rights in each version of the interface: version 2 added moving files, 3 truncation, 5 ioctl on
# devices.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_TCP_RIGHTS = 0b11
_SCOPES = 0b11  # refuses abstract unix sockets and signals to processes outside (since version 6)

TRUNCATION = 3
SIGNALS = 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("fd", ctypes.c_int32))


def version() -> int:
    """Return the version of Landlock that this Linux offers; 0 if it has none."""
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), 1)))


def restrict(writable: Iterable[str], readable: Iterable[str], listable: Iterable[str] = (), *, tcp: bool) -> None:
    """Restrict this process and its children to these paths and all files below them, permanently.

    Parameters
    ----------
    writable, readable, listable
        Paths. Directories below `listable` may be listed, but their files may not be read. Paths that do not exist are
        skipped.
    tcp
        Whether TCP stays possible; otherwise binding and connecting are refused (since version 4).

    Raises
    ------
    OSError
        If Landlock is not enabled, or refuses a step.
    """
    offered = version()
    if not offered:
        raise OSError("Landlock must be enabled in this Linux (got none)")
    all_rights = (1 << _RIGHTS.get(offered, 16)) - 1
    ruleset = _Ruleset(all_rights, _TCP_RIGHTS if offered >= 4 and not tcp else 0, _SCOPES if offered >= SIGNALS else 0)
    size = 8 if offered < 4 else 16 if offered < SIGNALS else 24
    fd = checked(libc.syscall(_CREATE, ctypes.byref(ruleset), ctypes.c_size_t(size), 0), "landlock_create_ruleset")
    try:
        for paths, rights in ((writable, all_rights), (readable, READ), (listable, READ_DIR)):
            for path in paths:
                _allow(fd, path, rights & all_rights)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        checked(libc.syscall(_RESTRICT, fd, 0), "landlock_restrict_self")
    finally:
        os.close(fd)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a path that cannot be opened needs no rule: it stays refused
    try:
        if not Path(path).is_dir():
            rights &= _ON_FILES
        if rights:
            rule = _PathBeneath(rights, opened)
            checked(libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0), f"landlock_add_rule {path}")
    finally:
        os.close(opened)
