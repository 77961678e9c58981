"""`identity_parameters`: the scale and shift with which a batch comes back unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.exercises.lesson_06.shared import ATOL, RTOL, batch, inverse_std
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import batchnorm
from course_lib.batchnorm import EPS


def _case(rng: np.random.Generator, N: int, D: int, label: str, **options: Any) -> Case:
    return Case(batch(rng, N, D), label=label, **options)

IDENTITY_PARAMETERS = exercise(
    batchnorm.identity_parameters, "06_batch_normalization", outputs=("gamma", "beta"), uses=("batchnorm_forward",),
    rtol=RTOL, atol=ATOL,
    parts=[
        (1, "this batch comes back", lambda rng: [
            Case(np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]), 0.5, label="three examples, eps 0.5"),
            _case(rng, 11, 4, "random numbers, the default eps"),
        ]),
        (1, "other batches, other eps", lambda rng: [
            _case(rng, 8, 6, "a large eps", eps=float(rng.uniform(1.0, 3.0))),
            _case(rng, 9, 1, "one feature", eps=0.1),
            _case(rng, 2, 3, "two examples", eps=0.2),
        ], HIDDEN),
    ],
    mistakes={
        "eps_forgotten": (lambda x, eps=EPS: (x.std(axis=0), x.mean(axis=0)),
            "This undoes the deck's equation (1), which has no eps. The transform divides by a little more than "
            "the standard deviation."),
        "eps_outside_the_root": (lambda x, eps=EPS: (x.std(axis=0) + eps, x.mean(axis=0)),
            "eps is added to the standard deviation; what exactly does the transform divide by?"),
        "eps_ignored": (lambda x, eps=EPS: (np.sqrt(x.var(axis=0) + EPS), x.mean(axis=0)),
            "Right for the default only: the argument `eps` has no effect."),
        "normalizes_instead": (lambda x, eps=EPS: (inverse_std(x, eps), x.mean(axis=0)),
            "gamma is the factor that normalizes; the one that undoes it is asked for."),
        "normalizes_the_input": (lambda x, eps=EPS: (inverse_std(x, eps), -x.mean(axis=0) * inverse_std(x, eps)),
            "These would normalize x itself; what is asked for must bring x_hat back to x."),
        "variance": (lambda x, eps=EPS: (x.var(axis=0) + eps, x.mean(axis=0)),
            "gamma is a variance; x_hat was divided by its root."),
        "unbiased_variance": (lambda x, eps=EPS: (np.sqrt(x.var(axis=0, ddof=1) + eps), x.mean(axis=0)),
            "In training, the variance of the batch divides by N, not by N − 1."),
        "sign_of_beta": (lambda x, eps=EPS: (np.sqrt(x.var(axis=0) + eps), -x.mean(axis=0)),
            "beta has the wrong sign: the mean was taken away, now it has to come back."),
        "no_transform": (lambda x, eps=EPS: (np.ones(x.shape[1]), np.zeros(x.shape[1])),
            "With these y is x_hat, the normalized batch; x itself is asked for."),
        "wrong_axis": (lambda x, eps=EPS: (np.sqrt(x.var(axis=1) + eps), x.mean(axis=1)),
            "There is one pair for every example; one for every feature is asked for."),
        "over_everything": (lambda x, eps=EPS: (np.sqrt(x.var() + eps), x.mean()),
            "There is one pair of numbers for all features; every feature needs its own."),
    },
    words={"swapped_values": ("order_of_the_results", "The parameters are in another order than (gamma, beta).")},
)
