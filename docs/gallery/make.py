"""The gallery of cards: `python docs/gallery/make.py [FILE]` writes a page with every kind of verdict and picture."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograder.judging import card
from autograder.judging.judge import PUBLIC_SEED, examine
from autograder.judging.registry import find
from course_lib import activations, backpropagation, batchnorm, initialization, normalization

Answer = Callable[..., Any]


def not_written(a: Any) -> Any:
    """Raise NotImplementedError, as the released exercise does."""
    raise NotImplementedError


def prints(a: Any) -> None:
    """Print the result instead of returning it."""
    print(activations.sigmoid(a))


def in_place(x: Any, *rest: Any) -> Any:
    """Change the input array in place."""
    x -= x.mean(axis=0)
    return x


def hidden_only(a: Any) -> Any:
    """Return float64 for float32, which only a hidden part checks."""
    return activations.sigmoid(np.asarray(a, dtype=float))


# (title, exercise, answer, whether hidden parts are judged)
CARDS: list[tuple[str, str, Answer | None, bool]] = [
    ("Everything is right, with a curve", "sigmoid", activations.sigmoid, True),
    ("Not written yet", "sigmoid", not_written, False),
    ("A known mistake is named", "sigmoid", lambda a: 1 / (1 + np.exp(a)), False),
    ("Right but for a NumPy warning", "sigmoid", lambda a: 1 / (1 + np.exp(-np.asarray(a, dtype=float))), False),
    ("It prints and returns nothing", "sigmoid", prints, False),
    ("It raises", "sigmoid", lambda a: a.sigmoid(), False),
    ("Only a hidden part fails: its name, and no number", "sigmoid", hidden_only, True),
    ("It changes its input", "dense_forward", in_place, False),
    ("Matrices: the wrong values", "dense_forward", lambda x, W, b: x @ W, False),
    ("Matrices: transposed", "dense_forward", lambda x, W, b: (x @ W + b).T, False),
    ("Matrices: a constant factor", "delta_step", lambda d, W, a, f: d @ W.T * f(a) / 3, False),
    (
        "Layers: the order is reversed",
        "backward_pass",
        lambda *args: backpropagation.backward_pass(*args)[::-1],
        False,
    ),
    ("Layers: bars", "forward_pass", lambda x, Ws, bs, f: backpropagation.forward_pass(2 * x, Ws, bs, f), False),
    (
        "A histogram: the standard deviation for the variance",
        "he_init",
        lambda rng, n_in, n_out, k=0.0: rng.normal(0, 2 / ((1 + k**2) * n_in), size=(n_in, n_out)),
        False,
    ),
    ("A histogram: right", "xavier_init", initialization.xavier_init, False),
    ("A point cloud: not decorrelated", "pca_whitening", lambda X, eps=1e-5: _only_scaled(X, eps), False),
    ("A point cloud: right", "zca_whitening", normalization.zca_whitening, False),
    (
        "Statistics treated as constants",
        "batchnorm_backward",
        lambda dy, cache: (cache.gamma * cache.inv_std * dy, *batchnorm.batchnorm_backward(dy, cache)[1:]),
        False,
    ),
]


def _only_scaled(X: Any, eps: float) -> Any:
    return X.mean(axis=0), np.diag(1 / np.sqrt(X.var(axis=0) + eps))


def cards() -> list[tuple[str, str]]:
    """Judge every answer; return titles and cards as HTML."""
    drawn = []
    for title, name, answer, hidden in CARDS:
        exercise = find(name)
        examination = examine(exercise, answer, hidden=hidden, seed=PUBLIC_SEED)
        drawn.append((title, card.as_html(exercise, examination.verdict, answer, examination.evidence)))
    return drawn


def fragment() -> str:
    """Return the gallery as HTML for use in another page."""
    return "\n".join(f"<h3>{title}</h3>\n{html}" for title, html in cards())


def main(path: Path) -> None:
    """Write the gallery as a separate page; its colours follow the reader's light or dark mode."""
    style = (
        ":root{color-scheme:light dark}body{max-width:720px;margin:1em auto;padding:0 8px;font:14px/1.45 sans-serif}"
    )
    head = '<meta charset="utf-8"><title>Cards</title><meta name="viewport" content="width=device-width">'
    page = f'<!doctype html><html lang="en"><head>{head}<style>{style}</style></head><body>{fragment()}</body></html>'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/gallery.html"))
