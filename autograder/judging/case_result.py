"""Define the result of one case: the input, the reference's result, the answer's outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograder.judging.calls import Outcome
from autograder.judging.exercise import Case, Part
from autograder.judging.verdict import Failure


@dataclass(frozen=True)
class CaseResult:
    """The result of calling the answer on a case.

    Attributes
    ----------
    part : Part
    case : Case
    want : object
        The reference's result; `None` if there is no answer to compare with it.
    outcome : Outcome
        The outcome of the answer.
    failure : Failure or None
        `None` if the case passed.
    fraction : float
        Fraction of the part's points that is earned although the case failed.
    checked : bool
        Whether the part's property checked the result. It does not if the call failed or the form is wrong.
    """

    part: Part
    case: Case
    want: Any
    outcome: Outcome
    failure: Failure | None
    fraction: float = 0.0
    checked: bool = False
