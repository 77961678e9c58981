"""`pca_whitening`: uncorrelated features of variance 1, along the principal axes."""

from __future__ import annotations

import numpy as np

from autograder.exercises.lesson_05 import whitening
from autograder.exercises.lesson_05.shared import Array
from autograder.exercises.lesson_05.whitening import pca, scaling_mistakes, shared_mistakes, whiten, zca
from autograder.judging.properties import whitens
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization

_ROWS_SCALED = "The scale of each axis belongs to a column of U; here it is applied to rows."


def _scale_rows(values: Array, U: Array, eps: float) -> Array:
    return U / np.sqrt(values + eps)[:, np.newaxis]

PCA_WHITENING = exercise(
    normalization.pca_whitening, "05_input_normalization", outputs=("mean", "W"), picture=whitening.TILTED,
    mistake_features=whitening.free_of_order_and_sign, mistake_rtol=whitening.MISTAKE_RTOL,
    parts=[
        (2, "uncorrelated, of variance 1", whitening.clouds, whitens()),
        (1, "a large eps", whitening.clouds_and_eps, whitens()),
        (1, "a direction without variance", whitening.flat_clouds, whitens(), HIDDEN),
    ],
    mistakes={
        "turned_back": (whiten(zca),
            "This is ZCA, the symmetric whitening: it is turned back to the old axes. PCA whitening stays on the "
            "principal ones."),
        "not_scaled": (whiten(lambda values, U, eps: U),
            "This decorrelates, but every direction keeps its old spread."),
        **scaling_mistakes(lambda columns, U: columns),
        **shared_mistakes(pca),
        "rows_for_columns": (whiten(lambda values, U, eps: pca(values, U, eps).T),
            "This is the right matrix lying on its side. Examples are rows here and are multiplied from the left: "
            "(X − mean) @ W."),
        "rows_scaled": (whiten(_scale_rows), _ROWS_SCALED),
        "rows_scaled_largest_first": (whiten(_scale_rows, largest_first=True), _ROWS_SCALED),
    },
)
