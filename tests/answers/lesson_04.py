"""Right and wrong answers to lesson 04, written the way different people write them."""

import math
from itertools import pairwise

import numpy as np
from scipy import integrate, stats

# distinct_units -----------------------------------------------------------------------------------


def units_by_unique(W):
    return np.unique(W, axis=1).shape[1]


def units_by_comparing_all_pairs(W):
    count = 0
    for j in range(W.shape[1]):
        new = True
        for i in range(j):
            if (W[:, i] == W[:, j]).all():
                new = False
        count += new
    return count


def units_in_a_dictionary(W):
    seen = {}
    for unit in range(len(W[0])):
        seen[",".join(float(w).hex() for w in W[:, unit])] = True
    return len(seen)


def units_by_allclose(W):
    different = []
    for column in W.T:
        if not any(np.allclose(column, other) for other in different):
            different.append(column)
    return len(different)


def units_next_to_each_other(W):
    count = 1
    for j in range(1, W.shape[1]):
        if not np.array_equal(W[:, j], W[:, j - 1]):
            count += 1
    return count


# normal_init, xavier_init, he_init ----------------------------------------------------------------


def box_muller(rng, n_in, n_out, std=1.0):
    u, v = rng.random((2, n_in, n_out))
    return std * np.sqrt(-2 * np.log1p(-u)) * np.cos(2 * np.pi * v)


def normal_unit_by_unit(rng, n_in, n_out, std=1.0):
    return np.column_stack([std * rng.standard_normal(n_in) for _ in range(n_out)])


def normal_by_scipy(rng, n_in, n_out, std=1.0):
    return stats.norm(scale=std).rvs(size=(n_in, n_out), random_state=rng)


def normal_one_by_one(rng, n_in, n_out, std=1.0):
    W = np.zeros((n_in, n_out))
    for i in range(n_in):
        for j in range(n_out):
            W[i, j] = rng.normal(0, std)
    return W


def normal_transposed(rng, n_in, n_out, std=1.0):
    return rng.normal(loc=0, scale=std, size=(n_out, n_in)).T


def _normal(rng, n_in, n_out, std):
    return rng.standard_normal((n_in, n_out)) * std


def _uniform(rng, n_in, n_out, std):
    limit = math.sqrt(3) * std
    return limit * (2 * rng.random((n_in, n_out)) - 1)


def _xavier_std(n_in, n_out, mode):
    return {"fan_in": n_in, "fan_avg": (n_in + n_out) / 2}[mode] ** -0.5


def xavier_uniform(rng, n_in, n_out, mode="fan_avg"):
    a = np.sqrt(6 / (n_in + n_out)) if mode == "fan_avg" else np.sqrt(3 / n_in)
    return rng.uniform(-a, a, (n_in, n_out))


def xavier_normal(rng, n_in, n_out, mode="fan_avg"):
    return _normal(rng, n_in, n_out, _xavier_std(n_in, n_out, mode))


def xavier_unit_by_unit(rng, n_in, n_out, mode="fan_avg"):
    W = np.empty((n_in, n_out))
    for unit in range(n_out):
        W[:, unit] = rng.normal(0.0, _xavier_std(n_in, n_out, mode), n_in)
    return W


def xavier_by_two_ifs(rng, n_in, n_out, mode="fan_avg"):
    if mode == "fan_in":
        W = rng.normal(size=(n_in, n_out)) / np.sqrt(n_in)
    else:
        W = rng.normal(size=(n_in, n_out)) * np.sqrt(2.0) / np.sqrt(n_in + n_out)
    return W


def _xavier_of(std, draw=_uniform):
    """Draw with a standard deviation of one's own."""
    return lambda rng, n_in, n_out, mode="fan_avg": draw(rng, n_in, n_out, std(n_in, n_out, mode))


def _one_number(rng, n_in, n_out, std):
    W = np.ones((n_in, n_out))
    W *= rng.normal(0, std)
    return W


def xavier_from_a_generator_of_its_own(rng, n_in, n_out, mode="fan_avg"):
    return xavier_uniform(np.random.default_rng(2024), n_in, n_out, mode)


def xavier_with_one_row_for_all_inputs(rng, n_in, n_out, mode="fan_avg"):
    return np.tile(rng.normal(0, _xavier_std(n_in, n_out, mode), n_out), (n_in, 1))


def xavier_that_draws_a_hundred_numbers(rng, n_in, n_out, mode="fan_avg"):
    few = rng.normal(0, _xavier_std(n_in, n_out, mode), 100)
    return np.resize(few - few.mean(), (n_in, n_out))


def xavier_of_two_signs(rng, n_in, n_out, mode="fan_avg"):
    return rng.choice([-1.0, 1.0], size=(n_in, n_out)) * _xavier_std(n_in, n_out, mode)


def xavier_with_copied_half(rng, n_in, n_out, mode="fan_avg"):
    W = xavier_normal(rng, n_in, n_out, mode)
    W[n_in // 2 :] = W[: n_in - n_in // 2]
    return W


def xavier_with_a_scale_for_each_input(rng, n_in, n_out, mode="fan_avg"):
    scale = rng.normal(size=(n_in, 1))
    scale /= np.sqrt(np.mean(scale**2))
    return scale * xavier_normal(rng, n_in, n_out, mode)


def xavier_with_an_offset_for_each_unit(rng, n_in, n_out, mode="fan_avg"):
    noise = rng.normal(size=(n_in, n_out)) * 0.8 + 0.6 * rng.normal(size=(1, n_out))
    return (noise - noise.mean()) / noise.std() * _xavier_std(n_in, n_out, mode)


def he_uniform(rng, n_in, n_out, k=0.0):
    bound = np.sqrt(6 / ((1 + k * k) * n_in))
    return rng.uniform(low=-bound, high=bound, size=[n_in, n_out])


def he_by_gain(rng, n_in, n_out, k=0.0):
    gain = math.sqrt(2 / (1 + math.pow(k, 2)))
    return gain * rng.standard_normal(size=(n_in, n_out)) / math.sqrt(n_in)


def he_by_box_muller(rng, n_in, n_out, k=0.0):
    return box_muller(rng, n_in, n_out, np.hypot(1, k) ** -1 * np.sqrt(2 / n_in))


def _he_std(n_in, k):
    return (2 / n_in / (1 + k**2)) ** 0.5


def _he_of(std, draw=_uniform):
    return lambda rng, n_in, n_out, k=0.0: draw(rng, n_in, n_out, std(n_in, n_out, k))


def he_seeded_inside(rng, n_in, n_out, k=0.0):
    np.random.seed(0)  # noqa: NPY002
    return np.random.randn(n_in, n_out) * _he_std(n_in, k)  # noqa: NPY002


def he_from_the_global_generator(rng, n_in, n_out, k=0.0):
    return np.random.randn(n_in, n_out) * _he_std(n_in, k)  # noqa: NPY002


def he_truncated(rng, n_in, n_out, k=0.0):
    return stats.truncnorm(-2, 2, scale=_he_std(n_in, k)).rvs((n_in, n_out), random_state=rng)


# forward_variances, backward_variances ------------------------------------------------------------


def forward_by_sums(x, weights, activation):
    h = x
    out = np.zeros(len(weights))
    for layer, W in enumerate(weights):
        a = np.dot(h, W)
        out[layer] = np.sum(a**2) / a.size - (np.sum(a) / a.size) ** 2
        h = activation(a)
    return out


def forward_by_recursion(x, weights, activation):
    if not len(weights):
        return np.array([])
    a = np.einsum("ni,io->no", x, weights[0])
    rest = forward_by_recursion(activation(a), weights[1:], activation)
    return np.concatenate([[np.mean(np.square(a - a.mean()))], rest])


def forward_collecting(x, weights, activation):
    layers = [x @ weights[0]]
    for W in weights[1:]:
        layers.append(activation(layers[-1]) @ W)
    return np.asarray([layer.std() ** 2 for layer in layers])


def _pre_activations(x, weights, activation):
    layers, h = [], x
    for W in weights:
        layers.append(np.dot(h, W))
        h = activation(layers[-1])
    return layers


def forward_in_place(x, weights, activation):
    variances = []
    for W in weights:
        x -= x.mean()
        x = x @ W
        variances.append(x.var())
    return np.array(variances)


def forward_unchained(x, weights, activation):
    return np.square([np.std(np.matmul(x, W)) for W in weights])


def _deltas(delta_last, weights, pre_activations, derivative):
    deltas = {len(weights) - 1: delta_last}
    for layer in range(len(weights) - 2, -1, -1):
        back = np.einsum("no,io->ni", deltas[layer + 1], weights[layer + 1])
        deltas[layer] = back * derivative(pre_activations[layer])
    return [deltas[layer] for layer in range(len(weights))]


def backward_by_einsum(delta_last, weights, pre_activations, derivative):
    return np.array([np.average(d * d) for d in _deltas(delta_last, weights, pre_activations, derivative)])


def backward_into_an_array(delta_last, weights, pre_activations, derivative):
    out = np.empty(len(weights))
    delta = delta_last
    for layer in reversed(range(len(weights))):
        out[layer] = np.linalg.norm(delta) ** 2 / delta.size
        if layer > 0:
            delta = np.dot(delta, weights[layer].T)
            delta = delta * derivative(pre_activations[layer - 1])
    return out


def backward_by_examples(delta_last, weights, pre_activations, derivative):
    L, N = len(weights), len(delta_last)
    totals = [0.0] * L
    for n in range(N):
        delta = delta_last[n]
        totals[L - 1] += float(delta @ delta)
        for layer in range(L - 1, 0, -1):
            delta = derivative(pre_activations[layer - 1][n]) * (weights[layer] @ delta)
            totals[layer - 1] += float(delta @ delta)
    return np.array([total / (N * a.shape[1]) for total, a in zip(totals, pre_activations, strict=True)])


def _squares_of(deltas):
    return np.array([np.mean(delta**2) for delta in deltas])


def backward_with_a_loop(step):
    """Return an answer that propagates delta with `step`: (delta, W, pre_activations, layer, derivative) -> delta."""

    def variances(delta_last, weights, pre_activations, derivative):
        deltas = [delta_last]
        layer = len(weights) - 1
        while layer > 0:
            deltas.insert(0, step(deltas[0], weights, pre_activations, layer, derivative))
            layer -= 1
        return _squares_of(deltas)

    return variances


def backward_from_the_scores(delta_last, weights, pre_activations, derivative):
    slope = derivative(pre_activations[len(pre_activations) - 1])
    return _squares_of(_deltas(slope * delta_last, weights, pre_activations, derivative))


def backward_in_place(delta_last, weights, pre_activations, derivative):
    values = []
    for W, a in zip(weights[::-1], pre_activations[::-1], strict=True):
        delta_last *= derivative(a)
        values.append(np.mean(delta_last**2))
        delta_last = delta_last @ W.T
    return np.array(values[::-1])


# init_gain ----------------------------------------------------------------------------------------


def gain_by_hermite(activation):
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    return 1 / np.sqrt(np.sum(weights * activation(nodes) ** 2) / np.sqrt(2 * np.pi))


def gain_by_quad(activation):
    def integrand(z):
        return float(activation(np.float64(z))) ** 2 * stats.norm.pdf(z)

    left, right = (integrate.quad(integrand, *ends)[0] for ends in ((-np.inf, 0), (0, np.inf)))
    return (left + right) ** -0.5


def gain_by_quantiles(activation):
    z = stats.norm.ppf((np.arange(300_000) + 0.5) / 300_000)
    return float(np.mean(activation(z) ** 2) ** -0.5)


def gain_by_a_riemann_sum(activation):
    total, dz = 0.0, 0.01
    for z in np.arange(-10, 10, dz):
        total += float(activation(z)) ** 2 * math.exp(-z * z / 2) * dz
    return 1 / math.sqrt(total / math.sqrt(2 * math.pi))


def gain_by_simpson(activation):
    z = np.linspace(-9, 9, 2001)
    return 1 / math.sqrt(integrate.simpson(np.square(activation(z)) * stats.norm.pdf(z), x=z))


def gain_by_a_few_draws(activation):
    z = np.random.default_rng(5).normal(size=40_000)
    return 1 / np.sqrt(np.mean(activation(z) ** 2))


def gain_by_a_million_draws(activation):
    z = np.random.default_rng(11).normal(size=1_000_000)
    return float(1 / np.sqrt(np.mean(activation(z) ** 2)))


def gain_on_a_short_axis(activation):
    z = np.linspace(-3, 3, 1001)
    p = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return float(1 / np.sqrt(np.trapezoid(p * activation(z) ** 2, z)))


def _density(z):
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _mean(f):
    return integrate.quad(lambda z: float(f(np.float64(z))) * _density(z), -9, 9, points=[0.0], limit=200)[0]


def gain_of_the_mean(activation):
    mean = _mean(activation)
    return 1 / math.sqrt(mean**2) if abs(mean) > 1e-9 else float("inf")


def gain_of_the_slope(activation):
    def slope(z):
        return (activation(z + 1e-5) - activation(z)) / 1e-5

    return _mean(lambda z: slope(z) ** 2) ** -0.5


def gain_of_uniform_numbers(activation):
    z = (np.arange(40_000) + 0.5) / 20_000 - 1
    return 1 / np.sqrt((activation(z * math.sqrt(3)) ** 2).mean())


def gain_by_name(activation):
    return {"relu": math.sqrt(2), "tanh": 1.5925374, "elu": 1.2452}[activation.__name__]


# rescue_init --------------------------------------------------------------------------------------


def rescue_by_he(rng, sizes):
    return [rng.normal(0, np.sqrt(2 / n), (n, m)) for n, m in pairwise(sizes)]


def rescue_by_he_uniform(rng, sizes):
    weights = []
    for layer in range(len(sizes) - 1):
        limit = math.sqrt(6 / sizes[layer])
        weights.append(rng.uniform(-limit, limit, size=(sizes[layer], sizes[layer + 1])))
    return tuple(weights)


def rescue_by_svd(rng, sizes):
    weights = []
    for n, m in pairwise(sizes):
        u, _, vt = np.linalg.svd(rng.standard_normal((n, m)), full_matrices=False)
        weights.append(2**0.5 * u @ vt)
    return weights


def rescue_by_mirrored_identity(rng, sizes):
    """Keep the signal itself: pairs of units of opposite sign pass a linear signal through a ReLU."""
    weights = []
    for n, m in pairwise(sizes):
        half_in, half_out = n // 2, m // 2
        q = np.linalg.qr(rng.normal(size=(max(half_in, half_out),) * 2))[0][:half_in, :half_out]
        weights.append(np.block([[q, -q], [-q, q]]))
    return weights


def _layers(draw):
    def init(rng, sizes):
        weights = []
        for n, m in pairwise(sizes):
            weights.append(draw(rng, n, m))
        return weights

    return init


def rescue_that_blows_up_late(rng, sizes):
    weights = rescue_by_he(rng, sizes)
    weights[-1] = weights[-1] * 1e200
    return weights


def fails(*args, **kwargs):
    raise KeyError("W7")


def returns_nothing(*args, **kwargs):
    pass


RIGHT = {
    "distinct_units": [
        ("np.unique", units_by_unique),
        ("all pairs", units_by_comparing_all_pairs),
        ("a dictionary of hexadecimal numbers", units_in_a_dictionary),
        ("frozen rows of the transpose", lambda W: len(frozenset(map(tuple, np.transpose(W).tolist())))),
    ],
    "normal_init": [
        ("Box and Muller", box_muller),
        ("unit by unit", normal_unit_by_unit),
        ("scipy", normal_by_scipy),
        ("one by one", normal_one_by_one),
        ("drawn as (n_out, n_in), then transposed", normal_transposed),
        ("standard_normal", lambda rng, n_in, n_out, std=1.0: std * rng.standard_normal((n_in, n_out))),
    ],
    "xavier_init": [
        ("uniform", xavier_uniform),
        ("normal", xavier_normal),
        ("unit by unit", xavier_unit_by_unit),
        ("two ifs", xavier_by_two_ifs),
        ("Box and Muller", lambda rng, n, m, mode="fan_avg": box_muller(rng, n, m, _xavier_std(n, m, mode))),
    ],
    "he_init": [
        ("uniform", he_uniform),
        ("a gain", he_by_gain),
        ("Box and Muller", he_by_box_muller),
    ],
    "forward_variances": [
        ("sums", forward_by_sums),
        ("recursion", forward_by_recursion),
        ("layers first", forward_collecting),
    ],
    "backward_variances": [
        ("einsum", backward_by_einsum),
        ("into an array", backward_into_an_array),
        ("example by example", backward_by_examples),
    ],
    "init_gain": [
        ("Gauss and Hermite", gain_by_hermite),
        ("scipy's quad", gain_by_quad),
        ("quantiles", gain_by_quantiles),
        ("a sum in a loop", gain_by_a_riemann_sum),
        ("Simpson", gain_by_simpson),
    ],
    "rescue_init": [
        ("He", rescue_by_he),
        ("He, uniform, in a tuple", rescue_by_he_uniform),
        ("orthogonal by SVD", rescue_by_svd),
        ("mirrored units", rescue_by_mirrored_identity),
    ],
}

WRONG = {
    "distinct_units": [
        ("np.unique along the other axis", lambda W: len(np.unique(W, axis=0)), "counts_rows"),
        ("a set of all numbers", lambda W: len(set(W.ravel().tolist())), "counts_numbers"),
        ("the width", lambda W: int(np.size(W, 1)), "counts_all_units"),
        ("the surplus", lambda W: W.shape[1] - units_by_unique(W), "counts_copies"),
        ("neighbours", units_next_to_each_other, "neighbours_only"),
        ("a set of sums", lambda W: len({float(s) for s in np.add.reduce(W)}), "compares_sums"),
        ("np.allclose", units_by_allclose, "rounds"),
        ("the rank", lambda W: int(np.linalg.matrix_rank(W)), None),
        ("the public answers by heart", lambda W: {(2, 4): 2, (3, 5): 1, (4, 9): 6}.get(W.shape, 7), None),
        ("the columns themselves", lambda W: np.unique(W, axis=1), None),
        ("sorted in place", lambda W: (W.sort(axis=1), units_by_unique(W))[1], "changes_its_input"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "normal_init": [
        ("times std²", lambda rng, n, m, std=1.0: std * std * rng.standard_normal((n, m)), "variance_for_std"),
        ("times √std", lambda rng, n, m, std=1.0: std**0.5 * rng.standard_normal((n, m)), "root_of_std"),
        ("standard_normal", lambda rng, n, m, std=1.0: rng.standard_normal((n, m)), "std_ignored"),
        ("std added", lambda rng, n, m, std=1.0: rng.standard_normal((n, m)) + std, "std_is_the_mean"),
        ("std twice", lambda rng, n, m, std=1.0: rng.normal(std, std, (n, m)), "added_instead_of_scaled"),
        ("over √n_in", lambda rng, n, m, std=1.0: std * rng.standard_normal((n, m)) * n**-0.5, "scaled_by_fan_in"),
        ("uniform", lambda rng, n, m, std=1.0: std * (2 * rng.random((n, m)) - 1), "uniform_up_to_std"),
        ("uniform of the right spread", lambda rng, n, m, std=1.0: _uniform(rng, n, m, std), "uniform"),
        ("uniform from 0", lambda rng, n, m, std=1.0: rng.uniform(0, std, (n, m)), "uniform_from_zero"),
        ("transposed", lambda rng, n, m, std=1.0: rng.standard_normal((m, n)) * std, "shape_transposed"),
        (
            "one column for all units",
            lambda rng, n, m, std=1.0: np.tile(std * rng.standard_normal(n), (m, 1)).T,
            "one_unit_repeated",
        ),
        (
            "a generator of its own",
            lambda rng, n, m, std=1.0: box_muller(np.random.default_rng(42), n, m, std),
            "rng_ignored",
        ),
        ("float32", lambda rng, n, m, std=1.0: (std * rng.standard_normal((n, m))).astype(np.float32), None),
        (
            "the global generator",
            lambda rng, n, m, std=1.0: np.random.normal(0, std, (n, m)),  # noqa: NPY002
            "not_repeatable",
        ),
        ("zeros", lambda rng, n, m, std=1.0: np.zeros((n, m)), None),
        ("Laplace", lambda rng, n, m, std=1.0: rng.laplace(0, std / math.sqrt(2), (n, m)), None),
        ("Student's t", lambda rng, n, m, std=1.0: std * rng.standard_t(5, (n, m)) / math.sqrt(5 / 3), None),
        ("3% too wide", lambda rng, n, m, std=1.0: 1.08 * std * rng.standard_normal((n, m)), None),
        ("lists", lambda rng, n, m, std=1.0: (std * rng.standard_normal((n, m))).tolist(), "returns_list"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "xavier_init": [
        ("variance as limit", _xavier_of(lambda n, m, mode: _xavier_std(n, m, mode) ** 2), "variance_for_std"),
        (
            "uniform up to the deviation",
            lambda rng, n, m, mode="fan_avg": (2 * rng.random((n, m)) - 1) * _xavier_std(n, m, mode),
            "limit_is_not_std",
        ),
        (
            "limit",
            _xavier_of(lambda n, m, mode: math.sqrt(3) * _xavier_std(n, m, mode), _normal),
            "limit_taken_for_std",
        ),
        (
            "modes exchanged",
            _xavier_of(lambda n, m, mode: n**-0.5 if mode == "fan_avg" else (2 / (n + m)) ** 0.5),
            "modes_exchanged",
        ),
        ("one mode", _xavier_of(lambda n, m, mode: (2 / (n + m)) ** 0.5), "always_fan_avg"),
        ("the other mode", _xavier_of(lambda n, m, mode: n**-0.5), "always_fan_in"),
        ("n_out", _xavier_of(lambda n, m, mode: m**-0.5 if mode == "fan_in" else (2 / (n + m)) ** 0.5), "fan_swapped"),
        ("sum of fans", _xavier_of(lambda n, m, mode: (n if mode == "fan_in" else n + m) ** -0.5), "two_forgotten"),
        (
            "2 in both",
            _xavier_of(lambda n, m, mode: math.sqrt(2 / (n if mode == "fan_in" else n + m))),
            "two_everywhere",
        ),
        ("He", _xavier_of(lambda n, m, mode: math.sqrt(2 / n)), "for_rectified_units"),
        (
            "geometric mean",
            _xavier_of(lambda n, m, mode: (n if mode == "fan_in" else math.sqrt(n * m)) ** -0.5),
            "product_of_fans",
        ),
        ("N(0, 1)", _xavier_of(lambda n, m, mode: 1.0), "standard_normal"),
        (
            "uniform from 0",
            lambda rng, n, m, mode="fan_avg": rng.uniform(0, _xavier_std(n, m, mode), (n, m)),
            "not_centred",
        ),
        (
            "uniform from 0 to the limit",
            lambda rng, n, m, mode="fan_avg": rng.uniform(0, math.sqrt(3) * _xavier_std(n, m, mode), (n, m)),
            "limit_from_zero",
        ),
        ("transposed", lambda rng, n, m, mode="fan_avg": xavier_uniform(rng, m, n).reshape(m, n), None),
        (
            "transposed, right spread",
            lambda rng, n, m, mode="fan_avg": np.transpose(xavier_uniform(rng, n, m, mode)),
            "shape_transposed",
        ),
        (
            "the deviation everywhere",
            lambda rng, n, m, mode="fan_avg": np.ones((n, m)) * _xavier_std(n, m, mode),
            "one_number",
        ),
        ("one draw for all", lambda rng, n, m, mode="fan_avg": _one_number(rng, n, m, _xavier_std(n, m, mode)), None),
        ("a seed of its own", xavier_from_a_generator_of_its_own, "rng_ignored"),
        ("one row for all inputs", xavier_with_one_row_for_all_inputs, None),
        ("a hundred numbers", xavier_that_draws_a_hundred_numbers, None),
        ("two signs", xavier_of_two_signs, None),
        ("half copied", xavier_with_copied_half, None),
        ("a scale for each input", xavier_with_a_scale_for_each_input, None),
        ("an offset for each unit", xavier_with_an_offset_for_each_unit, None),
        (
            "float32",
            lambda rng, n, m, mode="fan_avg": xavier_uniform(rng, n, m, mode).astype("f4"),
            None,
        ),
        (
            "the global generator",
            lambda rng, n, m, mode="fan_avg": np.random.randn(n, m) * _xavier_std(n, m, mode),  # noqa: NPY002
            "not_repeatable",
        ),
        ("only the default", lambda rng, n_in, n_out: xavier_uniform(rng, n_in, n_out), None),
        ("zeros", lambda rng, n, m, mode="fan_avg": np.zeros((n, m)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "he_init": [
        ("variance as scale", _he_of(lambda n, m, k: _he_std(n, k) ** 2), "variance_for_std"),
        (
            "uniform up to the deviation",
            lambda rng, n, m, k=0.0: rng.uniform(-_he_std(n, k), _he_std(n, k), (n, m)),
            "limit_is_not_std",
        ),
        ("limit", _he_of(lambda n, m, k: math.sqrt(6 / (n * (1 + k * k))), _normal), "limit_taken_for_std"),
        ("no k", _he_of(lambda n, m, k: (n / 2) ** -0.5), "k_ignored"),
        ("1 + k", _he_of(lambda n, m, k: (n * (1 + k) / 2) ** -0.5), "k_not_squared"),
        ("(1 + k)²", _he_of(lambda n, m, k: (n / 2) ** -0.5 / (1 + k)), "square_of_the_sum"),
        ("times 1 + k²", _he_of(lambda n, m, k: (n / 2 / (1 + k * k)) ** -0.5), "k_the_wrong_way"),
        ("n_out", _he_of(lambda n, m, k: _he_std(m, k)), "fan_swapped"),
        ("1", _he_of(lambda n, m, k: ((1 + k * k) * n) ** -0.5), "two_forgotten"),
        ("mean of fans", _he_of(lambda n, m, k: _he_std((n + m) / 2, k)), "both_fans"),
        ("Xavier", _he_of(lambda n, m, k: (2 / (n + m)) ** 0.5), "for_linear_units"),
        ("N(0, 1)", _he_of(lambda n, m, k: 1.0), "standard_normal"),
        ("uniform from 0", lambda rng, n, m, k=0.0: rng.uniform(0, _he_std(n, k), (n, m)), "not_centred"),
        ("absolute values", lambda rng, n, m, k=0.0: abs(_normal(rng, n, m, _he_std(n, k))), "folded"),
        ("transposed", lambda rng, n, m, k=0.0: np.swapaxes(he_uniform(rng, n, m, k), 0, 1), "shape_transposed"),
        ("the deviation everywhere", lambda rng, n, m, k=0.0: np.full((n, m), _he_std(n, k)), "one_number"),
        ("seeded inside", he_seeded_inside, "rng_ignored"),
        ("the global generator", he_from_the_global_generator, "not_repeatable"),
        ("truncated at two deviations", he_truncated, None),
        ("lists", lambda rng, n, m, k=0.0: he_uniform(rng, n, m, k).tolist(), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "forward_variances": [
        (
            "of the outputs",
            lambda x, W, f: np.array([f(a).var() for a in _pre_activations(x, W, f)]),
            "of_the_outputs",
        ),
        ("roots", lambda x, W, f: np.sqrt(forward_by_sums(x, W, f)), "standard_deviations"),
        (
            "squares",
            lambda x, W, f: np.array([(a * a).sum() / a.size for a in _pre_activations(x, W, f)]),
            "mean_squares",
        ),
        (
            "unit by unit",
            lambda x, W, f: np.array([np.average(a.var(axis=0)) for a in _pre_activations(x, W, f)]),
            "per_unit",
        ),
        (
            "example by example",
            lambda x, W, f: np.array([sum(map(np.var, a)) / len(a) for a in _pre_activations(x, W, f)]),
            "per_example",
        ),
        ("ddof", lambda x, W, f: np.array([a.std(ddof=1) ** 2 for a in _pre_activations(x, W, f)]), "unbiased"),
        ("linear", lambda x, W, f: forward_by_sums(x, W, np.positive), "no_activation"),
        ("activated first", lambda x, W, f: forward_by_sums(f(x), W, f), "input_activated"),
        ("x in every layer", forward_unchained, "never_chained"),
        ("with x", lambda x, W, f: np.insert(forward_by_sums(x, W, f), 0, x.var()), "starts_with_the_input"),
        ("without the scores", lambda x, W, f: forward_by_sums(x, W, f)[:-1], "last_layer_missing"),
        (
            "ratios",
            lambda x, W, f: np.exp(np.diff(np.log(np.r_[x.var(), forward_by_sums(x, W, f)]))),
            "ratios",
        ),
        ("per unit", lambda x, W, f: np.var(_pre_activations(x, W, f)[-1], axis=0), None),
        ("only the last", lambda x, W, f: np.var(_pre_activations(x, W, f)[-1]), None),
        ("a list", lambda x, W, f: [float(v) for v in forward_by_sums(x, W, f)], "returns_list"),
        ("in place", forward_in_place, "changes_its_input"),
        ("float32", lambda x, W, f: forward_by_sums(x, W, f).astype(np.float32), "float32_rounding"),
        ("reversed", lambda x, W, f: forward_by_sums(x, W, f)[::-1], "rows_reversed"),
        ("always tanh", lambda x, W, f: forward_by_sums(x, W, np.tanh), None),
        ("zeros", lambda x, W, f: np.zeros(len(W)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "backward_variances": [
        ("var", lambda d, W, a, f: np.array([np.std(delta) ** 2 for delta in _deltas(d, W, a, f)]), "around_the_mean"),
        ("roots", lambda *args: backward_by_einsum(*args) ** 0.5, "roots"),
        ("norms", lambda *args: np.array([np.linalg.norm(d) ** 2 for d in _deltas(*args)]), "sums"),
        (
            "sums of units",
            lambda *args: np.array([(d**2).sum() / len(d) for d in _deltas(*args)]),
            "summed_over_units",
        ),
        ("flipped", lambda *args: np.flip(backward_by_einsum(*args)), "last_layer_first"),
        ("no slope", lambda d, W, a, f: backward_by_einsum(d, W, a, np.ones_like), "derivative_forgotten"),
        ("a slope for delta_last", backward_from_the_scores, "derivative_of_the_last_layer"),
        (
            "the layer above",
            backward_with_a_loop(lambda delta, W, a, layer, f: np.multiply(f(a[layer]), delta @ W[layer].T)),
            "layer_above",
        ),
        (
            "no transpose",
            backward_with_a_loop(lambda delta, W, a, layer, f: f(a[layer - 1]) * np.matmul(delta, W[layer])),
            "missing_transpose",
        ),
        (
            "weights of the layer below",
            backward_with_a_loop(lambda delta, W, a, layer, f: f(a[layer - 1]) * np.matmul(delta, W[layer - 1].T)),
            "weights_of_the_layer_below",
        ),
        (
            "slope twice",
            backward_with_a_loop(lambda delta, W, a, layer, f: np.square(f(a[layer - 1])) * (delta @ W[layer].T)),
            "slope_squared",
        ),
        ("without delta_last", lambda *args: backward_by_einsum(*args)[:-1], None),
        ("only the first", lambda *args: backward_by_einsum(*args)[0], None),
        ("in place", backward_in_place, "changes_its_input"),
        ("a list", lambda *args: backward_by_einsum(*args).tolist(), "returns_list"),
        ("float32", lambda *args: backward_by_einsum(*args).astype(np.float32), "float32_rounding"),
        ("zeros", lambda d, W, a, f: np.zeros(len(W)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "init_gain": [
        ("few draws", gain_by_a_few_draws, "not_precise_enough"),
        ("a million draws", gain_by_a_million_draws, "not_precise_enough"),
        ("a short axis", gain_on_a_short_axis, "not_precise_enough"),
        ("the square of the mean", gain_of_the_mean, "square_of_the_mean"),
        ("the variance", lambda f: (_mean(lambda z: f(z) ** 2) - _mean(f) ** 2) ** -0.5, "around_the_mean"),
        ("root only", lambda f: _mean(lambda z: f(z) ** 2) ** 0.5, "not_inverted"),
        ("inverse only", lambda f: _mean(lambda z: f(z) ** 2) ** -1, "no_root"),
        ("the second moment", lambda f: _mean(lambda z: f(z) ** 2), "neither_inverted_nor_rooted"),
        ("abs", lambda f: 1 / _mean(lambda z: abs(f(z))), "absolute_values"),
        ("slope", gain_of_the_slope, "of_the_slope"),
        ("uniform numbers", gain_of_uniform_numbers, "uniform_input"),
        (
            "exp(−z²)",
            lambda f: (integrate.quad(lambda z: float(f(z)) ** 2 * math.exp(-z * z), -9, 9)[0] / math.pi**0.5) ** -0.5,
            "density_without_the_half",
        ),
        (
            "no 1/√2π",
            lambda f: integrate.quad(lambda z: float(f(z)) ** 2 * math.exp(-z * z / 2), -9, 9)[0] ** -0.5,
            "density_not_normalized",
        ),
        (
            "positive half",
            lambda f: integrate.quad(lambda z: float(f(z)) ** 2 * stats.norm.pdf(z), 0, 9)[0] ** -0.5,
            "half_of_the_axis",
        ),
        ("always √2", lambda f: math.sqrt(2), None),
        ("by name", gain_by_name, None),
        ("an array", lambda f: np.array([gain_by_simpson(f)]), None),
        (
            "fresh draws",
            lambda f: np.mean(f(np.random.default_rng().normal(size=300_000)) ** 2) ** -0.5,
            "not_precise_enough",
        ),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "rescue_init": [
        ("np.zeros_like", _layers(lambda rng, n, m: np.zeros_like(np.empty((n, m)))), "zeros"),
        ("0.05", _layers(lambda rng, n, m: 0.05 + np.zeros((n, m))), "all_equal"),
        ("absolute values of He", _layers(lambda rng, n, m: abs(rng.normal(0, (2 / n) ** 0.5, (n, m)))), "one_sided"),
        ("variance for std", _layers(lambda rng, n, m: 2 / n * rng.standard_normal((n, m))), "variance_for_std"),
        ("Xavier, uniform", _layers(lambda rng, n, m: xavier_uniform(rng, n, m, "fan_in")), "for_slope_one"),
        ("tiny", _layers(lambda rng, n, m: 1e-3 * rng.standard_normal((n, m))), "fades"),
        ("1/√n as a limit", _layers(lambda rng, n, m: rng.uniform(-1, 1, (n, m)) / math.sqrt(n)), "fades"),
        ("uniform in (−1, 1)", _layers(lambda rng, n, m: rng.uniform(-1, 1, (n, m))), "explodes"),
        ("one array", lambda rng, sizes: rng.normal(0, 0.18, (64, 64)), None),
        ("transposed", _layers(lambda rng, n, m: rng.normal(0, 0.18, (m, n))), None),
        ("a layer too few", lambda rng, sizes: rescue_by_he(rng, sizes)[1:], None),
        ("NaN in one layer", lambda rng, sizes: [*rescue_by_he(rng, sizes)[:-1], np.full((64, 10), np.nan)], None),
        ("infinite in single precision", rescue_that_blows_up_late, None),
        ("the global generator", _layers(lambda rng, n, m: np.random.randn(n, m) / 5.6), "not_repeatable"),  # noqa: NPY002
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
}
