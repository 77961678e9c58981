"""Copy the lessons that come with the project beside a course's own assignments."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from autograder.grading.course.atomic_write import replacing_directory, write_atomically
from autograder.grading.course.private import private_directory
from autograder.judging.load_exercises import RECORD

SHIPPED = Path(__file__).resolve().parents[3] / "notebooks"
_NOTE = "lessons.json"  # in the private folder: for each copied lesson, the hash of its files when it was copied


def lessons_in(source: Path) -> list[str]:
    """Return the names of the assignments in a folder that have a notebook of their name, sorted."""
    return sorted(path.name for path in source.glob("*/") if (path / f"{path.name}.ipynb").is_file())


def put_beside(root: Path, source: Path, lessons: list[str]) -> None:
    """Copy lessons of the project into the folder of a course's own assignments.

    An existing folder of the course is not changed, unless it is an older, unchanged copy of ours: then the current
    lesson replaces it.

    Parameters
    ----------
    root : Path
        The course directory.
    source : Path
        Folder of the course's assignments.
    lessons : list of str

    Raises
    ------
    OSError
        If a folder cannot be written.
    """
    note = private_directory(root) / _NOTE
    before: dict[str, str] = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    copies = dict(before)
    for lesson in lessons:
        place, shipped = source / lesson, _hash_of(SHIPPED / lesson)
        if place.exists() and (shipped == before.get(lesson) or _hash_of(place) != before.get(lesson)):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing_directory(place) as draft:
            shutil.copytree(SHIPPED / lesson, draft, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        copies[lesson] = shipped
    if copies != before:
        write_atomically(note, json.dumps(copies, indent=2) + "\n")


def _hash_of(folder: Path) -> str:
    """Return a hash of the files in a folder: 64 hexadecimal digits.

    Hidden files, and the file that a release writes there, do not count.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and path.name != RECORD and not any(part.startswith((".", "__pycache__")) for part in parts):
            digest.update(json.dumps([parts, hashlib.sha256(path.read_bytes()).hexdigest()]).encode())
    return digest.hexdigest()
