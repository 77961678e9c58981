"""Run tasks in worker processes of this machine, or in this process; both are `concurrent.futures` executors."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from autograder.errors import WorkerDiedError
from autograder.grading.distribute.interrupts import defer_signals
from autograder.grading.options import Settings
from autograder.running.judge_side import cgroups
from autograder.running.sandbox.processes import descendants

if TYPE_CHECKING:
    from autograder.grading.execute.lesson_kernels import KernelShare

_PRELOADED = "autograder.grading.distribute.preload"
_PRELOADED_BY_A_SERVER = "autograder.grading.distribute.forkserver_preload"
_END_TIMEOUT = 5
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # seconds to wait between two tries to start a worker


class InProcessExecutor(Executor):
    """An executor that runs each task at once in this process, for debugging.

    Parameters
    ----------
    scratch : str
        Directory for temporary files.
    """

    def __init__(self, scratch: str) -> None:
        self._scratch = scratch

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function, wait for it, and return a future that has its result or its exception."""
        future: Future[Any] = Future()
        before, tempfile.tempdir = tempfile.tempdir, self._scratch
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as problem:
            future.set_exception(problem)
        finally:
            tempfile.tempdir = before
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the kernels of the cached grader, and wait for their end; the arguments change nothing."""
        _close_kernels()


class WorkerPool(Executor):
    """A pool of worker processes, which are started at once; each runs one task at a time.

    In the standard library's pool, the workers share their pipes: if one is killed while it sends, all wait for the
    rest of its message. Here each worker has a pipe of its own, so its death ends one task only.

    Parameters
    ----------
    workers : int
    scratch : str
        Directory for the workers' temporary files; the caller removes it.
    share : callable
        Returns a context manager for the start of a worker; its value is the share of kernels for that worker.
    end : callable
        Called when all workers have ended.

    Attributes
    ----------
    workers : int
    """

    def __init__(
        self,
        workers: int,
        scratch: str,
        share: Callable[[], AbstractContextManager[KernelShare | None]] = nullcontext,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self.workers = workers
        self._scratch, self._share, self._finish = scratch, share, end
        self._tasks: SimpleQueue[tuple[Future[Any], Any] | None] = SimpleQueue()
        self._processes: set[Any] = set()
        self._starting = threading.Lock()
        self._closed = threading.Event()
        try:
            # Without the delay, a signal could arrive before a new worker is in `_processes`, so that `kill` would miss
            # it, and it would keep writing below `scratch`.
            with defer_signals():
                first = [self._start_or_none() if _may_be_forked() else None for _ in range(workers)]
                self._threads = [
                    threading.Thread(target=self._serve_tasks, args=(worker,), daemon=True) for worker in first
                ]
                for thread in self._threads:
                    thread.start()
        except KeyboardInterrupt:
            with defer_signals():
                self.kill()
            raise

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Put a call into the queue for the next free worker, and return its future at once.

        The future has the call's result or exception, or a WorkerDiedError if the worker ended first.
        """
        future: Future[Any] = Future()
        self._tasks.put((future, (function, args, kwargs)))
        return future

    def _serve_tasks(self, worker: tuple[Any, Connection] | None) -> None:
        """Wait for tasks, and run one after the other in a worker, until the pool is shut down.

        `worker` is its process and its connection; None if it must be started. A worker that has died is replaced.
        """
        idle = True
        try:
            worker = worker or self._start_or_none()
            while (task := self._tasks.get()) is not None:
                future, work = task
                idle = False
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    worker = worker or self._restart()
                    worker[1].send(work)
                    succeeded, result = worker[1].recv()
                except (EOFError, OSError) as problem:
                    self._end(worker)
                    worker = None
                    future.set_exception(WorkerDiedError(f"a worker died ({type(problem).__name__})"))
                except Exception as problem:  # the task or the answer cannot be pickled
                    self._end(worker)
                    worker = None
                    future.set_exception(problem)
                else:
                    future.set_result(result) if succeeded else future.set_exception(result)
        finally:
            self._end(worker, politely=not idle)

    def _start_or_none(self) -> tuple[Any, Connection] | None:
        """Start a worker before its first task, and return its process and its connection.

        Return None if that fails: the first task will try again.
        """
        with contextlib.suppress(EOFError, OSError):
            return self._started()
        return None

    def _restart(self) -> tuple[Any, Connection]:
        """Start a worker for a waiting task, and return its process and its connection.

        Retry for about 3 seconds, as a killed fork server refuses until it has ended.

        Raises
        ------
        EOFError, OSError
            If no worker can be started, or the pool was killed.
        """
        for pause in _PAUSES:
            with contextlib.suppress(EOFError, OSError):
                return self._started()
            if self._closed.wait(pause):
                break
        return self._started()

    def _started(self) -> tuple[Any, Connection]:
        context = _context()
        ours, theirs = context.Pipe()
        with theirs, self._starting:
            if self._closed.is_set():
                raise EOFError
            with self._share() as share, _block_sigint():
                process = context.Process(target=_work, args=(theirs, self._scratch, share), daemon=True)
                process.start()
            self._processes.add(process)
        return process, ours

    def _end(self, worker: tuple[Any, Connection] | None, politely: bool = False) -> None:
        if worker is None:
            return
        process, connection = worker
        with contextlib.suppress(OSError), connection:
            connection.send(None)
        if not politely:
            process.kill()
        process.join(_END_TIMEOUT)
        process.kill()
        self._processes.discard(process)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the workers when they have finished all submitted tasks; wait for that if `wait` is true.

        If `cancel_futures` is true, tasks that have not begun are cancelled.
        """
        if cancel_futures:
            with contextlib.suppress(Empty):
                while (task := self._tasks.get_nowait()) is not None:
                    task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        if wait:
            for thread in self._threads:
                thread.join()
            self._finish()

    def kill(self) -> None:
        """Kill the workers, cancel waiting tasks, and wait until all processes that the workers started have ended.

        The wait is at most 5 seconds for each of these processes.
        """
        with self._starting:
            self._closed.set()
            processes = list(self._processes)
        with _handles_below([process.pid for process in processes]) as handles:
            for process in processes:
                process.kill()
            self.shutdown(cancel_futures=True)
            for handle in handles:
                wait([handle], _END_TIMEOUT)


def pool(workers: int, scratch: str, lesson: str, settings: Settings) -> WorkerPool:
    """Start worker processes that write below `scratch` and share the kernels of this process, and return their pool.

    As long as this process has only one thread, the workers are its forks and need no imports. If the kernels cannot be
    started here, each worker starts its own.
    """
    cgroups.take_over()  # early, while all processes in the cgroup are descendants of this process
    from autograder.grading.execute.lesson_kernels import Editions  # slow import, as it needs jupyter_client

    try:
        ours = Editions(lesson, settings, directory=scratch)
    except Exception:  # each worker starts kernels of its own then, or reports why that fails
        return WorkerPool(workers, scratch)
    try:
        if _may_be_forked():
            importlib.import_module(_PRELOADED)  # in parallel with the imports of the zygote, on another core
    except BaseException:
        ours.close()
        raise
    return WorkerPool(workers, scratch, ours.share, ours.close)


@contextmanager
def started(start: Callable[[], Executor]) -> Iterator[Callable[[], Executor]]:
    """Start an executor at once; yield a function that returns it.

    The first call returns this executor, and each later call a new one. The caller must shut down the executors that
    the function returned. An executor that was never returned is shut down at the end of the block.
    """
    early = [start()]
    try:
        yield lambda: early.pop() if early else start()
    finally:
        for executor in early:
            end_now(executor)


def end_now(executor: Executor) -> None:
    """Shut down an executor at once, even if tasks are running, and wait for its end.

    Only a `WorkerPool` can stop running tasks; other executors finish them.
    """
    if isinstance(executor, WorkerPool):
        executor.kill()
    else:
        executor.shutdown(wait=True, cancel_futures=True)


def _may_be_forked() -> bool:
    """Return whether this process can be forked safely: on Linux, without another thread that may hold a lock."""
    return sys.platform == "linux" and threading.active_count() == 1


def _context() -> Any:
    """Return the multiprocessing context for starting workers.

    It is "spawn" on Windows, "fork" if this process can be forked safely, and else "forkserver".
    """
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    if _may_be_forked():
        return multiprocessing.get_context("fork")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_PRELOADED_BY_A_SERVER])
    return context


@contextmanager
def _block_sigint() -> Iterator[None]:
    """Block SIGINT during the block, in which a process is started: Ctrl-C must interrupt the coordinator only.

    Nothing happens on systems that cannot block signals.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handles_below(processes: list[int]) -> Iterator[list[int]]:
    """Yield pidfds of all descendants of these processes, and close them at the end of the block.

    On other systems than Linux, the list is empty.
    """
    handles: list[int] = []
    try:
        if sys.platform == "linux":
            for process in processes:
                for one in descendants(process):
                    with contextlib.suppress(ProcessLookupError):
                        handles.append(os.pidfd_open(one))
        yield handles
    finally:
        for handle in handles:
            os.close(handle)


def _work(connection: Connection, scratch: str, share: KernelShare | None) -> None:
    """Wait for tasks and run each in this worker, until the coordinator sends None or closes the connection.

    Grading tasks use the shared kernels, if `share` is not None.
    """
    _initialize_worker(scratch)
    importlib.import_module(_PRELOADED)  # does nothing if the worker was forked from a process that has imported it
    from autograder.grading.execute.task import grade_submission

    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            break
        if task is None:
            break
        function, args, kwargs = task
        if function is grade_submission:
            kwargs = {"share": share, **kwargs}
        try:
            answer = (True, function(*args, **kwargs))
        except Exception as problem:
            answer = (False, problem)
        try:
            content = ForkingPickler.dumps(answer)
        except Exception as problem:
            content = ForkingPickler.dumps((False, RuntimeError(f"{answer[1]!r:.300} cannot be sent ({problem})")))
        try:
            connection.send_bytes(content)
        except OSError:
            break
    _close_kernels()


def _close_kernels() -> None:
    from autograder.grading.execute.task import close_graders  # slow import, which a coordinator can do without

    close_graders()


def _initialize_worker(scratch: str) -> None:
    """Prepare a worker: it ignores Ctrl-C, ends with its coordinator, and writes temporary files to `scratch`."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgid"):
        # Out of the terminal's process group: nbclient sets a handler of SIGINT for each notebook and then restores
        # Python's default handler, so that ignoring the signal is not enough.
        os.setpgid(0, 0)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    tempfile.tempdir = scratch
    if sys.platform == "linux":
        from autograder.running.sandbox.syscalls import PR_SET_PDEATHSIG, prctl

        # End with the process that we were forked from: when it ends, multiprocessing considers us ended too.
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with_coordinator, daemon=True).start()


def _end_with_coordinator() -> None:
    coordinator = multiprocessing.parent_process()
    if coordinator is not None:
        wait([coordinator.sentinel])
        os._exit(1)
