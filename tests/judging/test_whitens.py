"""The property `whitens`: which matrices it accepts, and what it writes about the others."""

import numpy as np
import pytest

from autograder.exercises.lesson_05.shared import cloud
from autograder.judging.exercise import Case, Tried
from autograder.judging.properties import whitens
from course_lib.normalization import pca_whitening, zca_whitening

EPS = 0.2
RNG = np.random.default_rng(8)
X = cloud(RNG, 12, [6, 2, 0.5])
MEAN, W = pca_whitening(X, EPS)


def finding(W, mean=MEAN, X=X):
    return whitens()((mean, W), Tried(Case(X, EPS, context={"eps": EPS}), pca_whitening(X, EPS), ("mean", "W")))


def test_columns_may_come_in_any_order_and_point_to_either_side():
    assert finding(W[:, [2, 0, 1]] * [1, -1, 1]).fraction == 1


def test_where_all_variances_are_equal_any_orthogonal_directions_are_right():
    Z = np.linalg.qr(RNG.normal(size=(30, 3)) - 0.5)[0]
    Z -= Z.mean(axis=0)
    round_cloud = np.linalg.qr(Z)[0] * np.sqrt(30) + 3
    turned = np.linalg.qr(RNG.normal(size=(3, 3)))[0] / np.sqrt(1 + EPS)
    assert finding(turned, mean=round_cloud.mean(axis=0), X=round_cloud).fraction == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (W * [1, 0, 1], "Column 1 of `W` is zero"),
        (zca_whitening(X, EPS)[1], "does not point along a principal axis"),
        (W.T, "does not point along a principal axis"),
        (W[:, [0, 1, 1]], "not orthogonal"),
        (W * [1, 1, 1.001], "column 2 has length"),
    ],
)
def test_a_matrix_that_does_not_whiten_earns_nothing_and_the_message_says_why(wrong, message):
    assert finding(wrong).fraction == 0
    assert message in finding(wrong).message


def test_the_expected_length_depends_on_the_variance_and_eps():
    length = np.linalg.norm(W[:, 0])
    variance = np.var(X @ W[:, 0]) / length**2
    expected = (
        f"column 0 has length {2 * length:.6g} where the variance {variance:.6g} and eps 0.2 ask for {length:.6g}"
    )
    assert expected in finding(W * [2, 1, 1]).message


def test_a_right_matrix_with_a_wrong_mean_earns_three_quarters():
    assert finding(W, mean=0 * MEAN).fraction == 0.75


def test_the_property_computes_no_whitening_of_its_own():
    names = set(whitens.__wrapped__.__code__.co_names)
    assert names & {"eigh", "eigvalsh", "eig", "svd", "cov", "sqrt", "inv", "cholesky"} == set()
