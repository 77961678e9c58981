"""The course's exercises, one file a lesson; importing this package makes them known to the judge."""

from autograder.exercises import (
    lesson_00,
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_07,
)
from autograder.judging.registry import register_lesson

LESSONS = (lesson_00, lesson_01, lesson_02, lesson_03, lesson_04, lesson_05, lesson_06, lesson_07)

for lesson in LESSONS:
    register_lesson(lesson.LESSON, lesson.MINUTES, lesson.EXERCISES)
