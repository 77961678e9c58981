"""Two well-known tables with features of very different sizes (credit and licences: README.md beside this file)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.arrays import Array, Labels


@dataclass(frozen=True)
class Table:
    """Measurements as rows, and the class of each row.

    Attributes
    ----------
    X : ndarray, shape (N, D)
        float64, in the original units.
    y : ndarray, shape (N,)
        int64 classes, starting at 0.
    feature_names : tuple of str
        One for each column of `X`.
    """

    X: Array
    y: Labels
    feature_names: tuple[str, ...]


def load_breast_cancer() -> Table:
    """Load 569 tumours, described by 30 measurements of cell nuclei: 0 is malignant, 1 benign.

    Returns
    -------
    Table
        A new copy; X has shape (569, 30).

    References
    ----------
    Wolberg, Mangasarian, Street and Street (1993), *Breast Cancer Wisconsin (Diagnostic)*,
    UCI Machine Learning Repository.
    """
    return _read("breast_cancer.npz")


def load_wine() -> Table:
    """Load 178 wines from three growers of one Italian region, described by 13 chemical measurements.

    Returns
    -------
    Table
        A new copy; X has shape (178, 13), and y is 0, 1 or 2.

    References
    ----------
    Aeberhard and Forina (1992), *Wine*, UCI Machine Learning Repository.
    """
    return _read("wine.npz")


def _read(name: str) -> Table:
    with np.load(Path(__file__).with_name(name), allow_pickle=False) as stored:
        return Table(
            stored["X"].astype(np.float64),
            stored["y"].astype(np.int64),
            tuple(str(feature) for feature in stored["feature_names"]),
        )
