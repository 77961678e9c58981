"""Records of exercises without code: they judge visible parts like the exercise itself."""

import json

import numpy as np
import pytest

from autograder import judge
from autograder.errors import EncodingError
from autograder.exercises import lesson_00, lesson_01
from autograder.exercises.lesson_01.sigmoid import SIGMOID
from autograder.judging import load_exercises as own
from autograder.judging import registry
from autograder.judging.encoding import decode, encode
from autograder.judging.exercise import Case, Exercise, Mistake, Part
from autograder.judging.recorded import from_record, record

WHOLE = [
    e for e in (*lesson_00.EXERCISES, *lesson_01.EXERCISES) if e.name not in ("numerical_gradient", "gradient_check")
]


def returns_none(*args, **kwargs):
    return None


def copied(exercise):
    return from_record(json.loads(json.dumps(record(exercise))))


@pytest.mark.parametrize("exercise", WHOLE, ids=lambda e: e.name)
def test_a_copy_gives_the_verdicts_of_the_original(exercise, visible_verdict):
    copy = copied(exercise)
    for answer in (exercise.reference, *(mistake.function for mistake in exercise.mistakes), returns_none):
        want = visible_verdict(exercise, answer)
        got = judge(copy, answer, hidden=False, seed=0)
        assert got.to_dict() == want.to_dict()


def test_the_record_holds_neither_hidden_cases_nor_code():
    text = json.dumps(record(SIGMOID))
    assert "float32" not in text.replace("keeps float32, accepts", "")
    assert [len(part["cases"]) > 0 for part in record(SIGMOID)["parts"]] == [True, True, False]
    assert copied(SIGMOID).max_points == 4.0


def test_a_part_with_a_property_is_judged_at_grading_only():
    from autograder.judging.exercise import AS_IT_SHOULD_BE

    part = Part("free", 2, lambda rng: [Case(1.0)], check=lambda got, tried: AS_IT_SHOULD_BE)
    copy = copied(Exercise("any", "lesson", lambda x: x, [part, Part("fixed", 1, lambda rng: [Case(2.0)])]))
    assert [part.hidden for part in copy.parts] == [True, False]


def test_a_mistake_that_raises_is_recorded_with_its_exception():
    def halves(x):
        return x / 2

    def fails(x):
        raise ValueError("no halves")

    part = Part("it", 1, lambda rng: [Case(np.array([1.0, 3.0]))])
    copy = copied(Exercise("halves", "lesson", halves, [part], mistakes=[Mistake("fails", fails, "It fails.")]))
    assert judge(copy, fails, seed=0).diagnosis == "fails"


def test_the_words_of_an_exercise_for_general_mistakes_are_recorded():
    part = Part("it", 1, lambda rng: [Case(np.array([1.0, 3.0]))])
    words = {"factor_minus_one": ("sign", "Halving keeps the sign.")}
    copy = copied(Exercise("halves", "lesson", lambda x: x / 2, [part], words=words))
    verdict = judge(copy, lambda x: x / -2, seed=0)
    assert (verdict.diagnosis, "Halving keeps the sign." in verdict.message) == ("sign", True)


@pytest.mark.parametrize("data", [None, [], {}, {"schema": 2}, {"schema": 1}, {"schema": 1, "name": "x", "parts": 3}])
def test_a_damaged_record_is_refused(data):
    with pytest.raises(EncodingError):
        from_record(data)


def test_a_record_beside_the_notebook_is_read_and_a_newer_one_replaces_it(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_exercises", dict(registry._exercises))
    monkeypatch.setattr(own, "_recorded", set())

    def exercise(points):
        return Exercise("own_one", "lesson", np.negative, [Part("it", points, lambda rng: [Case(np.array([1.0]))])])

    for points in (1, 3):
        own.write_record(tmp_path / own.RECORD, [exercise(points)])
        own.make_known()
        assert registry.find("own_one").max_points == points


@pytest.mark.parametrize("text", ["", "{", "[3]", '[{"schema": 1}]'])
def test_a_damaged_file_is_ignored(text, tmp_path):
    (tmp_path / own.RECORD).write_text(text, encoding="utf-8")
    own.make_known()


def test_a_record_never_replaces_an_exercise_of_the_package(tmp_path):
    fake = record(SIGMOID)
    fake["parts"][0]["points"] = 100
    (tmp_path / own.RECORD).write_text(json.dumps([fake]), encoding="utf-8")
    own.make_known()
    assert registry.find("sigmoid") is SIGMOID


VALUES = [
    None, True, 3, 2.5, float("inf"), "text", [1, [2.0]], (1, "a"), {"k": (None,)},
    np.arange(6).reshape(2, 3), np.array(1.5), np.zeros((0, 2)), np.array([True]), np.float32([1.5, -0.0]),
    np.array([[1.0, 2.0]]).T,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_survives_json_bit_for_bit(value):
    back = decode(json.loads(json.dumps(encode(value))))
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        assert (back.dtype, back.shape, back.tobytes()) == (value.dtype, value.shape, value.tobytes())
    else:
        assert back == value


def test_ufuncs_and_generators_survive_json():
    assert decode(encode(np.tanh)) is np.tanh
    generator = np.random.default_rng(3)
    generator.normal(size=3)
    assert decode(json.loads(json.dumps(encode(generator)))).normal() == generator.normal()


class CustomFloat(float):
    """A float that could redefine its comparisons."""


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda x: x,
        CustomFloat(1.0),
        {1: 2},
        np.array(["a"]),
        np.array([1j]),
        {1, 2},
        np.frompyfunc(abs, 1, 1),
    ],
)
def test_other_values_have_no_json_form(value):
    with pytest.raises(EncodingError):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [
        {}, {"a": 1, "b": 2}, {"pickle": "x"}, {"array": {}}, {"ufunc": "load"}, {"ufunc": "no_such"},
        {"array": {"dtype": "object", "shape": [1], "bytes": ""}},
        {"array": {"dtype": "float64", "shape": [3], "bytes": "AAAA"}},
        {"array": {"dtype": "float64", "shape": [-1], "bytes": ""}},
        {"array": {"dtype": "float64", "shape": [1], "bytes": "not base64!"}},
        {"generator": {"state": 1}}, {"tuple": 3}, {"float": "one"},
    ],
)  # fmt: skip
def test_json_that_encode_does_not_write_is_refused(data):
    with pytest.raises(EncodingError):
        decode(data)
