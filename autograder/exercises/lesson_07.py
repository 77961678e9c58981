"""Exercises of lesson 07."""

from __future__ import annotations

from autograder.judging.exercise import Exercise

LESSON = "07_evidence"
MINUTES = 90

EXERCISES: tuple[Exercise, ...] = ()
