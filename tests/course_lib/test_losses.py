import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from course_lib.losses import softmax_cross_entropy


def batch(seed, N=9, C=4, scale=2.0):
    rng = np.random.default_rng(seed)
    return rng, scale * rng.normal(size=(N, C)), rng.integers(0, C, size=N)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 3000.0])
def test_loss_and_gradient_agree_with_scipy(scale):
    _, scores, labels = batch(0, scale=scale)
    loss, dscores = softmax_cross_entropy(scores, labels)
    assert type(loss) is float
    assert loss == pytest.approx(-np.mean(log_softmax(scores, axis=1)[np.arange(9), labels]), rel=1e-12)
    want = (softmax(scores, axis=1) - np.eye(4)[labels]) / 9
    np.testing.assert_allclose(dscores, want, rtol=1e-10, atol=1e-15, strict=True)


def test_the_gradient_agrees_with_differences_in_a_random_direction():
    rng, scores, labels = batch(1)
    direction = rng.normal(size=scores.shape)
    _, dscores = softmax_cross_entropy(scores, labels)
    above, _ = softmax_cross_entropy(scores + 1e-5 * direction, labels)
    below, _ = softmax_cross_entropy(scores - 1e-5 * direction, labels)
    assert (above - below) / 2e-5 == pytest.approx(np.sum(dscores * direction), rel=1e-7)


@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 8), st.floats(0.01, 1000))
def test_every_row_of_the_gradient_sums_to_zero(seed, N, C, scale):
    _, scores, labels = batch(seed, N, C, scale)
    loss, dscores = softmax_cross_entropy(scores, labels)
    assert loss >= 0
    np.testing.assert_allclose(dscores.sum(axis=1), np.zeros(N), atol=1e-13)


@given(st.integers(0, 2**32), st.floats(-5000, 5000))
def test_an_offset_common_to_a_row_changes_nothing(seed, offset):
    rng, scores, labels = batch(seed)
    loss, dscores = softmax_cross_entropy(scores, labels)
    shifted, dshifted = softmax_cross_entropy(scores + offset * rng.normal(size=(9, 1)), labels)
    assert shifted == pytest.approx(loss, abs=1e-10)
    np.testing.assert_allclose(dshifted, dscores, atol=1e-11)


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes():
    loss, _ = softmax_cross_entropy(np.full((3, 7), 4.2), np.array([0, 3, 6]))
    assert loss == pytest.approx(np.log(7), rel=1e-14)


@pytest.mark.parametrize("sign", [-1, 1])
def test_scores_of_ten_thousand_give_finite_numbers_and_no_warning(sign):
    scores = sign * np.array([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0]])
    with np.errstate(all="raise", under="ignore"):
        loss, dscores = softmax_cross_entropy(scores, np.array([1, 2]))
    assert loss == pytest.approx(1e4)
    assert np.all(np.isfinite(dscores))


def test_one_class_costs_nothing():
    loss, dscores = softmax_cross_entropy(np.array([[3.0], [-2.0]]), np.array([0, 0]))
    assert loss == 0
    np.testing.assert_array_equal(dscores, np.zeros((2, 1)))


def test_a_small_loss_keeps_its_digits():
    loss, _ = softmax_cross_entropy(np.array([[0.0, -30.0]]), np.array([0]))
    assert loss == pytest.approx(np.log1p(np.exp(-30.0)), rel=1e-2)


def test_inputs_are_not_changed():
    _, scores, labels = batch(2)
    scores.flags.writeable = labels.flags.writeable = False
    before = scores.copy()
    softmax_cross_entropy(scores, labels)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("dtype", [np.int32, np.uint8])
def test_any_integer_dtype_of_labels_is_accepted(dtype):
    _, scores, labels = batch(3)
    assert softmax_cross_entropy(scores, labels.astype(dtype))[0] == softmax_cross_entropy(scores, labels)[0]


SCORES, LABELS = np.zeros((3, 2)), np.array([0, 1, 0])


@pytest.mark.parametrize(
    ("scores", "labels", "text"),
    [
        (np.zeros(2), LABELS, r"^scores must have 2 axes \(got shape \(2,\)\)$"),
        ([[0.0, 1.0]], np.array([0]), r"^scores must be a NumPy array with 2 axes \(got list\)$"),
        (
            np.zeros((0, 2)),
            np.zeros(0, dtype=int),
            r"^scores must have at least one row \(got shape \(0, 2\)\)$",
        ),
        (SCORES, LABELS[:2], r"^labels must have shape \(3,\) \(got \(2,\)\)$"),
        (SCORES, LABELS[:, None], r"^labels must have 1 axes \(got shape \(3, 1\)\)$"),
        (SCORES, LABELS.astype(float), r"^labels must hold integer classes \(got dtype float64\)$"),
        (SCORES, np.array([0, 1, 2]), r"^labels must lie in 0 … 1 \(got values from 0 to 2\)$"),
        (SCORES, np.array([0, 1, -1]), r"^labels must lie in 0 … 1 \(got values from -1 to 1\)$"),
    ],
)
def test_scores_and_labels_that_do_not_fit_are_refused(scores, labels, text):
    with pytest.raises(ValueError, match=text):
        softmax_cross_entropy(scores, labels)
