"""The files that grading leaves: autograded notebooks and feedback pages, each there as a whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from nbgrader.utils import rmtree

from autograder.errors import CourseError
from autograder.grading.record.scores import Scores


class OutputFiles:
    """What lies in `autograded/` and `feedback/` of one lesson.

    Parameters
    ----------
    root : Path
        Of the course.
    lesson : str
    """

    def __init__(self, root: Path, lesson: str) -> None:
        self._root, self._lesson = root, lesson

    def notebook(self, student: str) -> Path:
        """Where a student's autograded notebook is."""
        return self._root / "autograded" / student / self._lesson / f"{self._lesson}.ipynb"

    def page(self, student: str) -> Path:
        """Where a student's feedback is."""
        return self._root / "feedback" / student / self._lesson / f"{self._lesson}.html"

    def put_notebook(self, student: str, content: str, files: Mapping[str, bytes]) -> None:
        """Put an autograded notebook and what lies beside it in the place of what was there; the old page goes first.

        Raises
        ------
        CourseError
            If it cannot be written.
        """
        place = self.notebook(student).parent
        draft = place.with_name(f".{place.name}.tmp")
        with _refusing(place):
            try:
                for name, data in {**files, f"{self._lesson}.ipynb": content.encode()}.items():
                    (draft / name).parent.mkdir(parents=True, exist_ok=True)
                    (draft / name).write_bytes(data)
                self.page(student).unlink(missing_ok=True)
                if place.exists():
                    rmtree(str(place))
                draft.rename(place)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise

    def put_page(self, student: str, html: str, scores: Scores) -> None:
        """Put a feedback page in its place.

        Raises
        ------
        CourseError
            If it cannot be written.
        """
        page = self.page(student)
        draft = page.with_name(f".{page.name}.tmp")
        with _refusing(page):
            page.parent.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_text(f"{html}\n{_stamp(scores)}\n", encoding="utf-8")
                draft.replace(page)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise

    def shows(self, student: str, scores: Scores) -> bool:
        """Tell whether a student's page shows these scores, and not those from before somebody marked by hand."""
        page = self.page(student)
        stamp = f"{_stamp(scores)}\n".encode()
        if not page.is_file():
            return False
        with page.open("rb") as file:
            file.seek(max(0, page.stat().st_size - len(stamp)))
            return file.read() == stamp

    def remove(self, student: str) -> None:
        """Leave nothing of an earlier grading that could pass for the current one.

        Raises
        ------
        CourseError
            If that cannot be done.
        """
        for stale in (self.page(student).parent, self.notebook(student).parent):
            with _refusing(stale):
                if stale.exists():
                    rmtree(str(stale))

    def sweep(self) -> None:
        """Remove drafts that a killed command left."""
        for draft in self._root.glob(f"autograded/*/.{self._lesson}.tmp"):
            shutil.rmtree(draft, ignore_errors=True)
        for draft in self._root.glob(f"feedback/*/{self._lesson}/.*.tmp"):
            draft.unlink(missing_ok=True)


@contextmanager
def _refusing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise CourseError(f"{place} must be writable (got: {problem.strerror or problem})") from problem


def _stamp(scores: Scores) -> str:
    """Name, in a page, the scores that it shows."""
    return f"<!-- shows {hashlib.sha256(json.dumps(astuple(scores), sort_keys=True).encode()).hexdigest()[:16]} -->"
