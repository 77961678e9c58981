"""`gradient_check`: hand-written gradients beside numerical ones."""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.probes import Probe, tanh_network_error
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import gradients
from course_lib.arrays import Array

Arrays = dict[str, Array]
_SHAPES = {"W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}


def _gradients(params: Arrays, x: Array, y: Array) -> Arrays:
    """Return the right gradients of `tanh_network_error`, computed from their formulas."""
    h = np.tanh(x @ params["W1"] + params["b1"])
    delta = 2 * (h @ params["W2"] + params["b2"] - y) / y.size
    inner = (delta @ params["W2"].T) * (1 - h**2)
    return {"W1": x.T @ inner, "b1": inner.sum(axis=0), "W2": h.T @ delta, "b2": delta.sum(axis=0)}


def _network(rng: np.random.Generator) -> tuple[Probe, Arrays, Arrays]:
    """Draw a loss, its parameters and their right gradients until every gradient entry exceeds 1e-3 in size.

    Below that, rounding alone causes relative errors of 1e-6. About one draw in ten does not pass.
    """
    while True:
        loss = Probe("loss", (rng.normal(size=(10, 3)), rng.normal(size=(10, 2))), tanh_network_error)
        params: Arrays = {name: rng.normal(scale=0.7, size=shape) for name, shape in _SHAPES.items()}
        grads = _gradients(params, *loss.parameters)
        if min(float(np.min(np.abs(grad))) for grad in grads.values()) > 1e-3:
            return loss, params, grads


def _planted(rng: np.random.Generator, label: str, *names: str, factor: float = 1.5, **kwargs: Any) -> Case:
    """Draw a case whose gradients `names` are wrong: the right ones times `factor`."""
    loss, params, grads = _network(rng)
    return Case(loss, params, {n: g * factor if n in names else g for n, g in grads.items()}, label=label, **kwargs)


def _one_entry(rng: np.random.Generator, factor: float, label: str) -> Case:
    """Draw a case in which only the smallest entry of the gradient of W1 is wrong: the right one times `factor`.

    The entry is below 0.1. So an error of 3 in a million is small in absolute terms and large in relative ones.
    """
    while True:
        loss, params, grads = _network(rng)
        smallest = np.argmin(np.abs(grads["W1"]))
        if abs(grads["W1"].flat[smallest]) < 0.1:
            grads["W1"].flat[smallest] *= factor
            return Case(loss, params, grads, label=label)


def _by(error: Callable[[Array, Array], Any]) -> Callable[..., list[str]]:
    """Build a wrong answer: it lists the names whose `error(gradient, numerical gradient)` is above the tolerance."""

    def run(loss: Any, params: Arrays, grads: Arrays, tolerance: float = 1e-6) -> list[str]:
        wrong = []
        for name in sorted(params):
            numerical = gradients.numerical_gradient(lambda p, name=name: loss({**params, name: p}), params[name])
            if error(grads[name], numerical) > tolerance:
                wrong.append(name)
        return wrong

    return run


def _changed(change: Callable[[list[str], Arrays], list[str]]) -> Callable[..., list[str]]:
    """Build a wrong answer: `change(names, params)`.

    `names` is the correct result, the names of the wrong gradients.
    """
    return lambda loss, params, grads, tolerance=1e-6: change(
        gradients.gradient_check(loss, params, grads, tolerance), params
    )

GRADIENT_CHECK = exercise(
    gradients.gradient_check, "00_gradients_you_can_trust", uses=("numerical_gradient", "relative_error"),
    writable_inputs=True,
    parts=[
        (2, "finds what is wrong, and nothing else", lambda rng: [
            _planted(rng, "all gradients right"),
            _planted(rng, "one gradient too large", "W1"),
            _planted(rng, "two gradients wrong", "b2", "W1", factor=-1.0),
        ]),
        (2, "small errors, single entries, NaN", lambda rng: [
            _planted(rng, "a small error", "b1", factor=1.0001),
            _one_entry(rng, 1.01, "one wrong entry"),
            _one_entry(rng, 1.000006, "one entry wrong by 3 in a million"),
            _one_entry(rng, float("nan"), "NaN in one entry"),
            _planted(rng, "an error within a generous tolerance", "W2", factor=1.001, tolerance=0.01),
            _planted(rng, "everything wrong", *_SHAPES, factor=2.0),
        ], HIDDEN),
    ],
    mistakes={
        "lists_the_right_ones": (_changed(lambda wrong, params: sorted(set(params) - set(wrong))),
            "These are the names that pass; the wrong ones are asked for."),
        "nan_passes": (_by(gradients.relative_error),
            "A gradient that holds NaN is taken for right: every comparison with NaN is false. Ask whether the error "
            "is within the tolerance, and list what is not."),
        "tolerance_ignored": (lambda loss, params, grads, tolerance=1e-6: gradients.gradient_check(loss, params, grads),
            "Right for the default only: the argument `tolerance` has no effect."),
        "absolute_error": (_by(lambda got, want: np.max(np.abs(got - want))),
            "An absolute error is compared; `relative_error` judges small and large gradients alike."),
        "first_only": (_changed(lambda wrong, params: wrong[:1]),
            "The search ends at the first wrong gradient: all of them are asked for."),
        "not_sorted": (_changed(lambda wrong, params: wrong[::-1]),
            "The names are right, but not sorted."),
        "finds_nothing": (lambda loss, params, grads, tolerance=1e-6: [],
            "Nothing is ever found wrong."),
        "always_everything": (_changed(lambda wrong, params: sorted(params)),
            "Right gradients are listed too: is the step too coarse, or one-sided?"),
    },
)
