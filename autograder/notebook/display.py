"""Display output: HTML in a notebook, plain text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def display(html: str, text: str, more: Mapping[str, Any] | None = None) -> None:
    """Display one output.

    Parameters
    ----------
    html : str
        The output for a notebook.
    text : str
        The output for a terminal.
    more : mapping, optional
        Further formats for a notebook, by MIME type.
    """
    if not in_jupyter():
        print(text)
        return
    import IPython.display

    IPython.display.display({"text/html": html, "text/plain": text, **(more or {})}, raw=True)


def in_jupyter() -> bool:
    """Return whether output is shown in a notebook; IPython in a terminal cannot show HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
