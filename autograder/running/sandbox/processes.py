"""The machine's processes, as /proc lists them.

Kernel side: imports the standard library only.
"""

from __future__ import annotations

import os
from pathlib import Path


def descendants(process: int, parents: dict[int, int] | None = None) -> set[int]:
    """Give the processes below `process`, without itself."""
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
    """Give the processes below `process`, without looking at any other of the machine.

    Quicker than `descendants`; may miss one whose siblings end just then.
    """
    if not Path("/proc/thread-self/children").exists():
        return descendants(process)  # a Linux that was built without it
    found: set[int] = set()
    waiting = [process]
    while waiting:
        new = children(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def children(process: int) -> set[int]:
    """Give the processes that the threads of `process` have started; none where Linux was built without that list."""
    found: set[int] = set()
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            found.update(map(int, (thread / "children").read_bytes().split()))
    except OSError:
        pass  # it has ended meanwhile
    return found


def parents_of_all() -> dict[int, int]:
    """Map each process of the machine to its parent."""
    parents = {}
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit():
                try:
                    stat = Path(entry.path, "stat").read_bytes()
                except OSError:
                    continue  # it has ended meanwhile
                # The second field is the program's name, which may hold spaces and brackets.
                parents[int(entry.name)] = int(stat.rpartition(b")")[2].split()[1])
    return parents
