import pytest

from autograder.exercises import lesson_00, lesson_01
from autograder.judging import registry
from autograder.judging.exercise import Case, Exercise, Part

PARTS = [Part("it", 1, lambda rng: [Case(1.0)])]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_exercises", dict(registry._exercises))


@pytest.mark.parametrize("lesson", [lesson_00, lesson_01])
def test_a_lesson_lists_its_exercises_in_order(lesson):
    assert registry.exercises_of(lesson.LESSON) == list(lesson.EXERCISES)


def test_an_unknown_lesson_has_none():
    assert registry.exercises_of("99_nothing") == []


def test_a_name_can_be_registered_once():
    new = Exercise("brand_new", "lesson", abs, PARTS)
    registry.register(new)
    registry.register(new)
    assert registry.find("brand_new") is new
    with pytest.raises(ValueError, match=r"^an exercise's name must be new \(got 'brand_new' a second time\)$"):
        registry.register(Exercise("brand_new", "lesson", abs, PARTS))


def test_is_exercise_recognizes_registered_names_only():
    assert registry.is_exercise("sigmoid")
    assert not registry.is_exercise("sigmoids")


def test_every_exercise_used_by_another_exists_and_comes_before_it():
    for lesson in (lesson_00, lesson_01):
        seen = []
        for exercise in lesson.EXERCISES:
            assert set(exercise.uses) <= set(seen)
            seen.append(exercise.name)


@pytest.mark.parametrize("exercise", [*lesson_00.EXERCISES, *lesson_01.EXERCISES], ids=lambda e: e.name)
def test_every_part_case_and_mistake_has_a_readable_name(exercise):
    import numpy as np

    assert exercise.name == exercise.reference.__name__
    for part in exercise.parts:
        cases = part.cases(np.random.default_rng(0))
        assert part.name
        assert cases
        assert all(case.label for case in cases)
    for mistake in exercise.mistakes:
        assert mistake.message.endswith((".", "?"))
        assert mistake.name.isidentifier()
