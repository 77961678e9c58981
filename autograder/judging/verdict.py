"""Define the verdict on an answer: an immutable value with the same fields in Python and in JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

SCHEMA_VERSION = 1
_MOST_POINTS = 1e6  # of one part; a larger number can only be a damaged verdict
VERDICT_MIME = "application/vnd.autograder.verdict+json"

Kind = Literal[
    "missing", "unfinished", "raised", "timeout", "type", "shape", "dtype",
    "value", "changed input", "not repeatable", "warned",
]  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """The reason why a case did not pass.

    Attributes
    ----------
    kind : str
        The step at which it failed.
    message : str
        The reason, in words for the student; without numbers if the case is hidden.
    case : str
        Label of the case.
    call : str
        The call as code; "" if it is long or hidden.
    index, got, expected, difference : str
        The first wrong entry; "" if no value is wrong, or the case is hidden.
    """

    kind: Kind
    message: str
    case: str = ""
    call: str = ""
    index: str = ""
    got: str = ""
    expected: str = ""
    difference: str = ""

    @property
    def not_written(self) -> bool:
        """Return whether there is no answer yet."""
        return self.kind in ("missing", "unfinished")

    @property
    def not_worth_calling_again(self) -> bool:
        """Return whether another call is useless: there is no answer yet, or the call ran out of time.

        An exception does not count.
        """
        return self.not_written or self.kind == "timeout"


@dataclass(frozen=True)
class PartResult:
    """The result of one part of an exercise.

    Attributes
    ----------
    name : str
    points : float
        The points earned, from 0 to `max_points`.
    max_points : float
    hidden : bool
        Whether the part is judged only when the work is graded.
    failure : Failure or None
        The failure of the first case that did not pass; `None` if all passed.
    """

    name: str
    points: float
    max_points: float
    hidden: bool
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        """Return whether every case of the part passed."""
        return self.failure is None


@dataclass(frozen=True)
class Verdict:
    """The verdict on an answer: points, diagnosis and message.

    Attributes
    ----------
    exercise, lesson : str
    parts : tuple of PartResult
        The judged parts; without the hidden parts if these were not judged.
    diagnosis : str or None
        Name of the recognized mistake.
    message : str
        The text for the student.
    seed : int
        Seed of the random inputs: the same seed gives the same verdict.
    judged_with : tuple of str
        Earlier exercises for which the reference replaced the student's function.
    printed : str
        The output that the function printed while it was judged, shortened.
    """

    exercise: str
    lesson: str
    parts: tuple[PartResult, ...]
    diagnosis: str | None
    message: str
    seed: int
    judged_with: tuple[str, ...] = ()
    printed: str = ""

    @property
    def points(self) -> float:
        """Return the sum of the points earned in `parts`. Hidden parts count only if they were judged."""
        return float(sum(part.points for part in self.parts))

    @property
    def max_points(self) -> float:
        """Return the sum of the maximum points of `parts`. Hidden parts count only if they were judged."""
        return float(sum(part.max_points for part in self.parts))

    @property
    def passed(self) -> bool:
        """Return whether every part in `parts` passed. Hidden parts count only if they were judged."""
        return all(part.passed for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as a dict of JSON types, which `from_dict` reads."""
        return {"schema": SCHEMA_VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Build a verdict from JSON types and return it.

        Raises
        ------
        ValueError
            If the schema is another one, a field is missing, unknown or of a wrong type, or points are out of
            range.
        """
        if not isinstance(data, Mapping) or type(data.get("schema")) is not int or data["schema"] != SCHEMA_VERSION:
            raise ValueError(f"a verdict must have schema {SCHEMA_VERSION} (got {str(data)[:80]})")
        _require_fields(data, {"schema", *(field.name for field in dataclasses.fields(cls))})
        parts = [_part(entry) for entry in _typed(data, "parts", list | tuple)]
        judged_with = _typed(data, "judged_with", list | tuple)
        if not all(isinstance(name, str) for name in judged_with):
            raise ValueError(f"the field 'judged_with' of a verdict must hold names (got {judged_with!s:.80})")
        return cls(
            exercise=_typed(data, "exercise", str),
            lesson=_typed(data, "lesson", str),
            parts=tuple(parts),
            diagnosis=_typed(data, "diagnosis", str | None),
            message=_typed(data, "message", str),
            seed=_typed(data, "seed", int),
            judged_with=tuple(judged_with),
            printed=_typed(data, "printed", str),
        )


def _part(entry: Any) -> PartResult:
    failure = _typed(entry, "failure", Mapping | None)
    _require_fields(entry, {field.name for field in dataclasses.fields(PartResult)})
    points, max_points = (_typed(entry, key, int | float) for key in ("points", "max_points"))
    if not 0 <= points <= max_points <= _MOST_POINTS:
        raise ValueError(f"a part's points must lie in 0 … {max_points} (got {points})")
    return PartResult(
        name=_typed(entry, "name", str),
        points=float(points),
        max_points=float(max_points),
        hidden=_typed(entry, "hidden", bool),
        failure=None if failure is None else _failure(failure),
    )


def _failure(entry: Mapping[str, Any]) -> Failure:
    kind = _typed(entry, "kind", str)
    _require_fields(entry, {field.name for field in dataclasses.fields(Failure)})
    if kind not in get_args(Kind):
        raise ValueError(f"a failure's kind must be one of {', '.join(get_args(Kind))} (got {kind!r})")
    texts = {f.name: _typed(entry, f.name, str) for f in dataclasses.fields(Failure) if f.name != "kind"}
    return Failure(kind=kind, **texts)


def _require_fields(entry: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(str(key) for key in entry if key not in known)
    if unknown:
        raise ValueError(f"a verdict must have known fields only (got {', '.join(unknown):.80})")


def _typed(entry: Any, key: str, types: Any) -> Any:
    """Return the value of `key`.

    Raises
    ------
    ValueError
        If the key is missing, or the value is not of one of `types`.
    """
    if not isinstance(entry, Mapping) or key not in entry:
        raise ValueError(f"a verdict must have the field {key!r}")
    value = entry[key]
    if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
        raise ValueError(f"the field {key!r} of a verdict must be {types} (got {value!r:.80})")
    return value
