"""Keep former import paths working, for the configuration files of existing courses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autograder import nbgrader


def former(module: str, *names: str) -> Callable[[str], Any]:
    """Return a `__getattr__` for a module whose names have moved to `autograder.nbgrader`.

    Warns
    -----
    FutureWarning
        With the new import line, whenever a name is looked up. Python does not show a DeprecationWarning here.
    """

    def look_up(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        text = f"{module}.{name} has moved: from autograder.nbgrader import {name}"
        warnings.warn(text, FutureWarning, stacklevel=2)
        return getattr(nbgrader, name)

    return look_up
