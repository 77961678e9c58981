"""Write autograded notebooks and feedback pages atomically."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from nbgrader.utils import rmtree

from autograder.errors import CourseError
from autograder.grading.course.atomic_write import remove_drafts, replacing_directory, write_atomically
from autograder.grading.course.directory import Course
from autograder.grading.record.scores import Scores


class OutputFiles:
    """The files of one lesson in `autograded/` and `feedback/`.

    Parameters
    ----------
    course : Course
    lesson : str
    """

    def __init__(self, course: Course, lesson: str) -> None:
        self._autograded, self._feedback, self._lesson = course.autograded, course.feedback, lesson

    def notebook(self, student: str) -> Path:
        """Return the path of a student's autograded notebook; it may not exist."""
        return self._autograded / student / self._lesson / f"{self._lesson}.ipynb"

    def page(self, student: str) -> Path:
        """Return the path of a student's feedback; it may not exist."""
        return self._feedback / student / self._lesson / f"{self._lesson}.html"

    def put_notebook(self, student: str, content: str, files: Mapping[str, bytes]) -> None:
        """Write an autograded notebook and the files beside it, in place of older ones; remove the old page.

        Raises
        ------
        CourseError
            If it cannot be written.
        """
        place = self.notebook(student).parent
        with _refusing(place), replacing_directory(place, rmtree) as draft:
            for name, data in {**files, f"{self._lesson}.ipynb": content.encode()}.items():
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                (draft / name).write_bytes(data)
            self.page(student).unlink(missing_ok=True)

    def put_page(self, student: str, html: str, scores: Scores) -> None:
        """Write a feedback page, and replace an older one.

        Raises
        ------
        CourseError
            If it cannot be written.
        """
        page = self.page(student)
        with _refusing(page):
            page.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(page, f"{html}\n{_stamp(scores)}\n")

    def shows(self, student: str, scores: Scores) -> bool:
        """Return whether a student's page shows these scores; False if there is no page.

        A page may be older than a mark given by hand.
        """
        page = self.page(student)
        stamp = f"{_stamp(scores)}\n".encode()
        if not page.is_file():
            return False
        with page.open("rb") as file:
            file.seek(max(0, page.stat().st_size - len(stamp)))
            return file.read() == stamp

    def remove(self, student: str) -> None:
        """Remove a student's notebook and page, if they exist; they could be mistaken for the current ones.

        Raises
        ------
        CourseError
            If they cannot be removed.
        """
        for stale in (self.page(student).parent, self.notebook(student).parent):
            with _refusing(stale):
                if stale.exists():
                    rmtree(str(stale))

    def sweep(self) -> None:
        """Remove drafts of this lesson that a killed command has left."""
        for folder in self._autograded.glob("*/"):
            remove_drafts(folder, self._lesson)
        for folder in self._feedback.glob(f"*/{self._lesson}/"):
            remove_drafts(folder)


@contextmanager
def _refusing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise CourseError(f"{place} must be writable (got: {problem.strerror or problem})") from problem


def _stamp(scores: Scores) -> str:
    """Return the comment that marks a page with the scores that it shows."""
    return f"<!-- shows {hashlib.sha256(json.dumps(astuple(scores), sort_keys=True).encode()).hexdigest()[:16]} -->"
