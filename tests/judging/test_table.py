"""Exercises written as tables: rows of parts, named properties, other words for general mistakes."""

import numpy as np
import pytest

from autograder import judge
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Finding, Tried
from autograder.judging.properties import PROPERTIES, Property, named_property, only
from autograder.judging.table import HIDDEN, exercise, within


@pytest.fixture(autouse=True)
def own_properties(monkeypatch):
    monkeypatch.setattr("autograder.judging.properties.PROPERTIES", PROPERTIES)
    before = dict(PROPERTIES)
    yield
    PROPERTIES.clear()
    PROPERTIES.update(before)


def double(x):
    return 2 * x


def cases(rng):
    return [Case(rng.normal(size=5), label="five numbers")]


def at_most(result, tried, limit, low=0.0):
    return AS_IT_SHOULD_BE if low <= result <= limit else Finding(0, f"It must be at most {limit}; got {result}.")


def test_an_exercise_has_the_name_of_its_reference():
    assert exercise(double, "lesson", parts=[(1, "it", cases)]).name == "double"


def test_tolerances_of_the_exercise_hold_for_all_parts_but_those_with_their_own():
    table = exercise(
        double, "lesson", rtol=1e-3, atol=0, parts=[(1, "one", cases), (2, "two", cases, HIDDEN, within(1e-5, 1e-6))]
    )
    assert [(part.points, part.hidden, part.rtol, part.atol) for part in table.parts] == [
        (1, False, 1e-3, 0),
        (2, True, 1e-5, 1e-6),
    ]
    verdict = judge(table, lambda x: 2 * x * (1 + 1e-4))
    assert [part.points for part in verdict.parts] == [1.0, 0.0]


def test_a_row_that_holds_something_else_is_refused():
    with pytest.raises(ValueError, match=r"must hold HIDDEN, a property or within\(rtol, atol\) \(got 'hiden'\)"):
        exercise(double, "lesson", parts=[(1, "it", cases, "hiden")])


def test_a_mistake_is_named_with_the_text_of_the_table():
    table = exercise(double, "lesson", parts=[(1, "it", cases)], mistakes={"tripled": (lambda x: 3 * x, "Too much.")})
    verdict = judge(table, lambda x: x + x + x)
    assert verdict.diagnosis == "tripled"
    assert "Too much." in verdict.message


def test_a_general_mistake_gets_the_words_of_the_exercise():
    table = exercise(
        double, "lesson", parts=[(1, "it", cases)], words={"factor_minus_one": ("sign", "Doubling keeps the sign.")}
    )
    verdict = judge(table, lambda x: -2 * x)
    assert (verdict.diagnosis, "Doubling keeps the sign." in verdict.message) == ("sign", True)
    assert judge(table, lambda x: 4 * x).diagnosis == "factor_2", "others keep their general name"


def test_a_property_is_known_by_its_name_and_its_numbers():
    limited = named_property(at_most)
    assert limited(3) == Property("at_most", {"limit": 3})
    assert limited(limit=3, low=1.0).parameters == {"limit": 3, "low": 1.0}
    assert limited(3)(2.0, Tried(Case(), 0.0)) == AS_IT_SHOULD_BE
    assert limited(3)(2.0, Tried(Case(context={"limit": 1}), 0.0)).message == "It must be at most 1; got 2.0."


def test_a_property_takes_numbers_and_text_only():
    limited = named_property(at_most)
    with pytest.raises(TypeError, match=r"parameters of at_most must be numbers, True, False or text \(got limit\)"):
        limited(np.ones(3))
    with pytest.raises(TypeError, match=r"at_most must be called with limit, low \(got 'hight'\)"):
        limited(3, hight=1)
    with pytest.raises(ValueError, match=r"a property must be one of .* \(got 'no_such'\)"):
        Property("no_such")


def test_two_properties_cannot_have_the_same_name():
    named_property(at_most)
    other = lambda result, tried: AS_IT_SHOULD_BE  # noqa: E731
    other.__name__, other.__module__ = "at_most", "elsewhere"
    with pytest.raises(ValueError, match=r"a property's name must be new \(got 'at_most' a second time\)"):
        named_property(other)


def sums(x):
    return x.sum(axis=0), x.sum(axis=1)


def test_a_part_may_be_about_some_of_several_results():
    def batch(rng):
        return [Case(rng.normal(size=(4, 3)), label="a batch")]

    table = exercise(
        sums,
        "lesson",
        outputs=("columns", "rows"),
        parts=[(1, "c", batch, only("columns")), (2, "r", batch, only("rows"))],
    )
    assert judge(table, lambda x: (x.sum(axis=0), np.zeros(len(x)))).points == 1.0
    assert judge(table, lambda x: (x.sum(axis=0) + 1, x @ np.ones(3))).points == 2.0
    assert "`rows`: 4 of 4 entries are wrong" in judge(table, lambda x: (x.sum(axis=0), np.zeros(len(x)))).message
