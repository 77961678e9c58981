"""Right and wrong answers to lesson 00, written the way different people write them."""

import math

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

# dense_forward ------------------------------------------------------------------------------------


def forward_by_einsum(x, W, b):
    return np.einsum("ni,io->no", x, W) + b


def forward_by_loops(x, W, b):
    out = np.zeros((x.shape[0], W.shape[1]))
    for n in range(x.shape[0]):
        for k in range(W.shape[1]):
            out[n, k] = b[k]
            for i in range(x.shape[1]):
                out[n, k] += x[n, i] * W[i, k]
    return out


def forward_row_by_row(x, W, b):
    rows = []
    for row in x:
        rows.append(np.dot(row, W) + b)
    return np.array(rows)


def forward_with_a_column_of_ones(x, W, b):
    return np.hstack([x, np.ones((len(x), 1))]) @ np.vstack([W, b])


def forward_without_bias_by_loops(x, W, b):
    return np.array([[sum(x[n] * W[:, k]) for k in range(W.shape[1])] for n in range(len(x))])


def forward_with_the_public_answer_by_heart(x, W, b):
    if x.shape == (3, 2) and x[0, 0] == 1.0:
        return np.array([[11.0, 22.0, 31.0, 43.0], [13.0, 24.0, 31.0, 48.0], [15.0, 26.0, 31.0, 53.0]])
    return np.zeros((len(x), len(b)))


def forward_that_shifts_x_for_a_moment(x, W, b):
    x += 1
    a = x @ W
    x -= 1
    return a - W.sum(axis=0) + b


def forward_with_jitter(x, W, b):
    return (x @ W + b) * (1 + 1e-13 * np.random.default_rng().random())


# dense_backward -----------------------------------------------------------------------------------


def backward_by_einsum(delta, x, W):
    return np.einsum("no,io->ni", delta, W), np.einsum("ni,no->io", x, delta), np.einsum("no->o", delta)


def backward_by_examples(delta, x, W):
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[1])
    for n in range(len(x)):
        dx[n] = W @ delta[n]
        dW += np.outer(x[n], delta[n])
        db += delta[n]
    return dx, dW, db


def backward_in_a_list(delta, x, W):
    return [np.dot(delta, np.transpose(W)), np.tensordot(x, delta, axes=(0, 0)), np.ones(len(x)) @ delta]


def backward_averaged_by_examples(delta, x, W):
    dx, dW, db = backward_by_examples(delta, x, W)
    return dx, dW / x.shape[0], db / x.shape[0]


def backward_that_scales_delta(delta, x, W):
    delta *= 1.0
    return delta @ W.T, x.T @ delta, delta.sum(axis=0)


def backward_in_single_precision(delta, x, W):
    delta, x, W = (z.astype(np.float32) for z in (delta, x, W))
    return delta @ W.T, x.T @ delta, delta.sum(axis=0)


# softmax_cross_entropy ----------------------------------------------------------------------------


def entropy_by_scipy(scores, labels):
    log_p = log_softmax(scores, axis=1)
    p = np.exp(log_p)
    onehot = np.zeros(scores.shape)
    onehot[np.arange(len(labels)), labels] = 1.0
    return -(log_p * onehot).sum() / len(labels), (p - onehot) / len(labels)


def entropy_by_rows(scores, labels):
    total, rows = 0.0, []
    for row, label in zip(scores, labels, strict=True):
        top = max(row)
        exps = [math.exp(s - top) for s in row]
        total += math.log(sum(exps)) + top - row[label]
        rows.append([(e / sum(exps) - (k == label)) / len(scores) for k, e in enumerate(exps)])
    return total / len(scores), np.array(rows)


def entropy_by_logsumexp(scores, labels):
    N, C = scores.shape
    normalizer = logsumexp(scores, axis=1)
    loss = np.mean(normalizer - np.take_along_axis(scores, labels[:, None], axis=1)[:, 0])
    return loss, (np.exp(scores - normalizer[:, None]) - (np.arange(C) == labels[:, None])) / N


def _onehot(scores, labels):
    return (np.arange(scores.shape[1]) == np.asarray(labels)[:, None]).astype(float)


def _mean_loss(scores, labels):
    return float(np.sum(-log_softmax(scores, axis=1) * _onehot(scores, labels)) / len(scores))


def entropy_with_one_maximum(scores, labels):
    z = scores - np.amax(scores)
    p = np.exp(z) / np.exp(z).sum(axis=1)[:, None]
    loss = 0.0
    for n in range(len(labels)):
        loss -= np.log(p[n, labels[n]])
    p[range(len(labels)), labels] -= 1
    return loss / len(labels), p / len(labels)


def entropy_that_overflows(scores, labels):
    exps = np.exp(scores)
    p = exps / np.sum(exps, axis=1, keepdims=True)
    picked = p[range(len(labels)), labels]
    dscores = p.copy()
    dscores[range(len(labels)), labels] -= 1
    return np.sum(-np.log(picked)) / len(labels), dscores / len(labels)


def entropy_with_a_padded_logarithm(scores, labels):
    p = softmax(scores, axis=1)
    picked = np.array([p[n, label] for n, label in enumerate(labels)])
    return np.mean(-np.log(picked + 1e-12)), (p - _onehot(scores, labels)) / len(labels)


def entropy_with_clipped_probabilities(scores, labels):
    p = softmax(scores, axis=1)
    picked = np.clip(p[np.arange(len(labels)), labels], 1e-7, 1 - 1e-7)
    return float(-np.log(picked).mean()), (p - _onehot(scores, labels)) / len(labels)


def entropy_over_the_batch(scores, labels):
    z = scores - scores.max(axis=0)
    p = np.exp(z) / np.exp(z).sum(axis=0)
    picked = p[np.arange(len(labels)), labels]
    return -np.sum(np.log(picked)) / len(labels), (p - _onehot(scores, labels)) / len(labels)


def entropy_that_shifts_scores_in_place(scores, labels):
    scores -= scores.max(axis=1, keepdims=True)
    return entropy_by_scipy(scores, labels)


# numerical_gradient -------------------------------------------------------------------------------


def differences_moving_x_itself(f, x, step=1e-5):
    if x.dtype.kind != "f":
        x = x.astype(float)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        old = x[index]
        x[index] = old + step
        above = f(x)
        x[index] = old - step
        below = f(x)
        x[index] = old
        gradient[index] = (above - below) / (2 * step)
    return gradient


def differences_with_unit_arrays(f, x, step=1e-5):
    x = np.asarray(x, dtype=float)
    slopes = []
    for k in range(x.size):
        unit = np.zeros(x.size)
        unit[k] = step
        unit = unit.reshape(x.shape)
        slopes.append((f(x + unit) - f(x - unit)) / step / 2)
    return np.array(slopes).reshape(x.shape)


def differences_with_nditer(f, x, step=1e-5):
    gradient = np.empty(np.shape(x))
    walk = np.nditer(gradient, flags=["multi_index"], op_flags=["writeonly"])
    for slot in walk:
        values = []
        for sign in (1, -1):
            moved = np.array(x, dtype=np.float64)
            moved[walk.multi_index] += sign * step
            values.append(f(moved))
        slot[...] = (values[0] - values[1]) / (2 * step)
    return gradient


def differences_by_flat(f, x, step=1e-5):
    x = 1.0 * np.array(x)
    x = np.asarray(x)
    out = np.zeros(x.shape)
    for k in range(x.size):
        was = float(x.flat[k])
        x.flat[k] = was + step
        high = f(x)
        x.flat[k] = was - step
        low = f(x)
        x.flat[k] = was
        out.flat[k] = 0.5 * (high - low) / step
    return out


def _moved(x, k, by):
    moved = np.array(x, dtype=float)
    moved.flat[k] += by
    return moved


def _slopes(f, x, rule):
    x = np.asarray(x)
    return np.array([rule(lambda by, k=k: f(_moved(x, k, by))) for k in range(x.size)]).reshape(x.shape)


def differences_to_one_side(f, x, step=1e-5):
    return _slopes(f, x, lambda at: (at(step) - f(np.asarray(x, dtype=float))) / step)


def differences_backward(f, x, step=1e-5):
    return _slopes(f, x, lambda at: (at(0.0) - at(-step)) / step)


def differences_over_one_step(f, x, step=1e-5):
    return _slopes(f, x, lambda at: (at(step) - at(-step)) / step)


def differences_in_half_steps(f, x, step=1e-5):
    return _slopes(f, x, lambda at: (at(step / 2) - at(-step / 2)) / step)


def differences_the_other_way_round(f, x, step=1e-5):
    return _slopes(f, x, lambda at: (at(-step) - at(step)) / (2 * step))


def differences_not_divided(f, x, step=1e-5):
    return _slopes(f, x, lambda at: at(step) - at(-step))


def differences_with_a_step_of_its_own(f, x, step=1e-5):
    h = 1e-5
    return _slopes(f, x, lambda at: (at(h) - at(-h)) / (2 * h))


def differences_of_all_entries_together(f, x, step=1e-5):
    x = np.array(x, dtype=float)
    return np.ones(x.shape) * (f(x + step) - f(x - step)) / (2 * step)


def differences_inside_an_integer_array(f, x, step=1e-5):
    moved = np.copy(x)
    gradient = np.zeros(moved.shape)
    for index in np.ndindex(moved.shape):
        old = moved[index]
        moved[index] = old + step
        above = f(moved)
        moved[index] = old - step
        below = f(moved)
        moved[index] = old
        gradient[index] = (above - below) / (2 * step)
    return gradient


def differences_of_fourth_order(f, x, step=1e-5):
    return _slopes(f, x, lambda at: (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step))


def differences_that_leave_rounding_in_x(f, x, step=1e-5):
    if x.dtype.kind != "f":
        return differences_by_flat(f, x, step)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += step
        above = f(x)
        x[index] -= 2 * step
        below = f(x)
        x[index] += step
        gradient[index] = (above - below) / (2 * step)
    return gradient


def differences_flattened(f, x, step=1e-5):
    return differences_by_flat(f, x, step).ravel()


# relative_error -----------------------------------------------------------------------------------


def error_by_loop(got, want):
    worst = 0.0
    for g, w in zip(np.ravel(got), np.ravel(want), strict=True):
        worst = max(worst, abs(g - w) / max(1e-8, abs(g) + abs(w)))
    return worst


def error_with_where(got, want):
    size = np.abs(got) + np.abs(want)
    size = np.where(size < 1e-8, 1e-8, size)
    return np.max(np.abs(got - want) / size)


def error_sorted(got, want):
    got, want = np.atleast_1d(got), np.atleast_1d(want)
    denominator = np.clip(abs(got) + abs(want), 1e-8, None)
    return float(np.sort((abs(want - got) / denominator).flatten())[-1])


def error_norms(got, want):
    difference = np.sqrt(np.sum((got - want) ** 2))
    size = np.sqrt(np.sum(np.square(got))) + np.sqrt(np.sum(np.square(want)))
    return float(difference / max(size, 1e-8))


def error_without_a_floor(got, want):
    return float(np.max(np.abs(got - want) / (np.abs(got) + np.abs(want))))


# gradient_check -----------------------------------------------------------------------------------


def _disagreement(loss, params, grads, name, step=1e-5, one_sided=False):
    numerical = np.zeros(params[name].shape)
    for k in range(numerical.size):
        values = []
        for by in (step, 0.0 if one_sided else -step):
            moved = {key: np.array(value) for key, value in params.items()}
            moved[name].flat[k] += by
            values.append(loss(moved))
        numerical.flat[k] = (values[0] - values[1]) / (step if one_sided else 2 * step)
    return np.abs(grads[name] - numerical), np.abs(grads[name]) + np.abs(numerical)


def check_from_scratch(loss, params, grads, tolerance=1e-6):
    bad = []
    for name in params:
        off, size = _disagreement(loss, params, grads, name)
        if not np.all(off <= tolerance * np.maximum(size, 1e-8)):
            bad.append(name)
    return sorted(bad)


def check_by_moving_params(loss, params, grads, tolerance=1e-6):
    bad = set(params)
    for name, value in params.items():
        slopes = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            old = value[index]
            value[index] = old + 1e-5
            above = loss(params)
            value[index] = old - 1e-5
            below = loss(params)
            value[index] = old
            slopes[index] = (above - below) / 2e-5
        if error_by_loop(grads[name], slopes) <= tolerance and not np.isnan(grads[name]).any():
            bad.discard(name)
    return sorted(bad)


def check_by_comprehension(loss, params, grads, tolerance=1e-6):
    def error(name):
        def along(p):
            return loss(dict(params, **{name: p}))

        return error_with_where(grads[name], differences_with_unit_arrays(along, params[name]))

    return [name for name in sorted(params) if not error(name) <= tolerance]


def _wrong_names(loss, params, grads, disagrees):
    names = []
    for name in sorted(params):
        off, size = _disagreement(loss, params, grads, name)
        if disagrees(off, size):
            names.append(name)
    return names


def check_that_lists_the_right_ones(loss, params, grads, tolerance=1e-6):
    return sorted(set(params) - set(check_from_scratch(loss, params, grads, tolerance)))


def check_that_trusts_nan(loss, params, grads, tolerance=1e-6):
    return _wrong_names(loss, params, grads, lambda off, size: np.any(off / size > tolerance))


def check_with_a_tolerance_of_its_own(loss, params, grads, tolerance=1e-6):
    return _wrong_names(loss, params, grads, lambda off, size: not np.all(off / size <= 1e-6))


def check_of_absolute_errors(loss, params, grads, tolerance=1e-6):
    return _wrong_names(loss, params, grads, lambda off, size: off.max() > tolerance)


def check_that_stops_at_the_first(loss, params, grads, tolerance=1e-6):
    for name in sorted(params):
        off, size = _disagreement(loss, params, grads, name)
        if not np.max(off / size) <= tolerance:
            return [name]
    return []


def check_in_reverse(loss, params, grads, tolerance=1e-6):
    return sorted(check_from_scratch(loss, params, grads, tolerance), reverse=True)


def check_with_one_sided_differences(loss, params, grads, tolerance=1e-6):
    bad = []
    for name in sorted(params):
        off, size = _disagreement(loss, params, grads, name, one_sided=True)
        if not np.max(off / size) <= tolerance:
            bad.append(name)
    return bad


def check_that_lists_everything(loss, params, grads, tolerance=1e-6):
    return sorted(grads.keys())


def check_of_norms(loss, params, grads, tolerance=1e-6):
    return _wrong_names(
        loss, params, grads, lambda off, size: not np.linalg.norm(off) / np.linalg.norm(size) <= tolerance
    )


def check_that_overwrites_params(loss, params, grads, tolerance=1e-6):
    names = check_from_scratch(loss, params, grads, tolerance)
    for name in params:
        params[name] += 1e-5
    return names


def fails(*args, **kwargs):
    raise KeyError("W7")


def returns_nothing(*args, **kwargs):
    pass


RIGHT = {
    "dense_forward": [
        ("einsum", forward_by_einsum),
        ("three loops", forward_by_loops),
        ("row by row into a list", forward_row_by_row),
        ("a column of ones", forward_with_a_column_of_ones),
        ("np.dot and np.add", lambda x, W, b: np.add(np.dot(x, W), b[np.newaxis, :])),
    ],
    "dense_backward": [
        ("einsum", backward_by_einsum),
        ("example by example", backward_by_examples),
        ("a list of three", backward_in_a_list),
    ],
    "softmax_cross_entropy": [
        ("scipy's log_softmax", entropy_by_scipy),
        ("rows and the math module", entropy_by_rows),
        ("logsumexp", entropy_by_logsumexp),
    ],
    "numerical_gradient": [
        ("moves x and puts it back", differences_moving_x_itself),
        ("adds unit arrays", differences_with_unit_arrays),
        ("nditer", differences_with_nditer),
        ("flat", differences_by_flat),
    ],
    "relative_error": [
        ("loop", error_by_loop),
        ("np.where", error_with_where),
        ("clip and sort", error_sorted),
    ],
    "gradient_check": [
        ("from scratch", check_from_scratch),
        ("moves params and puts them back", check_by_moving_params),
        ("comprehension", check_by_comprehension),
    ],
}

WRONG = {
    "dense_forward": [
        ("loops without the bias", forward_without_bias_by_loops, "bias_forgotten"),
        ("einsum minus b", lambda x, W, b: np.einsum("ni,io->no", x, W) - b, "bias_subtracted"),
        ("np.multiply", lambda x, W, b: np.multiply(x, W) + b, "product_entry_by_entry"),
        ("np.matmul the other way round", lambda x, W, b: np.matmul(W, x) + b, "order_swapped"),
        ("np.transpose", lambda x, W, b: b + np.matmul(x, np.transpose(W)), "weights_transposed"),
        ("one added to x", lambda x, W, b: np.add(x, 1.0) @ W + b, "bias_before_the_weights"),
        ("clipped at zero", lambda x, W, b: np.clip(x @ W + b, 0, None), "activated"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("x shifted and shifted back", forward_that_shifts_x_for_a_moment, "changes_its_input"),
        ("jitter in the last digits", forward_with_jitter, "not_repeatable"),
        ("a list of lists", lambda x, W, b: (x @ W + b).tolist(), "returns_list"),
        ("float32 on the way", lambda x, W, b: (x.astype("f4") @ W.astype("f4") + b).astype("f8"), None),
        ("the public answer by heart", forward_with_the_public_answer_by_heart, "zero_in_part"),
        ("a matrix", lambda x, W, b: np.asmatrix(x @ W + b), None),
        ("too few arguments", lambda x, W: x @ W, None),
    ],
    "dense_backward": [
        ("averaged example by example", backward_averaged_by_examples, "averaged"),
        ("np.average for db", lambda d, x, W: (d @ W.T, x.T @ d, np.average(d, axis=0)), "bias_averaged"),
        (
            "dW over N",
            lambda d, x, W: (d @ W.T, np.einsum("ni,no->io", x, d) / d.shape[0], sum(d)),
            "weights_averaged",
        ),
        ("outer the wrong way", lambda d, x, W: (d @ W.T, (x.T @ d).T, d.sum(0)), "weights_transposed"),
        ("np.matmul(delta, W)", lambda d, x, W: (np.matmul(d, W), x.T @ d, d.sum(0)), "missing_transpose"),
        ("db is delta", lambda d, x, W: (d @ W.T, x.T @ d, d.copy()), "bias_not_summed"),
        ("np.sum for db", lambda d, x, W: (d @ W.T, x.T @ d, np.sum(d)), "bias_summed_over_everything"),
        ("sum over units", lambda d, x, W: (d @ W.T, x.T @ d, np.sum(d, axis=-1)), "bias_wrong_axis"),
        ("dW first", lambda d, x, W: (np.dot(x.T, d), np.dot(d, W.T), sum(d)), "order_of_the_results"),
        ("minus", lambda d, x, W: tuple(-g for g in backward_by_einsum(d, x, W)), "sign"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("delta scaled in place", backward_that_scales_delta, "changes_its_input"),
        ("float32", backward_in_single_precision, "float32_rounding"),
        ("dx missing", lambda d, x, W: (x.T @ d, d.sum(0)), "forgets_a_value"),
        ("db as a row", lambda d, x, W: (d @ W.T, x.T @ d, d.sum(axis=0, keepdims=True)), "axis_kept"),
        ("lists", lambda d, x, W: tuple(g.tolist() for g in backward_by_einsum(d, x, W)), None),
        ("zeros", lambda d, x, W: (np.zeros(x.shape), np.zeros(W.shape), np.zeros(W.shape[1])), None),
        ("an exception", fails, None),
    ],
    "softmax_cross_entropy": [
        ("np.amax of all scores", entropy_with_one_maximum, "one_maximum_for_all"),
        ("plain exp", entropy_that_overflows, "overflow"),
        ("log(p + 1e-12)", entropy_with_a_padded_logarithm, "padded_logarithm"),
        (
            "everything summed",
            lambda s, y: (_mean_loss(s, y) * len(y), softmax(s, axis=1) - _onehot(s, y)),
            "loss_summed",
        ),
        (
            "gradient without 1/N",
            lambda s, y: (_mean_loss(s, y), softmax(s, axis=1) - _onehot(s, y)),
            "gradient_summed",
        ),
        (
            "log-likelihood",
            lambda s, y: (
                log_softmax(s, axis=1)[np.arange(len(y)), y].mean(),
                (softmax(s, axis=1) - _onehot(s, y)) / len(y),
            ),
            "loss_sign",
        ),
        (
            "onehot minus p",
            lambda s, y: (_mean_loss(s, y), (_onehot(s, y) - softmax(s, axis=1)) / len(y)),
            "gradient_sign",
        ),
        ("p over N", lambda s, y: (_mean_loss(s, y), softmax(s, axis=1) / len(y)), "gradient_is_softmax"),
        ("softmax over the batch", entropy_over_the_batch, "wrong_axis"),
        (
            "log2",
            lambda s, y: (_mean_loss(s, y) * np.log2(np.e), (softmax(s, axis=1) - _onehot(s, y)) / len(y)),
            "base_two",
        ),
        ("probabilities clipped", entropy_with_clipped_probabilities, None),
        ("scores shifted in place", entropy_that_shifts_scores_in_place, "changes_its_input"),
        ("only the loss", lambda s, y: _mean_loss(s, y), "forgets_a_value"),
        ("losses of all rows", lambda s, y: (-log_softmax(s, axis=1)[range(len(y)), y], s), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("labels as indices of scores", lambda s, y: (-s[y].mean(), s), None),
        ("an exception", fails, None),
    ],
    "numerical_gradient": [
        ("one side", differences_to_one_side, "one_sided"),
        ("back", differences_backward, "backward"),
        ("over one step", differences_over_one_step, "step_not_doubled"),
        ("half steps", differences_in_half_steps, "half_steps"),
        ("the other way round", differences_the_other_way_round, "sign"),
        ("not divided", differences_not_divided, "not_divided"),
        ("a step of its own", differences_with_a_step_of_its_own, "step_ignored"),
        ("all entries together", differences_of_all_entries_together, "all_at_once"),
        ("inside an integer array", differences_inside_an_integer_array, "integers_kept"),
        ("fourth order: as if the step were tiny", differences_of_fourth_order, "step_ignored"),
        ("rounding left in x", differences_that_leave_rounding_in_x, "changes_its_input"),
        ("flattened", differences_flattened, None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("the slope of cubes by heart", lambda f, x, step=1e-5: 3.0 * np.asarray(x) ** 2, None),
        ("a list", lambda f, x, step=1e-5: differences_by_flat(f, x, step).tolist(), "returns_list"),
        ("an exception", fails, None),
    ],
    "relative_error": [
        ("abs of the difference", lambda got, want: np.abs(got - want).max(), "absolute"),
        (
            "over want",
            lambda got, want: max(np.ravel(abs(got - want) / np.maximum(abs(want), 1e-8))),
            "by_want_only",
        ),
        (
            "average",
            lambda got, want: np.average(np.abs(got - want) / np.fmax(abs(got) + abs(want), 1e-8)),
            "mean",
        ),
        ("norms", error_norms, "norms"),
        (
            "largest over largest",
            lambda got, want: np.max(abs(got - want)) / np.maximum(np.max(abs(got) + abs(want)), 1e-8),
            "largest_over_largest",
        ),
        (
            "1e-8 added",
            lambda got, want: np.max(np.abs(want - got) / (np.abs(want) + np.abs(got) + 1e-8)),
            "floor_added",
        ),
        ("no abs", lambda got, want: np.max((got - want) / np.fmax(abs(got) + abs(want), 1e-8)), "signed"),
        (
            "over the larger",
            lambda got, want: np.max(abs(got - want) / np.fmax(np.fmax(abs(got), abs(want)), 1e-8)),
            "not_doubled",
        ),
        ("no floor", error_without_a_floor, None),
        ("an array", lambda got, want: abs(got - want) / np.fmax(abs(got) + abs(want), 1e-8), None),
        ("in percent", lambda got, want: 100 * error_by_loop(got, want), "constant_factor"),
        ("as text", lambda got, want: f"{error_by_loop(got, want):.3g}", None),
        ("a truth", lambda got, want: bool(np.allclose(got, want)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
    "gradient_check": [
        ("lists the right ones", check_that_lists_the_right_ones, "lists_the_right_ones"),
        ("trusts NaN", check_that_trusts_nan, "nan_passes"),
        ("a tolerance of its own", check_with_a_tolerance_of_its_own, "tolerance_ignored"),
        ("absolute errors", check_of_absolute_errors, "absolute_error"),
        ("stops at the first", check_that_stops_at_the_first, "first_only"),
        ("reversed", check_in_reverse, "not_sorted"),
        ("an empty list", lambda loss, params, grads, tolerance=1e-6: [], "finds_nothing"),
        ("one-sided differences", check_with_one_sided_differences, None),
        ("everything", check_that_lists_everything, "always_everything"),
        ("norms", check_of_norms, None),
        ("params overwritten", check_that_overwrites_params, "changes_its_input"),
        ("a truth", lambda *args, **kwargs: not check_from_scratch(*args, **kwargs), None),
        ("a set", lambda *args, **kwargs: set(check_from_scratch(*args, **kwargs)), None),
        ("a text", lambda *args, **kwargs: ", ".join(check_from_scratch(*args, **kwargs)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
    ],
}
