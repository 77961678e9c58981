"""Exercises with many right answers: properties, fractions of points, features, and results other than arrays."""

import numpy as np
import pytest

from autograder import judge
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Exercise, Finding, Mistake, Part


def weights(rng, n_in, n_out):
    return rng.normal(size=(n_in, n_out))


def spread_is_one(W, tried):
    spread = float(np.std(W))
    return AS_IT_SHOULD_BE if abs(spread - 1) < 0.05 else Finding(0.0, f"The spread must be 1; got {spread:.2f}.")


def one_case(*args, **kwargs):
    return lambda rng: [Case(*args, label="a case", **kwargs)]


def random_weights(check=spread_is_one, hidden=False, **kwargs):
    cases = lambda rng: [Case(np.random.default_rng(rng.integers(2**32)), 60, 90, label="60 to 90")]  # noqa: E731
    return Exercise("weights", "lesson", weights, [Part("spread", 4, cases, check=check, hidden=hidden)], **kwargs)


def test_any_answer_with_the_property_is_right():
    def uniform(rng, n_in, n_out):
        return np.sqrt(3) * rng.uniform(-1, 1, size=(n_out, n_in)).T

    assert judge(random_weights(), uniform).points == 4.0


def test_the_message_for_an_answer_without_the_property_says_what_was_expected():
    verdict = judge(random_weights(), lambda rng, n_in, n_out: 2 * rng.normal(size=(n_in, n_out)), seed=0)
    assert verdict.points == 0.0
    assert "The spread must be 1; got 2.0" in verdict.message


def test_a_hidden_property_shows_no_number():
    verdict = judge(random_weights(hidden=True), lambda rng, n_in, n_out: 2 * rng.normal(size=(n_in, n_out)))
    assert "2.0" not in str(verdict.to_dict())
    assert verdict.parts[0].failure.message == "What it returns has a wrong value."


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda rng, n_in, n_out: None, "type"),
        (lambda rng, n_in, n_out: rng.normal(size=(n_out, n_in)), "shape"),
        (lambda rng, n_in, n_out: np.full((n_in, n_out), np.nan), "value"),
        (lambda rng, n_in, n_out: np.random.default_rng().normal(size=(n_in, n_out)), "not repeatable"),
    ],
)
def test_form_and_finiteness_come_before_the_property(answer, kind):
    assert judge(random_weights(), answer).parts[0].failure.kind == kind


def test_a_part_earns_the_smallest_fraction_of_its_cases():
    def check(value, tried):
        fraction = tried.case.context["fraction"]
        return Finding(fraction, "Not all of it.") if fraction < 1 else AS_IT_SHOULD_BE

    def cases(rng):
        return [Case(label=str(part), context={"fraction": part}) for part in (1.0, 0.25, 0.75)]

    exercise = Exercise("constant", "lesson", lambda: 1.0, [Part("it", 4, cases, check=check)])
    verdict = judge(exercise, lambda: 2.0)
    assert (verdict.points, verdict.passed) == (1.0, False)
    assert verdict.parts[0].failure.case == "0.25"


@pytest.mark.parametrize("fraction", [-0.1, 1.5, float("nan")])
def test_a_fraction_outside_0_to_1_is_refused(fraction):
    with pytest.raises(ValueError, match=r"^fraction must lie in \[0, 1\]"):
        Finding(fraction, "no")


def test_a_property_sees_the_results_of_earlier_cases():
    def check(value, tried):
        repeated = [case.label for case, earlier in tried.earlier if earlier == value]
        return Finding(0.0, f"The same as for {repeated[0]}.") if repeated else AS_IT_SHOULD_BE

    def cases(rng):
        return [Case(float(n), label=str(n)) for n in range(3)]

    exercise = Exercise("identity", "lesson", lambda x: x, [Part("it", 1, cases, check=check)])
    assert judge(exercise, lambda x: x + 1).passed
    assert "The same as for 0." in judge(exercise, lambda x: 7.0).message
    assert judge(exercise, lambda x: x + 2).passed, "nothing is left from the answer before"


def test_a_fraction_below_1_needs_a_message():
    with pytest.raises(ValueError, match="must have a message"):
        Finding(0.5)


def test_a_mistake_with_other_draws_is_named_by_its_features():
    exercise = random_weights(
        mistake_features=lambda W, case: np.std(W),
        mistake_rtol=0.05,
        mistakes=[
            Mistake("twice", lambda rng, n_in, n_out: 2 * weights(rng, n_in, n_out), "Too wide."),
            Mistake("half", lambda rng, n_in, n_out: weights(rng, n_in, n_out) / 2, "Too narrow."),
        ],
    )
    for seed in range(20):
        answer = lambda rng, n_in, n_out: 0.5 * rng.normal(size=(n_out, n_in)).T  # noqa: E731
        assert judge(exercise, answer, seed=seed).diagnosis == "half"
        assert judge(exercise, lambda rng, n_in, n_out: 3 * weights(rng, n_in, n_out), seed=seed).diagnosis is None


def test_an_answer_of_another_shape_is_not_recognized_by_features():
    exercise = random_weights(
        mistake_features=lambda W, case: np.std(W),
        mistake_rtol=0.05,
        mistakes=[Mistake("twice", lambda rng, n_in, n_out: 2 * weights(rng, n_in, n_out), "Too wide.")],
    )
    assert judge(exercise, lambda rng, n_in, n_out: 2 * rng.normal(size=(n_out, n_in))).diagnosis is None


def test_features_that_raise_give_no_diagnosis():
    exercise = random_weights(
        mistake_features=lambda W, case: W["no such key"],
        mistakes=[Mistake("twice", lambda rng, n_in, n_out: 2 * weights(rng, n_in, n_out), "Too wide.")],
    )
    assert judge(exercise, lambda rng, n_in, n_out: 3 * weights(rng, n_in, n_out)).diagnosis is None


def first_at_least(values, threshold):
    return next((n for n, value in enumerate(values) if value >= threshold), None)


FIRST = Exercise(
    "first",
    "lesson",
    first_at_least,
    [Part("found", 1, one_case([0.1, 0.5], 0.3)), Part("not found", 1, one_case([0.1, 0.5], 0.9))],
)


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        (first_at_least, 2.0),
        (lambda values, threshold: np.int64(1) if threshold < 0.5 else None, 2.0),
        (lambda values, threshold: 1, 1.0),
        (lambda values, threshold: None, 1.0),
        (lambda values, threshold: first_at_least(values, threshold) is not None, 0.0),
    ],
)
def test_a_number_or_none_is_compared(answer, points):
    assert judge(FIRST, answer).points == points


def test_the_message_says_that_none_is_expected():
    assert "must be None here; got 1" in judge(FIRST, lambda values, threshold: 1).message


def layers(x):
    return [x, 2 * x[:, :1]]


LAYERS = Exercise("layers", "lesson", layers, [Part("it", 1, one_case(np.arange(6.0).reshape(2, 3)))])


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda x: x, "must be a list of 2 arrays, first layer first; got an array of shape (2, 3)"),
        (lambda x: [x], "must be a list of 2 arrays, first layer first; got 1."),
        (lambda x: layers(x)[::-1], "Layer 1 of the result must be an array of shape (2, 3); got shape (2, 1)."),
        (lambda x: [x, 2.5 * x[:, :1]], "Layer 2 of the result: 1 of 2 entries are wrong, the first at [1, 0]."),
    ],
)
def test_a_list_of_layers_is_compared_layer_by_layer(answer, text):
    assert text in judge(LAYERS, answer).message


def test_a_tuple_of_layers_is_accepted():
    assert judge(LAYERS, lambda x: tuple(layers(x))).passed


def test_booleans_are_required_if_the_reference_returns_them():
    exercise = Exercise("silent", "lesson", lambda h: h == 0, [Part("it", 1, one_case(np.array([0.0, 1.0])))])
    assert judge(exercise, lambda h: ~(h != 0)).passed
    assert "must hold True and False; got dtype float64" in judge(exercise, lambda h: (h == 0) * 1.0).message


DESIGN = {"activation": "relu", "rate": 0.1}


def test_a_dict_must_have_the_keys_and_the_property():
    def check(design, tried):
        return AS_IT_SHOULD_BE if design["rate"] > 0 else Finding(0.0, "The rate must be above 0.")

    exercise = Exercise("design", "lesson", lambda: DESIGN, [Part("it", 1, one_case(), check=check)])
    assert judge(exercise, lambda: {"rate": 5, "activation": "tanh"}).passed
    assert "The rate must be above 0." in judge(exercise, lambda: {"rate": -1.0, "activation": 3}).message
    assert "must return a dict with the keys activation, rate; got the keys rate" in (
        judge(exercise, lambda: {"rate": 1}).message
    )
    assert "got list" in judge(exercise, list).message or "length 0" in judge(exercise, list).message


def test_a_dict_without_a_property_is_compared_value_by_value():
    exercise = Exercise("design", "lesson", lambda: DESIGN, [Part("it", 1, one_case())])
    assert judge(exercise, lambda: dict(DESIGN)).passed
    assert "`rate` has a wrong value" in judge(exercise, lambda: {**DESIGN, "rate": 0.2}).message


def test_slow_judging_shows_a_notice_first(capsys):
    from autograder import check
    from autograder.judging import registry

    slow = Exercise("slow_one", "lesson", lambda: 1.0, [Part("it", 1, one_case())], notice="Training, five seconds …")
    registry.register(slow)
    try:

        def slow_one():
            return 1.0

        check(slow_one)
    finally:
        del registry._exercises["slow_one"]
    assert capsys.readouterr().out.startswith("Training, five seconds …\nslow_one is right")
