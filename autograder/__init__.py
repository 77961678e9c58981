"""Grade exercises and name the mistake in a wrong answer.

A notebook's test cell ends with `check`; `judge` is the same in plain Python. Everything else is in the console script
`autograder`.
"""

from autograder import exercises as _exercises  # registers the course's exercises  # noqa: F401
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Curve, Exercise, Finding, Mistake, Part, Tried
from autograder.judging.judge import judge
from autograder.judging.properties import named_property
from autograder.judging.table import HIDDEN, exercise, within
from autograder.judging.verdict import Failure, PartResult, Verdict
from autograder.notebook.check import check
from autograder.notebook.progress import progress

__all__ = [
    "AS_IT_SHOULD_BE",
    "HIDDEN",
    "Case",
    "Curve",
    "Exercise",
    "Failure",
    "Finding",
    "Mistake",
    "Part",
    "PartResult",
    "Tried",
    "Verdict",
    "check",
    "exercise",
    "judge",
    "named_property",
    "progress",
    "within",
]
