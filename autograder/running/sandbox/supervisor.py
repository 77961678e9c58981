"""The process between the zygote and a kernel that has no process namespace: it ends when all below it has ended.

Kernel side: imports the standard library and siblings only.
"""

from __future__ import annotations

import os
import signal
import time

from autograder.running.sandbox.processes import descendants
from autograder.running.sandbox.syscalls import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, close_all_but, die_with, prctl

_AWAITED = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


def supervise(parent: int) -> None:
    """Fork; return in the child only, which becomes the kernel. The parent supervises it and never returns.

    The parent answers an interrupt by interrupting the kernel and a termination by killing it, adopts its orphans, and
    kills them when it has ended.

    Parameters
    ----------
    parent
        A handle of the zygote, which is closed.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    die_with(parent, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    kernel = os.fork()
    if kernel == 0:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
        return
    close_all_but({0, 1, 2})
    _watch(kernel)
    _kill_all_below()
    os._exit(0)


def _watch(kernel: int) -> None:
    while True:
        received = signal.sigwaitinfo(_AWAITED).si_signo
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


def _kill_all_below() -> None:
    """Stop every descendant before killing any: what is stopped starts no other, and keeps its place in the limit."""
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
