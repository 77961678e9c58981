"""Handwritten digits: 1,797 real 8×8 images (credit and licence: README.md beside this file)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from course_lib.arrays import Array, Labels

TRAIN_SIZE = 1437


class Digits(NamedTuple):
    """Images as rows of 64 pixels, and the digit each row shows.

    Attributes
    ----------
    x_train : ndarray, shape (1437, 64)
    y_train : ndarray, shape (1437,)
    x_test : ndarray, shape (360, 64)
    y_test : ndarray, shape (360,)
    """

    x_train: Array
    y_train: Labels
    x_test: Array
    y_test: Labels


def load_digits(standardized: bool = True) -> Digits:
    """Load the digits, with pixels standardized by the training part, or with the original values.

    Three pixels are the same in every training image; they become 0 instead of 0/0. Standardized values are
    clipped at ±5: a pixel that is white in almost all images would reach 38 in the others.

    Parameters
    ----------
    standardized : bool
        If false, pixels are 0 … 16.

    Returns
    -------
    Digits
        float64 pixels, int64 labels.

    References
    ----------
    Alpaydin and Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository.
    """
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as stored:
        images, labels = stored["images"].astype(np.float64), stored["labels"].astype(np.int64)
    train, test = images[:TRAIN_SIZE], images[TRAIN_SIZE:]
    if standardized:
        mean, std = train.mean(axis=0), train.std(axis=0)
        std[std == 0] = 1.0
        train, test = (np.clip((part - mean) / std, -5, 5) for part in (train, test))
    return Digits(train, labels[:TRAIN_SIZE], test, labels[TRAIN_SIZE:])
