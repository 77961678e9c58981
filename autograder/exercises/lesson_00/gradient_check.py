"""Exercise `gradient_check`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.lesson_00.shared import Array
from autograder.judging.exercise import Case
from autograder.judging.table import HIDDEN, exercise
from course_lib import gradients


class _Loss:
    """Squared error of a small tanh network: smooth, so that only a wrong gradient disagrees."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.x, self.y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))

    def __call__(self, params: dict[str, Array]) -> float:
        h = np.tanh(self.x @ params["W1"] + params["b1"])
        return float(np.mean((h @ params["W2"] + params["b2"] - self.y) ** 2))

    def gradients(self, params: dict[str, Array]) -> dict[str, Array]:
        """Differentiate by hand."""
        h = np.tanh(self.x @ params["W1"] + params["b1"])
        delta = 2 * (h @ params["W2"] + params["b2"] - self.y) / self.y.size
        inner = (delta @ params["W2"].T) * (1 - h**2)
        return {
            "W1": self.x.T @ inner,
            "b1": inner.sum(axis=0),
            "W2": h.T @ delta,
            "b2": delta.sum(axis=0),
        }

    def __repr__(self) -> str:
        return "loss"


def _network(rng: np.random.Generator) -> tuple[_Loss, dict[str, Array], dict[str, Array]]:
    """Draw networks until every gradient entry exceeds 1e-3: below that, rounding alone reaches 1e-6.

    About one draw in ten does not pass.
    """
    while True:
        loss = _Loss(rng)
        shapes = {"W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}
        params = {name: rng.normal(scale=0.7, size=shape) for name, shape in shapes.items()}
        grads = loss.gradients(params)
        if min(float(np.min(np.abs(grad))) for grad in grads.values()) > 1e-3:
            return loss, params, grads


def _planted(rng: np.random.Generator, label: str, *names: str, factor: float = 1.5, **kwargs: Any) -> Case:
    """Make a case whose gradients `names` are wrong."""
    loss, params, grads = _network(rng)
    grads = {name: grad * factor if name in names else grad for name, grad in grads.items()}
    return Case(loss, params, grads, label=label, **kwargs)


def _one_entry(rng: np.random.Generator, factor: float, label: str) -> Case:
    """Make a case in which only the smallest entry of a gradient is wrong.

    It is drawn below 0.1, so that an error of 3 in a million is small in absolute terms, large in relative ones.
    """
    while True:
        loss, params, grads = _network(rng)
        smallest = np.argmin(np.abs(grads["W1"]))
        if abs(grads["W1"].flat[smallest]) < 0.1:
            grads["W1"].flat[smallest] *= factor
            return Case(loss, params, grads, label=label)


def _check_with(error: Callable[[Array, Array], Any], *, step: float = 1e-5) -> Callable[..., list[str]]:
    """Build a wrong `gradient_check` that holds another number, `error`, against the tolerance."""

    def run(loss: Any, params: dict[str, Array], grads: dict[str, Array], tolerance: float = 1e-6) -> list[str]:
        wrong = []
        for name in sorted(params):
            numerical = gradients.numerical_gradient(lambda p, name=name: loss({**params, name: p}), params[name], step)
            if error(grads[name], numerical) > tolerance:
                wrong.append(name)
        return wrong

    return run


def _gradient_check_without(
    change: Callable[[list[str], dict[str, Array]], list[str]],
) -> Callable[..., list[str]]:
    def run(loss: Any, params: dict[str, Array], grads: dict[str, Array], tolerance: float = 1e-6) -> list[str]:
        return change(gradients.gradient_check(loss, params, grads, tolerance), params)

    return run

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
            _planted(rng, "everything wrong", "W1", "b1", "W2", "b2", factor=2.0),
        ], HIDDEN),
    ],
    mistakes={
        "lists_the_right_ones": (_gradient_check_without(lambda wrong, params: sorted(set(params) - set(wrong))),
            "These are the names that pass; the wrong ones are asked for."),
        "nan_passes": (_check_with(gradients.relative_error),
            "A gradient that holds NaN is taken for right: every comparison with NaN is false. Ask whether the "
            "error is within the tolerance, and list what is not."),
        "tolerance_ignored": (lambda loss, params, grads, tolerance=1e-6: gradients.gradient_check(loss, params, grads),
            "Right for the default only: the argument `tolerance` has no effect."),
        "absolute_error": (_check_with(lambda got, want: np.max(np.abs(got - want))),
            "An absolute error is compared; `relative_error` judges small and large gradients alike."),
        "first_only": (_gradient_check_without(lambda wrong, params: wrong[:1]),
            "The search ends at the first wrong gradient: all of them are asked for."),
        "not_sorted": (_gradient_check_without(lambda wrong, params: wrong[::-1]),
            "The names are right, but not sorted."),
        "finds_nothing": (lambda loss, params, grads, tolerance=1e-6: [],
            "Nothing is ever found wrong."),
        "always_everything": (_gradient_check_without(lambda wrong, params: sorted(params)),
            "Right gradients are listed too: is the step too coarse, or one-sided?"),
    },
)
