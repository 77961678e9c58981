import numpy as np
import pytest

from autograder import judge
from autograder.judging.calls import UnsupportedValue, plain
from autograder.judging.exercise import Case, Exercise, Mistake, Part

WANT = np.array([1.0, 2.0, 3.0])
ARRAY = Exercise(
    "three",
    "lesson",
    lambda: WANT,
    [Part("it", 1, lambda rng: [Case()])],
    [Mistake("zeros", lambda: np.zeros(3), "Zeros."), Mistake("names", lambda: ["a"], "Names.")],
)
NUMBER = Exercise("one", "lesson", lambda: 1.0, [Part("it", 1, lambda rng: [Case()])])
PAIR = Exercise("pair", "lesson", lambda: (1.0, 2.0), [Part("it", 1, lambda rng: [Case()])], outputs=("a", "b"))
NAMES = Exercise("names", "lesson", lambda: ["a"], [Part("it", 1, lambda rng: [Case()])])


class Agreeable:
    """An object that is equal to everything."""

    shape, ndim, size, dtype = (3,), 1, 3, np.dtype(float)

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = object.__hash__

    def __bool__(self):
        return True

    def __array__(self, dtype=None, copy=None):
        return WANT.copy()

    def __float__(self):
        return 1.0

    def __len__(self):
        return 3

    def __iter__(self):
        return iter(WANT)

    def __getitem__(self, index):
        return WANT[index]

    def __sub__(self, other):
        return np.zeros(3)

    __rsub__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, *other: True


class PosesAsArray(Agreeable):
    @property
    def __class__(self):
        return np.ndarray


class Subarray(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs):
        return np.True_

    def __array_function__(self, *args, **kwargs):
        return np.True_


class CustomFloat(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class CustomList(list):
    def __eq__(self, other):
        return True

    __hash__ = None


class CustomTuple(tuple):
    __slots__ = ()


class CustomText(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


@pytest.mark.parametrize(
    "value",
    [
        Agreeable(),
        PosesAsArray(),
        WANT.view(Subarray),
        WANT.view(np.matrix),
        np.ma.masked_array(WANT, mask=[0, 1, 0]),
        np.rec.array([(1.0,), (2.0,), (3.0,)]),
        WANT.astype(object),
        WANT.astype(complex),
        WANT.astype(str),
        np.array(["2001-01-01"] * 3, dtype="M8[D]"),
        memoryview(WANT),
        [1.0, 2.0, 3.0],
        (1.0, 2.0, 3.0),
        CustomList([1.0, 2.0, 3.0]),
        (x for x in WANT),
        {"value": WANT},
        lambda: WANT,
        np.ma.masked,
        np.ndarray,
        NotImplemented,
        ...,
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_a_plain_array_of_real_numbers_is_accepted_as_an_array(value):
    verdict = judge(ARRAY, lambda: value, seed=0)
    assert verdict.points == 0
    assert verdict.parts[0].failure.kind == "type"
    assert verdict.diagnosis == ("returns_list" if type(value) in (list, tuple) else None)


@pytest.mark.parametrize(
    "value",
    [
        Agreeable(),
        PosesAsArray(),
        CustomFloat(1.0),
        CustomText("1.0"),
        np.ma.masked,
        1 + 0j,
        np.complex128(1),
        True,
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_a_plain_number_is_accepted_as_a_number(value):
    assert judge(NUMBER, lambda: value, seed=0).parts[0].failure.kind == "type"


@pytest.mark.parametrize("value", [CustomTuple((1.0, 2.0)), Agreeable(), {1.0: 0, 2.0: 0}, np.array([1.0, 2.0]), "12"])
def test_only_a_plain_tuple_or_list_holds_several_values(value):
    assert judge(PAIR, lambda: value, seed=0).parts[0].failure.kind == "type"


@pytest.mark.parametrize("value", [[CustomText("b")], CustomList(["b"]), [Agreeable()], [b"a"], Agreeable()])
def test_only_plain_texts_are_names(value):
    assert judge(NAMES, lambda: value, seed=0).parts[0].failure.kind == "type"


def test_results_are_copied():
    theirs = WANT.copy()
    ours = plain(theirs)
    theirs[:] = 0
    np.testing.assert_array_equal(ours, WANT)
    assert plain([theirs, (None, "a")])[1] == (None, "a")
    assert plain(Agreeable()) == UnsupportedValue("Agreeable")


@pytest.mark.parametrize("depth", [10, 200, 400, 900, 5000, 100_000])
@pytest.mark.parametrize("exercise", [ARRAY, NUMBER, PAIR, NAMES], ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("kind", [list, tuple])
def test_deep_nesting_does_not_crash_the_judge(depth, exercise, kind):
    def deep():
        value = kind()
        for _ in range(depth):
            value = kind([value])
        return value

    verdict = judge(exercise, deep, seed=0)
    assert verdict.points == 0
    assert verdict.parts[0].failure.kind in ("type", "raised")


def test_a_list_that_holds_itself_does_not_crash_the_judge():
    value = []
    value.append(value)
    assert judge(ARRAY, lambda: value, seed=0).points == 0


def test_an_array_that_changes_after_its_return_is_judged_with_its_first_values():
    kept = np.zeros(3)

    def late():
        kept[:] = 0
        return kept

    verdict = judge(ARRAY, late, seed=0)
    kept[:] = WANT
    assert verdict.diagnosis == "zeros"


@pytest.mark.parametrize("names", [["a"] * 100_000, ["x" * 100_000], [f"name{k}" for k in range(5000)]])
def test_a_huge_wrong_list_is_shown_shortened(names):
    failure = judge(NAMES, lambda: names, seed=0).parts[0].failure
    assert failure.kind == "value"
    assert len(failure.got) < 1000
