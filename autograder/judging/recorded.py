"""Record an exercise without its answers, for students' notebooks: visible cases with their right results.

An instructor's own exercise is a Python file that contains the reference. Students get a record instead: the inputs
of the visible parts, the right results, and the results of each known mistake.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.errors import EncodingError
from autograder.judging import calls
from autograder.judging.encoding import decode, encode
from autograder.judging.exercise import Case, Exercise, Mistake, Part
from autograder.judging.judge import PUBLIC_SEED, cases_of

SCHEMA_VERSION = 1


def record(exercise: Exercise) -> dict[str, Any]:
    """Record an exercise without its code.

    Of hidden parts, and of parts that a property checks, no cases are written. They are judged when the work is
    graded.

    Parameters
    ----------
    exercise : Exercise

    Returns
    -------
    dict
        JSON types, which `from_record` reads.

    Raises
    ------
    EncodingError
        If an argument of a visible case, or the reference's result, has no JSON form.
    """
    parts = [_record_part(exercise, part, PUBLIC_SEED, number) for number, part in enumerate(exercise.parts)]
    return {
        "schema": SCHEMA_VERSION,
        "name": exercise.name,
        "lesson": exercise.lesson,
        "outputs": list(exercise.outputs),
        "uses": list(exercise.uses),
        "keeps_dtype": exercise.keeps_dtype,
        "writable_inputs": exercise.writable_inputs,
        "mistakes": [[mistake.name, mistake.message] for mistake in exercise.mistakes],
        "words": {general: list(own) for general, own in exercise.words.items()},
        "parts": parts,
    }


def from_record(data: Mapping[str, Any]) -> Exercise:
    """Build an exercise from a record and return it; only its visible parts can be judged.

    Its reference and its mistakes return the recorded results. They raise `LookupError` for a call that was not
    recorded.

    Raises
    ------
    EncodingError
        If the schema is unknown, an entry is missing, or a value has a wrong type.
    """
    if not isinstance(data, Mapping) or data.get("schema") != SCHEMA_VERSION:
        raise EncodingError(f"a recorded exercise must have schema {SCHEMA_VERSION} (got {str(data)[:80]})")
    try:
        names = [name for name, _ in data["mistakes"]]
        outcomes_of: dict[str, dict[str, Any]] = {name: {} for name in ("", *names)}
        parts = [_part(entry, outcomes_of) for entry in data["parts"]]
        return Exercise(
            data["name"],
            data["lesson"],
            _Recorded(outcomes_of[""]),
            parts=parts,
            mistakes=[Mistake(name, _Recorded(outcomes_of[name]), message) for name, message in data["mistakes"]],
            outputs=tuple(data["outputs"]),
            uses=tuple(data["uses"]),
            keeps_dtype=bool(data["keeps_dtype"]),
            words={general: (name, message) for general, (name, message) in data["words"].items()},
            writable_inputs=bool(data["writable_inputs"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as damage:
        raise EncodingError(f"a recorded exercise must be whole ({damage})") from None


class _Recorded:
    """A function that returns the recorded result of a recorded call, or raises the recorded exception.

    For any other call it raises `LookupError`.
    """

    def __init__(self, book: Mapping[str, Any]) -> None:
        self._book = book

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outcome = self._book.get(_key(args, kwargs))
        if outcome is None:
            raise LookupError("this call was not recorded")
        if "raised" in outcome:
            name, text = outcome["raised"]
            raise getattr(builtins, name)(text)
        return decode(outcome["gave"])


def _key(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    return json.dumps(encode([list(args), dict(kwargs)]), sort_keys=True)


def _record_part(exercise: Exercise, part: Part, seed: int, number: int) -> dict[str, Any]:
    hidden = part.hidden or part.check is not None
    shown = {"name": part.name, "points": part.points, "rtol": part.rtol, "atol": part.atol, "hidden": hidden}
    return {**shown, "cases": [] if hidden else [_case(exercise, case) for case in cases_of(exercise, number, seed)]}


def _case(exercise: Exercise, case: Case) -> dict[str, Any]:
    functions: dict[str, Callable[..., Any]] = {"": exercise.reference}
    functions |= {mistake.name: mistake.function for mistake in exercise.mistakes}
    outcomes = {name: _outcome(exercise, function, case) for name, function in functions.items()}
    return {
        "args": encode([list(case.args), dict(case.kwargs)]),
        "label": case.label,
        "warning_forgiven": case.warning_forgiven,
        "outcomes": {name: outcome for name, outcome in outcomes.items() if outcome},
    }


def _outcome(exercise: Exercise, function: Callable[..., Any], case: Case) -> dict[str, Any] | None:
    """Return a function's result or exception on a case, as JSON types.

    `None`, which matches no answer, if it has no JSON form.

    Raises
    ------
    EncodingError
        If the result of the reference has no JSON form.
    """
    outcome = calls.call(function, case.args, case.kwargs, writable=exercise.writable_inputs)
    if outcome.error is not None:
        name = type(outcome.error).__name__
        known = getattr(builtins, name, None) is type(outcome.error) and isinstance(outcome.error, Exception)
        return {"raised": [name, calls.text_of(outcome.error)]} if known else None
    try:
        return {"gave": encode(outcome.value)}
    except EncodingError:
        if function is exercise.reference:
            raise
        return None


def _part(entry: Mapping[str, Any], outcomes_of: dict[str, dict[str, Any]]) -> Part:
    cases = [_case_of(case, outcomes_of) for case in entry["cases"]]
    return Part(
        entry["name"],
        float(entry["points"]),
        lambda rng: cases,
        hidden=bool(entry["hidden"]),
        rtol=float(entry["rtol"]),
        atol=float(entry["atol"]),
    )


def _case_of(entry: Mapping[str, Any], outcomes_of: dict[str, dict[str, Any]]) -> Case:
    args, kwargs = decode(entry["args"])
    for name, outcome in entry["outcomes"].items():
        outcomes_of[name][_key(args, kwargs)] = outcome
    if not isinstance(kwargs, dict) or any(isinstance(value, np.generic) for value in args):
        raise EncodingError("the arguments of a recorded case must be a list and a dict")
    return Case(*args, label=entry["label"], warning_forgiven=bool(entry["warning_forgiven"]), **kwargs)
