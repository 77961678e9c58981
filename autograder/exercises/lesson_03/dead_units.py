"""`dead_units`: which units are 0 for all examples."""

import numpy as np

from autograder.exercises.lesson_03.shared import rectified, signed
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import unit_activity as units

DEAD_UNITS = exercise(
    units.dead_units, "03_lu_activations",
    parts=[
        (1, "rectified units", lambda rng: [
            Case(np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 3.0]]), label="two examples, three units"),
            Case(rectified(rng), label="one unit of seven is dead"),
        ]),
        (0.5, "units that can be negative", lambda rng: [Case(signed(rng), label="one unit of six is dead")]),
        (0.5, "other batches", lambda rng: [
            Case(rectified(rng, rows=9), label="another batch"),
            Case(signed(rng)[:, ::-1], label="negative activations"),
            Case(np.zeros((4, 3)), label="all units dead"),
            Case(rng.uniform(0.5, 1, size=(3, 5)), label="no unit dead"),
            Case(np.array([[0.0, 1.0, -0.0, -1.0]]), label="one example"),
        ], HIDDEN),
    ],
    mistakes={
        "any_instead_of_all": (lambda h: np.any(h == 0, axis=0),
            "A unit that is silent now and then is not dead: it must be 0 for every example."),
        "wrong_axis": (lambda h: np.all(h == 0, axis=1),
            "This gives one answer for each example. Examples are rows; one answer for each unit is asked for."),
        "counted": (lambda h: int(np.sum(np.all(h == 0, axis=0))),
            "This counts them; the exercise asks which ones, True or False for each unit."),
        "share_of_units": (lambda h: float(np.mean(np.all(h == 0, axis=0))),
            "This is their share; the exercise asks which ones, True or False for each unit."),
        "everything_silent": (lambda h: np.all(h == 0),
            "This asks whether the whole layer is silent; the question is asked of each unit."),
        "alive": (lambda h: np.any(h != 0, axis=0),
            "These are the units that are alive."),
        "always_active": (lambda h: np.all(h != 0, axis=0),
            "These are the units that are never silent."),
        "never_positive": (lambda h: np.all(h <= 0, axis=0),
            "Right for rectified units only: an activation below 0 is not silence."),
        "adds_up_to_zero": (lambda h: np.sum(h, axis=0) == 0,
            "Right for rectified units only: activations of both signs can add up to 0 without one of them being 0."),
        "tolerance": (lambda h: np.all(np.isclose(h, 0), axis=0),
            "A tiny activation is not 0: no tolerance is wanted here."),
        "indices": (lambda h: np.flatnonzero(np.all(h == 0, axis=0)),
            "These are the numbers of the dead units; True or False for each unit is asked for."),
    },
)
