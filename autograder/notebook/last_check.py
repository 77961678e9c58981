"""Store the result of each exercise's last check beside the notebook, so that it survives a restart of the kernel."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.judging.verdict import Verdict

FILE = ".autograder-progress.json"  # in the working directory, which is the notebook's folder
_SCHEMA = 1


@dataclass(frozen=True)
class LastCheck:
    """The result of a check.

    Attributes
    ----------
    points, max_points : float
        Points of the parts that were judged in this check.
    written : bool
        Whether there was an answer.
    """

    points: float
    max_points: float
    written: bool

    @property
    def right(self) -> bool:
        """Return whether the check earned all its points. Hidden parts count only if they were judged."""
        return self.points >= self.max_points


_here: dict[str, LastCheck] = {}  # results of this kernel, also if no file can be written


def remember(verdict: Verdict, *, on_disk: bool) -> None:
    """Store the result of a check; if the directory is not writable, only this kernel remembers it.

    Parameters
    ----------
    verdict : Verdict
    on_disk : bool
        Whether to store it in the file too, for later kernels.
    """
    written = not any(part.failure and part.failure.not_written for part in verdict.parts)
    _here[verdict.exercise] = LastCheck(verdict.points, verdict.max_points, written)
    if on_disk:
        try:
            _write({**_read(), **_here})
        except OSError:
            return


def remembered() -> dict[str, LastCheck]:
    """Return the last known result of each exercise, by name.

    Results of this kernel come before those in the file. A missing or damaged file counts as empty.
    """
    return {**_read(), **_here}


def _read() -> dict[str, LastCheck]:
    """Return the results in the file, by name.

    A missing or damaged file, or one of another version, counts as empty.
    """
    try:
        data = json.loads(Path(FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(data, Mapping) or data.get("schema") != _SCHEMA or not isinstance(data.get("checked"), Mapping):
        return {}
    return {name: LastCheck(**entry) for name, entry in data["checked"].items() if _is_entry(entry)}


def _is_entry(entry: Any) -> bool:
    numbers = ("points", "max_points")
    return (
        isinstance(entry, Mapping)
        and entry.keys() == {*numbers, "written"}
        and all(type(entry[key]) in (int, float) for key in numbers)
        and type(entry["written"]) is bool
    )


def _write(checked: Mapping[str, LastCheck]) -> None:
    """Write the file atomically, as two notebooks may write at the same time.

    Raises
    ------
    OSError
        If the directory is not writable.
    """
    text = json.dumps({"schema": _SCHEMA, "checked": {name: asdict(entry) for name, entry in checked.items()}})
    handle, temporary = tempfile.mkstemp(prefix=FILE, dir=".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(FILE)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
