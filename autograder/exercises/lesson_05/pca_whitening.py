"""Exercise `pca_whitening`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.exercises.lesson_05.shared import (
    TILTED,
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
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Finding
from autograder.judging.table import HIDDEN, exercise
from course_lib import normalization


def _eps_of(case: Case) -> float:
    return float(case.kwargs.get("eps", case.args[1] if len(case.args) > 1 else 1e-5))


def _is_pca_whitening(result: Any, case: Case) -> Finding:
    """Columns along the principal axes, each of length 1/sqrt(λ + ε), in any order, to either side; and the mean.

    Any orthogonal eigenvectors will do. All is held to 1e-6; right answers err by 1e-12.
    """
    mean, W = result
    X = case.args[0]
    covariance = covariance_(X)
    lengths = np.linalg.norm(W, axis=0)
    if np.any(lengths == 0):
        return Finding(0, f"Column {np.argmin(lengths)} of `W` is zero: one direction of the data is lost.")
    U = W / lengths
    eigenvalues = np.sum(U * (covariance @ U), axis=0)
    astray = np.abs(covariance @ U - U * eigenvalues).max(axis=0) > 1e-6 * np.trace(covariance)
    if np.any(astray):
        return Finding(0, f"Column {np.argmax(astray)} of `W` does not point along a principal axis of the data.")
    if np.max(np.abs(U.T @ U - np.eye(len(U)))) > 1e-6:
        return Finding(0, "Two columns of `W` are not orthogonal to each other.")
    want = 1 / np.sqrt(eigenvalues + _eps_of(case))
    wrong = np.abs(lengths - want) > 1e-6 * want
    if np.any(wrong):
        k = int(np.argmax(wrong))
        return Finding(
            0,
            f"The columns of `W` point the right way, but column {k} has length {lengths[k]:.6g} where the variance "
            f"{eigenvalues[k]:.6g} and eps {_eps_of(case):g} ask for {want[k]:.6g}.",
        )
    if np.max(np.abs(mean - X.mean(axis=0))) > 1e-9:
        return Finding(0.75, "`W` is right, but `mean` is not the mean of every feature.")
    return AS_IT_SHOULD_BE


_ROWS_SCALED = "The scale of each axis belongs to a column of U; here it is applied to rows."

PCA_WHITENING = exercise(
    normalization.pca_whitening, "05_input_normalization", outputs=("mean", "W"),
    mistake_features=free_of_order_and_sign, mistake_rtol=1e-4,
    picture=TILTED,
    parts=[
        (2, "uncorrelated, of variance 1", clouds, _is_pca_whitening),
        (1, "a large eps", clouds_and_eps, _is_pca_whitening),
        (1, "a direction without variance", flat_clouds, _is_pca_whitening, HIDDEN),
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
        "rows_scaled": (whiten(lambda values, U, eps: U / np.sqrt(values + eps)[:, None]),
            _ROWS_SCALED),
        "rows_scaled_largest_first": (
            whiten(lambda values, U, eps: U / np.sqrt(values + eps)[:, None], largest_first=True),
            _ROWS_SCALED),
    },
)

# LOST? mistake_rtol=1e-4,  # an eigenvalue that is 0 but for rounding shows up to 1e-6 once its root is taken
