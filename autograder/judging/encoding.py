"""Convert values to JSON and back, bit for bit, without pickle and without executing code."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.errors import EncodingError

DTYPES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
)


@lru_cache(maxsize=64)
def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return the name of a dtype, such as "float64"; cached, as NumPy builds it again at each access."""
    return dtype.name


def encode(value: Any, other: Callable[[Any], Any] | None = None) -> Any:
    """Return a value as JSON types.

    Parameters
    ----------
    value : object
        `None`, a bool, an int, a float, a string, an array of numbers, a NumPy ufunc, a NumPy generator (PCG64), or a
        list, tuple or dict of these. The keys of a dict must be strings.
    other : callable, optional
        Called first, for the value and for every value inside it. It returns a JSON object with one key, or `None` for
        a value that is encoded as usual.

    Returns
    -------
    object
        JSON types; `decode` turns it back into the same value, bit for bit.

    Raises
    ------
    EncodingError
        If the value, or a value inside it, is of another type.
    """
    coded = other(value) if other else None
    if coded is not None:
        return coded
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if kind is list:
        return [encode(entry, other) for entry in value]
    if kind is tuple:
        return {"tuple": [encode(entry, other) for entry in value]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": [[key, encode(entry, other)] for key, entry in value.items()]}
    if kind is np.ndarray and dtype_name(value.dtype) in DTYPES:
        return _array(value)
    if isinstance(value, np.ufunc):
        return {"ufunc": _name_of(value)}
    if kind is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
        return {"generator": value.bit_generator.state}
    raise EncodingError(f"a value must be plain numbers, texts, arrays, ufuncs or generators (got {kind.__name__})")


def decode(data: Any, others: Mapping[str, Callable[[Any], Any]] | None = None) -> Any:
    """Return the value that `encode` was called with.

    Parameters
    ----------
    data : object
        A value of JSON types.
    others : mapping, optional
        Functions that decode the objects of `other`, by key.

    Returns
    -------
    object
        A new value; arrays are writable.

    Raises
    ------
    EncodingError
        If `data` has an unknown key, a missing entry or a value of a wrong type.
    """
    if data is None or type(data) in (bool, int, float, str):
        return data
    if type(data) is list:
        return [decode(entry, others) for entry in data]
    if not isinstance(data, Mapping) or len(data) != 1:
        raise EncodingError(f"an encoded value must have one known key (got {str(data)[:80]})")
    ((kind, content),) = data.items()
    try:
        if kind == "tuple":
            return tuple(decode(entry, others) for entry in content)
        if kind == "dict":
            return {str(key): decode(entry, others) for key, entry in content}
        return {**_DECODERS, **(others or {})}[kind](content)
    except EncodingError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError) as damage:
        raise EncodingError(f"an encoded value must be whole (got {str(data)[:80]}: {damage})") from None


def _name_of(function: np.ufunc) -> str:
    name = str(getattr(function, "__name__", ""))
    if getattr(np, name, None) is not function:
        raise EncodingError(f"a function must be one of NumPy's own ufuncs (got {name})")
    return name


def _array(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
    text = base64.b64encode(little.tobytes()).decode("ascii")
    return {"array": {"dtype": dtype_name(value.dtype), "shape": list(value.shape), "bytes": text}}


def _to_array(content: Any) -> np.ndarray[Any, Any]:
    if content["dtype"] not in DTYPES or not all(type(n) is int and n >= 0 for n in content["shape"]):
        raise EncodingError(f"an array must have a known dtype and a shape (got {str(content)[:80]})")
    dtype = np.dtype(content["dtype"])
    buffer = base64.b64decode(content["bytes"], validate=True)
    flat = np.frombuffer(buffer, dtype=dtype.newbyteorder("<"))
    return flat.astype(dtype).reshape(content["shape"])


def _to_ufunc(name: Any) -> np.ufunc:
    function = getattr(np, name)
    if not isinstance(function, np.ufunc):
        raise EncodingError(f"a function must be a NumPy ufunc (got {name})")
    return function


def _to_generator(state: Any) -> np.random.Generator:
    generator = np.random.Generator(np.random.PCG64())
    generator.bit_generator.state = state
    return generator


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "array": _to_array,
    "ufunc": _to_ufunc,
    "generator": _to_generator,
}
