"""Recognize general mistakes, of any exercise: a result that is right except for its shape, its scale or its type."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judging.case_result import CaseResult
from autograder.judging.exercise import Exercise

Array = np.ndarray[Any, Any]
Clue = tuple[str, str]  # name, message


@dataclass(frozen=True)
class _Pair:
    """One array of a result beside the expected one."""

    got: Array
    want: Array
    rows: int  # of the first array argument, which is N in most exercises
    columns: int
    argument: Array | None  # the first array argument, if it has the shape of the expected result
    hidden: bool

    @property
    def same(self) -> bool:
        """Return whether this array is right."""
        return _close(self.got, self.want)


def clue(exercise: Exercise, case_results: Sequence[CaseResult]) -> Clue | None:
    """Return the mistake of any exercise that explains an answer's results.

    Parameters
    ----------
    exercise : Exercise
    case_results : sequence of CaseResult
        At least one of them failed.

    Returns
    -------
    (name, message) or None
        A mistake that explains the results of *all* cases in which the answer returned a value. `None` if there is
        none.
    """
    found = _found(exercise, case_results)
    return exercise.words.get(found[0], found) if found else None


def _found(exercise: Exercise, case_results: Sequence[CaseResult]) -> Clue | None:
    wrapping = _wrapping(exercise, case_results)
    if wrapping:
        return wrapping
    if any(t.outcome.error is None and t.outcome.value is None and t.want is not None for t in case_results):
        return None  # a result of None has no explanation among the following
    if exercise.mistake_features or any(case_result.part.check for case_result in case_results):
        return None  # many answers are right, so a comparison with the reference's values explains nothing
    found: list[tuple[str, Clue]] = []
    outputs = _by_output(exercise, case_results)
    rounded = _float32([pair for pairs in outputs.values() for pair in pairs])
    if rounded:
        return rounded
    for name, pairs in outputs.items():
        if all(pair.same for pair in pairs):
            continue
        explanation = _explain(pairs, element_wise=exercise.keeps_dtype)
        if explanation is None:
            return None
        found.append((name, explanation))
    if not found:
        return None
    texts = dict.fromkeys(f"`{output}`: {message}" if output else message for output, (_, message) in found)
    return found[0][1][0], " ".join(texts)


# ---- how the result is wrapped ----------------------------------------------------------------------------------


def _wrapping(exercise: Exercise, case_results: Sequence[CaseResult]) -> Clue | None:
    """Return the mistake in the type of the results, or `None`.

    The mistakes are `None`, a list for an array, and a tuple with a missing value or another order.
    """
    returned = [t for t in case_results if t.failure and t.outcome.error is None]
    failed = [t for t in returned if t.failure and t.failure.kind in ("type", "shape", "value")]
    # If None can be a right result, the function may have returned it on purpose.
    none_is_legal = any(t.want is None for t in case_results)
    if failed and not none_is_legal and all(t.outcome.value is None for t in returned):
        if any(t.outcome.printed.strip() for t in failed):
            return "prints_instead_of_returning", "It prints its result and returns nothing: use `return`, not `print`."
        return "returns_none", "It returns None: is a `return` missing?"
    if failed and all(_is_listed(t.outcome.value, t.want) for t in failed):
        return "returns_list", "The numbers are right, but they come in a list: return a NumPy array."
    tuples = [t for t in failed if isinstance(t.want, tuple)]
    if tuples and len(tuples) == len(failed):
        return _missing_value(exercise, tuples) or _swapped_values(exercise, tuples)
    return None


def _is_listed(got: Any, want: Any) -> bool:
    if not isinstance(got, list | tuple) or not isinstance(want, np.ndarray):
        return False
    try:
        array = np.array(got, dtype=np.float64)
    except (ValueError, TypeError):  # rows of different lengths, or no numbers
        return False
    return array.shape == want.shape and _close(array, want)


def _missing_value(exercise: Exercise, case_results: Sequence[CaseResult]) -> Clue | None:
    """Return the mistake of leaving one value out of a tuple that is right otherwise, or `None`."""
    for missing, name in enumerate(exercise.outputs):
        if all(_equals(_as_tuple(t.outcome.value), t.want[:missing] + t.want[missing + 1 :]) for t in case_results):
            return "forgets_a_value", f"What it returns is right, but `{name}` is missing from it."
    return None


def _swapped_values(exercise: Exercise, case_results: Sequence[CaseResult]) -> Clue | None:
    last = len(exercise.outputs)
    for i in range(last):
        for j in range(i + 1, last):
            order = [*range(last)]
            order[i], order[j] = j, i
            if all(_equals(_as_tuple(t.outcome.value), tuple(t.want[k] for k in order)) for t in case_results):
                names = f"`{exercise.outputs[i]}` and `{exercise.outputs[j]}`"
                return "swapped_values", f"The values are right, but {names} have changed places."
    return None


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _equals(got: Any, want: Any) -> bool:
    if isinstance(want, tuple | list):
        return isinstance(got, tuple | list) and len(got) == len(want) and all(map(_equals, got, want))
    return isinstance(got, np.ndarray) and isinstance(want, np.ndarray) and _close(got, want)


# ---- which arrays to compare ------------------------------------------------------------------------------------


def _by_output(exercise: Exercise, case_results: Sequence[CaseResult]) -> dict[str, list[_Pair]]:
    """Return the arrays of all results by the name of the output, each beside the expected one.

    A list of layers is one output. Cases in which the answer raised an exception are left out. An exercise with one
    output has the name "".
    """
    found: dict[str, list[_Pair]] = {}
    for case_result in case_results:
        if case_result.outcome.error is not None:
            continue
        for name, got, want in _outputs(exercise, case_result):
            found.setdefault(name, []).append(_pair(case_result, got, want))
    return found


def _outputs(exercise: Exercise, case_result: CaseResult) -> Iterator[tuple[str, Any, Any]]:
    got, want = case_result.outcome.value, case_result.want
    names: Sequence[str] = exercise.outputs if isinstance(want, tuple) else [""]
    gots, wants = (got, want) if isinstance(want, tuple) else ((got,), (want,))
    if not isinstance(gots, tuple | list) or len(gots) != len(wants):
        return
    for name, one, other in zip(names, gots, wants, strict=True):
        layers = isinstance(other, list) and isinstance(one, tuple | list) and len(one) == len(other)
        pairs = zip(one, other, strict=True) if layers else [(one, other)]
        yield from ((name, a, b) for a, b in pairs if isinstance(a, np.ndarray) and isinstance(b, np.ndarray))


def _pair(case_result: CaseResult, got: Array, want: Array) -> _Pair:
    arrays = [arg for arg in case_result.case.args if isinstance(arg, np.ndarray) and arg.ndim]
    first = arrays[0] if arrays else np.zeros((1, 1))
    columns = first.shape[1] if first.ndim > 1 else 1
    argument = first if arrays and first.shape == want.shape else None
    if want.dtype.kind == "b":
        got, want = got.astype(np.float64), want.astype(np.float64)  # numbers can be scaled and negated
    return _Pair(got, want, len(first), columns, argument, case_result.part.hidden)


# ---- how the numbers differ -------------------------------------------------------------------------------------

# (name, function that turns the right result into the wrong one, message).
_TRANSFORMATIONS: tuple[tuple[str, Callable[[_Pair], Array], str], ...] = (
    ("transposed", lambda p: p.want.T, "It is the transpose of the right result: which axis is which?"),
    ("axis_kept", lambda p: p.want[np.newaxis], "The values are right, but an axis of length 1 is left over."),
    ("axis_kept", lambda p: p.want[..., np.newaxis], "The values are right, but an axis of length 1 is left over."),
    ("rows_reversed", lambda p: p.want[::-1] if p.want.ndim else p.want, "The rows are right, but in reversed order."),
    ("factor_minus_one", lambda p: -p.want, "Right but for the sign of every entry."),
    ("factor_2", lambda p: 2 * p.want, "Every entry is twice as large as it must be."),
    ("factor_one_half", lambda p: p.want / 2, "Every entry is half of what it must be."),
    (
        "factor_n",
        lambda p: p.want * p.rows,
        "Every entry is N times too large, N being the number of rows: a sum where a mean is asked for?",
    ),
    (
        "factor_one_over_n",
        lambda p: p.want / p.rows,
        "Every entry is N times too small, N being the number of rows: a mean where a sum is asked for?",
    ),
    (
        "summed_not_averaged",
        lambda p: p.want * p.columns,
        "Too large by the length of an axis: a sum over the columns where a mean is asked for?",
    ),
    (
        "averaged_not_summed",
        lambda p: p.want / p.columns,
        "Too small by the length of an axis: a mean over the columns where a sum is asked for?",
    ),
    ("factor_sqrt_n", lambda p: p.want * math.sqrt(p.rows), "Too large by the square root of the number of rows."),
    (
        "factor_one_over_sqrt_n",
        lambda p: p.want / math.sqrt(p.rows),
        "Too small by the square root of the number of rows.",
    ),
    ("factor_sqrt_2", lambda p: p.want * math.sqrt(2), "Too large by the square root of 2."),
    ("factor_one_over_sqrt_2", lambda p: p.want / math.sqrt(2), "Too small by the square root of 2."),
    ("square_root_missing", lambda p: p.want**2, "It is the square of the right result: a root is missing."),
    ("one_square_root_too_many", lambda p: np.sqrt(p.want), "It is the square root of the right result."),
)


def _explain(pairs: Sequence[_Pair], *, element_wise: bool) -> Clue | None:
    """Return the mistake that explains every pair, or `None`.

    First, known transformations of the right result are tried, such as its transpose. Then follow an unknown factor, an
    unknown constant and results that are right in part.
    """
    with np.errstate(all="ignore"):
        for name, transform, message in _TRANSFORMATIONS:
            if all(_possible(transform, pair) for pair in pairs) and _evidence(pairs) >= 2:
                return name, message
        if any(pair.got.shape != pair.want.shape for pair in pairs):
            return None
        clues = (_factor, _added, _zero_in_part, *([_positive_only] if element_wise else []))
        for find in clues:
            found = find([pair for pair in pairs if pair.want.size])
            if found:
                return found
    return None


def _possible(transform: Callable[[_Pair], Array], pair: _Pair) -> bool:
    return pair.want.size == 0 or _close(pair.got, transform(pair))


def _evidence(pairs: Sequence[_Pair]) -> int:
    """Return the number of entries in all arrays that are not right, including their right entries."""
    return sum(pair.want.size for pair in pairs if pair.want.size and not pair.same)


def _factor(pairs: Sequence[_Pair]) -> Clue | None:
    """Return the mistake of one constant factor on every entry, or `None`."""
    got, want = _all(pairs)
    usable = np.isfinite(got) & np.isfinite(want) & (want != 0)
    if np.count_nonzero(usable) < 3 or not np.array_equal(np.isfinite(got), np.isfinite(want)):
        return None
    factor = float(np.median(got[usable] / want[usable]))
    if abs(factor - 1) < 1e-6 or factor == 0 or not _close(got, factor * want):
        return None
    number = "" if all(pair.hidden for pair in pairs if not pair.same) else f", {factor:.6g}"
    return "constant_factor", f"Right up to one constant factor{number}, the same for every entry."


def _float32(pairs: Sequence[_Pair]) -> Clue | None:
    """Return the mistake of results in float32 where float64 is expected, right except for rounding, or `None`."""
    double = [pair for pair in pairs if pair.want.dtype == np.float64 and pair.want.size]
    scale = max((float(np.max(np.abs(pair.want[np.isfinite(pair.want)]), initial=0.0)) for pair in double), default=0.0)
    if double and all(_is_single(pair, scale) for pair in double) and any(map(_is_rounded, double)):
        return "float32_rounding", "Right to seven digits only: is something float32 on the way?"
    return None


def _is_single(pair: _Pair, scale: float) -> bool:
    """Return whether a result could be float32 and is as close to the right one as float32 allows.

    If the terms of a sum cancel, its error depends on the size of the terms. So the bound also depends on `scale`, the
    largest absolute entry of all expected results, up to a limit.
    """
    got, want = pair.got, pair.want
    finite = np.isfinite(want)
    if got.shape != want.shape or not np.array_equal(np.isfinite(got), finite):
        return False
    got, want = got[finite].astype(np.float64), want[finite]
    own = float(np.max(np.abs(want), initial=0.0))
    near = np.abs(got - want) <= max(1e-5 * own, min(1e-5 * scale, 1e-3 * own))
    return bool(np.all(near) and np.array_equal(got.astype(np.float32).astype(np.float64), got))


def _is_rounded(pair: _Pair) -> bool:
    """Return whether an entry differs by more than rounding in float64, and no wrong entry is 0."""
    wrong = np.isfinite(pair.want) & (np.abs(pair.got - pair.want) > 1e-10 * np.abs(pair.want))
    return bool(np.any(wrong) and np.all(pair.got[wrong] != 0))


def _added(pairs: Sequence[_Pair]) -> Clue | None:
    """Return the mistake of one constant that is added to every entry, or `None`."""
    got, want = _all(pairs)
    difference = got - want
    finite = difference[np.isfinite(difference)]
    if finite.size < 3 or np.ptp(want[np.isfinite(want)]) == 0:
        return None
    constant = float(np.median(finite))
    scale = float(np.max(np.abs(want[np.isfinite(want)])))
    if abs(constant) < 1e-6 * scale or not _close(got, want + constant):
        return None
    return "added_constant", "Right up to one constant that is added to every entry."


def _zero_in_part(pairs: Sequence[_Pair]) -> Clue | None:
    """Return the mistake of results that are right in some entries and 0 in all others, or `None`."""
    got, want = _all(pairs)
    wrong = ~_each_close(got, want)
    if wrong.all() or not wrong.any() or np.any(got[wrong] != 0) or np.isnan(want[wrong]).any():
        return None
    return "zero_in_part", "Some entries are right and all others are 0: is a part of the result never filled in?"


def _positive_only(pairs: Sequence[_Pair]) -> Clue | None:
    """Return the mistake of element-wise functions that are right for positive inputs only, or `None`."""
    if any(pair.argument is None and pair.want.ndim for pair in pairs):
        return None
    known = [pair for pair in pairs if pair.argument is not None and pair.want.dtype != np.float32]
    got, want = _all(known)
    argument = _long([pair.argument for pair in known if pair.argument is not None])
    wrong = ~_each_close(got, want)
    if np.isnan(want[wrong]).any():
        return None
    if wrong.any() and not np.any(wrong & (argument > 0)) and np.count_nonzero(~wrong & (argument > 0)) >= 3:
        return "right_for_positive_only", "Right where the input is positive, wrong where it is not."
    return None


def _all(pairs: Sequence[_Pair]) -> tuple[Array, Array]:
    """Return the entries of all results and of all expected results, as two long arrays.

    Pairs in float32 are left out, because they have too few digits.
    """
    double = [pair for pair in pairs if pair.want.dtype != np.float32]
    return _long([pair.got for pair in double]), _long([pair.want for pair in double])


def _long(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(array).astype(np.float64) for array in arrays]) if arrays else np.zeros(0)


def _each_close(got: Array, want: Array) -> Any:
    finite = np.abs(want[np.isfinite(want)])
    atol = 1e-9 * float(np.max(finite, initial=0.0))
    single = np.float32 in (got.dtype, want.dtype)
    return np.isclose(got, want, rtol=2e-5 if single else 1e-6, atol=max(atol, 1e-12), equal_nan=True)


def _close(got: Array, want: Array) -> bool:
    return got.shape == want.shape and bool(np.all(_each_close(got, want)))
