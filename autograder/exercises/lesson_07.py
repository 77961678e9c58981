"""Exercises of lesson 07: comparing runs honestly, and designing a deep network that learns."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.exercises.common import quiet
from autograder.judging.calls import UnsupportedValue
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Exercise, Finding, Mistake, Part
from course_lib import comparing_runs as evidence
from course_lib.data import load_digits

LESSON = "07_evidence"
MINUTES = 90

Array = np.ndarray[Any, Any]

# steps_to_accuracy --------------------------------------------------------------------------------


def _rising(rng: np.random.Generator, length: int) -> Array:
    """Draw a curve that rises, stumbles back below what it had reached, and ends below its best."""
    curve = np.linspace(0.1, 0.9, length) + rng.uniform(-0.04, 0.04, size=length)
    middle = length // 2
    curve[middle + 1] = curve[0] / 2
    curve[-1] = curve[-3] - 0.01
    return curve


def _just_reached(rng: np.random.Generator) -> Case:
    """Ask for an accuracy that is an entry of the curve, so that ≥ and > differ."""
    curve = _rising(rng, int(rng.integers(12, 20)))
    return Case(curve, float(curve[len(curve) // 2]), label="a threshold that is met exactly")


def _blown_up(rng: np.random.Generator) -> Case:
    """Let a run blow up, and count numbers again, before it gets anywhere."""
    curve = _rising(rng, 14)
    curve[2:5] = np.nan
    return Case(curve.tolist(), 0.5, label="NaN before the threshold is reached")


def _first_of(accuracies: Any, reaches: Callable[[Array], Array], otherwise: Any = None) -> Any:
    found = np.flatnonzero(reaches(np.asarray(accuracies)))
    return int(found[0]) if len(found) else otherwise


def _or(otherwise: Callable[[Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer for runs that never get there."""
    return lambda accuracies, threshold: _first_of(
        accuracies, lambda a: a >= threshold, otherwise(np.asarray(accuracies))
    )


def _last(accuracies: Any, threshold: float) -> int | None:
    found = np.flatnonzero(np.asarray(accuracies) >= threshold)
    return int(found[-1]) if len(found) else None


def _stays(accuracies: Any, threshold: float) -> int | None:
    below = np.flatnonzero(~(np.asarray(accuracies) >= threshold))
    first = int(below[-1]) + 1 if len(below) else 0
    return first if first < len(accuracies) else None


def _changed(change: Callable[[int, Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer that finds the right entry and reports something else."""

    def run(accuracies: Any, threshold: float) -> Any:
        index = evidence.steps_to_accuracy(accuracies, threshold)
        return None if index is None else change(index, np.asarray(accuracies))

    return run


_NEVER = (
    "Some runs never get there: say so with `None`, which no number can be mistaken for. "
    "What does your answer give for them?"
)

STEPS_TO_ACCURACY = Exercise(
    "steps_to_accuracy",
    lesson=LESSON,
    reference=evidence.steps_to_accuracy,
    parts=[
        Part(
            "the first entry that reaches it",
            points=1,
            cases=lambda rng: [
                Case([0.125, 0.25, 0.5, 0.375, 0.75, 0.625], 0.5, label="a list; the threshold is met exactly"),
                Case(_rising(rng, 16), float(rng.uniform(0.3, 0.6)), label="a noisy curve"),
                _just_reached(rng),
            ],
        ),
        Part(
            "a run that never gets there",
            points=0.5,
            cases=lambda rng: [
                Case([0.1, 0.3, 0.2, 0.25], 0.9, label="a list"),
                Case(_rising(rng, 11), float(rng.uniform(1.0, 1.2)), label="an array"),
            ],
        ),
        Part(
            "from the start, and through NaN",
            points=0.5,
            hidden=True,
            cases=lambda rng: [
                Case(rng.uniform(0.6, 0.8, size=9), 0.5, label="reached from the start"),
                _blown_up(rng),
                Case(np.array([0.1, 0.4, np.nan, np.nan, np.nan]), 0.5, label="a run that ends in NaN"),
                Case([0.25], 0.25, label="a single entry"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "numpy_error_when_never",
            lambda accuracies, threshold: int(np.flatnonzero(np.asarray(accuracies) >= threshold)[0]),
            "Right where the threshold is reached. " + _NEVER,
        ),
        Mistake(
            "list_error_when_never",
            lambda accuracies, threshold: [n for n, a in enumerate(accuracies) if a >= threshold][0],  # noqa: RUF015
            "Right where the threshold is reached. " + _NEVER,
        ),
        Mistake(
            "stop_iteration_when_never",
            lambda accuracies, threshold: next(n for n, a in enumerate(accuracies) if a >= threshold),
            "Right where the threshold is reached. " + _NEVER,
        ),
        Mistake(
            "zero_when_never",
            _or(lambda a: 0),
            "A run that never gets there is reported as there from the start. `argmax` finds an index even where "
            "nothing is true: is there anything to find?",
        ),
        Mistake("minus_one_when_never", _or(lambda a: -1), "−1 is a valid index, and sorts before 0. " + _NEVER),
        Mistake("length_when_never", _or(len), "The length looks like a late success. " + _NEVER),
        Mistake("last_index_when_never", _or(lambda a: len(a) - 1), "That looks like a late success. " + _NEVER),
        Mistake(
            "nan_when_never",
            _or(lambda a: float("nan")),
            "NaN is no index, and every comparison with it is false. " + _NEVER,
        ),
        Mistake(
            "strictly_above",
            lambda accuracies, threshold: _first_of(accuracies, lambda a: a > threshold),
            "An accuracy that equals the threshold has reached it.",
        ),
        Mistake(
            "nan_reaches_it",
            lambda accuracies, threshold: _first_of(accuracies, lambda a: ~(a < threshold)),
            "A NaN is taken for a success: it is not below the threshold, but it has not reached it either.",
        ),
        Mistake(
            "ends_at_nan",
            lambda accuracies, threshold: _first_of(
                accuracies, lambda a: (a >= threshold) & ~np.logical_or.accumulate(np.isnan(a))
            ),
            "The search ends at the first NaN. It only says that this entry reaches nothing; go on behind it.",
        ),
        Mistake("last_instead_of_first", _last, "This is the last entry that reaches the threshold: find the first."),
        Mistake(
            "stays_above",
            _stays,
            "This waits until the curve stays above the threshold for good; the first time counts, even if it "
            "falls back.",
        ),
        Mistake(
            "counts_from_one",
            _changed(lambda index, a: index + 1),
            "One too many: the entry before the first step has index 0.",
        ),
        Mistake(
            "index_before",
            _changed(lambda index, a: index - 1),
            "One too few: this is the entry before the one that reaches the threshold.",
        ),
        Mistake(
            "value_instead_of_index",
            _changed(lambda index, a: a[index]),
            "This is the accuracy there; the question is after how many steps: the index.",
        ),
        Mistake(
            "how_many",
            lambda accuracies, threshold: int(np.sum(np.asarray(accuracies) >= threshold)) or None,
            "This counts the entries that reach the threshold; the index of the first is asked for.",
        ),
        Mistake(
            "best_entry",
            _changed(lambda index, a: int(np.nanargmax(a))),
            "This is the best entry, not the first one that is good enough.",
        ),
        Mistake(
            "truth",
            lambda accuracies, threshold: bool(np.any(np.asarray(accuracies) >= threshold)),
            "This says whether the threshold is reached; the question is when.",
        ),
        Mistake(
            "all_of_them",
            lambda accuracies, threshold: np.flatnonzero(np.asarray(accuracies) >= threshold),
            "These are all entries that reach the threshold: the first is asked for, as a single number.",
        ),
        Mistake(
            "ignores_the_start",
            lambda accuracies, threshold: _first_of(accuracies, lambda a: (a >= threshold) & (np.arange(len(a)) > 0)),
            "The entry before the first step, index 0, counts too.",
        ),
    ],
)

# seed_summary -------------------------------------------------------------------------------------


def _curves(rng: np.random.Generator, seeds: int, steps: int) -> Array:
    """Draw accuracy curves, no two entries equal."""
    return np.linspace(0.1, 0.8, steps) + rng.uniform(0.0, 0.2, size=(seeds, steps))


def _with_nan(curves: Array, *places: tuple[int, int, int]) -> Array:
    """Put NaN into rows, from one column up to another."""
    for row, start, end in places:
        curves[row, start:end] = np.nan
    return curves


def _zero_from_nan(curves: Array) -> Array:
    return np.where(np.logical_or.accumulate(np.isnan(curves), axis=1), 0.0, curves)


def _summed_up(kept: Array, axis: int = 0) -> tuple[Array, Array, Array]:
    return np.median(kept, axis=axis), kept.min(axis=axis), kept.max(axis=axis)


def _after(repair: Callable[[Array], Array]) -> Callable[..., Any]:
    """Build a wrong answer that repairs NaN otherwise."""
    return quiet(lambda curves: _summed_up(repair(curves)))


def _other(summary: Callable[[Array], Any]) -> Callable[..., Any]:
    """Build a wrong answer that repairs NaN rightly and sums up otherwise."""
    return quiet(lambda curves: summary(_zero_from_nan(curves)))


@quiet
def _nan_ignored(curves: Array) -> tuple[Array, Array, Array]:
    return np.nanmedian(curves, axis=0), np.nanmin(curves, axis=0), np.nanmax(curves, axis=0)


def _forward_filled(curves: Array) -> Array:
    filled = curves.copy()
    for t in range(1, curves.shape[1]):
        filled[:, t] = np.where(np.isnan(curves[:, t]), filled[:, t - 1], curves[:, t])
    return np.nan_to_num(filled)


def _frozen(curves: Array) -> Array:
    blown_up = np.logical_or.accumulate(np.isnan(curves), axis=1)
    filled = curves.copy()
    for t in range(1, curves.shape[1]):
        filled[:, t] = np.where(blown_up[:, t], filled[:, t - 1], curves[:, t])
    return np.nan_to_num(filled)


@quiet
def _runs_dropped(curves: Array) -> tuple[Array, Array, Array]:
    kept = curves[~np.isnan(curves).any(axis=1)]
    return _summed_up(kept if len(kept) else np.full((1, curves.shape[1]), np.nan))


def _spread(kept: Array) -> tuple[Array, Array, Array]:
    median, std = np.median(kept, axis=0), kept.std(axis=0)
    return median, median - std, median + std


def _spread_of_mean(kept: Array) -> tuple[Array, Array, Array]:
    mean, std = kept.mean(axis=0), kept.std(axis=0)
    return mean, mean - std, mean + std


def _percentiles(kept: Array) -> tuple[Array, Array, Array]:
    low, middle, high = np.percentile(kept, [25, 50, 75], axis=0)
    return middle, low, high


_REPAIRED = "From its first NaN on a run has failed, and counts as accuracy 0."

SEED_SUMMARY = Exercise(
    "seed_summary",
    lesson=LESSON,
    reference=evidence.seed_summary,
    outputs=("median", "smallest", "largest"),
    parts=[
        Part(
            "runs that went well",
            points=1,
            cases=lambda rng: [
                Case(
                    np.array([[0.1, 0.5, 0.75, 1.0], [0.2, 0.25, 0.5, 0.5], [0.0, 1.0, 0.7, 0.8]]), label="three runs"
                ),
                Case(_curves(rng, 5, 8), label="an odd number of runs"),
                Case(_curves(rng, 6, 4), label="an even number of runs"),
            ],
        ),
        Part(
            "runs that blew up",
            points=1,
            cases=lambda rng: [
                Case(_with_nan(_curves(rng, 5, 8), (1, 3, 8), (3, 6, 8)), label="two of five runs end in NaN"),
                Case(_with_nan(_curves(rng, 4, 7), (2, 2, 4)), label="NaN, and numbers again behind it"),
            ],
        ),
        Part(
            "one run, all runs, numbers after NaN",
            points=1,
            hidden=True,
            cases=lambda rng: [
                Case(_curves(rng, 1, 6), label="a single run"),
                Case(_with_nan(_curves(rng, 1, 6), (0, 2, 3)), label="a single run with a NaN"),
                Case(
                    _with_nan(_curves(rng, 3, 9), (0, 4, 9), (1, 2, 3), (2, 6, 9)),
                    label="all runs blow up, one counts on",
                ),
                Case(_with_nan(_curves(rng, 6, 5), (0, 0, 5), (5, 0, 1), (3, 3, 4)), label="NaN from the start"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "nan_ignored",
            _nan_ignored,
            "NaN entries are left out, so the statistics are those of the surviving runs: the more runs blow up, "
            "the better it looks. " + _REPAIRED,
        ),
        Mistake(
            "runs_dropped",
            _runs_dropped,
            "Runs that hold a NaN are dropped altogether, which flatters the rest. " + _REPAIRED,
        ),
        Mistake("nan_left", _after(lambda curves: curves), "NaN spreads into the summary. " + _REPAIRED),
        Mistake(
            "only_that_entry",
            _after(np.nan_to_num),
            "A run that counts numbers again after a NaN is taken back. It has failed: from the first NaN on.",
        ),
        Mistake(
            "whole_run",
            _after(lambda curves: np.where(np.isnan(curves).any(axis=1, keepdims=True), 0.0, curves)),
            "A run that blows up late was fine until then: it counts as 0 from its first NaN on, not before.",
        ),
        Mistake(
            "all_runs_at_once",
            _after(lambda curves: np.where(np.logical_or.accumulate(np.isnan(curves).any(axis=0)), 0.0, curves)),
            "One run's NaN sets all runs to 0: follow each run by itself.",
        ),
        Mistake(
            "along_the_seeds",
            _after(lambda curves: np.where(np.logical_or.accumulate(np.isnan(curves), axis=0), 0.0, curves)),
            "The NaN is carried on to the next seeds, and should be carried on to the next steps: which axis is time?",
        ),
        Mistake(
            "frozen",
            _after(_frozen),
            "A run that has failed keeps its last accuracy. " + _REPAIRED,
        ),
        Mistake(
            "forward_filled",
            _after(_forward_filled),
            "NaN is filled with the accuracy before it, as if nothing had happened. " + _REPAIRED,
        ),
        Mistake(
            "counts_as_chance",
            _after(lambda curves: np.where(np.logical_or.accumulate(np.isnan(curves), axis=1), 0.1, curves)),
            "A failed run counts as chance level here; the exercise says 0, so that it can be told from guessing.",
        ),
        Mistake(
            "over_time",
            _other(lambda kept: _summed_up(kept, axis=1)),
            "This sums up every run over its steps: one number a seed. One number a step is asked for.",
        ),
        Mistake(
            "over_everything",
            _other(lambda kept: (np.median(kept), kept.min(), kept.max())),
            "This sums up everything at once: one number a step is asked for.",
        ),
        Mistake(
            "mean",
            _other(lambda kept: (kept.mean(axis=0), kept.min(axis=0), kept.max(axis=0))),
            "This is the mean, which one failed run drags far down. The median is asked for.",
        ),
        Mistake(
            "spread_of_mean",
            _other(_spread_of_mean),
            "Mean ± standard deviation may lie where no run ever was, even above 1: three other numbers are asked for.",
        ),
        Mistake(
            "spread",
            _other(_spread),
            "Median ± standard deviation may lie where no run ever was, even above 1: the band ends at real runs.",
        ),
        Mistake(
            "percentiles",
            _other(_percentiles),
            "The band leaves out the extreme runs: its ends are the smallest and the largest.",
        ),
        Mistake(
            "upper_middle",
            _other(lambda kept: (np.sort(kept, axis=0)[len(kept) // 2], kept.min(axis=0), kept.max(axis=0))),
            "For an even number of runs the median lies halfway between the two in the middle.",
        ),
        Mistake(
            "ascending",
            _other(lambda kept: (kept.min(axis=0), np.median(kept, axis=0), kept.max(axis=0))),
            "The right three numbers in another order: the median comes first.",
        ),
        Mistake(
            "largest_before_smallest",
            _other(lambda kept: (np.median(kept, axis=0), kept.max(axis=0), kept.min(axis=0))),
            "The right three numbers in another order: the smallest comes before the largest.",
        ),
    ],
)

# design_network -----------------------------------------------------------------------------------

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


DESIGN_NETWORK = Exercise(
    "design_network",
    lesson=LESSON,
    reference=evidence.design_network,
    mistake_features=_weakness,
    notice="Training your network three times: this takes a few seconds …",
    parts=[
        Part("three training runs", points=3, cases=_runs, holds=_learns),
        Part("three runs from other seeds", points=2, hidden=True, cases=_runs, holds=_learns),
    ],
    mistakes=[
        Mistake(
            "sigmoid_without_batch_norm",
            _design("sigmoid", "xavier", False, 0.1),
            "Twenty sigmoids in a row, and nothing between them that keeps the signal alive: what is left of δ in "
            "the first layer? No initialization and no rate of yours repairs that here; lesson 02 says why.",
        ),
        Mistake(
            "normal_without_batch_norm",
            _design("relu", "normal", False, 0.1),
            "Weights from N(0, 1) in layers of 64 units: by what factor does each layer scale the signal, and what "
            "is that to the power of 20? Something must set the scale (lesson 04) or undo it (lesson 06).",
        ),
        Mistake(
            "xavier_for_rectified_units",
            _design("relu", "xavier", False, 0.1),
            "Half of a rectified signal is cut away in every layer, and this initialization does not make up for it: "
            "lesson 04 has the factor.",
        ),
        Mistake(
            "rate_too_high",
            _design("relu", "he", False, 1.0),
            "The signal flows, but without batch normalization a network this deep does not bear such steps: does "
            "the loss fall at all?",
        ),
        Mistake(
            "rate_too_high_with_batch_norm",
            _design("elu", "he", True, 10.0),
            "Batch normalization bears high learning rates, but not any: try a tenth.",
        ),
        Mistake(
            "rate_too_low",
            _design("elu", "xavier", True, 0.0001),
            "The signal flows, but the steps are so small that the training ends long before anything is learned.",
        ),
        Mistake(
            "normal_with_batch_norm",
            _design("relu", "normal", True, 0.01),
            "Batch normalization undoes the scale of these weights on the way forward; but for weights that large, "
            "steps of this size are tiny. Change one of the two.",
        ),
    ],
)

EXERCISES = (STEPS_TO_ACCURACY, SEED_SUMMARY, DESIGN_NETWORK)
