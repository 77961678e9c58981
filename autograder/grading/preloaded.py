"""What workers need, imported once in the process that they are forked from."""

from __future__ import annotations

from autograder.grading.imports import without_collections

with without_collections():
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    import autograder.grading.task  # noqa: F401
