"""Grade all attacks of `attacks/` and check what each gained, and that the class and the host are unharmed."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hostile.arena import Arena
from hostile.attack import HONEST, SECRET_OF_THE_HOST, WORDS_OF_THE_HONEST, Attack, Submission
from hostile.attacks import ATTACKS, CLASS_OF
from hostile.classes import CLASSES
from support import LESSON

REFERENCE = ("e = np.exp(-np.abs(a))", "np.where(a >= 0, 1, e)", "keeps its relative accuracy")
LARGEST_PAGE = 40 << 20  # characters


@pytest.fixture(scope="session", params=CLASSES)
def arena(request: pytest.FixtureRequest, arena_of: Callable[[str], Arena]) -> Arena:
    return arena_of(request.param)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing(arena_of: Callable[[str], Arena], name: str) -> None:
    arena = arena_of(CLASS_OF[name])
    for submission in arena.submissions[name]:
        check_what_was_shown(arena, arena.attacks[name], submission.student)
        if arena.attacks[name].fails:
            check_that_it_failed(arena, submission.student)
        else:
            check_points(arena, arena.attacks[name], submission)


def check_what_was_shown(arena: Arena, attack: Attack, student: str) -> None:
    shown = arena.shown[student]
    assert attack.says in shown, student
    assert not attack.silent or attack.silent not in shown, student
    assert attack.page in arena.pages.get(student, ""), student


def check_that_it_failed(arena: Arena, student: str) -> None:
    assert arena.students[student]["status"] == "failed", arena.students[student]
    assert not any(arena.marks.get(student, {}).values()), student
    assert not arena.folder("autograded", student).exists(), student
    assert not arena.folder("feedback", student).exists(), student


def check_points(arena: Arena, attack: Attack, submission: Submission) -> None:
    student = submission.student
    entry, marks = arena.students[student], arena.marks[student]
    assert entry["status"] == "graded", (student, entry)
    for exercise, points in submission.points.items():
        assert entry["exercises"][exercise]["points"] == points, (student, entry["exercises"][exercise])
        assert marks[f"test_{exercise}"] == points, student
    assert not marks.get("written_saturation"), student
    assert attack.own is None or marks["test_own"] == attack.own, (student, marks)


def test_every_class_has_attacks() -> None:
    assert set(CLASS_OF.values()) == set(CLASSES)


def test_every_submission_has_a_result_and_the_honest_student_gets_full_marks(arena: Arena) -> None:
    assert set(arena.students) == arena.expected_students()
    assert "Traceback" not in arena.output, arena.output
    honest = arena.students[HONEST]
    assert honest["status"] == "graded", honest
    points = {name: honest["exercises"][name]["points"] for name in arena.settings.honest_points}
    assert points == arena.settings.honest_points
    assert honest["points"] == sum(points.values())


def test_only_the_cells_of_the_lesson_are_marked(arena: Arena) -> None:
    lesson = arena.students[HONEST]
    for student, entry in arena.students.items():
        if entry["status"] == "graded":
            assert set(entry["exercises"]) == set(lesson["exercises"]), student
            assert set(entry["written"]) == set(lesson["written"]), student
            assert entry["max_points"] == lesson["max_points"], student
    if arena.settings.lesson is None:
        assert arena.grade_cells == {"test_sigmoid": 4.0, "test_own": 1.0, "written_saturation": 2.0}
        assert (set(lesson["exercises"]), set(lesson["written"])) == ({"sigmoid", "test_own"}, {"written_saturation"})
        assert lesson["max_points"] == 5.0


def test_the_gradebook_holds_the_class_and_nothing_else(arena: Arena) -> None:
    assert arena.assignments == [LESSON]
    assert arena.students_in_gradebook <= arena.expected_students()
    assert arena.marks.keys() <= arena.expected_students()


def test_grading_writes_its_own_files_and_changes_no_other(arena: Arena) -> None:
    root, before, after = arena.course.root, arena.before, arena.after
    made = (root / "autograded", root / "feedback", root / ".autograder", root / "gradebook.db")
    new = [path for path in after if before.get(path) != after[path]]
    strange = [path for path in new if not any(path.is_relative_to(place) for place in made)]
    assert [path for path in strange if not path.name.startswith("gradebook.db-")] == [root / "out.json"]
    assert not before.keys() - after.keys()
    assert [path for path in after if path.suffix == ".tmp"] == []
    for step in ("autograded", "feedback"):
        assert set(os.listdir(root / step)) <= arena.expected_students()


def test_no_attacker_is_shown_a_secret(arena: Arena) -> None:
    secrets = (arena.seed, SECRET_OF_THE_HOST, *REFERENCE, WORDS_OF_THE_HONEST)
    for student in arena.students.keys() - {HONEST}:
        texts = arena.shown[student], arena.pages.get(student, "")
        assert [secret for secret in secrets if any(secret in text for text in texts)] == [], student


def test_no_attacker_is_shown_a_path_of_the_course(arena: Arena) -> None:
    for student in arena.students.keys() - {HONEST}:
        assert str(arena.course.root) not in arena.shown[student], student


def test_a_feedback_page_stays_small(arena: Arena) -> None:
    for student, page in arena.pages.items():
        assert len(page) < LARGEST_PAGE, student


def test_no_process_and_no_temporary_file_is_left(arena: Arena) -> None:
    assert arena.still_running == []
    assert arena.left_in_tmp == []
