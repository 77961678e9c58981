"""A course directory: where things are, its secret seed, and who may write to it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout
from traitlets.config import Config, PyFileConfigLoader

from autograder.errors import CourseError
from autograder.grading.nbgrader_plugin import config as nbgrader_setup
from autograder.judging.seeds import draw_seed

_CONFIG = '''"""nbgrader's configuration for this course; add settings of your own below."""

from pathlib import Path

from autograder.grading.nbgrader_plugin.config import configure

c = get_config()  # noqa: F821  # nbgrader defines it
configure(c, Path(__file__).parent)
'''
# A line that any course's configuration may have.
_DATABASE = "c.CourseDirectory.db_url = {!r}  # PostgreSQL looks passwords up in ~/.pgpass\n"


@dataclass(frozen=True)
class Course:
    """A directory in nbgrader's layout.

    Attributes
    ----------
    root : Path
        Absolute; holds `submitted/`, `release/`, `autograded/`, `feedback/` and `gradebook.db`.
    db : str or None
        Address of the gradebook, for SQLAlchemy, where it is not the one that the configuration names.
    """

    root: Path
    db: str | None = None

    @classmethod
    def at(cls, directory: str | Path, db: str | None = None) -> Course:
        """Open a course directory.

        Raises
        ------
        CourseError
            If there is no such directory, or one of its own exercises cannot be used.
        """
        root = Path(directory).resolve()
        if not root.is_dir():
            raise CourseError(f"the course must be an existing directory (got {directory})")
        nbgrader_setup.own_exercises(root)
        return cls(root, db)

    @property
    def source(self) -> Path:
        """Where the solved lessons are."""
        return nbgrader_setup.source_directory(self.root)

    @cached_property
    def gradebook_url(self) -> str:
        """Address of the gradebook, for SQLAlchemy.

        Raises
        ------
        CourseError
            If it is no address, or the database's driver is not installed.
        """
        from autograder.grading.record.database_url import checked  # SQLAlchemy takes a while

        return checked(str(self.config().CourseDirectory.get("db_url", f"sqlite:///{self.root / 'gradebook.db'}")))

    def lessons(self) -> list[str]:
        """Name the lessons there are, in order."""
        return sorted(p.name for p in self.source.glob("*/") if (p / f"{p.name}.ipynb").is_file())

    def require_lesson(self, lesson: str) -> None:
        """Insist on a lesson.

        Raises
        ------
        CourseError
            Naming the lessons there are.
        """
        lessons = self.lessons()
        if lesson not in lessons:
            known = ", ".join(lessons) or f"none in {self.source}"
            raise CourseError(f"a lesson must be one of: {known} (got {lesson!r})")

    def submission(self, student: str, lesson: str) -> Path:
        """Where a student's notebook of a lesson is."""
        return self.root / "submitted" / student / lesson / f"{lesson}.ipynb"

    def students(self, lesson: str) -> list[str]:
        """Name the students who handed in something for this lesson.

        Raises
        ------
        CourseError
            If one of them has a name that nobody could write down.
        """
        students = sorted(p.parent.name for p in (self.root / "submitted").glob(f"*/{lesson}") if p.is_dir())
        for student in students:
            if not student.isprintable():
                raise CourseError(f"the folders in submitted/ must have printable names in UTF-8 (got {student!a})")
        return students

    def config(self) -> Config:
        """Give nbgrader's configuration: the course's own file where there is one, else what that file would say."""
        if (self.root / "nbgrader_config.py").is_file():
            try:
                config = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
            except CourseError:
                raise
            except Exception as damage:  # the file is the instructor's own Python
                reason = f"{type(damage).__name__}: {damage}"
                raise CourseError(f"{self.root / 'nbgrader_config.py'} must be loadable ({reason})") from damage
        else:
            config = Config()
            nbgrader_setup.configure(config, self.root)
        config.CourseDirectory.root = str(self.root)
        if self.db is not None:
            config.CourseDirectory.db_url = self.db
        return config

    def write_config(self) -> bool:
        """Give the directory an `nbgrader_config.py`, so that nbgrader's commands work; tell whether it had none."""
        path = self.root / "nbgrader_config.py"
        if path.exists():
            return False
        text = _CONFIG
        if self.db is not None:
            from autograder.grading.record.database_url import without_password

            text += _DATABASE.format(without_password(self.gradebook_url))
        path.write_text(text, encoding="utf-8")
        return True

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the course and its gradebook alone while writing to them.

        Raises
        ------
        CourseError
            If somebody else does.
        """
        with self.alone(), self.gradebook_held():
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the course's directory alone.

        Raises
        ------
        CourseError
            If somebody else does.
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

    @contextmanager
    def gradebook_held(self) -> Iterator[None]:
        """Hold the gradebook alone, which other machines may reach; takes what imports nbgrader takes.

        Raises
        ------
        CourseError
            If somebody else does, or there is no such database.
        """
        from autograder.grading.record.locks import database_lock

        with database_lock(self.gradebook_url):
            yield


def private_directory(root: Path) -> Path:
    """Give the folder for what students must not see, made for the owner's eyes only."""
    directory = root / ".autograder"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def secret_seed(root: Path) -> int:
    """Give the course's secret seed, drawn when it is first needed and the same ever after.

    Raises
    ------
    CourseError
        If the file that keeps it is damaged: a new seed would silently change everybody's hidden cases.
    """
    path = private_directory(root) / "seed.json"
    if not path.exists():
        _draw_seed(path)
    try:
        seed = json.loads(path.read_text(encoding="utf-8"))["seed"]
        if type(seed) is not int or seed < 0:
            raise ValueError(seed)
    except (ValueError, KeyError, TypeError) as damage:
        raise CourseError(
            f"{path} must hold the course's seed, as written at the first release (got {damage})"
        ) from None
    return int(seed)


def _draw_seed(path: Path) -> None:
    """Write a fresh seed; the first of two processes wins, and no half-written file is ever seen."""
    drawn = {"seed": draw_seed(), "drawn": datetime.now(UTC).isoformat(timespec="seconds")}
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(drawn) + "\n", encoding="utf-8")
    draft.chmod(0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
