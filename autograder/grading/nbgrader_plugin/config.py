"""How nbgrader is set up for this course, for its own commands and for ours alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from autograder.errors import CourseError, CustomExerciseError
from autograder.judging.custom_exercises import FOLDER, load_folder
from autograder.judging.exercise import Exercise

# The lessons that came with a checkout of the project; a course directory without lessons of its own uses them.
_SHIPPED = Path(__file__).resolve().parents[3] / "notebooks"


def configure(config: Any, root: Path) -> None:
    """Fill in nbgrader's configuration.

    Parameters
    ----------
    config : traitlets.config.Config
        What `get_config()` gives in an `nbgrader_config.py`.
    root : Path
        The course directory.
    """
    from nbgrader import preprocessors as stock

    from autograder.grading.execute.judged_cells import SaveMarks
    from autograder.grading.nbgrader_plugin.preprocessors import EnterIntoJournal, RunSubmission
    from autograder.grading.submission.restore import RestoreReleased

    _find_alembic()
    root = Path(root).resolve()
    config.CourseDirectory.course_id = "keep-the-signal-alive"
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory = str(source_directory(root))
    config.Autograde.sanitize_preprocessors = [
        stock.ClearOutput,
        RestoreReleased,
        stock.DeduplicateIds,
        stock.OverwriteKernelspec,
        stock.OverwriteCells,
        stock.CheckCellMetadata,
    ]
    config.Autograde.autograde_preprocessors = [
        RunSubmission,
        stock.LimitOutput,
        SaveMarks,
        stock.AssignLatePenalties,
        stock.CheckCellMetadata,
        EnterIntoJournal,
    ]
    config.RunSubmission.course = str(root)
    own_exercises(root)


def own_exercises(root: Path) -> list[Exercise]:
    """Make the course's own exercises known.

    Raises
    ------
    CourseError
        If one of them cannot be used.
    """
    try:
        return load_folder(root / FOLDER)
    except CustomExerciseError as refusal:
        raise CourseError(str(refusal)) from refusal


def source_directory(root: Path) -> Path:
    """Find a course's lessons: its own `notebooks/`, or those that came with the project."""
    own = root / "notebooks"
    return own if own.is_dir() or not _SHIPPED.is_dir() else _SHIPPED


def _find_alembic() -> None:
    """Put this environment's programs first: nbgrader calls `alembic` by name."""
    programs = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if path.split(os.pathsep)[0] != programs:
        os.environ["PATH"] = os.pathsep.join([programs, path]) if path else programs
