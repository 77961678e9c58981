import types

import numpy as np
import pytest

from autograder import judge
from autograder.exercises import lesson_00, lesson_01
from autograder.judging import calls
from autograder.judging.exercise import Case, Exercise, Mistake, Part
from autograder.judging.registry import find
from course_lib import activations, gradients

ALL = [*lesson_00.EXERCISES, *lesson_01.EXERCISES]


def recorded(seen):
    """Return an exercise that appends its random inputs to `seen`."""

    def cases(rng):
        seen.append(rng.normal(size=3).tolist())
        return [Case(np.array(seen[-1]))]

    return Exercise("same", "lesson", lambda x: x, [Part("open", 1, cases), Part("more", 1, cases, hidden=True)])


def test_the_same_seed_draws_the_same_inputs_and_another_seed_others():
    draws = {}
    for seed in (1, 1, 2):
        seen = []
        judge(recorded(seen), lambda x: x, seed=seed)
        assert draws.setdefault(seed, seen) == seen
    assert not any(one == other for one in draws[1] for other in draws[2])


def test_each_part_draws_inputs_of_its_own():
    seen = []
    judge(recorded(seen), lambda x: x, seed=0)
    assert seen[0] != seen[1]


def test_visible_inputs_do_not_depend_on_whether_hidden_ones_are_judged():
    one, other = [], []
    judge(recorded(one), lambda x: x, seed=3, hidden=True)
    judge(recorded(other), lambda x: x, seed=3, hidden=False)
    assert other == one[:1]


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)
def test_the_same_seed_gives_the_same_verdict(exercise):
    for mistake in exercise.mistakes[:3]:
        assert judge(exercise, mistake.function, seed=11) == judge(exercise, mistake.function, seed=11)


def test_without_a_seed_inputs_are_fresh_and_the_seed_is_reported():
    one, other = (judge("sigmoid", activations.sigmoid) for _ in range(2))
    assert one.seed != other.seed
    assert one.passed
    assert other.passed


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match=r"^seed must be an integer of at least 0 \(got -1\)$"):
        judge("sigmoid", activations.sigmoid, seed=-1)


def test_an_exercise_may_be_given_by_name_or_as_an_object():
    assert judge("sigmoid", np.tanh, seed=1) == judge(find("sigmoid"), np.tanh, seed=1)


@pytest.mark.parametrize(
    ("name", "near"), [("sigmod", "sigmoid"), ("dense_foward", "dense_forward"), ("zzz", "train_neuron")]
)
def test_an_unknown_exercise_names_the_nearest(name, near):
    text = rf"^exercise must be one of the course's, such as .*{near}.* \(got '{name}'\)$"
    with pytest.raises(ValueError, match=text):
        judge(name, activations.sigmoid)


def test_a_verdict_has_exercise_lesson_and_seed():
    verdict = judge("sigmoid", activations.sigmoid, seed=4)
    assert (verdict.exercise, verdict.lesson, verdict.seed) == ("sigmoid", "01_sigmoid_saturation", 4)


def doubled(*mistakes, parts=None):
    cases = [Part("numbers", 1, lambda rng: [Case(rng.uniform(1, 2, size=4))])]
    return Exercise("doubled", "lesson", lambda x: 2 * x, parts or cases, mistakes)


def test_the_first_mistake_that_fits_is_the_diagnosis():
    exercise = doubled(
        Mistake("other", lambda x: x + 3, "Not this."),
        Mistake("once", lambda x: 1 * x, "Once is not enough."),
        Mistake("as_it_was", lambda x: x, "Nothing happened."),
    )
    verdict = judge(exercise, lambda x: x / 1, seed=0)
    assert verdict.diagnosis == "once"
    assert "Once is not enough." in verdict.message


def test_a_mistake_must_fit_every_case():
    parts = [Part("both signs", 1, lambda rng: [Case(np.array([1.0])), Case(np.array([-1.0]))])]
    exercise = doubled(Mistake("as_it_was", lambda x: x, "Nothing happened."), parts=parts)
    assert judge(exercise, lambda x: x, seed=0).diagnosis == "as_it_was"
    assert judge(exercise, np.abs, seed=0).diagnosis is None


def test_a_mistake_is_recognized_with_any_dtype():
    parts = [Part("integers", 1, lambda rng: [Case(np.array([1, 2, 3])), Case(np.array([1.0, 2.5]))])]
    mistake = Mistake("as_it_was", lambda x: x, "Nothing happened.")
    exercise = Exercise("doubled", "lesson", lambda x: 2.0 * x, parts, [mistake], keeps_dtype=True)
    assert judge(exercise, lambda x: 1.0 * x, seed=0).diagnosis == "as_it_was"


def test_exceptions_of_the_same_type_with_different_texts_are_different_mistakes():
    exercise = doubled(Mistake("length", lambda x: 2 * len(3), "`len` wants a sequence."))
    assert judge(exercise, lambda x, y: 2 * x, seed=0).diagnosis is None


def test_an_exception_with_the_same_text_is_the_same_mistake():
    exercise = doubled(Mistake("length", lambda x: 2 * len(3), "`len` wants a sequence."))
    assert judge(exercise, lambda x: len(7) + x, seed=0).diagnosis == "length"


def test_mistakes_of_one_name_are_refused():
    with pytest.raises(ValueError, match="mistakes of doubled must have different names"):
        doubled(Mistake("a", abs, ""), Mistake("a", abs, ""))


@pytest.mark.parametrize("parts", [[], [Part("free", 0, lambda rng: [])], [Part("fee", -1, lambda rng: [])]])
def test_an_exercise_without_points_is_refused(parts):
    with pytest.raises(ValueError, match="doubled must have at least one part, each with points above 0"):
        Exercise("doubled", "lesson", lambda x: x, parts)


# Errors carried forward ---------------------------------------------------------------------------

WRONG_SIGMOID = "def sigmoid(a):\n    return 1 / (1 + np.exp(np.clip(a, -50, 50)))\n"
RIGHT_SIGMOID = "from course_lib.activations import sigmoid\n"
SLOPE = "def sigmoid_derivative(a):\n    return sigmoid(a) * sigmoid(-np.asarray(a))\n"


def namespace(*cells):
    space = {"np": np}
    for cell in cells:
        exec(cell, space)
    return space


def test_a_wrong_sigmoid_costs_its_own_points_only():
    space = namespace(WRONG_SIGMOID, SLOPE)
    assert judge("sigmoid", space["sigmoid"], seed=0).points == 0
    verdict = judge("sigmoid_derivative", space["sigmoid_derivative"], seed=0)
    assert (verdict.points, verdict.passed, verdict.judged_with) == (4.0, True, ("sigmoid",))
    assert verdict.diagnosis is None


def test_the_students_own_function_is_not_changed():
    space = namespace(WRONG_SIGMOID, SLOPE)
    own = space["sigmoid"]
    judge("sigmoid_derivative", space["sigmoid_derivative"], seed=0)
    assert space["sigmoid"] is own
    assert space["sigmoid_derivative"].__globals__ is space


def test_an_unfinished_sigmoid_does_not_stop_its_slope():
    space = namespace("def sigmoid(a):\n    raise NotImplementedError\n", SLOPE)
    verdict = judge("sigmoid_derivative", space["sigmoid_derivative"], seed=0)
    assert (verdict.points, verdict.judged_with) == (4.0, ("sigmoid",))


def test_a_wrong_slope_of_a_right_sigmoid_earns_nothing():
    space = namespace(RIGHT_SIGMOID, "def sigmoid_derivative(a):\n    return sigmoid(a) ** 2\n")
    verdict = judge("sigmoid_derivative", space["sigmoid_derivative"], seed=0)
    assert (verdict.points, verdict.diagnosis, verdict.judged_with) == (0.0, "squared", ())


def test_the_better_verdict_counts_if_the_reference_helps_in_part():
    textbook = "def sigmoid_derivative(a):\n    return sigmoid(a) * (1 - sigmoid(a))\n"
    space = namespace("def sigmoid(a):\n    return np.tanh(a)\n", textbook)
    verdict = judge("sigmoid_derivative", space["sigmoid_derivative"], seed=0)
    assert (verdict.diagnosis, verdict.judged_with) == ("textbook", ("sigmoid",))
    assert 0 < verdict.points < verdict.max_points


def test_a_slope_made_right_by_a_wrong_sigmoid_is_right():
    space = namespace(
        "from course_lib.activations import sigmoid as s\ndef sigmoid(a):\n    return s(-np.asarray(a))\n",
        SLOPE,
    )
    verdict = judge("sigmoid_derivative", space["sigmoid_derivative"], seed=0)
    assert (verdict.passed, verdict.judged_with) == (True, ())


def test_a_right_answer_is_judged_without_references():
    space = namespace(RIGHT_SIGMOID, SLOPE)
    assert judge("sigmoid_derivative", space["sigmoid_derivative"], seed=0).judged_with == ()


def test_only_the_references_that_were_used_are_named():
    space = namespace(
        "def numerical_gradient(f, x, step=1e-5):\n    return np.zeros(x.shape)\n",
        "def gradient_check(loss, params, grads, tolerance=1e-6):\n"
        "    bad = []\n"
        "    for name in sorted(params):\n"
        "        n = numerical_gradient(lambda p: loss({**params, name: p}), params[name])\n"
        "        g = grads[name]\n"
        "        if not np.max(abs(g - n) / np.maximum(1e-8, abs(g) + abs(n))) <= tolerance:\n"
        "            bad.append(name)\n"
        "    return bad\n",
    )
    verdict = judge("gradient_check", space["gradient_check"], seed=0)
    assert verdict.passed, verdict.message
    assert verdict.judged_with == ("numerical_gradient",)


def test_defaults_and_keywords_survive_the_second_judging():
    def fraction(a, tolerance=0.0125, *, scale=1.0):
        return np.mean(sigmoid_derivative(a * scale) < tolerance, axis=0)  # noqa: F821

    space = namespace("def sigmoid_derivative(a):\n    return a\n")
    answer = types.FunctionType(fraction.__code__, space, "saturated_fraction", fraction.__defaults__)
    answer.__kwdefaults__ = {"scale": 1.0}
    verdict = judge("saturated_fraction", answer, seed=0)
    assert verdict.passed
    assert "sigmoid_derivative" in verdict.judged_with


def test_an_exercise_without_earlier_ones_uses_no_reference():
    assert judge("numerical_gradient", gradients.numerical_gradient, seed=0).judged_with == ()


def test_a_part_that_is_not_finished_costs_no_other_part():
    def half_finished(a):
        a = np.asarray(a)
        if a.dtype == np.float64 and a.size and np.nanmax(np.abs(a)) > 20:
            raise NotImplementedError
        return activations.sigmoid(a)

    verdict = judge("sigmoid", half_finished, seed=0)
    assert [part.points for part in verdict.parts] == [2.0, 0.0, 1.0]
    assert verdict.diagnosis == "unfinished"


def test_a_call_that_never_ends_costs_no_other_part(monkeypatch):
    monkeypatch.setattr(calls, "DEADLINE_SECONDS", 0.2)

    def hangs_far_out(a):
        a = np.asarray(a)
        while a.dtype == np.float64 and a.size and np.nanmax(np.abs(a)) > 20:
            pass
        return activations.sigmoid(a)

    verdict = judge("sigmoid", hangs_far_out, seed=0)
    assert [part.points for part in verdict.parts] == [2.0, 0.0, 1.0]
    assert verdict.diagnosis == "never_returns"
