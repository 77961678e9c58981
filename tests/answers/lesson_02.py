"""Right and wrong answers to lesson 02, written the way different people write them."""

import math
from functools import reduce

import numpy as np
from scipy.linalg import svdvals

from course_lib.activations import sigmoid

# forward_pass -------------------------------------------------------------------------------------


def forward_by_index(x, weights, biases, activation):
    pre_activations, activations = [], []
    for layer in range(len(weights)):
        received = x if layer == 0 else activations[layer - 1]
        pre_activations.append(np.einsum("ni,io->no", received, weights[layer]) + biases[layer])
        activations.append(activation(pre_activations[layer]))
    return pre_activations, activations


def forward_by_recursion(x, weights, biases, activation):
    if not weights:
        return [], []
    a = np.dot(x, weights[0]) + biases[0]
    h = activation(a)
    later_a, later_h = forward_by_recursion(h, weights[1:], biases[1:], activation)
    return [a, *later_a], [h, *later_h]


def forward_in_tuples(x, weights, biases, activation):
    hs = [x]
    for W, b in zip(weights, biases, strict=True):
        hs.append(activation(np.add(hs[-1] @ W, b)))
    pre = tuple(h @ W + b for h, W, b in zip(hs, weights, biases, strict=False))
    return pre, tuple(hs[1:])


def forward_by_units(x, weights, biases, activation):
    pre_activations, activations, h = [], [], x.copy()
    for W, b in zip(weights, biases, strict=True):
        a = np.zeros((len(x), W.shape[1]))
        for n in range(len(x)):
            for k in range(W.shape[1]):
                a[n, k] = sum(h[n, i] * W[i, k] for i in range(W.shape[0])) + b[k]
        h = np.vectorize(activation)(a)
        pre_activations += [a]
        activations += [h]
    return [pre_activations, activations]


def forward_with_homogeneous_weights(x, weights, biases, activation):
    result = {"a": [], "h": []}
    for W, b in zip(weights, biases, strict=True):
        a = np.c_[x, np.ones(len(x))] @ np.r_[W, b[None, :]]
        x = activation(a)
        result["a"].append(a)
        result["h"].append(x)
    return result["a"], result["h"]


def _forward(x, weights, biases, activation, *, bias=True, twice=False, linear=False):
    """Compute a forward pass in another way than the course; the options make it wrong."""
    pre, act, h = [], [], x
    for n in range(len(weights)):
        a = np.tensordot(h, weights[n], axes=1)
        if bias:
            a = np.add(a, biases[n])
        if twice:
            a = activation(a)
        h = activation(a)
        pre.append(a)
        act.append(h)
        if linear:
            h = a
    return pre, act


def forward_bias_last(x, weights, biases, activation):
    pre, act = [], []
    for n, W in enumerate(weights):
        pre.append(np.dot(act[n - 1] if n else x, W))
        act.append(biases[n] + activation(pre[n]))
    return pre, act


def forward_activating_the_input(x, weights, biases, activation):
    pre, act = [], []
    current = x
    for n in range(len(weights)):
        current = np.dot(activation(current), weights[n]) + biases[n]
        pre.append(current)
        act.append(activation(current))
    return pre, act


def forward_transposed(x, weights, biases, activation):
    pre, act = [], []
    for W, b in zip(weights, biases, strict=True):
        pre.append(np.einsum("ni,oi->no", act[-1] if act else x, W) + b)
        act.append(activation(pre[-1]))
    return pre, act


def forward_from_x_every_time(x, weights, biases, activation):
    pre = []
    for n in range(len(weights)):
        pre.append(np.dot(x, weights[n]) + biases[n])
    return pre, list(map(activation, pre))


def forward_inserting_in_front(x, weights, biases, activation):
    pre, act = [], []
    for n in range(len(weights)):
        pre.insert(0, np.dot(act[0] if n else x, weights[n]) + biases[n])
        act.insert(0, activation(pre[0]))
    return pre, act


def forward_inputs(x, weights, biases, activation):
    inputs, pre = [], []
    for W, b in zip(weights, biases, strict=True):
        inputs.append(x)
        a = np.dot(x, W) + b
        pre.append(a)
        x = activation(a)
    return pre, inputs


def forward_linear_at_the_end(x, weights, biases, activation):
    pre, act = [], []
    for n in range(len(weights)):
        x = np.dot(x, weights[n]) + biases[n]
        pre.append(x)
        if n < len(weights) - 1:
            x = activation(x)
        act.append(x)
    return pre, act


def forward_one_layer_short(x, weights, biases, activation):
    return _forward(x, weights[:-1], biases[:-1], activation)


def forward_with_a_course_sigmoid(x, weights, biases, activation):
    return _forward(x, weights, biases, sigmoid)


def forward_that_fills_the_weights(x, weights, biases, activation):
    weights[0] *= 1.0
    return _forward(x, weights, biases, activation)


def forward_that_pops(x, weights, biases, activation):
    pre, act = [], []
    while weights:
        a = x @ weights.pop(0) + biases.pop(0)
        x = activation(a)
        pre.append(a)
        act.append(x)
    return pre, act


def forward_right_for_one_layer(x, weights, biases, activation):
    a = x @ weights[0] + biases[0]
    return [a] * len(weights), [activation(a)] * len(weights)


def forward_with_shared_arrays(x, weights, biases, activation):
    """Activate in place: `a` and `h` are one array then."""
    pre, act = [], []
    for W, b in zip(weights, biases, strict=True):
        x = x @ W + b
        pre.append(x)
        activation(x, out=x)
        act.append(x)
    return pre, act


def forward_one_row(x, weights, biases, activation):
    return _forward(x[:1], weights, biases, activation)


# delta_step ---------------------------------------------------------------------------------------


def step_by_einsum(delta_next, W_next, a, derivative):
    return np.einsum("nj,jk,nk->nj", derivative(a), W_next, delta_next)


def step_by_the_formula(delta_next, W_next, a, derivative):
    delta = np.zeros(a.shape)
    for n in range(a.shape[0]):
        for j in range(a.shape[1]):
            total = 0.0
            for k in range(delta_next.shape[1]):
                total += W_next[j, k] * delta_next[n, k]
            delta[n, j] = derivative(a[n, j]) * total
    return delta


def step_by_columns(delta_next, W_next, a, derivative):
    return np.multiply((W_next @ delta_next.T).T, derivative(a))


def step_by_examples(delta_next, W_next, a, derivative):
    return np.stack([np.diag(derivative(a[n])) @ W_next @ delta_next[n] for n in range(len(a))])


def step_of_a_sigmoid(delta_next, W_next, a, derivative):
    h = sigmoid(a)
    return h * (1 - h) * np.dot(delta_next, W_next.T)


def step_that_scales_in_place(delta_next, W_next, a, derivative):
    delta_next *= 2
    return derivative(a) * (delta_next @ W_next.T) / 2


def step_with_the_first_example_everywhere(delta_next, W_next, a, derivative):
    return derivative(a[0]) * (delta_next @ W_next.T)


def step_with_norms(delta_next, W_next, a, derivative):
    return derivative(a) * np.linalg.norm(delta_next @ W_next.T, axis=1, keepdims=True)


def step_rounded(delta_next, W_next, a, derivative):
    return np.round(derivative(a) * (delta_next @ W_next.T), 3)


def step_right_for_wide_layers(delta_next, W_next, a, derivative):
    if 1 in (*delta_next.shape, *a.shape):
        return np.zeros(a.shape)
    return step_by_einsum(delta_next, W_next, a, derivative)


# backward_pass ------------------------------------------------------------------------------------


def backward_filling_a_list(delta_last, weights, pre_activations, derivative):
    L = len(weights)
    deltas = [None] * L
    deltas[L - 1] = delta_last
    for layer in range(L - 2, -1, -1):
        deltas[layer] = np.dot(deltas[layer + 1], weights[layer + 1].T) * derivative(pre_activations[layer])
    return deltas


def backward_by_recursion(delta_last, weights, pre_activations, derivative):
    if len(weights) == 1:
        return [delta_last]
    delta = derivative(pre_activations[-2]) * np.einsum("nk,jk->nj", delta_last, weights[-1])
    return [*backward_by_recursion(delta, weights[:-1], pre_activations[:-1], derivative), delta_last]


def backward_by_pairs(delta_last, weights, pre_activations, derivative):
    delta, out = delta_last.copy(), [delta_last.copy()]
    for W, a in zip(weights[:0:-1], pre_activations[-2::-1], strict=False):
        delta = step_by_columns(delta, W, a, derivative)
        out.append(delta)
    out.reverse()
    return tuple(out)


def backward_by_example(delta_last, weights, pre_activations, derivative):
    deltas = [np.zeros(a.shape) for a in pre_activations]
    for n in range(len(delta_last)):
        d = delta_last[n]
        deltas[-1][n] = d
        for layer in range(len(weights) - 1, 0, -1):
            d = derivative(pre_activations[layer - 1][n]) * (weights[layer] @ d)
            deltas[layer - 1][n] = d
    return deltas


def _backward(delta_last, weights, pre_activations, derivative, *, W_of=1, a_of=0):
    """Walk back with indices that can be off."""
    L = len(weights)
    deltas = {L - 1: delta_last}
    for n in range(L - 2, -1, -1):
        back = np.einsum("nk,jk->nj", deltas[n + 1], weights[n + W_of])
        deltas[n] = back * derivative(pre_activations[max(n + a_of, 0)])
    return [deltas[n] for n in range(L)]


def backward_with_a_slope_at_the_end(delta_last, weights, pre_activations, derivative):
    delta, out = delta_last, []
    for n in range(len(weights) - 1, -1, -1):
        delta = delta * derivative(pre_activations[n])
        out.append(delta)
        delta = np.dot(delta, weights[n].T)
    return out[::-1]


def backward_to_the_input(delta_last, weights, pre_activations, derivative):
    out = [delta_last]
    for n in range(len(weights) - 1, -1, -1):
        d = np.dot(out[-1], np.transpose(weights[n]))
        out.append(d * derivative(pre_activations[n - 1]) if n else d)
    return out[::-1]


def backward_without_the_last(delta_last, weights, pre_activations, derivative):
    out, d = [], delta_last
    for n in range(len(weights) - 1, 0, -1):
        d = np.dot(d, weights[n].T) * derivative(pre_activations[n - 1])
        out.insert(0, d)
    return out


def backward_without_the_first(delta_last, weights, pre_activations, derivative):
    return backward_by_recursion(delta_last, weights, pre_activations, derivative)[1:]


def backward_counting_up(delta_last, weights, pre_activations, derivative):
    L = len(weights)
    out = [delta_last]
    for step in range(1, L):
        out.append(derivative(pre_activations[L - 1 - step]) * np.dot(out[-1], weights[step].T))
    return list(reversed(out))


def backward_from_the_last_delta(delta_last, weights, pre_activations, derivative):
    out = []
    for n in range(len(weights) - 1):
        out.append(derivative(pre_activations[n]) * np.dot(delta_last, weights[n + 1].T))
    return [*out, delta_last]


def backward_without_transpose(delta_last, weights, pre_activations, derivative):
    out = [delta_last]
    for n in range(len(weights) - 1, 0, -1):
        out.append(np.dot(out[-1], weights[n]) * derivative(pre_activations[n - 1]))
    return out[::-1]


def backward_through_weights_only(delta_last, weights, pre_activations, derivative):
    out = [delta_last]
    for W in weights[:0:-1]:
        out.append(np.einsum("nk,jk->nj", out[-1], W))
    return out[::-1]


def backward_averaging(delta_last, weights, pre_activations, derivative):
    out = [delta_last]
    for n in range(len(weights) - 2, -1, -1):
        out = [derivative(pre_activations[n]) * np.dot(out[0], weights[n + 1].T) / delta_last.shape[0], *out]
    return out


def backward_that_reverses_the_weights(delta_last, weights, pre_activations, derivative):
    weights.reverse()
    out = [delta_last]
    for n, W in enumerate(weights[:-1]):
        out.append(derivative(pre_activations[len(weights) - 2 - n]) * (out[-1] @ W.T))
    return out[::-1]


def backward_that_appends_to_the_weights(delta_last, weights, pre_activations, derivative):
    weights.append(np.eye(delta_last.shape[1]))
    return backward_filling_a_list(delta_last, weights[:-1], pre_activations, derivative)


def backward_right_for_three_layers(delta_last, weights, pre_activations, derivative):
    if len(weights) > 5 or 1 in delta_last.shape or len(delta_last) == 1 or weights[0].shape == (3, 1):
        return [np.zeros_like(a) for a in pre_activations]
    return backward_filling_a_list(delta_last, weights, pre_activations, derivative)


# weight_gradients ---------------------------------------------------------------------------------


def gradients_by_einsum(x, activations, deltas):
    inputs = [x, *activations]
    dWs = [np.einsum("ni,no->io", inputs[n], deltas[n]) for n in range(len(deltas))]
    return dWs, [np.einsum("no->o", d) for d in deltas]


def gradients_by_examples(x, activations, deltas):
    dWs, dbs = [], []
    for layer, delta in enumerate(deltas):
        h = x if layer == 0 else activations[layer - 1]
        dW, db = np.zeros((h.shape[1], delta.shape[1])), np.zeros(delta.shape[1])
        for n in range(len(x)):
            dW += np.outer(h[n], delta[n])
            db += delta[n]
        dWs.append(dW)
        dbs.append(db)
    return dWs, dbs


def gradients_with_a_column_of_ones(x, activations, deltas):
    both, h = [], x
    for n, delta in enumerate(deltas):
        both.append(np.dot(np.column_stack([h, np.ones(len(h))]).T, delta))
        h = activations[n]
    return tuple(g[:-1] for g in both), tuple(g[-1] for g in both)


def gradients_of_the_transposed(x, activations, deltas):
    return [
        [np.dot(d.T, h).T for h, d in zip([x, *activations], deltas, strict=False)],
        [np.ones(len(d)) @ d for d in deltas],
    ]


def _gradients(x, activations, deltas, *, over=1, over_b=1):
    dWs, dbs = gradients_by_examples(x, activations, deltas)
    return [dW / over for dW in dWs], [db / over_b for db in dbs]


def gradients_with_own_activations(x, activations, deltas):
    dWs = [np.einsum("ni,no->io", activations[n], deltas[n]) for n in range(len(deltas))]
    return dWs, [np.add.reduce(d) for d in deltas]


def gradients_of_x(x, activations, deltas):
    return [np.tensordot(x, d, axes=(0, 0)) for d in deltas], [np.add.reduce(d) for d in deltas]


def gradients_without_x(x, activations, deltas):
    dWs = [np.dot(activations[n].T, deltas[n + 1]) for n in range(len(deltas) - 1)]
    return dWs, [np.add.reduce(d) for d in deltas]


def gradients_transposed(x, activations, deltas):
    dWs, dbs = gradients_by_einsum(x, activations, deltas)
    return [np.transpose(dW) for dW in dWs], dbs


def gradients_by_layer(x, activations, deltas):
    inputs = [x, *activations[:-1]]
    return [(np.dot(h.T, d), np.sum(d, 0)) for h, d in zip(inputs, deltas, strict=True)]


def gradients_back_to_front(x, activations, deltas):
    dWs, dbs = [], []
    for n in range(len(deltas) - 1, -1, -1):
        dWs.append(np.dot((activations[n - 1] if n else x).T, deltas[n]))
        dbs.append(np.sum(deltas[n], 0))
    return dWs, dbs


def gradients_that_move_delta(x, activations, deltas):
    for delta in deltas:
        delta -= 0.0
    return gradients_by_einsum(x, activations, deltas)


def gradients_that_insert_x(x, activations, deltas):
    activations.insert(0, x)
    return [h.T @ d for h, d in zip(activations, deltas, strict=False)], [d.sum(0) for d in deltas]


# rms_by_layer -------------------------------------------------------------------------------------


def rms_by_norm(arrays):
    return np.array([np.linalg.norm(v) / np.sqrt(v.size) for v in arrays])


def rms_by_loop(arrays):
    out = np.zeros(len(arrays))
    for n, array in enumerate(arrays):
        total = 0.0
        for entry in array.ravel():
            total += entry * entry
        out[n] = math.sqrt(total / array.size)
    return out


def rms_by_moments(arrays):
    return np.asarray([(np.var(v) + np.mean(v) ** 2) ** 0.5 for v in arrays])


def rms_by_dot(arrays):
    return np.sqrt([np.dot(v.ravel(), v.ravel()) / v.size for v in arrays])


def rms_by_rows(arrays):
    return np.array([np.sqrt((np.atleast_2d(v) ** 2).mean(-1)).mean() for v in arrays])


def rms_by_units(arrays):
    out = [(v**2).mean(0) ** 0.5 for v in arrays]
    return np.stack(out) if len({np.shape(v) for v in out}) == 1 else out


def rms_that_squares_in_place(arrays):
    return np.array([np.sqrt(np.square(v, out=v).mean()) for v in arrays])


# predicted_gain -----------------------------------------------------------------------------------


def gain_by_norm(width, weight_variance, a, derivative):
    return math.sqrt(width * weight_variance) * np.linalg.norm(derivative(a)) / math.sqrt(a.size)


def gain_by_loop(width, weight_variance, a, derivative):
    squares = [float(derivative(entry)) ** 2 for entry in a.flat]
    return (width * weight_variance * sum(squares) / len(squares)) ** 0.5


def gain_by_deviation(width, weight_variance, a, derivative):
    return np.sqrt(width) * np.sqrt(weight_variance) * np.sqrt(np.average(derivative(a) * derivative(a)))


def _gain(expression):
    return lambda width, weight_variance, a, derivative: expression(width, weight_variance, a, derivative(a))


# gradient_bound -----------------------------------------------------------------------------------


def bound_by_svd(weights):
    bound = 1.0
    for W in weights:
        bound *= 0.25 * svdvals(W)[0]
    return bound


def bound_by_eigenvalues(weights):
    return reduce(lambda bound, W: bound * math.sqrt(np.linalg.eigvalsh(W.T @ W)[-1]) / 4, weights, 1.0)


def bound_by_logarithms(weights):
    return math.exp(sum(math.log(np.linalg.norm(W, ord=2)) - math.log(4) for W in weights))


def bound_by_matrix_norm(weights):
    return np.prod([np.linalg.matrix_norm(W, ord=2) for W in weights]) * 0.25 ** len(weights)


def bound_of_the_product(weights):
    if not weights:
        return 0.25**0
    return svdvals(reduce(np.dot, weights))[0] * 0.25 ** len(weights)


def bound_by_eigenvalues_of_square_weights(weights):
    bound = 1.0
    for W in weights:
        bound *= max(abs(np.linalg.eigvals(W))) / 4
    return float(bound)


def bound_that_needs_weights(weights):
    return float(reduce(lambda one, other: one * other, [svdvals(W)[0] / 4 for W in weights]))


def bound_that_scales_in_place(weights):
    bound = 1.0
    for W in weights:
        W /= 4
        bound *= svdvals(W)[0]
    return bound


def _product(factor):
    return lambda weights: math.prod(float(factor(W)) for W in weights)


def fails(*args, **kwargs):
    raise ZeroDivisionError("division by zero")


def returns_nothing(*args, **kwargs):
    pass


def unfinished(*args, **kwargs):
    raise NotImplementedError


def _jittery(function):
    def jitter(*args):
        first, second = function(*args)
        return [h * (1 + 1e-13 * np.random.default_rng().random()) for h in first], second

    return jitter


RIGHT = {
    "forward_pass": [
        ("by index", forward_by_index),
        ("recursion", forward_by_recursion),
        ("tuples", forward_in_tuples),
        ("unit by unit", forward_by_units),
        ("biases among the weights", forward_with_homogeneous_weights),
    ],
    "delta_step": [
        ("einsum", step_by_einsum),
        ("three loops", step_by_the_formula),
        ("columns", step_by_columns),
        ("diagonal matrices", step_by_examples),
    ],
    "backward_pass": [
        ("a list filled from the back", backward_filling_a_list),
        ("recursion", backward_by_recursion),
        ("reversed pairs in a tuple", backward_by_pairs),
        ("example by example", backward_by_example),
    ],
    "weight_gradients": [
        ("einsum", gradients_by_einsum),
        ("outer products", gradients_by_examples),
        ("a column of ones", gradients_with_a_column_of_ones),
        ("transposed twice", gradients_of_the_transposed),
    ],
    "rms_by_layer": [
        ("norm", rms_by_norm),
        ("loop", rms_by_loop),
        ("moments", rms_by_moments),
        ("dot", rms_by_dot),
    ],
    "predicted_gain": [
        ("norm", gain_by_norm),
        ("loop", gain_by_loop),
        ("three roots", gain_by_deviation),
    ],
    "gradient_bound": [
        ("svd", bound_by_svd),
        ("eigenvalues of WᵀW", bound_by_eigenvalues),
        ("logarithms", bound_by_logarithms),
        ("matrix norm", bound_by_matrix_norm),
    ],
}

WRONG = {
    "forward_pass": [
        ("activations alone", lambda x, W, b, f: forward_by_index(x, W, b, f)[1], "only_the_activations"),
        ("activations first", lambda x, W, b, f: forward_by_recursion(x, W, b, f)[::-1], "order_of_the_results"),
        ("inserted in front", forward_inserting_in_front, "last_layer_first"),
        (
            "x among the activations",
            lambda x, W, b, f: (_forward(x, W, b, f)[0], [x] + _forward(x, W, b, f)[1]),
            "input_among_the_activations",
        ),
        ("inputs stored", forward_inputs, "inputs_in_place_of_activations"),
        ("a linear output", forward_linear_at_the_end, "last_layer_without_activation"),
        ("one layer short", forward_one_layer_short, "last_layer_missing"),
        (
            "the last arrays",
            lambda x, W, b, f: tuple(entries[-1] for entries in _forward(x, W, b, f)),
            "only_the_last_layer",
        ),
        ("no biases", lambda x, W, b, f: _forward(x, W, b, f, bias=False), "bias_forgotten"),
        ("bias last", forward_bias_last, "bias_after_the_activation"),
        ("a handed on", lambda x, W, b, f: _forward(x, W, b, f, linear=True), "activation_forgotten_on_the_way"),
        ("x activated", forward_activating_the_input, "activation_before_the_weights"),
        ("f(f(a))", lambda x, W, b, f: _forward(x, W, b, f, twice=True), "activated_twice"),
        ("a overwritten", forward_with_shared_arrays, "activations_stored_twice"),
        ("einsum with the wrong letter", forward_transposed, "weights_transposed"),
        ("x again and again", forward_from_x_every_time, "every_layer_receives_x"),
        ("a sigmoid wired in", forward_with_a_course_sigmoid, None),
        ("weights multiplied in place", forward_that_fills_the_weights, "changes_its_input"),
        ("weights popped", forward_that_pops, "changes_its_input"),
        ("the first layer copied", forward_right_for_one_layer, None),
        ("one row", forward_one_row, None),
        ("arrays as lists", lambda *args: tuple([v.tolist() for v in vs] for vs in _forward(*args)), None),
        ("single precision", lambda *args: [[v.astype("f") for v in vs] for vs in _forward(*args)], "float32_rounding"),
        ("generators", lambda *args: tuple((v for v in vs) for vs in _forward(*args)), None),
        ("pairs of arrays", lambda *args: list(zip(*_forward(*args), strict=True)), None),
        ("jitter", _jittery(forward_by_index), "not_repeatable"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("not written", unfinished, "unfinished"),
    ],
    "delta_step": [
        ("no slope", lambda d, W, a, f: np.einsum("nk,jk->nj", d, W), "derivative_forgotten"),
        ("a itself", lambda d, W, a, f: np.multiply(np.dot(d, W.T), a), "derivative_never_called"),
        ("a − a²", lambda d, W, a, f: (a - a**2) * np.dot(d, W.T), "slope_in_terms_of_the_output"),
        ("σ(1 − σ)", step_of_a_sigmoid, "sigmoid_wired_in"),
        ("f of delta", lambda d, W, a, f: f(np.dot(d, W.T)), "derivative_of_delta"),
        ("f of everything", lambda d, W, a, f: f(np.dot(d, W.T) * a), "derivative_of_the_product"),
        ("f twice", lambda d, W, a, f: np.dot(d, W.T) * f(f(a)), "derivative_of_the_slope"),
        ("f squared", lambda d, W, a, f: np.square(f(a)) * np.dot(d, W.T), "slope_squared"),
        ("no transpose", lambda d, W, a, f: np.multiply(f(a), np.dot(d, W)), "missing_transpose"),
        ("no transpose, by einsum", lambda d, W, a, f: f(a) * np.einsum("nk,kj->nj", d, W), "missing_transpose"),
        ("dot with the slope", lambda d, W, a, f: np.dot(f(a), np.dot(d, W.T)), "matrix_product_with_the_slope"),
        ("slope first", lambda d, W, a, f: np.dot(d * f(a), W.T), "slope_before_the_weights"),
        ("a sum", lambda d, W, a, f: np.add(np.dot(d, W.T), f(a)), "added"),
        ("columns", lambda d, W, a, f: np.dot(W, d.T) * f(a).T, "transposed_result"),
        (
            "summed",
            lambda d, W, a, f: np.einsum("nj,jk,nk->j", f(a), W, d),
            "summed_over_the_batch",
        ),
        (
            "averaged",
            lambda d, W, a, f: np.average(step_by_columns(d, W, a, f), axis=0),
            "averaged_over_the_batch",
        ),
        ("over N", lambda d, W, a, f: step_by_einsum(d, W, a, f) / d.shape[0], "divided_by_the_batch"),
        ("over K", lambda d, W, a, f: step_by_einsum(d, W, a, f) / W.shape[1], "divided_by_the_width"),
        ("minus", lambda d, W, a, f: -step_by_the_formula(d, W, a, f), "sign"),
        ("scaled in place", step_that_scales_in_place, "changes_its_input"),
        ("one example's slope", step_with_the_first_example_everywhere, None),
        ("lengths", step_with_norms, None),
        ("rounded", step_rounded, None),
        ("zeros where a layer has one unit", step_right_for_wide_layers, "zero_in_part"),
        ("zeros", lambda d, W, a, f: np.zeros(a.shape), None),
        ("a list", lambda *args: step_by_einsum(*args).tolist(), "returns_list"),
        ("single precision", lambda *args: step_by_einsum(*args).astype(np.float32), "float32_rounding"),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("not written", unfinished, "unfinished"),
    ],
    "backward_pass": [
        ("not reversed", lambda *args: backward_by_recursion(*args)[::-1], "last_layer_first"),
        ("without delta_last", backward_without_the_last, "last_delta_missing"),
        ("as far as the input", backward_to_the_input, "reaches_the_input"),
        ("input for last", lambda *args: backward_to_the_input(*args)[:-1], "shifted_by_one"),
        ("one step short", backward_without_the_first, "first_delta_missing"),
        ("the end of the walk", lambda *args: backward_by_example(*args)[0], "only_the_first_layer"),
        ("slope everywhere", backward_with_a_slope_at_the_end, "slope_in_the_last_layer"),
        ("weights[l]", lambda *args: _backward(*args, W_of=0), "own_weights"),
        ("a[l + 1]", lambda *args: _backward(*args, a_of=1), "slope_of_the_layer_above"),
        ("a[l − 1]", lambda *args: _backward(*args, a_of=-1), "slope_of_the_layer_below"),
        ("weights counted up", backward_counting_up, "weights_from_the_front"),
        ("delta_last every time", backward_from_the_last_delta, "always_from_the_last"),
        ("no transpose", backward_without_transpose, "missing_transpose"),
        ("weights only", backward_through_weights_only, "derivative_forgotten"),
        ("over N in each step", backward_averaging, "averaged_over_the_batch"),
        ("delta_last copied", lambda d, W, a, f: [d] * len(W), "never_moves"),
        ("weights reversed in place", backward_that_reverses_the_weights, "changes_its_input"),
        ("weights extended", backward_that_appends_to_the_weights, "changes_its_input"),
        ("zeros for deep nets", backward_right_for_three_layers, "zero_in_part"),
        ("absolute values", lambda *args: [np.abs(d) for d in backward_by_pairs(*args)], None),
        ("single precision", lambda *args: [d.astype("f") for d in backward_by_pairs(*args)], "float32_rounding"),
        ("a dict", lambda *args: dict(enumerate(backward_by_pairs(*args))), None),
        ("the shapes", lambda d, W, a, f: [np.ones(v.shape) for v in a], None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("not written", unfinished, "unfinished"),
    ],
    "weight_gradients": [
        ("biases first", lambda *args: gradients_by_einsum(*args)[::-1], "order_of_the_results"),
        ("pairs", gradients_by_layer, "pairs"),
        ("weights alone", lambda *args: gradients_by_examples(*args)[0], "only_the_weights"),
        ("from the back", gradients_back_to_front, "last_layer_first"),
        ("own activations", gradients_with_own_activations, "own_activation"),
        ("x everywhere", gradients_of_x, "always_x"),
        ("x nowhere", gradients_without_x, "first_layer_missing"),
        ("means", lambda x, h, d: _gradients(x, h, d, over=len(x), over_b=len(x)), "both_averaged"),
        ("mean of dW", lambda x, h, d: _gradients(x, h, d, over=len(x)), "weights_averaged"),
        ("mean of db", lambda x, h, d: _gradients(x, h, d, over_b=len(x)), "biases_averaged"),
        ("transposed", gradients_transposed, "weights_transposed"),
        ("deltas as db", lambda x, h, d: (gradients_by_einsum(x, h, d)[0], d), "biases_not_summed"),
        (
            "units summed",
            lambda x, h, d: (gradients_by_einsum(x, h, d)[0], [np.einsum("no->n", v) for v in d]),
            "biases_along_the_wrong_axis",
        ),
        (
            "one number",
            lambda x, h, d: (gradients_by_einsum(x, h, d)[0], [np.einsum("no->", v) for v in d]),
            "biases_in_one_number",
        ),
        (
            "rows",
            lambda x, h, d: (gradients_by_einsum(x, h, d)[0], [np.ones((1, len(x))) @ v for v in d]),
            "biases_in_a_row",
        ),
        ("minus", lambda x, h, d: _gradients(x, h, d, over=-1, over_b=-1), "sign"),
        ("delta moved in place", gradients_that_move_delta, "changes_its_input"),
        ("x inserted", gradients_that_insert_x, "changes_its_input"),
        ("one example", lambda x, h, d: gradients_by_einsum(x[:1], [v[:1] for v in h], [v[:1] for v in d]), None),
        ("zeros for the biases", lambda x, h, d: (gradients_by_einsum(x, h, d)[0], [0 * v[0] for v in d]), None),
        (
            "half precision",
            lambda *args: [[v.astype(np.float16) for v in vs] for vs in gradients_by_einsum(*args)],
            None,
        ),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("not written", unfinished, "unfinished"),
    ],
    "rms_by_layer": [
        ("mean squares", lambda arrays: np.array([(v * v).sum() / v.size for v in arrays]), "root_forgotten"),
        ("norms", lambda arrays: np.array([np.linalg.norm(v) for v in arrays]), "summed"),
        ("deviations", lambda arrays: np.array([np.var(v) ** 0.5 for v in arrays]), "mean_subtracted"),
        ("absolute values", lambda arrays: np.array([abs(v).sum() / v.size for v in arrays]), "mean_absolute"),
        ("rows first", rms_by_rows, "root_before_the_mean"),
        ("means", lambda arrays: np.array([abs(v.mean()) for v in arrays]), "mean_before_the_square"),
        ("maxima", lambda arrays: np.array([max(abs(v.ravel())) for v in arrays]), "largest"),
        ("units", rms_by_units, "per_unit"),
        (
            "all at once",
            lambda arrays: math.sqrt(sum((v**2).sum() for v in arrays) / sum(v.size for v in arrays)),
            "all_together",
        ),
        ("in place", rms_that_squares_in_place, "changes_its_input"),
        ("a list", lambda arrays: rms_by_norm(arrays).tolist(), "returns_list"),
        ("a column", lambda arrays: rms_by_norm(arrays)[:, None], "axis_kept"),
        ("half precision", lambda arrays: rms_by_norm(arrays).astype(np.float16), None),
        ("an epsilon", lambda arrays: rms_by_norm(arrays) + 1e-12, None),
        ("n − 1", lambda arrays: np.array([np.linalg.norm(v) / np.sqrt(max(v.size - 1, 1)) for v in arrays]), None),
        (
            "two axes only",
            lambda arrays: np.array([np.linalg.norm(v) / np.sqrt(v.size) for v in arrays if v.ndim == 2]),
            None,
        ),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("not written", unfinished, "unfinished"),
    ],
    "predicted_gain": [
        ("no root", lambda *args: gain_by_norm(*args) ** 2, "root_forgotten"),
        ("mean slope", _gain(lambda n, v, a, s: math.sqrt(n * v) * s.sum() / s.size), "mean_of_the_slopes"),
        ("|mean slope|", _gain(lambda n, v, a, s: math.sqrt(n * v) * abs(np.average(s))), "mean_before_the_square"),
        ("mean |slope|", _gain(lambda n, v, a, s: (n * v * abs(s).mean()) ** 0.5), "mean_absolute_slope"),
        ("slope at the mean", lambda n, v, a, f: math.sqrt(n * v) * abs(f(a.mean())), "slope_at_the_mean"),
        ("largest slope", _gain(lambda n, v, a, s: math.sqrt(n * v) * abs(s).max()), "largest_slope"),
        ("spread of the slopes", _gain(lambda n, v, a, s: math.sqrt(n * v) * s.std()), "variance_of_the_slope"),
        ("rms of a", _gain(lambda n, v, a, s: math.sqrt(n * v) * np.sqrt(np.mean(a * a))), "derivative_forgotten"),
        ("no slopes", _gain(lambda n, v, a, s: math.sqrt(n) * math.sqrt(v)), "slopes_left_out"),
        (
            "variance outside",
            _gain(lambda n, v, a, s: v * math.sqrt(n * np.mean(s * s))),
            "deviation_for_variance",
        ),
        (
            "deviation inside",
            _gain(lambda n, v, a, s: math.sqrt(n) * v**0.25 * np.sqrt(np.mean(s * s))),
            "root_of_the_variance_twice",
        ),
        ("no width", lambda n, v, a, f: gain_by_norm(1, v, a, f), "width_forgotten"),
        ("width outside", lambda n, v, a, f: n * gain_by_loop(1, v, a, f), "width_outside_the_root"),
        ("width of a", lambda n, v, a, f: gain_by_loop(a.shape[-1], v, a, f), "width_of_a"),
        ("summed", lambda n, v, a, f: math.sqrt(n * v) * np.linalg.norm(f(a)), "summed_slopes"),
        (
            "one a unit",
            _gain(lambda n, v, a, s: np.sqrt(n * v) * np.sqrt((s * s).sum(0) / len(s))),
            "per_unit",
        ),
        ("the inverse", _gain(lambda n, v, a, s: 1 / np.sqrt(1e-30 + n * v * np.mean(s * s))), None),
        ("NaN without weights", lambda n, v, a, f: gain_by_norm(n, v, a, f) if v else math.nan, None),
        ("2-D only", lambda n, v, a, f: gain_by_norm(n, v, a, f) * (1 if a.ndim == 2 else 0), "zero_in_part"),
        ("the array of slopes", _gain(lambda n, v, a, s: np.sqrt(n * v) * s), None),
        ("in place", lambda n, v, a, f: gain_by_norm(n, v, f(a, out=a), np.abs), "changes_its_input"),
        ("a text", lambda *args: str(gain_by_norm(*args)), None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("not written", unfinished, "unfinished"),
    ],
    "gradient_bound": [
        ("all entries squared", _product(lambda W: math.sqrt((W**2).sum()) / 4), "frobenius"),
        ("no quarter", _product(lambda W: svdvals(W)[0]), "quarter_forgotten"),
        ("one quarter", lambda weights: 0.25 * math.prod(svdvals(W)[0] for W in weights), "quarter_once"),
        ("one half", _product(lambda W: 0.5 * svdvals(W)[0]), "half"),
        ("a sum", lambda weights: 0.25 * sum(svdvals(W)[0] for W in weights), "summed"),
        ("the worst layer", lambda weights: max((svdvals(W)[0] / 4 for W in weights), default=1), "largest_layer"),
        ("layer by layer", lambda weights: 0.25 * np.array([svdvals(W)[0] for W in weights]), "one_layer_each"),
        ("eigenvalues", bound_by_eigenvalues_of_square_weights, "spectral_radius"),
        ("weights multiplied", bound_of_the_product, "norm_of_the_product"),
        ("eigenvalues of WᵀW", _product(lambda W: np.linalg.eigvalsh(W @ W.T)[-1] / 4), "squared_norm"),
        ("the last singular value", _product(lambda W: svdvals(W)[-1] / 4), "smallest_stretch"),
        ("largest entry", _product(lambda W: abs(W).max() / 4), "largest_entry"),
        ("columns", _product(lambda W: abs(W).sum(axis=0).max() / 4), "column_sums"),
        ("rows", _product(lambda W: abs(W).sum(axis=1).max() / 4), "row_sums"),
        ("no empty list", bound_that_needs_weights, None),
        ("never above 1", lambda weights: min(1.0, bound_by_svd(weights)), None),
        ("width for norm", _product(lambda W: math.sqrt(W.shape[0]) / 4), None),
        ("in place", bound_that_scales_in_place, "changes_its_input"),
        ("in a list", lambda weights: [bound_by_svd(weights)], None),
        ("nothing returned", returns_nothing, "returns_none"),
        ("an exception", fails, None),
        ("not written", unfinished, "unfinished"),
    ],
}
