"""nbgrader's configuration for this course; add settings of your own below."""

from pathlib import Path

from autograder.grading.nbgrader_setup import configure

configure(get_config(), Path(__file__).parent)  # noqa: F821  # nbgrader defines get_config
