"""Supervise a kernel that has no process namespace: a process between zygote and kernel that kills all descendants.

Kernel side: imports the standard library and siblings only.
"""

from __future__ import annotations

import os
import signal
import time

from autograder.running.sandbox.processes import descendants
from autograder.running.sandbox.syscalls import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, close_all_but, die_with, prctl

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


def supervise(parent: int) -> None:
    """Fork; return in the child only, which becomes the kernel.

    The parent supervises the kernel and never returns. It interrupts the kernel when it gets SIGINT, and kills the
    kernel when it gets SIGTERM. It adopts the kernel's orphans. It kills them when the kernel has ended, and exits.

    Parameters
    ----------
    parent
        A pidfd of the zygote, which is closed here.

    Raises
    ------
    OSError
        If Linux refuses a step, such as the fork.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    die_with(parent, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    kernel = os.fork()
    if kernel == 0:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        return
    close_all_but({0, 1, 2})
    _watch(kernel)
    _kill_descendants()
    os._exit(0)


def _watch(kernel: int) -> None:
    while True:
        received = signal.sigwaitinfo(_SIGNALS).si_signo
        if received == signal.SIGINT:
            os.kill(kernel, signal.SIGINT)
        elif received == signal.SIGTERM:
            os.kill(kernel, signal.SIGKILL)
        while True:
            try:
                ended, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if ended == kernel:
                return
            if not ended:
                break


def _kill_descendants() -> None:
    """Kill all descendants of this process, and wait until all have ended.

    All are stopped first: a stopped process starts no other one, but still counts in the limit of processes.
    """
    while True:
        stopped: set[int] = set()
        while new := descendants(os.getpid()) - stopped:
            _signal_all(new, signal.SIGSTOP)
            stopped |= new
        _signal_all(stopped, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def _signal_all(processes: set[int], number: int) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue
