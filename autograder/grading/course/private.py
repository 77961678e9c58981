"""Manage the private folder of a course, with the secret seed and the lock; students must not get it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import CourseError
from autograder.grading.course.atomic_write import create_atomically
from autograder.judging.seeds import draw_seed


def private_directory(root: Path) -> Path:
    """Return the private folder of a course; if it does not exist, create it, readable by its owner only.

    Raises
    ------
    FileNotFoundError
        If the course directory does not exist.
    """
    directory = root / ".autograder"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def secret_seed(root: Path) -> int:
    """Return the course's secret seed, an integer from 0 on; it is drawn when it is first needed and never changes.

    Raises
    ------
    CourseError
        If its file is damaged: a new seed would silently change the hidden cases of all students.
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
