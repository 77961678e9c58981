"""Lock the gradebook's database, so that only one command on any machine writes to it at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from autograder.errors import CourseError
from autograder.grading.record.database_url import is_postgresql, shown

_LOCK = int.from_bytes(b"grading")  # the lock's number, unlikely in any other program
_LOCK_TIMEOUT = 5  # seconds; PostgreSQL may take a moment to notice that the process with the lock was killed


@contextmanager
def database_lock(url: str) -> Iterator[None]:
    """Hold the lock of a gradebook in PostgreSQL, which several machines may use, during the block.

    Wait up to 5 seconds for it. For SQLite, nothing is locked.

    Raises
    ------
    CourseError
        If another command holds the lock, or the database cannot be reached.
    """
    if not is_postgresql(url):
        yield  # a file on this machine, which is protected by the lock of the course
        return
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        connection = engine.connect()
    except SQLAlchemyError as problem:
        reason = str(getattr(problem, "orig", None) or problem).strip().split("\n")[0]
        raise CourseError(f"the gradebook {shown(url)} must be a database that can be reached ({reason})") from problem
    with connection:
        # A machine that lost its connection must not hold the lock for hours.
        for setting in ("tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3"):
            connection.execute(text(f"SET {setting}"))
        connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}s'"))
        try:
            connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
        except OperationalError:
            raise CourseError(
                f"only one command may write to the gradebook {shown(url)} at a time; another one does now"
            ) from None
        yield
