"""Challenges that train networks: their points depend on the median test accuracy of several runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.exercises.training_runs import TRAININGS
from autograder.judging.exercise import AS_IT_SHOULD_BE, Finding, Tried
from autograder.judging.properties import named_property


@named_property
def trains_to(
    result: Any, tried: Tried, training: str, ladder: str, runs: int, seeds: Sequence[int] = (), last: bool = True
) -> Finding:
    """Check that the median test accuracy of several training runs is high enough.

    Each step of `ladder` that the median reaches earns an equal share of the points. A part may spread its runs over
    several cases. Then its fraction is decided at the last case, or earlier, as soon as the median is certain to be
    above or below the whole ladder. After that, no network is trained.

    Parameters
    ----------
    result : object
    tried : Tried
    training : str
        A name in `TRAININGS`.
    ladder : str
        Rising accuracies, such as "0.2, 0.3".
    runs : int
        Number of training runs of the whole part.
    seeds : sequence of int
        Of this case's runs, one each.
    last : bool
        Whether this is the part's last case.

    Returns
    -------
    Finding
        Fraction 1 if the median reaches the last step, or the part is not decided yet. Otherwise the fraction of
        the steps
        that it reaches; 0 if the result cannot be trained.
    """
    how = TRAININGS[training]
    problem = how.problem(result)
    if problem:
        return Finding(0.0, problem)
    steps = [float(step) for step in ladder.split(", ")]
    reached: list[float] = []
    for case, value in (*tried.earlier, (tried.case, result)):
        if not _is_decided(reached, steps, runs) and not how.problem(value):
            reached += [how.accuracy(value, seed, steps[-1]) for seed in case.context["seeds"]]
    median = float(np.median(np.nan_to_num(reached)))
    climbed = sum(median >= step for step in steps)
    if climbed == len(steps) or not (last or _is_decided(reached, steps, runs)):
        return AS_IT_SHOULD_BE
    blown_up = sum(map(math.isnan, reached))
    remark = f", and {blown_up} of {len(reached)} runs blew up" if blown_up else ""
    lower = ", ".join(f"{step:g}" for step in steps[:-1])
    text = how.message.format(median=median, runs=len(reached), blown_up=remark, lower=lower, full=steps[-1])
    return Finding(climbed / len(steps), text)


def _is_decided(reached: Sequence[float], steps: Sequence[float], runs: int) -> bool:
    """Return whether the runs so far decide that the median of all `runs` is above or below the ladder."""
    above, below = sum(a >= steps[-1] for a in reached), sum(not a >= steps[0] for a in reached)
    return max(above, below) > runs // 2
