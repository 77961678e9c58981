"""The former place of a step of `nbgrader autograde`: see `autograder.nbgrader`."""

from autograder.former_names import former

__getattr__ = former(__name__, "RestoreReleased")
