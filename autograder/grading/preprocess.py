"""The engine as nbgrader's own commands use it: one step of `nbgrader autograde`, of formgrader and of its API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Enum, Integer, Unicode

from autograder.grading.course import Course
from autograder.grading.errors import SubmissionError
from autograder.grading.lesson import Lesson, files_beside
from autograder.grading.run import Settings
from autograder.grading.task import grader_for
from autograder.running.kernels import Mode
from autograder.running.notebook import RunError


class RunSubmission(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader publishes no types
    """Runs a restored submission in a confined kernel and has its exercises judged from outside."""

    course = Unicode("", help="The course directory.").tag(config=True)
    mode = Enum(["namespaces", "landlock", "trusted"], "namespaces", help="How kernels are confined.").tag(config=True)
    as_root = Bool(False, help="Whether kernels stay root where the grader is root.").tag(config=True)
    everything = Bool(True, help="Whether experiments run too, for the feedback.").tag(config=True)
    timeout = Integer(60, help="Seconds a cell may take before it is interrupted.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run and judge a notebook.

        Raises
        ------
        SubmissionError
            If it could not be run to its end.
        """
        lesson = Lesson.of(Course.at(self.course), resources["nbgrader"]["assignment"])
        mode: Mode = self.mode
        settings = Settings(mode, self.as_root, self.everything, self.timeout)
        beside = files_beside(Path(resources["metadata"]["path"]), SubmissionError)
        try:
            grader_for(lesson, settings).grade(nb, beside)
        except RunError as problem:
            raise SubmissionError(str(problem)) from problem
        return nb, resources
