"""Is this a submission of this lesson at all? Looked at before anything of it runs."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import nbformat

from autograder.grading.errors import SubmissionError
from autograder.grading.restore import grade_id_of

LARGEST_NOTEBOOK = 50_000_000  # bytes; a notebook with a hundred figures has two million
_PATTERN_CHARACTERS = frozenset("[]*?")  # nbgrader looks folders up as patterns


def require_gradable(path: Path, lesson: str, grade_ids: set[str]) -> None:
    """Refuse what cannot be graded, with a reason that tells a person what to do.

    Parameters
    ----------
    path : Path
        The notebook, `submitted/STUDENT/LESSON/LESSON.ipynb`.
    lesson : str
    grade_ids : set of str
        Of the released lesson's cells.

    Raises
    ------
    SubmissionError
        If the folder's name cannot be used, or the notebook is missing, a link, too large, damaged, of another lesson.
    """
    student = path.parents[1].name
    if set(student) & _PATTERN_CHARACTERS:
        raise SubmissionError(f"a student's folder must have a name without [ ] * ? (got {student!r})")
    _require_plain_files(path.parent)
    if not path.is_file():
        there = sorted(p.name for p in path.parent.iterdir())
        raise SubmissionError(f"there is no {path.name} (found {', '.join(there) or 'an empty folder'})")
    if path.stat().st_size > LARGEST_NOTEBOOK:
        size = path.stat().st_size / 1e6
        raise SubmissionError(f"{path.name} must be smaller than {LARGEST_NOTEBOOK / 1e6:g} MB (got {size:.0f} MB)")
    notebook = _read(path)
    theirs = {grade_id_of(cell) for cell in notebook.cells} - {None}
    if not theirs & grade_ids:
        other = ", ".join(sorted(str(name) for name in theirs)[:4]) or "none"
        raise SubmissionError(f"{path.name} has no cell of {lesson} (graded cells found: {other})")


def _require_plain_files(folder: Path) -> None:
    """Refuse links and special files: whatever is in the folder is copied to where students read their feedback."""
    for entry in [folder, *folder.rglob("*")]:
        mode = entry.lstat().st_mode
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
            raise SubmissionError(f"a submission must hold plain files only (got {entry.name}, a link or device)")


def _read(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as damage:
        raise SubmissionError(f"{path.name} must be UTF-8 text (byte {damage.start} is not)") from None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as damage:
        place = f"line {damage.lineno}" if isinstance(damage, json.JSONDecodeError) else "nested too deeply"
        raise SubmissionError(f"the notebook is damaged: not JSON ({place})") from None
    if not isinstance(data, dict) or "nbformat" not in data:
        raise SubmissionError(f"{path.name} is JSON, but not a notebook")
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as damage:  # nbformat raises whatever the damage makes of its own code
        first_line = str(damage).strip().split("\n")[0][:200]
        raise SubmissionError(f"{path.name} is damaged: not a valid notebook ({first_line})") from None
    return notebook
