"""Define the settings of a grading run that staff may choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.running.sandbox.options import Mode


@dataclass(frozen=True)
class Settings:
    """Settings of a grading run.

    Attributes
    ----------
    mode : {"namespaces", "landlock", "trusted"}
        Kind of sandbox for kernels.
    as_root : bool
        Whether kernels stay root if the grader is root.
    everything : bool
        Whether the experiments run too, so that the feedback shows them.
    cell_timeout : int
        Seconds of CPU time that a cell may take.
    """

    mode: Mode = "namespaces"
    as_root: bool = False
    everything: bool = False
    cell_timeout: int = 60
