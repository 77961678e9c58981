"""Complete a course's nbgrader configuration for nbgrader's commands, and read it for ours."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import Config, LazyConfigValue, PyFileConfigLoader

from autograder.errors import CourseError
from autograder.grading.course.custom_exercises import load_custom_exercises
from autograder.grading.course.directory import Course, default_source
from autograder.grading.course.shipped import SHIPPED, lessons_in, put_beside
from autograder.judging.exercise import Exercise

if TYPE_CHECKING:
    from autograder.grading.record.gradebook import LatePolicy

CONFIG = '''"""nbgrader's configuration for this course; add settings of your own above or below."""

from pathlib import Path

from autograder.nbgrader import configure

c = get_config()  # noqa: F821  # nbgrader defines it
configure(c, Path(__file__).parent)
'''
_NAME = "nbgrader_config.py"
_DATABASE = "c.CourseDirectory.db_url = {!r}  # PostgreSQL looks passwords up in ~/.pgpass\n"
_STRUCTURE = str(Path("{nbgrader_step}", "{student_id}", "{assignment_id}"))
# As names, since importing nbgrader takes seconds.
_OURS, _THEIRS = f"{__package__}.preprocessors", "nbgrader.preprocessors"
_SANITIZE = [
    f"{_THEIRS}.ClearOutput",
    f"{_OURS}.RestoreReleased",
    f"{_THEIRS}.DeduplicateIds",
    f"{_THEIRS}.OverwriteKernelspec",
    f"{_THEIRS}.OverwriteCells",
    f"{_THEIRS}.CheckCellMetadata",
]
_AUTOGRADE = [
    f"{_OURS}.RunSubmission",
    f"{_THEIRS}.LimitOutput",
    f"{_OURS}.SaveMarks",
    f"{_THEIRS}.AssignLatePenalties",
    f"{_THEIRS}.CheckCellMetadata",
    f"{_OURS}.EnterIntoJournal",
]


@dataclass(frozen=True)
class ConfiguredCourse:
    """A course directory with its configuration.

    Attributes
    ----------
    course : Course
    config : Config
        nbgrader's configuration.
    custom_exercises : list of Exercise
        The course's own exercises.
    """

    course: Course
    config: Config
    custom_exercises: list[Exercise]


def configure(config: Any, root: str | Path) -> None:
    """Complete a course's nbgrader configuration, for the lessons and for every other assignment of the course.

    Settings of the course are kept, both earlier and later ones; only missing settings are added. If a course has
    assignments of its own, the lessons are copied beside them. The course's folders are never overwritten.

    Parameters
    ----------
    config : traitlets.config.Config
        The result of `get_config()` in an `nbgrader_config.py`.
    root : str or Path
        The course directory.

    Raises
    ------
    CourseError
        If an exercise of the course's own cannot be used, or the course has another directory structure than nbgrader's
        default.

    Warns
    -----
    UserWarning
        If the course has its own list of nbgrader's grading steps, or the lessons cannot be written beside the
        assignments.
    """
    _find_alembic()
    root = _fill_in_directory(config, Path(root).resolve())
    _fill_in_steps(config.Autograde, "sanitize_preprocessors", _SANITIZE, "RestoreReleased")
    _fill_in_steps(config.Autograde, "autograde_preprocessors", _AUTOGRADE, "RunSubmission")
    config.RunSubmission.setdefault("course", str(root))
    course = course_of(config, root)
    if course.takes_shipped:
        try:
            put_beside(root, course.source, lessons_in(SHIPPED))
        except OSError as problem:
            text = f"the lessons cannot be put into {course.source} ({problem.strerror or problem})"
            warnings.warn(text, UserWarning, stacklevel=2)
    load_custom_exercises(root)


def _fill_in_directory(config: Any, root: Path) -> Path:
    """Set the course's directories if they are missing, and return the root directory.

    nbgrader's default `source/` is not set.
    """
    directory = config.CourseDirectory
    root = Path(root, directory.setdefault("root", str(root)))
    source = default_source(root)
    if "source_directory" not in directory and source != root / "source":
        directory.source_directory = str(source)
        directory.setdefault("course_id", "keep-the-signal-alive")
    return root


def _fill_in_steps(section: Any, name: str, steps: list[str], ours: str) -> None:
    """Set the list `name` of nbgrader's steps to `steps`, if the course has none.

    If the course only extends the list, apply its changes to our list. If it has its own list without our step `ours`,
    keep the list and warn with a UserWarning.
    """
    present = section.get(name)
    if isinstance(present, LazyConfigValue):
        section[name] = present.get_value(list(steps))
    elif present is None:
        section[name] = list(steps)
    elif not any(str(getattr(step, "__name__", step)).endswith(ours) for step in present):
        text = f"c.Autograde.{name} is the course's own without {ours}: `nbgrader autograde` does not use autograder"
        warnings.warn(text, UserWarning, stacklevel=3)


def open_course(directory: str | Path, db: str | None = None) -> ConfiguredCourse:
    """Open a course directory, and return it with its configuration.

    Its configuration file is executed, if it has one. Its own exercises are registered.

    Parameters
    ----------
    directory : str or Path
    db : str or None
        Address of the gradebook; None for the one in the configuration.

    Raises
    ------
    CourseError
        If the directory does not exist, or its configuration or one of its own exercises cannot be used.
    """
    root = Path(directory).resolve()
    if not root.is_dir():
        raise CourseError(f"the course must be an existing directory (got {directory})")
    if (root / _NAME).is_file():
        config = _executed(root)
        root = _fill_in_directory(config, root)
        _find_alembic()
    else:
        config = Config()
        configure(config, root)
    if db is not None:
        config.CourseDirectory.db_url = db
    return ConfiguredCourse(course_of(config, root), config, load_custom_exercises(root))


def _executed(root: Path) -> Config:
    try:
        return PyFileConfigLoader(_NAME, path=str(root)).load_config()
    except CourseError:
        raise
    except Exception as damage:  # the file is the instructor's own Python
        raise CourseError(f"{root / _NAME} must be loadable ({type(damage).__name__}: {damage})") from damage


def course_of(config: Any, root: Path) -> Course:
    """Return the course directory that a configuration describes.

    Raises
    ------
    CourseError
        If it has another directory structure than nbgrader's default.
    """
    directory = config.CourseDirectory
    root = Path(root, directory.get("root", ""))
    structure = directory.get("directory_structure", _STRUCTURE)
    if structure != _STRUCTURE:
        raise CourseError(f"c.CourseDirectory.directory_structure must be {_STRUCTURE} (got {structure})")
    configured = directory.get("source_directory")
    source = Path(root, configured) if configured else default_source(root)
    ours = {str(root / "notebooks"), str(SHIPPED)}
    takes_shipped = SHIPPED.is_dir() and str(configured or source) not in ours
    steps = [step for step in ("release", "submitted", "autograded", "feedback") if f"{step}_directory" in directory]
    folders = {step: directory[f"{step}_directory"] for step in steps}
    return Course.at(root, source, takes_shipped=takes_shipped, **folders)


def gradebook_url(configured: ConfiguredCourse) -> str:
    """Return the address of a course's gradebook, for SQLAlchemy.

    Raises
    ------
    CourseError
        If the address is not valid, or the database's driver is not installed.
    """
    from autograder.grading.record.database_url import require_url  # slow import, as it needs SQLAlchemy

    default = f"sqlite:///{configured.course.root / 'gradebook.db'}"
    return require_url(str(configured.config.CourseDirectory.get("db_url", default)))


def late_policy(config: Config) -> LatePolicy:
    """Return the function that computes the course's penalty for late submissions, from nbgrader's plugin.

    Its arguments and its result are as of `LatePolicy`.
    """
    from nbgrader.preprocessors import AssignLatePenalties  # slow import

    step = AssignLatePenalties(config=config)
    step.init_plugin()
    policy: LatePolicy = step.plugin_inst.late_submission_penalty
    return policy


def write_config(root: Path, db: str | None) -> Path | None:
    """Write an `nbgrader_config.py`, so that nbgrader's own commands work; keep an existing one.

    Parameters
    ----------
    root : Path
    db : str or None
        Address of the gradebook; None for the default one.

    Returns
    -------
    Path or None
        The new file; None if the course has one.
    """
    path = root / _NAME
    if path.exists():
        return None
    text = CONFIG
    if db is not None:
        from autograder.grading.record.database_url import without_password  # slow import, as it needs SQLAlchemy

        text += _DATABASE.format(without_password(db))
    path.write_text(text, encoding="utf-8")
    return path


def _find_alembic() -> None:
    """Insert this environment's programs at the start of PATH, as nbgrader calls `alembic` by name."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if path.split(os.pathsep)[0] != programs:
        os.environ["PATH"] = os.pathsep.join([programs, path]) if path else programs
