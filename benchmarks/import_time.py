"""Import time of `from autograder import check`, compared with NumPy alone: `python benchmarks/import_time.py`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
STATEMENTS = {"numpy": "import numpy", "autograder": "from autograder import check", "nothing": "pass"}


def seconds(statement: str) -> float:
    """Measure the time of a whole process that runs one statement."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Run the statements in turn and print medians and the ratio."""
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(ROUNDS):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    median = {name: statistics.median(values) for name, values in times.items()}
    for name, value in median.items():
        print(f"{name:>12}: {value:.3f} s (median of {ROUNDS})")
    print(f"autograder / numpy: {median['autograder'] / median['numpy']:.2f}")


if __name__ == "__main__":
    main()
