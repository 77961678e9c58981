"""Measurements per layer that help to find out why a network does not learn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from course_lib.arrays import Array, Labels
from course_lib.networks import Network, backward, forward_with_caches
from course_lib.unit_activity import dead_units


@dataclass(frozen=True)
class LayerSignals:
    """Strength of the forward and backward signal in each layer, first layer first.

    Attributes
    ----------
    spread : ndarray, shape (L,)
        Standard deviation across examples of the layer's inputs, averaged over the inputs. It measures how
        different the examples still are there.
    delta : ndarray, shape (L,)
        Root mean square of dLoss/da, a = h·W + b.
    weight_gradient : ndarray, shape (L,)
        Root mean square of dLoss/dW.
    variance : ndarray, shape (L,)
        Variance over all entries of the input of the activation function.
    saturated : ndarray, shape (L − 1,)
        Fraction of a hidden layer's pre-activations at which the activation is nearly flat: its slope is
        below 5% of its largest slope on [−8, 8].
    dead : ndarray, shape (L − 1,)
        Fraction of a hidden layer's units whose activation is 0 for every example.
    """

    spread: Array
    delta: Array
    weight_gradient: Array
    variance: Array
    saturated: Array
    dead: Array


def layer_signals(network: Network, x: Array, labels: Labels) -> LayerSignals:
    """Measure the forward and the backward signal of one batch in every layer.

    Parameters
    ----------
    network : Network
    x : ndarray, shape (N, sizes[0])
    labels : ndarray, shape (N,)
        Right classes, integers in 0 … sizes[-1] - 1.

    Returns
    -------
    LayerSignals

    Raises
    ------
    ValueError
        If shapes do not fit, the batch is empty, or a label is no class.
    """
    pre_activations, inputs, caches = forward_with_caches(network, x)
    _, gradients = backward(network, pre_activations, inputs, caches, labels)
    return LayerSignals(
        spread=np.array([np.mean(np.std(h, axis=0)) for h in inputs]),
        delta=_rms(gradients.deltas),
        weight_gradient=_rms(gradients.weights),
        variance=np.array([np.var(a) for a in pre_activations]),
        saturated=_flat_shares(pre_activations[:-1], network.derivative),
        dead=np.array([np.mean(dead_units(h)) for h in inputs[1:]]),
    )


def _rms(arrays: Iterable[Array]) -> Array:
    return np.array([np.sqrt(np.mean(array**2)) for array in arrays])


def _flat_shares(pre_activations: Iterable[Array], derivative: Callable[[Array], Array]) -> Array:
    threshold = 0.05 * np.max(np.abs(derivative(np.linspace(-8, 8, 1601))))
    return np.array([np.mean(np.abs(derivative(a)) < threshold) for a in pre_activations])
