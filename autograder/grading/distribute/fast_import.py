"""Importing much in a hurry."""

from __future__ import annotations

import gc
import sys
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


def without_web_addresses() -> None:
    """Skip the grammar of internationalized web addresses, which nbformat's schema checker builds in a second.

    A notebook has no such addresses. Only for a process of our own: it marks a module as absent.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
