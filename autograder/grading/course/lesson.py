"""Define a released lesson: its cells, their points and its files, without data of any student."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# The metadata of every notebook that we write.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Lesson:
    """A released lesson.

    Attributes
    ----------
    name : str
        Name of the assignment.
    seed : int
        The course's secret seed.
    cells : dict of str to dict
        For each grade id: nbgrader's metadata, checksum and source, as stored at the release.
    experiments : frozenset of str
        Source texts of the other released code cells; empty if all cells must run.
    files : dict of str to bytes
        Files beside the notebook, such as data.
    custom_exercises : dict of str to str
        Texts of the course's own exercises, by file name.
    exercise_versions : dict of str to str
        Versions of the lesson's exercises, by name; "" has the version of what every mark depends on.
    """

    name: str
    seed: int
    cells: dict[str, dict[str, Any]]
    experiments: frozenset[str] = frozenset()
    files: dict[str, bytes] = field(default_factory=dict)
    custom_exercises: dict[str, str] = field(default_factory=dict)
    exercise_versions: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the lesson as bytes, which are equal for equal lessons."""
        data = {
            "name": self.name,
            "seed": self.seed,
            "cells": self.cells,
            "experiments": sorted(self.experiments),
            "files": {name: base64.b64encode(content).decode("ascii") for name, content in self.files.items()},
            "custom_exercises": self.custom_exercises,
            "exercise_versions": self.exercise_versions,
        }
        return json.dumps(data, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Lesson:
        """Return the lesson from the bytes that `to_bytes` returned."""
        data = json.loads(content)
        files = {name: base64.b64decode(text) for name, text in data["files"].items()}
        return cls(**{**data, "experiments": frozenset(data["experiments"]), "files": files})

    @cached_property
    def version(self) -> str:
        """Return a hash of everything that a mark depends on besides the submission: 64 hexadecimal digits."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
