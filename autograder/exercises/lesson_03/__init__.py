"""Exercises of lesson 03: activation functions that do not saturate on both sides, and units that fall silent."""

from autograder.judging.load_exercises import load_lesson

LESSON = "03_lu_activations"
MINUTES = 100
EXERCISES = load_lesson(
    __name__,
    LESSON,
    MINUTES,
    order=(
        "tanh",
        "relu",
        "leaky_relu",
        "elu",
        "tanh_derivative",
        "relu_derivative",
        "leaky_relu_derivative",
        "elu_derivative",
        "dead_units",
        "sparsity",
    ),
)
