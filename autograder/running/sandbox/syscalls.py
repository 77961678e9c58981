"""Call Linux system calls that the sandbox needs and the standard library does not offer; each raises on failure.

Kernel side: imports the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import struct
from pathlib import Path

NEWNS = 0x00020000
NEWCGROUP = 0x02000000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_GET_TID_ADDRESS = 40
PR_CAP_AMBIENT = 47

_M_MMAP_THRESHOLD = -3
_MADV_COLLAPSE = 25  # since Linux 6.1
_HUGE_PAGE = 2 << 20
_MNT_DETACH = 2
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_SETATTR = 442  # the numbers from 424 on are the same on every architecture
_CLONE3 = 435
_CLOSE_RANGE = 436
_CHILD_CLEARTID = 0x00200000
_CHILD_SETTID = 0x01000000
_CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)
_with_the_gil = ctypes.PyDLL(None, use_errno=True)


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns", ctypes.c_uint64),
    )


class _CloneArgs(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_uint64)
        for name in ("flags", "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size", "tls")
    )


def checked(result: int, what: str) -> int:
    """Return the result of a system call.

    `what` names the call in the error message.

    Raises
    ------
    OSError
        If the result is -1.
    """
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Move this process into new namespaces of the kinds in `flags`.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    checked(libc.unshare(flags), f"unshare({flags:#x})")


def fork_into(namespaces: int) -> int:
    """Fork as os.fork does, but start the child in new namespaces.

    After `unshare`, a new process namespace begins only with the next fork; this needs one fork instead of two.

    Returns
    -------
    int
        The process id of the child; 0 in the child.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    tid = ctypes.c_void_p()  # address where the C library stores the thread's id, which changes in the child
    libc.prctl(PR_GET_TID_ADDRESS, ctypes.byref(tid), *[ctypes.c_ulong(0)] * 3)
    numbering = _CHILD_SETTID | _CHILD_CLEARTID if tid.value else 0
    arguments = _CloneArgs(flags=namespaces | numbering, child_tid=tid.value or 0, exit_signal=signal.SIGCHLD)
    ctypes.pythonapi.PyOS_BeforeFork()
    child: int = _with_the_gil.syscall(_CLONE3, ctypes.byref(arguments), ctypes.c_size_t(ctypes.sizeof(arguments)))
    if child == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    return checked(child, f"clone3({namespaces:#x})")


def die_with(parent: int, number: int = signal.SIGKILL) -> None:
    """Register a signal that Linux sends to this process when its parent ends.

    If the parent has ended already, this process exits at once with status 1. Otherwise the function returns at once.
    `parent` is a pidfd of the parent, which is closed. `number` is the signal.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    prctl(PR_SET_PDEATHSIG, number)
    if select.select([parent], [], [], 0)[0]:  # the parent has ended before the call, so no signal will be sent
        os._exit(1)
    os.close(parent)


def map_ids(uid: int, gid: int) -> None:
    """Map only this user and group into the new user namespace, with the same numbers as outside.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """Mount `source` at `target`; `kind` is the type of file system.

    `flags` and `data` are as in mount(2). Pass None for an argument that the kind of mount does not need.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, data)]
    result = libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3])
    checked(result, f"mount {source or kind or ''} on {target}")


def bind(source: str, target: str, *, read_only: bool = True) -> None:
    """Mount `source` at `target`, with the mounts below it.

    `target` is created if it does not exist. Everything mounted is read-only by default.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    place = Path(target)
    if Path(source).is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.touch()
    # Recursively, as Linux refuses a plain bind of a directory with locked mounts below it.
    mount(source, target, None, MS_BIND | MS_REC)
    attributes = _MountAttr(MS_NOSUID | (MS_RDONLY if read_only else 0), 0, 0, 0)
    arguments = (_AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, ctypes.byref(attributes), ctypes.sizeof(attributes))
    checked(libc.syscall(_MOUNT_SETATTR, *arguments), f"mount_setattr {target}")


def enter_root(root: str) -> None:
    """Make `root`, a mount point, the root and working directory, and unmount the old root.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    os.chdir(root)
    checked(libc.pivot_root(b".", b"."), "pivot_root")
    checked(libc.umount2(b".", _MNT_DETACH), "umount the old root")
    os.chdir("/")


def map_large_buffers() -> None:
    """Make malloc use mmap for every buffer of 128 KiB or more, so that a freed buffer is returned to Linux at once.

    glibc starts with this threshold, but raises it when large buffers are freed; see mallopt(3). With other C
    libraries, nothing changes.
    """
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, 128 << 10)


def prctl(option: int, *arguments: int) -> None:
    """Call prctl(2); missing arguments are 0.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    longs = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    checked(libc.prctl(option, *longs), f"prctl({option})")


def become(uid: int, gid: int) -> None:
    """Change user and group from root to `uid` and `gid`, permanently.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # After a change of user, a process may not write its own /proc/self/uid_map until it is "dumpable" again.
    prctl(PR_SET_DUMPABLE, 1)


def drop_capabilities() -> None:
    """Drop every capability of this user namespace, permanently.

    Programs that are started later get none back.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), *[ctypes.c_ulong(0)] * 3) == -1:
            break  # past the last capability that this Linux knows
    prctl(PR_CAP_AMBIENT, 4)  # 4: clear all
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    header = struct.pack("=II", _CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, bytes(24)), "capset")


def close_all_but(kept: set[int]) -> None:
    """Close every descriptor of this process that is not in `kept`.

    /proc is not read, as it may change meanwhile.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    first = 0
    for fd in (*sorted(kept), 1 << 30):
        if first < fd:
            checked(libc.syscall(_CLOSE_RANGE, ctypes.c_uint(first), ctypes.c_uint(fd - 1), 0), "close_range")
        first = fd + 1


def collapse_memory() -> None:
    """Move this process's memory into huge pages, which makes forks faster.

    Nothing happens if Linux cannot do this.
    """
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        addresses, rights, _, _, file, *_ = line.split()
        if rights.startswith("rw") and file == "0":
            begin, end = (int(address, 16) // _HUGE_PAGE for address in addresses.split("-"))
            for place in range(begin + 1, end):
                libc.madvise(ctypes.c_void_p(place * _HUGE_PAGE), ctypes.c_size_t(_HUGE_PAGE), _MADV_COLLAPSE)
