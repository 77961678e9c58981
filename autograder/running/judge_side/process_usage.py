"""Measure the CPU time of a submission: of its topmost process and all descendants, also of those that have ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.running.judge_side.cgroups import Group
from autograder.running.judge_side.time_limits import Look, Usage

# States of a thread in /proc. R: runs or waits for a processor; D: waits for a disk.
_WANTS_CPU = (b"R", b"D")


def usage_of(process: int, group: Group | None = None) -> Usage:
    """Return a function that measures a process and all its descendants.

    Each call of the function returns a `Look`. CPU time never decreases from call to call, also when a process has
    ended.

    Parameters
    ----------
    process : int
        Process id. It should adopt the orphans among its descendants; orphans elsewhere are not counted.
    group : Group or None
        Their cgroup. It also counts processes that ended without a parent that waited for them.
    """
    most = 0.0

    def look() -> Look:
        nonlocal most
        cpu, wants_cpu = _look_below(process) if sys.platform == "linux" else _look_with_psutil(process)
        if group is not None:
            cpu = max(cpu, group.cpu_seconds)
        most = max(most, cpu)  # a child that ends during the look may be missing from the sum
        return Look(most, wants_cpu)

    return look


def _look_below(process: int) -> tuple[float, bool]:
    ticks, wants_cpu = 0, False
    seen: set[int] = set()
    waiting = [process]
    while waiting:
        one = waiting.pop()
        seen.add(one)
        try:
            # A process is read before its children: a child that ends in between is missing from the sum, instead of
            # being counted twice.
            ticks += sum(map(int, _stat(Path(f"/proc/{one}/stat"))[11:15]))  # its own, and of the children it reaped
            for state, children in _threads(one):
                wants_cpu = wants_cpu or state in _WANTS_CPU
                waiting += [child for child in children if child not in seen]
        except OSError:
            continue  # the process has ended
    return ticks / os.sysconf("SC_CLK_TCK"), wants_cpu


def _threads(process: int) -> Iterator[tuple[bytes, list[int]]]:
    """Yield for each thread of a process its state, and the process ids of the processes that it started.

    Raises
    ------
    OSError
        If the process has ended.
    """
    for thread in Path(f"/proc/{process}/task").iterdir():
        state = _stat(thread / "stat")[0]
        try:
            children = (thread / "children").read_bytes().split()
        except FileNotFoundError:  # this Linux was built without the lists of children
            children = []
        yield state, list(map(int, children))


def _stat(path: Path) -> list[bytes]:
    """Return the fields of a `stat` file in /proc, from the state on.

    The name before the state may contain spaces and brackets.

    Raises
    ------
    OSError
        If the process has ended.
    """
    return path.read_bytes().rpartition(b")")[2].split()


def _look_with_psutil(process: int) -> tuple[float, bool]:
    import psutil  # type: ignore[import-untyped]  # only where there is no /proc

    total, wants_cpu = 0.0, False
    try:
        top = psutil.Process(process)
        for one in (top, *top.children(recursive=True)):
            times = one.cpu_times()
            total += times.user + times.system
            wants_cpu = wants_cpu or one.status() in (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)
    except psutil.Error:
        pass  # the process has ended
    return total, wants_cpu
