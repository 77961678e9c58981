"""Wrong initializers, and the messages that several exercises of lesson 04 have for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Generator = np.random.Generator

RNG_IGNORED = (
    "The weights are as they should be, but the same ones come whatever generator is passed: every draw must come "
    "from `rng`."
)
TRANSPOSED = "The shape is transposed: in this course `W` is (n_in, n_out)."
ALL_EQUAL = "All weights are equal: then all units of a layer are one unit. Draw an array, not one number."
NOT_CENTRED = "These weights are all of one sign, or nearly so: their mean must be 0."


def normal(rng: Generator, std: float, shape: tuple[int, int]) -> Array:
    """Return an array of draws from N(0, std²)."""
    return rng.normal(0, std, size=shape)


def uniform(rng: Generator, limit: float, shape: tuple[int, int]) -> Array:
    """Return an array of draws from the uniform law on [−limit, limit)."""
    return rng.uniform(-limit, limit, size=shape)


def positive(rng: Generator, limit: float, shape: tuple[int, int]) -> Array:
    """Return an array of draws from the uniform law on [0, limit)."""
    return rng.random(shape) * limit


def one_number(rng: Generator, number: float, shape: tuple[int, int]) -> Array:
    """Return an array in which every entry is `number`."""
    return np.full(shape, number)


def initializer(default: Any, size: Callable[[int, int, Any], float], draw: Callable[..., Array] = normal) -> Any:
    """Build a wrong initializer: it returns `draw(rng, size(n_in, n_out, last), (n_in, n_out))`.

    `last` is the initializer's last argument. Its default value is `default`. As a keyword it may have any name.
    """

    def wrong(rng: Generator, n_in: int, n_out: int, last: Any = default, **named: Any) -> Array:
        return draw(rng, size(n_in, n_out, next(iter(named.values()), last)), (n_in, n_out))

    return wrong


def own_generator(right: Callable[..., Array]) -> tuple[Callable[..., Array], str]:
    """Build the mistake of an initializer that creates its own generator: the function and the message."""
    return lambda rng, *args, **kwargs: right(np.random.default_rng(0), *args, **kwargs), RNG_IGNORED


def transposed(right: Callable[..., Array]) -> tuple[Callable[..., Array], str]:
    """Build the mistake of an initializer that returns the transpose: the function and the message."""
    return lambda *args, **kwargs: right(*args, **kwargs).T, TRANSPOSED
