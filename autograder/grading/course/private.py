"""The folder that students must not get: the secret seed, the lock, notes for the next command."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import CourseError
from autograder.grading.course.atomic_write import create_atomically
from autograder.judging.seeds import draw_seed


def private_directory(root: Path) -> Path:
    """Return the private folder of a course; create it, for its owner's eyes only, where there is none."""
    directory = root / ".autograder"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def secret_seed(root: Path) -> int:
    """Return the course's secret seed, drawn when it is first needed and the same ever after.

    Raises
    ------
    CourseError
        If the file that keeps it is damaged: a new seed would silently change everybody's hidden cases.
    """
    path = private_directory(root) / "seed.json"
    if not path.exists():
        drawn = {"seed": draw_seed(), "drawn": datetime.now(UTC).isoformat(timespec="seconds")}
        create_atomically(path, json.dumps(drawn) + "\n", mode=0o600)
    try:
        seed = json.loads(path.read_text(encoding="utf-8"))["seed"]
        if type(seed) is not int or seed < 0:
            raise ValueError(seed)
    except (ValueError, KeyError, TypeError) as damage:
        raise CourseError(
            f"{path} must hold the course's seed, as written at the first release (got {damage})"
        ) from None
    return int(seed)
