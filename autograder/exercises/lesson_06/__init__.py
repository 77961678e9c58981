"""Exercises of lesson 06: batch normalization, its gradient, and what replaces the batch at test time."""

from autograder.judging.load_exercises import load_lesson

LESSON = "06_batch_normalization"
MINUTES = 105
EXERCISES = load_lesson(__name__, LESSON, MINUTES, order=(
    "batchnorm_forward", "identity_parameters", "batchnorm_backward", "update_running_statistics",
    "batchnorm_inference", "fold_batchnorm",
))
