"""Exercises of lesson 06."""

from __future__ import annotations

from autograder.judging.exercise import Exercise

LESSON = "06_batch_normalization"
MINUTES = 90

EXERCISES: tuple[Exercise, ...] = ()
