"""A context manager for experiments in a notebook that need exercises which may be unfinished."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def experiment() -> Iterator[None]:
    """Run the block that calls the student's functions, as a context manager.

    ::

        with experiment():
            plt.plot(a, sigmoid(a))
            plt.show()

    If the block raises an `Exception`, the reason is printed, unfinished figures are closed, and the exception is
    suppressed. For `NotImplementedError`, the name of the unfinished function is printed. For any other exception, its
    type
    and message are printed: probably an exercise returned a wrong value. `KeyboardInterrupt` and `SystemExit` are not
    suppressed.
    """
    try:
        yield
    except NotImplementedError as unfinished:
        _close_figures()
        name = traceback.extract_tb(unfinished.__traceback__)[-1].name
        print(f"⏸ This experiment waits for your `{name}`. Finish it above, then run this cell again.")
    except Exception as problem:
        _close_figures()
        last = traceback.extract_tb(problem.__traceback__)[-1]
        text = " ".join(str(problem).split())
        print(f"⚠ This experiment stopped in `{last.name}`: {type(problem).__name__}: {text}")
        print("  Run the checks of the exercises above: one of them may not return what it should yet.")


def _close_figures() -> None:
    """Close unfinished figures, which the notebook would show otherwise."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
