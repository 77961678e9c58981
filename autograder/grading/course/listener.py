"""Define the interface through which a command reports progress and remarks."""

from __future__ import annotations


class Listener:
    """A receiver of progress and remarks of a command; this base class ignores them."""

    def note(self, text: str) -> None:
        """Receive a remark for the person who runs the command."""

    def begin(self, task: str, total: int) -> None:
        """Receive the start of a task with `total` steps."""

    def advance(self, *, done: str = "", problem: str = "") -> None:
        """Receive the end of a step: the text to print, or why the step failed."""

    def end(self) -> None:
        """Receive the end of the task, also if not all steps were done."""
