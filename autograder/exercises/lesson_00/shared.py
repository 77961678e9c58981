"""Draws that several exercises of lesson 00 share."""

import numpy as np

from course_lib.arrays import Array


def layer(rng: np.random.Generator, N: int, n_in: int, n_out: int) -> tuple[Array, Array, Array]:
    """Draw an input of shape (N, n_in), weights of shape (n_in, n_out) and biases of shape (n_out,)."""
    return rng.normal(size=(N, n_in)), rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)
