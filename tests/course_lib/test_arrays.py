import numpy as np
import pytest

from course_lib import arrays


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_float_array_is_returned_without_a_copy(dtype):
    a = np.ones(3, dtype=dtype)
    assert arrays.as_float(a) is a


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint16, np.bool_])
def test_integers_become_float64(dtype):
    got = arrays.as_float(np.array([0, 1], dtype=dtype))
    np.testing.assert_array_equal(got, np.array([0.0, 1.0]), strict=True)


@pytest.mark.parametrize(("bad", "dtype"), [(1j, "complex128"), ("x", "<U1"), ([None], "object")])
def test_other_dtypes_are_refused_by_name(bad, dtype):
    with pytest.raises(ValueError, match=rf"^a must hold real numbers \(got dtype {dtype}\)$"):
        arrays.as_float(bad)


@pytest.mark.parametrize(
    ("check", "arguments", "text"),
    [
        (arrays.require_rank, ("x", [[1.0]], 2), r"^x must be a NumPy array with 2 axes \(got list\)$"),
        (arrays.require_rank, ("x", np.ones(3), 2), r"^x must have 2 axes \(got shape \(3,\)\)$"),
        (arrays.require_shape, ("b", np.ones(3), (4,)), r"^b must have shape \(4,\) \(got \(3,\)\)$"),
        (arrays.require_shape, ("b", np.ones((3, 1)), (3,)), r"^b must have 1 axes \(got shape \(3, 1\)\)$"),
        (arrays.require_positive, ("rate", 0.0), r"^rate must be a positive finite number \(got 0\.0\)$"),
        (arrays.require_positive, ("rate", -1), r"^rate must be a positive finite number \(got -1\)$"),
        (
            arrays.require_positive,
            ("rate", float("nan")),
            r"^rate must be a positive finite number \(got nan\)$",
        ),
        (
            arrays.require_positive,
            ("rate", float("inf")),
            r"^rate must be a positive finite number \(got inf\)$",
        ),
        (arrays.require_positive, ("rate", "1"), r"^rate must be a positive finite number \(got '1'\)$"),
        (arrays.require_positive, ("rate", True), r"^rate must be a positive finite number \(got True\)$"),
        (arrays.require_positive, ("rate", None), r"^rate must be a positive finite number \(got None\)$"),
        (
            arrays.require_not_negative,
            ("gain", -0.1),
            r"^gain must be a finite number of at least 0 \(got -0\.1\)$",
        ),
        (arrays.require_not_negative, ("gain", float("nan")), r"^gain must be a finite number of at least 0"),
        (arrays.require_finite, ("bias", float("-inf")), r"^bias must be a finite number \(got -inf\)$"),
        (arrays.require_finite, ("bias", [1.0]), r"^bias must be a finite number \(got \[1\.0\]\)$"),
        (arrays.require_count, ("steps", -1), r"^steps must be an integer of at least 0 \(got -1\)$"),
        (arrays.require_count, ("steps", 2.0), r"^steps must be an integer of at least 0 \(got 2\.0\)$"),
        (arrays.require_count, ("steps", True), r"^steps must be an integer of at least 0 \(got True\)$"),
        (arrays.require_count, ("size", 0, 1), r"^size must be an integer of at least 1 \(got 0\)$"),
        (
            arrays.require_labels,
            ("labels", np.ones(3), 3, 2),
            r"^labels must hold integer classes \(got dtype float64\)$",
        ),
        (
            arrays.require_labels,
            ("labels", np.array([0, 2]), 2, 2),
            r"^labels must lie in 0 … 1 \(got values from 0 to 2\)$",
        ),
        (
            arrays.require_labels,
            ("labels", np.array([-1, 0]), 2, 2),
            r"^labels must lie in 0 … 1 \(got values from -1",
        ),
        (
            arrays.require_labels,
            ("labels", np.array([0]), 2, 2),
            r"^labels must have shape \(2,\) \(got \(1,\)\)$",
        ),
    ],
)
def test_a_refusal_names_the_argument_what_it_must_be_and_what_it_got(check, arguments, text):
    with pytest.raises(ValueError, match=text):
        check(*arguments)


@pytest.mark.parametrize(
    ("check", "arguments"),
    [
        (arrays.require_rank, ("x", np.ones((2, 3)), 2)),
        (arrays.require_shape, ("x", np.ones((2, 3)), [2, 3])),
        (arrays.require_positive, ("rate", np.float32(0.5))),
        (arrays.require_positive, ("rate", np.int64(1))),
        (arrays.require_not_negative, ("gain", 0)),
        (arrays.require_finite, ("bias", -3)),
        (arrays.require_count, ("steps", np.int32(0))),
        (arrays.require_labels, ("labels", np.array([0, 1, 1], dtype=np.uint8), 3, 2)),
        (arrays.require_labels, ("labels", np.array([], dtype=int), 0, 2)),
    ],
)
def test_valid_arguments_raise_nothing(check, arguments):
    assert check(*arguments) is None
