"""nbgrader's converters, which keep the exception that they otherwise only log."""

from __future__ import annotations

from nbgrader.converters import Autograde, GenerateAssignment


class _KeepsProblem:
    """Remembers why a notebook could not be converted.

    Attributes
    ----------
    problem : Exception or None
    """

    problem: Exception | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Convert one notebook, as nbgrader does."""
        try:
            super().convert_single_notebook(notebook_filename)  # type: ignore[misc]  # nbgrader's class comes next
        except Exception as problem:
            self.problem = problem
            raise


class Release(_KeepsProblem, GenerateAssignment):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's `generate_assignment`."""


class Grade(_KeepsProblem, Autograde):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's `autograde`."""
