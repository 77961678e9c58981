"""What to look at, layer by layer, when a network does not learn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from course_lib.arrays import Array, Labels
from course_lib.networks import Network, forward, loss_and_gradients


@dataclass(frozen=True)
class LayerSignals:
    """How strong the signal is in each layer, first layer first; every entry is an array of shape (L,).

    Attributes
    ----------
    spread : ndarray
        Standard deviation across examples of what the layer receives, averaged over its inputs:
        what distinguishes one example from another there.
    delta : ndarray
        Root mean square of dLoss/da.
    weight_gradient : ndarray
        Root mean square of dLoss/dW.
    """

    spread: Array
    delta: Array
    weight_gradient: Array


def layer_signals(network: Network, x: Array, labels: Labels) -> LayerSignals:
    """Measure the forward and the backward signal of one batch in every layer.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])
    labels : ndarray, shape (N,)

    Returns
    -------
    LayerSignals
    """
    _, inputs = forward(network, x)
    _, gradients = loss_and_gradients(network, x, labels)
    spread = np.array([np.mean(np.std(h, axis=0)) for h in inputs])
    return LayerSignals(spread, _rms(gradients.deltas), _rms(gradients.weights))


def _rms(arrays: Iterable[Array]) -> Array:
    return np.array([np.sqrt(np.mean(array**2)) for array in arrays])
