"""Exercises of lesson 00: a dense layer, a loss, and how to trust their gradients."""

from autograder.judging.load_exercises import load_lesson

LESSON = "00_gradients_you_can_trust"
MINUTES = 90
EXERCISES = load_lesson(
    __name__,
    LESSON,
    MINUTES,
    order=(
        "dense_forward",
        "dense_backward",
        "softmax_cross_entropy",
        "numerical_gradient",
        "relative_error",
        "gradient_check",
    ),
)
