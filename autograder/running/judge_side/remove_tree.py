"""Remove directories that submissions could write to."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path


def remove_tree(path: str) -> None:
    """Remove a directory, even if its owner has removed the write permission of folders in it.

    What cannot be removed stays; no error is raised.
    """
    for parent, names, _ in os.walk(path):
        for name in names:
            directory = Path(parent, name)
            if not directory.is_symlink():
                with contextlib.suppress(OSError):
                    directory.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)
