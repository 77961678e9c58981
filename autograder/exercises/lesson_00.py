"""Exercises of lesson 00: a dense layer, a loss, and how to trust their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judging.exercise import Case, Exercise, Mistake, Part
from course_lib import dense, gradients, losses

LESSON = "00_gradients_you_can_trust"
MINUTES = 90

Array = np.ndarray[Any, Any]


def _layer(rng: np.random.Generator, N: int, n_in: int, n_out: int) -> tuple[Array, Array, Array]:
    """Draw an input, weights and biases; never square, so that a forgotten transpose cannot hide."""
    return rng.normal(size=(N, n_in)), rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)


DENSE_FORWARD = Exercise(
    "dense_forward",
    lesson=LESSON,
    reference=dense.dense_forward,
    parts=[
        Part(
            "a batch through a layer",
            points=1.5,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
                    np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, 0.5]]),
                    np.array([10.0, 20.0, 30.0, 40.0]),
                    label="three examples, two inputs, four units",
                ),
                Case(*_layer(rng, 8, 5, 3), label="random numbers"),
            ],
        ),
        Part(
            "one example, one unit",
            points=0.5,
            hidden=True,
            cases=lambda rng: [
                Case(*_layer(rng, 1, 4, 3), label="one example"),
                Case(*_layer(rng, 6, 3, 1), label="one unit"),
                Case(*_layer(rng, 3, 3, 3), label="as many units as inputs and examples"),
            ],
        ),
    ],
    mistakes=[
        Mistake("bias_forgotten", lambda x, W, b: x @ W, "The bias is missing."),
        Mistake("bias_subtracted", lambda x, W, b: x @ W - b, "The bias has the wrong sign."),
        Mistake(
            "product_entry_by_entry",
            lambda x, W, b: x * W + b,
            "`*` multiplies entry by entry; a layer needs the matrix product.",
        ),
        Mistake(
            "order_swapped",
            lambda x, W, b: W @ x + b,
            "The order of the factors is swapped: here a batch is rows, and `W` is (n_in, n_out).",
        ),
        Mistake(
            "weights_transposed",
            lambda x, W, b: x @ W.T + b,
            "`W` is (n_in, n_out) in this course: no transpose is needed.",
        ),
        Mistake(
            "bias_before_the_weights",
            lambda x, W, b: (x + 1) @ W + b,
            "Something is added to the input before the product; only `b` is added, and afterwards.",
        ),
        Mistake(
            "activated",
            lambda x, W, b: np.maximum(x @ W + b, 0),
            "Negative entries became 0: the dense layer ends before the activation function.",
        ),
    ],
)

DENSE_BACKWARD = Exercise(
    "dense_backward",
    lesson=LESSON,
    reference=dense.dense_backward,
    outputs=("dx", "dW", "db"),
    parts=[
        Part(
            "all three gradients",
            points=2,
            cases=lambda rng: [_backward_case(rng, 8, 5, 3, "random upstream gradient")],
        ),
        Part(
            "summed over the batch",
            points=1,
            cases=lambda rng: [
                _backward_case(rng, 12, 2, 4, "twelve examples"),
                _backward_case(rng, 1, 3, 2, "one example"),
            ],
        ),
        Part(
            "square and narrow layers",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _backward_case(rng, 9, 4, 4, "as many units as inputs"),
                _backward_case(rng, 8, 6, 1, "one unit"),
                _backward_case(rng, 5, 5, 5, "as many units as inputs and examples"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "averaged",
            lambda delta, x, W: (delta @ W.T, x.T @ delta / len(x), delta.mean(axis=0)),
            "`dW` and `db` are averaged over the batch; in this course they are summed, "
            "because the loss already contains the 1/N.",
        ),
        Mistake(
            "bias_averaged",
            lambda delta, x, W: (delta @ W.T, x.T @ delta, delta.mean(axis=0)),
            "`db` is averaged over the batch; it must be summed, like `dW`.",
        ),
        Mistake(
            "weights_averaged",
            lambda delta, x, W: (delta @ W.T, x.T @ delta / len(x), delta.sum(axis=0)),
            "`dW` is averaged over the batch; it must be summed, like `db`.",
        ),
        Mistake(
            "weights_transposed",
            lambda delta, x, W: (delta @ W.T, delta.T @ x, delta.sum(axis=0)),
            "`dW` is transposed: a gradient has the shape of what it belongs to.",
        ),
        Mistake(
            "missing_transpose",
            lambda delta, x, W: (delta @ W, x.T @ delta, delta.sum(axis=0)),
            "`dx` lacks a transpose: delta has one column a unit, and so has `W`.",
        ),
        Mistake(
            "bias_not_summed",
            lambda delta, x, W: (delta @ W.T, x.T @ delta, delta),
            "`b` is added to every row, so its gradient collects from every row: `db` has the shape of `b`.",
        ),
        Mistake(
            "bias_summed_over_everything",
            lambda delta, x, W: (delta @ W.T, x.T @ delta, delta.sum()),
            "`db` is one number: sum over the batch only, so that each unit keeps its own.",
        ),
        Mistake(
            "bias_wrong_axis",
            lambda delta, x, W: (delta @ W.T, x.T @ delta, delta.sum(axis=1)),
            "`db` is summed along the wrong axis: over units instead of over the batch.",
        ),
        Mistake(
            "order_of_the_results",
            lambda delta, x, W: (x.T @ delta, delta @ W.T, delta.sum(axis=0)),
            "The gradients are in another order than (dx, dW, db).",
        ),
        Mistake(
            "sign",
            lambda delta, x, W: (-delta @ W.T, -x.T @ delta, -delta.sum(axis=0)),
            "All signs are flipped: these are the gradients; the minus belongs to the update.",
        ),
    ],
)


def _backward_case(rng: np.random.Generator, N: int, n_in: int, n_out: int, label: str) -> Case:
    x, W, _ = _layer(rng, N, n_in, n_out)
    return Case(rng.normal(size=(N, n_out)), x, W, label=label)


def _scores(rng: np.random.Generator, N: int, C: int, scale: float, label: str) -> Case:
    return Case(scale * rng.normal(size=(N, C)), rng.integers(0, C, size=N), label=label)


def _softmax(scores: Array) -> Array:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p: Array = e / e.sum(axis=1, keepdims=True)
    return p


def _onehot(scores: Array, labels: Array) -> Array:
    return np.eye(scores.shape[1])[labels]


def _naive_cross_entropy(scores: Array, labels: Array) -> tuple[float, Array]:
    with np.errstate(all="ignore"):
        e = np.exp(scores)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
    return float(loss), (p - _onehot(scores, labels)) / len(p)


def _global_maximum(scores: Array, labels: Array) -> tuple[float, Array]:
    with np.errstate(all="ignore"):
        e = np.exp(scores - scores.max())
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
    return float(loss), (p - _onehot(scores, labels)) / len(p)


def _padded_logarithm(scores: Array, labels: Array) -> tuple[float, Array]:
    p = _softmax(scores)
    loss = -np.mean(np.log(p[np.arange(len(p)), labels] + 1e-12))
    return float(loss), (p - _onehot(scores, labels)) / len(p)


def _right_loss(scores: Array, labels: Array) -> float:
    return losses.softmax_cross_entropy(scores, labels)[0]


def _wrong_axis(scores: Array, labels: Array) -> tuple[float, Array]:
    p = _softmax(scores.T).T
    loss = -np.mean(np.log(p[np.arange(len(p)), labels]))
    return float(loss), (p - _onehot(scores, labels)) / len(p)


SOFTMAX_CROSS_ENTROPY = Exercise(
    "softmax_cross_entropy",
    lesson=LESSON,
    reference=losses.softmax_cross_entropy,
    outputs=("loss", "dscores"),
    parts=[
        Part(
            "loss and gradient",
            points=2,
            cases=lambda rng: [
                Case(np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), np.array([1, 0]), label="two examples"),
                _scores(rng, 10, 4, 2.0, "ten examples"),
            ],
        ),
        Part(
            "finite for large scores",
            points=1,
            cases=lambda rng: [
                Case(np.array([[1e4, 0.0, -1e4], [-1e4, 1e4, 0.0]]), np.array([1, 2]), label="scores of ±10000"),
                _scores(rng, 8, 5, 3000.0, "scores in the thousands"),
            ],
        ),
        Part(
            "one example, many classes, common offsets",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _scores(rng, 1, 3, 1.0, "one example"),
                _scores(rng, 9, 30, 1.0, "more classes than examples"),
                Case(
                    rng.normal(size=(8, 4)) + rng.choice([-5000.0, 0.0, 5000.0], size=(8, 1)),
                    rng.integers(0, 4, size=8),
                    label="rows with very different offsets",
                ),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "one_maximum_for_all",
            _global_maximum,
            "One maximum is subtracted from all rows; a row far below it loses everything. Each row needs its own.",
        ),
        Mistake(
            "overflow",
            _naive_cross_entropy,
            "exp overflows for large scores. What can be subtracted from a row without changing its probabilities?",
        ),
        Mistake(
            "padded_logarithm",
            _padded_logarithm,
            "A small number inside the logarithm hides the overflow and caps the loss. "
            "Take the logarithm before the exponential is rounded away.",
        ),
        Mistake(
            "loss_summed",
            lambda s, y: (_right_loss(s, y) * len(s), (_softmax(s) - _onehot(s, y))),
            "Loss and gradient are summed over the batch; the mean is asked for.",
        ),
        Mistake(
            "gradient_summed",
            lambda s, y: (_right_loss(s, y), _softmax(s) - _onehot(s, y)),
            "The loss is a mean, so its gradient needs the 1/N as well.",
        ),
        Mistake(
            "loss_sign",
            lambda s, y: (-_right_loss(s, y), (_softmax(s) - _onehot(s, y)) / len(s)),
            "The loss has the wrong sign: it is a negative log-likelihood, at least 0.",
        ),
        Mistake(
            "gradient_sign",
            lambda s, y: (_right_loss(s, y), (_onehot(s, y) - _softmax(s)) / len(s)),
            "The gradient has the wrong sign: raising the score of the right class must lower the loss.",
        ),
        Mistake(
            "gradient_is_softmax",
            lambda s, y: (_right_loss(s, y), _softmax(s) / len(s)),
            "The gradient lacks the term of the right class: every row of it must sum to 0.",
        ),
        Mistake(
            "wrong_axis",
            _wrong_axis,
            "The softmax runs over the batch; it must run over the classes of each row.",
        ),
        Mistake(
            "base_two",
            lambda s, y: (_right_loss(s, y) / np.log(2), (_softmax(s) - _onehot(s, y)) / len(s)),
            "The loss is in bits; the natural logarithm is asked for, to which the gradient belongs.",
        ),
    ],
)


class _Function:
    """A scalar function for `numerical_gradient` that shows on a card as the formula it is."""

    def __init__(self, text: str, function: Callable[[Array], float]) -> None:
        self.text, self.function = text, function

    def __call__(self, x: Array) -> float:
        return float(self.function(x))

    def __repr__(self) -> str:
        return self.text


def _wave(rng: np.random.Generator, shape: tuple[int, ...]) -> _Function:
    """Give a smooth function with a third derivative, so that one-sided differences and other steps show."""
    c = rng.uniform(0.5, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    return _Function("f", lambda x: np.sum(c * np.exp(0.5 * np.reshape(x, shape))) + np.sum(np.asarray(x) ** 3))


_CUBES = _Function("lambda x: np.sum(x ** 3)", lambda x: np.sum(np.asarray(x, dtype=float) ** 3))


def _differences(above: float, below: float, divisor: float, dtype: Any = float) -> Callable[..., Array]:
    """Build a wrong numerical gradient: (f(x + above·h) − f(x + below·h)) / (divisor·h), undivided if that is 0."""

    def gradient(f: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
        x = np.array(x, dtype=dtype)
        out = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            centre = x[index]
            x[index] = centre + above * step
            high = f(x)
            x[index] = centre + below * step
            low = f(x)
            x[index] = centre
            out[index] = (high - low) / (divisor * step if divisor else 1)
        return out

    return gradient


def _all_at_once(f: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
    slope = (f(np.asarray(x, dtype=float) + step) - f(np.asarray(x, dtype=float) - step)) / (2 * step)
    return np.full(np.shape(x), slope)


NUMERICAL_GRADIENT = Exercise(
    "numerical_gradient",
    lesson=LESSON,
    reference=gradients.numerical_gradient,
    writable_inputs=True,
    parts=[
        Part(
            "central differences",
            points=2,
            rtol=1e-7,
            atol=1e-7,
            cases=lambda rng: [
                Case(_CUBES, np.array([1.0, -2.0, 3.0]), label="a sum of cubes"),
                Case(_wave(rng, (3, 4)), rng.normal(size=(3, 4)), label="a matrix"),
            ],
        ),
        Part(
            "uses the step it is given",
            points=1,
            rtol=1e-7,
            atol=1e-9,
            cases=lambda rng: [
                Case(_CUBES, np.array([1.0, -2.0]), step=0.1, label="a large step"),
                Case(_wave(rng, (5,)), rng.normal(size=5), 0.05, label="a step given by position"),
            ],
        ),
        Part(
            "any shape, integers, and x as it was",
            points=1,
            hidden=True,
            rtol=1e-7,
            atol=1e-7,
            cases=lambda rng: [
                Case(_wave(rng, (2, 3, 2)), rng.normal(size=(2, 3, 2)), label="three axes"),
                Case(_wave(rng, (4, 3)), rng.normal(size=(3, 4)).T, label="a transposed array"),
                Case(_CUBES, np.array(1.5), label="an array without axes"),
                Case(_CUBES, np.array([[1, -2, 3]]), label="integers"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "one_sided",
            _differences(1, 0, 1),
            "This steps to one side only; its error shrinks with h, that of central differences with h².",
        ),
        Mistake(
            "backward",
            _differences(0, -1, 1),
            "This steps back only; central differences step to both sides.",
        ),
        Mistake("step_not_doubled", _differences(1, -1, 1), "Twice too large: how far apart are the two points?"),
        Mistake("half_steps", _differences(0.5, -0.5, 1), "The two points must lie a whole `step` from x each."),
        Mistake("sign", _differences(-1, 1, 2), "The sign is flipped: which of the two values is subtracted?"),
        Mistake("not_divided", _differences(1, -1, 0), "A difference is not yet a slope."),
        Mistake(
            "step_ignored",
            lambda f, x, step=1e-5: gradients.numerical_gradient(f, x),
            "Right for the default only: the argument `step` has no effect.",
        ),
        Mistake(
            "all_at_once",
            _all_at_once,
            "All entries move at once: that gives one slope. Each entry needs its own pair of values.",
        ),
        Mistake(
            "integers_kept",
            _differences(1, -1, 2, dtype=None),
            "An integer array cannot hold a step of 1e-5: work in floating point.",
        ),
    ],
)

RELATIVE_ERROR = Exercise(
    "relative_error",
    lesson=LESSON,
    reference=gradients.relative_error,
    parts=[
        Part(
            "largest relative difference",
            points=1.5,
            cases=lambda rng: [
                Case(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 3.0]), label="one entry off"),
                Case(rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), label="random numbers"),
                Case(*_nearly(rng, (5, 2)), label="nearly equal numbers"),
            ],
        ),
        Part(
            "zeros and tiny numbers",
            points=0.5,
            hidden=True,
            cases=lambda rng: [
                Case(np.zeros(3), np.zeros(3), label="zeros on both sides"),
                Case(np.array([1e-9, 1.0]), np.array([-1e-9, 1.0]), label="tiny numbers"),
                Case(np.array([0.0, 2.0]), np.array([1.0, 2.0]), label="zero on one side"),
                Case(2.0, 2.1, label="two numbers"),
                Case(np.array([-3.0, -1.0]), np.array([-3.1, -1.0]), label="negative numbers"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "absolute",
            lambda got, want: float(np.max(np.abs(np.subtract(got, want)))),
            "This is the absolute error: a difference of 1 means little between millions.",
        ),
        Mistake(
            "by_want_only",
            lambda got, want: float(
                np.max(np.abs(np.subtract(got, want)) / np.maximum(1e-8, np.abs(np.asarray(want))))
            ),
            "Both magnitudes belong in the denominator; otherwise got and want play different roles.",
        ),
        Mistake(
            "mean",
            lambda got, want: float(
                np.mean(np.abs(np.subtract(got, want)) / np.maximum(1e-8, np.abs(got) + np.abs(want)))
            ),
            "This is the mean; one wrong entry must not drown among right ones. The largest is asked for.",
        ),
        Mistake(
            "norms",
            lambda got, want: float(
                np.linalg.norm(np.subtract(got, want))
                / max(1e-8, float(np.linalg.norm(got)) + float(np.linalg.norm(want)))
            ),
            "This compares norms of whole arrays; the exercise goes entry by entry.",
        ),
        Mistake(
            "largest_over_largest",
            lambda got, want: float(
                np.max(np.abs(np.subtract(got, want))) / max(1e-8, float(np.max(np.abs(got) + np.abs(want))))
            ),
            "The largest difference is divided by the largest magnitude; divide entry by entry, then take the maximum.",
        ),
        Mistake(
            "floor_added",
            lambda got, want: float(np.max(np.abs(np.subtract(got, want)) / (1e-8 + np.abs(got) + np.abs(want)))),
            "The 1e-8 is a floor for the denominator, not a summand.",
        ),
        Mistake(
            "signed",
            lambda got, want: float(np.max(np.subtract(got, want) / np.maximum(1e-8, np.abs(got) + np.abs(want)))),
            "Differences to the other side are lost: take absolute values before the maximum.",
        ),
        Mistake(
            "not_doubled",
            lambda got, want: float(
                np.max(np.abs(np.subtract(got, want)) / np.maximum(1e-8, np.maximum(np.abs(got), np.abs(want))))
            ),
            "The denominator is the sum of both magnitudes, not the larger one.",
        ),
    ],
)


def _nearly(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Array, Array]:
    want = rng.normal(size=shape) + np.sign(rng.normal(size=shape)) * 2
    return want * (1 + 1e-4 * rng.uniform(0.1, 1, size=shape)), want


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


GRADIENT_CHECK = Exercise(
    "gradient_check",
    lesson=LESSON,
    reference=gradients.gradient_check,
    uses=("numerical_gradient", "relative_error"),
    writable_inputs=True,
    parts=[
        Part(
            "finds what is wrong, and nothing else",
            points=2,
            cases=lambda rng: [
                _planted(rng, "all gradients right"),
                _planted(rng, "one gradient too large", "W1"),
                _planted(rng, "two gradients wrong", "b2", "W1", factor=-1.0),
            ],
        ),
        Part(
            "small errors, single entries, NaN",
            points=2,
            hidden=True,
            cases=lambda rng: [
                _planted(rng, "a small error", "b1", factor=1.0001),
                _one_entry(rng, 1.01, "one wrong entry"),
                _one_entry(rng, 1.000006, "one entry wrong by 3 in a million"),
                _one_entry(rng, float("nan"), "NaN in one entry"),
                _planted(rng, "an error within a generous tolerance", "W2", factor=1.001, tolerance=0.01),
                _planted(rng, "everything wrong", "W1", "b1", "W2", "b2", factor=2.0),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "lists_the_right_ones",
            _gradient_check_without(lambda wrong, params: sorted(set(params) - set(wrong))),
            "These are the names that pass; the wrong ones are asked for.",
        ),
        Mistake(
            "nan_passes",
            _check_with(gradients.relative_error),
            "A gradient that holds NaN is taken for right: every comparison with NaN is false. "
            "Ask whether the error is within the tolerance, and list what is not.",
        ),
        Mistake(
            "tolerance_ignored",
            lambda loss, params, grads, tolerance=1e-6: gradients.gradient_check(loss, params, grads),
            "Right for the default only: the argument `tolerance` has no effect.",
        ),
        Mistake(
            "absolute_error",
            _check_with(lambda got, want: np.max(np.abs(got - want))),
            "An absolute error is compared; `relative_error` judges small and large gradients alike.",
        ),
        Mistake(
            "first_only",
            _gradient_check_without(lambda wrong, params: wrong[:1]),
            "The search ends at the first wrong gradient: all of them are asked for.",
        ),
        Mistake(
            "not_sorted",
            _gradient_check_without(lambda wrong, params: wrong[::-1]),
            "The names are right, but not sorted.",
        ),
        Mistake("finds_nothing", lambda loss, params, grads, tolerance=1e-6: [], "Nothing is ever found wrong."),
        Mistake(
            "always_everything",
            _gradient_check_without(lambda wrong, params: sorted(params)),
            "Right gradients are listed too: is the step too coarse, or one-sided?",
        ),
    ],
)

EXERCISES = (
    DENSE_FORWARD,
    DENSE_BACKWARD,
    SOFTMAX_CROSS_ENTROPY,
    NUMERICAL_GRADIENT,
    RELATIVE_ERROR,
    GRADIENT_CHECK,
)
