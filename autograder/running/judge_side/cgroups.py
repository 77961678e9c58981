"""cgroup v2: Linux itself holds all processes of a submission below their limits, where a cgroup was delegated to us.

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
_OURS = "autograder"
_END_TIMEOUT = 5


def delegated(controllers: tuple[str, ...] = CONTROLLERS) -> Path | None:
    """Give this process's cgroup, if it was delegated to this process alone, which may then share it out.

    Parameters
    ----------
    controllers : tuple of str
        What submissions are to be limited by.
    """
    own = _own()
    if own is None:
        return None
    if own.name == _OURS:
        return own.parent
    try:
        offered = (own / "cgroup.controllers").read_text(encoding="ascii").split()
        present = (own / "cgroup.procs").read_text(encoding="ascii").split()
    except OSError:
        return None
    alone = set(map(int, present)) <= {os.getpid(), *descendants(os.getpid())}
    return own if alone and set(controllers) <= set(offered) and os.access(own, os.W_OK) else None


def take_over(controllers: tuple[str, ...] = CONTROLLERS) -> bool:
    """Make room for submissions in this process's cgroup, if it was delegated to this process alone.

    Where Linux limits the groups within a group, the group itself may hold no processes: this process and all below it
    move into one of their own.

    Parameters
    ----------
    controllers : tuple of str
        What submissions are to be limited by.

    Returns
    -------
    bool
        False where nothing was delegated; then nothing has changed.
    """
    place = delegated(controllers)
    if place is None:
        return False
    present = (place / "cgroup.procs").read_text(encoding="ascii").split()
    try:
        (place / _OURS).mkdir(exist_ok=True)
        _move(present, place / _OURS)
        _write(place / "cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))
    except OSError:
        with contextlib.suppress(OSError):
            _move(present, place)
        return False
    return True


def group(limits: Limits) -> Group | None:
    """Make a cgroup for one submission, where that is possible.

    Parameters
    ----------
    limits : Limits
    """
    own = _own()
    if own is None or own.name != _OURS or not _is_shared_out(own.parent):
        return None
    return Group(own.parent, {"memory.max": limits.memory, "pids.max": limits.processes})


class Group:
    """The cgroup of one submission.

    Parameters
    ----------
    parent : Path
        Where it is made.
    limits : mapping
        The files of its limits, and what is written to them.
    """

    def __init__(self, parent: Path, limits: Mapping[str, int]) -> None:
        self.path = parent / f"submission-{secrets.token_hex(8)}"
        self.path.mkdir()
        try:
            for name, value in limits.items():
                _write(self.path / name, str(value))
            # Where memory cannot be swapped out, or nothing says which process is to go, these are not there.
            for name, value in (("memory.swap.max", 0), ("memory.oom.group", 1)):
                if (self.path / name).exists():
                    _write(self.path / name, str(value))
        except OSError:
            self.path.rmdir()
            raise

    def entrance(self) -> int:
        """Open the file through which a process enters, by writing "0" to it: whoever has it needs no rights."""
        return os.open(self.path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    @property
    def out_of_memory(self) -> bool:
        """Whether Linux killed it for its memory."""
        try:
            events = (self.path / "memory.events").read_text(encoding="ascii").split()
        except OSError:
            return False
        return events[events.index("oom_kill") + 1] != "0"

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all processes that are or were in it; 0 where Linux does not say."""
        try:
            fields = (self.path / "cpu.stat").read_text(encoding="ascii").split()
            return int(fields[fields.index("usage_usec") + 1]) / 1e6
        except (OSError, ValueError):
            return 0.0

    def close(self) -> None:
        """End what is left in it, and remove it."""
        with contextlib.suppress(OSError):
            _write(self.path / "cgroup.kill", "1")
            _wait_until_empty(self.path / "cgroup.events")
            self.path.rmdir()


def _is_shared_out(place: Path) -> bool:
    """Tell whether groups can be made here and limited; another's cgroup may have the name of ours."""
    try:
        shared = (place / "cgroup.subtree_control").read_text(encoding="ascii").split()
    except OSError:
        return False
    return set(CONTROLLERS) <= set(shared) and os.access(place, os.W_OK)


def _move(processes: list[str], to: Path) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            _write(to / "cgroup.procs", process)


def _wait_until_empty(events: Path) -> None:
    with events.open(encoding="ascii") as file:
        changes = select.poll()
        changes.register(file, select.POLLPRI)
        while "populated 1" in file.read() and changes.poll(_END_TIMEOUT * 1000):
            file.seek(0)


def _own() -> Path | None:
    """Give the directory of this process's cgroup."""
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
