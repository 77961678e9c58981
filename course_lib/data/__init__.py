"""Real data sets for the lessons, small enough to be part of the package."""

from course_lib.data.digits import Digits, load_digits
from course_lib.data.tables import Table, load_breast_cancer, load_wine

__all__ = ["Digits", "Table", "load_breast_cancer", "load_digits", "load_wine"]
