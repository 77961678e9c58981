"""The property of random weights: right answers pass with any distribution; the message says why others are wrong."""

import numpy as np
import pytest

from autograder.exercises.random_draws import features_of_draws, independent_draws
from autograder.judging.exercise import Case, Tried

SHAPE, STD = (120, 90), 0.3


def finding(W, law="any", earlier=(), std=STD):
    case = Case(label="weights", context={"std": std})
    return independent_draws(law=law)(W, Tried(case, None, earlier=tuple((case, draw) for draw in earlier)))


def normal(seed, shape=SHAPE):
    return np.random.default_rng(seed).normal(0, STD, size=shape)


def uniform(seed):
    return np.random.default_rng(seed).uniform(-np.sqrt(3) * STD, np.sqrt(3) * STD, size=SHAPE)


@pytest.mark.parametrize("draw", [normal, uniform])
def test_independent_weights_of_either_distribution_are_right_for_every_seed(draw):
    findings = [finding(draw(seed), earlier=[draw(seed + 1000)]) for seed in range(100)]
    assert {one.fraction for one in findings} == {1.0}


@pytest.mark.parametrize("shape", [(1, 1), (7, 1), (1, 6)])
def test_a_draw_of_few_weights_is_right_too(shape):
    assert {finding(normal(seed, shape), law="normal").fraction for seed in range(100)} == {1.0}


def exact(a):
    """Shift and scale to mean 0 and the right standard deviation."""
    return (a - a.mean()) / a.std() * STD


BY_COLUMN = np.where(np.arange(90) % 9, 0.6, 2.5)  # factors of the spread
BY_ROW = np.repeat([-0.2, 0.2], 60)[:, np.newaxis]  # shifts of the mean


@pytest.mark.parametrize(
    ("W", "message"),
    [
        (exact(normal(0)) + STD / 5, "The mean of the weights must be 0"),
        (exact(normal(0)) * 1.2, "is wrong: 0.36 over 10800 weights, where 0.3 is asked for."),
        (exact(normal(0)) / 1.2, "is wrong: 0.25 over 10800 weights, where 0.3 is asked for."),
        (np.repeat(exact(normal(0, (120, 1))), 90, axis=1), "here the same numbers come again and again."),
        (exact(normal(0) * BY_COLUMN), "here the spread changes from column to column more than chance allows."),
        (exact(normal(0).T * BY_COLUMN[:, np.newaxis]), "here the spread changes from row to row"),
        (exact(normal(0) + BY_ROW), "here the mean changes from row to row more than chance allows."),
        (exact(normal(0).T + BY_ROW.T), "here the mean changes from column to column"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_weights_that_are_not_independent_draws_are_wrong(W, message):
    one = finding(W)
    assert one.fraction == 0
    assert message in one.message


def test_a_distribution_that_is_asked_for_is_checked():
    assert finding(normal(0), law="normal").fraction == 1
    assert finding(uniform(0), law="uniform").fraction == 1
    assert finding(uniform(0), law="normal").message.endswith("the weights are not normally distributed.")


def test_a_draw_that_ignores_the_given_generator_is_wrong_in_any_scale():
    assert "is `rng` used?" in finding(normal(0), earlier=[normal(1), 4 * normal(0)]).message


def test_float32_weights_earn_half_of_the_points():
    one = finding(normal(0).astype(np.float32))
    assert (one.fraction, one.message) == (0.5, "The weights must be float64; got float32.")


def test_the_features_of_a_draw_depend_on_the_distribution_only_if_one_is_asked_for():
    case = Case(label="weights")
    normal_law, uniform_law = (features_of_draws("normal")(draw(0), case)["law"] for draw in (normal, uniform))
    assert (normal_law, uniform_law) == ("normal", "uniform")
    assert {features_of_draws()(draw(0), case)["law"] for draw in (normal, uniform)} == {"any"}
