"""Running a notebook's cells within limits: a cell that reaches its limit does not affect the others."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from jupyter_core.utils import ensure_event_loop
from nbformat.v4 import new_code_cell, new_notebook

from autograder.errors import RunError, StalledError
from autograder.running.judge_side.kernels import Kernels
from autograder.running.judge_side.run_notebook import CELL_OUTPUT, NOTEBOOK_OUTPUT, run_notebook

# ipykernel sends no reply to code that Python cannot compile, so such a cell is interrupted at its time limit.
WITHOUT_REPLY = "if False:\n    x" + ".x" * 20_000


def run(kernels: Kernels, *sources: str, cell_timeout: int = 60, last_try: bool = True) -> list[Any]:
    """Run cells and return them with their outputs."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    places = range(len(sources))
    limits = {"cell_timeout": cell_timeout, "last_try": last_try}
    try:
        run_notebook(notebook, kernels, cells=places, tests=(), judge=print, files={}, **limits)
    finally:
        ensure_event_loop().close()  # a grading process keeps its loop open
    return list(notebook.cells)


def shown(cell: Any) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def test_an_interrupt_never_hits_the_next_cell(kernels: Kernels) -> None:
    following = "print('next')"
    cells = run(kernels, *[WITHOUT_REPLY, following] * 4, cell_timeout=1)
    assert [shown(cell) for cell in cells[1::2]] == ["next\n"] * 4


def test_a_loop_that_prints_is_stopped_and_the_next_cell_runs(kernels: Kernels) -> None:
    loop, following = run(kernels, "while True:\n    print('x' * 100_000)", "print('next')")
    assert "more output was left out" in shown(loop)
    assert len(shown(loop)) < CELL_OUTPUT + 1000
    assert shown(following) == "next\n"


def test_a_text_of_any_length_is_printed_a_piece_at_a_time(kernels: Kernels) -> None:
    long, error, following = run(kernels, "print('x' * (64 << 20))", "print(1, end=2)", "print('y' * 3_000_000)")
    assert "more output was left out" in shown(long)
    assert [output.get("ename") for output in error.outputs] == ["TypeError"]
    assert shown(following) == "y" * 3_000_000 + "\n"


def test_an_error_is_shown_even_after_the_output_limit(kernels: Kernels) -> None:
    cells = NOTEBOOK_OUTPUT // CELL_OUTPUT + 1
    flood = f"print('x' * {CELL_OUTPUT * 9 // 10})"
    *_, wrong, right = run(kernels, *[flood] * cells, "assert 1 == 2, 'y' * 3_000_000", "assert 1 == 1")
    cut, error = wrong.outputs
    assert "more output was left out" in cut.text
    assert (error.output_type, error.ename, set(error.evalue)) == ("error", "AssertionError", {"y"})
    assert not [output for output in right.outputs if output.output_type == "error"]


def test_a_cell_that_catches_its_interrupt_has_an_error_too(kernels: Kernels) -> None:
    stubborn = "try:\n    while True: pass\nexcept KeyboardInterrupt:\n    pass"
    (cell,) = run(kernels, stubborn, cell_timeout=1)
    assert [output.output_type for output in cell.outputs] == ["error"]


def test_a_thread_that_prints_forever_does_not_make_the_run_endless(kernels: Kernels) -> None:
    flood = (
        "import threading\nfrom IPython.display import display\n"
        "def show():\n    while True:\n        display('x' * 1000)\n"
        "threading.Thread(target=show, daemon=True).start()\nwhile True: pass"
    )
    with contextlib.suppress(RunError):  # raised or not: that depends on the messages that ZeroMQ drops
        cells = run(kernels, flood, "print('next')", cell_timeout=1)
        assert shown(cells[1])


SLEEPS = "import time\ntime.sleep(1000)"


def test_a_cell_that_sleeps_ends_the_first_try_and_is_interrupted_in_the_last(kernels: Kernels) -> None:
    with pytest.raises(StalledError, match="slept"):
        run(kernels, SLEEPS, cell_timeout=1, last_try=False)
    asleep, following = run(kernels, SLEEPS, "print('next')", cell_timeout=1)
    assert [output.ename for output in asleep.outputs if output.output_type == "error"] == ["KeyboardInterrupt"]
    assert shown(following) == "next\n"


BURN = "while True:\n    pass"
BURNS = {
    "itself": BURN,
    "a child": f"import os\nif os.fork() == 0:\n    {BURN.replace(chr(10), chr(10) + '    ')}\nos.wait()",
    "an orphan": "import os, time\nif os.fork() == 0:\n    if os.fork() == 0:\n        while True: pass\n"
    "    os._exit(0)\nos.wait()\ntime.sleep(1000)",
    "threads": "import threading\ndef burn():\n    while True: pass\n"
    "threads = [threading.Thread(target=burn, daemon=True) for _ in range(3)]\n"
    "for thread in threads: thread.start()\nfor thread in threads: thread.join()",
}


@pytest.mark.parametrize("who", BURNS)
def test_a_cell_whose_processes_use_up_its_cpu_time_is_interrupted_at_once(kernels: Kernels, who: str) -> None:
    (cell,) = run(kernels, BURNS[who], cell_timeout=1, last_try=False)
    assert any(output.output_type == "error" for output in cell.outputs)
