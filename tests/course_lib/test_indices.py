"""Index arrays have the machine's own index type, or `take` refuses them where that has 32 bits."""

import ast
from pathlib import Path

import numpy as np
import pytest

import course_lib
from course_lib import engine, training
from course_lib.data import Digits, load_digits
from course_lib.networks import random_network


class _OfThirtyTwoBits:
    """NumPy as on a machine whose indices have 32 bits."""

    intp = np.int32

    def __getattr__(self, name):
        return getattr(np, name)


def recorded_run(seen):
    """Train for two epochs; collect the dtypes by which batches are picked."""

    class Recording(np.ndarray):
        def __getitem__(self, index):
            if isinstance(index, np.ndarray):
                seen.add(index.dtype)
            return np.asarray(self)[index]

    digits = load_digits()
    labels = digits.y_train[:90].view(Recording)
    data = Digits(digits.x_train[:90], labels, digits.x_test[:30], digits.y_test[:30])
    rng = np.random.default_rng(0)
    network = random_network(rng, [64, 9, 10], np.tanh, lambda a: 1 - np.tanh(a) ** 2)
    return [(record.loss, record.test_accuracy) for record in training.train(rng, network, data, 0.1, 2, 30)]


def test_training_indexes_with_the_machines_own_type_and_finds_the_same(monkeypatch):
    wide, narrow = set(), set()
    losses = []
    initialize = engine._SoftmaxCrossEntropy.__init__

    def kept(self, scores):
        initialize(self, scores)
        losses.append(self)

    monkeypatch.setattr(engine._SoftmaxCrossEntropy, "__init__", kept)
    expected = recorded_run(wide)
    for module in (engine, training):
        monkeypatch.setattr(module, "np", _OfThirtyTwoBits())
    assert recorded_run(narrow) == expected
    assert wide == {np.dtype(np.intp)}
    assert narrow == {np.dtype(np.int32)}
    assert [loss._right.dtype for loss in losses] == [np.dtype(np.intp), np.dtype(np.int32)]
    assert [loss._columns.dtype for loss in losses] == [np.dtype(np.intp), np.dtype(np.int32)]


@pytest.mark.parametrize("path", sorted(Path(course_lib.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_integers_of_a_fixed_width_are_used_for_data_only(path):
    named = {n.attr for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Attribute)}
    assert not named & {"int32", "int64", "uint32", "uint64"}
