import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import autograder
from autograder import Failure, PartResult, Verdict, judge
from autograder.exercises import lesson_00, lesson_01
from autograder.judging import card
from autograder.judging.exercise import Case, Curve, Exercise, Part
from autograder.judging.picture import picture_svg
from autograder.judging.registry import find
from course_lib import activations

ALL = [*lesson_00.EXERCISES, *lesson_01.EXERCISES]
CURVED = [exercise for exercise in ALL if isinstance(exercise.picture, Curve)]
VOID = {"br", "hr", "img", "meta", "link", "input"}


class Page(HTMLParser):
    """A parser that checks that every tag of a card is closed in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.texts, self.labels = [], [], [], {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attributes = dict(attrs)
        if "aria-label" in attributes:
            self.labels[tag] = (attributes.get("role"), attributes["aria-label"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def drawn(exercise, answer, **kwargs):
    kwargs = {"seed": 0, "hidden": False, **kwargs}
    verdict = judge(exercise, answer, **kwargs)
    return card.as_html(exercise, verdict, answer), card.as_text(exercise, verdict)


def verdict_with(text, **kwargs):
    """Return a verdict with `text` in every field that may hold text of a student."""
    failure = Failure("value", text, text, text, text, text, text, text)
    parts = (PartResult("a part", 0.0, 1.0, False, failure),)
    return Verdict("sigmoid", "lesson", parts, "odd", text, 0, ("sigmoid",), text, **kwargs)


SAMPLES = [
    pytest.param(exercise, answer, id=f"{exercise.name}-{name}")
    for exercise in ALL
    for name, answer in [
        ("right", exercise.reference),
        ("missing", None),
        *((mistake.name, mistake.function) for mistake in exercise.mistakes[:2]),
    ]
]


@pytest.mark.parametrize(("exercise", "answer"), SAMPLES)
def test_every_card_is_well_formed_small_and_labelled_for_screen_readers(exercise, answer, visible_verdict):
    verdict = visible_verdict(exercise, answer)
    html, text = card.as_html(exercise, verdict, answer), card.as_text(exercise, verdict)
    page = Page(html)
    ET.fromstring(html)
    assert page.labels["div"] == ("group", f"Result for {exercise.name}")
    assert "table" in page.tags
    assert {"script", "link", "iframe", "object"}.isdisjoint(page.tags)
    assert len(html.encode()) < 60_000
    assert exercise.name in page.text
    for part in exercise.parts:
        assert (part.name in page.text) is not part.hidden
    assert text.splitlines()[0].startswith(exercise.name)


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)
def test_a_line_of_text_has_at_most_88_columns(exercise, visible_verdict):
    answers = [exercise.reference, *(mistake.function for mistake in exercise.mistakes)]
    texts = [card.as_text(exercise, visible_verdict(exercise, answer)) for answer in answers]
    assert [line for text in texts for line in text.splitlines() if len(line) > 88] == []


@pytest.mark.parametrize("text", ["word " * 60, "x" * 300, "a\nb\n" * 40, "tab\t" * 50])
def test_text_of_a_student_is_wrapped(text):
    lines = card.as_text(find("sigmoid"), verdict_with(text)).splitlines()
    assert [line for line in lines if len(line) > 88] == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</div></table><b>",
        '" onmouseover="alert(1)',
        "&lt;b&gt; &amp;",
        "`<b>` and ``` ` <i>`",
        "<!-- ",
        "]]>",
    ],
)
def test_text_of_a_student_is_escaped(text):
    html = card.as_html(find("sigmoid"), verdict_with(text), None)
    page = Page(html)
    ET.fromstring(html)
    assert {"script", "img", "b", "i"}.isdisjoint(page.tags)
    assert page.texts.count(text) >= 5  # case, call, entry, got, expected, difference
    assert html.count("<div") == html.count("</div>") == 2


def test_a_script_in_an_exception_or_a_print_stays_text():
    def sigmoid(a):
        print("<script>print</script>")
        raise type("<script>", (Exception,), {})("<script>text</script>")

    html, text = drawn(find("sigmoid"), sigmoid)
    assert "<script" not in html
    assert "&lt;script&gt;text&lt;/script&gt;" in html
    assert "<script>text</script>" in text


def test_a_verdict_with_a_class_name_from_the_student_stays_text():
    html, _ = drawn(find("sigmoid"), lambda a: type("<b onclick=x>", (), {})())
    assert "<b" not in html
    assert "&lt;b onclick=x&gt;" in html


def test_text_between_backticks_is_code_and_a_single_backtick_stays():
    page = Page(card.as_html(find("sigmoid"), verdict_with("call `f(x)` or `g"), None))
    assert page.tags.count("code") > 1
    assert "f(x)" in page.texts
    assert " or `g" in page.texts


@pytest.mark.parametrize("exercise", CURVED, ids=lambda exercise: exercise.name)
def test_a_curve_is_an_svg_with_a_text_for_screen_readers(exercise):
    html, _ = drawn(exercise, exercise.reference)
    role, label = Page(html).labels["svg"]
    assert role == "img"
    assert label == f"{exercise.name}: your curve lies on the expected one"
    assert "currentColor" in html
    assert "#010203" not in html


def test_no_style_sheet_of_a_curve_leaks_into_the_page():
    assert "<style" not in picture_svg(find("sigmoid"), np.tanh, None)


@pytest.mark.parametrize("exercise", CURVED, ids=lambda exercise: exercise.name)
def test_a_wrong_curve_has_a_text_that_says_so(exercise):
    svg = picture_svg(exercise, lambda *args: 1.5 * np.asarray(exercise.reference(*args)) + 0.1, None)
    assert f"{exercise.name}: your curve differs from the expected one" in svg


def test_the_same_answer_gives_the_same_picture():
    assert picture_svg(find("sigmoid"), np.tanh, None) == picture_svg(find("sigmoid"), np.tanh, None)
    assert picture_svg(find("sigmoid"), np.tanh, None) != picture_svg(find("sigmoid"), np.sin, None)


@pytest.mark.parametrize(
    "answer",
    [
        lambda a: None,
        lambda a: a[:3],
        lambda a: a * np.nan,
        lambda a: 1 / 0,
        lambda a: 0.5,
        lambda a: "curve",
    ],
)
def test_an_answer_without_numbers_has_no_curve(answer):
    assert picture_svg(find("sigmoid"), answer, None) == ""


@pytest.mark.parametrize("exercise", [find("dense_forward"), find("saturated_fraction")], ids=lambda e: e.name)
def test_an_exercise_without_a_curve_has_no_picture(exercise):
    assert "<svg" not in drawn(exercise, exercise.reference)[0]


@pytest.mark.parametrize("answer", [None, lambda a: (_ for _ in ()).throw(NotImplementedError)])
def test_an_unwritten_answer_has_no_picture_and_a_friendly_message(answer):
    html, text = drawn(find("sigmoid"), answer)
    assert "<svg" not in html
    assert "is not written yet" in html
    assert "is not written yet" in text
    assert "– open" in text


def test_points_of_hidden_parts_are_announced():
    html, text = drawn(find("sigmoid"), activations.sigmoid)
    assert "judged when the work is graded" in html
    assert "1 more" in html
    assert "hidden cases (1)" in text
    html, text = drawn(find("sigmoid"), activations.sigmoid, hidden=True)
    assert "judged when the work is graded" not in html
    assert "4 of 4 points" in html
    assert "at grading" not in text


def test_the_first_wrong_entry_is_on_the_card():
    html, text = drawn(find("sigmoid"), np.tanh)
    page = Page(html)
    for told in ("got", "expected", "difference", "[0]", "-0.964027580076", "0.119202922022"):
        assert told in page.text
        assert told in text
    assert "sigmoid(array([-2., -1., 0., 1., 2.]))" in text


def test_carried_errors_and_printed_text_are_on_the_card():
    space = {"np": np}
    exec(
        "def sigmoid(a):\n    return a\n"
        "def sigmoid_derivative(a):\n    print('hi there')\n    return sigmoid(a) * sigmoid(-1 * a)\n",
        space,
    )
    html, text = drawn(find("sigmoid_derivative"), space["sigmoid_derivative"])
    for said in (html, text):
        assert "an earlier exercise costs its own points only" in said
        assert "It printed: hi there" in said


@pytest.mark.parametrize("setting", ["raise", "warn"])
@pytest.mark.parametrize("size", [1e300, 1.7e308, np.inf, 5e-324])
def test_extreme_numbers_can_be_drawn_with_all_numpy_settings(size, setting):
    def odd(a):
        return np.where(a > 0, size, -size) * np.where(a == 0, 0.0 if np.isfinite(size) else 1.0, 1.0)

    with np.errstate(all=setting):
        svg = picture_svg(find("sigmoid"), odd, None)
    assert svg == "" or Page(svg).labels["svg"][0] == "img"


def test_a_constant_and_a_zero_curve_can_be_drawn():
    curve = Curve(np.linspace(0, 1, 5), lambda f, x: f(x), "x", "y")
    flat = Exercise("flat", "lesson", np.zeros_like, [Part("it", 1, lambda rng: [Case(1.0)])], picture=curve)
    assert "lies on" in picture_svg(flat, np.zeros_like, None)
    assert "differs" in picture_svg(flat, np.ones_like, None)


def test_drawing_changes_no_setting_of_matplotlib():
    plt.switch_backend("agg")
    with mpl.rc_context({"font.size": 31, "text.usetex": False, "axes.facecolor": "red"}):
        before = mpl.rcParams.copy()
        figures = plt.get_fignums()
        svg = picture_svg(find("sigmoid"), np.tanh, None)
        assert mpl.rcParams == before
        assert plt.get_fignums() == figures
        assert "31px" not in svg
    assert picture_svg(find("sigmoid"), np.tanh, None) == svg


@pytest.mark.processes
def test_drawing_a_curve_does_not_choose_a_matplotlib_backend():
    code = (
        "import sys, matplotlib, numpy as np\n"
        "from autograder.exercises.lesson_01.sigmoid import SIGMOID\n"
        "from autograder.judging.picture import picture_svg\n"
        "before = matplotlib.rcParams._get('backend')\n"
        "assert picture_svg(SIGMOID, np.tanh, None)\n"
        "print(matplotlib.rcParams._get('backend') is before, 'matplotlib.pyplot' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment["PYTHONPATH"] = str(Path(autograder.__file__).parents[1])
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_verdict_can_be_written_as_json():
    verdict = judge("sigmoid", np.tanh, seed=0)
    assert json.loads(json.dumps(verdict.to_dict()))["diagnosis"] == "is_tanh"
