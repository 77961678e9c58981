"""Exercises of lesson 03."""

from __future__ import annotations

from autograder.judging.exercise import Exercise

LESSON = "03_lu_activations"
MINUTES = 90

EXERCISES: tuple[Exercise, ...] = ()
