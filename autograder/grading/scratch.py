"""A directory for all that a grading run writes on the way, and for what a run that was killed left."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.grading.course import private_directory

_NOTE = "scratch"  # in the course's private directory: where the directory is


@contextmanager
def scratch_directory(root: Path) -> Iterator[str]:
    """Have a directory that others may read, and remove it, and what earlier runs left, whatever happens.

    Parameters
    ----------
    root : Path
        Of the course, which the caller holds alone.
    """
    note = private_directory(root) / _NOTE
    if note.is_file():
        _remove(Path(note.read_text(encoding="utf-8")))
    directory = tempfile.mkdtemp(prefix="autograder-run-")
    note.write_text(directory, encoding="utf-8")
    Path(directory).chmod(0o755)
    try:
        yield directory
    finally:
        _remove(Path(directory))
        note.unlink(missing_ok=True)


def _remove(directory: Path) -> None:
    if directory.name.startswith("autograder-run-") and not directory.is_symlink():
        shutil.rmtree(directory, ignore_errors=True)
