"""Importing much in a hurry."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Look for nothing to let go while importing: modules stay. A sixth of the time of importing nbgrader is saved."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # nor look among them later
        gc.enable()
