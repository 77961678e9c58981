import itertools
import warnings

import numpy as np
import pytest

from autograder import judge
from autograder.judging.exercise import Case, Exercise, Part

RIGHT = np.array([2.0, 4.0, 6.0])


def twice(*parts, **kwargs):
    cases = Part("visible", 1, lambda rng: [Case(np.array([1.0, 2.0, 3.0]), label="three numbers")])
    return Exercise("twice", "lesson", lambda x: 2 * x, parts or [cases], **kwargs)


counter = itertools.count(2)


def warn():
    warnings.warn("overflow", RuntimeWarning, stacklevel=2)


def raises(x):
    x[:] = 0
    raise KeyError("gone")


def wrong_type(x):
    x[:] = 0
    return [0.0, 1.0]


def wrong_shape(x):
    x[:] = 0
    return np.ones((3, 1), dtype=np.float32)


def wrong_dtype(x):
    x[:] = 0
    return np.ones(3, dtype=np.float32)


def wrong_value(x):
    x[:] = 0
    warn()
    return np.array([7.0, -1.0, 5.0]) * next(counter)


def changes_its_input(x):
    x[:] = 0
    warn()
    return RIGHT * (1 + 1e-13 * next(counter))


def not_repeatable(x):
    warn()
    return RIGHT * (1 + 1e-13 * next(counter))


def warns(x):
    warn()
    return RIGHT


def unfinished(x):
    raise NotImplementedError


# Each answer also fails at every later step, so that only the order decides what is reported.
@pytest.mark.parametrize(
    ("answer", "kind", "diagnosis"),
    [
        (None, "missing", "missing"),
        (42, "missing", "missing"),
        (unfinished, "unfinished", "unfinished"),
        (raises, "raised", None),
        (wrong_type, "type", None),
        (wrong_shape, "shape", None),
        (wrong_dtype, "dtype", None),
        (wrong_value, "value", None),
        (changes_its_input, "changed input", "changes_its_input"),
        (not_repeatable, "not repeatable", "not_repeatable"),
        (warns, "warned", "numpy_warning"),
    ],
)
@pytest.mark.parametrize("hidden", [False, True])
def test_the_first_wrong_property_is_reported(answer, kind, diagnosis, hidden):
    part = Part("a part", 1, lambda rng: [Case(np.array([1.0, 2.0, 3.0]))], hidden=hidden)
    verdict = judge(twice(part, keeps_dtype=True, writable_inputs=True), answer, seed=0)
    assert verdict.parts[0].failure.kind == kind
    assert verdict.diagnosis == diagnosis
    assert verdict.message
    assert verdict.points == 0


def test_a_right_answer_passes():
    verdict = judge(twice(keeps_dtype=True), lambda x: x + x, seed=0)
    assert (verdict.passed, verdict.points, verdict.diagnosis) == (True, 1.0, None)
    assert verdict.parts[0].failure is None


def test_writing_to_a_read_only_input_is_reported_as_a_changed_input():
    def double(x):
        x *= 2
        return x

    verdict = judge(twice(), double, seed=0)
    failure = verdict.parts[0].failure
    assert (failure.kind, verdict.diagnosis) == ("changed input", "changes_its_input")
    assert "x *= 2" in failure.message


def test_a_case_may_forgive_a_warning():
    part = Part("NaN", 1, lambda rng: [Case(np.array([1.0, 2.0, 3.0]), warning_forgiven=True)])
    assert judge(twice(part), warns, seed=0).passed


def test_only_warnings_of_numpy_cost_points():
    def chatty(x):
        warnings.warn("this will go away", DeprecationWarning, stacklevel=1)
        warnings.warn("mind the gap", UserWarning, stacklevel=1)
        return 2 * x

    assert judge(twice(), chatty, seed=0).passed


def test_dtype_is_judged_only_if_the_exercise_asks_for_it():
    def single(x):
        return (2 * x).astype(np.float32)

    assert judge(twice(), single, seed=0).passed
    assert judge(twice(keeps_dtype=True), single, seed=0).parts[0].failure.kind == "dtype"


@pytest.mark.parametrize("value", [RIGHT[:, None], RIGHT[None], RIGHT[:2], np.array(2.0), 2.0, np.full((3, 3), 2.0)])
def test_no_shape_is_broadcast(value):
    assert judge(twice(), lambda x: value, seed=0).parts[0].failure.kind == "shape"


@pytest.mark.parametrize("value", [3.0, 3, np.float64(3), np.int8(3), np.array(3.0), np.array(3, dtype=np.uint8)])
def test_a_number_may_have_any_real_type(value):
    one = Exercise("one", "lesson", lambda: 3.0, [Part("it", 1, lambda rng: [Case()])])
    assert judge(one, lambda: value, seed=0).passed


@pytest.mark.parametrize("value", [None, "3.0", [3.0], (3.0,), True, 3 + 0j, {"a": 3.0}, {3.0}, b"3", iter([3.0])])
def test_other_types_than_numbers_are_refused(value):
    one = Exercise("one", "lesson", lambda: 3.0, [Part("it", 1, lambda rng: [Case()])])
    assert judge(one, lambda: value, seed=0).parts[0].failure.kind == "type"


def test_the_first_wrong_entry_is_shown_with_got_expected_and_difference():
    def almost(x):
        y = 2 * x
        y[1:, 2] += 0.25
        return y

    part = Part("a matrix", 1, lambda rng: [Case(np.arange(12.0).reshape(3, 4), label="twelve numbers")])
    failure = judge(twice(part), almost, seed=0).parts[0].failure
    assert (failure.index, failure.got, failure.expected, failure.difference) == (
        "[1, 2]",
        "12.25",
        "12",
        "0.25",
    )
    assert "2 of 12 entries are wrong, the first at [1, 2]" in failure.message
    assert failure.case == "twelve numbers"
    assert failure.call.startswith("twice(array([[")


def test_nan_equals_nan_and_nothing_else():
    part = Part("NaN", 1, lambda rng: [Case(np.array([1.0, np.nan]))])
    assert judge(twice(part), lambda x: x + x, seed=0).passed
    hiding = judge(twice(part), lambda x: np.nan_to_num(x) * 2, seed=0).parts[0].failure
    assert (hiding.kind, hiding.index, hiding.got, hiding.expected) == ("value", "[1]", "0", "nan")
    assert not judge(twice(part), lambda x: x * np.nan, seed=0).passed


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, 1e308, -1e308])
def test_infinite_and_huge_wrong_values_are_reported(wrong):
    failure = judge(twice(), lambda x: np.full(3, wrong), seed=0).parts[0].failure
    assert (failure.kind, failure.index) == ("value", "[0]")


@pytest.mark.parametrize(("relative", "passes"), [(0.9e-6, True), (1.1e-6, False)])
def test_tolerances_are_those_of_the_part(relative, passes):
    part = Part("numbers", 1, lambda rng: [Case(np.array([1.0, 2000.0]))], rtol=1e-6, atol=0)
    assert judge(twice(part), lambda x: 2 * x * (1 + relative), seed=0).passed is passes


@pytest.mark.parametrize(("relative", "passes"), [(1e-5, True), (1e-4, False)])
def test_float32_is_compared_as_float32(relative, passes):
    part = Part("float32", 1, lambda rng: [Case(np.array([100.0, 2000.0], dtype=np.float32))], rtol=1e-12)
    answer = judge(twice(part, keeps_dtype=True), lambda x: x * np.float32(2 * (1 + relative)), seed=0)
    assert answer.passed is passes


PAIR = Exercise(
    "pair",
    "lesson",
    lambda x: (x + 1, x.sum()),
    [Part("both", 1, lambda rng: [Case(np.ones(2))])],
    outputs=("y", "s"),
)


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (lambda x: x + 1, "type", "It must return 2 values, (y, s)"),
        (lambda x: (x + 1,), "type", "It must return 2 values, (y, s); got 1"),
        (lambda x: (x + 1, 2.0, 3.0), "type", "It must return 2 values, (y, s); got 3"),
        (lambda x: None, "type", "return"),
        (lambda x: (x, 0.0), "value", "`y`"),
        (lambda x: (x + 1, 0.0), "value", "`s`"),
        (lambda x: (x + 1, np.ones(1)), "shape", "`s`"),
        (lambda x: (x + 1, "2"), "type", "`s`"),
    ],
)
def test_the_output_that_is_wrong_is_named(answer, kind, text):
    failure = judge(PAIR, answer, seed=0).parts[0].failure
    assert failure.kind == kind
    assert text in failure.message


def test_several_values_may_be_returned_as_a_list():
    assert judge(PAIR, lambda x: [x + 1, 2.0], seed=0).passed


NAMES = Exercise("names", "lesson", lambda: ["a", "b"], [Part("both", 1, lambda rng: [Case()])])


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (["b", "a"], "value"),
        ([], "value"),
        (["a", "b", "c"], "value"),
        ({"a", "b"}, "type"),
        ("ab", "type"),
        ([1], "type"),
    ],
)
def test_names_are_compared_as_names(value, kind):
    assert judge(NAMES, lambda: value, seed=0).parts[0].failure.kind == kind


@pytest.mark.parametrize("value", [["a", "b"], ("a", "b")])
def test_the_right_names_pass(value):
    assert judge(NAMES, lambda: value, seed=0).passed


def test_points_are_earned_part_by_part():
    parts = [
        Part("positive", 2, lambda rng: [Case(np.array([1.0])), Case(np.array([2.0]))]),
        Part("negative", 0.5, lambda rng: [Case(np.array([1.0])), Case(np.array([-2.0]))]),
        Part("zero", 1, lambda rng: [Case(np.array([0.0]))], hidden=True),
    ]
    verdict = judge(twice(*parts), lambda x: 2 * np.abs(x), seed=0)
    assert [part.points for part in verdict.parts] == [2.0, 0.0, 1.0]
    assert [part.passed for part in verdict.parts] == [True, False, True]
    assert (verdict.points, verdict.max_points, verdict.passed) == (3.0, 3.5, False)
    assert "negative" in verdict.message
    assert "“positive”" not in verdict.message


def test_without_hidden_parts_their_points_do_not_count():
    parts = [
        Part("positive", 2, lambda rng: [Case(np.array([1.0]))]),
        Part("zero", 1, lambda rng: [Case(np.array([0.0]))], hidden=True),
    ]
    verdict = judge(twice(*parts), lambda x: 2 * x, hidden=False, seed=0)
    assert (verdict.points, verdict.max_points, verdict.passed, len(verdict.parts)) == (2.0, 2.0, True, 1)


def test_a_failing_reference_is_reported_as_an_error_of_the_course():
    def broken(x):
        raise KeyError("oops")

    exercise = Exercise("broken", "lesson", broken, [Part("it", 1, lambda rng: [Case(1.0, label="one")])])
    with pytest.raises(RuntimeError, match="the reference broken failed on the case 'one'"):
        judge(exercise, lambda x: x, seed=0)


def test_the_expected_result_does_not_depend_on_changes_that_the_answer_makes_to_its_arguments():
    class Slope:
        def __init__(self):
            self.value = 3.0

        def __call__(self, x):
            return self.value * x

    def applied(f, x):
        return f(x)

    def rewires(f, x):
        f.value = 0.0
        return 0.0

    exercise = Exercise("applied", "lesson", applied, [Part("it", 1, lambda rng: [Case(Slope(), 2.0)])])
    assert not judge(exercise, rewires, seed=0).passed
