"""Find the folders of a course directory, and lock it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from autograder.errors import CourseError
from autograder.grading.course.private import private_directory
from autograder.grading.course.shipped import SHIPPED, lessons_in


@dataclass(frozen=True)
class Course:
    """A directory in nbgrader's layout.

    Attributes
    ----------
    root : Path
        The absolute path of the directory.
    source : Path
        Contains the lessons with solutions.
    release, submitted, autograded, feedback : Path
        Folders of nbgrader's steps.
    takes_shipped : bool
        Whether the lessons of the project are copied beside those in `source`.
    """

    root: Path
    source: Path
    release: Path
    submitted: Path
    autograded: Path
    feedback: Path
    takes_shipped: bool = False

    @classmethod
    def at(
        cls, root: Path, source: Path | None = None, *, takes_shipped: bool = False, **folders: str | Path
    ) -> Course:
        """Return the course in a directory.

        `source` is the folder of the lessons; None for the one that `default_source` chooses. `folders` are paths by
        nbgrader's step, relative to the directory. Missing ones have nbgrader's names.
        """
        root = root.resolve()
        steps = ("release", "submitted", "autograded", "feedback")
        places = {step: root / folders.get(step, step) for step in steps}
        return cls(root, source or default_source(root), takes_shipped=takes_shipped, **places)

    def lessons(self) -> list[str]:
        """Return the names of all lessons, sorted; empty if there are none."""
        shipped = lessons_in(SHIPPED) if self.takes_shipped else []
        return sorted({*lessons_in(self.source), *shipped})

    def require_lesson(self, lesson: str) -> None:
        """Check that a lesson exists.

        Raises
        ------
        CourseError
            If it does not exist, or has no notebook of its name. The error message lists what exists.
        """
        lessons = self.lessons()
        if lesson in lessons:
            return
        others = sorted(path.name for path in (self.source / lesson).glob("*.ipynb"))
        if others:
            raise CourseError(
                f"{lesson} must have one notebook, {lesson}.ipynb (found {', '.join(others)}): use `nbgrader autograde`"
            )
        known = ", ".join(lessons) or f"none in {self.source}"
        raise CourseError(f"a lesson must be one of: {known} (got {lesson!r})")

    def submission(self, student: str, lesson: str) -> Path:
        """Return the path of a student's notebook of a lesson; it may not exist."""
        return self.submitted / student / lesson / f"{lesson}.ipynb"

    def released(self, lesson: str) -> Path:
        """Return the path of the notebook that students get; it may not exist."""
        return self.release / lesson / f"{lesson}.ipynb"

    def students(self, lesson: str) -> list[str]:
        """Return the names of the students who have a folder for this lesson, sorted."""
        return sorted(path.parent.name for path in self.submitted.glob(f"*/{lesson}") if path.is_dir())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the directory during the block; do not wait for it.

        Raises
        ------
        CourseError
            If another process holds it.
        """
        lock = FileLock(private_directory(self.root) / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise CourseError(f"only one command may write to {self.root} at a time; another one does now") from None
        try:
            yield
        finally:
            lock.release()


def default_source(root: Path) -> Path:
    """Return the folder of the lessons for a course whose configuration does not name it.

    It is the first of these that exists: nbgrader's `source/`, `notebooks/`, and the folder of the lessons that come
    with the project. If none exists, it is `notebooks/`.
    """
    for own in (root / "source", root / "notebooks"):
        if own.is_dir():
            return own
    return SHIPPED if SHIPPED.is_dir() else root / "notebooks"
