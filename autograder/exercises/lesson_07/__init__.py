"""Exercises of lesson 07: comparing runs honestly, and designing a deep network that learns."""

from autograder.judging.load_exercises import load_lesson

LESSON = "07_evidence"
MINUTES = 90
EXERCISES = load_lesson(
    __name__,
    LESSON,
    MINUTES,
    order=(
        "seed_summary",
        "steps_to_accuracy",
        "design_network",
    ),
)
