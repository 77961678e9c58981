"""Loss functions with their gradients."""

from __future__ import annotations

import numpy as np

from course_lib.arrays import Array, Labels, require_labels, require_rank


def softmax_cross_entropy(scores: Array, labels: Labels) -> tuple[float, Array]:
    """Compute the mean negative log-likelihood of the right classes under softmax, and its gradient.

    loss = −(1/N)·Σₙ log p[n, label_n] with p = softmax(scores);  dscores = (p − onehot) / N.
    Subtracting each row's maximum does not change the probabilities and prevents an overflow of exp.

    Parameters
    ----------
    scores : ndarray, shape (N, C)
        One score per class, for each example.
    labels : ndarray, shape (N,)
        Right classes, integers in 0 … C − 1.

    Returns
    -------
    loss : float
        In nats, at least 0; finite for scores of ±1e4.
    dscores : ndarray, shape (N, C)
        dloss/dscores; every row sums to 0.

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no row, or a label is no class.

    References
    ----------
    Bridle (1990), *Probabilistic interpretation of feedforward classification network outputs*.
    """
    require_rank("scores", scores, 2)
    require_some_rows(scores)
    require_labels("labels", labels, *scores.shape)
    N = len(scores)
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    loss = -np.mean(log_p[np.arange(N), labels])
    dscores = np.exp(log_p)
    dscores[np.arange(N), labels] -= 1
    return float(loss), dscores / N


def require_some_rows(scores: Array) -> None:
    """Raise an error for an empty batch, which has no mean.

    Raises
    ------
    ValueError
        If there is no row.
    """
    if scores.shape[0] == 0:
        raise ValueError(f"scores must have at least one row (got shape {scores.shape})")
