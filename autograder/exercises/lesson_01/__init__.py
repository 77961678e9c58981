"""Exercises of lesson 01: the sigmoid, its slope, and what saturation does to learning."""

from autograder.judging.load_exercises import load_lesson

LESSON = "01_sigmoid_saturation"
MINUTES = 80
EXERCISES = load_lesson(
    __name__,
    LESSON,
    MINUTES,
    order=(
        "sigmoid",
        "sigmoid_derivative",
        "saturation_threshold",
        "linearity_error",
        "train_neuron",
        "saturated_fraction",
    ),
)
