import copy
import dataclasses
import json
import re
from pathlib import Path
from typing import get_args

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from autograder import Failure, PartResult, Verdict, judge
from autograder.judging.verdict import SCHEMA_VERSION, Kind
from course_lib import activations

FAILURE = Failure("value", "Wrong.", "a case", "f(1)", "[0]", "1", "2", "-1")
FULL = Verdict(
    exercise="sigmoid",
    lesson="01_sigmoid_saturation",
    parts=(PartResult("open", 0.0, 2.0, False, FAILURE), PartResult("closed", 1.5, 1.5, True)),
    diagnosis="sign",
    message="Not right yet.",
    seed=2**62,
    judged_with=("sigmoid",),
    printed="hello",
)


def as_json(verdict):
    return json.loads(json.dumps(verdict.to_dict(), allow_nan=False))


def nan_derivative(a):
    return np.full(np.shape(a), np.nan)


@pytest.mark.parametrize(
    "verdict",
    [
        FULL,
        judge("sigmoid", activations.sigmoid, seed=0),
        judge("sigmoid", None, seed=0),
        judge("sigmoid", np.tanh, seed=0, hidden=False),
        judge("sigmoid_derivative", nan_derivative, seed=0),
        judge("dense_backward", lambda *args: None, seed=0),
    ],
    ids=lambda verdict: f"{verdict.exercise}-{verdict.diagnosis}",
)
def test_a_verdict_survives_json(verdict):
    back = Verdict.from_dict(as_json(verdict))
    assert back == verdict
    assert as_json(back) == as_json(verdict)
    assert (back.points, back.max_points, back.passed) == (verdict.points, verdict.max_points, verdict.passed)


def test_points_are_summed_over_parts():
    assert (FULL.points, FULL.max_points, FULL.passed) == (1.5, 3.5, False)


@pytest.mark.parametrize("field", ["points", "passed", "seed", "message"])
def test_a_verdict_is_frozen(field):
    with pytest.raises(AttributeError):
        setattr(FULL, field, 4)


def paths(data, path=()):
    """Yield the path of every value in nested JSON."""
    yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from paths(value, (*path, key))


def changed(path, change):
    data = {"root": as_json(FULL)}
    *above, last = ("root", *path)
    place = data
    for key in above:
        place = place[key]
    change(place, last)
    return data["root"]


def put(value):
    return lambda place, key: place.__setitem__(key, copy.deepcopy(value))


def alike(one, other):
    """Check that JSON values are equal, where true differs from 1 and 1 equals 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def refused_or_kept(data):
    """Check that data is refused with a ValueError, or read and written back unchanged."""
    try:
        return alike(as_json(Verdict.from_dict(data)), data)
    except ValueError as error:
        return "must" in str(error)
    except OverflowError:
        return False


PATHS = list(paths(as_json(FULL)))
FIELDS = [path for path in PATHS if path and isinstance(path[-1], str)]
OBJECTS = [path for path in PATHS if path in {(), ("parts", 0), ("parts", 1), ("parts", 0, "failure")}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_a_missing_field_is_refused(path):
    with pytest.raises(ValueError, match=r"."):
        Verdict.from_dict(changed(path, lambda place, key: place.pop(key)))


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: ".".join(map(str, path)) or "verdict")
def test_an_unknown_field_is_refused(path):
    data = changed(path, lambda place, key: place[key].update(surprise=1))
    with pytest.raises(ValueError, match="surprise"):
        Verdict.from_dict(data)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)) or "verdict")
def test_a_field_of_another_type_is_refused_or_read_unchanged(path):
    odd = [None, True, False, 1, -1, 2.5, float("nan"), float("inf"), 10**400, "x", "", [], {}, [1]]
    assert [value for value in odd if not refused_or_kept(changed(path, put(value)))] == []


@given(st.sampled_from(PATHS), JSON)
def test_json_that_to_dict_does_not_write_is_refused(path, value):
    assert refused_or_kept(changed(path, put(value)))


@given(JSON)
def test_no_other_json_is_a_verdict(data):
    with pytest.raises(ValueError, match=r"."):
        Verdict.from_dict(data)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("schema",), 2, "a verdict must have schema 1"),
        (("schema",), True, "a verdict must have schema 1"),
        (("exercise",), 3, "the field 'exercise' of a verdict must be"),
        (("seed",), True, "the field 'seed' of a verdict must be"),
        (("seed",), "7", "the field 'seed' of a verdict must be"),
        (("parts",), {}, "the field 'parts' of a verdict must be"),
        (("parts", 0), None, "a verdict must have the field"),
        (("parts", 0, "points"), 2.1, r"a part's points must lie in 0 … 2\.0 \(got 2\.1\)"),
        (("parts", 0, "points"), -0.5, r"a part's points must lie in 0 … 2\.0 \(got -0\.5\)"),
        (("parts", 0, "points"), float("nan"), r"a part's points must lie in 0 … 2\.0 \(got nan\)"),
        (("parts", 0, "max_points"), float("nan"), r"a part's points must lie in 0 … nan"),
        (("parts", 0, "points"), True, "the field 'points' of a verdict must be"),
        (("parts", 0, "hidden"), 1, "the field 'hidden' of a verdict must be"),
        (("parts", 0, "failure"), "bad", "the field 'failure' of a verdict must be"),
        (
            ("parts", 0, "failure", "kind"),
            "odd",
            r"a failure's kind must be one of missing, .* \(got 'odd'\)",
        ),
        (("parts", 0, "failure", "got"), None, "the field 'got' of a verdict must be"),
    ],
)
def test_the_error_names_the_wrong_field(path, value, text):
    with pytest.raises(ValueError, match=text):
        Verdict.from_dict(changed(path, put(value)))


@pytest.mark.parametrize("path", [("judged_with",), ("parts",)])
def test_entries_of_a_list_are_checked_too(path):
    with pytest.raises(ValueError, match=r"."):
        Verdict.from_dict(changed(path, put([1])))


SCHEMA = json.loads((ROOT / "docs" / "verdict.schema.json").read_text(encoding="utf-8"))


def test_the_published_schema_has_the_fields_of_a_verdict():
    assert SCHEMA["properties"]["schema"]["const"] == SCHEMA_VERSION
    assert set(SCHEMA["required"]) == {"schema", *(field.name for field in dataclasses.fields(Verdict))}
    for name, kind in (("part", PartResult), ("failure", Failure)):
        assert set(SCHEMA["$defs"][name]["required"]) == {field.name for field in dataclasses.fields(kind)}
        assert set(SCHEMA["$defs"][name]["properties"]) == set(SCHEMA["$defs"][name]["required"])
    assert SCHEMA["$defs"]["failure"]["properties"]["kind"]["enum"] == list(get_args(Kind))


@pytest.mark.parametrize(
    "answer", [np.tanh, None, lambda a: None, lambda a: 1 / 0, activations.sigmoid, lambda a: a * np.nan]
)
def test_every_verdict_matches_the_published_schema(answer):
    jsonschema.validate(json.loads(json.dumps(judge("sigmoid", answer).to_dict())), SCHEMA)


def test_the_documentation_names_every_general_diagnosis():
    from autograder.judging import detective, diagnosis

    page = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
    source = Path(detective.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r'(?:return |^ +\(?)"([a-z0-9_]+)", ', source, flags=re.MULTILINE))
    named |= {name for name, _, _ in detective._TRANSFORMATIONS} | set(diagnosis._BY_KIND.values())
    assert len(named) > 25
    assert {name for name in named if f"`{name}`" not in page} == set()
