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
    share : float
        Of the points, where there is a failure.
    """

    part: Part
    case: Case
    want: Any
    outcome: Outcome
    failure: Failure | None
    share: float = 0.0
