"""Stochastic gradient descent that yields what happened and leaves showing it to the caller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course_lib.arrays import require_count, require_positive
from course_lib.data import Digits
from course_lib.networks import Network, accuracy, loss_and_gradients, step


@dataclass(frozen=True)
class Epoch:
    """State after one pass over the training part.

    Attributes
    ----------
    number : int
        0 is the untrained network.
    loss : float
        Mean training loss over the epoch's batches; that of the whole training part for number 0.
    test_accuracy : float
        In [0, 1].
    network : Network
        As it is now.
    """

    number: int
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
) -> Iterator[Epoch]:
    """Train by minibatch gradient descent on the cross-entropy.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides the order of the examples; the same state gives the same records.
    network : Network
    data : Digits
    learning_rate : float
        η > 0.
    epochs : int
        At least 0.
    batch_size : int
        Examples a step; a last smaller batch is left out.

    Yields
    ------
    Epoch
        The untrained network first, then one record an epoch.

    Raises
    ------
    ValueError
        If a hyper-parameter is out of its range.
    """
    require_positive("learning_rate", learning_rate)
    require_count("epochs", epochs)
    require_count("batch_size", batch_size, least=1)
    if batch_size > len(data.x_train):
        raise ValueError(f"batch_size must be at most the {len(data.x_train)} training examples (got {batch_size})")
    initial_loss, _ = loss_and_gradients(network, data.x_train, data.y_train)
    yield Epoch(0, initial_loss, accuracy(network, data.x_test, data.y_test), network)
    for number in range(1, epochs + 1):
        order = rng.permutation(len(data.x_train))
        losses = []
        for start in range(0, len(order) - batch_size + 1, batch_size):
            batch = order[start : start + batch_size]
            loss, gradients = loss_and_gradients(network, data.x_train[batch], data.y_train[batch])
            network = step(network, gradients, learning_rate)
            losses.append(loss)
        yield Epoch(number, float(np.mean(losses)), accuracy(network, data.x_test, data.y_test), network)
