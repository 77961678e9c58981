"""Exercises of lesson 04: what initial weights must be so that a signal gets through."""

from autograder.judging.load_exercises import load_lesson

LESSON = "04_weight_initialization"
MINUTES = 100
EXERCISES = load_lesson(
    __name__,
    LESSON,
    MINUTES,
    order=(
        "distinct_units",
        "normal_init",
        "forward_variances",
        "backward_variances",
        "xavier_init",
        "he_init",
        "init_gain",
        "rescue_init",
    ),
)
