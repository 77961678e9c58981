"""`design_network`: four choices with which a deep network learns."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.networks import trains_to
from autograder.exercises.training_runs import read_design
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import comparing_runs

# Measured over 15 runs a design: with batch normalization, Xavier or He, and rates of 0.1 to 0.3, as for tanh and ELU
# without it, runs end at 0.87 … 0.98, the lowest (ReLU, He, 0.1) at 0.906 ± 0.018. The full marks lie 3.7 standard
# deviations below, so the median of three misses them about once in 30 million. No design falls into a gap between
# good and bad (the rate is a continuous choice), so a step costs no more than a fifth.
_LADDER = "0.25, 0.4, 0.55, 0.7, 0.84"


def _runs(rng: np.random.Generator) -> list[Case]:
    """Draw one case whose context contains the seeds of three training runs; no answer sees them."""
    return [Case(context={"seeds": [int(seed) for seed in rng.integers(2**63, size=3)]}, label="3 training runs")]


def _weakness(design: dict[str, Any], case: Case) -> str:
    """Return a short description of the weak point of a design that loses points, such as "rate too low".

    "unreadable" if it is no design, and "something else" if no known weak point fits.
    """
    chosen = read_design(design)
    if isinstance(chosen, str):
        return "unreadable"
    activation, initialization, batch_norm, rate = chosen
    rectified = activation in ("relu", "leaky_relu")
    if not batch_norm and activation == "sigmoid":
        return "sigmoid alone"
    if not batch_norm and initialization == "normal":
        return "normal alone"
    if not batch_norm and initialization == "xavier" and rectified:
        return "xavier for relu"
    if rate >= (1.0 if batch_norm else 0.1):
        return "rate too high with batch norm" if batch_norm else "rate too high"
    if initialization == "normal":
        return "normal with batch norm"
    if rate < 0.03:
        return "rate too low"
    return "something else"


def _design(activation: str, initialization: str, batch_norm: bool, learning_rate: float) -> Callable[[], Any]:
    return lambda: {
        "activation": activation,
        "initialization": initialization,
        "batch_norm": batch_norm,
        "learning_rate": learning_rate,
    }

DESIGN_NETWORK = exercise(
    comparing_runs.design_network, "07_evidence", mistake_features=_weakness,
    notice="Training your network three times: this takes a few seconds …",
    parts=[
        (3, "three training runs", _runs, trains_to("design", _LADDER, runs=3)),
        (2, "three runs from other seeds", _runs, trains_to("design", _LADDER, runs=3), HIDDEN),
    ],
    mistakes={
        "sigmoid_without_batch_norm": (_design("sigmoid", "xavier", False, 0.1),
            "Twenty sigmoids in a row, and nothing between them that keeps the signal alive: what is left of δ in "
            "the first layer? No initialization and no rate of yours repairs that here; lesson 02 says why."),
        "normal_without_batch_norm": (_design("relu", "normal", False, 0.1),
            "Weights from N(0, 1) in layers of 64 units: by what factor does each layer scale the signal, and what "
            "is that to the power of 20? Something must set the scale (lesson 04) or undo it (lesson 06)."),
        "xavier_for_rectified_units": (_design("relu", "xavier", False, 0.1),
            "Half of a rectified signal is cut away in every layer, and this initialization does not make up for "
            "it: lesson 04 has the factor."),
        "rate_too_high": (_design("relu", "he", False, 1.0),
            "The signal flows, but without batch normalization a network this deep does not bear such steps: does "
            "the loss fall at all?"),
        "rate_too_high_with_batch_norm": (_design("elu", "he", True, 10.0),
            "Batch normalization bears high learning rates, but not any: try a tenth."),
        "rate_too_low": (_design("elu", "xavier", True, 0.0001),
            "The signal flows, but the steps are so small that the training ends long before anything is learned."),
        "normal_with_batch_norm": (_design("relu", "normal", True, 0.01),
            "Batch normalization undoes the scale of these weights on the way forward; but for weights that large, "
            "steps of this size are tiny. Change one of the two."),
    },
)
