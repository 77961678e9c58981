"""Find processes and their children in /proc.

Kernel side: imports the standard library only.
"""

from __future__ import annotations

import os
from pathlib import Path


def descendants(process: int, parents: dict[int, int] | None = None) -> set[int]:
    """Return the children of `process`, their children, and so on; empty if there are none.

    `parents` maps each process to its parent; None for a new reading of /proc.
    """
    children: dict[int, list[int]] = {}
    for child, parent in (parents_of_all() if parents is None else parents).items():
        children.setdefault(parent, []).append(child)
    found: set[int] = set()
    waiting = [process]
    while waiting:
        new = [child for child in children.get(waiting.pop(), ()) if child not in found]
        found.update(new)
        waiting += new
    return found


def walk_below(process: int) -> set[int]:
    """Return the descendants of `process` without reading other processes of the machine.

    This is faster than `descendants`, but may miss a process whose siblings end at that moment.
    """
    if not Path("/proc/thread-self/children").exists():
        return descendants(process)  # this Linux was built without the lists of children
    found: set[int] = set()
    waiting = [process]
    while waiting:
        new = children(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def children(process: int) -> set[int]:
    """Return the processes that the threads of `process` started.

    The result is empty if the process has ended, or if Linux was built without these lists.
    """
    found: set[int] = set()
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            found.update(map(int, (thread / "children").read_bytes().split()))
    except OSError:
        pass  # the process has ended
    return found


def parents_of_all() -> dict[int, int]:
    """Return the parent of each process of the machine, both as process ids."""
    parents = {}
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit():
                try:
                    stat = Path(entry.path, "stat").read_bytes()
                except OSError:
                    continue  # the process has ended
                # The second field is the program's name, which may contain spaces and brackets.
                parents[int(entry.name)] = int(stat.rpartition(b")")[2].split()[1])
    return parents
