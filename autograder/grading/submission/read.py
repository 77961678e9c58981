"""Read a submission as bytes, and check it before its code runs."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.errors import SubmissionError
from autograder.grading.course.attachments import files_beside
from autograder.judging.calls import printable

LARGEST_NOTEBOOK = 50_000_000  # bytes; a notebook with a hundred figures has two million
_LONGEST_NAME = 128  # the limit of nbgrader's database
_PATTERN_CHARACTERS = frozenset("[]*?")  # nbgrader uses the names of folders as glob patterns


@dataclass(frozen=True)
class Submission:
    """A submission for a lesson, as bytes, not parsed yet.

    Attributes
    ----------
    student : str
    notebook : bytes
    files : dict of str to bytes
        The other files in the notebook's folder.
    timestamp : str or None
        The time of the submission in `timestamp.txt`.
    """

    student: str
    notebook: bytes
    files: dict[str, bytes]
    timestamp: str | None = None

    @classmethod
    def read(cls, path: Path) -> Submission:
        """Read a submission, and return it.

        Parameters
        ----------
        path : Path
            The notebook, `submitted/STUDENT/LESSON/LESSON.ipynb`.

        Raises
        ------
        SubmissionError
            If the folder's name cannot be used, if the notebook is missing or too large, if a file is too large, a link
            or not readable, or if timestamp.txt contains no time.
        """
        student = path.parents[1].name
        require_name(student)
        try:
            return cls._read(path, student)
        except OSError as problem:  # removed meanwhile, or not readable
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
        """Return a hash of all parts of the submission, including the student's name: 64 hexadecimal digits."""
        digest = hashlib.sha256(json.dumps([self.student, self.timestamp]).encode())
        for name, content in sorted({**self.files, "": self.notebook}.items()):
            digest.update(json.dumps([name, len(content)]).encode())
            digest.update(content)
        return digest.hexdigest()


def escaped(student: str) -> str:
    """Return a folder's name so that it can be written into tables and files.

    Only a name that is not printable is escaped.
    """
    return student if student.isprintable() else ascii(student)[1:-1]


def require_name(student: str) -> None:
    """Check that the gradebook can store the name of a student's folder.

    Raises
    ------
    SubmissionError
        If it cannot.
    """
    if not student.isprintable():
        raise SubmissionError(f"a student's folder must have a printable name in UTF-8 (got {student!a})")
    if set(student) & _PATTERN_CHARACTERS:
        raise SubmissionError(f"a student's folder must have a name without [ ] * ? (got {student!r})")
    if len(student) > _LONGEST_NAME:
        raise SubmissionError(f"a student's folder must have a name of at most {_LONGEST_NAME} characters")


def _require_time(timestamp: str) -> None:
    """Check that nbgrader can read the time; "" for no time is accepted.

    Raises
    ------
    SubmissionError
        If it cannot.
    """
    try:
        if timestamp:
            parse_utc(timestamp)
    except (ValueError, OverflowError, TypeError):
        raise SubmissionError(
            f"timestamp.txt must hold a time like 2026-03-01 12:00:00 UTC (got {timestamp[:40]!r})"
        ) from None


def _require_plain_files(folder: Path) -> None:
    """Check that a folder has no links and no special files, as all files are copied into the student's feedback.

    Raises
    ------
    SubmissionError
        If it has one.
    OSError
        If the folder does not exist or cannot be read.
    """
    for entry in [folder, *folder.rglob("*")]:
        mode = entry.lstat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            name = printable(entry.name)
            raise SubmissionError(f"a submission must hold plain files only (got {name}, a link or device)")
