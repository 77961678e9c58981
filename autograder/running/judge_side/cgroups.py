"""Limit all processes of a submission together with cgroup v2, if a cgroup was delegated to this process.

Trusted side.

References
----------
https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
from collections.abc import Mapping
from pathlib import Path

from autograder.running.sandbox.options import Limits
from autograder.running.sandbox.processes import descendants

CONTROLLERS = ("memory", "pids")
_GRADER_GROUP = "autograder"
_END_TIMEOUT = 5


def delegated(controllers: tuple[str, ...] = CONTROLLERS) -> Path | None:
    """Return this process's cgroup if it was delegated to this process alone, else None.

    Return None also if this process may not create groups in it. After `take_over`, the result is the same cgroup,
    although this process is now in a group below it.

    Parameters
    ----------
    controllers : tuple of str
        The controllers that limit submissions.
    """
    own = _own()
    if own is None:
        return None
    if own.name == _GRADER_GROUP:
        return own.parent
    try:
        offered = (own / "cgroup.controllers").read_text(encoding="ascii").split()
        present = (own / "cgroup.procs").read_text(encoding="ascii").split()
    except OSError:
        return None
    alone = set(map(int, present)) <= {os.getpid(), *descendants(os.getpid())}
    return own if alone and set(controllers) <= set(offered) and os.access(own, os.W_OK) else None


def take_over(controllers: tuple[str, ...] = CONTROLLERS) -> bool:
    """Prepare this process's cgroup for groups of submissions, if it was delegated to this process alone.

    A cgroup with limited groups inside may contain no processes itself. So this process and all its descendants move
    into a group of their own.

    Parameters
    ----------
    controllers : tuple of str
        The controllers that limit submissions.

    Returns
    -------
    bool
        False if no cgroup was delegated, or Linux refused; then all processes are in their old cgroup.
    """
    place = delegated(controllers)
    if place is None:
        return False
    present = (place / "cgroup.procs").read_text(encoding="ascii").split()
    try:
        (place / _GRADER_GROUP).mkdir(exist_ok=True)
        _move(present, place / _GRADER_GROUP)
        _write(place / "cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))
    except OSError:
        with contextlib.suppress(OSError):
            _move(present, place)
        return False
    return True


def group(limits: Limits) -> Group | None:
    """Create a cgroup for one submission and return it.

    Return None if this process is not in the group that `take_over` creates, or Linux cannot limit groups there.

    Parameters
    ----------
    limits : Limits

    Raises
    ------
    OSError
        If Linux refuses to create it.
    """
    own = _own()
    if own is None or own.name != _GRADER_GROUP or not _can_have_groups(own.parent):
        return None
    return Group(own.parent, {"memory.max": limits.memory, "pids.max": limits.processes})


class Group:
    """The cgroup of one submission.

    Parameters
    ----------
    parent : Path
        The cgroup in which it is created.
    limits : mapping
        The value of each limit, by the name of its file.
    """

    def __init__(self, parent: Path, limits: Mapping[str, int]) -> None:
        self.path = parent / f"submission-{secrets.token_hex(8)}"
        self.path.mkdir()
        try:
            for name, value in limits.items():
                _write(self.path / name, str(value))
            # These files are missing if Linux was built without swap, or is too old for group kills.
            for name, value in (("memory.swap.max", 0), ("memory.oom.group", 1)):
                if (self.path / name).exists():
                    _write(self.path / name, str(value))
        except OSError:
            self.path.rmdir()
            raise

    def entrance(self) -> int:
        """Return a descriptor of the file to which a process writes "0" to join.

        A process with the descriptor needs no other rights. The caller must close it.

        Raises
        ------
        OSError
            If the file cannot be opened.
        """
        return os.open(self.path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    @property
    def out_of_memory(self) -> bool:
        """Return whether Linux has killed a process in it because of the memory limit."""
        try:
            events = (self.path / "memory.events").read_text(encoding="ascii").split()
        except OSError:
            return False
        return events[events.index("oom_kill") + 1] != "0"

    @property
    def cpu_seconds(self) -> float:
        """Return the CPU seconds of all processes that are or were in it; 0 if Linux does not report them."""
        try:
            fields = (self.path / "cpu.stat").read_text(encoding="ascii").split()
            return int(fields[fields.index("usage_usec") + 1]) / 1e6
        except (OSError, ValueError):
            return 0.0

    def close(self) -> None:
        """Kill the processes in it, wait until they have ended, and remove it.

        If they have not ended after 5 seconds, it stays.
        """
        with contextlib.suppress(OSError):
            _write(self.path / "cgroup.kill", "1")
            _wait_until_empty(self.path / "cgroup.events")
            self.path.rmdir()


def _can_have_groups(place: Path) -> bool:
    """Return whether this process can create groups with limits in the cgroup `place`.

    Its name is not enough: a cgroup of another program may have the same name.
    """
    try:
        shared = (place / "cgroup.subtree_control").read_text(encoding="ascii").split()
    except OSError:
        return False
    return set(CONTROLLERS) <= set(shared) and os.access(place, os.W_OK)


def _move(processes: list[str], to: Path) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):  # the process has ended
            _write(to / "cgroup.procs", process)


def _wait_until_empty(events: Path) -> None:
    with events.open(encoding="ascii") as file:
        changes = select.poll()
        changes.register(file, select.POLLPRI)
        while "populated 1" in file.read() and changes.poll(_END_TIMEOUT * 1000):
            file.seek(0)


def _own() -> Path | None:
    """Return the directory of this process's cgroup; None if it has none of version 2."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        mounts = [line.split(" ") for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
    for _, _, _, root, place, *rest in mounts:
        if path is not None and rest[rest.index("-") + 1] == "cgroup2" and (path + "/").startswith(root):
            return Path(place, path.removeprefix(root).lstrip("/"))
    return None


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(text)
