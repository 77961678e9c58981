"""Is this a submission of this lesson at all? Looked at before anything of it runs."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.utils import parse_utc

from autograder.errors import SubmissionError
from autograder.grading.course.lesson import files_beside
from autograder.grading.submission.restore import grade_id_of
from autograder.judging.calls import printable

LARGEST_NOTEBOOK = 50_000_000  # bytes; a notebook with a hundred figures has two million
MOST_CELLS = 2000
_LONGEST_CODE = 1_000_000  # characters of all code cells; a lesson has 30,000
_LONGEST_NAME = 128  # in nbgrader's tables
_PATTERN_CHARACTERS = frozenset("[]*?")  # nbgrader looks folders up as patterns


@dataclass(frozen=True)
class Submission:
    """What a student handed in for a lesson, as bytes: nothing of it has been looked into.

    Attributes
    ----------
    student : str
    notebook : bytes
    files : dict of str to bytes
        What lies beside the notebook.
    timestamp : str or None
        When it was handed in, as `timestamp.txt` says.
    """

    student: str
    notebook: bytes
    files: dict[str, bytes]
    timestamp: str | None = None

    @classmethod
    def read(cls, path: Path) -> Submission:
        """Read a submission.

        Parameters
        ----------
        path : Path
            The notebook, `submitted/STUDENT/LESSON/LESSON.ipynb`.

        Raises
        ------
        SubmissionError
            If the folder's name cannot be used, or the notebook is missing, a link, or too large, or timestamp.txt
            holds no time.
        """
        student = path.parents[1].name
        _require_name(student)
        try:
            return cls._read(path, student)
        except OSError as problem:  # removed meanwhile, or not ours to read
            raise SubmissionError(f"{path} must be readable (got: {problem.strerror or problem})") from None

    @classmethod
    def _read(cls, path: Path, student: str) -> Submission:
        _require_plain_files(path.parent)
        if not path.is_file():
            there = sorted(printable(p.name) for p in path.parent.iterdir())
            raise SubmissionError(f"there is no {path.name} (found {', '.join(there) or 'an empty folder'})")
        if path.stat().st_size > LARGEST_NOTEBOOK:
            size = path.stat().st_size / 1e6
            raise SubmissionError(f"{path.name} must be smaller than {LARGEST_NOTEBOOK / 1e6:g} MB (got {size:.0f} MB)")
        files = files_beside(path.parent, SubmissionError)
        timestamp = files.pop("timestamp.txt", b"").decode("utf-8", "replace").strip()
        _require_time(timestamp)
        return cls(student, path.read_bytes(), files, timestamp or None)

    @property
    def fingerprint(self) -> str:
        """Hash of all of it, the student's name too."""
        digest = hashlib.sha256(json.dumps([self.student, self.timestamp]).encode())
        for name, content in sorted({**self.files, "": self.notebook}.items()):
            digest.update(json.dumps([name, len(content)]).encode())
            digest.update(content)
        return digest.hexdigest()


def parse(content: bytes, lesson: str, grade_ids: Collection[str]) -> Any:
    """Read a notebook of a lesson.

    Parameters
    ----------
    content : bytes
    lesson : str
    grade_ids : collection of str
        Of the released lesson's cells.

    Raises
    ------
    SubmissionError
        If it is damaged, or of another lesson.
    """
    notebook = _read(content, f"{lesson}.ipynb")
    theirs = {grade_id_of(cell) for cell in notebook.cells} - {None}
    if not theirs & set(grade_ids):
        other = ", ".join(sorted(str(name) for name in theirs)[:4]) or "none"
        raise SubmissionError(f"{lesson}.ipynb has no cell of {lesson} (graded cells found: {other})")
    _require_measure(notebook, f"{lesson}.ipynb")
    return notebook


def _require_measure(notebook: Any, name: str) -> None:
    """Refuse what would keep a grader busy for hours, and text that no file can hold."""
    if len(notebook.cells) > MOST_CELLS:
        raise SubmissionError(f"{name} must have at most {MOST_CELLS} cells (got {len(notebook.cells)})")
    length = sum(len(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    if length > _LONGEST_CODE:
        raise SubmissionError(f"{name} must have at most {_LONGEST_CODE} characters of code (got {length})")
    try:
        for cell in notebook.cells:
            cell.source.encode()
    except UnicodeEncodeError:
        raise SubmissionError(f"{name} must be text that can be written (a cell has half a character)") from None


def _require_name(student: str) -> None:
    if set(student) & _PATTERN_CHARACTERS:
        raise SubmissionError(f"a student's folder must have a name without [ ] * ? (got {student!r})")
    if len(student) > _LONGEST_NAME:
        raise SubmissionError(f"a student's folder must have a name of at most {_LONGEST_NAME} characters")


def _require_time(timestamp: str) -> None:
    """Insist on a time that nbgrader can read, if there is any."""
    try:
        if timestamp:
            parse_utc(timestamp)
    except (ValueError, OverflowError, TypeError):
        raise SubmissionError(
            f"timestamp.txt must hold a time like 2026-03-01 12:00:00 UTC (got {timestamp[:40]!r})"
        ) from None


def _require_plain_files(folder: Path) -> None:
    """Refuse links and special files: whatever is in the folder is copied to where students read their feedback."""
    for entry in [folder, *folder.rglob("*")]:
        mode = entry.lstat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            name = printable(entry.name)
            raise SubmissionError(f"a submission must hold plain files only (got {name}, a link or device)")


def _read(content: bytes, name: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as damage:
        raise SubmissionError(f"{name} must be UTF-8 text (byte {damage.start} is not)") from None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as damage:
        place = f"line {damage.lineno}" if isinstance(damage, json.JSONDecodeError) else "nested too deeply"
        raise SubmissionError(f"the notebook is damaged: not JSON ({place})") from None
    if not isinstance(data, dict) or "nbformat" not in data:
        raise SubmissionError(f"{name} is JSON, but not a notebook")
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as damage:  # nbformat raises whatever the damage makes of its own code
        first_line = str(damage).strip().split("\n")[0][:200]
        raise SubmissionError(f"{name} is damaged: not a valid notebook ({first_line})") from None
    return notebook
