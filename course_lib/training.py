"""Stochastic gradient descent that yields records of the training; the caller prints or plots them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from course_lib.arrays import Array, Labels, require_count, require_positive
from course_lib.data import Digits
from course_lib.engine import Engine
from course_lib.losses import softmax_cross_entropy
from course_lib.networks import Network, accuracy, forward


@dataclass(frozen=True)
class Epoch:
    """State after one pass over the training part.

    Attributes
    ----------
    number : int
        0 is the untrained network.
    loss : float
        Mean training loss over the epoch's batches; for number 0, the loss on the whole training part.
    test_accuracy : float
        In [0, 1]; NaN if the run has diverged.
    network : Network
        The network in this state.
    """

    number: int
    loss: float
    test_accuracy: float
    network: Network


@dataclass(frozen=True)
class Record:
    """State after some steps.

    Attributes
    ----------
    step : int
        0 is the untrained network.
    loss : float
        Mean training loss over the batches since the last record; for step 0, the loss on the whole training part.
    test_accuracy : float
        In [0, 1]; NaN if the run has diverged.
    network : Network
        The network in this state.
    """

    step: int
    loss: float
    test_accuracy: float
    network: Network


def train(
    rng: np.random.Generator,
    network: Network,
    data: Digits,
    learning_rate: float,
    epochs: int,
    batch_size: int = 32,
    *,
    dtype: DTypeLike = np.float32,
) -> Iterator[Epoch]:
    """Train by minibatch gradient descent on the cross-entropy, and yield a record after every epoch.

    Parameters
    ----------
    rng : numpy.random.Generator
        Determines the order of the examples; the same state gives the same records.
    network : Network
    data : Digits
    learning_rate : float
        η > 0.
    epochs : int
        At least 0.
    batch_size : int
        Examples per step; a smaller last batch is not used.
    dtype : {float32, float64}
        Dtype of the arithmetic, and of the networks in the records.

    Yields
    ------
    Epoch
        The untrained network first, then one record per epoch.

    Raises
    ------
    ValueError
        At the first record, if a hyper-parameter is outside its range.
    """
    require_count("epochs", epochs)
    _require_batch_size(batch_size, data)
    length = len(data.x_train) // batch_size
    for record in train_steps(rng, network, data, learning_rate, epochs * length, batch_size, length, dtype=dtype):
        yield Epoch(record.step // length, record.loss, record.test_accuracy, record.network)


def train_steps(
    rng: np.random.Generator,
    network: Network,
    data: Digits,
    learning_rate: float,
    steps: int,
    batch_size: int = 32,
    every: int = 1,
    *,
    dtype: DTypeLike = np.float32,
) -> Iterator[Record]:
    """Train by minibatch gradient descent on the cross-entropy, and yield a record every few steps.

    Parameters
    ----------
    rng : numpy.random.Generator
        Determines a new order of the examples in every epoch; the same state gives the same records.
    network : Network
    data : Digits
    learning_rate : float
        η > 0.
    steps : int
        At least 0; as many epochs as these steps need.
    batch_size : int
        Examples per step; a smaller last batch of an epoch is not used.
    every : int
        Number of steps between two records.
    dtype : {float32, float64}
        Dtype of the arithmetic, and of the networks in the records.

    Yields
    ------
    Record
        The untrained network first, then one record every `every` steps, and one after the last step.

    Raises
    ------
    ValueError
        At the first record, if a hyper-parameter is outside its range.
    """
    require_positive("learning_rate", learning_rate)
    require_count("steps", steps)
    require_count("every", every, least=1)
    _require_batch_size(batch_size, data)
    engine = Engine(network, batch_size, dtype=dtype)
    x_train, x_test = (np.ascontiguousarray(x, dtype) for x in (data.x_train, data.x_test))
    network = engine.network()
    yield Record(0, _loss(network, x_train, data.y_train), accuracy(network, x_test, data.y_test), network)
    losses = []
    for number, batch in zip(range(1, steps + 1), _batches(rng, len(x_train), batch_size), strict=False):
        losses.append(engine.step(x_train[batch], data.y_train[batch], learning_rate))
        if number % every == 0 or number == steps:
            network = engine.network()
            yield Record(number, float(np.mean(losses)), accuracy(network, x_test, data.y_test), network)
            losses = []


def _batches(rng: np.random.Generator, count: int, batch_size: int) -> Iterator[Labels]:
    """Yield arrays of `batch_size` row numbers, without end.

    Every epoch has a new random order. Rows that do not fill a batch are left out. `batch_size` must be at most
    `count`.
    """
    while True:
        order = rng.permutation(count).astype(np.intp, copy=False)
        for start in range(0, count - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


def _loss(network: Network, x: Array, labels: Labels) -> float:
    with np.errstate(all="ignore"):
        return softmax_cross_entropy(forward(network, x)[0][-1], labels)[0]


def _require_batch_size(batch_size: int, data: Digits) -> None:
    require_count("batch_size", batch_size, least=1)
    if batch_size > len(data.x_train):
        raise ValueError(f"batch_size must be at most the {len(data.x_train)} training examples (got {batch_size})")
