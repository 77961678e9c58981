"""Exercises of lesson 05: standardizing, whitening, conditioning, and what they are worth to gradient descent."""

from autograder.judging.load_exercises import load_lesson

LESSON = "05_input_normalization"
MINUTES = 100
EXERCISES = load_lesson(__name__, LESSON, MINUTES, order=(
    "fit_standardizer", "standardize", "pca_whitening", "zca_whitening", "condition_number", "gradient_descent_steps",
))
