"""Who does the work: processes of this machine, or none but this one; all of them `concurrent.futures` executors."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

# Imported once, before workers are forked.
_PRELOADED = ["autograder.grading.task", "matplotlib.backends.backend_svg", "matplotlib.figure"]
_PR_SET_PDEATHSIG = 1


class Here(Executor):
    """Does everything at once in this process: for debugging."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as problem:
            future.set_exception(problem)
        return future


def pool(workers: int, scratch: str) -> ProcessPoolExecutor:
    """Start worker processes, forked from one that has imported everything.

    Parameters
    ----------
    workers : int
    scratch : str
        Directory for all that they write; whoever made it removes it.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # cores are shared out by submission
    method = "spawn" if sys.platform == "win32" else "forkserver"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(_PRELOADED)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(scratch,))


def kill(executor: Executor) -> None:
    """End workers at once; their kernels end with them."""
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.kill()
    executor.shutdown(wait=True, cancel_futures=True)


def _begin(scratch: str) -> None:
    """Begin a worker: Ctrl-C is for the coordinator, whose end is ours too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = scratch
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
