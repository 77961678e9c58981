"""Exercises of lesson 04."""

from __future__ import annotations

from autograder.judging.exercise import Exercise

LESSON = "04_weight_initialization"
MINUTES = 90

EXERCISES: tuple[Exercise, ...] = ()
