"""Activity of units: dead units and sparsity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_lib.arrays import Array, require_count, require_rank


def dead_units(h: Array) -> NDArray[np.bool_]:
    """Return which units are dead on a batch: their activation is 0 for every row.

    Parameters
    ----------
    h : ndarray, shape (N, D)
        Activations of D units for N ≥ 1 examples.

    Returns
    -------
    ndarray of bool, shape (D,)

    Raises
    ------
    ValueError
        If `h` does not have two axes or has no rows.
    """
    require_rank("h", h, 2)
    require_count("the number of rows of h", h.shape[0], least=1)
    return np.all(h == 0, axis=0)


def sparsity(h: Array) -> float:
    """Compute the fraction of activations that are exactly 0.

    Parameters
    ----------
    h : ndarray
        Activations, any shape with at least one entry.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If `h` is empty.

    References
    ----------
    Glorot, Bordes and Bengio (2011), *Deep sparse rectifier neural networks*, section 3.
    """
    require_count("the number of entries of h", h.size, least=1)
    return float(np.mean(h == 0))
