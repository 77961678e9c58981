"""Judge an answer: run it on every case, compare the results, name the mistake; used in notebooks and by the grader."""

from __future__ import annotations

import builtins
import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.errors import EndedError, TooSlowError
from autograder.judging import calls, reproduce
from autograder.judging.case_result import CaseResult
from autograder.judging.compare import mismatch
from autograder.judging.diagnosis import diagnose
from autograder.judging.exercise import Case, Exercise, Part, Tried
from autograder.judging.registry import find
from autograder.judging.seeds import draw_seed
from autograder.judging.verdict import Failure, Kind, PartResult, Verdict

PUBLIC_SEED = 0  # seed of the inputs in a student's notebook; constant, so that cards can be compared
_LONGEST_PRINT = 500


def judge(
    exercise: str | Exercise,
    answer: Callable[..., Any] | None,
    *,
    hidden: bool = True,
    seed: int | None = None,
) -> Verdict:
    """Judge an answer to an exercise.

    The steps for every case, in this order, are: the function exists, the call succeeds, type, shape, dtype, values,
    inputs unchanged, repeatable, no warning. A part earns its points when all its cases pass.

    Parameters
    ----------
    exercise : str or Exercise
        Its name, or the exercise itself.
    answer : callable or None
        The student's function; `None` if there is none yet.
    hidden : bool
        Whether the hidden parts are judged too.
    seed : int, optional
        Seed of the random inputs; `None` for a random seed.

    Returns
    -------
    Verdict
        The same for the same seed.

    Raises
    ------
    ValueError
        If there is no such exercise, or `seed` is negative.
    RuntimeError
        If the reference raises an exception on a case.

    Examples
    --------
    >>> judge("sigmoid", lambda a: 1 / (1 + np.exp(a))).diagnosis
    'sign'
    """
    return examine(exercise, answer, hidden=hidden, seed=seed).verdict


@dataclass(frozen=True)
class Examination:
    """A verdict, and the cases behind it.

    Attributes
    ----------
    verdict : Verdict
    case_results : tuple of CaseResult
        In the order of the calls.
    """

    verdict: Verdict
    case_results: tuple[CaseResult, ...]

    @property
    def evidence(self) -> CaseResult | None:
        """Return the visible case that the card shows: the first that failed, else the first of all.

        `None` if only hidden cases were judged, or no case at all.
        """
        seen = [case_result for case_result in self.case_results if not case_result.part.hidden]
        return next((case_result for case_result in seen if case_result.failure), seen[0] if seen else None)


def examine(
    exercise: str | Exercise,
    answer: Callable[..., Any] | None,
    *,
    hidden: bool = True,
    seed: int | None = None,
) -> Examination:
    """Judge an answer and return the verdict with the cases behind it.

    Cards need the cases, but no file may contain them. The parameters are those of `judge`.

    Raises
    ------
    ValueError
        If there is no such exercise, or `seed` is negative.
    RuntimeError
        If the reference raises an exception on a case.
    """
    if isinstance(exercise, str):
        exercise = find(exercise)
    if seed is None:
        seed = draw_seed()
    if seed < 0:
        raise ValueError(f"seed must be an integer of at least 0 (got {seed})")
    first = _examine_once(exercise, answer, hidden, seed)
    helped = None if first.verdict.passed else _with_references(exercise, answer)
    if helped is not None:
        second = _examine_once(exercise, helped, hidden, seed)
        if second.verdict.points > first.verdict.points:
            return replace(second, verdict=replace(second.verdict, judged_with=_called(exercise, answer)))
    return first


def _examine_once(exercise: Exercise, answer: Callable[..., Any] | None, hidden: bool, seed: int) -> Examination:
    parts = [(n, part) for n, part in enumerate(exercise.parts) if hidden or not part.hidden]
    results: list[PartResult] = []
    case_results: list[CaseResult] = []
    printed = ""
    for number, part in parts:
        tried = _try_part(exercise, part, answer, _prepare(exercise, number, seed))
        case_results += tried
        printed += "".join(case_result.outcome.printed for case_result in tried if not part.hidden)
        failure = next((case_result.failure for case_result in tried if case_result.failure), None)
        points = part.points * min((case_result.fraction for case_result in tried if case_result.failure), default=1.0)
        results.append(PartResult(part.name, float(points), float(part.points), part.hidden, failure))
    diagnosis, hint = diagnose(exercise, case_results)
    message = _message(exercise, results, hint)
    shown = calls.printable(printed[:_LONGEST_PRINT])
    verdict = Verdict(exercise.name, exercise.lesson, tuple(results), diagnosis, message, seed, printed=shown)
    return Examination(verdict, tuple(case_results))


def cases_of(exercise: Exercise, number: int, seed: int) -> Sequence[Case]:
    """Return the cases of a part, drawn with `seed`.

    `number` counts the exercise's parts from 0. Each exercise and part has its own inputs, the same on every machine.
    """
    rng = np.random.default_rng([seed, zlib.crc32(exercise.name.encode()), number])
    return exercise.parts[number].cases(rng)


@lru_cache(maxsize=64)
def _prepare(exercise: Exercise, number: int, seed: int) -> Sequence[tuple[Case, Any]]:
    """Return a part's cases, each with the reference's result; cached for a whole class, which has one seed.

    Raises
    ------
    RuntimeError
        If the reference raises an exception on a case.
    """
    return [(case, _expected(exercise, case)) for case in cases_of(exercise, number, seed)]


def _try_part(exercise: Exercise, part: Part, answer: Any, cases: Sequence[tuple[Case, Any]]) -> list[CaseResult]:
    """Return the results of the cases, in order.

    After a timeout, the rest of the part is skipped, as one failure loses the part. Other parts are still judged: a
    function that hangs on one input may be right on another.
    """
    case_results: list[CaseResult] = []
    earlier: list[tuple[Case, Any]] = []
    twice = [(case.args, case.kwargs) for case, _ in cases for _ in range(2)]
    calls.prefetch(answer, twice, writable=exercise.writable_inputs)
    for case, want in cases:
        case_result = _try_case(exercise, part, Tried(case, want, exercise.outputs, tuple(earlier)), answer)
        case_results.append(case_result)
        if case_result.checked:
            earlier.append((case, case_result.outcome.value))
        if case_result.failure and case_result.failure.not_worth_calling_again:
            break
    return case_results


def _try_case(exercise: Exercise, part: Part, tried: Tried, answer: Any) -> CaseResult:
    case, want = tried.case, tried.want
    if not callable(answer):
        nothing = calls.Outcome(None, None, (), "", "")
        return CaseResult(part, case, None, nothing, Failure("missing", f"There is no function `{exercise.name}` yet."))
    outcome = calls.call(answer, case.args, case.kwargs, writable=exercise.writable_inputs)
    failure, fraction = _failure_of(exercise, part, case, answer, outcome, want), 0.0
    checked = failure is None and part.check is not None
    if checked and part.check:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):  # wrong results may be extreme
            finding = part.check(outcome.value, tried)
        fraction = finding.fraction
        failure = Failure("value", finding.message) if fraction < 1 else None
    if failure and part.hidden:
        failure = _redacted(failure, case, outcome)
    elif failure:
        failure = replace(failure, case=case.label, call=reproduce.one_line(exercise.name, case))
    return CaseResult(part, case, want, outcome, failure, fraction, checked)


def _failure_of(
    exercise: Exercise, part: Part, case: Case, answer: Any, outcome: calls.Outcome, want: Any
) -> Failure | None:
    if outcome.error is not None:
        return _error(exercise.name, outcome.error, f", at `{outcome.line}`" if outcome.line else "")
    failure = mismatch(exercise, part, outcome.value, want)
    if failure:
        return failure
    if outcome.changed:
        return Failure("changed input", f"It changes its input (argument {outcome.changed}): work on a copy.")
    again = calls.call(answer, case.args, case.kwargs, writable=exercise.writable_inputs)
    if isinstance(again.error, TooSlowError | EndedError):
        return _error(exercise.name, again.error, "")
    if again.error is not None or not _identical(outcome.value, again.value):
        return Failure("not repeatable", "Called twice with the same input, it gives two different answers.")
    if outcome.warnings and not case.warning_forgiven:
        return Failure("warned", f"The values are right, but NumPy warned: {outcome.warnings[0]}.")
    return None


def _expected(exercise: Exercise, case: Case) -> Any:
    outcome = calls.call(exercise.reference, case.args, case.kwargs, writable=exercise.writable_inputs)
    if outcome.error is not None:
        raise RuntimeError(f"the reference {exercise.name} failed on the case {case.label!r}") from outcome.error
    return outcome.value


def _error(name: str, error: BaseException, where: str) -> Failure:
    if isinstance(error, NotImplementedError):
        return Failure("unfinished", f"Not written yet: put your answer in place of the `raise` in `{name}`.")
    if isinstance(error, TooSlowError):
        return Failure("timeout", f"It did not come back within {calls.DEADLINE_SECONDS:g} seconds.")
    if isinstance(error, EndedError):
        return Failure("raised", "It ended the process that it ran in: by an exit, a crash, or too much memory.")
    if isinstance(error, ValueError) and "read-only" in calls.text_of(error):
        return Failure("changed input", f"It changes its input{where}: work on a copy.")
    return Failure("raised", f"It raised {type(error).__name__}: {calls.text_of(error)[:200]}{where}.")


def _redacted(failure: Failure, case: Case, outcome: calls.Outcome) -> Failure:
    """Return a failure of a hidden case without its details: only its label and the kind of failure are left."""
    texts: dict[Kind, str] = {
        "type": "What it returns has the wrong type.",
        "shape": "What it returns has the wrong shape.",
        "dtype": "What it returns has the wrong dtype.",
        "value": "What it returns has a wrong value.",
        "changed input": "It changes its input: work on a copy.",
        "warned": "The values are right, but NumPy warned.",
    }
    if failure.kind == "raised":
        name = type(outcome.error).__name__
        known = type(outcome.error) is getattr(builtins, name, None)
        return Failure("raised", f"It raised {name if known else 'an exception'}.", case=case.label)
    return Failure(failure.kind, texts.get(failure.kind, failure.message), case=case.label)


def _identical(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list):
        return type(one) is type(other) and len(one) == len(other) and all(map(_identical, one, other))
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(_identical(one[k], other[k]) for k in one)
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.tobytes() == other.tobytes()
    return type(one) is type(other) and one == other


def _message(exercise: Exercise, results: Sequence[PartResult], hint: str) -> str:
    failed = [result for result in results if result.failure]
    if not failed:
        return "Everything that was tested is right."
    first = failed[0].failure
    assert first is not None
    if first.not_written:
        return first.message
    where = ", ".join(f"“{result.name}”" for result in failed)
    return f"Not right yet: {where}. {hint or first.message}"


def _with_references(exercise: Exercise, answer: Any) -> Callable[..., Any] | None:
    """Return the answer with references in place of the earlier exercises that it can call.

    `None` if it can call none.
    """
    called = _called(exercise, answer)
    if not called:
        return None
    return calls.with_references(answer, {name: find(name).reference for name in called})


def _called(exercise: Exercise, answer: Any) -> tuple[str, ...]:
    """Return the names of the earlier exercises in the student's notebook that this function can call."""
    return calls.globals_among(answer, exercise.uses)
