"""Exercises of lesson 05."""

from __future__ import annotations

from autograder.judging.exercise import Exercise

LESSON = "05_input_normalization"
MINUTES = 90

EXERCISES: tuple[Exercise, ...] = ()
