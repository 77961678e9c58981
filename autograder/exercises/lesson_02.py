"""Exercises of lesson 02."""

from __future__ import annotations

from autograder.judging.exercise import Exercise

LESSON = "02_vanishing_gradients"
MINUTES = 90

EXERCISES: tuple[Exercise, ...] = ()
