"""`zca_whitening`: uncorrelated features of variance 1, as near to the old ones as possible."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.exercises.lesson_05 import whitening
from autograder.exercises.lesson_05.shared import Array, covariance
from autograder.exercises.lesson_05.whitening import pca, scaling_mistakes, shared_mistakes, whiten, zca
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization


def _from_regularized(matrix: Callable[[Array], Array]) -> Callable[..., tuple[Array, Array]]:
    """Build a whitening that returns the mean and `matrix(S)`; S is the covariance with eps on its diagonal."""
    return lambda X, eps=whitening.EPS: (X.mean(axis=0), matrix(covariance(X) + eps * np.eye(X.shape[1])))

ZCA_WHITENING = exercise(
    normalization.zca_whitening, "05_input_normalization", outputs=("mean", "W"), picture=whitening.TILTED,
    mistake_features=whitening.free_of_order_and_sign, mistake_rtol=whitening.MISTAKE_RTOL, rtol=1e-7, atol=1e-9,
    parts=[
        (2, "uncorrelated, of variance 1, symmetric", whitening.clouds),
        (1, "a large eps", whitening.clouds_and_eps),
        (1, "a direction without variance", whitening.flat_clouds, HIDDEN),
    ],
    mistakes={
        "not_turned_back": (whiten(pca),
            "This is PCA whitening: the data lie along the principal axes now. What turns them back?"),
        "cholesky": (_from_regularized(lambda regularized: np.linalg.cholesky(np.linalg.inv(regularized))),
            "This whitens, but is triangular: of all whitening matrices the symmetric one is asked for."),
        "entry_by_entry": (_from_regularized(lambda regularized: 1 / np.sqrt(regularized)),
            "A power of a matrix is not the power of its entries: go by way of its eigenvalues."),
        **scaling_mistakes(lambda columns, U: columns @ U.T),
        **shared_mistakes(zca),
    },
)
