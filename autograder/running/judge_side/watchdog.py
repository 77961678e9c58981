"""One thread that keeps every submission of this process below its memory limit, all its processes together.

Without a cgroup, Linux limits the memory of one process only; a submission may have many. The sum is taken from
outside, through /proc.
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
    """A submission: its topmost process, what it may use, and what to do when it uses more.

    Parameters
    ----------
    process
        Its processes are this one and all below it.
    memory
        Bytes that they may hold together.
    excess
        Called in the watchdog's thread, once, with the reason.
    scratch, disk
        A directory whose files may together have `disk` bytes; None where its file system is limited already.
    """

    process: int
    memory: int
    excess: Callable[[str], None]
    scratch: Path | None = None
    disk: int = 0


class Watchdog:
    """Looks at every watched submission ten times a second, and sleeps while there is none."""

    def __init__(self) -> None:
        self._watched: set[Watched] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, watched: Watched) -> None:
        """Begin."""
        with self._changed:
            self._watched.add(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="submission-watchdog", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self, watched: Watched) -> None:
        """End; nothing happens if it has ended."""
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
    """Give the watchdog of this process; a fork has another, as threads do not survive a fork."""
    return _watchdogs.setdefault(os.getpid(), Watchdog())


def _excess(watched: Watched, *, disk: bool) -> str:
    """Give the reason to end this submission, or nothing."""
    processes = {watched.process, *walk_below(watched.process)}
    # Pages shared between processes count in each of them here, so this is too much but quick.
    if sum(map(_resident, processes)) > watched.memory and sum(map(_proportional, processes)) > watched.memory:
        return used_more_memory(watched.memory)
    if disk and watched.scratch is not None and _size(watched.scratch) > watched.disk:
        return f"wrote more than {_in_words(watched.disk)} of files"
    return ""


def used_more_memory(limit: int) -> str:
    """Say so."""
    return f"used more than {_in_words(limit)} of memory"


def _resident(process: int) -> int:
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0  # it has ended meanwhile
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _proportional(process: int) -> int:
    """Give the memory of a process, of each shared page only its part."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except ProcessLookupError:
        return 0
    except OSError:
        pass  # not ours to read: the larger number then
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
