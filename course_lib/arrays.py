"""Array types, the course's rule for dtypes, and checks that raise an error which names the bad argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]


def as_float(a: ArrayLike) -> Array:
    """Convert `a` to a floating-point array: float32 and float64 keep their dtype, integers become float64.

    Parameters
    ----------
    a : array_like
        Numbers of any shape.

    Returns
    -------
    ndarray
        The same values; `a` itself if it is a floating-point array already.

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.
    """
    array = np.asarray(a)
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    raise ValueError(f"a must hold real numbers (got dtype {array.dtype})")


def require_rank(name: str, value: Any, rank: int) -> None:
    """Raise an error unless an argument is an array with `rank` axes.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{name} must be a NumPy array with {rank} axes (got {type(value).__name__})")
    if value.ndim != rank:
        raise ValueError(f"{name} must have {rank} axes (got shape {value.shape})")


def require_shape(name: str, value: Any, shape: Sequence[int]) -> None:
    """Raise an error unless an argument is an array of shape `shape`.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    require_rank(name, value, len(shape))
    if value.shape != tuple(shape):
        raise ValueError(f"{name} must have shape {tuple(shape)} (got {value.shape})")


def require_positive(name: str, value: float) -> None:
    """Raise an error unless a hyper-parameter is a finite number above zero.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    if not (_is_real(value) and np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a positive finite number (got {value!r})")


def require_not_negative(name: str, value: float) -> None:
    """Raise an error unless a hyper-parameter is a finite number of at least zero.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    if not (_is_real(value) and np.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0 (got {value!r})")


def require_finite(name: str, value: float) -> None:
    """Raise an error unless a hyper-parameter is a finite number.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    if not (_is_real(value) and np.isfinite(value)):
        raise ValueError(f"{name} must be a finite number (got {value!r})")


def require_probability(name: str, value: float) -> None:
    """Raise an error unless a number lies in [0, 1].

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    if not (_is_real(value) and 0 <= value <= 1):
        raise ValueError(f"{name} must lie in [0, 1] (got {value!r})")


def require_count(name: str, value: int, least: int = 0) -> None:
    """Raise an error unless an argument is an integer of at least `least`.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least} (got {value!r})")


def require_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise an error unless a string is one of `choices`.

    Raises
    ------
    ValueError
        With the name of the argument, the choices and the value.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)} (got {value!r})")


def require_sizes(name: str, value: Sequence[int]) -> None:
    """Raise an error unless there are two or more positive integers: the widths of a network, from input to output.

    Raises
    ------
    ValueError
        With the name of the argument, what it must be and its value.
    """
    if len(value) < 2:
        raise ValueError(f"{name} must name at least an input and an output (got {list(value)})")
    for size in value:
        require_count(f"every entry of {name}", size, least=1)


def require_matrices(name: str, value: Sequence[Any]) -> None:
    """Raise an error unless every entry of a sequence is an array with two axes; an empty sequence passes.

    Raises
    ------
    ValueError
        With the name of the argument, what every entry must be and the first other entry's shape or type.
    """
    for entry in value:
        require_rank(f"every entry of {name}", entry, 2)


def require_same_length(name: str, value: Sequence[Any], other_name: str, other: Sequence[Any]) -> None:
    """Raise an error unless two sequences have the same length.

    Raises
    ------
    ValueError
        With both names and lengths.
    """
    if len(value) != len(other):
        raise ValueError(f"{name} must be as many as {other_name}, {len(other)} (got {len(value)})")


def require_labels(name: str, value: Any, length: int, classes: int) -> None:
    """Raise an error unless labels are `length` integers in 0 … `classes` - 1.

    Raises
    ------
    ValueError
        If `value` is not an array of shape (length,), its dtype is not an integer one, or a label is out of range.
    """
    require_shape(name, value, (length,))
    if value.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integer classes (got dtype {value.dtype})")
    if length and not (value.min() >= 0 and value.max() < classes):
        raise ValueError(f"{name} must lie in 0 … {classes - 1} (got values from {value.min()} to {value.max()})")


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
