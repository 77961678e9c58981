"""Exercise `design_network`."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.judging.calls import UnsupportedValue
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Finding
from autograder.judging.table import HIDDEN, exercise
from course_lib import comparing_runs as evidence
from course_lib.data import load_digits

# The grader trains each design three times a part; a fifth of the points for each accuracy that the median reaches.
# Measured over 15 runs a design: with batch normalization, Xavier or He, and rates of 0.1 to 0.3, as for tanh and ELU
# without it, runs end at 0.87 … 0.98, the lowest (ReLU, He, 0.1) at 0.906 ± 0.018. The full marks lie 3.7 standard
# deviations below, so the median of three misses them about once in 30 million. No design falls into a gap between
# good and bad (the rate is a continuous choice), so a step costs no more than a fifth.
LADDER = (0.25, 0.4, 0.55, 0.7, 0.84)


RUNS = 3


Design = tuple[str, str, bool, float]


@lru_cache(maxsize=4096)
def _accuracies(design: Design, seeds: tuple[int, ...]) -> tuple[float, ...]:
    """Train a design once for each seed; the last test accuracy, NaN where the run blew up."""
    activation, initialization, batch_norm, learning_rate = design
    chosen = {
        "activation": activation,
        "initialization": initialization,
        "batch_norm": batch_norm,
        "learning_rate": learning_rate,
    }
    data = load_digits()
    return tuple(float(evidence.train_design(np.random.default_rng(seed), chosen, data)[-1]) for seed in seeds)


def _runs(rng: np.random.Generator) -> list[Case]:
    """Draw the seeds of the training runs, which no answer ever sees."""
    seeds = tuple(int(seed) for seed in rng.integers(2**63, size=RUNS))
    return [Case(aside=seeds, label=f"{RUNS} training runs")]


def _read(design: dict[str, Any]) -> Design | str:
    """Read the four choices, or say in words what is wrong with one."""
    for key, words in (("activation", evidence.ACTIVATIONS), ("initialization", evidence.INITIALIZATIONS)):
        if not (isinstance(design[key], str) and design[key] in words):
            return f"`{key}` must be one of {', '.join(map(repr, words))}; got {_shown(design[key])}."
    norm, rate = design["batch_norm"], design["learning_rate"]
    if not (isinstance(norm, np.ndarray) and norm.ndim == 0 and norm.dtype.kind == "b"):
        return f"`batch_norm` must be True or False; got {_shown(norm)}."
    if not (isinstance(rate, np.ndarray) and rate.ndim == 0 and rate.dtype.kind in "fiu"):
        return f"`learning_rate` must be a single number; got {_shown(rate)}."
    if not (np.isfinite(rate) and rate > 0):
        return f"`learning_rate` must be a positive finite number; got {float(rate):g}."
    return design["activation"], design["initialization"], bool(norm), float(rate)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return repr(value)[:40]
    if isinstance(value, UnsupportedValue):
        return value.type_name
    if isinstance(value, np.ndarray):
        return str(value) if value.ndim == 0 else f"an array of shape {value.shape}"
    return type(value).__name__


def _learns(design: dict[str, Any], case: Case) -> Finding:
    """Give a fifth of the points for every step of the ladder that the median accuracy reaches."""
    chosen = _read(design)
    if isinstance(chosen, str):
        return Finding(0.0, chosen)
    accuracies = _accuracies(chosen, case.aside)
    median = float(np.median(np.nan_to_num(accuracies)))
    reached = sum(median >= least for least in LADDER)
    if reached == len(LADDER):
        return AS_IT_SHOULD_BE
    failed = int(np.sum(np.isnan(accuracies)))
    blown_up = f", and {failed} of {len(accuracies)} runs blew up" if failed else ""
    ladder = ", ".join(f"{least:g}" for least in LADDER[:-1])
    return Finding(
        reached / len(LADDER),
        f"The median test accuracy of {len(accuracies)} runs is {median:.2f}{blown_up}. "
        f"A fifth of the points each is earned at {ladder} and {LADDER[-1]:g}.",
    )


def _weakness(design: dict[str, Any], case: Case) -> str:
    """Name what stands in a design's way. It is asked only of designs that lose points."""
    chosen = _read(design)
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
    evidence.design_network, "07_evidence", mistake_features=_weakness,
    notice="Training your network three times: this takes a few seconds …",
    parts=[
        (3, "three training runs", _runs, _learns),
        (2, "three runs from other seeds", _runs, _learns, HIDDEN),
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
