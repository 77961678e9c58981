"""Set resource limits for one process of a submission; the watchdog checks the sum over its processes.

Kernel side: imports the standard library and siblings only.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path

from autograder.running.sandbox.options import Limits

# The interpreter, NumPy and thread stacks take address space but little memory. The number is so small that a single
# process that uses too much gets a MemoryError before the watchdog ends the submission.
_ADDRESS_SPACE_OF_A_KERNEL = 1 << 29


def apply(limits: Limits, *, already_running: int = 0) -> None:
    """Limit this process and every process that it starts, permanently.

    A limit that is lower already is kept.

    Parameters
    ----------
    limits : Limits
    already_running
        Number of threads of this user outside the sandbox; 0 if Linux does not count them.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    wanted = {
        resource.RLIMIT_AS: limits.memory + _ADDRESS_SPACE_OF_A_KERNEL,
        resource.RLIMIT_NPROC: limits.processes + already_running,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 1 << 16,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for which, value in wanted.items():
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))


def threads_of_this_user() -> int:
    """Return the number of threads that this user runs on the machine."""
    total = 0
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and process.stat().st_uid == os.getuid():
                total += sum(1 for _ in (process / "task").iterdir())
        except OSError:
            continue  # the process has ended
    return total
