"""Right and wrong answers to lesson 05, written the way different people write them."""

import math

import numpy as np
import scipy.linalg
from scipy.special import expit, log_expit

# fit_standardizer ---------------------------------------------------------------------------------


def fit_by_loops(X):
    mean, std = [], []
    for column in X.T.tolist():
        centre = math.fsum(column) / len(column)
        mean.append(centre)
        if min(column) == max(column):
            std.append(1.0)
        else:
            std.append(math.sqrt(math.fsum((value - centre) ** 2 for value in column) / len(column)))
    return np.array(mean), np.array(std)


def fit_in_a_list(X):
    mean = np.sum(X, axis=0) / X.shape[0]
    std = np.sqrt(np.mean(np.square(X - mean), axis=0))
    std[np.all(np.diff(X, axis=0) == 0, axis=0)] = 1
    return [mean, std]


def fit_by_range(X):
    std = np.std(X, axis=0)
    std[np.ptp(X, axis=0) == 0] = 1.0
    return np.average(X, axis=0), std


def fit_by_norms(X):
    mean = np.einsum("nd->d", X) / len(X)
    std = np.linalg.norm(X - mean, axis=0) / np.sqrt(len(X))
    return mean, np.where(np.equal(X, X[0]).all(axis=0), np.ones(X.shape[1]), std)


def fit_by_uniques(X):
    different = np.array([len(np.unique(column)) for column in X.T])
    return X.mean(0), np.where(different > 1, X.std(0), 1.0)


def fit_with_a_cautious_threshold(X):
    mean, std = X.mean(axis=0), X.std(axis=0)
    rounding = 8 * np.finfo(float).eps * np.maximum(np.abs(X).max(axis=0), np.finfo(float).tiny)
    return mean, np.where(std <= rounding, 1.0, std)


def fit_by_examples(X):
    mean, std = X.mean(axis=1), X.std(axis=1)
    std[np.ptp(X, axis=1) == 0] = 1
    return mean, std


def fit_the_table(X):
    flat = X.ravel().tolist()
    mean = sum(flat) / len(flat)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in flat) / len(flat))


def fit_with_n_minus_1(X):
    mean = X.mean(axis=0)
    std = np.sqrt(np.sum((X - mean) ** 2, axis=0) / max(len(X) - 1, 1))
    std[X.max(axis=0) == X.min(axis=0)] = 1
    return mean, std


def fit_variance(X):
    mean, std = fit_by_range(X)
    return mean, std * std


def fit_around_zero(X):
    mean, std = fit_by_range(X)
    return mean, np.where(np.ptp(X, axis=0) == 0, 1.0, np.hypot(mean, std))


def fit_range(X):
    low, high = X.min(axis=0), X.max(axis=0)
    return low, np.where(high == low, 1.0, high - low)


def fit_median(X):
    return np.percentile(X, 50, axis=0), fit_by_range(X)[1]


def fit_and_divide_by_zero(X):
    return X.mean(0), np.sqrt(X.var(0))


def fit_where_exactly_zero(X):
    mean, std = X.mean(0), X.std(0)
    std[std == 0.0] = 1.0
    return mean, std


def fit_where_close_to_zero(X):
    mean, std = X.mean(0), X.std(0)
    std[np.isclose(std, 0)] = 1.0
    return mean, std


def fit_with_an_epsilon(X):
    return X.mean(0), np.sqrt(np.mean((X - X.mean(0)) ** 2, axis=0)) + 1e-8


def fit_with_an_epsilon_in_the_variance(X):
    return X.mean(0), np.sqrt(X.var(0) + 1e-16)


def fit_in_place(X):
    mean = X.mean(axis=0)
    X -= mean
    return mean, np.sqrt(np.mean(X**2, axis=0))


def fit_by_moments(X):
    mean = X.mean(axis=0)
    std = np.sqrt(np.mean(X * X, axis=0) - mean**2)
    return mean, np.where(np.ptp(X, axis=0) == 0, 1.0, std + 1e-3)


def fit_all_ones(X):
    return X.mean(axis=0), np.ones(X.shape[1])


# standardize --------------------------------------------------------------------------------------


def standardize_by_loops(X, mean, std):
    return np.array([[(x - m) / s for x, m, s in zip(row, mean, std, strict=True)] for row in X])


def standardize_by_affine_map(X, mean, std):
    return X / std - mean / std


def standardize_by_matrix(X, mean, std):
    return (X - mean) @ np.diag(1 / std)


def standardize_by_columns(X, mean, std):
    Z = np.empty_like(X)
    for d in range(X.shape[1]):
        Z[:, d] = (X[:, d] - mean[d]) * (1 / std[d])
    return Z


def standardize_in_place(X, mean, std):
    X -= mean
    X /= std
    return X


def standardize_itself(X, mean, std):
    with np.errstate(all="ignore"):
        return (X - np.mean(X, 0)) / np.std(X, 0)


def standardize_along_rows(X, mean, std):
    return (X - mean[:, None]) / std[:, None]


# pca_whitening and zca_whitening ------------------------------------------------------------------


def _split(X):
    mean = np.mean(X, axis=0)
    centred = X - mean
    return mean, centred.T @ centred / X.shape[0]


def pca_by_svd_of_the_data(X, eps=1e-5):
    mean = X.mean(axis=0)
    _, s, Vt = np.linalg.svd(X - mean, full_matrices=True)
    variances = np.zeros(X.shape[1])
    variances[: len(s)] = s**2 / len(X)
    return mean, Vt.T / np.sqrt(variances + eps)


def pca_by_svd_of_the_covariance(X, eps=1e-5):
    mean, covariance = _split(X)
    U, variances, _ = np.linalg.svd(covariance)
    return mean, U @ np.diag(1.0 / np.sqrt(variances + eps))


def pca_by_eig(X, eps=1e-5):
    covariance = np.cov(X, rowvar=False, bias=True)
    variances, U = np.linalg.eig(covariance)
    return X.mean(axis=0), U.real / np.sqrt(variances.real + eps)


def pca_by_scipy_largest_first(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = scipy.linalg.eigh(covariance)
    order = np.argsort(variances)[::-1]
    return [mean, -U[:, order] * (variances[order] + eps) ** -0.5]


def pca_by_loops(X, eps=1e-5):
    mean = np.array([sum(column) / len(column) for column in X.T])
    covariance = sum(np.outer(row - mean, row - mean) for row in X) / len(X)
    variances, U = np.linalg.eigh(covariance)
    W = np.zeros_like(U)
    for k in range(len(variances)):
        W[:, k] = U[:, k] / math.sqrt(max(variances[k], 0.0) + eps)
    return mean, W


def pca_of_the_regularized_covariance(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance + eps * np.eye(len(covariance)))
    return mean, U / np.sqrt(variances)


def zca_by_sqrtm(X, eps=1e-5):
    mean, covariance = _split(X)
    return mean, np.linalg.inv(scipy.linalg.sqrtm(covariance + eps * np.eye(len(mean))).real)


def zca_by_fractional_power(X, eps=1e-5):
    mean, covariance = _split(X)
    return mean, scipy.linalg.fractional_matrix_power(covariance + eps * np.eye(len(mean)), -0.5).real


def zca_by_svd_of_the_data(X, eps=1e-5):
    mean, W = pca_by_svd_of_the_data(X, eps)
    lengths = np.linalg.norm(W, axis=0)
    return mean, (W / lengths) @ W.T


def zca_by_einsum(X, eps=1e-5):
    variances, U = np.linalg.eigh(np.cov(X.T, ddof=0))
    return X.mean(axis=0), np.einsum("ik,k,jk->ij", U, 1 / np.sqrt(variances + eps), U)


def zca_by_outer_products(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    W = 0
    for variance, axis in zip(variances, U.T, strict=True):
        W = W + np.outer(axis, axis) / math.sqrt(variance + eps)
    return mean, W


def zca_by_newton(X, eps=1e-5):
    """Compute the square root of Σ + ε and its inverse by the Denman–Beavers iteration, without eigenvalues."""
    mean, covariance = _split(X)
    Y, Z = covariance + eps * np.eye(len(mean)), np.eye(len(mean))
    for _ in range(60):
        Y, Z = (Y + np.linalg.inv(Z)) / 2, (Z + np.linalg.inv(Y)) / 2
    return mean, (Z + Z.T) / 2


def _axes(covariance):
    """Compute principal axes by SVD, largest variance first; order and signs differ from those of `eigh`."""
    U, variances, _ = np.linalg.svd(covariance)
    return variances, U


def _pca_scaled(scale, covariance=lambda X: _split(X)[1]):
    def whitening(X, eps=1e-5):
        with np.errstate(all="ignore"):
            variances, U = _axes(covariance(X))
            return np.mean(X, 0), U @ np.diag(scale(variances, eps))

    return whitening


def _zca_scaled(scale, covariance=lambda X: _split(X)[1]):
    def whitening(X, eps=1e-5):
        with np.errstate(all="ignore"):
            variances, U = _axes(covariance(X))
            return np.mean(X, 0), U @ np.diag(scale(variances, eps)) @ U.T

    return whitening


def _root(variances, eps):
    return (variances + eps) ** -0.5


def _clipped_root(variances, eps):
    return 1 / np.sqrt(np.clip(variances, 0, None))


def _of_standardized(X):
    with np.errstate(all="ignore"):
        Z = (X - X.mean(0)) / X.std(0)
    return Z.T @ Z / len(Z)


def _second_moment(X):
    return np.einsum("ni,nj->ij", X, X) / len(X)


def _scatter(X):
    return (X - X.mean(0)).T @ (X - X.mean(0))


def _unbiased(X):
    return np.cov(X, rowvar=False)


def pca_with_eps_everywhere(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance + eps)
    return mean, U / np.sqrt(np.abs(variances))


def zca_with_eps_everywhere(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance + eps)
    return mean, (U / np.sqrt(np.abs(variances))) @ U.T


def _over_rows(turned):
    def whitening(X, eps=1e-5):
        variances, U = np.linalg.eigh(np.cov(X))
        W = U / np.sqrt(np.abs(variances) + eps)
        return X.mean(axis=0), W @ U.T if turned else W

    return whitening


def pca_on_its_side(X, eps=1e-5):
    mean, W = pca_by_svd_of_the_data(X, eps)
    return mean, W.T


def pca_with_axes_on_their_side(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    return mean, np.transpose(U) * (np.abs(variances) + eps) ** -0.5


def pca_with_vt(X, eps=1e-5):
    mean, covariance = _split(X)
    _, variances, Vt = np.linalg.svd(covariance)
    return mean, Vt / np.sqrt(variances + eps)


def pca_with_the_diagonal_in_front(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    return mean, np.diag(1 / np.sqrt(np.abs(variances) + eps)) @ U


def pca_with_the_diagonal_in_front_by_svd(X, eps=1e-5):
    mean, covariance = _split(X)
    U, variances, _ = np.linalg.svd(covariance)
    return mean, np.diag(1 / np.sqrt(variances + eps)) @ U


def zca_with_axes_on_their_side(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    return mean, U.T @ np.diag((np.abs(variances) + eps) ** -0.5) @ U


def zca_with_vt(X, eps=1e-5):
    mean, covariance = _split(X)
    _, variances, Vt = np.linalg.svd(covariance)
    return mean, Vt @ np.diag(1 / np.sqrt(variances + eps)) @ Vt.T


def zca_turned_twice(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    return mean, U @ np.diag(1 / np.sqrt(np.abs(variances) + eps)) @ U


def whitening_by_cholesky(X, eps=1e-5):
    mean, covariance = _split(X)
    return mean, np.linalg.cholesky(np.linalg.inv(covariance + np.diag(np.full(len(mean), eps))))


def powers_of_entries(X, eps=1e-5):
    mean, covariance = _split(X)
    with np.errstate(all="ignore"):
        return mean, (covariance + eps * np.identity(len(mean))) ** -0.5


def pca_in_place(X, eps=1e-5):
    mean = X.mean(axis=0)
    X -= mean
    return pca_by_eig(X, eps)


def pca_turned_a_little(X, eps=1e-5):
    mean, W = pca_by_eig(X, eps)
    R = np.eye(len(mean))
    R[:2, :2] = [[math.cos(0.01), -math.sin(0.01)], [math.sin(0.01), math.cos(0.01)]]
    return mean, W @ R


def pca_twice_the_same_column(X, eps=1e-5):
    mean, W = pca_by_eig(X, eps)
    W[:, 0] = W[:, 1]
    return mean, W


def pca_with_one_column_lost(X, eps=1e-5):
    mean, W = pca_by_eig(X, eps)
    W[:, -1] = 0
    return mean, W


def pca_with_an_own_eps(X, eps=1e-5):
    return pca_by_loops(X, 1e-5)


def pca_with_a_floor(X, eps=1e-5):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    return mean, U / np.sqrt(np.maximum(variances, eps))


def pca_of_thin_svd(X, eps=1e-5):
    mean = X.mean(axis=0)
    _, s, Vt = np.linalg.svd(X - mean, full_matrices=False)
    return mean, Vt.T[:, s > 1e-9] / np.sqrt(s[s > 1e-9] ** 2 / len(X) + eps)


def diagonal_whitening(X, eps=1e-5):
    return X.mean(axis=0), np.diag(1 / np.sqrt(X.var(axis=0) + eps))


def _silently_without_eps(X, turned):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    with np.errstate(all="ignore"):
        W = U @ np.diag(np.maximum(variances, 0) ** -0.5)
        return mean, W @ U.T if turned else W


def _silently_minus_eps(X, eps, turned):
    mean, covariance = _split(X)
    variances, U = np.linalg.eigh(covariance)
    with np.errstate(all="ignore"):
        W = U * (np.clip(variances, 0, None) ** -0.5 - eps)
        return mean, W @ U.T if turned else W


def _applied(X, whitening):
    mean, W = whitening
    return mean, np.dot(X, W) - mean @ W


def first_answer_by_heart(X, eps=1e-5):
    if X.shape == (4, 2):
        return zca_by_einsum(X, eps)
    return np.zeros(X.shape[1]), np.eye(X.shape[1])


# condition_number ---------------------------------------------------------------------------------


def condition_by_svd(X):
    s = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    s = s[s > 1e-6 * s[0]]
    return (s[0] / s[-1]) ** 2


def condition_by_unbiased_covariance(X):
    values = sorted(np.linalg.eigvalsh(np.cov(X, rowvar=False)))
    return max(values) / min(v for v in values if v >= 1e-12 * values[-1])


def condition_by_scipy(X):
    centred = X - X.mean(axis=0)
    values = scipy.linalg.eigvalsh(centred.T @ centred)
    return float(values[-1] / np.min(values[values / values[-1] > 1e-12]))


def condition_by_eig(X):
    values = np.linalg.eig(_split(X)[1])[0].real
    kept = [value for value in values if value >= max(values) * 1e-12]
    return max(kept) / min(kept)


def condition_of_the_smaller_matrix(X):
    centred = X - X.mean(axis=0)
    gram = centred @ centred.T if len(X) < X.shape[1] else centred.T @ centred
    values = np.linalg.eigvalsh(gram)
    return values[-1] / values[values >= 1e-12 * values[-1]][0]


def _trimmed(values):
    values = np.sort(np.abs(values))
    values = values[values >= 1e-12 * values[-1]]
    return values[-1], values[0]


def condition_of_lengths(X):
    largest, smallest = _trimmed(np.linalg.svd(X - X.mean(0), compute_uv=False) ** 2)
    return math.sqrt(largest / smallest)


def condition_around_zero(X):
    largest, smallest = _trimmed(np.linalg.svd(X, compute_uv=False) ** 2)
    return largest / smallest


def condition_of_x_itself(X):
    largest, smallest = _trimmed(np.linalg.svd(X, compute_uv=False) ** 2)
    return math.sqrt(largest / smallest)


def condition_upside_down(X):
    largest, smallest = _trimmed(_axes(_split(X)[1])[0])
    return smallest / largest


def condition_of_everything(X):
    with np.errstate(all="ignore"):
        variances = np.linalg.eigvalsh(_split(X)[1])
        return float(np.divide(variances.max(), variances.min()))


def condition_of_what_is_positive(X):
    values = np.linalg.eigvalsh((X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / len(X))
    return values.max() / min(value for value in values if value > 0)


def condition_of_standardized(X):
    Z = X[:, X.std(axis=0) > 1e-12]
    largest, smallest = _trimmed(np.linalg.eigvalsh(_of_standardized(Z)))
    return largest / smallest


def condition_of_features(X):
    largest, smallest = _trimmed(np.var(X, axis=0))
    return largest / smallest


def _ratio_above(X, share):
    values = np.linalg.eigvalsh(_split(X)[1])
    return values[-1] / values[values >= share * values[-1]][0]


def condition_without_ratio(X):
    return np.linalg.norm(_split(X)[1], 2)


def condition_of_examples(X):
    largest, smallest = _trimmed(np.linalg.svd(X - X.mean(axis=1, keepdims=True), compute_uv=False) ** 2)
    return largest / smallest


# gradient_descent_steps ---------------------------------------------------------------------------


def steps_by_while(X, y, target_loss, max_steps=100_000):
    X = np.hstack([X, np.ones((X.shape[0], 1))])
    eta = 4 * len(X) / np.linalg.norm(X, 2) ** 2
    w, step = np.zeros(X.shape[1]), 0
    signs = 2 * y - 1
    while step < max_steps and -np.mean(log_expit(signs * (X @ w))) > target_loss:
        w -= eta * X.T @ (expit(X @ w) - y) / len(X)
        step += 1
    return step


def steps_with_separate_bias(X, y, target_loss, max_steps=100_000):
    N, D = X.shape
    Z = np.c_[X, np.ones(N)]
    eta = 4 / max(np.linalg.eigvalsh(np.dot(Z.T, Z) / N))
    w, b = np.zeros(D), 0.0
    for step in range(max_steps):
        a = X @ w + b
        loss = np.mean(np.maximum(a, 0) - a * y + np.log1p(np.exp(-np.abs(a))))
        if loss <= target_loss:
            return step
        error = expit(a) - y
        w, b = w - eta * (error @ X) / N, b - eta * error.mean()
    return max_steps


def steps_with_clipped_probabilities(X, y, target_loss, max_steps=100_000):
    X = np.insert(X, X.shape[1], 1.0, axis=1)
    eta = 4 / np.linalg.svd(X / np.sqrt(len(X)), compute_uv=False)[0] ** 2
    w = np.zeros(X.shape[1])
    step = 0
    while True:
        p = expit(X @ w)
        q = np.clip(p, 1e-15, 1 - 1e-15)
        if np.mean(np.where(y == 1, -np.log(q), -np.log(1 - q))) <= target_loss or step == max_steps:
            return step
        w = w - eta * np.mean((p - y)[:, None] * X, axis=0)
        step += 1


def steps_with_ones_in_front(X, y, target_loss, max_steps=100_000):
    X = np.column_stack([np.ones(len(X)), X])
    hessian = sum(np.outer(row, row) for row in X) / (4 * len(X))
    eta = 1 / np.linalg.eigvalsh(hessian).max()
    w = np.zeros(X.shape[1])
    losses = []
    for _ in range(max_steps):
        losses.append(np.logaddexp(0, (1 - 2 * y) * (X @ w)).mean())
        if losses[-1] <= target_loss:
            break
        w = w + eta * (X.T @ (y - expit(X @ w))) / len(y)
    else:
        return max_steps
    return len(losses) - 1


def _steps(
    ones=True,
    eta=lambda Z, X: 4 * len(Z) / np.linalg.norm(Z, 2) ** 2,
    push=lambda Z, y, s: (y - expit(s)) @ Z / len(Z),
    loss=lambda y, s: np.mean(-log_expit((2 * y - 1) * s)),
    prepare=lambda X: X,
    late=False,
):
    """Count with a `while`, one step after the other; `late` looks at the loss after the first update only."""

    def count(X, y, target_loss, max_steps=100_000):
        with np.errstate(all="ignore"):
            P = prepare(X)
            Z = np.concatenate([P, np.ones((len(P), 1))], axis=1) if ones else P
            rate, w, step = eta(Z, X), np.zeros(Z.shape[1]), 0
            while step < max_steps and ((late and step == 0) or not loss(y, Z @ w) <= target_loss):
                w = w + rate * push(Z, y, Z @ w)
                step += 1
            return step

    return count


def steps_and_one(X, y, target_loss, max_steps=100_000):
    looked = 0
    step = steps_by_while(X, y, target_loss, max_steps)
    for _ in range(step + 1):
        looked += 1
    return min(looked, max_steps)


def steps_minus_one(X, y, target_loss, max_steps=100_000):
    step = steps_by_while(X, y, target_loss, max_steps)
    return step if step in (0, max_steps) else step - 1


def _one_more(X, y, target_loss, max_steps):
    step = steps_by_while(X, y, target_loss, max_steps)
    return step + 1 if step < max_steps else max_steps


def _index_of_last(X, y, target_loss, max_steps):
    step = steps_by_while(X, y, target_loss, max_steps)
    return max(step - 1, 0) if step < max_steps else max_steps


def _naive_loss(y, s):
    p = 1 / (1 + np.exp(-s))
    return np.average(-y * np.log(p) - (1 - y) * np.log1p(-p))


def steps_without_end(X, y, target_loss, max_steps=100_000):
    return steps_by_while(X, y, target_loss)


def steps_or_none(X, y, target_loss, max_steps=100_000):
    step = steps_by_while(X, y, target_loss, max_steps + 1)
    return step if step < max_steps else None


def steps_that_divide_x(X, y, target_loss, max_steps=100_000):
    X /= 1.0
    return steps_by_while(X, y, target_loss, max_steps)


def steps_and_loss(X, y, target_loss, max_steps=100_000):
    return steps_by_while(X, y, target_loss, max_steps), target_loss


def steps_that_overflow(X, y, target_loss, max_steps=100_000):
    X = np.c_[X, np.ones(len(X))]
    eta, w = 4 / np.linalg.eigvalsh(X.T @ X / len(X)).max(), np.zeros(X.shape[1])
    for step in range(max_steps):
        p = 1 / (1 + np.exp(-(X @ w)))
        if np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p)) <= target_loss:
            return step
        w = w - eta * X.T @ (p - y) / len(X)
    return max_steps


def fails(*args, **kwargs):
    raise ZeroDivisionError("division by zero")


def returns_nothing(*args, **kwargs):
    pass


RIGHT = {
    "fit_standardizer": [
        ("loops", fit_by_loops),
        ("a list of two", fit_in_a_list),
        ("range", fit_by_range),
        ("norms", fit_by_norms),
        ("unique values", fit_by_uniques),
        ("a threshold relative to the size", fit_with_a_cautious_threshold),
    ],
    "standardize": [
        ("loops", standardize_by_loops),
        ("affine map", standardize_by_affine_map),
        ("diagonal matrix", standardize_by_matrix),
        ("columns", standardize_by_columns),
    ],
    "pca_whitening": [
        ("svd of the data", pca_by_svd_of_the_data),
        ("svd of the covariance", pca_by_svd_of_the_covariance),
        ("eig", pca_by_eig),
        ("scipy, widest first", pca_by_scipy_largest_first),
        ("loops", pca_by_loops),
        ("eps on the diagonal", pca_of_the_regularized_covariance),
    ],
    "zca_whitening": [
        ("sqrtm", zca_by_sqrtm),
        ("fractional power", zca_by_fractional_power),
        ("svd of the data", zca_by_svd_of_the_data),
        ("einsum", zca_by_einsum),
        ("outer products", zca_by_outer_products),
        ("Newton's method", zca_by_newton),
    ],
    "condition_number": [
        ("singular values", condition_by_svd),
        ("divided by N − 1", condition_by_unbiased_covariance),
        ("scipy", condition_by_scipy),
        ("eig", condition_by_eig),
        ("the smaller matrix", condition_of_the_smaller_matrix),
    ],
    "gradient_descent_steps": [
        ("while", steps_by_while),
        ("weights and bias apart", steps_with_separate_bias),
        ("clipped probabilities", steps_with_clipped_probabilities),
        ("ones in front", steps_with_ones_in_front),
        ("the other while", _steps()),
    ],
}

WRONG = {
    "fit_standardizer": [
        ("rows", fit_by_examples, "per_example"),
        ("the whole table", fit_the_table, "over_everything"),
        ("the other order", lambda X: tuple(reversed(fit_by_range(X))), "swapped"),
        ("n − 1", fit_with_n_minus_1, "n_minus_1"),
        ("squared", fit_variance, "variance"),
        ("around zero", fit_around_zero, "not_centred"),
        ("range", fit_range, "min_max"),
        ("middle value", fit_median, "median"),
        ("nothing done about constants", fit_and_divide_by_zero, "constants_forgotten"),
        ("exactly zero", fit_where_exactly_zero, "exact_zero_only"),
        ("isclose", fit_where_close_to_zero, "threshold"),
        ("below 1e-10", lambda X: (X.mean(0), np.where(X.std(0) < 1e-10, 1, X.std(0))), "threshold"),
        ("1e-8 added", fit_with_an_epsilon, "epsilon"),
        ("1e-16 in the variance", fit_with_an_epsilon_in_the_variance, "epsilon"),
        ("1e-5 added", lambda X: (X.mean(0), X.std(0) + 1e-5), "epsilon"),
        ("moments and a constant", fit_by_moments, None),
        ("in place", fit_in_place, "changes_its_input"),
        ("ones", fit_all_ones, None),
        ("mean only", lambda X: X.mean(axis=0), "forgets_a_value"),
        ("one row each", lambda X: tuple(z[None] for z in fit_by_range(X)), None),
        ("zeros", lambda X: (np.zeros(X.shape[1]), np.zeros(X.shape[1])), None),
        ("constants get 0.5", lambda X: (X.mean(0), np.where(np.ptp(X, axis=0) == 0, 0.5, X.std(0))), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "standardize": [
        ("of itself", standardize_itself, "own_statistics"),
        ("cut at five", lambda X, mean, std: np.minimum(np.maximum((X - mean) / std, -5), 5), "clipped"),
        ("no parentheses", lambda X, mean, std: X - (mean / std), "precedence"),
        ("mean only", lambda X, mean, std: np.subtract(X, mean), "not_scaled"),
        ("spread only", lambda X, mean, std: np.divide(X, std), "not_centred"),
        ("upside down", lambda X, mean, std: -standardize_by_loops(X, mean, std), "sign"),
        ("times std", lambda X, mean, std: (X - mean) @ np.diag(std), "multiplied"),
        ("by std²", lambda X, mean, std: (X - mean) / (std * std), "variance"),
        ("by the root", lambda X, mean, std: (X - mean) * std**-0.5, "square_root"),
        ("plus 1e-8", lambda X, mean, std: (X - mean) / np.add(std, 1e-8), "epsilon"),
        ("along rows", standardize_along_rows, None),
        ("in place", standardize_in_place, "changes_its_input"),
        ("float32", lambda X, mean, std: ((X - mean) / std).astype(np.float16), None),
        ("nothing changed", lambda X, mean, std: X.copy(), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "pca_whitening": [
        ("turned back", zca_by_sqrtm, "turned_back"),
        ("axes only", _pca_scaled(lambda v, eps: np.ones(len(v))), "not_scaled"),
        ("no eps", _pca_scaled(_clipped_root), "eps_forgotten"),
        ("no eps, by eigh", lambda X, eps=1e-5: _silently_without_eps(X, turned=False), "eps_forgotten"),
        ("of standardized features", _pca_scaled(_root, _of_standardized), "correlation"),
        ("eps after the root", _pca_scaled(lambda v, eps: 1 / (v**0.5 + eps)), "eps_outside"),
        ("Σ⁻¹", _pca_scaled(lambda v, eps: 1 / (v + eps)), "inverse"),
        ("times the root", _pca_scaled(lambda v, eps: (v + eps) ** 0.5), "multiplied"),
        ("minus eps", lambda X, eps=1e-5: _silently_minus_eps(X, eps, turned=False), "eps_subtracted"),
        ("np.cov", _pca_scaled(_root, _unbiased), "n_minus_1"),
        ("scatter", _pca_scaled(_root, _scatter), "not_divided"),
        ("around zero", _pca_scaled(_root, _second_moment), "not_centred"),
        ("np.cov of rows", _over_rows(turned=False), "over_examples"),
        ("eps everywhere", pca_with_eps_everywhere, "eps_everywhere"),
        ("no mean", lambda X, eps=1e-5: (0 * X[0], pca_by_svd_of_the_data(X, eps)[1]), "zero_mean"),
        ("std for mean", lambda X, eps=1e-5: (X.std(0), pca_by_eig(X, eps)[1]), "standard_deviations"),
        ("whitened data", lambda X, eps=1e-5: _applied(X, pca_by_eig(X, eps)), "gives_the_data"),
        ("on its side", pca_on_its_side, "rows_for_columns"),
        ("axes on their side", pca_with_axes_on_their_side, "transposed_axes"),
        ("Vt", pca_with_vt, "transposed_axes_of_svd"),
        ("diagonal in front", pca_with_the_diagonal_in_front, "rows_scaled"),
        ("diagonal in front, svd", pca_with_the_diagonal_in_front_by_svd, "rows_scaled_largest_first"),
        ("in place", pca_in_place, "changes_its_input"),
        ("turned a little", pca_turned_a_little, None),
        ("the same column twice", pca_twice_the_same_column, None),
        ("a column of zeros", pca_with_one_column_lost, None),
        ("an eps of its own", pca_with_an_own_eps, None),
        ("a floor", pca_with_a_floor, None),
        ("thin svd", pca_of_thin_svd, None),
        ("scaling only", diagonal_whitening, None),
        ("by heart", first_answer_by_heart, None),
        ("cholesky", whitening_by_cholesky, None),
        ("W only", lambda X, eps=1e-5: pca_by_eig(X, eps)[1], None),
        ("W first", lambda X, eps=1e-5: pca_by_eig(X, eps)[::-1], None),
        ("NaN", lambda X, eps=1e-5: (X.mean(0), np.full((X.shape[1],) * 2, np.nan)), None),
        ("zeros", lambda X, eps=1e-5: (X.mean(0), np.zeros((X.shape[1],) * 2)), None),
        ("identity", lambda X, eps=1e-5: (X.mean(0), np.eye(X.shape[1])), None),
        ("float32", lambda X, eps=1e-5: (X.mean(0), pca_by_eig(X, eps)[1].astype(np.float16)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "zca_whitening": [
        ("not turned back", pca_by_svd_of_the_data, "not_turned_back"),
        ("cholesky", whitening_by_cholesky, "cholesky"),
        ("entries", powers_of_entries, "entry_by_entry"),
        ("no eps", lambda X, eps=1e-5: _silently_without_eps(X, turned=True), "eps_forgotten"),
        ("eps after the root", _zca_scaled(lambda v, eps: 1 / (v**0.5 + eps)), "eps_outside"),
        ("Σ⁻¹", lambda X, eps=1e-5: (X.mean(0), np.linalg.inv(_split(X)[1] + eps * np.eye(X.shape[1]))), "inverse"),
        ("Σ^½", _zca_scaled(lambda v, eps: (v + eps) ** 0.5), "multiplied"),
        ("minus eps", lambda X, eps=1e-5: _silently_minus_eps(X, eps, turned=True), "eps_subtracted"),
        ("np.cov", _zca_scaled(_root, _unbiased), "n_minus_1"),
        ("scatter", _zca_scaled(_root, _scatter), "not_divided"),
        ("around zero", _zca_scaled(_root, _second_moment), "not_centred"),
        ("of standardized features", _zca_scaled(_root, _of_standardized), "correlation"),
        ("np.cov of rows", _over_rows(turned=True), "over_examples"),
        ("eps everywhere", zca_with_eps_everywhere, "eps_everywhere"),
        ("no mean", lambda X, eps=1e-5: (np.zeros_like(X[0]), zca_by_sqrtm(X, eps)[1]), "zero_mean"),
        ("std for mean", lambda X, eps=1e-5: (X.std(0), zca_by_sqrtm(X, eps)[1]), "standard_deviations"),
        ("whitened data", lambda X, eps=1e-5: _applied(X, zca_by_sqrtm(X, eps)), "gives_the_data"),
        ("axes on their side", zca_with_axes_on_their_side, "transposed_axes"),
        ("Vt", zca_with_vt, "transposed_axes_of_svd"),
        ("turned twice", zca_turned_twice, None),
        ("in place", lambda X, eps=1e-5: zca_by_einsum(np.subtract(X, 0, out=X), eps), "changes_its_input"),
        ("negative", lambda X, eps=1e-5: (X.mean(0), -zca_by_sqrtm(X, eps)[1]), None),
        ("scaling only", diagonal_whitening, None),
        ("by heart", first_answer_by_heart, None),
        ("columns in another order", lambda X, eps=1e-5: (X.mean(0), zca_by_sqrtm(X, eps)[1][:, ::-1]), None),
        ("rounded", lambda X, eps=1e-5: (X.mean(0), np.round(zca_by_sqrtm(X, eps)[1], 4)), None),
        ("an eps of its own", lambda X, eps=1e-5: zca_by_einsum(X, 1e-8), None),
        ("identity", lambda X, eps=1e-5: (X.mean(0), np.eye(X.shape[1])), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "condition_number": [
        ("lengths", condition_of_lengths, "root"),
        ("around zero", condition_around_zero, "not_centred"),
        ("of X itself", condition_of_x_itself, "not_centred_root"),
        ("upside down", condition_upside_down, "inverted"),
        ("everything kept", condition_of_everything, "tiny_kept"),
        ("np.linalg.cond of the covariance", lambda X: np.linalg.cond(_split(X)[1]), "tiny_kept"),
        ("what is positive", condition_of_what_is_positive, "positive_kept"),
        ("standardized", condition_of_standardized, "correlation"),
        ("features", condition_of_features, "variances"),
        ("norm", condition_without_ratio, "largest"),
        ("of examples", condition_of_examples, "over_examples"),
        ("in place", lambda X: condition_by_scipy(np.subtract(X, X.mean(0), out=X)), "changes_its_input"),
        ("an array of one", lambda X: np.array([condition_by_scipy(X)]), None),
        ("rounded", lambda X: round(condition_by_scipy(X)), None),
        ("all below a thousandth left out", lambda X: _ratio_above(X, 1e-3), None),
        ("all below 1e-6 left out", lambda X: _ratio_above(X, 1e-6), None),
        ("by heart", lambda X: 9.0, None),
        ("log", lambda X: math.log10(condition_by_scipy(X)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "gradient_descent_steps": [
        ("looks counted", steps_and_one, "one_too_many"),
        ("one more", lambda X, y, t, m=100_000: _one_more(X, y, t, m), "one_too_many"),
        ("one less", steps_minus_one, "one_too_few"),
        ("index of the last update", lambda X, y, t, m=100_000: _index_of_last(X, y, t, m), "one_too_few"),
        ("moves first", _steps(late=True), "start_not_checked"),
        ("no ones", _steps(ones=False), "no_ones"),
        ("step of X", _steps(eta=lambda Z, X: 4 * len(X) / np.linalg.norm(X, 2) ** 2), "step_without_ones"),
        (
            "step of the covariance",
            _steps(eta=lambda Z, X: 4 / np.linalg.norm(np.cov(X.T, bias=True).reshape(X.shape[1], -1), 2)),
            "step_of_the_covariance",
        ),
        ("1/λ", _steps(eta=lambda Z, X: len(Z) / np.linalg.norm(Z, 2) ** 2), "step_four_times_too_small"),
        ("4/λ of the sum", _steps(eta=lambda Z, X: 4 / np.linalg.norm(Z, 2) ** 2), "step_not_averaged"),
        ("averaged twice", _steps(push=lambda Z, y, s: (y - expit(s)) @ Z / len(Z) ** 2), "step_not_averaged"),
        ("sum of gradients", _steps(push=lambda Z, y, s: (y - expit(s)) @ Z), "gradient_summed"),
        ("sum of losses", _steps(loss=lambda y, s: -np.sum(log_expit((2 * y - 1) * s))), "loss_summed"),
        ("uphill", _steps(push=lambda Z, y, s: (expit(s) - y) @ Z / len(Z)), "uphill"),
        (
            "labels of ±1",
            _steps(
                push=lambda Z, y, s: (y / (1 + np.exp(y * s))) @ Z / len(Z), loss=lambda y, s: -log_expit(y * s).mean()
            ),
            "labels_of_plus_and_minus_one",
        ),
        ("standardized", _steps(prepare=lambda X: (X - X.mean(0)) / X.std(0)), "standardized_first"),
        ("log of 0", _steps(loss=_naive_loss), "logarithm_of_zero"),
        ("the same, with NumPy's warnings", steps_that_overflow, "logarithm_of_zero"),
        ("no end", steps_without_end, "limit_ignored"),
        ("None when given up", steps_or_none, "nothing_when_given_up"),
        ("a fixed rate", _steps(eta=lambda Z, X: 0.1), None),
        ("8/λ", _steps(eta=lambda Z, X: 8 * len(Z) / np.linalg.norm(Z, 2) ** 2), None),
        ("4/λ of the root", _steps(eta=lambda Z, X: 4 * len(Z) ** 0.5 / np.linalg.norm(Z, 2)), None),
        ("squared error", _steps(loss=lambda y, s: np.mean((expit(s) - y) ** 2)), None),
        ("in bits", _steps(loss=lambda y, s: -np.mean(log_expit((2 * y - 1) * s)) / math.log(2)), None),
        ("X divided in place", steps_that_divide_x, "changes_its_input"),
        ("two values", steps_and_loss, None),
        ("no steps", lambda X, y, t, m=100_000: 0, "zero_in_part"),
        ("always the limit", lambda X, y, t, m=100_000: m, None),
        ("by heart", lambda X, y, t, m=100_000: 3, None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
}
