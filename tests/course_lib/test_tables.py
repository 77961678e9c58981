from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

import course_lib.data
from course_lib.data import load_breast_cancer, load_wine

PAIRS = [
    pytest.param(load_breast_cancer, datasets.load_breast_cancer, id="breast cancer"),
    pytest.param(load_wine, datasets.load_wine, id="wine"),
]


@pytest.mark.parametrize(("load", "original"), PAIRS)
def test_a_table_is_scikit_learns(load, original):
    table, want = load(), original()
    np.testing.assert_array_equal(table.X, want.data, strict=True)
    np.testing.assert_array_equal(table.y, want.target.astype(np.int64), strict=True)
    assert table.feature_names == tuple(want.feature_names)
    assert all(type(name) is str for name in table.feature_names)


@pytest.mark.parametrize(
    ("load", "shape", "counts"),
    [(load_breast_cancer, (569, 30), [212, 357]), (load_wine, (178, 13), [59, 71, 48])],
)
def test_a_table_has_the_size_dtypes_and_classes_it_is_said_to_have(load, shape, counts):
    table = load()
    assert (table.X.shape, table.y.shape, len(table.feature_names)) == (shape, shape[:1], shape[1])
    assert (table.X.dtype, table.y.dtype) == (np.float64, np.int64)
    assert np.all(np.isfinite(table.X))
    assert np.bincount(table.y).tolist() == counts


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_each_call_returns_new_arrays(load):
    mine, other = load(), load()
    mine.X[:] = 0
    mine.y[:] = 7
    assert np.any(load().X)
    np.testing.assert_array_equal(load().X, other.X)
    np.testing.assert_array_equal(load().y, other.y)


def test_the_fields_of_a_table_cannot_be_replaced():
    with pytest.raises(FrozenInstanceError):
        load_wine().X = np.zeros((1, 1))


def test_credit_and_licence_are_in_a_file_beside_the_tables():
    text = Path(course_lib.data.__file__).with_name("README.md").read_text(encoding="utf-8")
    names = ("Wolberg", "Mangasarian", "Street", "Aeberhard", "Forina")
    assert all(word in text for word in (*names, "load_breast_cancer", "load_wine"))
    assert text.count("CC BY 4.0") == text.count("BSD-3") == 3
