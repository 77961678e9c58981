"""Write a case as code that a student can paste into a cell to see the same failure."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.errors import NoCodeError
from autograder.judging.exercise import Case
from course_lib.batchnorm import BatchNormCache

_LONGEST_LINE = 90  # characters of a call on one line; a longer call is not shown
_LONGEST = 8000  # characters of the code of a cell; longer code is not shown


def one_line(name: str, case: Case) -> str:
    """Return the call as code on one line, with rounded numbers.

    "" if it is longer than 90 characters, or an argument cannot be shown as code.
    """
    with np.printoptions(threshold=20, precision=6):
        shown = [_short(arg) for arg in case.args] + [f"{k}={_short(v)}" for k, v in case.kwargs.items()]
    text = f"{name}({', '.join(' '.join(arg.split()) for arg in shown)})"
    return text if len(text) <= _LONGEST_LINE and "<" not in text else ""


def _short(value: Any) -> str:
    if isinstance(value, np.random.Generator):
        return "rng"
    return f"np.{value.__name__}" if isinstance(value, np.ufunc) else repr(value)


def cell(name: str, case: Case) -> str:
    """Return the code of a whole cell that calls `name` with exactly this case.

    "" if an argument has no code, or the code is longer than 8000 characters.
    """
    lines = ["import numpy as np"]
    try:
        arguments = [_argument(lines, f"argument_{n}", value) for n, value in enumerate(case.args, start=1)]
        arguments += [f"{key}={_argument(lines, key, value)}" for key, value in case.kwargs.items()]
    except NoCodeError:
        return ""
    text = "\n".join([*lines, f"{name}({', '.join(arguments)})"])
    return text if len(text) <= _LONGEST else ""


def _argument(lines: list[str], name: str, value: Any) -> str:
    """Return the code of an argument.

    A long value is assigned to `name` in a line that is added to `lines`, and `name` is returned.

    Raises
    ------
    NoCodeError
        If the value has no code.
    """
    if isinstance(value, np.random.Generator):
        lines += [f"{name} = np.random.default_rng()", f"{name}.bit_generator.state = {value.bit_generator.state!r}"]
        return name
    if isinstance(value, BatchNormCache):
        lines.insert(1, "from course_lib.batchnorm import BatchNormCache")
    code = _code(value)
    if len(code) <= 30:
        return code
    lines.append(f"{name} = {code}")
    return name


def _code(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.ufunc):
        return f"np.{value.__name__}"
    if isinstance(value, BatchNormCache):
        return f"BatchNormCache({', '.join(f'{k}={_code(v)}' for k, v in zip(value._fields, value, strict=True))})"
    if type(value) in (list, tuple):
        inner = ", ".join(map(_code, value))
        return f"[{inner}]" if type(value) is list else f"({inner}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {_code(entry)}" for key, entry in value.items()) + "}"
    if value is None or type(value) in (bool, int, str):
        return repr(value)
    if type(value) is float:
        return repr(value) if np.isfinite(value) else f"float({str(value)!r})"
    raise NoCodeError


def _array(value: np.ndarray[Any, Any]) -> str:
    """Return code that creates the array with all digits.

    NumPy's `unique` format is the shortest text with exactly the same number.

    Raises
    ------
    NoCodeError
        If the array does not contain numbers.
    """
    if value.dtype.kind not in "fiub":
        raise NoCodeError
    if not value.size:
        return f"np.zeros({value.shape}, dtype=np.{value.dtype})"
    with np.printoptions(threshold=10**9, floatmode="unique", linewidth=110, nanstr="np.nan", infstr="np.inf"):
        text = np.array2string(value, separator=", ")
    dtype = "" if value.dtype in (np.float64, np.int64, np.bool_) else f", dtype=np.{value.dtype}"
    return f"np.array({text}{dtype})"
