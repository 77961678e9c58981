"""Write files and folders atomically: complete or not at all, even if the process is killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".tmp"


def write_atomically(path: Path, text: str) -> None:
    """Write a UTF-8 file and replace an older one; the older one stays if that fails.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    draft = _draft_of(path)
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def create_atomically(path: Path, text: str, *, mode: int) -> None:
    """Create a UTF-8 file with the permissions `mode`; keep an existing file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    draft = _draft_of(path)
    try:
        draft.touch(mode=mode)
        draft.write_text(text, encoding="utf-8")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def replacing_directory(place: Path, remove: Callable[[str], None] = shutil.rmtree) -> Iterator[Path]:
    """Yield the path of a draft folder, which replaces the older folder at the end of the block.

    The block creates the draft. If it fails, the draft is removed and the older folder stays. `remove` is the function
    that removes the older folder.

    Raises
    ------
    OSError
        If the older folder cannot be replaced.
    """
    draft = _draft_of(place)
    try:
        yield draft
        if place.exists():
            remove(str(place))
        draft.rename(place)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def remove_drafts(folder: Path, name: str = "*") -> None:
    """Remove drafts of `name` that killed processes left in a folder; by default, drafts of all names."""
    for draft in folder.glob(f".{name}.*{_SUFFIX}"):
        shutil.rmtree(draft, ignore_errors=True) if draft.is_dir() else draft.unlink(missing_ok=True)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{_SUFFIX}")
