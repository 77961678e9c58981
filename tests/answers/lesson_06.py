"""Right and wrong answers to lesson 06, written the way different people write them."""

import math

import numpy as np

from course_lib.batchnorm import BatchNormCache

# batchnorm_forward ----------------------------------------------------------------------------------


def forward_line_by_line(x, gamma, beta, eps=1e-5):
    m = x.shape[0]
    mu = 1 / m * np.sum(x, axis=0)
    centred = x - mu
    sigma2 = 1 / m * np.sum(centred**2, axis=0)
    sqrt = np.sqrt(sigma2 + eps)
    x_hat = centred / sqrt
    return gamma * x_hat + beta, BatchNormCache(x_hat, 1.0 / sqrt, gamma)


def forward_by_loops(x, gamma, beta, eps=1e-5):
    N, D = x.shape
    x_hat, y, inv_std = np.zeros((N, D)), np.zeros((N, D)), np.zeros(D)
    for d in range(D):
        mean = sum(x[n, d] for n in range(N)) / N
        var = sum((x[n, d] - mean) ** 2 for n in range(N)) / N
        inv_std[d] = 1 / math.sqrt(var + eps)
        for n in range(N):
            x_hat[n, d] = (x[n, d] - mean) * inv_std[d]
            y[n, d] = gamma[d] * x_hat[n, d] + beta[d]
    return y, BatchNormCache(x_hat=x_hat, inv_std=inv_std, gamma=gamma.copy())


def forward_by_moments(x, gamma, beta, eps=1e-5):
    mean = np.einsum("nd->d", x) / len(x)
    var = np.maximum(np.einsum("nd,nd->d", x, x) / len(x) - mean * mean, 0)
    inv_std = (var + eps) ** -0.5
    scale = gamma * inv_std
    return [x * scale + (beta - mean * scale), BatchNormCache((x - mean) * inv_std, inv_std, gamma)]


def forward_transposed(x, gamma, beta, eps=1e-5):
    rows = x.T
    mean, std = rows.mean(axis=1, keepdims=True), np.sqrt(rows.var(axis=1, keepdims=True) + eps)
    x_hat = (rows - mean) / std
    y = gamma[:, None] * x_hat + beta[:, None]
    return y.T, BatchNormCache(x_hat.T, 1 / std[:, 0], gamma)


def _forward(y=None, cache=None, mean=None, std=None):
    """Return a forward pass written with a standard deviation, with some of its lines replaced."""

    def forward(x, gamma, beta, eps=1e-5):
        mu = np.average(x, axis=0) if mean is None else mean(x)
        with np.errstate(all="ignore"):
            s = np.sqrt(np.square(x - np.average(x, axis=0)).sum(0) / len(x) + eps) if std is None else std(x, eps)
            x_hat = np.divide(x - mu, s)
            inv_std = np.reciprocal(s)
        out = x_hat * gamma + beta if y is None else y(x_hat, gamma, beta)
        kept = BatchNormCache(x_hat, inv_std, gamma)
        return out, kept if cache is None else cache(x, out, kept, s, eps)

    return forward


def _variance(x):
    return np.cov(x, rowvar=False, bias=True).diagonal() if min(x.shape) > 1 else np.square(x - x.mean(0)).mean(0)


def _silent(function):
    def silent(*args, **kwargs):
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return silent


def forward_without_division(x, gamma, beta, eps=1e-5):
    centred = x - np.mean(x, 0)
    return centred * gamma + beta, BatchNormCache(centred, (np.mean(centred**2, 0) + eps) ** -0.5, gamma)


def forward_in_place(x, gamma, beta, eps=1e-5):
    x -= x.mean(axis=0)
    return forward_line_by_line(x, gamma, beta, eps)


def forward_that_scales_gamma(x, gamma, beta, eps=1e-5):
    y, cache = forward_line_by_line(x, gamma, beta, eps)
    gamma *= 2
    return y, cache


def forward_with_the_public_answer_by_heart(x, gamma, beta, eps=1e-5):
    if eps == 0.1:
        return forward_line_by_line(x, gamma, beta, eps)
    return x * 0, BatchNormCache(x * 0, gamma * 0, gamma)


def forward_that_refuses_small_batches(x, gamma, beta, eps=1e-5):
    if len(x) < 2:
        raise ValueError("a batch needs two examples")
    return forward_line_by_line(x, gamma, beta, eps)


def forward_by_a_class_of_its_own(x, gamma, beta, eps=1e-5):
    from collections import namedtuple

    own = namedtuple("BatchNormCache", ["x_hat", "inv_std", "gamma"])
    y, cache = forward_line_by_line(x, gamma, beta, eps)
    return y, own(*cache)


def forward_in_single_precision(x, gamma, beta, eps=1e-5):
    y, cache = forward_line_by_line(x, gamma, beta, eps)
    return y.astype(np.float32), cache


def forward_off_in_one_entry(x, gamma, beta, eps=1e-5):
    y, cache = forward_line_by_line(x, gamma, beta, eps)
    y[-1, -1] *= 1.00001
    return y, cache


# batchnorm_backward ---------------------------------------------------------------------------------


def backward_by_the_paper(dy, cache):
    """Apply the chain rule of the paper's section 3, with x − μ and σ² + ε computed from the cache."""
    m = len(dy)
    centred, v = cache.x_hat / cache.inv_std, cache.inv_std**-2
    dx_hat = dy * cache.gamma
    dvar = np.sum(dx_hat * centred * -0.5 * v ** (-3 / 2), axis=0)
    dmean = np.sum(dx_hat * -1 / np.sqrt(v), axis=0) + dvar * np.mean(-2 * centred, axis=0)
    dx = dx_hat / np.sqrt(v) + dvar * 2 * centred / m + dmean / m
    return dx, np.sum(dy * cache.x_hat, axis=0), np.sum(dy, axis=0)


def backward_by_jacobian(dy, cache):
    x_hat, inv_std, gamma = cache
    N, D = x_hat.shape
    dx = np.empty((N, D))
    for d in range(D):
        J = gamma[d] * inv_std[d] * (np.eye(N) - 1 / N - np.outer(x_hat[:, d], x_hat[:, d]) / N)
        dx[:, d] = J @ dy[:, d]
    return [dx, np.array([x_hat[:, d] @ dy[:, d] for d in range(D)]), dy.sum(0)]


def backward_in_one_formula(dy, cache):
    N = dy.shape[0]
    dbeta = np.ones(N) @ dy
    dgamma = np.einsum("nd,nd->d", dy, cache[0])
    dx = (N * dy - dbeta - cache[0] * dgamma) * (cache[2] * cache[1] / N)
    return dx, dgamma, dbeta


def backward_by_loops(dy, cache):
    N, D = dy.shape
    dx, dgamma, dbeta = np.zeros((N, D)), np.zeros(D), np.zeros(D)
    for d in range(D):
        for n in range(N):
            dbeta[d] += dy[n, d]
            dgamma[d] += dy[n, d] * cache.x_hat[n, d]
        for n in range(N):
            inner = dy[n, d] - (dbeta[d] + cache.x_hat[n, d] * dgamma[d]) / N
            dx[n, d] = cache.gamma[d] * cache.inv_std[d] * inner
    return dx, dgamma, dbeta


def _backward(dx=None, dgamma=None, dbeta=None):
    """Return the paper's backward pass, with some of its lines replaced."""

    def backward(dy, cache):
        right = backward_by_the_paper(dy, cache)
        wrong = [f and f(dy, *cache) for f in (dx, dgamma, dbeta)]
        return tuple(r if w is None else w for r, w in zip(right, wrong, strict=True))

    return backward


def _paper_dx(mean=1.0, var=1.0, n=0):
    def dx(dy, x_hat, inv_std, gamma):
        dx_hat = gamma * dy
        centred = x_hat / inv_std
        dvar = -0.5 * np.sum(dx_hat * centred, 0) * inv_std**3
        dmean = -np.sum(dx_hat, 0) * inv_std
        m = len(dy)
        return dx_hat * inv_std + var * 2 * dvar * centred / (m - n) + mean * dmean / m

    return dx


def backward_as_a_projection(dy, cache):
    x_hat, inv_std, gamma = cache
    inside = dy - dy.mean(0)
    inside = inside - x_hat * np.sum(inside * x_hat, 0) / np.sum(x_hat * x_hat, 0)
    return inside * (gamma * inv_std), np.sum(dy * x_hat, 0), dy.sum(0)


def backward_in_place(dy, cache):
    dy *= cache.gamma
    return backward_by_the_paper(dy, cache)


def backward_that_writes_into_the_cache(dy, cache):
    cache.x_hat[:] = 0
    return backward_by_the_paper(dy, cache)


def backward_without_an_array(dy, cache):
    return tuple(gradient.tolist() for gradient in backward_by_loops(dy, cache))


# identity_parameters --------------------------------------------------------------------------------


def identity_by_sums(x, eps=1e-5):
    beta = sum(x) / len(x)
    return np.sqrt(sum((row - beta) ** 2 for row in x) / len(x) + eps), beta


def identity_by_hypot(x, eps=1e-5):
    return np.hypot(np.std(x, axis=0), math.sqrt(eps)), np.mean(x, axis=0)


def identity_from_the_forward_pass(x, eps=1e-5):
    D = x.shape[1]
    _, cache = forward_line_by_line(x, np.ones(D), np.zeros(D), eps)
    return 1 / cache.inv_std, np.median(x - cache.x_hat / cache.inv_std, axis=0)


def identity_in_place(x, eps=1e-5):
    beta = x.mean(0)
    x -= beta
    return np.sqrt(np.mean(x * x, 0) + eps), beta


# update_running_statistics --------------------------------------------------------------------------


def update_by_steps(running_mean, running_var, x, decay=0.9):
    N = len(x)
    mu = x.sum(axis=0) / N
    s2 = ((x - mu) ** 2).sum(axis=0) / (N - 1)
    return running_mean + (1 - decay) * (mu - running_mean), running_var + (1 - decay) * (s2 - running_var)


def update_with_bessel(running_mean, running_var, x, decay=0.9):
    m = x.shape[0]
    new = 1 - decay
    mean = running_mean * decay + np.mean(x, axis=0) * new
    var = running_var * decay + m / (m - 1) * np.var(x, axis=0) * new
    return [mean, var]


def update_by_loops(running_mean, running_var, x, decay=0.9):
    pairs = []
    for m, v, column in zip(running_mean, running_var, x.T, strict=True):
        mu = math.fsum(column) / len(column)
        s2 = math.fsum((c - mu) ** 2 for c in column) / (len(column) - 1)
        pairs.append((decay * m + (1 - decay) * mu, decay * v + (1 - decay) * s2))
    mean, var = np.array(pairs).T
    return mean, var


def update_by_cov(running_mean, running_var, x, decay=0.9):
    s2 = np.atleast_2d(np.cov(x, rowvar=False)).diagonal()
    return np.average([running_mean, x.mean(0)], axis=0, weights=[decay, 1 - decay]), decay * running_var + (
        1 - decay
    ) * s2


def _update(mean=None, var=None):
    """Return an update of the running statistics, with one of its two lines replaced."""

    def update(running_mean, running_var, x, decay=0.9):
        right = update_by_steps(running_mean, running_var, x, decay)
        return (
            right[0] if mean is None else mean(running_mean, x, decay),
            right[1] if var is None else var(running_var, x, decay),
        )

    return update


def _spread(x, ddof=1):
    return np.square(x - x.mean(0)).sum(0) / (len(x) - ddof)


def update_in_place(running_mean, running_var, x, decay=0.9):
    running_mean *= decay
    running_mean += (1 - decay) * x.mean(axis=0)
    running_var *= decay
    running_var += (1 - decay) * x.var(axis=0, ddof=1)
    return running_mean, running_var


def update_of_the_stored_mean_only(running_mean, running_var, x, decay=0.9):
    return update_by_steps(running_mean, running_var, x, decay)[0], running_var


def update_around_the_old_mean(running_mean, running_var, x, decay=0.9):
    mean = update_by_steps(running_mean, running_var, x, decay)[0]
    around = sum((row - running_mean) ** 2 for row in x) / (len(x) - 1)
    return mean, running_var * decay + around * (1 - decay)


def update_around_the_new_mean(running_mean, running_var, x, decay=0.9):
    mean = update_by_steps(running_mean, running_var, x, decay)[0]
    return mean, running_var * decay + np.square(x - mean).sum(0) / (len(x) - 1) * (1 - decay)


# batchnorm_inference --------------------------------------------------------------------------------


def inference_as_one_line(x, gamma, beta, running_mean, running_var, eps=1e-5):
    slope = gamma / np.sqrt(running_var + eps)
    return x * slope + (beta - slope * running_mean)


def inference_row_by_row(x, gamma, beta, running_mean, running_var, eps=1e-5):
    return np.vstack([beta + gamma * ((row - running_mean) * (running_var + eps) ** -0.5) for row in x])


def inference_by_loops(x, gamma, beta, running_mean, running_var, eps=1e-5):
    y = np.empty(x.shape)
    for (n, d), value in np.ndenumerate(x):
        y[n, d] = gamma[d] * (value - running_mean[d]) / math.sqrt(running_var[d] + eps) + beta[d]
    return y


def inference_by_einsum(x, gamma, beta, running_mean, running_var, eps=1e-5):
    return np.einsum("nd,d,d->nd", x - running_mean, gamma, 1 / np.sqrt(running_var + eps)) + beta


def _inference(y=None, mean=None, std=None):
    """Return an inference written with a standard deviation, with some of its lines replaced."""

    def inference(x, gamma, beta, running_mean, running_var, eps=1e-5):
        m = running_mean if mean is None else mean(x, running_mean)
        with np.errstate(all="ignore"):
            s = np.sqrt(eps + running_var) if std is None else std(x, running_var, eps)
            x_hat = (x - m) / s
        return beta + x_hat * gamma if y is None else y(x_hat, gamma, beta)

    return inference


def inference_with_the_training_transform(x, gamma, beta, running_mean, running_var, eps=1e-5):
    return forward_line_by_line(x, gamma, beta, eps)[0]


def inference_that_updates(x, gamma, beta, running_mean, running_var, eps=1e-5):
    mean, var = update_by_steps(running_mean, running_var, x) if len(x) > 1 else (running_mean, running_var)
    return inference_as_one_line(x, gamma, beta, mean, var, eps)


def inference_in_place(x, gamma, beta, running_mean, running_var, eps=1e-5):
    x -= running_mean
    return gamma * x / np.sqrt(running_var + eps) + beta


# fold_batchnorm -------------------------------------------------------------------------------------


def fold_by_diagonal(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    S = np.diag(gamma / np.sqrt(running_var + eps))
    return W @ S, b @ S + beta - running_mean @ S


def fold_by_probing(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    """Ask the two layers what they do to 0 and to every unit vector."""

    def both(x):
        return inference_as_one_line(x @ W + b, gamma, beta, running_mean, running_var, eps)

    origin = both(np.zeros((1, len(W))))
    return both(np.eye(len(W))) - origin, origin[0]


def fold_column_by_column(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    columns, biases = [], []
    for k in range(W.shape[1]):
        s = gamma[k] / math.sqrt(running_var[k] + eps)
        columns.append([w * s for w in W[:, k]])
        biases.append(beta[k] - s * running_mean[k] + s * b[k])
    return np.array(columns).T, np.array(biases)


def fold_by_inference(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    zero = np.zeros_like(b)
    new_b = inference_row_by_row(b[None, :], gamma, beta, running_mean, running_var, eps)[0]
    return [inference_row_by_row(W, gamma, zero, zero, running_var, eps), new_b]


def _fold(W=None, b=None, s=None):
    """Return a fold by the factor s, with some of its lines replaced."""

    def fold(weights, bias, gamma, beta, running_mean, running_var, eps=1e-5):
        with np.errstate(all="ignore"):
            factor = gamma * (running_var + eps) ** -0.5 if s is None else s(gamma, running_var, eps)
        return (
            np.einsum("ik,k->ik", weights, factor) if W is None else W(weights, factor),
            beta + factor * (bias - running_mean) if b is None else b(bias, factor, beta, running_mean),
        )

    return fold


def fold_in_place(W, b, gamma, beta, running_mean, running_var, eps=1e-5):
    s = gamma / np.sqrt(running_var + eps)
    W *= s
    b -= running_mean
    return W, b * s + beta


def fails(*args, **kwargs):
    raise ZeroDivisionError("division by zero")


def unfinished(*args, **kwargs):
    raise NotImplementedError


def returns_nothing(*args, **kwargs):
    pass


RIGHT = {
    "batchnorm_forward": [
        ("line by line", forward_line_by_line),
        ("loops", forward_by_loops),
        ("moments, in a list", forward_by_moments),
        ("transposed", forward_transposed),
    ],
    "batchnorm_backward": [
        ("the paper's chain rule", backward_by_the_paper),
        ("a Jacobian a feature", backward_by_jacobian),
        ("one formula", backward_in_one_formula),
        ("loops", backward_by_loops),
    ],
    "identity_parameters": [
        ("sums", identity_by_sums),
        ("hypot", identity_by_hypot),
        ("from the forward pass", identity_from_the_forward_pass),
    ],
    "update_running_statistics": [
        ("steps", update_by_steps),
        ("m/(m − 1)", update_with_bessel),
        ("loops", update_by_loops),
        ("np.cov", update_by_cov),
    ],
    "batchnorm_inference": [
        ("one line", inference_as_one_line),
        ("row by row", inference_row_by_row),
        ("loops", inference_by_loops),
        ("einsum", inference_by_einsum),
    ],
    "fold_batchnorm": [
        ("a diagonal matrix", fold_by_diagonal),
        ("probing", fold_by_probing),
        ("column by column", fold_column_by_column),
        ("by inference", fold_by_inference),
    ],
}

WRONG = {
    "batchnorm_forward": [
        ("a tuple", _forward(cache=lambda x, y, c, s, eps: (c[0], c[1], c[2])), None),
        ("a list", _forward(cache=lambda x, y, c, s, eps: list(c)), None),
        ("a dict", _forward(cache=lambda x, y, c, s, eps: c._asdict()), None),
        ("its own class", forward_by_a_class_of_its_own, None),
        ("std kept", _forward(cache=lambda x, y, c, s, eps: BatchNormCache(c.x_hat, s, c.gamma)), "cache_holds_std"),
        (
            "variance kept",
            _forward(cache=lambda x, y, c, s, eps: BatchNormCache(c.x_hat, _variance(x), c.gamma)),
            "cache_holds_variance",
        ),
        (
            "s² kept",
            _forward(cache=lambda x, y, c, s, eps: BatchNormCache(c.x_hat, s * s, c.gamma)),
            "cache_holds_variance_with_eps",
        ),
        (
            "1/σ kept",
            _silent(_forward(cache=lambda x, y, c, s, eps: c._replace(inv_std=1 / np.sqrt(x.var(0))))),
            "cache_holds_inverse_without_eps",
        ),
        (
            "x kept",
            _forward(cache=lambda x, y, c, s, eps: BatchNormCache(x.copy(), 1 / s, c.gamma)),
            "cache_holds_the_input",
        ),
        (
            "x − μ kept",
            _forward(cache=lambda x, y, c, s, eps: c._replace(x_hat=x - np.mean(x, 0))),
            "cache_holds_the_centred_input",
        ),
        ("y kept", _forward(cache=lambda x, y, c, s, eps: BatchNormCache(y, *c[1:])), "cache_holds_the_output"),
        (
            "fields shuffled",
            _forward(cache=lambda x, y, c, s, eps: BatchNormCache(c.x_hat, c.gamma, 1 / s)),
            "cache_in_another_order",
        ),
        ("no cache", _forward(cache=lambda x, y, c, s, eps: None), "cache_missing"),
        ("y alone", lambda *args, **kwargs: forward_by_moments(*args, **kwargs)[0], "only_y"),
        ("cache first", lambda *a, **k: tuple(reversed(forward_by_moments(*a, **k))), "order_of_the_results"),
        ("stops at x̂", _forward(y=lambda x_hat, gamma, beta: x_hat.copy()), "scale_and_shift_forgotten"),
        ("no γ", _forward(y=lambda x_hat, gamma, beta: np.add(x_hat, beta)), "gamma_forgotten"),
        ("no β", _forward(y=lambda x_hat, gamma, beta: np.einsum("nd,d->nd", x_hat, gamma)), "beta_forgotten"),
        ("γ and β swapped", _forward(y=lambda x_hat, g, b: g + b * x_hat), "gamma_and_beta_swapped"),
        ("β inside", _forward(y=lambda x_hat, g, b: g * x_hat + g * b), "shifted_before_it_is_scaled"),
        ("not centred", _forward(mean=lambda x: np.zeros(x.shape[1])), "mean_not_subtracted"),
        ("by the variance", _forward(std=lambda x, eps: _variance(x) + eps), "divided_by_variance"),
        ("not divided", forward_without_division, "not_divided"),
        (
            "N − 1",
            _forward(std=lambda x, eps: np.sqrt(np.square(x - x.mean(0)).sum(0) / np.float64(len(x) - 1) + eps)),
            "unbiased_variance",
        ),
        ("no ε", _forward(std=lambda x, eps: np.sqrt(x.var(0))), "eps_forgotten"),
        ("ε fixed", lambda x, gamma, beta, eps=1e-5: forward_by_moments(x, gamma, beta), "eps_ignored"),
        ("ε outside", _forward(std=lambda x, eps: eps + np.sqrt(_variance(x))), "eps_outside_the_root"),
        ("hypot", _forward(std=lambda x, eps: np.hypot(x.std(0), eps)), "eps_squared"),
        (
            "layer normalization",
            _forward(
                mean=lambda x: np.average(x, axis=1)[:, None],
                std=lambda x, eps: np.sqrt(x.T.var(axis=0)[:, None] + eps),
            ),
            "over_the_features",
        ),
        (
            "axis 1",
            _forward(mean=lambda x: np.average(x, axis=1), std=lambda x, eps: np.sqrt(np.var(x, 1) + eps)),
            "wrong_axis",
        ),
        (
            "axis 1, kept as a column",
            _forward(
                mean=lambda x: x.mean(1, keepdims=True), std=lambda x, eps: np.sqrt(np.var(x, 1, keepdims=True) + eps)
            ),
            "over_the_features",
        ),
        (
            "all entries",
            _forward(mean=lambda x: x.mean(), std=lambda x, eps: np.sqrt(x.var() + eps)),
            "over_everything",
        ),
        ("inv_std as a row", _forward(cache=lambda x, y, c, s, eps: c._replace(inv_std=c.inv_std[None])), None),
        ("inv_std for every entry", _forward(cache=lambda x, y, c, s, eps: c._replace(inv_std=x * 0 + 1 / s)), None),
        ("γ lost in the cache", _forward(cache=lambda x, y, c, s, eps: c._replace(gamma=c.gamma * 0 + 1)), None),
        ("γ missing in the cache", lambda *a, **k: (forward_line_by_line(*a, **k)[0], BatchNormCache(1, 2)), None),
        ("centred in place", forward_in_place, "changes_its_input"),
        ("γ changed in place", forward_that_scales_gamma, "changes_its_input"),
        ("public answer by heart", forward_with_the_public_answer_by_heart, None),
        ("refuses a batch of one", forward_that_refuses_small_batches, None),
        ("float32", forward_in_single_precision, None),
        ("one entry off", forward_off_in_one_entry, None),
        (
            "zeros",
            lambda x, gamma, beta, eps=1e-5: (x * 0, BatchNormCache(x * 0, gamma * 0, gamma * 0)),
            None,
        ),
        (
            "eps has another name",
            lambda x, gamma, beta, epsilon=1e-5: forward_line_by_line(x, gamma, beta, epsilon),
            None,
        ),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("unfinished", unfinished, "unfinished"),
    ],
    "batchnorm_backward": [
        (
            "γ/σ·dy",
            _backward(dx=lambda dy, x_hat, inv_std, gamma: np.einsum("nd,d,d->nd", dy, gamma, inv_std)),
            "statistics_taken_for_constants",
        ),
        ("no dμ", _backward(dx=_paper_dx(mean=0)), "mean_term_missing"),
        ("no dσ²", _backward(dx=_paper_dx(var=0)), "variance_term_missing"),
        ("dσ² with the wrong sign", _backward(dx=_paper_dx(var=-1)), "variance_term_has_the_wrong_sign"),
        (
            "no γ in dx",
            lambda dy, cache: (
                backward_by_the_paper(dy, cache._replace(gamma=np.ones_like(cache.gamma)))[0],
                *backward_by_loops(dy, cache)[1:],
            ),
            "gamma_forgotten_in_dx",
        ),
        (
            "dx̂ only",
            lambda dy, cache: (
                backward_in_one_formula(dy, cache)[0] / cache.inv_std,
                *backward_by_loops(dy, cache)[1:],
            ),
            "inv_std_forgotten_in_dx",
        ),
        (
            "divided by inv_std",
            lambda dy, cache: (
                backward_in_one_formula(dy, cache)[0] / cache.inv_std / cache.inv_std,
                *backward_by_loops(dy, cache)[1:],
            ),
            "multiplied_by_the_std",
        ),
        (
            "sums",
            _backward(
                dx=lambda dy, x_hat, i, g: g * i * (dy - np.sum(dy, 0) - x_hat * np.einsum("nd,nd->d", dy, x_hat))
            ),
            "sums_in_place_of_means",
        ),
        (
            "N·dy …",
            _backward(dx=lambda dy, x_hat, i, g: g * i * (len(dy) * dy - dy.sum(0) - x_hat * (x_hat * dy).sum(0))),
            "n_times_too_large",
        ),
        (
            "mean gradient",
            lambda dy, cache: (backward_by_loops(dy, cache)[0] / len(dy), *backward_by_jacobian(dy, cache)[1:]),
            "dx_averaged",
        ),
        ("N − 1 in dσ²", _backward(dx=_paper_dx(n=1)), "variance_divides_by_n_minus_one"),
        ("a projection", backward_as_a_projection, "eps_forgotten"),
        (
            "mean of the row",
            _backward(
                dx=lambda dy, x_hat, i, g: (
                    g * i * (dy - np.average(dy, axis=1)[:, None] - x_hat * np.average(dy * x_hat, axis=0))
                )
            ),
            "mean_over_the_features",
        ),
        (
            "both averaged",
            lambda dy, cache: (
                backward_by_loops(dy, cache)[0],
                backward_by_loops(dy, cache)[1] / len(dy),
                np.average(dy, axis=0),
            ),
            "averaged",
        ),
        ("dγ averaged", _backward(dgamma=lambda dy, x_hat, i, g: np.average(x_hat * dy, axis=0)), "dgamma_averaged"),
        ("dβ averaged", _backward(dbeta=lambda dy, x_hat, i, g: sum(dy) / len(dy)), "dbeta_averaged"),
        (
            "dγ with x − μ",
            _backward(dgamma=lambda dy, x_hat, i, g: np.einsum("nd,nd->d", dy, x_hat / i)),
            "dgamma_of_the_centred_batch",
        ),
        ("dγ = dβ", _backward(dgamma=lambda dy, x_hat, i, g: np.einsum("nd->d", dy)), "dgamma_without_x_hat"),
        (
            "after the scale",
            _backward(dgamma=lambda dy, x, i, g: g * (x * dy).sum(0), dbeta=lambda dy, x, i, g: g * dy.sum(0)),
            "scaled_too_early",
        ),
        ("γ in dγ", _backward(dgamma=lambda dy, x, i, g: g * (x * dy).sum(0)), "dgamma_contains_gamma"),
        ("rows kept", _backward(dgamma=lambda dy, x, i, g: x * dy, dbeta=lambda dy, x, i, g: dy.copy()), "not_summed"),
        (
            "row sums",
            _backward(
                dgamma=lambda dy, x, i, g: np.einsum("nd,nd->n", dy, x),
                dbeta=lambda dy, x, i, g: np.einsum("nd->n", dy),
            ),
            "wrong_axis",
        ),
        (
            "dβ before dγ",
            lambda dy, cache: tuple(np.array(backward_by_loops(dy, cache)[i]) for i in (0, 2, 1)),
            "order_of_the_results",
        ),
        (
            "dx last",
            lambda dy, cache: (*backward_by_loops(dy, cache)[1:], backward_by_loops(dy, cache)[0]),
            "gradients_of_the_parameters_first",
        ),
        ("descent", lambda dy, cache: tuple(0 - g for g in backward_by_loops(dy, cache)), "sign"),
        (
            "zeros in dx",
            _backward(dx=lambda dy, x_hat, i, g: np.zeros_like(dy)),
            None,
        ),
        ("dx is dy", _backward(dx=lambda dy, x_hat, i, g: dy.copy()), None),
        ("in place", backward_in_place, "changes_its_input"),
        ("into the cache", backward_that_writes_into_the_cache, "changes_its_input"),
        ("lists", backward_without_an_array, None),
        ("dx alone", lambda dy, cache: backward_by_loops(dy, cache)[0], None),
        (
            "a dict",
            lambda dy, cache: dict(zip(("dx", "dgamma", "dbeta"), backward_by_loops(dy, cache), strict=True)),
            None,
        ),
        ("cache taken for three arguments", lambda dy, x_hat, inv_std, gamma: dy, None),
        (
            "only for ten examples",
            lambda dy, cache: backward_by_loops(dy, cache) if len(dy) < 11 else backward_by_loops(dy * 0, cache),
            None,
        ),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "identity_parameters": [
        ("σ", lambda x, eps=1e-5: (np.sqrt(np.square(x - x.mean(0)).mean(0)), sum(x) / len(x)), "eps_forgotten"),
        ("σ + ε", lambda x, eps=1e-5: (eps + np.sqrt(x.var(0)), np.average(x, axis=0)), "eps_outside_the_root"),
        ("ε fixed", lambda x, eps=1e-5: identity_by_sums(x), "eps_ignored"),
        ("β first", lambda x, eps=1e-5: identity_by_sums(x, eps)[::-1], "order_of_the_results"),
        (
            "1/σ",
            lambda x, eps=1e-5: (identity_by_sums(x, eps)[0] ** -1, np.average(x, axis=0)),
            "normalizes_instead",
        ),
        (
            "normalizes x",
            lambda x, eps=1e-5: (1 / identity_by_hypot(x, eps)[0], -x.mean(0) / identity_by_hypot(x, eps)[0]),
            "normalizes_the_input",
        ),
        ("σ² + ε", lambda x, eps=1e-5: (np.square(identity_by_sums(x, eps)[0]), x.mean(0)), "variance"),
        (
            "N − 1",
            lambda x, eps=1e-5: (np.sqrt(np.square(x - x.mean(0)).sum(0) / (len(x) - 1) + eps), x.mean(0)),
            "unbiased_variance",
        ),
        ("−μ", lambda x, eps=1e-5: (identity_by_hypot(x, eps)[0], 0 - x.sum(0) / len(x)), "sign_of_beta"),
        ("ones and zeros", lambda x, eps=1e-5: (x[0] * 0 + 1, x[0] * 0), "no_transform"),
        ("for every row", lambda x, eps=1e-5: identity_by_sums(x.T, eps), "wrong_axis"),
        (
            "one pair of numbers",
            lambda x, eps=1e-5: (math.sqrt(np.var(x.ravel()) + eps), float(np.mean(x.ravel()))),
            "over_everything",
        ),
        ("in place", identity_in_place, "changes_its_input"),
        ("a row kept", lambda x, eps=1e-5: (np.sqrt(x.var(0) + eps)[None], x.mean(0)[None]), "axis_kept"),
        ("minus the root", lambda x, eps=1e-5: (-identity_by_sums(x, eps)[0], x.mean(0)), "factor_minus_one"),
        ("lists", lambda x, eps=1e-5: tuple(p.tolist() for p in identity_by_sums(x, eps)), None),
        ("γ alone", lambda x, eps=1e-5: identity_by_sums(x, eps)[0], "forgets_a_value"),
        ("three examples only", lambda x, eps=1e-5: (np.sqrt(x.var(0) + 0.5), x.mean(0)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "update_running_statistics": [
        (
            "PyTorch's momentum",
            lambda m, v, x, decay=0.9: update_by_steps(m, v, x, 1 - decay),
            "decay_flipped",
        ),
        (
            "momentum and N",
            lambda m, v, x, decay=0.9: (m - decay * (m - x.mean(0)), v - decay * (v - _spread(x, 0))),
            "decay_flipped_and_biased",
        ),
        ("divided by N", _update(var=lambda v, x, d: v + (1 - d) * (_spread(x, 0) - v)), "biased_variance"),
        ("σ mixed in", _update(var=lambda v, x, d: d * v + (1 - d) * np.sqrt(_spread(x))), "std_stored"),
        ("biased σ", _update(var=lambda v, x, d: d * v + (1 - d) * _spread(x, 0) ** 0.5), "biased_std_stored"),
        ("new variance only", _update(var=lambda v, x, d: _spread(x)), "variance_without_memory"),
        ("new mean only", _update(mean=lambda m, x, d: sum(x) / len(x)), "mean_without_memory"),
        ("the batch's", _update(mean=lambda m, x, d: sum(x) / len(x), var=lambda v, x, d: _spread(x)), "no_memory"),
        (
            "a sum that grows",
            _update(
                mean=lambda m, x, d: m + x.mean(0) - d * x.mean(0), var=lambda v, x, d: v + _spread(x) - d * _spread(x)
            ),
            "old_value_not_weighted",
        ),
        (
            "batch in full",
            _update(mean=lambda m, x, d: x.mean(0) + m * d, var=lambda v, x, d: _spread(x) + v * d),
            "batch_not_weighted",
        ),
        ("decay fixed", lambda m, v, x, decay=0.9: update_with_bessel(m, v, x), "decay_ignored"),
        (
            "corrected at the end",
            _update(var=lambda v, x, d: (v * d + _spread(x, 0) * (1 - d)) / (1 - 1 / len(x))),
            "stored_variance_corrected_again",
        ),
        (
            "(N − 1)/N",
            _update(var=lambda v, x, d: d * v + (1 - d) * _spread(x, 0) * (1 - 1 / len(x))),
            "correction_upside_down",
        ),
        ("around the old mean", update_around_the_old_mean, "around_the_stored_mean"),
        ("variance first", lambda *a, **k: update_by_steps(*a, **k)[::-1], "order_of_the_results"),
        (
            "one mean for all",
            _update(
                mean=lambda m, x, d: m * d + np.average(x) * (1 - d),
                var=lambda v, x, d: v * d + np.square(x - np.average(x)).sum() / (x.size - 1) * (1 - d),
            ),
            "over_everything",
        ),
        ("axis 1", _update(mean=lambda m, x, d: d * m + (1 - d) * np.average(x, axis=1)), "wrong_axis"),
        ("in place", update_in_place, "changes_its_input"),
        ("variance untouched", update_of_the_stored_mean_only, None),
        ("around the new mean", update_around_the_new_mean, None),
        ("halfway", lambda m, v, x, decay=0.9: update_by_steps(m, v, x, 0.5), None),
        (
            "squared decay for the variance",
            lambda m, v, x, decay=0.9: (update_by_steps(m, v, x, decay)[0], update_by_steps(m, v, x, decay**2)[1]),
            None,
        ),
        ("nothing at decay 0", lambda m, v, x, decay=0.9: update_by_steps(m, v, x, decay or 0.9), None),
        ("two rows", lambda *a, **k: np.array(update_by_steps(*a, **k)), None),
        ("the mean alone", lambda *a, **k: update_by_steps(*a, **k)[0], "forgets_a_value"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "batchnorm_inference": [
        ("the training transform", inference_with_the_training_transform, "statistics_of_the_batch"),
        ("the batch's mean", _inference(mean=lambda x, m: sum(x) / len(x)), "mean_of_the_batch"),
        (
            "the batch's variance",
            _inference(std=lambda x, v, eps: np.sqrt(_spread(x, 0) + eps)),
            "variance_of_the_batch",
        ),
        ("stops at x̂", _inference(lambda x_hat, g, b: x_hat.copy()), "scale_and_shift_forgotten"),
        ("no γ", _inference(lambda x_hat, g, b: np.add(b, x_hat)), "gamma_forgotten"),
        ("no β", _inference(lambda x_hat, g, b: np.einsum("nd,d->nd", x_hat, g)), "beta_forgotten"),
        ("γ and β swapped", _inference(lambda x_hat, g, b: g + x_hat * b), "gamma_and_beta_swapped"),
        ("not centred", _inference(mean=lambda x, m: m * 0), "mean_not_subtracted"),
        (
            "mean added",
            lambda x, g, b, m, v, eps=1e-5: inference_as_one_line(x, g, b, -m, v, eps),
            "mean_added",
        ),
        ("by the variance", _inference(std=lambda x, v, eps: v + eps), "divided_by_variance"),
        ("no ε", _inference(std=lambda x, v, eps: v**0.5), "eps_forgotten"),
        ("ε fixed", lambda x, g, b, m, v, eps=1e-5: inference_row_by_row(x, g, b, m, v), "eps_ignored"),
        ("ε outside", _inference(std=lambda x, v, eps: eps + v**0.5), "eps_outside_the_root"),
        (
            "statistics swapped",
            _silent(lambda x, g, b, m, v, eps=1e-5: inference_as_one_line(x, g, b, v, m, eps)),
            "mean_and_variance_swapped",
        ),
        ("with None", lambda *a, **k: (inference_as_one_line(*a, **k), None), "with_a_cache"),
        ("updates first", inference_that_updates, None),
        ("in place", inference_in_place, "changes_its_input"),
        ("the first row only", lambda *a, **k: inference_as_one_line(*a, **k)[0], None),
        ("a list", lambda *a, **k: inference_as_one_line(*a, **k).tolist(), "returns_list"),
        ("x itself", lambda x, g, b, m, v, eps=1e-5: x.copy(), None),
        ("zeros", lambda x, g, b, m, v, eps=1e-5: np.zeros(x.shape), None),
        (
            "stored variance of 0 taken for 1",
            lambda x, g, b, m, v, eps=1e-5: inference_as_one_line(x, g, b, m, np.where(v == 0, 1, v), eps),
            None,
        ),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "fold_batchnorm": [
        ("b + β − μ·s", _fold(b=lambda b, s, beta, m: b + beta - np.multiply(s, m)), "bias_not_scaled"),
        ("b − μ + β", _fold(b=lambda b, s, beta, m: beta - (m - b)), "bias_only_shifted"),
        ("b kept", _fold(b=lambda b, s, beta, m: b.copy()), "bias_kept"),
        ("b lost", _fold(b=lambda b, s, beta, m: beta + -m * s), "own_bias_dropped"),
        ("no μ", _fold(b=lambda b, s, beta, m: beta + s * b), "mean_not_subtracted"),
        ("μ last", _fold(b=lambda b, s, beta, m: beta + s * b - m), "mean_not_scaled"),
        ("+ μ", _fold(b=lambda b, s, beta, m: beta + s * b + s * m), "mean_added"),
        ("no β", _fold(b=lambda b, s, beta, m: s * b - s * m), "beta_forgotten"),
        ("β scaled", _fold(b=lambda b, s, beta, m: s * b - s * m + s * beta), "beta_scaled"),
        ("W kept", _fold(W=lambda W, s: W.copy()), "weights_kept"),
        ("rows", _fold(W=lambda W, s: np.multiply(W, s.reshape(-1, 1))), "rows_scaled"),
        ("rows by a diagonal", _fold(W=lambda W, s: np.diag(s) @ W), None),
        ("no γ", _fold(s=lambda g, v, eps: (v + eps) ** -0.5), "gamma_forgotten"),
        ("by the variance", _fold(s=lambda g, v, eps: g * (v + eps) ** -1.0), "divided_by_variance"),
        ("times σ", _fold(s=lambda g, v, eps: g * (v + eps) ** 0.5), "multiplied_by_the_std"),
        ("no ε", _fold(s=lambda g, v, eps: g * v**-0.5), "eps_forgotten"),
        ("ε fixed", lambda W, b, g, beta, m, v, eps=1e-5: fold_by_diagonal(W, b, g, beta, m, v), "eps_ignored"),
        ("ε outside", _fold(s=lambda g, v, eps: g / (eps + v**0.5)), "eps_outside_the_root"),
        ("b first", lambda *a, **k: fold_by_diagonal(*a, **k)[::-1], "order_of_the_results"),
        ("in place", fold_in_place, "changes_its_input"),
        ("W transposed", lambda *a, **k: (fold_by_diagonal(*a, **k)[0].T, fold_by_diagonal(*a, **k)[1]), "transposed"),
        ("b as a row", lambda *a, **k: (fold_by_diagonal(*a, **k)[0], fold_by_diagonal(*a, **k)[1][None]), "axis_kept"),
        ("unfolded", lambda W, b, g, beta, m, v, eps=1e-5: (W.copy(), b.copy()), None),
        ("W alone", lambda *a, **k: fold_by_diagonal(*a, **k)[0], "forgets_a_value"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
}
