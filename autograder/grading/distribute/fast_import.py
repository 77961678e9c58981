"""Speed up imports of nbgrader and nbformat in our own programs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Pause garbage collection during the imports in the block (saves 1/6 of nbgrader's import time)."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # modules are never freed, so later collections skip them
        gc.enable()


def skip_address_grammar() -> None:
    """Mark `rfc3987_syntax` as absent, with which nbformat would check internationalized web addresses.

    A notebook contains none, and the import takes a second, as the package builds a grammar.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None marks a module as absent
