"""What has been graded already, kept in the gradebook itself, so that a mark and its entry stand or fall together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, String, Table, delete, insert, inspect, select

_metadata = MetaData()
_ENTRIES = Table(
    "autograder_journal",
    _metadata,
    Column("lesson", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("finished", DateTime, nullable=False),
)


def make_table(engine: Any) -> None:
    """Give a gradebook its journal, if it has none."""
    if not inspect(engine).has_table(_ENTRIES.name):
        _metadata.create_all(engine)


def keys(session: Any, lesson: str) -> dict[str, str]:
    """Give the key of every submission of a lesson that has been graded, by student."""
    found = session.execute(select(_ENTRIES.c.student, _ENTRIES.c.key).where(_ENTRIES.c.lesson == lesson))
    return {str(student): str(key) for student, key in found}


def enter(session: Any, lesson: str, student: str, key: str) -> None:
    """Enter a submission as graded; the caller commits."""
    strike(session, lesson, student)
    now = datetime.now(UTC).replace(tzinfo=None)
    session.execute(insert(_ENTRIES).values(lesson=lesson, student=student, key=key, finished=now))


def strike(session: Any, lesson: str, student: str) -> None:
    """Strike a submission out; the caller commits."""
    session.execute(delete(_ENTRIES).where(_ENTRIES.c.lesson == lesson, _ENTRIES.c.student == student))
