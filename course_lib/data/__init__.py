"""The data that lessons train on, small enough to ship and real enough to learn from."""

from course_lib.data.digits import Digits, load_digits

__all__ = ["Digits", "load_digits"]
