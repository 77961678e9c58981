"""Name the mistake in a wrong answer: a known mistake with the same results, else a general one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.judging import calls
from autograder.judging.case_result import CaseResult
from autograder.judging.compare import same_output
from autograder.judging.detective import clue
from autograder.judging.exercise import Case, Exercise
from autograder.judging.verdict import Kind

# Diagnoses for failures that are not about the result.
_BY_KIND: dict[Kind, str] = {
    "missing": "missing",
    "unfinished": "unfinished",
    "timeout": "never_returns",
    "changed input": "changes_its_input",
    "not repeatable": "not_repeatable",
    "warned": "numpy_warning",
}
_ABOUT_THE_RESULT = ("type", "shape", "dtype", "value", "raised")


def diagnose(exercise: Exercise, case_results: Sequence[CaseResult]) -> tuple[str | None, str]:
    """Find the mistake that explains a wrong answer.

    First, the exercise's known mistakes are compared: the first one with the answer's results on every case is the
    diagnosis. Second, general mistakes, which can be recognized in any exercise. Last, the kind of the first failure.

    Parameters
    ----------
    exercise : Exercise
    case_results : sequence of CaseResult

    Returns
    -------
    name : str or None
        `None` if no diagnosis matches, or if everything passed.
    message : str
        A hint where to look; "" if the failure's own message is enough.
    """
    failures = [case_result.failure for case_result in case_results if case_result.failure]
    if any(failure.kind in _ABOUT_THE_RESULT for failure in failures):
        for mistake in exercise.mistakes:
            if _same_fingerprint(exercise, mistake.function, case_results):
                return mistake.name, mistake.message
        found = clue(exercise, case_results)
        if found:
            return found
    return next((_BY_KIND[failure.kind] for failure in failures if failure.kind in _BY_KIND), None), ""


def _same_fingerprint(exercise: Exercise, mistake: Callable[..., Any], case_results: Sequence[CaseResult]) -> bool:
    """Return whether a known mistake explains the results of all cases.

    Its result must be the answer's on every case, and one of these results must be wrong. If the answer raised an
    exception
    and the mistake does not, the answer has a second problem. Such a case is ignored.
    """
    shared = False
    for case_result in case_results:
        ours = _outcome_of(mistake, case_result.case, exercise.writable_inputs)
        theirs = case_result.outcome
        if theirs.error is None:
            if ours.error is not None or not _alike(exercise, case_result.case, theirs.value, ours.value):
                return False
            shared |= case_result.failure is not None and case_result.failure.kind in ("type", "shape", "value")
        elif ours.error is not None:
            if type(ours.error) is not type(theirs.error) or calls.text_of(ours.error) != calls.text_of(theirs.error):
                return False
            shared = True
    return shared


@lru_cache(maxsize=2000)
def _outcome_of(mistake: Callable[..., Any], case: Case, writable: bool) -> calls.Outcome:
    """Return the outcome of a known mistake on a case; cached for all answers that are judged on this case."""
    return calls.call(mistake, case.args, case.kwargs, writable=writable)


def _alike(exercise: Exercise, case: Case, one: Any, other: Any) -> bool:
    """Return whether two results come from the same mistake.

    Their features are compared if the exercise defines some and they can be computed, else the results.
    """
    if exercise.mistake_features is None:
        return same_output(exercise, one, other)
    if _form(one) != _form(other):
        return False
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):  # wrong results may be extreme
            features = [calls.plain(exercise.mistake_features(value, case)) for value in (one, other)]
    except Exception:  # the features are defined only for results of the right form
        return same_output(exercise, one, other)
    return same_output(exercise, *features)


def _form(value: Any) -> Any:
    """Return a description of a result's types and shapes, without its values."""
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, tuple | list):
        return [_form(entry) for entry in value]
    if isinstance(value, dict):
        return sorted(value)
    return type(value)
