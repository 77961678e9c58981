"""Grading by the workers of a Dask cluster: the same tasks as on one machine, sent over the network.

What travels is pickled, and whoever unpickles it trusts the sender: coordinator, scheduler and workers are ours. A
submission is bytes to all of them and meets Python in its confined kernel only.
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
_SECONDS_WITHOUT_WORKERS = 120  # a cluster may replace all of them
_SECONDS_BETWEEN_LOOKS = 2
_RETRIES = 1  # of a task that raised, such as for want of disk: on any worker
# The name of a unix socket has 107 characters, of which a kernel's needs 35 below the worker's directory.
_LONGEST_DIRECTORY = 70
_REMEDY = "install one version of keep-the-signal-alive, with the same packages, on both"


@dataclass(frozen=True)
class Certificates:
    """Files in PEM format by which a cluster and this machine know each other.

    Attributes
    ----------
    authority : Path
        Certificate of the authority that signed everybody's.
    certificate, key : Path
        Of this machine.
    """

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Refusal:
    """A worker's answer in place of a result; not an exception, for which Dask would try again."""

    reason: str


def connect(address: str, certificates: Certificates | None = None, *, patience: float | None = None) -> Cluster:
    """Connect to a cluster that is fit to grade.

    Parameters
    ----------
    address : str
        Of the scheduler, as `tcp://host:port`, or `tls://host:port` with certificates.
    certificates : Certificates or None
    patience : float or None
        Seconds to wait for new workers, once there are none left; some minutes by default.

    Raises
    ------
    CourseError
        If there is no scheduler, it has no workers, or one of them is unfit.
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
    """Return whether others than this machine could send to this address without a certificate."""
    parts = urlsplit(address)
    try:
        alone = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        alone = parts.hostname == "localhost"
    return parts.scheme != "tls" and not alone


class Cluster(Executor):
    """The workers of a cluster, as an executor of pure tasks.

    Bytes among a task's arguments are taken for what many tasks share: they travel to each worker once.

    Parameters
    ----------
    client : distributed.Client
    patience : float
        Seconds to wait for new workers, once there are none left.

    Attributes
    ----------
    workers : int
        How many there are now.
    """

    def __init__(self, client: Any, patience: float) -> None:
        self._client, self._patience = client, patience
        self._tasks = client.get_executor(pure=False, retries=_RETRIES)
        self._shared: dict[bytes, Any] = {}
        self._pending: set[Future[Any]] = set()
        self.workers = max(1, len(client.nthreads()))
        self._watching = asyncio.run_coroutine_threadsafe(self._watch(), client.loop.asyncio_loop)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a task to whichever worker is free.

        Raises
        ------
        BrokenExecutor
            If the scheduler is gone.
        """
        if self._client.status != "running":
            raise BrokenExecutor("the scheduler is gone")
        arguments = [self._share(each) if isinstance(each, bytes) else each for each in args]
        result_of: Future[Any] = Future()
        self._pending.add(result_of)
        key = f"{function.__name__}-{uuid.uuid4().hex}"
        sent = self._tasks.submit(work, installed(), function, *arguments, key=key, **kwargs)
        sent.add_done_callback(partial(self._hand_over, result_of))
        return result_of

    def _share(self, content: bytes) -> Any:
        """Return a future of some bytes: a task of its own, so that they are computed again when their workers died."""
        if content not in self._shared:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Sending large graph")  # it is sent once
                key = f"shared-{hashlib.sha256(content).hexdigest()}"
                self._shared[content] = self._client.submit(same, content, key=key)
            self._client.replicate([self._shared[content]])
        return self._shared[content]

    def _hand_over(self, result_of: Future[Any], sent: Future[Any]) -> None:
        """Copy a Dask future's result or exception to ours. Runs in the client's thread."""
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
            result_of.set_exception(UnfitError(_described(problem)) if _is_unpickling_problem(problem) else problem)
        elif isinstance(result := sent.result(), Refusal):
            result_of.set_exception(UnfitError(result.reason))
        else:
            result_of.set_result(result)

    async def _watch(self) -> None:
        """Count the workers from time to time; fail all tasks when there have been none for long."""
        alone = 0.0
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            try:
                found = len(await self._client.scheduler.ncores())
            except OSError:
                continue  # a scheduler that is gone: the client says so to every task
            self.workers = max(1, found)
            alone = 0.0 if found else alone + _SECONDS_BETWEEN_LOOKS
            if alone >= self._patience:
                for result_of in self._pending:
                    result_of.set_exception(BrokenExecutor("there are no workers left"))
                self._pending.clear()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the connection to the cluster; its workers stay."""
        if self._client.status == "closed":
            return
        if wait and not cancel_futures:
            wait_for(self._pending)
        self._watching.cancel()
        self._client.close()


def work(asked: str, function: Callable[..., Any], *args: Any) -> Any:
    """Run one task on a worker, unless it is unfit."""
    from distributed import get_worker

    worker = get_worker()
    directory = Path(worker.local_directory)
    if problem := unfit(asked, worker):
        return Refusal(problem)
    directory.chmod(0o711)  # kernels that root confines as somebody else pass through it
    tempfile.tempdir = str(directory)
    try:
        return function(*args)
    except UnfitError as problem:
        return Refusal(f"the worker {worker.address}: {problem}")


def same(content: bytes) -> bytes:
    """Return the argument, which is then kept on a worker."""
    return content


@cache
def installed() -> str:
    """Return the versions of everything that a mark depends on besides the work itself."""
    python = ".".join(map(str, sys.version_info[:2]))
    return f"grader {grader_version()[:12]} with NumPy {version('numpy')} and Python {python}"


def unfit(asked: str, dask_worker: Any = None) -> str:
    """Return why a worker must not grade, or "".

    Parameters
    ----------
    asked : str
        What the coordinator has `installed`.
    dask_worker : distributed.Worker
        Named as `Client.run` names it.
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
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said once, and by us
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
    """Ask the scheduler and every worker before anything is sent."""
    try:
        theirs = client.run_on_scheduler(installed)
    except Exception as problem:  # whatever unpickling raises where something else is installed
        theirs = _described(problem)
    if theirs != installed():
        raise CourseError(f"the scheduler at {address} must have {installed()} (got {theirs}): {_REMEDY}")
    for worker, answer in client.run(unfit, installed(), on_error="return").items():
        if isinstance(answer, OSError):
            continue  # it is on its way out
        if isinstance(answer, BaseException):
            answer = f"the worker {worker}: {_described(answer)}"
        if answer:
            raise CourseError(answer)


def _is_unpickling_problem(problem: BaseException) -> bool:
    """Return whether a worker could not even unpickle a task."""
    missing = isinstance(problem, ModuleNotFoundError) and (problem.name or "").split(".")[0] == "autograder"
    return missing or (isinstance(problem, AttributeError) and "Can't get attribute" in str(problem))


def _described(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {problem!s:.200}; {_REMEDY}"
