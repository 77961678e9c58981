"""Exercises of lesson 03: activation functions that do not saturate on both sides, and units that fall silent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.exercises.common import element_wise, quiet
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Curve, Exercise, Finding, Mistake, Part
from course_lib import activations
from course_lib import unit_activity as units
from course_lib.arrays import as_float

LESSON = "03_lu_activations"
MINUTES = 100

Array = np.ndarray[Any, Any]
Side = Callable[[Array, float], Any]

_PLACES = np.linspace(-4, 4, 161)


# What several exercises share -----------------------------------------------------------------------


def _any_shape(rng: np.random.Generator) -> list[Case]:
    """Give the promises on dtype and shape; NaN has a part of its own wherever a comparison with 0 can lose it."""
    return [case for case in element_wise(rng) if not case.warning_forgiven]


def _any_shape_and_k(rng: np.random.Generator) -> list[Case]:
    return [
        *_any_shape(rng),
        Case(rng.normal(scale=2.0, size=(3, 4)).astype(np.float32), k=0.3, label="float32 and a k of its own"),
        Case(np.array([-3, -2, 1, 4]), 0.6, label="integers and a k of its own"),
    ]


def _nan(**kwargs: float) -> Callable[[np.random.Generator], list[Case]]:
    return lambda rng: [Case(np.array([0.5, np.nan, -0.5]), **kwargs, label="NaN in, NaN out", warning_forgiven=True)]


def _both_sides(rng: np.random.Generator) -> Array:
    """Draw a batch with entries on both sides of 0, at least 0.01 away from it."""
    return rng.uniform(0.01, 4, size=(6, 3)) * np.where(np.arange(18).reshape(6, 3) % 2, 1, -1)


def _with_k(*fixed: float, low: float, high: float) -> Callable[[np.random.Generator], list[Case]]:
    """Give cases with ks that nobody has by heart, by keyword and by position."""

    def cases(rng: np.random.Generator) -> list[Case]:
        return [
            *(Case(np.array([-2.0, -1.0, 1.0, 2.0]), k=k, label=f"k = {k}") for k in fixed),
            Case(_both_sides(rng), float(rng.uniform(low, high)), label="a batch, and some k"),
        ]

    return cases


def _slope_at_zero(k: float) -> Callable[[Any, Case], Finding]:
    """Judge slopes at exactly 0, where every value between those of the two sides is right; `k` is the default."""

    def holds(result: Any, case: Case) -> Finding:
        left = float(case.kwargs.get("k", k))
        low, high = min(left, 1.0), max(left, 1.0)
        wrong = [float(s) for s in np.ravel(result) if not low - 1e-6 <= s <= high + 1e-6]
        if not wrong:
            return AS_IT_SHOULD_BE
        return Finding(0.0, f"At exactly 0 any slope from {low:g} to {high:g} is right; got {wrong[0]:.12g}.")

    return holds


def _at_zero(*ks: float) -> Callable[[np.random.Generator], list[Case]]:
    return lambda rng: [
        Case(np.zeros(3), label="exactly 0"),
        Case(0.0, label="the number 0"),
        Case(np.array([0, 0]), label="integers"),
        *(Case(np.array([[0.0], [-0.0]]), k=k, label=f"0 and −0, k = {k}") for k in ks),
    ]


def _off_the_kink(reference: Callable[..., Any]) -> Callable[[Any, Case], list[Any]]:
    """Compare mistakes where the answer is unique; what becomes of NaN counts only where all the rest is right.

    A slope on the wrong side is that mistake whatever is returned at 0 and for NaN.
    """

    def features(result: Any, case: Case) -> list[Any]:
        a = np.asarray(case.args[0])
        told = (a != 0) & ~np.isnan(a)
        want = np.asarray(reference(*case.args, **case.kwargs))[told]
        if not np.allclose(result[told].astype(np.float64), want, rtol=1e-5, atol=1e-6):
            return [result[told]]
        return [result[told], np.isnan(result[np.isnan(a)]), str(result.dtype.kind == "b")]

    return features


def _sides(left: Side, right: Side = lambda a, k: a, *, default: float = 0.0) -> Callable[..., Any]:
    """Build a wrong function of two pieces; NaN stays NaN."""

    def wrong(a: Any, k: float = default) -> Array:
        a = as_float(a)
        with np.errstate(all="ignore"):
            pieces = np.where(a > 0, right(a, k), left(a, k))
        return np.where(np.isnan(a), a, pieces)

    return wrong


def _with_zero_for_nan(reference: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, *args, **kwargs: np.where(np.isnan(a), 0, reference(a, *args, **kwargs))


def _with_default_k(reference: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, k=None: reference(a)


def _one(a: Array, k: float) -> Any:
    return np.ones_like(a)


_HIDES_NAN = (
    "Right but for NaN: every comparison with NaN is false, so NaN took the other branch and came out as a decent "
    "number. Which part of the result must see the NaN itself?"
)
_K_IGNORED = "Right for the default only: the argument `k` has no effect."
_PRODUCTS = (
    "Far to the right this is 0 times infinity, which is NaN: switching a piece off by a product does not stop it from "
    "overflowing. What may the exponential be taken of?"
)


# tanh -----------------------------------------------------------------------------------------------

TANH = Exercise(
    "tanh",
    lesson=LESSON,
    reference=activations.tanh,
    keeps_dtype=True,
    parts=[
        Part(
            "ordinary values",
            points=0.5,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
                Case(rng.normal(scale=2.0, size=(8, 3)), label="a batch of pre-activations"),
            ],
        ),
        Part(
            "finite everywhere",
            points=0.25,
            cases=lambda rng: [Case(np.array([-1000.0, -400.0, -30.0, 30.0, 400.0, 1000.0]), label="far out")],
        ),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.25, hidden=True, cases=element_wise),
    ],
    mistakes=[
        Mistake(
            "is_sigmoid",
            activations.sigmoid,
            "This curve runs from 0 to 1: it is the logistic sigmoid. The hyperbolic tangent runs from −1 to 1.",
        ),
        Mistake(
            "half_as_steep",
            lambda a: np.tanh(as_float(a) / 2),
            "The curve is too flat: its slope at 0 is 1/2 and should be 1. Which factor belongs inside?",
        ),
        Mistake("sign", lambda a: -np.tanh(as_float(a)), "The curve falls where it should rise: look at the signs."),
        Mistake(
            "is_tan",
            lambda a: np.tan(as_float(a)),
            "This is the tangent of an angle, which has poles; the hyperbolic one stays between −1 and 1.",
        ),
        Mistake(
            "overflow_on_both_sides",
            quiet(
                lambda a: (np.exp(as_float(a)) - np.exp(-as_float(a))) / (np.exp(as_float(a)) + np.exp(-as_float(a)))
            ),
            "Right on paper; far out it is infinity over infinity. Is there a function that knows how to do it?",
        ),
        Mistake(
            "overflow_on_one_side",
            quiet(lambda a: (np.exp(2 * as_float(a)) - 1) / (np.exp(2 * as_float(a)) + 1)),
            "Right on paper; far to the right it is infinity over infinity. On which side is this form safe?",
        ),
        Mistake(
            "scalar_only",
            lambda a: math.tanh(a),
            "The functions of `math` take single numbers: use NumPy's, which work on whole arrays.",
        ),
    ],
    picture=Curve(_PLACES, lambda f, x: f(x), "pre-activation a", "tanh(a)"),
)

TANH_DERIVATIVE = Exercise(
    "tanh_derivative",
    lesson=LESSON,
    reference=activations.tanh_derivative,
    uses=("tanh",),
    keeps_dtype=True,
    parts=[
        Part(
            "ordinary values",
            points=1,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
                Case(rng.normal(scale=1.5, size=(8, 3)), label="a batch of pre-activations"),
            ],
        ),
        Part(
            "finite everywhere",
            points=0.5,
            cases=lambda rng: [Case(np.array([-1000.0, -400.0, -30.0, 30.0, 400.0, 1000.0]), label="far out")],
        ),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.5, hidden=True, cases=element_wise),
    ],
    mistakes=[
        Mistake(
            "takes_the_output",
            lambda a: 1 - as_float(a) ** 2,
            "This is the slope written in terms of the output h. The argument here is the pre-activation a.",
        ),
        Mistake("tanh_itself", lambda a: np.tanh(as_float(a)), "This is the function, not its slope."),
        Mistake(
            "square_forgotten",
            lambda a: 1 - np.tanh(as_float(a)),
            "Far to the left this is 2, yet the curve is flat on both sides: something must be even in a.",
        ),
        Mistake(
            "plus",
            lambda a: 1 + np.tanh(as_float(a)) ** 2,
            "Far out this approaches 2, yet a saturated unit has no slope left. Look at the sign.",
        ),
        Mistake("sign", lambda a: np.tanh(as_float(a)) ** 2 - 1, "Negative, yet the curve rises: look at the sign."),
        Mistake(
            "sigmoid_pattern",
            lambda a: np.tanh(as_float(a)) * (1 - np.tanh(as_float(a))),
            "f·(1 − f) is the pattern of the logistic sigmoid; tanh runs from −1 to 1 and has one of its own.",
        ),
        Mistake(
            "sigmoid_slope",
            activations.sigmoid_derivative,
            "At 0 this is 1/4: it is the slope of the logistic sigmoid. That of tanh is 1 there.",
        ),
        Mistake(
            "square_inside",
            quiet(lambda a: 1 - np.tanh(as_float(a) ** 2)),
            "The square belongs to the value of tanh, not to its argument.",
        ),
        Mistake(
            "square_is_missing_on_cosh",
            quiet(lambda a: 1 / np.cosh(as_float(a))),
            "Close, and too wide: this is the square root of the slope.",
        ),
    ],
    picture=Curve(_PLACES, lambda f, x: f(x), "pre-activation a", "slope of tanh"),
)


# ReLU -----------------------------------------------------------------------------------------------

RELU = Exercise(
    "relu",
    lesson=LESSON,
    reference=activations.relu,
    keeps_dtype=True,
    parts=[
        Part(
            "both sides of 0",
            points=1,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
                Case(_both_sides(rng), label="a batch of pre-activations"),
                Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
            ],
        ),
        Part("NaN stays NaN", points=0.5, cases=_nan()),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.5, hidden=True, cases=_any_shape),
    ],
    mistakes=[
        Mistake(
            "wrong_side",
            _sides(lambda a, k: a, lambda a, k: np.zeros_like(a)),
            "The wrong side is cut: positive pre-activations pass.",
        ),
        Mistake("absolute_value", lambda a: np.abs(as_float(a)), "The left side is folded up; it should be cut off."),
        Mistake(
            "mirrored",
            _sides(lambda a, k: -a, lambda a, k: np.zeros_like(a)),
            "This is the mirror image: it passes on −a where a is negative.",
        ),
        Mistake("identity", lambda a: as_float(a) + 0, "Nothing is cut off on the left."),
        Mistake(
            "step_function",
            _sides(lambda a, k: np.zeros_like(a), _one),
            "This is 1 on the right, whatever a is: a step. A rectified unit passes a on as it is.",
        ),
        Mistake(
            "leaks", activations.leaky_relu, "Something leaks through on the left: the plain unit is exactly 0 there."
        ),
        Mistake(
            "softplus",
            lambda a: np.logaddexp(0, as_float(a)),
            "This is softplus, a smooth relative: it has no kink and is never exactly 0.",
        ),
        Mistake("clipped", lambda a: np.clip(as_float(a), 0, 1), "It stops at 1: on the right there is no ceiling."),
        Mistake(
            "largest_of_a_column",
            lambda a: np.max(as_float(a), axis=0),
            "This looks for the largest entry along an axis. Comparing entry by entry is another function of NumPy.",
        ),
        Mistake(
            "hides_nan",
            _with_zero_for_nan(activations.relu),
            _HIDES_NAN,
        ),
    ],
    mistake_features=_off_the_kink(activations.relu),
    picture=Curve(_PLACES, lambda f, x: f(x), "pre-activation a", "relu(a)"),
)

RELU_DERIVATIVE = Exercise(
    "relu_derivative",
    lesson=LESSON,
    reference=activations.relu_derivative,
    uses=("relu",),
    keeps_dtype=True,
    parts=[
        Part(
            "both sides of 0",
            points=0.75,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 1.0, 2.0]), label="small whole numbers"),
                Case(_both_sides(rng), label="a batch of pre-activations"),
                Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
            ],
        ),
        Part("at the kink", points=0.25, holds=_slope_at_zero(0.0), cases=_at_zero()),
        Part("NaN stays NaN", points=0.5, cases=_nan()),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.5, hidden=True, cases=_any_shape),
    ],
    mistakes=[
        Mistake(
            "truth_values",
            lambda a: np.asarray(a) > 0,
            "These are truth values, True and False: a slope is a number, of the dtype that a has.",
        ),
        Mistake("relu_itself", activations.relu, "This is the function, not its slope."),
        Mistake(
            "wrong_side",
            _sides(_one, lambda a, k: np.zeros_like(a)),
            "The sides are swapped: the function rises on the right.",
        ),
        Mistake(
            "slope_of_the_absolute_value",
            _sides(lambda a, k: -np.ones_like(a), _one),
            "On the left this falls; the rectified unit is flat there.",
        ),
        Mistake("one_everywhere", _sides(_one, _one), "On the left the function does not rise."),
        Mistake(
            "zero_everywhere",
            _sides(lambda a, k: np.zeros_like(a), lambda a, k: np.zeros_like(a)),
            "On the right the function rises.",
        ),
        Mistake(
            "leaks",
            activations.leaky_relu_derivative,
            "Something leaks through on the left: the plain unit has no slope there.",
        ),
        Mistake(
            "slope_of_softplus",
            activations.sigmoid,
            "This is smooth: the slope of softplus. That of a rectified unit takes two values only.",
        ),
        Mistake("hides_nan", _with_zero_for_nan(activations.relu_derivative), _HIDES_NAN),
    ],
    mistake_features=_off_the_kink(activations.relu_derivative),
    picture=Curve(_PLACES, lambda f, x: f(x), "pre-activation a", "slope of relu"),
)


# Leaky ReLU -----------------------------------------------------------------------------------------

LEAKY_RELU = Exercise(
    "leaky_relu",
    lesson=LESSON,
    reference=activations.leaky_relu,
    uses=("relu",),
    keeps_dtype=True,
    parts=[
        Part(
            "both sides of 0",
            points=0.75,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
                Case(_both_sides(rng), label="a batch of pre-activations"),
                Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
            ],
        ),
        Part("with a k of its own", points=0.5, cases=_with_k(0.2, 0.5, low=0.05, high=0.9)),
        Part("NaN stays NaN", points=0.25, cases=_nan(k=0.3)),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.5, hidden=True, cases=_any_shape_and_k),
    ],
    mistakes=[
        Mistake("k_ignored", _with_default_k(activations.leaky_relu), _K_IGNORED),
        Mistake(
            "nothing_leaks", _sides(lambda a, k: np.zeros_like(a), default=0.01), "On the left nothing leaks through."
        ),
        Mistake(
            "wrong_side",
            _sides(lambda a, k: a, lambda a, k: k * a, default=0.01),
            "The sides are swapped: it is the left one that k makes flatter.",
        ),
        Mistake(
            "constant_on_the_left",
            _sides(lambda a, k: np.full_like(a, k), default=0.01),
            "On the left this is the number k, whatever a is. k is a slope there.",
        ),
        Mistake(
            "sign",
            _sides(lambda a, k: -k * a, default=0.01),
            "On the left this goes up again: the function should rise everywhere.",
        ),
        Mistake(
            "negative_constant",
            _sides(lambda a, k: np.full_like(a, -k), default=0.01),
            "On the left this is flat, whatever a is. k is a slope there.",
        ),
        Mistake(
            "k_on_both_sides",
            _sides(lambda a, k: k * a, lambda a, k: k * a, default=0.01),
            "k flattens both sides; on the right the slope is 1.",
        ),
        Mistake("identity", _sides(lambda a, k: a, default=0.01), "The left side is as steep as the right one."),
        Mistake(
            "leak_added_on_both_sides",
            _sides(lambda a, k: k * a, lambda a, k: (1 + k) * a, default=0.01),
            "On the right the slope is a little too large: the leak is added there as well.",
        ),
        Mistake(
            "divided",
            _sides(lambda a, k: a / k, default=0.01),
            "The left side is steeper than the right one; k below 1 should make it flatter.",
        ),
        Mistake(
            "shifted",
            _sides(lambda a, k: a - k, default=0.01),
            "The left side is shifted by k; it should be scaled.",
        ),
        Mistake(
            "bends",
            _sides(lambda a, k: k * np.expm1(np.minimum(a, 0)), default=0.01),
            "The left side bends: that is the exponential unit. The leaky one is straight.",
        ),
        Mistake("hides_nan", _with_zero_for_nan(activations.leaky_relu), _HIDES_NAN),
    ],
    mistake_features=_off_the_kink(activations.leaky_relu),
    picture=Curve(_PLACES, lambda f, x: f(x, k=0.2), "pre-activation a", "leaky_relu(a, k=0.2)"),
)

LEAKY_RELU_DERIVATIVE = Exercise(
    "leaky_relu_derivative",
    lesson=LESSON,
    reference=activations.leaky_relu_derivative,
    uses=("relu_derivative", "leaky_relu"),
    keeps_dtype=True,
    parts=[
        Part(
            "both sides of 0",
            points=0.5,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 1.0, 2.0]), label="small whole numbers"),
                Case(_both_sides(rng), label="a batch of pre-activations"),
                Case(np.array([-1000.0, -1e-9, 1e-9, 1000.0]), label="near and far"),
            ],
        ),
        Part("with a k of its own", points=0.5, cases=_with_k(0.2, 0.5, low=0.05, high=0.9)),
        Part("at the kink", points=0.25, holds=_slope_at_zero(0.01), cases=_at_zero(0.3)),
        Part("NaN stays NaN", points=0.25, cases=_nan(k=0.3)),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.5, hidden=True, cases=_any_shape_and_k),
    ],
    mistakes=[
        Mistake("k_ignored", _with_default_k(activations.leaky_relu_derivative), _K_IGNORED),
        Mistake("leaky_relu_itself", activations.leaky_relu, "This is the function, not its slope."),
        Mistake(
            "nothing_leaks",
            _sides(lambda a, k: np.zeros_like(a), _one, default=0.01),
            "On the left the slope is 0: that is the plain rectified unit.",
        ),
        Mistake(
            "wrong_side",
            _sides(_one, lambda a, k: np.full_like(a, k), default=0.01),
            "The sides are swapped: it is the left one that k makes flatter.",
        ),
        Mistake(
            "left_not_differentiated",
            _sides(lambda a, k: k * a, _one, default=0.01),
            "The left piece still depends on a: it is the function there, not its slope.",
        ),
        Mistake(
            "right_not_differentiated",
            _sides(lambda a, k: np.full_like(a, k), default=0.01),
            "The right piece still depends on a: it is the function there, not its slope.",
        ),
        Mistake(
            "sign",
            _sides(lambda a, k: np.full_like(a, -k), _one, default=0.01),
            "On the left the slope is negative, yet the function rises everywhere.",
        ),
        Mistake("one_everywhere", _sides(_one, _one, default=0.01), "The left side is flatter than the right one."),
        Mistake(
            "k_everywhere",
            _sides(lambda a, k: np.full_like(a, k), lambda a, k: np.full_like(a, k), default=0.01),
            "The right side is as flat as the left one; k belongs to the left.",
        ),
        Mistake(
            "complement",
            _sides(lambda a, k: np.full_like(a, 1 - k), _one, default=0.01),
            "On the left this is 1 − k. Which number is the slope of k·a?",
        ),
        Mistake(
            "leak_added_on_both_sides",
            _sides(lambda a, k: np.full_like(a, k), lambda a, k: np.full_like(a, 1 + k), default=0.01),
            "On the right the slope is a little too large: the leak is added there as well.",
        ),
        Mistake("hides_nan", _with_zero_for_nan(activations.leaky_relu_derivative), _HIDES_NAN),
    ],
    mistake_features=_off_the_kink(activations.leaky_relu_derivative),
    picture=Curve(_PLACES, lambda f, x: f(x, k=0.2), "pre-activation a", "slope of leaky_relu, k = 0.2"),
)


# ELU ------------------------------------------------------------------------------------------------


def _expm1(a: Array, k: float) -> Any:
    return k * np.expm1(a)


ELU = Exercise(
    "elu",
    lesson=LESSON,
    reference=activations.elu,
    uses=("relu",),
    keeps_dtype=True,
    parts=[
        Part(
            "both sides of 0",
            points=1,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), label="small whole numbers"),
                Case(_both_sides(rng), label="a batch of pre-activations"),
            ],
        ),
        Part("with a k of its own", points=0.75, cases=_with_k(0.3, 1.7, low=2, high=4)),
        Part(
            "far out, without a warning",
            points=0.25,
            cases=lambda rng: [
                Case(np.array([-1000.0, -40.0, 40.0, 1000.0]), label="far out"),
                Case(np.array([[-800.0, 800.0]]), k=0.5, label="far out, k = 0.5"),
            ],
        ),
        Part(
            "accurate for tiny a",
            points=0.25,
            atol=0,
            cases=lambda rng: [
                Case(np.array([-1e-8, -3e-9, -1e-10, -1e-12, 1e-10]), label="tiny numbers"),
                Case(-(10 ** rng.uniform(-14, -6, size=5)), k=1.5, label="tiny numbers and a k of its own"),
            ],
        ),
        Part("NaN stays NaN", points=0.25, cases=_nan(k=1.6)),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.5, hidden=True, cases=_any_shape_and_k),
    ],
    mistakes=[
        Mistake("k_ignored", _with_default_k(activations.elu), _K_IGNORED),
        Mistake(
            "no_minus_one",
            _sides(lambda a, k: k * np.exp(a), default=1.0),
            "The two pieces do not meet at 0: something is missing on the left.",
        ),
        Mistake(
            "parentheses",
            _sides(lambda a, k: k * np.exp(a) - 1, default=1.0),
            "With k = 1 it is right; otherwise the pieces do not meet at 0. What does k multiply?",
        ),
        Mistake(
            "k_in_the_exponent",
            _sides(lambda a, k: np.expm1(k * a), default=1.0),
            "Far to the left this approaches −1 for every k: k stands in the wrong place.",
        ),
        Mistake(
            "k_on_both_sides",
            _sides(_expm1, lambda a, k: k * a, default=1.0),
            "k scales both sides; on the right the slope is 1.",
        ),
        Mistake(
            "wrong_side",
            _sides(lambda a, k: a, _expm1, default=1.0),
            "The sides are swapped: it is the left one that bends.",
        ),
        Mistake(
            "sign",
            _sides(lambda a, k: -k * np.expm1(a), default=1.0),
            "On the left this goes up again: the function should rise everywhere. Look at the order of the difference.",
        ),
        Mistake(
            "sign_of_the_exponent",
            _sides(lambda a, k: k * np.expm1(-a), default=1.0),
            "On the left this grows without bound: look at the sign of the exponent.",
        ),
        Mistake(
            "one_piece",
            quiet(lambda a, k=1.0: k * np.expm1(as_float(a))),
            "The exponential is used on both sides; on the right a passes as it is.",
        ),
        Mistake(
            "straight",
            _sides(lambda a, k: k * a, default=1.0),
            "The left side is straight; it should bend and level off.",
        ),
        Mistake(
            "nothing_on_the_left",
            _sides(lambda a, k: np.zeros_like(a), default=1.0),
            "On the left this is 0: that is the rectified unit.",
        ),
        Mistake(
            "masked_by_products",
            quiet(lambda a, k=1.0: (as_float(a) > 0) * as_float(a) + (as_float(a) <= 0) * k * np.expm1(as_float(a))),
            _PRODUCTS,
        ),
        Mistake("hides_nan", _with_zero_for_nan(activations.elu), _HIDES_NAN),
        Mistake(
            "cancellation",
            _sides(lambda a, k: k * (np.exp(np.minimum(a, 0)) - 1), default=1.0),
            "Right but for tiny a: there exp(a) is almost 1, and the subtraction loses the digits. NumPy has a "
            "function for just this difference. (If it warns far out, too: of which numbers is the exponential taken?)",
        ),
    ],
    mistake_features=_off_the_kink(activations.elu),
    picture=Curve(_PLACES, lambda f, x: f(x), "pre-activation a", "elu(a)"),
)

ELU_DERIVATIVE = Exercise(
    "elu_derivative",
    lesson=LESSON,
    reference=activations.elu_derivative,
    uses=("relu", "relu_derivative", "elu"),
    keeps_dtype=True,
    parts=[
        Part(
            "both sides of 0",
            points=0.75,
            cases=lambda rng: [
                Case(np.array([-2.0, -1.0, 1.0, 2.0]), label="small whole numbers"),
                Case(_both_sides(rng), label="a batch of pre-activations"),
            ],
        ),
        Part("with a k of its own", points=0.75, cases=_with_k(0.3, 1.7, low=2, high=4)),
        Part(
            "far out, without a warning",
            points=0.5,
            cases=lambda rng: [
                Case(np.array([-1000.0, -40.0, 40.0, 1000.0]), label="far out"),
                Case(np.array([[-800.0, 800.0]]), k=0.5, label="far out, k = 0.5"),
            ],
        ),
        Part("at the kink", points=0.25, holds=_slope_at_zero(1.0), cases=_at_zero(0.3, 2.5)),
        Part("NaN stays NaN", points=0.25, cases=_nan(k=1.6)),
        Part("keeps float32, accepts integers, numbers and any shape", points=0.5, hidden=True, cases=_any_shape_and_k),
    ],
    mistakes=[
        Mistake(
            "minus_k",
            _sides(lambda a, k: _expm1(a, k) - k, _one, default=1.0),
            "On the left this slope is negative, yet the function rises there. A printed formula is no proof: what do "
            "central differences of your `elu` say?",
        ),
        Mistake(
            "k_ignored",
            _with_default_k(activations.elu_derivative),
            "Right for k = 1 only: on the left the slope must be proportional to k.",
        ),
        Mistake(
            "one_in_place_of_k",
            _sides(lambda a, k: _expm1(a, k) + 1, _one, default=1.0),
            "Right for k = 1 only: far to the left the slope must vanish for every k.",
        ),
        Mistake(
            "k_not_passed_on",
            _sides(lambda a, k: np.expm1(a) + k, _one, default=1.0),
            "Right for k = 1 only: does the function you call on the left know which k is meant?",
        ),
        Mistake("elu_itself", activations.elu, "This is the function, not its slope."),
        Mistake(
            "left_not_differentiated",
            _sides(_expm1, _one, default=1.0),
            "On the left this is the function, not its slope: there it is negative, and yet it rises.",
        ),
        Mistake(
            "takes_the_output",
            _sides(lambda a, k: a + k, _one, default=1.0),
            "This is the slope written in terms of the output h. The argument here is the pre-activation a.",
        ),
        Mistake(
            "leaky_slope",
            _sides(lambda a, k: np.full_like(a, k), _one, default=1.0),
            "The left side is taken for a straight line; its slope changes with a.",
        ),
        Mistake(
            "one_piece",
            _sides(lambda a, k: k * np.exp(a), lambda a, k: k * np.exp(a), default=1.0),
            "The exponential is used on both sides; on the right the function is a straight line.",
        ),
        Mistake(
            "wrong_side",
            _sides(_one, lambda a, k: k * np.exp(a), default=1.0),
            "The sides are swapped: it is the left one that bends.",
        ),
        Mistake(
            "nothing_on_the_left",
            _sides(lambda a, k: np.zeros_like(a), _one, default=1.0),
            "On the left this is 0: that is the slope of the rectified unit.",
        ),
        Mistake(
            "sign",
            _sides(lambda a, k: -k * np.exp(a), _one, default=1.0),
            "On the left the slope is negative, yet the function rises everywhere.",
        ),
        Mistake(
            "sign_of_the_exponent",
            _sides(lambda a, k: k * np.exp(-a), _one, default=1.0),
            "Far to the left the function levels off, but this grows: look at the sign of the exponent.",
        ),
        Mistake(
            "k_on_both_sides",
            _sides(lambda a, k: k * np.exp(a), lambda a, k: np.full_like(a, k), default=1.0),
            "k scales both sides; on the right the slope is 1.",
        ),
        Mistake(
            "right_not_differentiated",
            _sides(lambda a, k: k * np.exp(a), default=1.0),
            "The right piece still depends on a: it is the function there, not its slope.",
        ),
        Mistake(
            "masked_by_products",
            quiet(lambda a, k=1.0: (as_float(a) > 0) + (as_float(a) <= 0) * k * np.exp(as_float(a))),
            _PRODUCTS,
        ),
        Mistake("hides_nan", _with_zero_for_nan(activations.elu_derivative), _HIDES_NAN),
    ],
    mistake_features=_off_the_kink(activations.elu_derivative),
    picture=Curve(_PLACES, lambda f, x: f(x), "pre-activation a", "slope of elu"),
)


# Silent units ---------------------------------------------------------------------------------------


def _rectified(rng: np.random.Generator, rows: int = 12) -> Array:
    """Draw activations of seven rectified units: one dead, one alive for a single example, one always active."""
    h = np.maximum(rng.normal(size=(rows, 7)), 0)
    h[2], h[5] = rng.uniform(0.5, 2, size=7), 0.0  # the four others are sometimes silent and sometimes not
    silent, rare, busy = rng.permutation(7)[:3]
    h[:, silent] = 0.0
    h[:, rare] = 0.0
    h[rng.integers(rows), rare] = rng.uniform(0.5, 2)
    h[:, busy] = rng.uniform(0.5, 2, size=rows)
    return h


def _signed(rng: np.random.Generator) -> Array:
    """Draw activations with negative ones among them: only the first unit is dead.

    The second is never positive, the third adds up to exactly 0, the fourth is tiny, the fifth mostly 0.
    """
    h = rng.uniform(0.5, 2, size=(10, 6)) * rng.choice([-1, 1], size=(10, 6))
    h[:, 0] = 0.0
    h[:, 1] = -np.abs(h[:, 1])
    h[4:7, 1] = 0.0
    h[:, 2] = np.tile([1.0, -1.0], 5)
    h[:, 3] = 1e-12
    h[:, 4] = 0.0
    h[rng.integers(10), 4] = -rng.uniform(0.5, 2)
    return h


DEAD_UNITS = Exercise(
    "dead_units",
    lesson=LESSON,
    reference=units.dead_units,
    parts=[
        Part(
            "rectified units",
            points=1,
            cases=lambda rng: [
                Case(np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 3.0]]), label="two examples, three units"),
                Case(_rectified(rng), label="one unit of seven is dead"),
            ],
        ),
        Part(
            "units that can be negative",
            points=0.5,
            cases=lambda rng: [Case(_signed(rng), label="one unit of six is dead")],
        ),
        Part(
            "other batches",
            points=0.5,
            hidden=True,
            cases=lambda rng: [
                Case(_rectified(rng, rows=9), label="another batch"),
                Case(_signed(rng)[:, ::-1], label="negative activations"),
                Case(np.zeros((4, 3)), label="all units dead"),
                Case(rng.uniform(0.5, 1, size=(3, 5)), label="no unit dead"),
                Case(np.array([[0.0, 1.0, -0.0, -1.0]]), label="one example"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "any_instead_of_all",
            lambda h: np.any(h == 0, axis=0),
            "A unit that is silent now and then is not dead: it must be 0 for every example.",
        ),
        Mistake(
            "wrong_axis",
            lambda h: np.all(h == 0, axis=1),
            "This gives one answer for each example. Examples are rows; one answer for each unit is asked for.",
        ),
        Mistake(
            "counted",
            lambda h: int(np.sum(np.all(h == 0, axis=0))),
            "This counts them; the exercise asks which ones, True or False for each unit.",
        ),
        Mistake(
            "share_of_units",
            lambda h: float(np.mean(np.all(h == 0, axis=0))),
            "This is their share; the exercise asks which ones, True or False for each unit.",
        ),
        Mistake(
            "everything_silent",
            lambda h: np.all(h == 0),
            "This asks whether the whole layer is silent; the question is asked of each unit.",
        ),
        Mistake(
            "alive",
            lambda h: np.any(h != 0, axis=0),
            "These are the units that are alive.",
        ),
        Mistake(
            "always_active",
            lambda h: np.all(h != 0, axis=0),
            "These are the units that are never silent.",
        ),
        Mistake(
            "never_positive",
            lambda h: np.all(h <= 0, axis=0),
            "Right for rectified units only: an activation below 0 is not silence.",
        ),
        Mistake(
            "adds_up_to_zero",
            lambda h: np.sum(h, axis=0) == 0,
            "Right for rectified units only: activations of both signs can add up to 0 without one of them being 0.",
        ),
        Mistake(
            "tolerance",
            lambda h: np.all(np.isclose(h, 0), axis=0),
            "A tiny activation is not 0: no tolerance is wanted here.",
        ),
        Mistake(
            "indices",
            lambda h: np.flatnonzero(np.all(h == 0, axis=0)),
            "These are the numbers of the dead units; True or False for each unit is asked for.",
        ),
    ],
)

SPARSITY = Exercise(
    "sparsity",
    lesson=LESSON,
    reference=units.sparsity,
    parts=[
        Part(
            "a batch of activations",
            points=0.5,
            cases=lambda rng: [
                Case(np.array([[0.0, 0.0, 1.0], [0.0, 2.0, 3.0], [0.0, -1.0, 1.0]]), label="4 of 9 entries are 0"),
                Case(_rectified(rng, rows=9), label="rectified units"),
            ],
        ),
        Part(
            "other batches",
            points=0.5,
            hidden=True,
            cases=lambda rng: [
                Case(_signed(rng)[:9, :5], label="negative and tiny activations"),
                Case(np.zeros((3, 2)), label="nothing but 0"),
                Case(rng.uniform(0.5, 1, size=(3, 5)), label="no 0 at all"),
                Case(np.array([[0.0, 1.0, -0.0, 0.5, 2.0]]), label="one example"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "share_of_others",
            lambda h: float(np.mean(h != 0)),
            "This is the share of entries that are not 0: it is 0 for a silent layer.",
        ),
        Mistake(
            "per_unit",
            lambda h: np.mean(h == 0, axis=0),
            "This gives one number for each unit; one number for the whole batch is asked for.",
        ),
        Mistake(
            "per_example",
            lambda h: np.mean(h == 0, axis=1),
            "This gives one number for each example; one number for the whole batch is asked for.",
        ),
        Mistake("counted", lambda h: int(np.sum(h == 0)), "This counts the entries; their share is asked for."),
        Mistake("in_percent", lambda h: 100 * float(np.mean(h == 0)), "This is in percent; a share lies in [0, 1]."),
        Mistake(
            "not_positive",
            lambda h: float(np.mean(h <= 0)),
            "Entries below 0 are counted too; they are not silent.",
        ),
        Mistake(
            "tolerance",
            lambda h: float(np.mean(np.isclose(h, 0))),
            "Tiny entries are counted too; only those that are exactly 0 are asked for.",
        ),
        Mistake(
            "dead_share",
            lambda h: float(np.mean(np.all(h == 0, axis=0))),
            "This is the share of dead units; a unit that is silent now and then adds to the sparsity as well.",
        ),
        Mistake(
            "over_the_examples",
            lambda h: float(np.sum(h == 0) / h.shape[0]),
            "This is the number of silent units in an example, on average. Divide by all there are.",
        ),
    ],
)

EXERCISES: tuple[Exercise, ...] = (
    TANH,
    TANH_DERIVATIVE,
    RELU,
    RELU_DERIVATIVE,
    LEAKY_RELU,
    LEAKY_RELU_DERIVATIVE,
    ELU,
    ELU_DERIVATIVE,
    DEAD_UNITS,
    SPARSITY,
)
