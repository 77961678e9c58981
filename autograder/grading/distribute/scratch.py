"""Create a scratch directory for a grading run, and remove those of earlier runs that were killed."""

from __future__ import annotations

import multiprocessing.util
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from autograder.grading.course.atomic_write import write_atomically
from autograder.grading.course.private import private_directory
from autograder.running.judge_side.remove_tree import remove_tree

_NOTE = "scratch"  # a file in the course's private directory: lists the directories to remove
_OURS = ("autograder-", "pymp-")


@contextmanager
def scratch_directory(root: Path) -> Iterator[str]:
    """Yield the path of a new directory that other users may read, and remove it at the end of the block.

    Directories of earlier runs that were killed are removed at once. A directory that cannot be removed is tried again
    in the next run.

    Parameters
    ----------
    root : Path
        The course directory, locked by the caller.
    """
    note = private_directory(root) / _NOTE
    left = [place for place in _read(note) if not _remove(place)]
    # A short name, as paths of sockets are limited to about a hundred characters.
    directory = Path(tempfile.gettempdir(), f"autograder-{secrets.token_hex(4)}")
    # Multiprocessing removes its own directory when this process ends, but not when it is killed.
    sockets = Path(multiprocessing.util.get_temp_dir())
    _write(note, [*left, sockets, directory])
    directory.mkdir(mode=0o700)
    directory.chmod(0o755)
    try:
        yield str(directory)
    finally:
        _write(note, [place for place in (*left, directory) if not _remove(place)])


def _read(note: Path) -> list[Path]:
    return [Path(line) for line in note.read_text(encoding="utf-8").splitlines()] if note.is_file() else []


def _write(note: Path, places: Sequence[Path]) -> None:
    if places:
        write_atomically(note, "".join(f"{place}\n" for place in places))
    else:
        note.unlink(missing_ok=True)


def _remove(place: Path) -> bool:
    """Remove one of our directories, as far as possible, and return whether it no longer exists.

    A path that is not one of ours, or a link, is not removed.
    """
    if place.name.startswith(_OURS) and not place.is_symlink():
        remove_tree(str(place))
    return not place.is_dir() or place.is_symlink()
