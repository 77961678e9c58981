"""Grade with the workers of a Dask cluster: they get the same tasks as on one machine, over the network.

Tasks and results are pickled, so each receiver must trust the sender: coordinator, scheduler and workers are ours. A
submission is sent as bytes; its code runs only in a sandboxed kernel.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autograder.errors import CourseError, UnfitError
from autograder.grading.course.fingerprint import grader_version

_SECONDS_TO_CONNECT = 5
_SECONDS_TO_FIND_WORKERS = 10
_SECONDS_WITHOUT_WORKERS = 120  # a cluster may replace all its workers
_SECONDS_BETWEEN_LOOKS = 2
_RETRIES = 1  # Dask retries a task that raised an exception, such as for a full disk, on any worker
# The path of a unix socket may have 107 characters, of which a kernel's sockets need 35 below the worker's directory.
_LONGEST_DIRECTORY = 70
_REMEDY = "install one version of keep-the-signal-alive, with the same packages, on both"


@dataclass(frozen=True)
class Certificates:
    """Files in PEM format with which a cluster and this machine authenticate each other.

    Attributes
    ----------
    authority : Path
        Certificate of the authority that signed all other certificates.
    certificate, key : Path
        Certificate and key of this machine.
    """

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Refusal:
    """A worker's answer instead of a result; it is not an exception, as Dask would retry the task."""

    reason: str


def connect(address: str, certificates: Certificates | None = None, *, patience: float | None = None) -> Cluster:
    """Connect to a cluster that is fit to grade, and return it.

    It waits up to 5 seconds for the scheduler, and up to 10 seconds for a worker.

    Parameters
    ----------
    address : str
        Address of the scheduler, as `tcp://host:port`, or `tls://host:port` with certificates.
    certificates : Certificates or None
    patience : float or None
        Seconds to wait for new workers when none are left; None for two minutes.

    Raises
    ------
    CourseError
        If the address and the certificates do not fit, Dask is not installed, there is no scheduler, it has no workers,
        or one of them is unfit.
    """
    _require_address(address, certificates)
    client = _client(address, certificates)
    try:
        try:
            client.wait_for_workers(1, timeout=_SECONDS_TO_FIND_WORKERS)
        except TimeoutError:
            raise CourseError(
                f"the scheduler at {address} must have workers (found none): start `dask worker {address} --nthreads 1`"
            ) from None
        _require_fit(client, address)
        return Cluster(client, _SECONDS_WITHOUT_WORKERS if patience is None else patience)
    except OSError as problem:
        client.close()
        raise CourseError(f"the scheduler at {address} must stay reachable (got: {problem})") from problem
    except BaseException:
        client.close()
        raise


def is_exposed(address: str) -> bool:
    """Return whether other machines may connect to this address without a certificate."""
    parts = urlsplit(address)
    try:
        local = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        local = parts.hostname == "localhost"
    return parts.scheme != "tls" and not local


class Cluster(Executor):
    """The workers of a cluster, as an executor of pure tasks.

    Arguments of type bytes are considered to be shared by many tasks: they are sent to each worker once.

    Parameters
    ----------
    client : distributed.Client
    patience : float
        Seconds to wait for new workers when none are left.

    Attributes
    ----------
    workers : int
        The current number of workers.
    """

    def __init__(self, client: Any, patience: float) -> None:
        self._client, self._patience = client, patience
        self._tasks = client.get_executor(pure=False, retries=_RETRIES)
        self._shared: dict[bytes, Any] = {}
        self._pending: set[Future[Any]] = set()
        self.workers = max(1, len(client.nthreads()))
        self._watching = asyncio.run_coroutine_threadsafe(self._watch(), client.loop.asyncio_loop)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a task to any free worker, and return its future at once.

        The future has the result, or UnfitError if the worker is unfit. It has BrokenExecutor if the connection is lost
        or there are no workers.

        Raises
        ------
        BrokenExecutor
            If the connection to the scheduler is lost.
        """
        if self._client.status != "running":
            raise BrokenExecutor("the scheduler is gone")
        arguments = [self._share(each) if isinstance(each, bytes) else each for each in args]
        result_of: Future[Any] = Future()
        self._pending.add(result_of)
        key = f"{function.__name__}-{uuid.uuid4().hex}"
        sent = self._tasks.submit(work, installed(), function, *arguments, key=key, **kwargs)
        sent.add_done_callback(partial(self._copy_result, result_of))
        return result_of

    def _share(self, content: bytes) -> Any:
        """Return a Dask future of the bytes, which are sent to the cluster at the first call.

        As they are the result of a task, Dask restores them if their workers die.
        """
        if content not in self._shared:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Sending large graph")  # it is sent once
                key = f"shared-{hashlib.sha256(content).hexdigest()}"
                self._shared[content] = self._client.submit(same, content, key=key)
            self._client.replicate([self._shared[content]])
        return self._shared[content]

    def _copy_result(self, result_of: Future[Any], sent: Future[Any]) -> None:
        """Copy a Dask future's result or exception to our future; it runs in the client's thread.

        If ours is done already, nothing happens.
        """
        from distributed.scheduler import KilledWorker

        self._pending.discard(result_of)
        if result_of.done():
            return
        problem = None if sent.cancelled() else sent.exception()
        if sent.cancelled() or (problem is not None and self._client.status != "running"):
            result_of.set_exception(BrokenExecutor("the scheduler is gone"))
        elif isinstance(problem, KilledWorker):
            result_of.set_exception(RuntimeError("its worker died again and again"))
        elif problem is not None:
            result_of.set_exception(UnfitError(_describe(problem)) if _is_unpickling_problem(problem) else problem)
        elif isinstance(result := sent.result(), Refusal):
            result_of.set_exception(UnfitError(result.reason))
        else:
            result_of.set_result(result)

    async def _watch(self) -> None:
        """Count the workers every 2 seconds, until it is cancelled.

        All tasks fail with BrokenExecutor when there have been no workers for `patience` seconds.
        """
        waited = 0.0
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            try:
                found = len(await self._client.scheduler.ncores())
            except OSError:
                continue  # the connection to the scheduler is lost: the client fails every task
            self.workers = max(1, found)
            waited = 0.0 if found else waited + _SECONDS_BETWEEN_LOOKS
            if waited >= self._patience:
                for result_of in self._pending:
                    result_of.set_exception(BrokenExecutor("there are no workers left"))
                self._pending.clear()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the connection to the cluster; its workers stay.

        If `wait` is true and `cancel_futures` is false, first wait for all tasks.
        """
        if self._client.status == "closed":
            return
        if wait and not cancel_futures:
            wait_for(self._pending)
        self._watching.cancel()
        self._client.close()


def work(asked: str, function: Callable[..., Any], *args: Any) -> Any:
    """Run one task on a worker, wait for it, and return its result; return a `Refusal` if the worker is unfit.

    `asked` is the result of `installed` on the coordinator. An exception of the task is raised.
    """
    from distributed import get_worker

    worker = get_worker()
    directory = Path(worker.local_directory)
    if problem := unfit(asked, worker):
        return Refusal(problem)
    directory.chmod(0o711)  # kernels with another user, if the worker is root, need to reach their files below it
    tempfile.tempdir = str(directory)
    try:
        return function(*args)
    except UnfitError as problem:
        return Refusal(f"the worker {worker.address}: {problem}")


def same(content: bytes) -> bytes:
    """Return the argument; as the result of a task, Dask stores it on a worker."""
    return content


@cache
def installed() -> str:
    """Return the versions of all software that a mark depends on, as text for people and for comparison."""
    python = ".".join(map(str, sys.version_info[:2]))
    return f"grader {grader_version()[:12]} with NumPy {version('numpy')} and Python {python}"


def unfit(asked: str, dask_worker: Any = None) -> str:
    """Return the reason why a worker must not grade, or "" if it may.

    Parameters
    ----------
    asked : str
        The result of `installed` on the coordinator.
    dask_worker : distributed.Worker
        The worker; `Client.run` requires this name of the argument.
    """
    name = f"the worker {dask_worker.address}"
    if installed() != asked:
        return f"{name} must have {asked} (got {installed()}): {_REMEDY}"
    if dask_worker.state.nthreads != 1:
        return f"{name} must have one thread (got {dask_worker.state.nthreads}): start it with --nthreads 1"
    if len(dask_worker.local_directory) > _LONGEST_DIRECTORY:
        return (
            f"{name} must have a directory with a name of at most {_LONGEST_DIRECTORY} characters "
            f"(got {dask_worker.local_directory}): start it with another --local-directory"
        )
    return ""


def _require_address(address: str, certificates: Certificates | None) -> None:
    parts = urlsplit(address)
    try:
        complete = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:
        complete = False
    if not complete:
        raise CourseError(f"a scheduler must be given as tcp://HOST:PORT or tls://HOST:PORT (got {address!r})")
    if (parts.scheme == "tls") != (certificates is not None):
        raise CourseError(
            "a scheduler at tls://HOST:PORT must be given with --tls-ca, --tls-cert and --tls-key, "
            f"and one at tcp://HOST:PORT without (got {address})"
        )


def _client(address: str, certificates: Certificates | None) -> Any:
    try:
        from distributed import Client, Security
    except ModuleNotFoundError:
        raise CourseError("--scheduler needs Dask: pip install 'keep-the-signal-alive[cluster]'") from None
    for name in ("distributed", "distributed.client", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # we report each problem ourselves, and only once
    security = None
    if certificates is not None:
        security = Security(
            require_encryption=True,
            tls_ca_file=str(certificates.authority),
            tls_client_cert=str(certificates.certificate),
            tls_client_key=str(certificates.key),
        )
    try:
        return Client(
            address,
            timeout=_SECONDS_TO_CONNECT,
            security=security,
            name="autograder",
            set_as_default=False,
            direct_to_workers=False,
        )
    except (OSError, RuntimeError, ValueError) as problem:
        raise CourseError(f"there must be a scheduler at {address} that we may use ({problem!s:.200})") from problem


def _require_fit(client: Any, address: str) -> None:
    """Check the scheduler and every worker before any task is sent, and wait for their answers.

    Raises
    ------
    CourseError
        If the scheduler or a worker is unfit.
    OSError
        If the connection is lost.
    """
    try:
        theirs = client.run_on_scheduler(installed)
    except Exception as problem:  # unpickling may raise any exception if another version is installed
        theirs = _describe(problem)
    if theirs != installed():
        raise CourseError(f"the scheduler at {address} must have {installed()} (got {theirs}): {_REMEDY}")
    for worker, answer in client.run(unfit, installed(), on_error="return").items():
        if isinstance(answer, OSError):
            continue  # this worker is ending
        if isinstance(answer, BaseException):
            answer = f"the worker {worker}: {_describe(answer)}"
        if answer:
            raise CourseError(answer)


def _is_unpickling_problem(problem: BaseException) -> bool:
    """Return whether an exception means that a worker could not even unpickle a task."""
    missing = isinstance(problem, ModuleNotFoundError) and (problem.name or "").split(".")[0] == "autograder"
    return missing or (isinstance(problem, AttributeError) and "Can't get attribute" in str(problem))


def _describe(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {problem!s:.200}; {_REMEDY}"
