"""Exercises of lesson 05: standardizing, whitening, conditioning, and what they are worth to gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.exercises.common import quiet
from autograder.judging.exercise import AS_IT_SHOULD_BE, Case, Cloud, Exercise, Finding, Mistake, Part
from course_lib import normalization

LESSON = "05_input_normalization"
MINUTES = 100

Array = np.ndarray[Any, Any]


def _columns(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Draw features with another centre and spread each; no spread is below 0.2, no two are alike."""
    centres = rng.uniform(2, 9, size=columns) * rng.choice([-1, 1], size=columns)
    spreads = np.geomspace(0.4, 6, columns) * rng.uniform(0.8, 1.25, size=columns)
    z = rng.normal(size=(rows, columns))
    return centres + spreads * (z - z.mean(axis=0)) / z.std(axis=0)


def _with_columns(X: Array, values: dict[int, float]) -> Array:
    X = X.copy()
    for column, value in values.items():
        X[:, column] = value
    return X


def _with_a_tiny_feature(rng: np.random.Generator, X: Array) -> Array:
    """Give the last feature a spread near 3e-11, and a centre of that size: small, but no rounding."""
    return np.column_stack([X[:, :-1], 1e-11 * _columns(rng, len(X), 1) * 7])


# fit_standardizer ---------------------------------------------------------------------------------


def _constant(X: Array) -> Array:
    return X.max(axis=0) == X.min(axis=0)


def _fit_with(
    spread: Callable[[Array], Array],
    centre: Callable[[Array], Array] = lambda X: X.mean(axis=0),
) -> Callable[[Array], Any]:
    """Build a wrong `fit_standardizer` that treats constant features as it should."""
    return lambda X: (centre(X), np.where(_constant(X), 1, quiet(spread)(X)))


def _fitted(result: Any, case: Case) -> Any:
    """Give mean and spread, where spreads too small to be real are told apart by kind: rounding, tiny, an ε."""
    mean, std = result
    kinds = np.select([np.abs(std) < 1e-14, np.abs(std) < 1e-9, np.abs(std) < 1e-2], [-1.0, -2.0, -3.0], std)
    return [mean if np.shape(mean) == (case.args[0].shape[1],) else np.shape(mean), kinds]


FIT_STANDARDIZER = Exercise(
    "fit_standardizer",
    lesson=LESSON,
    reference=normalization.fit_standardizer,
    outputs=("mean", "std"),
    mistake_features=_fitted,
    mistake_rtol=1e-4,
    parts=[
        Part(
            "mean and standard deviation of every feature",
            points=1.5,
            rtol=1e-6,
            atol=1e-15,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0], [6.0, 60.0]]),
                    label="four rows, two features",
                ),
                Case(_columns(rng, 9, 4), label="features of different sizes"),
            ],
        ),
        Part(
            "a constant feature",
            points=0.5,
            rtol=1e-6,
            atol=1e-15,
            cases=lambda rng: [
                Case(_with_columns(_columns(rng, 8, 4), {1: 0.0, 2: 4.0}), label="two features that never change")
            ],
        ),
        Part(
            "constant but for rounding; tiny but not constant; a single row",
            points=1,
            hidden=True,
            rtol=1e-6,
            atol=1e-15,
            cases=lambda rng: [
                Case(
                    _with_columns(_columns(rng, 10, 5), {0: 0.3, 2: 0.6, 3: 4.7}),
                    label="constant features whose computed spread is not exactly 0",
                ),
                Case(_with_a_tiny_feature(rng, _columns(rng, 9, 3)), label="a feature of tiny but real spread"),
                Case(_columns(rng, 8, 3)[:1], label="a single row"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "per_example",
            lambda X: (X.mean(axis=1), np.where(X.max(axis=1) == X.min(axis=1), 1, X.std(axis=1))),
            "One mean for each example: the batch runs along the rows. Which axis must go, so that one number is left "
            "for each feature?",
        ),
        Mistake(
            "over_everything",
            lambda X: (X.mean(), X.std()),
            "One mean for the whole table: each feature needs its own.",
        ),
        Mistake(
            "swapped",
            lambda X: normalization.fit_standardizer(X)[::-1],
            "Both arrays are right, in the wrong order.",
        ),
        Mistake(
            "n_minus_1",
            _fit_with(lambda X: X.std(axis=0, ddof=1) if len(X) > 1 else X.std(axis=0)),
            "A little too large: this divides by N − 1. In this course a variance divides by N.",
        ),
        Mistake("variance", _fit_with(lambda X: X.var(axis=0)), "This is the variance: in which unit is it?"),
        Mistake(
            "not_centred",
            _fit_with(lambda X: np.sqrt(np.mean(X**2, axis=0))),
            "This is the spread around 0, not around the mean.",
        ),
        Mistake(
            "min_max",
            lambda X: (X.min(axis=0), np.where(_constant(X), 1, np.ptp(X, axis=0))),
            "This is the smallest value and the range: one outlier decides both. Mean and standard deviation are "
            "asked for.",
        ),
        Mistake(
            "median",
            _fit_with(lambda X: X.std(axis=0), lambda X: np.median(X, axis=0)),
            "This centre is the median; the mean is asked for.",
        ),
        Mistake(
            "constants_forgotten",
            lambda X: (X.mean(axis=0), X.std(axis=0)),
            "A constant feature has no spread, and standardizing will divide by it. What must stand there?",
        ),
        Mistake(
            "exact_zero_only",
            lambda X: (X.mean(axis=0), np.where(X.std(axis=0) == 0, 1, X.std(axis=0))),
            "A constant feature is recognized by a spread of exactly 0, but rounding in the mean can leave 1e-17. "
            "Which property of its values tells for sure that a feature is constant?",
        ),
        Mistake(
            "threshold",
            lambda X: (X.mean(axis=0), np.where(X.std(axis=0) < 1e-8, 1, X.std(axis=0))),
            "Small is not constant: a feature measured in kilometres may have a spread of 1e-9 and carry everything. "
            "Which property of its values tells for sure that a feature is constant?",
        ),
        Mistake(
            "epsilon",
            lambda X: (X.mean(axis=0), X.std(axis=0) + 1e-8),
            "A small number is added to every spread: it hides the division by 0 and blows up what rounding left. "
            "Treat constant features apart.",
        ),
    ],
)

# standardize --------------------------------------------------------------------------------------


def _statistics(rng: np.random.Generator, columns: int) -> tuple[Array, Array]:
    """Draw a mean and a spread that no batch here has itself."""
    return rng.uniform(2, 6, size=columns) * rng.choice([-1, 1], size=columns), rng.uniform(1.5, 6, size=columns)


def _to_standardize(rng: np.random.Generator, rows: int, columns: int, label: str) -> Case:
    """Draw a batch that comes from elsewhere than its statistics, with one value far out."""
    mean, std = _statistics(rng, columns)
    X = mean + std * (0.7 + 2 * rng.normal(size=(rows, columns)))
    X[0, -1] = mean[-1] + 40 * std[-1]
    return Case(X, mean, std, label=label)


def _tiny_scale(rng: np.random.Generator) -> Case:
    mean, std = _statistics(rng, 3)
    X = mean + std * (0.5 + rng.normal(size=(8, 3)))
    return Case(X * 1e-9, mean * 1e-9, std * 1e-9, label="features measured in tiny units")


STANDARDIZE = Exercise(
    "standardize",
    lesson=LESSON,
    reference=normalization.standardize,
    parts=[
        Part(
            "shifts and scales every feature",
            points=0.5,
            rtol=1e-6,
            atol=1e-9,
            cases=lambda rng: [
                Case(
                    np.array([[1.0, 20.0], [5.0, 40.0], [3.0, -80.0]]),
                    np.array([3.0, 20.0]),
                    np.array([2.0, 10.0]),
                    label="three rows, two features",
                ),
                _to_standardize(rng, 9, 4, "a batch with one value far out"),
            ],
        ),
        Part(
            "one row, as many rows as features, tiny units",
            points=0.5,
            hidden=True,
            rtol=1e-6,
            atol=1e-9,
            cases=lambda rng: [
                _to_standardize(rng, 1, 5, "one row"),
                _to_standardize(rng, 4, 4, "as many rows as features"),
                _tiny_scale(rng),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "own_statistics",
            quiet(lambda X, mean, std: (X - X.mean(axis=0)) / X.std(axis=0)),
            "This batch's own mean and spread are used; the arguments have no effect. "
            "New examples must be treated as the training examples were.",
        ),
        Mistake(
            "clipped",
            lambda X, mean, std: np.clip((X - mean) / std, -5, 5),
            "Values far out are cut off; here they are not to be.",
        ),
        Mistake(
            "precedence",
            lambda X, mean, std: X - mean / std,
            "A division binds tighter than a difference: which parentheses are missing?",
        ),
        Mistake("not_scaled", lambda X, mean, std: X - mean, "Centred, but still in the old unit."),
        Mistake("not_centred", lambda X, mean, std: X / std, "Scaled, but not centred."),
        Mistake("sign", lambda X, mean, std: (mean - X) / std, "Large values come out small: which is subtracted?"),
        Mistake("multiplied", lambda X, mean, std: (X - mean) * std, "This stretches where it should shrink."),
        Mistake(
            "variance",
            lambda X, mean, std: (X - mean) / np.square(std),
            "The argument `std` is a standard deviation already: no square, no root.",
        ),
        Mistake(
            "square_root",
            lambda X, mean, std: (X - mean) / np.sqrt(std),
            "The argument `std` is a standard deviation already: no square, no root.",
        ),
        Mistake(
            "epsilon",
            lambda X, mean, std: (X - mean) / (std + 1e-8),
            "A small number is added to the spread, and features measured in tiny units suffer. "
            "Constant features have been taken care of when the spread was measured.",
        ),
    ],
)

# whitening ----------------------------------------------------------------------------------------


def _cloud(rng: np.random.Generator, rows: int, eigenvalues: Sequence[float]) -> Array:
    """Draw examples, off centre, whose population covariance has nearly these eigenvalues: within 10%.

    They must stay apart, because two equal ones leave the axes between them free.
    """
    D = len(eigenvalues)
    noise = rng.normal(size=(rows, D))
    scores = np.linalg.qr(noise - noise.mean(axis=0))[0] * np.sqrt(rows)  # uncorrelated, centred, variance 1
    axes = np.linalg.qr(rng.normal(size=(D, D)))[0]
    spreads = np.sqrt(np.asarray(eigenvalues) * rng.uniform(0.9, 1.1, size=D))
    return rng.uniform(2, 4, size=D) * rng.choice([-1, 1], size=D) + (scores * spreads) @ axes.T


def _with_a_sum(X: Array) -> Array:
    """Append a feature that is the sum of the first two: one direction has no variance."""
    return np.column_stack([X, X[:, 0] + X[:, 1]])


def _clouds(rng: np.random.Generator) -> list[Case]:
    return [
        Case(np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 9.0], [8.0, 12.0]]), label="four rows, two features"),
        Case(_cloud(rng, 10, [7, 2, 0.5]), label="three features"),
    ]


def _clouds_and_eps(rng: np.random.Generator) -> list[Case]:
    return [
        Case(_cloud(rng, 11, [9, 3, 1, 0.3]), 0.5, label="eps = 0.5"),
        Case(_cloud(rng, 9, [5, 1.5, 0.4]), eps=float(rng.uniform(0.1, 0.9)), label="eps by name"),
    ]


def _flat_clouds(rng: np.random.Generator) -> list[Case]:
    return [
        Case(_with_a_sum(_cloud(rng, 12, [8, 2, 0.6])), 0.05, label="one feature is the sum of two others"),
        Case(
            _with_columns(_cloud(rng, 10, [40, 9, 2.5, 0.7]), {1: 3.0}),
            float(rng.uniform(0.01, 0.2)),
            label="one feature is constant",
        ),
        Case(_cloud(rng, 9, [6, 2.5, 1, 0.4, 0.15]), label="five features, the default eps"),
    ]


def _eigen(covariance: Array, largest_first: bool = False) -> tuple[Array, Array]:
    values, U = np.linalg.eigh(covariance)
    values = np.maximum(values, 0)
    return (values[::-1], U[:, ::-1]) if largest_first else (values, U)


def _covariance(X: Array) -> Array:
    return (X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / len(X)


def _pca(values: Array, U: Array, eps: float) -> Array:
    return U / np.sqrt(values + eps)


def _zca(values: Array, U: Array, eps: float) -> Array:
    return _pca(values, U, eps) @ U.T


Matrix = Callable[[Array, Array, float], Array]


def _whiten(
    matrix: Matrix,
    covariance: Callable[[Array], Array] = _covariance,
    *,
    largest_first: bool = False,
) -> Callable[..., tuple[Array, Array]]:
    """Build a whitening that makes another matrix of the eigenvectors, or starts from another covariance."""

    def whitening(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
        return X.mean(axis=0), matrix(*_eigen(covariance(X), largest_first), eps)

    return quiet(whitening)


def _whiten_with_eps_everywhere(matrix: Matrix) -> Callable[..., tuple[Array, Array]]:
    def whitening(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
        return X.mean(axis=0), matrix(*_eigen(_covariance(X) + eps), 0.0)

    return quiet(whitening)


def _entry_by_entry(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
    return X.mean(axis=0), 1 / np.sqrt(_covariance(X) + eps * np.eye(X.shape[1]))


def _cholesky(X: Array, eps: float = 1e-5) -> tuple[Array, Array]:
    inverse = np.linalg.inv(_covariance(X) + eps * np.eye(X.shape[1]))
    return X.mean(axis=0), np.linalg.cholesky(inverse)


def _correlation(X: Array) -> Array:
    return _covariance((X - X.mean(axis=0)) / normalization.fit_standardizer(X)[1])


def _eps_of(case: Case) -> float:
    return float(case.kwargs.get("eps", case.args[1] if len(case.args) > 1 else 1e-5))


def _is_pca_whitening(result: Any, case: Case) -> Finding:
    """Columns along the principal axes, each of length 1/sqrt(λ + ε), in any order, to either side; and the mean.

    Any orthogonal eigenvectors will do. All is held to 1e-6; right answers err by 1e-12.
    """
    mean, W = result
    X = case.args[0]
    covariance = _covariance(X)
    lengths = np.linalg.norm(W, axis=0)
    if np.any(lengths == 0):
        return Finding(0, f"Column {np.argmin(lengths)} of `W` is zero: one direction of the data is lost.")
    U = W / lengths
    eigenvalues = np.sum(U * (covariance @ U), axis=0)
    astray = np.abs(covariance @ U - U * eigenvalues).max(axis=0) > 1e-6 * np.trace(covariance)
    if np.any(astray):
        return Finding(0, f"Column {np.argmax(astray)} of `W` does not point along a principal axis of the data.")
    if np.max(np.abs(U.T @ U - np.eye(len(U)))) > 1e-6:
        return Finding(0, "Two columns of `W` are not orthogonal to each other.")
    want = 1 / np.sqrt(eigenvalues + _eps_of(case))
    wrong = np.abs(lengths - want) > 1e-6 * want
    if np.any(wrong):
        k = int(np.argmax(wrong))
        return Finding(
            0,
            f"The columns of `W` point the right way, but column {k} has length {lengths[k]:.6g} where the variance "
            f"{eigenvalues[k]:.6g} and eps {_eps_of(case):g} ask for {want[k]:.6g}.",
        )
    if np.max(np.abs(mean - X.mean(axis=0))) > 1e-9:
        return Finding(0.75, "`W` is right, but `mean` is not the mean of every feature.")
    return AS_IT_SHOULD_BE


def _free_of_order_and_sign(result: Any, case: Case) -> Any:
    """Give what a matrix keeps when its columns or rows change order or sign."""
    mean, W = result
    D = case.args[0].shape[1]
    if np.shape(W) != (D, D):
        return [mean, str(np.shape(W))]
    # A float64, because 1e5 overflows in float16; with any ε here no entry of a right matrix exceeds 320.
    if not np.all(np.abs(W) < np.float64(1e5)):
        return [mean, "blown up"]
    columns, rows = (np.sort(np.linalg.norm(W, axis=axis)) for axis in (0, 1))
    return [mean, columns, rows, np.sort(np.abs(W), axis=None), np.linalg.svd(W, compute_uv=False)]


def _shared_mistakes(matrix: Matrix) -> list[Mistake]:
    """Give the mistakes both whitenings share; `matrix` makes the right one of eigenvalues and axes."""
    return [
        Mistake(
            "n_minus_1",
            _whiten(matrix, lambda X: np.cov(X.T)),
            "The covariance divides by N − 1 (NumPy's `cov` does, unless told otherwise). "
            "In this course a variance divides by N.",
        ),
        Mistake(
            "not_divided",
            _whiten(matrix, lambda X: _covariance(X) * len(X)),
            "A covariance is an average over the examples; this is the sum.",
        ),
        Mistake(
            "not_centred",
            _whiten(matrix, lambda X: X.T @ X / len(X)),
            "The spread is measured around 0, not around the mean: centre first.",
        ),
        Mistake(
            "correlation",
            _whiten(matrix, _correlation),
            "This whitens standardized features: it starts from the correlation, not the covariance of X itself.",
        ),
        Mistake(
            "over_examples",
            _whiten(matrix, lambda X: np.cov(X)),
            "This is the covariance of examples with each other, N by N: NumPy's `cov` takes rows for variables.",
        ),
        Mistake(
            "eps_everywhere",
            _whiten_with_eps_everywhere(matrix),
            "Added to a matrix, a number lands on every entry: ε belongs to the variances along the axes only.",
        ),
        Mistake(
            "zero_mean",
            lambda X, eps=1e-5: (np.zeros(X.shape[1]), matrix(*_eigen(_covariance(X)), eps)),
            "`W` is right, but `mean` is 0: whoever whitens new examples must know what to subtract from them.",
        ),
        Mistake(
            "standard_deviations",
            lambda X, eps=1e-5: (X.std(axis=0), matrix(*_eigen(_covariance(X)), eps)),
            "`W` is right, but instead of the mean you return the standard deviation.",
        ),
        Mistake(
            "gives_the_data",
            lambda X, eps=1e-5: (X.mean(axis=0), (X - X.mean(axis=0)) @ matrix(*_eigen(_covariance(X)), eps)),
            "These are the whitened examples; the matrix that whitens is asked for, so that it can be used on others.",
        ),
        Mistake(
            "transposed_axes",
            _whiten(lambda values, U, eps: matrix(values, U.T, eps)),
            "The principal axes are the columns of what `eigh` gives, and here its rows are scaled.",
        ),
        Mistake(
            "transposed_axes_of_svd",
            _whiten(lambda values, U, eps: matrix(values, U.T, eps), largest_first=True),
            "The axes are transposed: what `svd` gives last holds them as rows; you need them as columns.",
        ),
    ]


def _scaling_mistakes(turn: Callable[[Array, Array], Array]) -> list[Mistake]:
    """Give the mistakes in how the axes are scaled; `turn(columns, U)` is what the exercise does with the result."""

    def scaled(scale: Callable[[Array, float], Array]) -> Callable[..., tuple[Array, Array]]:
        return _whiten(lambda values, U, eps: turn(U * scale(values, eps), U))

    return [
        Mistake(
            "eps_forgotten",
            scaled(lambda values, eps: 1 / np.sqrt(values)),
            "`eps` has no effect: a direction with hardly any variance is blown up without limit.",
        ),
        Mistake(
            "eps_outside",
            scaled(lambda values, eps: 1 / (np.sqrt(values) + eps)),
            "`eps` is added to a standard deviation; it is in units of a variance. Where does the root end?",
        ),
        Mistake(
            "inverse",
            scaled(lambda values, eps: 1 / (values + eps)),
            "This divides by the variance: what comes out has variance 1/λ, not 1. Which power of Σ is it?",
        ),
        Mistake(
            "multiplied",
            scaled(lambda values, eps: np.sqrt(values + eps)),
            "Wide directions become wider: the scale must go the other way.",
        ),
        Mistake(
            "eps_subtracted",
            scaled(lambda values, eps: 1 / np.sqrt(values) - eps),
            "`eps` is to be added to the variance, before the root and the division.",
        ),
    ]


_ROWS_SCALED = "The scale of each axis belongs to a column of U; here it is applied to rows."


def _whitened(whitening: Any, X: Array) -> Array:
    mean, W = whitening(X)
    return np.asarray((X - mean) @ W)


_TILTED = Cloud(_cloud(np.random.default_rng(5), 300, [4, 0.3]), _whitened)

PCA_WHITENING = Exercise(
    "pca_whitening",
    lesson=LESSON,
    reference=normalization.pca_whitening,
    outputs=("mean", "W"),
    picture=_TILTED,
    mistake_features=_free_of_order_and_sign,
    mistake_rtol=1e-4,  # an eigenvalue that is 0 but for rounding shows up to 1e-6 once its root is taken
    parts=[
        Part(
            "uncorrelated, of variance 1",
            points=2,
            atol=1e-9,
            holds=_is_pca_whitening,
            cases=_clouds,
        ),
        Part(
            "a large eps",
            points=1,
            atol=1e-9,
            holds=_is_pca_whitening,
            cases=_clouds_and_eps,
        ),
        Part(
            "a direction without variance",
            points=1,
            hidden=True,
            atol=1e-9,
            holds=_is_pca_whitening,
            cases=_flat_clouds,
        ),
    ],
    mistakes=[
        Mistake(
            "turned_back",
            _whiten(_zca),
            "This is ZCA, the symmetric whitening: it is turned back to the old axes. "
            "PCA whitening stays on the principal ones.",
        ),
        Mistake(
            "not_scaled",
            _whiten(lambda values, U, eps: U),
            "This decorrelates, but every direction keeps its old spread.",
        ),
        *_scaling_mistakes(lambda columns, U: columns),
        *_shared_mistakes(_pca),
        Mistake(
            "rows_for_columns",
            _whiten(lambda values, U, eps: _pca(values, U, eps).T),
            "This is the right matrix lying on its side. Examples are rows here and are multiplied from the left: "
            "(X − mean) @ W.",
        ),
        Mistake(
            "rows_scaled",
            _whiten(lambda values, U, eps: U / np.sqrt(values + eps)[:, None]),
            _ROWS_SCALED,
        ),
        Mistake(
            "rows_scaled_largest_first",
            _whiten(lambda values, U, eps: U / np.sqrt(values + eps)[:, None], largest_first=True),
            _ROWS_SCALED,
        ),
    ],
)

ZCA_WHITENING = Exercise(
    "zca_whitening",
    lesson=LESSON,
    reference=normalization.zca_whitening,
    outputs=("mean", "W"),
    picture=_TILTED,
    mistake_features=_free_of_order_and_sign,
    mistake_rtol=1e-4,  # an eigenvalue that is 0 but for rounding shows up to 1e-6 once its root is taken
    parts=[
        Part(
            "uncorrelated, of variance 1, symmetric",
            points=2,
            rtol=1e-7,
            atol=1e-9,
            cases=_clouds,
        ),
        Part(
            "a large eps",
            points=1,
            rtol=1e-7,
            atol=1e-9,
            cases=_clouds_and_eps,
        ),
        Part(
            "a direction without variance",
            points=1,
            hidden=True,
            rtol=1e-7,
            atol=1e-9,
            cases=_flat_clouds,
        ),
    ],
    mistakes=[
        Mistake(
            "not_turned_back",
            _whiten(_pca),
            "This is PCA whitening: the data lie along the principal axes now. What turns them back?",
        ),
        Mistake(
            "cholesky",
            _cholesky,
            "This whitens, but is triangular: of all whitening matrices the symmetric one is asked for.",
        ),
        Mistake(
            "entry_by_entry",
            quiet(_entry_by_entry),
            "A power of a matrix is not the power of its entries: go by way of its eigenvalues.",
        ),
        *_scaling_mistakes(lambda columns, U: columns @ U.T),
        *_shared_mistakes(_zca),
    ],
)

# condition_number ---------------------------------------------------------------------------------


def _spectrum(X: Array) -> Array:
    return np.linalg.eigvalsh(_covariance(X))


def _ratio(eigenvalues: Array) -> float:
    kept = eigenvalues[eigenvalues >= 1e-12 * np.max(eigenvalues)]
    return float(np.max(kept) / np.min(kept))


def _flat(rng: np.random.Generator, rows: int, rank: int, columns: int) -> Array:
    """Draw examples that fill only `rank` of many directions; the rest is left to rounding."""
    return _cloud(rng, rows, np.geomspace(6, 0.5, rank).tolist()) @ rng.normal(size=(rank, columns))


def _no_larger_than_rounding_allows(result: Any, case: Case) -> Any:
    return np.minimum(np.abs(result), 1e13)


CONDITION_NUMBER = Exercise(
    "condition_number",
    lesson=LESSON,
    reference=normalization.condition_number,
    mistake_features=_no_larger_than_rounding_allows,
    parts=[
        Part(
            "how elongated a cloud is",
            points=1,
            rtol=1e-6,
            cases=lambda rng: [
                Case(np.array([[0.0, 1.0], [2.0, 1.0], [0.0, 7.0], [2.0, 7.0]]), label="the corners of a rectangle"),
                Case(_cloud(rng, 9, [8, 2, 0.7]), label="three features"),
                Case(_cloud(rng, 12, [3, 2, 1, 0.4]) * [1000, 1, 30, 5], label="features in very different units"),
            ],
        ),
        Part(
            "flat clouds: directions without variance are left out",
            points=1,
            hidden=True,
            rtol=1e-5,
            cases=lambda rng: [
                Case(_with_columns(_cloud(rng, 9, [8, 2, 1, 0.3]), {2: 5.0}), label="a constant feature"),
                Case(_flat(rng, 10, 3, 12), label="more features than examples"),
                Case(_flat(rng, 14, 2, 10), label="two directions in ten features"),
                Case(_cloud(rng, 10, [2e7, 40, 1]), label="a thin but not a flat cloud"),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "root",
            lambda X: float(np.sqrt(_ratio(_spectrum(X)))),
            "This is the ratio of the longest to the shortest axis; variances are squared lengths.",
        ),
        Mistake(
            "not_centred",
            lambda X: _ratio(np.linalg.eigvalsh(X.T @ X / len(X))),
            "This measures around 0: a cloud far from the origin looks elongated from there. Centre first.",
        ),
        Mistake(
            "not_centred_root",
            lambda X: float(np.sqrt(_ratio(np.linalg.eigvalsh(X.T @ X)))),
            "This is a ratio of singular values of X as it stands: neither centred nor squared.",
        ),
        Mistake(
            "inverted",
            lambda X: 1 / _ratio(_spectrum(X)),
            "A condition number is at least 1: which eigenvalue stands on top?",
        ),
        Mistake(
            "tiny_kept",
            quiet(lambda X: float(_spectrum(X)[-1] / _spectrum(X)[0])),
            "A direction without variance has an eigenvalue of 0 but for rounding; it is to be left out, and the cloud "
            "measured where it extends.",
        ),
        Mistake(
            "positive_kept",
            lambda X: float(_spectrum(X)[-1] / _spectrum(X)[_spectrum(X) > 0].min()),
            "Rounding leaves an eigenvalue of 1e-17 above 0 as often as below: how small counts as none?",
        ),
        Mistake(
            "correlation",
            quiet(lambda X: _ratio(np.linalg.eigvalsh(np.corrcoef(X[:, ~_constant(X)].T)))),
            "This is the condition number of standardized features: it starts from the correlation.",
        ),
        Mistake(
            "variances",
            lambda X: _ratio(X.var(axis=0)),
            "This compares the features' own variances; a cloud can be long and thin along a diagonal.",
        ),
        Mistake("largest", lambda X: float(_spectrum(X)[-1]), "This is the largest eigenvalue: a ratio is asked for."),
        Mistake(
            "over_examples",
            lambda X: _ratio(np.linalg.eigvalsh(np.cov(X))),
            "This is the covariance of examples with each other: NumPy's `cov` takes rows for variables.",
        ),
    ],
)

# gradient_descent_steps ---------------------------------------------------------------------------


def _with_ones(X: Array) -> Array:
    return np.column_stack([X, np.ones(len(X))])


def _logistic(scores: Array) -> Array:
    return 0.5 * np.tanh(0.5 * scores) + 0.5


def _mean_loss(scores: Array, y: Array) -> float:
    return float(np.logaddexp(0, scores).sum() - y @ scores) / len(y)


def _careless_loss(scores: Array, y: Array) -> float:
    p = _logistic(scores)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def _safe_step(X: Array) -> float:
    return float(4 / np.linalg.eigvalsh(X.T @ X / len(X))[-1])


def _mean_gradient(X: Array, y: Array, scores: Array) -> Array:
    return X.T @ (_logistic(scores) - y) / len(X)


def _descend(
    *,
    design: Callable[[Array], Array] = _with_ones,
    step_size: Callable[[Array], float] | None = None,
    gradient: Callable[[Array, Array, Array], Array] = _mean_gradient,
    loss: Callable[[Array, Array], float] = _mean_loss,
    met: Callable[[int], int] = lambda step: step,
    given_up: Callable[[int], Any] = lambda max_steps: max_steps,
    check_start: bool = True,
    limit: Callable[[int], int] = lambda max_steps: max_steps,
) -> Callable[..., Any]:
    """Build a gradient descent that goes wrong in one of its parts; `step_size` is told X without its ones."""

    def run(X: Array, y: Array, target_loss: float, max_steps: int = 100_000) -> Any:
        Z = design(X)
        eta = step_size(X) if step_size else _safe_step(Z)
        w = np.zeros(Z.shape[1])
        for step in range(limit(max_steps)):
            scores = Z @ w
            if (step or check_start) and loss(scores, y) <= target_loss:
                return met(step)
            w = w - eta * gradient(Z, y, scores)
        return given_up(max_steps)

    return quiet(run)


def _losses(X: Array, y: Array, steps: int) -> list[float]:
    Z = _with_ones(X)
    eta, w, losses = _safe_step(Z), np.zeros(Z.shape[1]), []
    for _ in range(steps + 1):
        scores = Z @ w
        losses.append(_mean_loss(scores, y))
        w = w - eta * _mean_gradient(Z, y, scores)
    return losses


def _between(X: Array, y: Array, steps: int) -> float:
    """Give a target halfway between the losses before and after update `steps`.

    With this step size the loss falls at every update, so that this one crosses the target, and no rounding
    can move the crossing.
    """
    *_, before, after = _losses(X, y, steps)
    if not (before - after) > 1e-6 * before:
        raise RuntimeError("the loss hardly moves: the number of updates would hang on rounding")
    return (before + after) / 2


def _two_classes(rng: np.random.Generator, rows: int, columns: int) -> tuple[Array, Array]:
    """Draw features off centre, in different units, and labels half and half that a noisy line separates."""
    X = _columns(rng, rows, columns) * np.geomspace(0.5, 1.5, columns)
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    score = z @ (rng.uniform(0.5, 1.5, size=columns) * rng.choice([-1, 1], size=columns)) + 0.3 * rng.normal(size=rows)
    return X, (score > np.median(score)).astype(np.int64)


def _two_groups(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw two groups on either side of the origin: any step that is too long still goes the right way."""
    y = np.tile([0, 1], 6)
    return (2 * y - 1)[:, None] * rng.uniform(1, 2, size=(12, 2)), y


def _small_features(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw features beside which the column of ones is large, so that it decides the step size.

    The classes are of different sizes, so that the intercept is needed. Always the same examples, but for their
    order and the features' signs, which change no number of updates.
    """
    first = [-5, -4, -2, -1, -1, 0, 1, 1, 2, 3, 4, 2]
    second = [-1, 3, -4, 1, 5, -2, 4, -5, 0, 2, -3, 1]
    X = np.column_stack([first, second])
    y = (X @ [2, 1] + np.tile([1, -1, 0], 4) > 4).astype(np.int64)
    order = rng.permutation(12)
    return 0.1 * (X - X.mean(axis=0))[order] * rng.choice([-1, 1], size=2), y[order]


def _far_examples(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw many examples near 0 and one far out on either side, whose scores pass 37, where σ rounds to 1."""
    y = np.tile([0, 1], 75)
    X = (2 * y - 1) * rng.uniform(0.9, 1.1, size=150)
    X[:2] *= 14
    return X[:, None], y


def _reached(data: tuple[Array, Array], steps: int, label: str, max_steps: int) -> Case:
    X, y = data
    return Case(X, y, _between(X, y, steps), max_steps, label=label)


GRADIENT_DESCENT_STEPS = Exercise(
    "gradient_descent_steps",
    lesson=LESSON,
    reference=normalization.gradient_descent_steps,
    parts=[
        Part(
            "counts the updates",
            points=2,
            cases=lambda rng: [
                _reached(_two_classes(rng, 8, 2), 3, "three updates", 30),
                Case(*_two_groups(rng), 0.692, 10, label="a target just below the start"),
                _reached(_two_groups(rng), int(rng.integers(6, 10)), "two groups", 25),
                _reached(_small_features(rng), int(rng.integers(7, 13)), "features that are smaller than 1", 25),
            ],
        ),
        Part(
            "met at the start, or never",
            points=1,
            cases=lambda rng: [
                Case(*_two_classes(rng, 8, 2), 0.7, 30, label="the start meets the target"),
                Case(*_two_classes(rng, 9, 2), 30.0, label="any loss meets the target"),
                _reached(_two_classes(rng, 10, 3), 10, "max_steps comes first", int(rng.integers(4, 9))),
                _reached(_two_classes(rng, 8, 3), 3, "no steps allowed", 0),
            ],
        ),
        Part(
            "examples far out",
            points=1,
            hidden=True,
            cases=lambda rng: [
                _reached(_far_examples(rng), int(rng.integers(26, 30)), "two examples whose scores grow large", 40),
                _reached(_two_classes(rng, 11, 3), int(rng.integers(8, 14)), "three features", 30),
            ],
        ),
    ],
    mistakes=[
        Mistake(
            "one_too_many",
            _descend(met=lambda step: step + 1),
            "One too many: you count how often the loss was looked at; the updates before it are asked for.",
        ),
        Mistake(
            "one_too_few",
            _descend(met=lambda step: max(step - 1, 0)),
            "One too few: is the update that has just been made counted?",
        ),
        Mistake(
            "start_not_checked",
            _descend(check_start=False),
            "A start that meets the target already needs no update: look at the loss before you move.",
        ),
        Mistake(
            "no_ones",
            _descend(design=lambda X: X),
            "There is no intercept: append a column of ones to X first.",
        ),
        Mistake(
            "step_without_ones",
            _descend(step_size=lambda X: _safe_step(X)),
            "The step size is that of X without its column of ones.",
        ),
        Mistake(
            "step_of_the_covariance",
            _descend(step_size=lambda X: float(4 / _spectrum(X)[-1])),
            "The step size comes from the centred covariance; the descent sees X̃ as it stands, with its mean.",
        ),
        Mistake(
            "step_four_times_too_small",
            _descend(step_size=lambda X: _safe_step(_with_ones(X)) / 4),
            "The steps are four times too short: a sigmoid is never steeper than 1/4, and that allows longer ones.",
        ),
        Mistake(
            "step_not_averaged",
            _descend(step_size=lambda X: _safe_step(_with_ones(X)) / len(X)),
            "The steps are N times too short. Both the gradient and the matrix whose eigenvalue sets the step are "
            "averages over the examples, each divided by N once.",
        ),
        Mistake(
            "gradient_summed",
            _descend(gradient=lambda X, y, scores: _mean_gradient(X, y, scores) * len(X)),
            "The gradient is that of the summed loss: N times too long.",
        ),
        Mistake(
            "loss_summed",
            _descend(loss=lambda scores, y: _mean_loss(scores, y) * len(y)),
            "It is the mean loss that must reach the target; this is the sum over the examples.",
        ),
        Mistake(
            "uphill",
            _descend(gradient=lambda X, y, scores: -_mean_gradient(X, y, scores)),
            "The loss rises: look at the sign of the update.",
        ),
        Mistake(
            "labels_of_plus_and_minus_one",
            _descend(
                gradient=lambda X, y, scores: -X.T @ (y * _logistic(-y * scores)) / len(X),
                loss=lambda scores, y: float(np.mean(np.logaddexp(0, -y * scores))),
            ),
            "This formula is for labels −1 and 1. Here they are 0 and 1, and examples with label 0 have no say.",
        ),
        Mistake(
            "standardized_first",
            _descend(design=lambda X: _with_ones((X - X.mean(axis=0)) / X.std(axis=0))),
            "X is standardized on the way: the point is to measure what happens without.",
        ),
        Mistake(
            "logarithm_of_zero",
            _descend(loss=_careless_loss),
            "Where a score passes 37, σ rounds to 1, and 0 · log 0 is not a number: the target is never met. "
            "Write the loss in terms of the scores.",
        ),
        Mistake(
            "limit_ignored",
            _descend(limit=lambda max_steps: 100_000),
            "`max_steps` has no effect.",
        ),
        Mistake(
            "nothing_when_given_up",
            _descend(given_up=lambda max_steps: None),
            "When the target is not met in time, what is to be returned?",
        ),
    ],
)

EXERCISES = (
    FIT_STANDARDIZER,
    STANDARDIZE,
    PCA_WHITENING,
    ZCA_WHITENING,
    CONDITION_NUMBER,
    GRADIENT_DESCENT_STEPS,
)
