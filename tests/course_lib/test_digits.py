from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits as sklearn_digits

import course_lib.data
from course_lib.data import load_digits
from course_lib.data.digits import TRAIN_SIZE


@pytest.fixture(scope="module")
def original():
    return sklearn_digits()


@pytest.fixture(scope="module")
def scanned():
    return load_digits(standardized=False)


@pytest.fixture(scope="module")
def standardized():
    return load_digits()


def test_the_digits_are_scikit_learns_in_the_stored_order(original, scanned):
    with np.load(Path(course_lib.data.__file__).with_name("digits.npz"), allow_pickle=False) as stored:
        order = stored["order"]
    assert sorted(order.tolist()) == list(range(1797))
    images, labels = (
        np.vstack([scanned.x_train, scanned.x_test]),
        np.concatenate([scanned.y_train, scanned.y_test]),
    )
    np.testing.assert_array_equal(images, original.data[order], strict=True)
    np.testing.assert_array_equal(labels, original.target[order], strict=True)


@pytest.mark.parametrize("is_standardized", [True, False])
def test_the_parts_have_the_sizes_and_dtypes_they_are_said_to_have(is_standardized):
    data = load_digits(standardized=is_standardized)
    assert [part.shape for part in data] == [(1437, 64), (1437,), (360, 64), (360,)]
    assert [part.dtype for part in data] == [np.float64, np.int64, np.float64, np.int64]
    assert TRAIN_SIZE == 1437


def test_every_digit_is_in_both_parts(standardized):
    assert set(standardized.y_train.tolist()) == set(standardized.y_test.tolist()) == set(range(10))


def test_three_constant_pixels_become_zero(scanned, standardized):
    constant = np.ptp(scanned.x_train, axis=0) == 0
    assert np.count_nonzero(constant) == 3
    np.testing.assert_array_equal(standardized.x_train[:, constant], 0.0)
    assert np.all(np.isfinite(standardized.x_test))


def test_values_are_clipped_at_five(scanned, standardized):
    mean, std = scanned.x_train.mean(axis=0), scanned.x_train.std(axis=0)
    raw = np.divide(scanned.x_train - mean, std, out=np.zeros_like(scanned.x_train), where=std > 0)
    assert np.max(np.abs(raw)) > 30
    np.testing.assert_allclose(standardized.x_train, np.clip(raw, -5, 5), atol=1e-12)
    assert np.max(np.abs(standardized.x_train)) == np.max(np.abs(standardized.x_test)) == 5


def test_the_test_part_is_standardized_by_the_training_part(scanned, standardized):
    pixel = 20
    mean, std = scanned.x_train[:, pixel].mean(), scanned.x_train[:, pixel].std()
    np.testing.assert_allclose(standardized.x_test[:, pixel], (scanned.x_test[:, pixel] - mean) / std, atol=1e-12)


def test_each_call_returns_new_arrays(standardized):
    mine = load_digits()
    mine.x_train[:] = 0
    mine.y_test[:] = 0
    np.testing.assert_array_equal(load_digits().x_train, standardized.x_train)
    assert np.any(load_digits().y_test)


def test_origin_and_licence_are_in_a_file_beside_the_data():
    text = Path(course_lib.data.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("Alpaydin", "Kaynak", "CC BY 4.0", "BSD-3"))
