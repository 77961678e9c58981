"""The journal of graded submissions; it is in the gradebook, so that a mark and its entry are one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, String, Table, delete, insert, inspect, select, text

from autograder.grading.submission.read import Submission

_metadata = MetaData()
_ENTRIES = Table(
    "autograder_journal",
    _metadata,
    Column("lesson", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("submission", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("finished", DateTime, nullable=False),
)


@dataclass(frozen=True)
class Entry:
    """One submission that was graded.

    Attributes
    ----------
    key : str
        Names the work: the same submission, version and way of running it are the same work.
    submission : str
        Fingerprint of what was handed in.
    version : str
        As `Lesson.version`, of the lesson and its exercises.
    """

    key: str
    submission: str
    version: str


def entry_for(submission: Submission, version: str, everything: bool) -> Entry:
    """Return the entry of a submission that is graded with this version of the lesson; nothing is written.

    Parameters
    ----------
    submission : Submission
    version : str
        As `Lesson.version`.
    everything : bool
        Whether the experiments run too.
    """
    parts = (submission.fingerprint, version, str(everything))
    return Entry(hashlib.sha256("\n".join(parts).encode()).hexdigest(), submission.fingerprint, version)


def prepare(engine: Any) -> None:
    """Create the journal, if there is none, and wait for statements of a coordinator that was killed.

    PostgreSQL continues a statement after its client was killed. When this function returns, no such statement still
    writes to the journal.
    """
    _metadata.create_all(engine)
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text(f"LOCK TABLE {_ENTRIES.name} IN SHARE MODE"))


def entries(session: Any, lesson: str) -> dict[str, Entry]:
    """Return the entry of every submission of a lesson that has been graded, by student.

    The result is empty if there are none, or no journal yet.
    """
    if not inspect(session.connection()).has_table(_ENTRIES.name):
        return {}
    columns = (_ENTRIES.c.student, _ENTRIES.c.key, _ENTRIES.c.submission, _ENTRIES.c.version)
    found = session.execute(select(*columns).where(_ENTRIES.c.lesson == lesson))
    return {str(student): Entry(*map(str, rest)) for student, *rest in found}


def write_entry(session: Any, lesson: str, student: str, entry: Entry) -> None:
    """Write the entry of a graded submission, in place of an older one; the caller commits."""
    delete_entry(session, lesson, student)
    now = datetime.now(UTC).replace(tzinfo=None)
    session.execute(insert(_ENTRIES).values(lesson=lesson, student=student, finished=now, **vars(entry)))


def delete_entry(session: Any, lesson: str, student: str) -> None:
    """Delete the entry of a submission, if there is one; the caller commits."""
    session.execute(delete(_ENTRIES).where(_ENTRIES.c.lesson == lesson, _ENTRIES.c.student == student))
