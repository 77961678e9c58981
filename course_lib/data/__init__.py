"""The data that lessons train on, small enough to ship and real enough to learn from."""

from course_lib.data.digits import Digits, load_digits
from course_lib.data.tables import Table, load_breast_cancer, load_wine

__all__ = ["Digits", "Table", "load_breast_cancer", "load_digits", "load_wine"]
