"""Restore the cells, ids and points of the released lesson in a submission, before it runs."""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import from_dict
from nbformat.v4 import new_notebook

from autograder.grading.course.lesson import NOTEBOOK_METADATA

_CODE, _MARKDOWN = "code", "markdown"


def restored(notebook: Any, released: dict[str, dict[str, Any]]) -> Any:
    """Return a new notebook with the released cells, by grade id in `released`.

    The student's own cells keep their position and their text. Of several cells with the same id, the last one counts.
    Missing tests and written answers are added at the end. The given notebook is not changed.
    """
    cells: list[Any] = []
    found: set[str] = set()
    for cell in reversed(notebook.cells):
        grade_id = grade_id_of(cell)
        if grade_id in released and grade_id not in found:
            found.add(grade_id)
            cells.append(_rebuilt(cell, released[grade_id]))
        else:
            cells.append(_rebuilt(cell, None))
    cells.reverse()
    graded = sorted(name for name, meta in released.items() if meta["grade"] or meta["task"])
    cells += [_missing(released[name]) for name in graded if name not in found]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)


def grade_id_of(cell: Any) -> str | None:
    """Return nbgrader's id of a cell; `None` if it has none, or one that cannot be read."""
    metadata = cell.metadata.get("nbgrader")
    grade_id = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return grade_id if isinstance(grade_id, str) else None


def _rebuilt(cell: Any, released: dict[str, Any] | None) -> Any:
    """Return a new cell with the student's text, or with the released text if the cell is locked.

    `released` is nbgrader's metadata of the cell; None for a student's own cell.
    """
    if released is None:
        kind = cell.cell_type if cell.cell_type in (_CODE, _MARKDOWN) else _MARKDOWN
        return _new_cell(kind, cell.source, {})
    source = released["source"] if released["locked"] else cell.source
    return _new_cell(released["cell_type"], source, {"nbgrader": _metadata(released)})


def _missing(released: dict[str, Any]) -> Any:
    return _new_cell(released["cell_type"], released["source"], {"nbgrader": _metadata(released)})


def _metadata(released: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in released.items() if key != "source"}


def _new_cell(kind: str, source: str, metadata: dict[str, Any]) -> Any:
    """Return a new cell without validation, which nbformat's functions would do; `new_notebook` validates all cells."""
    cell = {"id": "", "cell_type": kind, "metadata": metadata, "source": source}
    return from_dict(cell | {"outputs": [], "execution_count": None} if kind == _CODE else cell)
