"""Define the grader's steps for nbgrader's own commands: `nbgrader autograde`, formgrader and nbgrader's API."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import is_grade
from traitlets import Bool, Enum, Integer, Unicode

from autograder.errors import RunError, StalledError, SubmissionError
from autograder.grading.course.attachments import files_beside
from autograder.grading.execute.judged_cells import auto_points
from autograder.grading.execute.task import grader_for
from autograder.grading.nbgrader_plugin.config import course_of
from autograder.grading.options import Settings
from autograder.grading.record import gradebook, journal
from autograder.grading.record.released_lesson import load_lesson, released_cells
from autograder.grading.submission.read import Submission
from autograder.grading.submission.restore import restored
from autograder.running.sandbox.options import Mode


class RestoreReleased(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader publishes no types
    """The step that restores the released cells of a submission from the gradebook.

    Every cell of the lesson gets nbgrader's metadata again, and it is removed from all other cells. Of several cells
    with the same id, the last one counts. Missing tests and written answers are added at the end, where everything that
    they call is defined. All other metadata is removed: a tag such as `skip-execution` would change which cells run.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Return a new notebook and the unchanged resources.

        The student's own cells keep their position and their text.
        """
        info = resources["nbgrader"]
        with Gradebook(info["db_url"]) as gradebook:
            released = released_cells(gradebook.find_notebook(info["notebook"], info["assignment"]))
        return restored(nb, released), resources


class RunSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """The step that runs a restored submission in a sandboxed kernel and judges its exercises from outside."""

    course = Unicode("", help="The course directory.").tag(config=True)
    mode = Enum(["namespaces", "landlock", "trusted"], "namespaces", help="How kernels are confined.").tag(config=True)
    as_root = Bool(False, help="Whether kernels stay root where the grader is root.").tag(config=True)
    everything = Bool(True, help="Whether experiments run too, for the feedback.").tag(config=True)
    timeout = Integer(60, help="CPU seconds a cell may take before it is interrupted.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run and judge a notebook, and return it with the resources.

        It waits for the run. A submission that stalls is run once more. The journal entry of an earlier grading is
        deleted; the new entry is stored in the resources.

        Raises
        ------
        SubmissionError
            If the submission cannot be read, or could not be run to its end.
        CourseError
            If the lesson is not released, or the gradebook cannot be used.
        ZygoteError
            If no kernel can be started on this machine.
        """
        info = resources["nbgrader"]
        course = course_of(self.config, Path(self.course))
        lesson = load_lesson(course, info["db_url"], info["assignment"], info["notebook"])
        mode: Mode = self.mode
        settings = Settings(mode, self.as_root, self.everything, self.timeout)
        folder = course.submission(info["student"], lesson.name).parent
        submission = Submission.read(folder / f"{info['notebook']}.ipynb")
        resources["autograder"] = journal.entry_for(submission, lesson.version, self.everything)
        with gradebook.opened(info["db_url"]) as book:
            journal.prepare(book.engine)
            journal.delete_entry(book.db, lesson.name, info["student"])
            book.db.commit()
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


class SaveMarks(SaveAutoGrades):  # type: ignore[misc]
    """The step `SaveAutoGrades` of nbgrader, but with the points of the verdict."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Store the points of a graded cell, which replace the points that nbgrader has computed.

        Return the cell and the resources.

        Raises
        ------
        SubmissionError
            If a test was not judged, or its verdict has other parts or points than the exercise and the cell.
        """
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if is_grade(cell):
            info = resources["nbgrader"]
            names = (cell.metadata.nbgrader.grade_id, info["notebook"], info["assignment"], info["student"])
            self.gradebook.find_grade(*names).auto_score = auto_points(cell)
            self.gradebook.db.commit()
        return cell, resources


class EnterIntoJournal(NbGraderPreprocessor):  # type: ignore[misc]
    """The last step, which writes the journal entry: it records for which submission the marks are."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Write the entry, and return the notebook and the resources unchanged.

        For a notebook with another name than its assignment, nothing is written.

        Raises
        ------
        CourseError
            If the gradebook cannot be written.
        """
        info = resources["nbgrader"]
        if info["notebook"] == info["assignment"]:
            with gradebook.opened(info["db_url"]) as book:
                journal.write_entry(book.db, info["assignment"], info["student"], resources["autograder"])
                book.db.commit()
        return nb, resources
