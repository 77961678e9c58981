"""Experiments in a notebook that wait politely for the exercises they need."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def experiment() -> Iterator[None]:
    """Run a block that calls the student's functions; where it cannot run yet, say why in a line and go on.

    ::

        with experiment():
            plt.plot(a, sigmoid(a))
            plt.show()

    An exercise that still raises `NotImplementedError` is named. Any other exception is told by its
    name and text: something that an exercise returned did not fit.
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
    """Drop half-drawn figures, which the notebook would otherwise show."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
