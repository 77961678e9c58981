"""Progress and remarks of a command, for the one who shows them."""

from __future__ import annotations


class Listener:
    """Receives progress and remarks of a command; this one ignores them."""

    def note(self, text: str) -> None:
        """Receive a remark for the person who runs the command."""

    def begin(self, task: str, total: int) -> None:
        """Receive the start of a task with `total` steps."""

    def advance(self, *, done: str = "", problem: str = "") -> None:
        """Receive the end of a step: what was written, or why the step failed."""

    def end(self) -> None:
        """Receive the end of the task, whether all its steps were done or not."""
