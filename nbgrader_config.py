"""nbgrader's configuration for this course; add settings of your own above or below."""

from pathlib import Path

from autograder.nbgrader import configure

c = get_config()  # noqa: F821  # nbgrader defines it
configure(c, Path(__file__).parent)
