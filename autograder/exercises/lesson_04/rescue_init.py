"""`rescue_init`: weights with which thirty layers learn."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from autograder.exercises.networks import trains_to
from autograder.judging.exercise import Case, Curve
from autograder.judging.table import HIDDEN, exercise
from course_lib import activations, initialization
from course_lib.arrays import Array

_SIZES = (*[64] * 30, 10)
# Best test accuracies on the way: He weights reach 0.40 to 0.87 (64 runs; 120 others all passed 0.30), weights of half
# that variance 0.09 to 0.31 (32 runs), and guessing gives 0.1. So 0.3 earns all points and 0.2 half of them.
_LADDER = "0.2, 0.3"


def _runs(rng: np.random.Generator, runs: int) -> list[Case]:
    return [
        Case(
            np.random.default_rng(rng.integers(2**63)),
            _SIZES,
            label=f"run {number} of {runs}",
            context={"seeds": [int(rng.integers(2**31))], "last": number == runs},
        )
        for number in range(1, runs + 1)
    ]


def _kind_of_weights(weights: Sequence[Array], case: Case) -> str:
    """Return a short description of weights that block a signal, such as "zero" or "fades fast".

    Only the weights between hidden layers count.
    """
    hidden = [np.asarray(W, dtype=np.float64) for W in weights[1:-1]]
    if all(np.all(W == 0) for W in hidden):
        return "zero"
    if all(np.all(W.flat[0] == W) for W in hidden):
        return "equal"
    roots = np.sqrt([W.shape[0] for W in hidden])
    mean = float(np.median([abs(W.mean()) for W in hidden] * roots))
    gain = float(np.median([W.std() for W in hidden] * roots))
    if mean > 0.5:
        return "one-sided"
    if 0.22 < gain < 0.28:  # 2/n for sqrt(2/n), where n is 64
        return "variance for std"
    kinds = ((0.9, "fades fast"), (1.1, "slope one"), (1.8, "fits"))
    return next((kind for limit, kind in kinds if gain < limit), "explodes")


def _signal_by_layer(rescue: Callable[..., list[Array]], layers: Array) -> Array:
    """Return the decimal logarithm of the signal's variance in each layer.

    The variances of the weights themselves would reveal the reference.
    """
    weights = rescue(np.random.default_rng(1), _SIZES)
    x = np.random.default_rng(2).normal(size=(64, _SIZES[0]))
    variances = initialization.forward_variances(x, weights, activations.relu)
    return np.log10(np.maximum(variances, 1e-30))


def _all_layers(initializer: Callable[[np.random.Generator, int, int], Array]) -> Callable[..., list[Array]]:
    return lambda rng, sizes: [initializer(rng, n_in, n_out) for n_in, n_out in pairwise(sizes)]


def _normal(std: Callable[[int], float]) -> Callable[..., list[Array]]:
    return _all_layers(lambda rng, n_in, n_out: rng.normal(0, std(n_in), size=(n_in, n_out)))

RESCUE_INIT = exercise(
    initialization.rescue_init, "04_weight_initialization", uses=("normal_init", "xavier_init", "he_init"),
    mistake_features=_kind_of_weights,
    notice="Thirty layers are trained with your weights, several times: this takes from two to twenty seconds.",
    picture=Curve(np.arange(1.0, 31.0), _signal_by_layer, "layer", "log₁₀ of the variance"),
    parts=[
        (2, "thirty layers learn: three runs", lambda rng: _runs(rng, 3), trains_to("weights", _LADDER, runs=3)),
        (2, "thirty layers learn: five other runs", lambda rng: _runs(rng, 5), trains_to("weights", _LADDER, runs=5),
         HIDDEN),
    ],
    mistakes={
        "zeros": (_all_layers(lambda rng, n_in, n_out: np.zeros((n_in, n_out))),
            "All weights are 0: no signal leaves the first layer, and no gradient comes back."),
        "all_equal": (_all_layers(lambda rng, n_in, n_out: np.full((n_in, n_out), 1 / n_in)),
            "All weights of a layer are equal, so that all its units are one unit, for ever."),
        "one_sided": (_all_layers(lambda rng, n_in, n_out: rng.random((n_in, n_out)) * math.sqrt(2 / n_in)),
            "The weights are not centred on 0: the means of all inputs add up, layer after layer."),
        "variance_for_std": (_normal(lambda n_in: 2 / n_in),
            "The spread of these weights is the square of one that would do: a variance where a standard deviation "
            "belongs?"),
        "for_slope_one": (_normal(lambda n_in: math.sqrt(1 / n_in)),
            "These weights suit units of slope 1. A ReLU cuts half of its input away, 29 times in a row: what makes up "
            "for that?"),
        "fades": (_normal(lambda n_in: 0.01),
            "These weights are too small: look at `forward_variances` of the thirty layers."),
        "explodes": (_normal(lambda n_in: 1.0),
            "These weights are too large: look at `forward_variances` of the thirty layers."),
    },
)
