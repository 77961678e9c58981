"""Results with comparison methods of their own: the judge compares plain arrays only."""

from __future__ import annotations

from hostile.attack import Attack


def returning(preparation: str, result: str, wrong: float = 0.0) -> Attack:
    """Return an attack whose answer is an expression of `a`."""
    answer = f"{preparation}\n\ndef sigmoid(a):\n    return {result}"
    return Attack(answers={"wrong": answer}, wrong=wrong, right=None)


EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __le__(self, other): return True
    def __gt__(self, other): return True
    def __ge__(self, other): return True
    def __bool__(self): return True
    def __hash__(self): return 0
    def __sub__(self, other): return 0.0
    __rsub__ = __abs__ = __sub__
"""
ARRAY = """
class Equal(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __ne__(self, other): return np.zeros(self.shape, bool)
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.ones(self.shape, bool)
    def __array_function__(self, function, types, args, kwargs):
        return np.ones(self.shape, bool)
    def astype(self, *args, **kwargs): return self
    def tobytes(self, *args, **kwargs): return b""
"""
CONVERTS = """
class Equal:
    calls = 0
    dtype, ndim = np.dtype(float), 2
    def __init__(self, a): self.shape = np.shape(a)
    def __array__(self, dtype=None, copy=None):
        Equal.calls += 1
        return np.full(self.shape, float(Equal.calls))
    def __array_ufunc__(self, *args, **kwargs): return np.ones(self.shape, bool)
"""
FLOAT = """
class Number(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __hash__ = float.__hash__
    dtype, shape, ndim = np.dtype(float), (), 0
"""
NAMED = """
from typing import NamedTuple
class BatchNormCache(NamedTuple):
    values: object
    def __eq__(self, other): return True
    def __len__(self): return 0
    def __iter__(self): return iter(())
"""
ATTACKS = {
    "an object equal to everything": returning(EQUAL, "Equal()"),
    "an array equal to everything": returning(ARRAY, "(0 * as_float(a)).view(Equal)"),
    "an object that converts itself": returning(CONVERTS, "Equal(a)"),
    "an object array of equal objects": returning(EQUAL, "np.full(np.shape(a), Equal(), dtype=object)"),
    "a list of equal objects": returning(EQUAL, "[Equal() for _ in np.ravel(a)]"),
    "a float equal to everything": returning(FLOAT, "Number(0.25)"),
    "a class called ndarray": returning(EQUAL.replace("Equal", "ndarray"), "ndarray()"),
    "a class that pretends to be an array": returning(
        EQUAL + "    __class__ = np.ndarray\n    shape = (8, 3)\n    dtype = np.dtype(float)\n", "Equal()"
    ),
    "a tuple with a false length and no fields": returning(NAMED, "BatchNormCache(0.25)"),
    "the project's own tuple": returning(
        "from course_lib.batchnorm import BatchNormCache", "BatchNormCache(*[a] * len(BatchNormCache._fields))"
    ),
    "masked everywhere": returning("", "np.ma.masked_all(np.shape(a))"),
    "not a number": returning("", "as_float(a) * np.nan"),
    "infinite": returning("", "np.where(as_float(a) > 0, np.inf, -np.inf)"),
    "a huge integer": returning("", "10 ** 5000"),
    "complex": returning("", "1 / (1 + np.exp(-np.asarray(a, dtype=complex)))"),
    "text": returning("", "np.full(np.shape(a), '0.5')"),
    "a structured array": returning("", "np.zeros(np.shape(a), dtype=[('x', float)])"),
    "a missing date (NaT)": returning("", "np.full(np.shape(a), np.datetime64('NaT'))"),
    "booleans": returning("", "np.asarray(a) > 0"),
    "a generator": returning("", "(value for value in np.ravel(a))"),
    "empty": returning("", "np.zeros((0, *np.shape(a)))"),
    "broadcast from one number": returning("", "np.broadcast_to(0.5, np.shape(a))"),
    "half precision": returning("", "(1 / (1 + np.exp(-np.asarray(a, dtype=np.float64)))).astype(np.float16)"),
    "rises only while it is judged": returning(
        "state = {'calls': 0}",
        "state.__setitem__('calls', state['calls'] + 1) or as_float(a) * 0 + state['calls']",
    ),
    "writes its answer into the input": returning("", "np.multiply(a, 0, out=np.asarray(a)) + 0.5"),
}
