"""What can be wrong with a course or a submission, in words for the people who run it."""

from __future__ import annotations


class CourseError(Exception):
    """The command cannot run here: the text says what must be and what was found. Exit status 2."""


class SubmissionError(Exception):
    """This submission cannot be graded: the text is the reason staff will read. The class goes on."""
