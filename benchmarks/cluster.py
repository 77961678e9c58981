"""Overhead of a Dask cluster per task: `python benchmarks/cluster.py [--tasks 200]`.

Two workers on this machine run tasks that do almost nothing: processes of the local pool, and Dask workers over
loopback. Tasks are sent one after the other, which measures the latency of a task, and all at once, which measures the
throughput for a class. Local pool and cluster alternate, round by round. The output is medians in ms per task, and the
range over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from autograder.grading.distribute.dask_cluster import connect
from autograder.grading.distribute.pool import WorkerPool

WORKERS = 2


def one_by_one(executor: Executor, tasks: int) -> None:
    """Run each task to its end before the next is sent."""
    for number in range(tasks):
        executor.submit(abs, number).result()


def all_at_once(executor: Executor, tasks: int) -> None:
    """Send all tasks, then wait for all results."""
    for future in [executor.submit(abs, number) for number in range(tasks)]:
        future.result()


def milliseconds(way: Callable[[Executor, int], None], executor: Executor, tasks: int) -> float:
    """Measure the average time per task over one round."""
    start = time.perf_counter()
    way(executor, tasks)
    return 1000 * (time.perf_counter() - start) / tasks


@contextmanager
def cluster(directory: str) -> Iterator[str]:
    """Start a scheduler and workers with the same commands as a person; yield the address."""
    note = Path(directory, "scheduler.json")
    known = ["--scheduler-file", str(note), "--no-dashboard"]
    worker = ["worker", "--nthreads", "1", "--no-nanny", "--local-directory", directory]
    with ExitStack() as stack:
        for words in [["scheduler", "--host", "127.0.0.1", "--port", "0"], *[worker] * WORKERS]:
            process = subprocess.Popen([sys.executable, "-m", "dask", *words, *known], stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        from distributed import Client

        with Client(scheduler_file=str(note), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=120)
            address = client.scheduler.address
        yield address


def main() -> None:
    """Measure both orders with both executors and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=200, help="of a round")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dask-") as directory, cluster(directory) as address:
        executors = {"local pool": WorkerPool(WORKERS, directory), "cluster": connect(address)}
        for executor in executors.values():
            all_at_once(executor, 10 * WORKERS)  # the first task of a worker includes its imports
        for way in (one_by_one, all_at_once):
            times: dict[str, list[float]] = {name: [] for name in executors}
            for _ in range(options.rounds):
                for name, executor in executors.items():
                    times[name].append(milliseconds(way, executor, options.tasks))
            print(way.__name__.replace("_", " "))
            for name, rounds in times.items():
                print(f"  {statistics.median(rounds):7.2f} ms a task  {min(rounds):.2f}-{max(rounds):.2f}  {name}")
            local, remote = (statistics.median(rounds) for rounds in times.values())
            print(f"  {remote - local:7.2f} ms a task  added by the cluster")
        for executor in executors.values():
            executor.shutdown()


if __name__ == "__main__":
    main()
