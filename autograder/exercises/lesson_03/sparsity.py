"""`sparsity`: the share of activations that are 0."""

import numpy as np

from autograder.exercises.lesson_03.shared import rectified, signed
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import unit_activity as units

SPARSITY = exercise(
    units.sparsity, "03_lu_activations",
    parts=[
        (0.5, "a batch of activations", lambda rng: [
            Case(np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 3.0], [0.0, -1.0, 1.0]]), label="4 of 9 entries are 0"),
            Case(rectified(rng, rows=9), label="rectified units"),
        ]),
        (0.5, "other batches", lambda rng: [
            Case(signed(rng)[:9, :5], label="negative and tiny activations"),
            Case(np.zeros((3, 2)), label="nothing but 0"),
            Case(rng.uniform(0.5, 1, size=(3, 5)), label="no 0 at all"),
            Case(np.array([[0.0, 1.0, -0.0, 0.5, 2.0]]), label="one example"),
        ], HIDDEN),
    ],
    mistakes={
        "share_of_others": (lambda h: float(np.mean(h != 0)),
            "This is the share of entries that are not 0: it is 0 for a silent layer."),
        "per_unit": (lambda h: np.mean(h == 0, axis=0),
            "This gives one number for each unit; one number for the whole batch is asked for."),
        "per_example": (lambda h: np.mean(h == 0, axis=1),
            "This gives one number for each example; one number for the whole batch is asked for."),
        "counted": (lambda h: int(np.sum(h == 0)),
            "This counts the entries; their share is asked for."),
        "in_percent": (lambda h: 100 * float(np.mean(h == 0)),
            "This is in percent; a share lies in [0, 1]."),
        "not_positive": (lambda h: float(np.mean(h <= 0)),
            "Entries below 0 are counted too; they are not silent."),
        "tolerance": (lambda h: float(np.mean(np.isclose(h, 0))),
            "Tiny entries are counted too; only those that are exactly 0 are asked for."),
        "dead_share": (lambda h: float(np.mean(np.all(h == 0, axis=0))),
            "This is the share of dead units; a unit that is silent now and then adds to the sparsity as well."),
        "over_the_examples": (lambda h: float(np.sum(h == 0) / h.shape[0]),
            "This is the number of silent units in an example, on average. Divide by all there are."),
    },
)
