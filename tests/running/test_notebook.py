"""Running a notebook's cells within limits: what one cell does is no other cell's business."""

from __future__ import annotations

from typing import Any

from jupyter_core.utils import ensure_event_loop
from nbformat.v4 import new_code_cell, new_notebook

from autograder.running.kernels import Kernels
from autograder.running.notebook import CELL_OUTPUT, run_notebook

# ipykernel gives no reply to what Python cannot compile, so such a cell is interrupted when its time is up.
WITHOUT_REPLY = "if False:\n    x" + ".x" * 20_000


def run(kernels: Kernels, *sources: str, cell_timeout: int = 60) -> list[Any]:
    """Run cells and give them back."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    places = range(len(sources))
    try:
        run_notebook(notebook, kernels, cells=places, tests=(), judge=print, files={}, cell_timeout=cell_timeout)
    finally:
        ensure_event_loop().close()  # a process that grades keeps it
    return list(notebook.cells)


def shown(cell: Any) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def test_an_interrupt_never_hits_the_next_cell(kernels: Kernels) -> None:
    following = "print('next')"
    cells = run(kernels, *[WITHOUT_REPLY, following] * 4, cell_timeout=1)
    assert [shown(cell) for cell in cells[1::2]] == ["next\n"] * 4


def test_a_loop_that_prints_is_cut_and_the_next_cell_runs(kernels: Kernels) -> None:
    loop, following = run(kernels, "while True:\n    print('x' * 100_000)", "print('next')")
    assert "more output was left out" in shown(loop)
    assert len(shown(loop)) < CELL_OUTPUT + 1000
    assert shown(following).endswith("next\n")  # what the loop printed last may come late


def test_a_text_of_any_length_is_printed_a_piece_at_a_time(kernels: Kernels) -> None:
    long, error, following = run(kernels, "print('x' * (64 << 20))", "print(1, end=2)", "print('y' * 3_000_000)")
    assert "more output was left out" in shown(long)
    assert "TypeError" in [output.get("ename") for output in error.outputs]
    assert shown(following).endswith("y" * 3_000_000 + "\n")
