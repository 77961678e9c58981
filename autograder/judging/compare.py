"""Compare a result with the expected one: type, shape, dtype and values. The first difference is reported."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judging.calls import UnsupportedValue
from autograder.judging.exercise import Exercise, Part
from autograder.judging.verdict import Failure
from course_lib.batchnorm import BatchNormCache

FLOAT32_RTOL, FLOAT32_ATOL = 2e-5, 1e-6


def mismatch(exercise: Exercise, part: Part, got: Any, want: Any) -> Failure | None:
    """Compare a result with the expected one.

    Parameters
    ----------
    exercise : Exercise
    part : Part
        Its tolerances apply.
    got, want : object
        Values that `autograder.judging.calls.plain` has returned.

    Returns
    -------
    Failure or None
        The first difference, or `None` if there is none.
    """
    return _mismatch(exercise, part, got, want, what="the result")


def _mismatch(exercise: Exercise, part: Part, got: Any, want: Any, what: str) -> Failure | None:
    if isinstance(want, np.ndarray):
        return _array_mismatch(exercise, part, got, want, what)
    if isinstance(want, BatchNormCache):
        return _cache_mismatch(exercise, part, got, want, what)
    if isinstance(want, tuple):
        return _tuple_mismatch(exercise, part, got, want)
    if isinstance(want, dict):
        return _dict_mismatch(exercise, part, got, want)
    if isinstance(want, str) and isinstance(got, str):
        wrong = Failure("value", f"{_capital(what)} has a wrong value.", got=got[:40], expected=want)
        return None if got == want else wrong
    if want is None:
        return None if got is None else Failure("value", f"{_capital(what)} must be None here; got {_describe(got)}.")
    if isinstance(want, list) and not all(isinstance(entry, str) for entry in want):
        return _list_mismatch(exercise, part, got, want, what)
    return _words_mismatch(got, want)


def same_output(exercise: Exercise, one: Any, other: Any) -> bool:
    """Return whether two wrong results come from the same mistake: they are equal except for rounding and dtype.

    A tuple and a list with equal entries are equal.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_output(exercise, one[key], other[key]) for key in one)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(same_output(exercise, a, b) for a, b in pairs)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        if one.shape != other.shape:
            return False
        float32 = np.float32 in (one.dtype, other.dtype)
        atol = max(part.atol for part in exercise.parts)
        rtol, atol = (
            (max(exercise.mistake_rtol, FLOAT32_RTOL), max(atol, FLOAT32_ATOL))
            if float32
            else (exercise.mistake_rtol, atol)
        )
        return bool(np.all(_close(one, other, rtol, atol)))
    return type(one) is type(other) and one == other  # both are None, str or UnsupportedValue


def _tuple_mismatch(exercise: Exercise, part: Part, got: Any, want: tuple[Any, ...]) -> Failure | None:
    names = list(exercise.outputs)
    if not isinstance(got, tuple | list) or len(got) != len(want):
        what = f"{len(want)} values, ({', '.join(names)})"
        have = f"{len(got)}" if isinstance(got, tuple | list) else _describe(got)
        return Failure("type", f"It must return {what}; got {have}.")
    for name, entry, expected in zip(names, got, want, strict=True):
        failure = _mismatch(exercise, part, entry, expected, what=f"`{name}`")
        if failure:
            return failure
    return None


def _cache_mismatch(exercise: Exercise, part: Part, got: Any, want: BatchNormCache, what: str) -> Failure | None:
    """Return the first difference from a NamedTuple, or `None`.

    The type must be right too, since other code reads the fields by name.
    """
    name, fields = type(want).__name__, type(want)._fields
    if type(got) is not type(want):
        have = f"another class of that name than {type(want).__module__}'s" if _is_named(got, name) else _describe(got)
        return Failure("type", f"{_capital(what)} must be a {name}, made as {name}({', '.join(fields)}); got {have}.")
    for field, entry, expected in zip(fields, got, want, strict=True):
        failure = _mismatch(exercise, part, entry, expected, what=f"`{field}` of {what}")
        if failure:
            return failure
    return None


def _is_named(value: Any, name: str) -> bool:
    return isinstance(value, UnsupportedValue) and value.type_name == name


def _dict_mismatch(exercise: Exercise, part: Part, got: Any, want: dict[str, Any]) -> Failure | None:
    if not isinstance(got, dict) or got.keys() != want.keys():
        have = f"the keys {', '.join(sorted(got))[:200]}" if isinstance(got, dict) else _describe(got)
        return Failure("type", f"It must return a dict with the keys {', '.join(sorted(want))}; got {have}.")
    if part.check:
        return None  # values of several types may be right
    failures = (_mismatch(exercise, part, got[key], want[key], what=f"`{key}`") for key in want)
    return next((failure for failure in failures if failure), None)


def _list_mismatch(exercise: Exercise, part: Part, got: Any, want: list[Any], what: str) -> Failure | None:
    must = (
        f"{_capital(what)} must be a list of {len(want)} {'array' if len(want) == 1 else 'arrays'}, first layer first"
    )
    if not isinstance(got, list | tuple):
        return Failure("type", f"{must}; got {_describe(got)}.")
    if len(got) != len(want):
        return Failure("shape", f"{must}; got {len(got)}.")
    for number, (entry, expected) in enumerate(zip(got, want, strict=True), start=1):
        failure = _mismatch(exercise, part, entry, expected, what=f"layer {number} of {what}")
        if failure:
            return failure
    return None


def _array_mismatch(exercise: Exercise, part: Part, got: Any, want: Any, what: str) -> Failure | None:
    must = f"an array of shape {want.shape}" if want.ndim else "a single number"
    if not isinstance(got, np.ndarray) or (got.dtype.kind == "b" and want.dtype.kind != "b"):
        return Failure("type", f"{_capital(what)} must be {must}; got {_describe(got)}.")
    if got.shape != want.shape:
        have = f"shape {got.shape}" if got.ndim else "a single number"
        return Failure("shape", f"{_capital(what)} must be {must}; got {have}.")
    if exercise.keeps_dtype and got.dtype != want.dtype:
        return Failure("dtype", f"{_capital(what)} must have dtype {want.dtype} for this input; got {got.dtype}.")
    if want.dtype.kind == "b" and got.dtype.kind != "b":
        return Failure("dtype", f"{_capital(what)} must hold True and False; got dtype {got.dtype}.")
    if part.check:
        return _not_finite(got, what)
    float32 = want.dtype == np.float32
    rtol = max(part.rtol, FLOAT32_RTOL) if float32 else part.rtol
    atol = max(part.atol, FLOAT32_ATOL) if float32 else part.atol
    wrong = ~_close(got, want, rtol, atol)
    return _first_wrong(got, want, wrong, what) if np.any(wrong) else None


def _words_mismatch(got: Any, want: list[str]) -> Failure | None:
    if not isinstance(got, list | tuple) or not all(isinstance(entry, str) for entry in got):
        return Failure("type", f"It must return a list of names; got {_describe(got)}.")
    if list(got) == want:
        return None
    shown = [", ".join(entry[:40] for entry in names[:12])[:200] for names in (got, want)]
    return Failure("value", "The list of names is wrong.", got=f"[{shown[0]}]", expected=f"[{shown[1]}]")


def _not_finite(got: Any, what: str) -> Failure | None:
    wrong = ~np.isfinite(got)
    if not np.any(wrong):
        return None
    index = ", ".join(str(i) for i in np.argwhere(wrong)[0])
    return Failure(
        "value", f"{_capital(what)} must hold finite numbers.", index=f"[{index}]", got=_number(got[wrong][0])
    )


def _close(got: Any, want: Any, rtol: float, atol: float) -> Any:
    """Return for each entry whether |got − want| ≤ atol + rtol·|want|. NaN equals NaN."""
    with np.errstate(all="ignore"):
        return np.isclose(got.astype(np.float64), want.astype(np.float64), rtol=rtol, atol=atol, equal_nan=True)


def _first_wrong(got: Any, want: Any, wrong: Any, what: str) -> Failure:
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    g, w = got[index], want[index]
    with np.errstate(all="ignore"):
        difference = float(g) - float(w)
    place = f"[{', '.join(map(str, index))}]" if index else ""
    share = f"{np.count_nonzero(wrong)} of {wrong.size} entries are wrong, the first at {place}" if index else ""
    text = f"{_capital(what)}: {share}." if share else f"{_capital(what)} has a wrong value."
    return Failure("value", text, index=place, got=_number(g), expected=_number(w), difference=f"{difference:.3g}")


def _number(value: Any) -> str:
    """Return a number as text with up to 12 digits, so that two nearly equal numbers differ."""
    return f"{float(value):.12g}"


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, UnsupportedValue):
        return value.type_name
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}" if value.ndim else f"{value!s}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return type(value).__name__


def _capital(text: str) -> str:
    return text if text.startswith("`") else text[0].upper() + text[1:]
