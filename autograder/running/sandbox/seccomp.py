"""Build a seccomp filter of system calls on the trusted side, and load it in each kernel.

`build` needs libseccomp; `load` runs on the kernel side and needs no library.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Any

from autograder.running.sandbox import syscalls

HOW_TO_INSTALL = (
    "install it with `apt install libseccomp2`, `dnf install libseccomp` or `pacman -S libseccomp`, "
    "and the Python package with `pip install pyseccomp`"
)
# No notebook needs these, and some were used to escape from sandboxes.
_REFUSED = (
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount"),
    *("fsconfig", "fspick", "swapon", "swapoff", "reboot", "acct", "quotactl", "settimeofday", "clock_settime"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "syslog"),
    *("kexec_load", "init_module", "finit_module", "delete_module", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "add_key", "request_key", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("name_to_handle_at", "open_by_handle_at", "fanotify_init", "lookup_dcookie"),
)
# By number, as the libseccomp of some distributions does not know the names: mount_setattr, quotactl_fd,
# open_tree_attr.
_REFUSED_NUMBERS = (442, 443, 467)
# They allocate memory that Linux counts for no process, so that the limits would not see it.
_ABSENT = ("memfd_create", "shmget", "shmat", "msgget", "semget", "mq_open")
_ABSENT_NUMBERS = (447,)  # memfd_secret
_NAMESPACES = (
    syscalls.NEWNS,
    syscalls.NEWCGROUP,
    syscalls.NEWUTS,
    syscalls.NEWIPC,
    syscalls.NEWUSER,
    syscalls.NEWPID,
    syscalls.NEWNET,
)
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_DGRAM, _KIND = 2, 0xF
_SIGNALS = ("kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def build(*, shared_network: bool = False, signals: bool = True) -> bytes:
    """Return the filter as a BPF program for this machine's processor, in bytes.

    Parameters
    ----------
    shared_network
        Whether the kernel is in the machine's network. Then it may create pairs of connected sockets only. In an empty
        network of its own it may create other sockets too.
    signals
        Whether processes may send signals. It must be False if nothing else protects the user's other processes.

    Raises
    ------
    RuntimeError
        If libseccomp or its Python package is missing; the text says what to install.
    """
    try:
        import pyseccomp  # type: ignore[import-untyped]  # the import fails without the library
    except (ImportError, RuntimeError) as error:
        raise RuntimeError(f"libseccomp is missing ({error}): {HOW_TO_INSTALL}") from error

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse, absent = pyseccomp.ERRNO(errno.EPERM), pyseccomp.ERRNO(errno.ENOSYS)
    for name in (*_REFUSED, *_REFUSED_NUMBERS, *(() if signals else _SIGNALS)):
        rules.add_rule(refuse, name)
    for name in (*_ABSENT, *_ABSENT_NUMBERS):
        rules.add_rule(absent, name)
    for flag in _NAMESPACES:
        rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    # A filter cannot read the flags of clone3, which are behind a pointer. Without clone3, libc falls back to clone.
    rules.add_rule(absent, "clone3")
    _limit_sockets(pyseccomp, rules, refuse, () if shared_network else (_UNIX, _INET, _INET6))
    if shared_network:
        # Only pairs of stream sockets are left. They cannot be connected to an IP address or a unix path.
        rules.add_rule(refuse, "connect")
        rules.add_rule(refuse, "socketpair", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, _KIND, _DGRAM))
    with os.fdopen(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _limit_sockets(pyseccomp: Any, rules: Any, refuse: int, families: tuple[int, ...]) -> None:
    """Add rules that refuse sockets of all families that are not in `families`.

    Sockets that list network interfaces stay allowed, as libzmq aborts without them.
    """
    for family in range(_NETLINK):
        if family not in families:
            rules.add_rule(refuse, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    rules.add_rule(refuse, "socket", pyseccomp.Arg(0, pyseccomp.GT, _NETLINK))
    listing = 0
    other = pyseccomp.Arg(2, pyseccomp.NE, listing)
    rules.add_rule(refuse, "socket", pyseccomp.Arg(0, pyseccomp.EQ, _NETLINK), other)


def load(program: bytes) -> None:
    """Apply a filter, the result of `build`, to this process and all its children, permanently.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    buffer = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_char_p))
    mode_filter = 2
    arguments = (ctypes.c_ulong(mode_filter), ctypes.byref(described), ctypes.c_ulong(0), ctypes.c_ulong(0))
    syscalls.checked(syscalls.libc.prctl(syscalls.PR_SET_SECCOMP, *arguments), "seccomp")
