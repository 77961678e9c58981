"""The former place of `configure`: see `autograder.nbgrader`."""

from autograder.former_names import former

__getattr__ = former(__name__, "configure")
