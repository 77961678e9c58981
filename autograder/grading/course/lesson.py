"""A released lesson as grading needs it: what is executed, tested and worth how much; nothing of any student."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import MissingEntry

import course_lib
from autograder.errors import CourseError
from autograder.grading.course.directory import Course, secret_seed
from autograder.grading.record import gradebook
from autograder.grading.submission.restore import grade_id_of, released_cells
from autograder.judging.load_exercises import FOLDER

_LARGEST_FILES = 16 << 20  # bytes, of all files beside a notebook


@dataclass(frozen=True)
class Lesson:
    """A released lesson.

    Attributes
    ----------
    name : str
    seed : int
        The course's secret one.
    cells : dict of str to dict
        By grade id: nbgrader's metadata, checksum and source, as stored at the release.
    experiments : frozenset of str
        Texts of the other code cells, as they were handed out.
    files : dict of str to bytes
        What lies beside the notebook, such as data.
    own : dict of str to str
        Texts of the course's own exercises, by file name.
    """

    name: str
    seed: int
    cells: dict[str, dict[str, Any]]
    experiments: frozenset[str] = frozenset()
    files: dict[str, bytes] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, course: Course, name: str) -> Lesson:
        """Read a lesson from the course that released it.

        Raises
        ------
        CourseError
            If it was not released, or its files are too large to be given to every submission.
        """
        with gradebook.opened(course.gradebook_url) as book:
            try:
                cells = released_cells(book.find_notebook(name, name))
            except MissingEntry:
                raise CourseError(f"a lesson must be released before it is graded (got {name!r})") from None
        released = course.root / "release" / name / f"{name}.ipynb"
        own = {path.name: path.read_text(encoding="utf-8") for path in sorted((course.root / FOLDER).glob("*.py"))}
        return cls(
            name=name,
            seed=secret_seed(course.root),
            cells=cells,
            experiments=_experiments(released) if released.is_file() else frozenset(),
            files=files_beside(course.source / name),
            own=own,
        )

    def to_bytes(self) -> bytes:
        """Give all of it, the same bytes for the same lesson."""
        data = {
            "name": self.name,
            "seed": self.seed,
            "cells": self.cells,
            "experiments": sorted(self.experiments),
            "files": {name: base64.b64encode(content).decode("ascii") for name, content in self.files.items()},
            "own": self.own,
        }
        return json.dumps(data, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Lesson:
        """Give back what `to_bytes` gave."""
        data = json.loads(content)
        files = {name: base64.b64decode(text) for name, text in data["files"].items()}
        return cls(**{**data, "experiments": frozenset(data["experiments"]), "files": files})

    @cached_property
    def version(self) -> str:
        """Fingerprint of everything a mark depends on besides the submission and the grader."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


@cache
def grader_version() -> str:
    """Fingerprint of the grader: of every line of `autograder` and `course_lib`."""
    digest = hashlib.sha256()
    for package in (Path(__file__).parents[2], Path(course_lib.__file__).parent):
        for path in sorted(package.rglob("*.py")):
            digest.update(path.relative_to(package.parent).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def files_beside(folder: Path, reason: type[Exception] = CourseError) -> dict[str, bytes]:
    """Read what lies beside a notebook.

    Raises
    ------
    reason
        If it is too much to be given to a kernel.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".ipynb"]
    paths = [path for path in paths if not any(part.startswith((".", "__pycache__")) for part in path.parts)]
    size = sum(path.stat().st_size for path in paths)
    if size > _LARGEST_FILES:
        raise reason(f"the files beside a notebook must be below {_LARGEST_FILES >> 20} MB (got {size / 2**20:.0f} MB)")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _experiments(path: Path) -> frozenset[str]:
    cells = nbformat.read(path, as_version=4).cells
    return frozenset(cell.source for cell in cells if cell.cell_type == "code" and grade_id_of(cell) is None)
