"""The committed lessons, read from their notebooks."""

from __future__ import annotations

import re
from typing import Any

import nbformat
from support import ROOT

LESSONS = sorted(path.name for path in (ROOT / "notebooks").iterdir() if path.is_dir())


def source_of(lesson: str) -> Any:
    """Return a lesson's solved notebook."""
    return nbformat.read(ROOT / "notebooks" / lesson / f"{lesson}.ipynb", as_version=4)


def solution_lines(source: str) -> list[str]:
    """Return the lines of a cell that a release removes."""
    found = re.search(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", source, flags=re.DOTALL)
    assert found, source
    return found[1].splitlines()
