"""nbgrader's configuration for this course; add settings of your own below."""

from pathlib import Path

from autograder.grading.nbgrader_plugin.config import configure

c = get_config()  # noqa: F821  # nbgrader defines it
configure(c, Path(__file__).parent)
