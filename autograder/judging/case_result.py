"""One case of one part: what was asked, what the reference gives, and what the answer made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograder.judging.calls import Outcome
from autograder.judging.exercise import Case, Part
from autograder.judging.verdict import Failure


@dataclass(frozen=True)
class CaseResult:
    """What is known after a case was tried.

    Attributes
    ----------
    part : Part
    case : Case
    want : object
        The reference's result.
    outcome : Outcome
        The answer's.
    failure : Failure or None
    fraction : float
        Fraction of the part's points that is earned in spite of a failure.
    checked : bool
        Whether the part's property judged the result.
    """

    part: Part
    case: Case
    want: Any
    outcome: Outcome
    failure: Failure | None
    fraction: float = 0.0
    checked: bool = False
