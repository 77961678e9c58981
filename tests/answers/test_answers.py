"""Every right answer earns everything, every wrong one is caught and, where it is known, named."""

import inspect
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from autograder import judge
from autograder.exercises import LESSONS
from autograder.judging.registry import find

sys.path.insert(0, str(Path(__file__).parent))
from corpus import answers, known_mistakes
from record_accuracies import SEEDS as RECORDED_SEEDS
from record_accuracies import read, trained_by

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


ANSWERS = answers()
EXERCISES = list(dict.fromkeys(answer.exercise.name for answer in ANSWERS))
RIGHT = [answer for answer in ANSWERS if answer.right]
WRONG = [answer for answer in ANSWERS if not answer.right]
MISTAKES = [(exercise, mistake) for exercise in map(find, EXERCISES) for mistake in exercise.mistakes]

each_exercise = pytest.mark.parametrize("exercise", [pytest.param(find(name), id=name) for name in EXERCISES])
each_right = pytest.mark.parametrize(
    ("exercise", "answer"), [pytest.param(a.exercise, a.function, id=f"{a.exercise.name}-{a.style}") for a in RIGHT]
)
each_wrong = pytest.mark.parametrize(
    ("exercise", "answer", "diagnosis"),
    [pytest.param(a.exercise, a.function, a.diagnosis, id=f"{a.exercise.name}-{a.style}") for a in WRONG],
)
each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake"), [pytest.param(e, m, id=f"{e.name}-{m.name}") for e, m in MISTAKES]
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Compute on one thread: two that wait for each other on a busy machine take a call past its deadline."""
    with threadpool_limits(1):
        yield


def test_every_exercise_of_the_course_has_answers():
    assert {exercise.name for lesson in LESSONS for exercise in lesson.EXERCISES} == set(EXERCISES)


def _code(function):
    """Return the lines of a function that would show how it works."""
    body = inspect.getsource(function).rpartition('"""')[2]
    return [line.strip() for line in body.splitlines() if len(line.strip()) > 12]


@each_exercise
def test_there_are_two_more_right_answers_to_an_exercise(exercise):
    functions = {answer.function for answer in RIGHT if answer.exercise is exercise}
    assert len(functions - {exercise.reference}) >= 2


@each_exercise
def test_every_known_mistake_is_made_in_another_style_too(exercise):
    made = {answer.diagnosis for answer in WRONG if answer.exercise is exercise}
    assert known_mistakes(exercise) <= made


@each_exercise
def test_every_exercise_has_visible_and_hidden_parts(exercise):
    assert {part.hidden for part in exercise.parts} == {True, False}


def verdicts(exercise, answer, seeds):
    """Judge an answer with several seeds, and as in a notebook; by recorded accuracies where that trains networks."""
    if exercise.notice:
        seeds = [seed for seed in RECORDED_SEEDS if seed in seeds]
    with trained_by(read):
        return [judge(exercise, answer, seed=seed) for seed in seeds], judge(exercise, answer, hidden=False, seed=0)


@each_right
def test_a_right_answer_earns_full_points(exercise, answer, seeds):
    graded, seen = verdicts(exercise, answer, seeds)
    for verdict in graded:
        assert verdict.passed, (verdict.seed, verdict.message, verdict.parts)
        assert (verdict.points, verdict.diagnosis) == (exercise.max_points, None)
    assert seen.points == seen.max_points == sum(p.points for p in exercise.parts if not p.hidden)


@each_wrong
def test_a_wrong_answer_is_caught_and_named(exercise, answer, diagnosis, seeds):
    graded, seen = verdicts(exercise, answer, seeds)
    for verdict in graded:
        assert not verdict.passed, verdict.seed
        assert verdict.points < exercise.max_points
        assert verdict.message.strip()
        assert not [line for line in _code(exercise.reference) if line in verdict.message]
    assert {verdict.diagnosis for verdict in graded} == {diagnosis}
    if {part.failure.kind for part in seen.parts if part.failure} == {"raised"}:
        assert seen.diagnosis in GENERAL | {diagnosis}, seen.message


@each_mistake
def test_a_known_mistake_is_named_whatever_the_inputs(exercise, mistake, seeds):
    graded, seen = verdicts(exercise, mistake.function, seeds)
    for verdict in graded:
        assert verdict.diagnosis == mistake.name, (verdict.seed, verdict.message)
        assert mistake.message in verdict.message
    assert seen.diagnosis not in {other.name for other in exercise.mistakes} - {mistake.name}, seen.message
    assert not [line for line in _code(exercise.reference) if line in mistake.message]


@pytest.mark.trains
@pytest.mark.parametrize(
    ("exercise", "style", "diagnosis"),
    [
        ("rescue_init", "He", None),
        ("rescue_init", "Xavier, uniform", "for_slope_one"),
        ("design_network", "without batch norm", None),
        ("design_network", "leaky ReLU and Xavier", "xavier_for_rectified_units"),
    ],
)
def test_a_challenge_gives_the_recorded_verdict_when_networks_are_really_trained(exercise, style, diagnosis):
    answer = next(a for a in ANSWERS if (a.exercise.name, a.style) == (exercise, style))
    verdict = judge(answer.exercise, answer.function, seed=0)
    assert (verdict.passed, verdict.diagnosis) == (diagnosis is None, diagnosis), verdict.message
