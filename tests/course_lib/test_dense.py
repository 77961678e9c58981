import numpy as np
import pytest

from course_lib.dense import dense_backward, dense_forward


def layer(seed, N=8, n_in=5, n_out=3):
    rng = np.random.default_rng(seed)
    return rng, rng.normal(size=(N, n_in)), rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)


def test_a_layer_is_its_sum_written_out():
    _, x, W, b = layer(0)
    want = [[b[k] + sum(x[n, i] * W[i, k] for i in range(5)) for k in range(3)] for n in range(8)]
    np.testing.assert_allclose(dense_forward(x, W, b), want, rtol=1e-12, atol=1e-14)


def test_a_layer_by_hand():
    a = dense_forward(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]]), np.array([10.0, 20, 30]))
    np.testing.assert_array_equal(a, np.array([[11.0, 22.0, 31.0]]), strict=True)


@pytest.mark.parametrize("shape", [(8, 5, 3), (1, 4, 2), (6, 1, 1), (4, 4, 4), (2, 3, 7)])
@pytest.mark.parametrize("which", ["x", "W", "b"])
def test_gradients_agree_with_differences_in_a_random_direction(shape, which):
    rng, x, W, b = layer(sum(shape), *shape)
    delta = rng.normal(size=(shape[0], shape[2]))
    arguments = {"x": x, "W": W, "b": b}
    gradient = dict(zip(("x", "W", "b"), dense_backward(delta, x, W), strict=True))[which]
    direction = rng.normal(size=arguments[which].shape)

    def loss(t):
        return np.sum(delta * dense_forward(**{**arguments, which: arguments[which] + t * direction}))

    assert gradient.shape == arguments[which].shape
    assert (loss(1e-3) - loss(-1e-3)) / 2e-3 == pytest.approx(np.sum(gradient * direction), rel=1e-8, abs=1e-9)


def test_gradients_are_summed_over_the_batch_not_averaged():
    rng, x, W, _ = layer(3)
    delta = rng.normal(size=(8, 3))
    _, dW, db = dense_backward(delta, x, W)
    _, dW_twice, db_twice = dense_backward(np.vstack([delta, delta]), np.vstack([x, x]), W)
    np.testing.assert_allclose(dW_twice, 2 * dW, rtol=1e-12)
    np.testing.assert_allclose(db_twice, 2 * db, rtol=1e-12)


def test_inputs_are_not_changed_and_float32_stays():
    rng, *arrays = layer(4)
    x, W, b = (array.astype(np.float32) for array in arrays)
    delta = rng.normal(size=(8, 3)).astype(np.float32)
    for array in (x, W, b, delta):
        array.flags.writeable = False
    assert dense_forward(x, W, b).dtype == np.float32
    assert [gradient.dtype for gradient in dense_backward(delta, x, W)] == [np.float32] * 3


def test_an_empty_batch_has_zero_gradients():
    dx, dW, db = dense_backward(np.ones((0, 3)), np.ones((0, 5)), np.ones((5, 3)))
    assert dx.shape == (0, 5)
    np.testing.assert_array_equal(dW, np.zeros((5, 3)))
    np.testing.assert_array_equal(db, np.zeros(3))


X, W, B, DELTA = np.ones((4, 2)), np.ones((2, 3)), np.ones(3), np.ones((4, 3))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((np.ones(2), W, B), r"^x must have 2 axes \(got shape \(2,\)\)$"),
        ((X, np.ones(2), B), r"^W must have 2 axes \(got shape \(2,\)\)$"),
        ((X, W.T, B), r"^W must have 2 rows, one for each column of x \(got shape \(3, 2\)\)$"),
        ((X, W, np.ones(2)), r"^b must have shape \(3,\) \(got \(2,\)\)$"),
        ((X, W, np.ones((1, 3))), r"^b must have 1 axes \(got shape \(1, 3\)\)$"),
        ((X, W, 1.0), r"^b must be a NumPy array with 1 axes \(got float\)$"),
    ],
)
def test_forward_refuses_shapes_that_do_not_fit(arguments, text):
    with pytest.raises(ValueError, match=text):
        dense_forward(*arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((np.ones((4, 2)), X, W), r"^delta must have shape \(4, 3\) \(got \(4, 2\)\)$"),
        ((np.ones((1, 3)), X, W), r"^delta must have shape \(4, 3\) \(got \(1, 3\)\)$"),
        ((np.ones(3), X, W), r"^delta must have 2 axes \(got shape \(3,\)\)$"),
        ((DELTA, X, W.T), r"^W must have 2 rows"),
        ((DELTA, [[1.0, 1.0]] * 4, W), r"^x must be a NumPy array with 2 axes \(got list\)$"),
    ],
)
def test_backward_refuses_shapes_that_do_not_fit(arguments, text):
    with pytest.raises(ValueError, match=text):
        dense_backward(*arguments)
