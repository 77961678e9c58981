"""General diagnoses: an answer for each, and answers without any."""

import numpy as np
import pytest

from autograder import judge
from autograder.exercises.random_draws import element_wise
from autograder.judging.exercise import Case, Exercise, Part


def affine(x):
    """Return the right answer: no symmetry, no zero, N ≠ D."""
    return x[:, :3] * np.array([2.0, -1.0, 0.5]) + np.arange(1.0, 4.0)


def square(x):
    return np.exp(0.3 * x[:4, :4]) + np.arange(16).reshape(4, 4)


def column_means(x):
    return np.exp(x).mean(axis=0)


def two(x):
    return x.sum(axis=0), x[:, :2] ** 2 + 1


def layers(x):
    return [x + 1, x[:, :2] * 3]


def cases(rng):
    return [Case(rng.normal(size=(n, 5)), label=f"{n} rows") for n in (8, 12, 9)]


def exercise(reference, **kwargs):
    parts = [Part("shown", 2, cases), Part("hidden", 1, cases, hidden=True)]
    return Exercise(reference.__name__, "lesson", reference, parts, **kwargs)


def positive(x):
    return x > 0.1


AFFINE, SQUARE, MEANS = exercise(affine), exercise(square), exercise(column_means)
POSITIVE = exercise(positive)
TWO, LAYERS = exercise(two, outputs=("total", "parts")), exercise(layers)


def only_printed(x):
    print(affine(x))


def filled_to_the_third_row(x):
    out = np.zeros((len(x), 3))
    out[:3] = affine(x)[:3]
    return out


@pytest.mark.parametrize(
    ("exercise", "answer", "name"),
    [
        (AFFINE, lambda x: affine(x).T, "transposed"),
        (SQUARE, lambda x: square(x).T, "transposed"),
        (AFFINE, lambda x: len(x) * affine(x), "factor_n"),
        (AFFINE, lambda x: affine(x) / len(x), "factor_one_over_n"),
        (AFFINE, lambda x: affine(x) + affine(x), "factor_2"),
        (AFFINE, lambda x: 0.5 * affine(x), "factor_one_half"),
        (AFFINE, lambda x: -affine(x), "factor_minus_one"),
        (AFFINE, lambda x: affine(x) * np.sqrt(len(x)), "factor_sqrt_n"),
        (AFFINE, lambda x: affine(x) / len(x) ** 0.5, "factor_one_over_sqrt_n"),
        (AFFINE, lambda x: affine(x) * 2**0.5, "factor_sqrt_2"),
        (AFFINE, lambda x: affine(x) / 2**0.5, "factor_one_over_sqrt_2"),
        (AFFINE, lambda x: 7.25 * affine(x), "constant_factor"),
        (AFFINE, lambda x: affine(x) + 0.3, "added_constant"),
        (AFFINE, lambda x: np.flipud(affine(x)), "rows_reversed"),
        (MEANS, lambda x: np.exp(x).sum(axis=0), "factor_n"),
        (AFFINE, lambda x: affine(x) * x.shape[1], "summed_not_averaged"),
        (AFFINE, lambda x: affine(x) / x.shape[1], "averaged_not_summed"),
        (MEANS, lambda x: np.exp(x).mean(axis=0, keepdims=True), "axis_kept"),
        (MEANS, lambda x: np.exp(x).mean(axis=0)[:, np.newaxis], "axis_kept"),
        (MEANS, lambda x: column_means(x) ** 2, "square_root_missing"),
        (MEANS, lambda x: column_means(x) ** 0.5, "one_square_root_too_many"),
        (POSITIVE, lambda x: (x > 0.1).T, "transposed"),
        (AFFINE, filled_to_the_third_row, "zero_in_part"),
        (AFFINE, lambda x: affine(x.astype(np.float32)).astype(np.float32), "float32_rounding"),
        (AFFINE, lambda x: None, "returns_none"),
        (AFFINE, only_printed, "prints_instead_of_returning"),
        (AFFINE, lambda x: affine(x).tolist(), "returns_list"),
        (AFFINE, lambda x: [list(row) for row in affine(x)], "returns_list"),
        (TWO, lambda x: two(x)[0], "forgets_a_value"),
        (TWO, lambda x: two(x)[1:], "forgets_a_value"),
        (TWO, lambda x: two(x)[::-1], "swapped_values"),
        (TWO, lambda x: (two(x)[0] / len(x), two(x)[1]), "factor_one_over_n"),
        (LAYERS, lambda x: [2 * h for h in layers(x)], "factor_2"),
        (LAYERS, lambda x: tuple(h.T for h in layers(x)), "transposed"),
    ],
)
def test_a_general_mistake_is_diagnosed_with_every_seed(exercise, answer, name):
    for seed in range(5):
        verdict = judge(exercise, answer, seed=seed)
        assert (verdict.diagnosis, verdict.passed) == (name, False)
        assert len(verdict.message) > len("Not right yet: “shown”, “hidden”. ")


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (AFFINE, affine),
        (AFFINE, lambda x: affine(x) * (1 + 1e-12)),
    ],
)
def test_a_right_answer_has_no_diagnosis(exercise, answer):
    assert judge(exercise, answer).diagnosis is None


def doubled_for_many_rows(x):
    return affine(x) * (2 if len(x) > 10 else 1)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (AFFINE, doubled_for_many_rows),  # right in some cases: no constant factor
        (AFFINE, lambda x: affine(x) * np.array([1.0, 2.0, 3.0])),
        (AFFINE, lambda x: affine(x) ** 3),
        (AFFINE, lambda x: np.zeros((len(x), 3))),
        (AFFINE, lambda x: np.full((len(x), 3), np.nan)),
        (TWO, lambda x: (two(x)[0] / len(x), two(x)[1] ** 3)),
        (TWO, lambda x: 1 / 0),
        (POSITIVE, lambda x: x < 0.1),
        (AFFINE, lambda x: affine(x) + 1e-4 * affine(x) ** 2),
    ],
)
def test_a_mistake_that_explains_only_some_cases_is_not_diagnosed(exercise, answer):
    for seed in range(3):
        assert judge(exercise, answer, seed=seed).diagnosis is None


def test_the_wrong_output_is_named_in_the_diagnosis():
    assert "`total`: Every entry is N times too small" in judge(TWO, lambda x: (x.mean(axis=0), two(x)[1])).message


def test_a_factor_is_shown_for_visible_cases_only():
    seen = judge(AFFINE, lambda x: 7.25 * affine(x))
    hidden_only = Exercise("affine", "lesson", affine, [Part("hidden", 1, cases, hidden=True)])
    assert "one constant factor, 7.25," in seen.message
    assert "7.25" not in judge(hidden_only, lambda x: 7.25 * affine(x)).message


def cube(a):
    a = np.asarray(a)
    return (a if a.dtype.kind == "f" else a.astype(float)) ** 3 + 1


CUBE = Exercise("cube", "lesson", cube, [Part("all", 1, element_wise), Part("more", 1, cases)], keeps_dtype=True)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda a: np.where(np.asarray(a) > 0, cube(a), 5).astype(cube(a).dtype), None),  # NaN is wrong, too
        (lambda a: np.where(np.isnan(a) | (np.asarray(a) > 0), cube(a), -cube(a)), "right_for_positive_only"),
        (lambda a: np.abs(cube(a)), "right_for_positive_only"),
        (lambda a: 2 * cube(a), "factor_2"),
        (lambda a: np.where(np.isnan(a) | (np.asarray(a) < 0), cube(a), 4 * cube(a)), None),
    ],
)
def test_an_element_wise_function_is_diagnosed_by_the_sign_of_its_input(answer, name):
    for seed in range(5):
        assert judge(CUBE, answer, seed=seed).diagnosis == name


def test_values_are_not_diagnosed_if_many_answers_are_right():
    from autograder.judging.exercise import Finding

    free = Part("it", 1, cases, check=lambda got, tried: Finding(0.0, "No."))
    verdict = judge(Exercise("affine", "lesson", affine, [free]), lambda x: 2 * affine(x))
    assert verdict.diagnosis is None
    assert judge(Exercise("affine", "lesson", affine, [free]), lambda x: None).diagnosis == "returns_none"


def missing_where_negative(x):
    """Compute a reference that may return None."""
    return None if x.mean() < 0 else x + 1


def cases_of_both_signs(rng):
    return [Case(sign * rng.uniform(1, 2, size=(8, 5)), label=f"{sign}") for sign in (1, -1, 1)]


NONE_IS_LEGAL = Exercise(
    "missing_where_negative",
    "lesson",
    missing_where_negative,
    [Part("shown", 2, cases_of_both_signs), Part("hidden", 1, cases_of_both_signs, hidden=True)],
)


def returns_nothing_for_nine_rows(x):
    return None if len(x) == 9 else 2 * affine(x)


def prints_and_returns_something_else(x):
    print(affine(x))
    return None if len(x) == 9 else 2 * affine(x)


@pytest.mark.parametrize("answer", [returns_nothing_for_nine_rows, prints_and_returns_something_else])
def test_a_return_is_missing_only_where_every_failing_case_returned_none(answer):
    for seed in range(3):
        verdict = judge(AFFINE, answer, seed=seed)
        assert verdict.diagnosis is None, "the factor does not explain the None either"
        assert "`return`" not in verdict.message


def test_a_branch_without_return_is_named_where_all_other_cases_are_right():
    for seed in range(3):
        verdict = judge(AFFINE, lambda x: None if len(x) == 9 else affine(x), seed=seed)
        assert verdict.diagnosis == "returns_none"


def test_no_return_is_missing_where_none_is_a_legal_result():
    for seed in range(3):
        verdict = judge(NONE_IS_LEGAL, lambda x: None, seed=seed)
        assert not verdict.passed
        assert verdict.diagnosis is None
        assert "`return`" not in verdict.message
    assert judge(NONE_IS_LEGAL, missing_where_negative).passed


def test_an_exercise_whose_result_may_be_none_does_not_ask_for_a_return():
    assert judge("steps_to_accuracy", lambda accuracies, threshold: None, seed=3).diagnosis is None
