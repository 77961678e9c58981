"""Parse a submission's notebook; refuse damaged notebooks, and those of another lesson, before their code runs."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import nbformat

from autograder.errors import SubmissionError
from autograder.grading.submission.restore import grade_id_of

MOST_CELLS = 2000
_LONGEST_CODE = 1_000_000  # characters of all code cells; a lesson has 30,000


def parse(content: bytes, lesson: str, grade_ids: Collection[str]) -> Any:
    """Parse a notebook of a lesson, and check it.

    Parameters
    ----------
    content : bytes
    lesson : str
    grade_ids : collection of str
        The grade ids of the released lesson's cells.

    Returns
    -------
    NotebookNode
        The notebook in nbformat's version 4.

    Raises
    ------
    SubmissionError
        If it is damaged, too large, or of another lesson.
    """
    notebook = _read(content, f"{lesson}.ipynb")
    theirs = {grade_id_of(cell) for cell in notebook.cells} - {None}
    if not theirs & set(grade_ids):
        other = ", ".join(sorted(str(name) for name in theirs)[:4]) or "none"
        raise SubmissionError(f"{lesson}.ipynb has no cell of {lesson} (graded cells found: {other})")
    _require_measure(notebook, f"{lesson}.ipynb")
    return notebook


def _require_measure(notebook: Any, name: str) -> None:
    """Check that a notebook is not too large to be graded, and that its text can be encoded.

    Raises
    ------
    SubmissionError
        If it is too large, or its text cannot be encoded.
    """
    if len(notebook.cells) > MOST_CELLS:
        raise SubmissionError(f"{name} must have at most {MOST_CELLS} cells (got {len(notebook.cells)})")
    length = sum(len(cell.source) for cell in notebook.cells if cell.cell_type == "code")
    if length > _LONGEST_CODE:
        raise SubmissionError(f"{name} must have at most {_LONGEST_CODE} characters of code (got {length})")
    try:
        for cell in notebook.cells:
            cell.source.encode()
    except UnicodeEncodeError:
        raise SubmissionError(f"{name} must be text that can be written (a cell has half a character)") from None


def _read(content: bytes, name: str) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as damage:
        raise SubmissionError(f"{name} must be UTF-8 text (byte {damage.start} is not)") from None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as damage:
        place = f"line {damage.lineno}" if isinstance(damage, json.JSONDecodeError) else "nested too deeply"
        raise SubmissionError(f"the notebook is damaged: not JSON ({place})") from None
    if not isinstance(data, dict) or "nbformat" not in data:
        raise SubmissionError(f"{name} is JSON, but not a notebook")
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as damage:  # nbformat may raise any exception for a damaged notebook
        first_line = str(damage).strip().split("\n")[0][:200]
        raise SubmissionError(f"{name} is damaged: not a valid notebook ({first_line})") from None
    return notebook
