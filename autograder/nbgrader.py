"""Public names for a course's `nbgrader_config.py`: `from autograder.nbgrader import configure`.

The grader's steps for `nbgrader autograde` can be imported from here as well, for a course with its own list of steps.
"""

from __future__ import annotations

from typing import Any

from autograder.grading.nbgrader_plugin.config import configure

STEPS = ("RestoreReleased", "RunSubmission", "SaveMarks", "EnterIntoJournal")
__all__ = ["STEPS", "configure"]


def __getattr__(name: str) -> Any:
    if name in STEPS:
        from autograder.grading.nbgrader_plugin import preprocessors  # imports nbgrader, which takes seconds

        return getattr(preprocessors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
