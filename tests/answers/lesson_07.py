"""Right and wrong answers to lesson 07, written the way different people write them."""

import itertools
import math
import statistics
from bisect import bisect_left

import numpy as np

# steps_to_accuracy --------------------------------------------------------------------------------


def first_by_loop(accuracies, threshold):
    for step, accuracy in enumerate(accuracies):
        if accuracy >= threshold:
            return step
    return None


def first_by_next(accuracies, threshold):
    return next((step for step, accuracy in enumerate(accuracies) if accuracy >= threshold), None)


def first_by_argmax(accuracies, threshold):
    reached = np.asarray(accuracies) >= threshold
    return np.argmax(reached) if reached.any() else None  # a NumPy integer


def first_by_where(accuracies, threshold):
    (where,) = np.where(np.array(accuracies) >= threshold)
    if where.size == 0:
        return None
    return where.min()


def first_by_running_best(accuracies, threshold):
    best = np.fmax.accumulate(np.nan_to_num(np.asarray(accuracies, dtype=float), nan=-np.inf))
    step = bisect_left(best.tolist(), threshold)
    return step if step < len(best) else None


def first_by_while(accuracies, threshold):
    step = 0
    while step < len(accuracies):
        if not accuracies[step] >= threshold:
            step += 1
        else:
            break
    if step != len(accuracies):
        return step


def first_by_takewhile(accuracies, threshold):
    step = sum(1 for _ in itertools.takewhile(lambda accuracy: not accuracy >= threshold, accuracies))
    return None if step == len(accuracies) else step


def first_by_exception(accuracies, threshold):
    try:
        return [bool(accuracy >= threshold) for accuracy in accuracies].index(True)
    except ValueError:
        return None


def _first(accuracies, test, otherwise=None):
    for step, accuracy in enumerate(accuracies):
        if test(accuracy):
            return step
    return otherwise


def first_that_stays(accuracies, threshold):
    for step in range(len(accuracies)):
        if all(accuracy >= threshold for accuracy in accuracies[step:]):
            return step
    return None


def first_before_nan(accuracies, threshold):
    for step, accuracy in enumerate(accuracies):
        if math.isnan(accuracy):
            return None
        if accuracy >= threshold:
            return step
    return None


def last_by_loop(accuracies, threshold):
    found = None
    for step, accuracy in enumerate(accuracies):
        if accuracy >= threshold:
            found = step
    return found


def first_in_place(accuracies, threshold):
    accuracies = np.asarray(accuracies)
    accuracies -= threshold
    return _first(accuracies, lambda accuracy: accuracy >= 0)


def list_shortened(accuracies, threshold):
    step = first_by_loop(accuracies, threshold)
    if isinstance(accuracies, list):
        accuracies.pop()
    return step


def sorted_search(accuracies, threshold):
    step = int(np.searchsorted(accuracies, threshold))
    return step if step < len(accuracies) else None


def first_by_heart(accuracies, threshold):
    return {6: 2, 4: None}.get(len(accuracies), 1)


def closest(accuracies, threshold):
    return int(np.nanargmin(np.abs(np.asarray(accuracies) - threshold)))


def count_of_reaching(accuracies, threshold):
    found = [accuracy for accuracy in accuracies if accuracy >= threshold]
    return len(found) if found else None


def index_of_best(accuracies, threshold):
    a = [accuracy if accuracy == accuracy else -1.0 for accuracy in accuracies]
    return a.index(max(a)) if max(a) >= threshold else None


# seed_summary -------------------------------------------------------------------------------------


def _repaired_by_loop(curves):
    kept = np.array(curves, dtype=float)
    for run in kept:
        failed = False
        for t in range(len(run)):
            failed = failed or np.isnan(run[t])
            if failed:
                run[t] = 0.0
    return kept


def _repaired_by_first(curves):
    kept = np.zeros(curves.shape)
    for n, run in enumerate(curves):
        nans = np.flatnonzero(np.isnan(run))
        end = nans[0] if len(nans) else len(run)
        kept[n, :end] = run[:end]
    return kept


def summary_by_loop(curves):
    columns = list(zip(*_repaired_by_loop(curves).tolist(), strict=True))
    median = [statistics.median(column) for column in columns]
    return np.array(median), np.array([min(c) for c in columns]), np.array([max(c) for c in columns])


def summary_by_percentiles(curves):
    return tuple(np.percentile(_repaired_by_first(curves), [50, 0, 100], axis=0))


def summary_by_sorting(curves):
    ok = np.cumprod(~np.isnan(curves), axis=1).astype(bool)
    ordered = np.sort(np.where(ok, curves, 0), axis=0)
    S = len(curves)
    return [(ordered[(S - 1) // 2] + ordered[S // 2]) / 2, ordered[0], ordered[-1]]


def summary_by_cumsum(curves):
    kept = np.copy(curves)
    kept[np.cumsum(np.isnan(curves), axis=1) > 0] = 0
    return np.quantile(kept, 0.5, axis=0), np.amin(kept, axis=0), np.amax(kept, axis=0)


def summary_by_nan_that_spreads(curves):
    alive = curves + 0 * np.cumsum(curves, axis=1)  # NaN stays NaN in a running sum
    kept = np.nan_to_num(alive, nan=0.0)
    return np.median(kept.T, axis=1), kept.T.min(axis=1), kept.T.max(axis=1)


def _three(kept):
    return np.median(kept, 0), np.min(kept, 0), np.max(kept, 0)


def summary_of_survivors(curves):
    masked = np.ma.masked_invalid(curves)
    parts = np.ma.median(masked, axis=0), masked.min(axis=0), masked.max(axis=0)
    return tuple(np.ma.filled(part, np.nan) for part in parts)


def summary_of_whole_runs(curves):
    good = np.array([run for run in curves if not np.any(run != run)])
    if not len(good):
        nothing = np.full(curves.shape[1], np.nan)
        return nothing, nothing, nothing
    return _three(good)


def summary_that_fails_without_survivors(curves):
    return _three(curves[np.isfinite(curves).all(axis=1)])


def summary_with_nan_left(curves):
    ordered = np.sort(curves, axis=0)
    n = len(curves)
    median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    spoiled = np.isnan(curves).sum(axis=0) > 0
    return tuple(np.where(spoiled, np.nan, part) for part in (median, ordered[0], ordered[-1]))


def summary_with_whole_runs_zero(curves):
    kept = curves.copy()
    for run in kept:
        if np.isnan(run).any():
            run[:] = 0
    return _three(kept)


def summary_with_all_runs_zero(curves):
    kept = curves.copy()
    spoiled = np.flatnonzero(np.isnan(curves).any(axis=0))
    if len(spoiled):
        kept[:, spoiled[0] :] = 0
    return _three(kept)


def summary_carried_to_the_next_seeds(curves):
    kept = curves.copy()
    for t in range(curves.shape[1]):
        for n in range(curves.shape[0]):
            if np.isnan(curves[: n + 1, t]).any():
                kept[n, t] = 0
    return _three(kept)


def summary_frozen(curves):
    kept = curves.copy()
    for run in kept:
        nans = np.flatnonzero(np.isnan(run))
        if len(nans):
            run[nans[0] :] = run[nans[0] - 1] if nans[0] else 0.0
    return _three(kept)


def summary_filled(curves):
    kept = curves.copy()
    for run in kept:
        for t in range(len(run)):
            if np.isnan(run[t]):
                run[t] = run[t - 1] if t else 0.0
    return _three(kept)


def summary_with_chance(curves):
    kept = _repaired_by_first(curves)
    for n, run in enumerate(curves):
        nans = np.isnan(run)
        if nans.any():
            kept[n, nans.argmax() :] = 1 / 10
    return _three(kept)


def summary_with_loops_over_seeds(curves):
    kept = _repaired_by_loop(curves)
    return tuple(np.array([f(run) for run in kept.tolist()]) for f in (statistics.median, min, max))


def summary_in_place(curves):
    curves[np.cumsum(np.isnan(curves), axis=1) > 0] = 0
    return _three(curves)


def summary_with_the_better_median(curves):
    kept = sorted_columns = np.sort(_repaired_by_loop(curves), axis=0)
    return sorted_columns[kept.shape[0] // 2], kept[0], kept[-1]


def summary_with_the_average(curves):
    kept = _repaired_by_first(curves)
    return np.average(kept, axis=0), np.amin(kept, axis=0), np.amax(kept, axis=0)


def summary_with_quartiles(curves):
    return tuple(np.quantile(_repaired_by_loop(curves), [0.5, 0.25, 0.75], axis=0))


def summary_by_deviation(curves):
    kept = _repaired_by_loop(curves)
    middle = np.median(kept, axis=0)
    spread = np.sqrt(np.mean((kept - kept.mean(axis=0)) ** 2, axis=0))
    return middle, middle - spread, middle + spread


def summary_by_mean_and_deviation(curves):
    kept = _repaired_by_first(curves)
    mean, spread = np.average(kept, axis=0), np.std(kept, axis=0)
    return mean, mean - spread, mean + spread


# design_network -----------------------------------------------------------------------------------


def _design(activation, initialization, batch_norm, learning_rate):
    return {
        "activation": activation,
        "initialization": initialization,
        "batch_norm": batch_norm,
        "learning_rate": learning_rate,
    }


def _of(*choices):
    return lambda: _design(*choices)


def design_with_numpy_values():
    return _design("relu", "he", np.bool_(True), np.float64(0.1))


def design_by_keywords():
    words = {"activation": "tanh", "initialization": "xavier"}
    return dict(words, learning_rate=0.1, batch_norm=True)


def design_by_zip():
    keys = "activation", "initialization", "batch_norm", "learning_rate"
    return dict(zip(keys, ("sigmoid", "xavier", 1 > 0, np.array(1e-1)), strict=True))


def design_without_batch_norm():
    design = {}
    design["activation"] = "tanh"
    design["initialization"] = "he" if design["activation"] == "relu" else "xavier"
    design["batch_norm"] = False
    design["learning_rate"] = 10**-1
    return design


def design_by_chance():
    return _design("elu", "he", True, 0.1 * np.random.default_rng().random())


def design_with_a_missing_key():
    return {key: value for key, value in _design("elu", "he", True, 0.1).items() if key != "batch_norm"}


def design_with_a_key_of_its_own():
    return {**_design("elu", "he", True, 0.1), "dropout": 0.5}


def fails(*args, **kwargs):
    raise KeyError("W7")


def returns_nothing(*args, **kwargs):
    pass


def not_written(*args, **kwargs):
    raise NotImplementedError


RIGHT = {
    "steps_to_accuracy": [
        ("loop", first_by_loop),
        ("next with a default", first_by_next),
        ("argmax, guarded", first_by_argmax),
        ("np.where", first_by_where),
        ("running best and bisection", first_by_running_best),
        ("while, None by falling off the end", first_by_while),
        ("takewhile", first_by_takewhile),
        ("list.index in a try", first_by_exception),
    ],
    "seed_summary": [
        ("loops and the statistics module", summary_by_loop),
        ("percentiles 50, 0, 100", summary_by_percentiles),
        ("sorting, in a list", summary_by_sorting),
        ("cumsum of NaN", summary_by_cumsum),
        ("NaN spreads by itself in a cumsum", summary_by_nan_that_spreads),
    ],
    "design_network": [
        ("NumPy's own True and 0.1", design_with_numpy_values),
        ("dict()", design_by_keywords),
        ("zip, and a rate without axes", design_by_zip),
        ("without batch norm", design_without_batch_norm),
    ],
}

WRONG = {
    "steps_to_accuracy": [
        ("np.where()[0][0]", lambda a, t: np.where(np.array(a) >= t)[0][0], "numpy_error_when_never"),
        ("argwhere", lambda a, t: np.argwhere(np.array(a) >= t)[0, 0], "numpy_error_when_never"),
        ("a list's first", lambda a, t: [i for i in range(len(a)) if a[i] >= t][0], "list_error_when_never"),  # noqa: RUF015
        ("next()", lambda a, t: next(i for i in range(len(a)) if a[i] >= t), "stop_iteration_when_never"),
        ("min of a list", lambda a, t: min(i for i in range(len(a)) if a[i] >= t), None),
        ("argmax", lambda a, t: int(np.argmax(np.asarray(a) >= t)), "zero_when_never"),
        ("loop, else −1", lambda a, t: _first(a, lambda v: v >= t, -1), "minus_one_when_never"),
        ("loop, else len", lambda a, t: _first(a, lambda v: v >= t, len(a)), "length_when_never"),
        ("loop, else the last", lambda a, t: _first(a, lambda v: v >= t, len(a) - 1), "last_index_when_never"),
        ("loop, else NaN", lambda a, t: _first(a, lambda v: v >= t, np.nan), "nan_when_never"),
        ("loop, else False", lambda a, t: _first(a, lambda v: v >= t, False), "zero_when_never"),
        ("loop, else a text", lambda a, t: _first(a, lambda v: v >= t, "never"), None),
        ("loop with >", lambda a, t: _first(a, lambda v: v > t), "strictly_above"),
        ("until not below", lambda a, t: _first(a, lambda v: not v < t), "nan_reaches_it"),
        ("loop that gives up at NaN", first_before_nan, "ends_at_nan"),
        ("loop without break", last_by_loop, "last_instead_of_first"),
        ("all from here on", first_that_stays, "stays_above"),
        ("enumerate from 1", lambda a, t: next((i for i, v in enumerate(a, 1) if v >= t), None), "counts_from_one"),
        (
            "the step before",
            lambda a, t: None if first_by_loop(a, t) is None else first_by_loop(a, t) - 1,
            "index_before",
        ),
        ("the accuracy", lambda a, t: next((v for v in a if v >= t), None), "value_instead_of_index"),
        ("len of a list", count_of_reaching, "how_many"),
        ("list.index(max)", index_of_best, "best_entry"),
        ("any", lambda a, t: any(v >= t for v in a), "truth"),
        ("argwhere flattened", lambda a, t: np.argwhere(np.asarray(a) >= t).ravel(), "all_of_them"),
        ("a list of all", lambda a, t: [i for i, v in enumerate(a) if v >= t], None),
        ("from step 1 on", lambda a, t: next((i for i in range(1, len(a)) if a[i] >= t), None), "ignores_the_start"),
        ("in place", first_in_place, "changes_its_input"),
        ("a list gets shorter", list_shortened, "changes_its_input"),
        ("searchsorted on what is not sorted", sorted_search, None),
        ("closest", closest, None),
        ("public answers by heart", first_by_heart, None),
        ("an array of one", lambda a, t: np.array([first_by_next(a, t)], dtype=float), "axis_kept"),
        ("a text", lambda a, t: str(first_by_next(a, t)), None),
        ("nothing returned", returns_nothing, None),  # None is a legal result
        ("not written", not_written, "unfinished"),
        ("an exception", fails, None),
    ],
    "seed_summary": [
        ("masked arrays", summary_of_survivors, "nan_ignored"),
        ("runs without NaN", summary_of_whole_runs, "runs_dropped"),
        ("runs without NaN, error if none", summary_that_fails_without_survivors, "runs_dropped"),
        ("NaN left", summary_with_nan_left, "nan_left"),
        ("NaN to 0", lambda c: _three(np.where(c == c, c, 0)), "only_that_entry"),
        ("whole runs 0", summary_with_whole_runs_zero, "whole_run"),
        ("all runs 0", summary_with_all_runs_zero, "all_runs_at_once"),
        ("down the seeds", summary_carried_to_the_next_seeds, "along_the_seeds"),
        ("frozen", summary_frozen, "frozen"),
        ("filled forward", summary_filled, "forward_filled"),
        ("chance", summary_with_chance, "counts_as_chance"),
        ("rows", summary_with_loops_over_seeds, "over_time"),
        ("no axis", lambda c: tuple(f(_repaired_by_loop(c)) for f in (np.median, np.min, np.max)), "over_everything"),
        (
            "np.average",
            summary_with_the_average,
            "mean",
        ),
        ("mean and deviation", summary_by_mean_and_deviation, "spread_of_mean"),
        ("median and deviation", summary_by_deviation, "spread"),
        ("quartiles", lambda c: np.quantile(_repaired_by_loop(c), [0.5, 0.25, 0.75], axis=0).tolist(), None),
        (
            "quartiles in arrays",
            summary_with_quartiles,
            "percentiles",
        ),
        ("the better of two", summary_with_the_better_median, "upper_middle"),
        ("ascending", lambda c: tuple(np.percentile(_repaired_by_first(c), [0, 50, 100], axis=0)), "ascending"),
        (
            "descending ends",
            lambda c: tuple(np.percentile(_repaired_by_first(c), [50, 100, 0], axis=0)),
            "largest_before_smallest",
        ),
        ("in place", summary_in_place, "changes_its_input"),
        ("an array of three rows", lambda c: np.array(_three(_repaired_by_loop(c))), None),
        ("no largest", lambda c: _three(_repaired_by_loop(c))[:2], "forgets_a_value"),
        ("rows kept", lambda c: tuple(part[None] for part in _three(_repaired_by_loop(c))), "axis_kept"),
        ("lists", lambda c: tuple(part.tolist() for part in _three(_repaired_by_loop(c))), None),
        ("float32", lambda c: _three(_repaired_by_loop(c).astype(np.float32)), "float32_rounding"),
        ("zeros", lambda c: (np.zeros(c.shape[1]),) * 3, "zero_in_part"),
        ("a dict", lambda c: dict(zip("msl", _three(_repaired_by_loop(c)), strict=True)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("not written", not_written, "unfinished"),
        ("an exception", fails, None),
    ],
    "design_network": [
        ("sigmoids, Xavier", _of("sigmoid", "xavier", False, 0.1), "sigmoid_without_batch_norm"),
        ("sigmoids, N(0, 1), a high rate", _of("sigmoid", "normal", False, 3), "sigmoid_without_batch_norm"),
        ("ELU and N(0, 1)", _of("elu", "normal", False, 0.03), "normal_without_batch_norm"),
        ("tanh and N(0, 1)", _of("tanh", "normal", False, 0.01), "normal_without_batch_norm"),
        ("leaky ReLU and Xavier", _of("leaky_relu", "xavier", False, 0.01), "xavier_for_rectified_units"),
        ("ELU, He, rate 3", _of("elu", "he", False, 3.0), "rate_too_high"),
        ("tanh, Xavier, rate 1", _of("tanh", "xavier", False, np.float32(1.0)), "rate_too_high"),
        ("batch norm and rate 100", _of("relu", "xavier", True, 100), "rate_too_high_with_batch_norm"),
        ("He, rate 1e-4", _of("relu", "he", False, 1e-4), "rate_too_low"),
        ("a rate that moves nothing", _of("elu", "he", True, 1e-300), "rate_too_low"),
        ("leaky ReLU, N(0, 1), batch norm", _of("leaky_relu", "normal", True, 0.003), "normal_with_batch_norm"),
        ("an infinite rate", _of("elu", "he", True, math.inf), None),
        ("a rate of NaN", _of("elu", "he", True, math.nan), None),
        ("a negative rate", _of("elu", "he", True, -0.1), None),
        ("a rate of 0", _of("elu", "he", True, 0), None),
        ("a rate in words", _of("elu", "he", True, "0.1"), None),
        ("True as a rate", _of("elu", "he", True, True), None),
        ("a complex rate", _of("elu", "he", True, 0.1 + 0j), None),
        ("a rate in a list", _of("elu", "he", True, [0.1]), None),
        ("a rate in an array", _of("elu", "he", True, np.array([0.1])), None),
        ("a rate larger than any float", _of("elu", "he", True, 10**400), None),
        ("1 for True", _of("elu", "he", 1, 0.1), None),
        ("'yes' for True", _of("elu", "he", "True", 0.1), None),
        ("None for False", _of("tanh", "xavier", None, 0.1), None),
        ("capitals", _of("ReLU", "he", True, 0.1), None),
        ("an initialization there is not", _of("relu", "orthogonal", True, 0.1), None),
        ("a function for a word", _of(np.tanh, "xavier", True, 0.1), None),
        ("a list for a word", _of(["relu"], "he", True, 0.1), None),
        ("a key missing", design_with_a_missing_key, None),
        ("a key too many", design_with_a_key_of_its_own, None),
        ("keys that are no words", lambda: {1: 2}, None),
        ("a tuple", lambda: ("elu", "he", True, 0.1), None),
        ("a text", lambda: "elu, he, batch norm, 0.1", None),
        ("accuracy 1", lambda: 1.0, None),
        ("an empty dict", dict, None),
        ("drawn by chance", design_by_chance, "not_repeatable"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("not written", not_written, "unfinished"),
        ("an exception", fails, None),
    ],
}
