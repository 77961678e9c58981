"""Train what the answers to challenges return, and write down the accuracies that the tests read.

    python tests/answers/record_accuracies.py

Training every answer takes minutes, so that the tests read `recorded_accuracies.json` instead. It must be written anew
when such an answer is added or changed, or how networks are trained.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # must come before NumPy; matrices are too small for threads

import numpy as np
from rich.progress import track

sys.path.insert(0, str(Path(__file__).parent))
from corpus import answers

from autograder import judge
from autograder.exercises import training_runs
from course_lib import comparing_runs

FILE = Path(__file__).with_name("recorded_accuracies.json")
SEEDS = range(3)  # of the judge
SETTINGS = {
    "weights": [training_runs.RATE, training_runs.STEPS, training_runs.BATCH_SIZE, training_runs.EVERY],
    "design": [*comparing_runs.DESIGN_SIZES, comparing_runs.DESIGN_STEPS, comparing_runs.DESIGN_BATCH_SIZE],
}
Accuracy = Callable[[Any, int, float], float]


def key_of(trained: Any, seed: int) -> str:
    """Name a run. Weights count to three digits only: the last ones of a decomposition differ between machines."""
    if isinstance(trained, dict):
        text = " ".join(map(str, training_runs.read_design(trained)))
    else:
        digits = b"".join(np.asarray(W, dtype=np.float16).tobytes() for W in trained)
        text = hashlib.blake2b(digits, digest_size=8).hexdigest()
    return f"{text}, seed {seed}"


@contextmanager
def trained_by(accuracy: Callable[[str, Accuracy], Accuracy]) -> Iterator[None]:
    """Replace the function that trains, for each kind of training, while the block runs."""
    before = dict(training_runs.TRAININGS)
    training_runs.TRAININGS |= {k: replace(how, accuracy=accuracy(k, how.accuracy)) for k, how in before.items()}
    try:
        yield
    finally:
        training_runs.TRAININGS |= before


@cache
def recorded() -> dict[str, Any]:
    """Read the file."""
    book = json.loads(FILE.read_text(encoding="utf-8"))
    assert book["settings"] == SETTINGS, f"networks are trained otherwise: run python {Path(__file__).name}"
    return book


def read(kind: str, train: Accuracy) -> Accuracy:
    """Build a function that reads recorded accuracies and never trains."""

    def accuracy(trained: Any, seed: int, enough: float) -> float:
        key = key_of(trained, seed)
        if key not in recorded()[kind]:
            raise LookupError(f"no accuracy is recorded for {kind} {key}: run python {Path(__file__).name}")
        found = recorded()[kind][key]
        return math.nan if found is None else found

    return accuracy


def write(book: dict[str, Any], kind: str, train: Accuracy) -> Accuracy:
    """Build a function that trains and writes the accuracy into the book."""

    def accuracy(trained: Any, seed: int, enough: float) -> float:
        found = train(trained, seed, enough)
        book[kind][key_of(trained, seed)] = None if math.isnan(found) else round(found, 4)
        return found

    return accuracy


def main() -> None:
    """Judge every answer and every known mistake of the challenges, and write the file."""
    book: dict[str, Any] = {"settings": SETTINGS, **{kind: {} for kind in training_runs.TRAININGS}}
    challenges = [answer for answer in answers() if answer.exercise.notice]
    functions = [(answer.exercise, answer.function) for answer in challenges]
    exercises = {answer.exercise for answer in challenges}
    functions += [(exercise, mistake.function) for exercise in exercises for mistake in exercise.mistakes]
    with trained_by(partial(write, book)), np.errstate(all="ignore"):
        for exercise, function in track(functions, "training"):
            for seed in SEEDS:
                judge(exercise, function, seed=seed)
    FILE.write_text(json.dumps(book, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
