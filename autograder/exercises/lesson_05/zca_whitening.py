"""Exercise `zca_whitening`."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_05.shared import (
    TILTED,
    Array,
    clouds,
    clouds_and_eps,
    covariance_,
    flat_clouds,
    free_of_order_and_sign,
    pca,
    scaling_mistakes,
    shared_mistakes,
    whiten,
    zca,
)
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization


def _entry_by_entry(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
    return X.mean(axis=0), 1 / np.sqrt(covariance_(X) + eps * np.eye(X.shape[1]))


def _cholesky(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
    inverse = np.linalg.inv(covariance_(X) + eps * np.eye(X.shape[1]))
    return X.mean(axis=0), np.linalg.cholesky(inverse)

ZCA_WHITENING = exercise(
    normalization.zca_whitening, "05_input_normalization", outputs=("mean", "W"),
    mistake_features=free_of_order_and_sign, mistake_rtol=1e-4, rtol=1e-7, atol=1e-9,
    picture=TILTED,
    parts=[
        (2, "uncorrelated, of variance 1, symmetric", clouds),
        (1, "a large eps", clouds_and_eps),
        (1, "a direction without variance", flat_clouds, HIDDEN),
    ],
    mistakes={
        "not_turned_back": (whiten(pca),
            "This is PCA whitening: the data lie along the principal axes now. What turns them back?"),
        "cholesky": (_cholesky,
            "This whitens, but is triangular: of all whitening matrices the symmetric one is asked for."),
        "entry_by_entry": (_entry_by_entry,
            "A power of a matrix is not the power of its entries: go by way of its eigenvalues."),
        **scaling_mistakes(lambda columns, U: columns @ U.T),
        **shared_mistakes(zca),
    },
)

# LOST? mistake_rtol=1e-4,  # an eigenvalue that is 0 but for rounding shows up to 1e-6 once its root is taken
