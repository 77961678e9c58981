"""Define the result of running and judging one submission."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Graded:
    """A submission after it was run and judged.

    Attributes
    ----------
    student : str
    reason : str
        Why it could not be graded, or "".
    stalled : str
        Why it must be graded once more, at a time when the machine is idle, or "".
    notebook : str
        The autograded notebook, as text.
    points : dict of str to (float or None)
        Points by grade id; `None` if a person must grade the cell.
    unanswered : tuple of str
        Grade ids of solutions that the student has not changed.
    """

    student: str
    reason: str = ""
    stalled: str = ""
    notebook: str = ""
    points: dict[str, float | None] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()
