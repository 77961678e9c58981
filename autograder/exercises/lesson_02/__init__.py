"""Exercises of lesson 02: a signal's way through a deep network and back, and what is left of it on arrival."""

from autograder.judging.load_exercises import load_lesson

LESSON = "02_vanishing_gradients"
MINUTES = 90
EXERCISES = load_lesson(
    __name__,
    LESSON,
    MINUTES,
    order=(
        "forward_pass",
        "delta_step",
        "backward_pass",
        "weight_gradients",
        "rms_by_layer",
        "predicted_gain",
        "gradient_bound",
    ),
)
