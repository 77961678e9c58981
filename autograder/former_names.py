"""Names at former places, for configurations that courses wrote earlier."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autograder import nbgrader


def former(module: str, *names: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module whose names are now those of `autograder.nbgrader`.

    Warns
    -----
    FutureWarning
        With the new line, whenever a name is looked up; a DeprecationWarning would not be shown.
    """

    def look_up(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        text = f"{module}.{name} has moved: from autograder.nbgrader import {name}"
        warnings.warn(text, FutureWarning, stacklevel=2)
        return getattr(nbgrader, name)

    return look_up
