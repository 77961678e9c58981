"""Run a thread that ends every submission of this process whose processes together exceed a limit.

Without a cgroup, Linux limits the memory of one process only, but a submission may have many. The watchdog reads their
sum from /proc.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.running.sandbox.processes import walk_below

_INTERVAL = 0.1  # seconds between looks
_LOOKS_BETWEEN_DISK_LOOKS = 10


@dataclass(frozen=True)
class Watched:
    """A submission to watch: its topmost process, its limits, and a function to call when it exceeds one.

    Parameters
    ----------
    process
        The submission's processes are this one and all its descendants.
    memory
        Bytes that they may use together.
    excess
        Called once with the reason, in the watchdog's thread.
    scratch, disk
        A directory whose files may have `disk` bytes together; None if its file system has a limit of its own.
    """

    process: int
    memory: int
    excess: Callable[[str], None]
    scratch: Path | None = None
    disk: int = 0


class Watchdog:
    """A thread that checks every watched submission ten times a second, and sleeps while there is none."""

    def __init__(self) -> None:
        self._watched: set[Watched] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, watched: Watched) -> None:
        """Start to watch a submission, and return at once."""
        with self._changed:
            self._watched.add(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="submission-watchdog", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self, watched: Watched) -> None:
        """Stop watching a submission; do nothing if it is not watched."""
        with self._changed:
            self._watched.discard(watched)

    def _run(self) -> None:
        looks = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._watched))
                watched = list(self._watched)
            looks += 1
            for one in watched:
                reason = _excess(one, disk=looks % _LOOKS_BETWEEN_DISK_LOOKS == 0)
                if reason:
                    self.forget(one)
                    one.excess(reason)
            threading.Event().wait(_INTERVAL)


_watchdogs: dict[int, Watchdog] = {}


def watchdog() -> Watchdog:
    """Return the watchdog of this process, which is created at the first call.

    A fork gets a new one, as threads do not survive a fork.
    """
    return _watchdogs.setdefault(os.getpid(), Watchdog())


def _excess(watched: Watched, *, disk: bool) -> str:
    """Return the reason to end this submission, or "" if it is within its limits.

    Its files are measured only if `disk` is true, as this is slow.
    """
    processes = {watched.process, *walk_below(watched.process)}
    # The resident sizes count shared pages several times, but are fast to read. If their sum is within the limit, the
    # slower proportional sizes are not needed.
    if sum(map(_resident, processes)) > watched.memory and sum(map(_proportional, processes)) > watched.memory:
        return used_more_memory(watched.memory)
    if disk and watched.scratch is not None and _size(watched.scratch) > watched.disk:
        return f"wrote more than {_in_words(watched.disk)} of files"
    return ""


def used_more_memory(limit: int) -> str:
    """Return the message for an exceeded memory limit of `limit` bytes."""
    return f"used more than {_in_words(limit)} of memory"


def _resident(process: int) -> int:
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0  # the process has ended
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _proportional(process: int) -> int:
    """Return the proportional set size of a process in bytes, in which a page shared by n processes counts 1/n.

    It is 0 if the process has ended. It is the resident size if this process has no right to read it.
    """
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except ProcessLookupError:
        return 0
    except OSError:
        pass  # no right to read it: use the larger number
    return _resident(process)


def _size(directory: Path) -> int:
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total


def _in_words(size: int) -> str:
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"
