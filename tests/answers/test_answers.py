"""Every right answer earns everything, every wrong one is caught and, where it is known, named."""

import importlib.util
import inspect
from pathlib import Path

import pytest

from autograder import judge
from autograder.exercises import LESSONS as SPECS

SEEDS = range(10)
GENERAL = {
    None,
    "missing",
    "unfinished",
    "never_returns",
    "changes_its_input",
    "not_repeatable",
    "numpy_warning",
    "returns_none",
}


def _answers(name):
    """Load the data file beside this one; no package, so that it works from any directory."""
    spec = importlib.util.spec_from_file_location(f"answers_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LESSONS = [(spec, _answers(spec.__name__.rpartition(".")[2])) for spec in SPECS if spec.EXERCISES]
EXERCISES = [(exercise, answers) for specs, answers in LESSONS for exercise in specs.EXERCISES]
RIGHT = [(exercise, style, f) for exercise, answers in EXERCISES for style, f in answers.RIGHT[exercise.name]]
WRONG = [
    (exercise, style, f, diagnosis)
    for exercise, answers in EXERCISES
    for style, f, diagnosis in answers.WRONG[exercise.name]
]
MISTAKES = [(exercise, mistake) for exercise, _ in EXERCISES for mistake in exercise.mistakes]

each_exercise = pytest.mark.parametrize(("exercise", "answers"), [pytest.param(e, a, id=e.name) for e, a in EXERCISES])
each_right = pytest.mark.parametrize(
    ("exercise", "answer"), [pytest.param(e, f, id=f"{e.name}-{style}") for e, style, f in RIGHT]
)
each_wrong = pytest.mark.parametrize(
    ("exercise", "answer", "diagnosis"),
    [pytest.param(e, f, d, id=f"{e.name}-{style}") for e, style, f, d in WRONG],
)
each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake"), [pytest.param(e, m, id=f"{e.name}-{m.name}") for e, m in MISTAKES]
)


def _code(function):
    """Give the lines of a function that would give it away."""
    body = inspect.getsource(function).rpartition('"""')[2]
    return [line.strip() for line in body.splitlines() if len(line.strip()) > 12]


@each_exercise
def test_there_are_two_more_right_answers_to_an_exercise(exercise, answers):
    functions = {f for _, f in answers.RIGHT[exercise.name]}
    assert len(functions - {exercise.reference}) >= 2


@each_exercise
def test_every_known_mistake_is_made_in_another_style_too(exercise, answers):
    assert {mistake.name for mistake in exercise.mistakes} <= {d for _, _, d in answers.WRONG[exercise.name]}


@each_exercise
def test_every_exercise_has_visible_and_hidden_parts(exercise, answers):
    assert {part.hidden for part in exercise.parts} == {True, False}


@pytest.mark.parametrize("exercise", [pytest.param(e, id=e.name) for e, _ in EXERCISES])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_earns_full_points(exercise, seed):
    verdict = judge(exercise, exercise.reference, seed=seed)
    assert verdict.passed, verdict.message
    assert verdict.points == exercise.max_points


@each_right
def test_a_right_answer_earns_full_points(exercise, answer):
    for seed in SEEDS:
        verdict = judge(exercise, answer, seed=seed)
        assert verdict.passed, (seed, verdict.message, verdict.parts)
        assert (verdict.points, verdict.diagnosis) == (exercise.max_points, None)


@each_right
def test_a_right_answer_passes_the_visible_parts_alone(exercise, answer):
    verdict = judge(exercise, answer, hidden=False, seed=0)
    assert verdict.passed
    assert verdict.points == verdict.max_points == sum(p.points for p in exercise.parts if not p.hidden)


@each_wrong
def test_a_wrong_answer_is_caught_and_named(exercise, answer, diagnosis):
    code = _code(exercise.reference)
    for seed in SEEDS:
        verdict = judge(exercise, answer, seed=seed)
        assert not verdict.passed, seed
        assert verdict.points < exercise.max_points
        assert verdict.diagnosis == diagnosis, (seed, verdict.message)
        assert verdict.message.strip()
        assert not [line for line in code if line in verdict.message]


@each_wrong
def test_an_answer_that_only_raises_is_never_taken_for_a_mistake_it_did_not_make(exercise, answer, diagnosis):
    verdict = judge(exercise, answer, hidden=False, seed=0)
    if {part.failure.kind for part in verdict.parts if part.failure} == {"raised"}:
        assert verdict.diagnosis in GENERAL | {diagnosis}, verdict.message


@each_mistake
def test_a_known_mistake_is_named_whatever_the_inputs(exercise, mistake):
    for seed in SEEDS:
        verdict = judge(exercise, mistake.function, seed=seed)
        assert verdict.diagnosis == mistake.name, (seed, verdict.message)
        assert mistake.message in verdict.message


@each_mistake
def test_a_known_mistake_is_never_taken_for_another_in_the_notebook(exercise, mistake):
    verdict = judge(exercise, mistake.function, hidden=False, seed=0)
    assert verdict.diagnosis in GENERAL | {mistake.name}, verdict.message


@each_mistake
def test_the_text_of_a_known_mistake_does_not_hold_the_answer(exercise, mistake):
    assert not [line for line in _code(exercise.reference) if line in mistake.message]
