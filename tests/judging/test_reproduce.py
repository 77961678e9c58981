"""Code for the input of a case: pasted into a cell, it makes the same input, bit for bit."""

import numpy as np
import pytest

from autograder.judging import reproduce
from autograder.judging.exercise import Case
from course_lib.batchnorm import BatchNormCache

RNG = np.random.default_rng(5)


def paste(code):
    """Run the code with a function that returns its arguments."""
    space = {"f": lambda *args, **kwargs: (args, kwargs)}
    *lines, call = code.splitlines()
    exec("\n".join(lines), space)
    return eval(call, space)


@pytest.mark.parametrize(
    "value",
    [
        RNG.normal(size=(12, 5)),
        RNG.normal(size=(3, 2, 4)).astype(np.float32),
        RNG.integers(-5, 5, size=7),
        RNG.integers(-5, 5, size=7).astype(np.int32),
        np.array([1e-300, -0.0, np.nan, np.inf]),
        np.array(1.5),
        np.zeros((0, 3)),
        np.array([True, False]),
        0.1 + 0.2,
        float("inf"),
        float("nan"),
        3,
        None,
        "fan_in",
        [RNG.normal(size=(2, 3)), RNG.normal(size=3)],
        (1, [2.5]),
        (1.0,),
        {"W1": RNG.normal(size=(2, 2)), "b": RNG.normal(size=2)},
        np.tanh,
        BatchNormCache(RNG.normal(size=(4, 2)), RNG.normal(size=2), RNG.normal(size=2)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_pasted_input_equals_the_original(value):
    code = reproduce.cell("f", Case(value, option=value))
    (got,), kwargs = paste(code)
    for back in (got, kwargs["option"]):
        assert type(back) is type(value)
        assert repr(back) == repr(value)
        if isinstance(value, np.ndarray):
            assert (back.dtype, back.shape, back.tobytes()) == (value.dtype, value.shape, value.tobytes())


def test_a_generator_is_pasted_with_its_state():
    given = np.random.default_rng(7)
    given.normal(size=5)
    (got, _), _ = paste(reproduce.cell("f", Case(given, 3)))
    assert got.normal() == given.normal()


@pytest.mark.parametrize("value", [object(), lambda x: x, {1, 2}, np.array(["a"]), RNG.normal(size=(100, 100))])
def test_input_that_cannot_be_pasted_is_left_out(value):
    assert reproduce.cell("f", Case(value)) == ""


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (Case(np.array([1.0, 2.0]), k=0.5), "f(array([1., 2.]), k=0.5)"),
        (Case(np.random.default_rng(0), 3, 4), "f(rng, 3, 4)"),
        (Case(2, np.tanh), "f(2, np.tanh)"),
        (Case(np.zeros((30, 30))), ""),
        (Case(object()), ""),
    ],
)
def test_a_short_call_is_shown_on_one_line(case, line):
    assert reproduce.one_line("f", case) == line
