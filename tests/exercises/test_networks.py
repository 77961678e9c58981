"""The property that trains networks: how the runs of a part make one finding, and that no run is made twice."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from autograder import judge
from autograder.exercises import training_runs
from autograder.exercises.networks import trains_to
from autograder.exercises.training_runs import TRAININGS, Training
from autograder.judging.exercise import Case, Tried

MESSAGE = "{runs} runs: {median:.2f}{blown_up}; {lower} and {full:g}"


@pytest.fixture
def findings(monkeypatch):
    """Return a function that judges a part with one run a case, and returns its findings and the runs made."""

    def of(accuracies, ladder="0.2, 0.3", results=None):
        made = []

        def accuracy(result, seed, enough):
            made.append(seed)
            return accuracies[seed]

        monkeypatch.setitem(TRAININGS, "weights", Training(lambda result: result, accuracy, MESSAGE))
        check = trains_to("weights", ladder, runs=len(accuracies))
        earlier, found = [], []
        for n, result in enumerate(results or [""] * len(accuracies)):
            case = Case(context={"seeds": [n], "last": n == len(accuracies) - 1})
            found.append(check(result, Tried(case, None, (), tuple(earlier))))
            earlier.append((case, result))
        return found, set(made)

    return of


def test_the_median_of_all_runs_earns_the_steps_it_reaches(findings):
    found, _ = findings([0.1, 0.9, 0.25])
    assert [finding.fraction for finding in found] == [1, 1, 0.5]
    assert found[-1].message == "3 runs: 0.25; 0.2 and 0.3"


def test_a_step_is_reached_by_an_accuracy_equal_to_it(findings):
    found, _ = findings([0.1, 0.3, 0.9])
    assert found[-1].fraction == 1


@pytest.mark.parametrize(("accuracy", "fraction"), [(0.3, 1), (0.19, 0)])
def test_no_run_follows_one_after_which_the_median_is_certain(findings, accuracy, fraction):
    found, made = findings([accuracy] * 5)
    assert made == {0, 1, 2}
    assert [finding.fraction for finding in found] == [1, 1, fraction, fraction, fraction]


def test_a_run_that_blew_up_counts_as_accuracy_0_and_is_named(findings):
    found, _ = findings([float("nan"), 0.25, 0.1], ladder="0.05, 0.2, 0.5")
    assert found[-1].fraction == pytest.approx(1 / 3)
    assert found[-1].message == "3 runs: 0.10, and 1 of 3 runs blew up; 0.05, 0.2 and 0.5"


def test_what_cannot_be_trained_earns_nothing_and_is_no_run(findings):
    found, made = findings([0.9, 0.9, 0.9], results=["", "too large", ""])
    assert [(finding.fraction, finding.message) for finding in found] == [(1, ""), (0, "too large"), (1, "")]
    assert made == {0, 2}


def test_no_run_of_an_answer_is_trained_twice(monkeypatch):
    seeds = []

    def train_steps(rng, *args):
        seeds.append(rng.bit_generator.seed_seq.entropy)
        return [SimpleNamespace(test_accuracy=0.25)]

    monkeypatch.setattr(training_runs, "train_steps", train_steps)
    monkeypatch.setattr(training_runs, "_known", {})
    verdict = judge("rescue_init", lambda rng, sizes: [rng.normal(size=s) for s in pairwise(sizes)], seed=0)
    assert verdict.points == verdict.max_points / 2
    assert len(seeds) == len(set(seeds)) == 3 + 5


def test_weights_that_differ_in_the_last_digit_are_trained_again(monkeypatch):
    runs = []
    monkeypatch.setattr(training_runs, "train_steps", lambda *args: runs.append(args) or [])
    monkeypatch.setattr(training_runs, "_known", {})
    weights = [np.full((64, 10), 0.1)]
    for changed in (weights, weights, [np.nextafter(weights[0], 1)]):
        TRAININGS["weights"].accuracy(changed, 1, 0.3)
    assert len(runs) == 2
