"""Numerical gradients, and the comparison of hand-written gradients with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arrays import Array, require_positive


def numerical_gradient(f: Callable[[Array], float], x: ArrayLike, step: float = 1e-5) -> Array:
    """Compute the gradient of a scalar function by central differences: df/dxᵢ ≈ (f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h.

    The error is h²/6 times the third derivative, plus a rounding error of about 1e-16·abs(f)/h.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `x`, returns a number.
    x : array_like
        The point at which to differentiate; any shape, integers allowed. It is not changed.
    step : float
        h > 0.

    Returns
    -------
    ndarray
        The gradient, float64, the shape of `x`.

    Raises
    ------
    ValueError
        If `step` is not a positive finite number.
    """
    require_positive("step", step)
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        centre = x[index]
        x[index] = centre + step
        above = f(x)
        x[index] = centre - step
        below = f(x)
        x[index] = centre
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(got: ArrayLike, want: ArrayLike) -> float:
    """Compute the largest relative error over entries: max abs(got − want) / max(1e-8, abs(got) + abs(want)).

    It is 0 for equal entries, 1 if one entry is zero or the signs differ, and NaN if either array contains NaN.

    Parameters
    ----------
    got, want : array_like
        Arrays of one shape.

    Returns
    -------
    float
        In [0, 1]; 0.0 for empty arrays.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    require_same_shape(got, want)
    error = np.abs(got - want) / np.maximum(1e-8, np.abs(got) + np.abs(want))
    return float(np.max(error, initial=0.0))


def gradient_check(
    loss: Callable[[dict[str, Array]], float],
    params: Mapping[str, Array],
    grads: Mapping[str, Array],
    tolerance: float = 1e-6,
) -> list[str]:
    """Return the names of the parameters whose gradient does not agree with the numerical one.

    A name is listed unless relative_error(grads[name], numerical gradient) ≤ tolerance. So a
    gradient that contains NaN is listed too.

    Parameters
    ----------
    loss : callable
        Takes a dict like `params`, returns a number.
    params : dict of str to ndarray
        The point at which to compare. It is not changed.
    grads : dict of str to ndarray
        The gradients to check, with the shapes of `params`.
    tolerance : float
        Largest relative error that passes. With step 1e-5 and gradients above 1e-3, the relative error of
        right gradients is about 1e-8.

    Returns
    -------
    list of str
        Sorted; empty if all gradients agree.

    Raises
    ------
    ValueError
        If a gradient is missing or has another shape than its parameter.
    """
    require_gradients(params, grads)
    wrong = []
    for name in sorted(params):
        numerical = numerical_gradient(lambda p, name=name: loss({**params, name: p}), params[name])
        if not relative_error(grads[name], numerical) <= tolerance:
            wrong.append(name)
    return wrong


def require_same_shape(got: Array, want: Array) -> None:
    """Raise an error if two shapes differ, because NumPy might broadcast such arrays silently.

    Raises
    ------
    ValueError
        With both shapes.
    """
    if got.shape != want.shape:
        raise ValueError(f"got and want must have the same shape (got {got.shape} and {want.shape})")


def require_gradients(params: Mapping[str, Array], grads: Mapping[str, Array]) -> None:
    """Raise an error unless every parameter has a gradient of its shape.

    Raises
    ------
    ValueError
        With the name of the first parameter without a gradient of its shape.
    """
    for name, value in params.items():
        if name not in grads:
            raise ValueError(f"grads must have an entry for each parameter ({name!r} is missing)")
        if np.shape(grads[name]) != np.shape(value):
            raise ValueError(f"grads[{name!r}] must have shape {np.shape(value)} (got {np.shape(grads[name])})")
