"""Pictures on a card: each kind, drawn for right, wrong and unusual answers."""

import numpy as np
import pytest

from autograder.judging import card
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Cloud, Exercise, Finding, Histogram, Part
from autograder.judging.judge import examine
from autograder.judging.picture import picture_svg
from course_lib import initialization, normalization

X = np.random.default_rng(0).normal(size=(30, 3)) @ np.array([[2.0, 1.0, 0.0], [0.0, 0.5, 0.0], [0.3, 0.0, 1.0]])
W = np.random.default_rng(1).normal(size=(3, 8))


def product(x):
    return x @ W


def means(x):
    return x.mean(axis=0)


def layers(x):
    return [x @ W, x[:, :2] * 10]


def both(x):
    return means(x), product(x)


def exercise(reference, *args, check=None, **kwargs):
    part = Part("it", 1, lambda rng: [Case(*(args or (X,)), label="a case")], check=check)
    return Exercise(reference.__name__, "lesson", reference, [part], **kwargs)


def spread(W, tried):
    return AS_IT_SHOULD_BE if abs(np.std(W) * 10 - 1) < 0.05 else Finding(0.0, "Too wide.")


PRODUCT, MEANS, LAYERS = exercise(product), exercise(means), exercise(layers)
BOTH = exercise(both, outputs=("mean", "product"))
RANDOM = exercise(initialization.he_init, np.random.default_rng(0), 200, 30, picture=Histogram(), check=spread)
WHITE = exercise(
    normalization.pca_whitening,
    outputs=("mean", "W"),
    picture=Cloud(X, lambda whitening, X: (X - whitening(X)[0]) @ whitening(X)[1]),
)


def svg(exercise, answer):
    examination = examine(exercise, answer, seed=0)
    return picture_svg(exercise, answer, examination.evidence)


@pytest.mark.parametrize(
    ("exercise", "answer", "text"),
    [
        (PRODUCT, lambda x: x @ W + np.eye(30, 8), "differs from the expected one in 8 of 240 entries, by 1 at most"),
        (PRODUCT, lambda x: (x @ W).T, "your matrix has shape 8 × 30, the expected one 30 × 8"),
        (PRODUCT, lambda x: np.full((30, 8), np.inf), "differs from the expected one in 240 of 240 entries"),
        (MEANS, lambda x: x.sum(axis=0), "the values differ in entry 0, 1, 2"),
        (MEANS, lambda x: x.mean(axis=1), "30 entries instead of 3"),
        (LAYERS, lambda x: [x @ W, x[:, :2] * 11], "the values differ in layer 2"),
        (LAYERS, lambda x: [x @ W], "1 arrays instead of 2"),
        (LAYERS, layers, "the values agree in every layer"),
        (BOTH, lambda x: (means(x), 2 * product(x)), "differs from the expected one in 240 of 240 entries"),
        (BOTH, lambda x: (x.sum(axis=0), product(x)), "the values differ in entry 0, 1, 2"),
        (RANDOM, lambda rng, i, o, k=0.0: rng.normal(0, 0.5, size=(i, o)), "standard deviation 0.498"),
        (RANDOM, initialization.he_init, "those of a right answer"),
        (WHITE, lambda X, eps=1e-5: (X.mean(axis=0), np.eye(3)), "your cloud spreads by"),
        (WHITE, normalization.pca_whitening, "your cloud spreads by 1 and 1"),
    ],
)
def test_a_picture_has_a_text_that_describes_it(exercise, answer, text):
    drawn = svg(exercise, answer)
    assert drawn.startswith('<svg role="img" aria-label="')
    assert text in drawn
    assert "currentColor" in drawn
    assert "#010203" not in drawn


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (PRODUCT, product),  # nothing to draw: the matrix is right
        (PRODUCT, lambda x: None),
        (PRODUCT, lambda x: 1 / 0),
        (PRODUCT, lambda x: np.zeros((0, 8))),
        (PRODUCT, lambda x: 3.0),
        (MEANS, lambda x: np.zeros(10_000)),
        (LAYERS, lambda x: []),
        (LAYERS, lambda x: ["a", "b"]),
        (BOTH, lambda x: product(x)),
        (RANDOM, lambda rng, i, o, k=0.0: np.full((i, o), np.nan)),
        (WHITE, lambda X, eps=1e-5: (X, X)),
        (WHITE, lambda X, eps=1e-5: "white"),
    ],
)
def test_without_anything_to_show_there_is_no_picture(exercise, answer):
    assert svg(exercise, answer) == ""


@pytest.mark.parametrize("size", [1e300, 1.7e308, np.inf, -np.inf, np.nan, 5e-324, 0.0])
@pytest.mark.parametrize("exercise", [PRODUCT, MEANS, LAYERS, RANDOM, WHITE], ids=lambda e: e.name)
def test_extreme_numbers_are_drawn_or_left_out(exercise, size):
    def odd(*args, **kwargs):
        right = exercise.reference(*args, **kwargs)
        return (
            type(right)(np.full_like(entry, size) for entry in right)
            if isinstance(right, tuple | list)
            else (np.full_like(right, size))
        )

    drawn = svg(exercise, odd)
    assert drawn == "" or drawn.endswith("</svg>\n")


@pytest.mark.parametrize("shape", [(500, 700), (1, 1), (1, 900)])
def test_a_card_stays_small_for_large_answers(shape):
    big = exercise(lambda x: np.ones(shape), X)
    examination = examine(big, lambda x: np.random.default_rng(0).normal(size=shape), seed=0)
    html = card.as_html(big, examination.verdict, lambda x: 0, examination.evidence)
    assert len(html.encode()) < 60_000


def test_a_hidden_case_is_never_drawn():
    part = Part("hidden", 1, lambda rng: [Case(X, label="a case")], hidden=True)
    examination = examine(Exercise("product", "lesson", product, [part]), lambda x: 2 * product(x), seed=0)
    assert not examination.verdict.passed
    assert examination.evidence is None
