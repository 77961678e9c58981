"""The engine as nbgrader's own commands use it: one step of `nbgrader autograde`, of formgrader and of its API."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Enum, Integer, Unicode

from autograder.errors import SubmissionError
from autograder.grading.course.directory import Course
from autograder.grading.course.lesson import Lesson, files_beside
from autograder.grading.execute.task import grader_for
from autograder.grading.options import Settings
from autograder.grading.record import gradebook
from autograder.grading.record.report import entry_for, version_of
from autograder.grading.submission.read import Submission
from autograder.running.judge_side.run_notebook import RunError
from autograder.running.judge_side.time_limits import StalledError
from autograder.running.sandbox.options import Mode


class RunSubmission(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader publishes no types
    """Runs a restored submission in a confined kernel and has its exercises judged from outside."""

    course = Unicode("", help="The course directory.").tag(config=True)
    mode = Enum(["namespaces", "landlock", "trusted"], "namespaces", help="How kernels are confined.").tag(config=True)
    as_root = Bool(False, help="Whether kernels stay root where the grader is root.").tag(config=True)
    everything = Bool(True, help="Whether experiments run too, for the feedback.").tag(config=True)
    timeout = Integer(60, help="CPU seconds a cell may take before it is interrupted.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run and judge a notebook.

        Raises
        ------
        SubmissionError
            If it could not be run to its end.
        """
        info = resources["nbgrader"]
        course = Course.at(self.course, info["db_url"])
        lesson = Lesson.of(course, info["assignment"])
        mode: Mode = self.mode
        settings = Settings(mode, self.as_root, self.everything, self.timeout)
        submission = Submission.read(course.submission(info["student"], lesson.name))
        resources["autograder"] = entry_for(submission, version_of(lesson), self.everything)
        gradebook.strike(info["db_url"], lesson.name, info["student"])
        beside = files_beside(Path(resources["metadata"]["path"]), SubmissionError)
        grader, restored = grader_for(lesson, settings), copy.deepcopy(nb)
        try:
            try:
                grader.grade(nb, beside)
            except StalledError:
                nb = restored
                grader.grade(nb, beside, last_try=True)
        except RunError as problem:
            raise SubmissionError(str(problem)) from problem
        return nb, resources


class EnterIntoJournal(NbGraderPreprocessor):  # type: ignore[misc]
    """Says, as the last step, that a submission's marks are of what was handed in."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Change nothing in the notebook."""
        info = resources["nbgrader"]
        gradebook.enter(info["db_url"], info["assignment"], info["student"], resources["autograder"])
        return nb, resources
