"""Check and convert the database addresses of gradebooks, before a connection is opened."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from autograder.errors import CourseError

_SECONDS_TO_WAIT = 60  # until another process has written to an SQLite file


def require_url(url: str) -> str:
    """Check a gradebook's address, and return it.

    For PostgreSQL, the returned address has the driver's name. No connection is opened.

    Raises
    ------
    CourseError
        If it is not a valid address, or the database's driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgresql+psycopg"):
            url = parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        make_url(url).get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError):
        # Not shown: it may hold a password.
        raise CourseError(
            "a gradebook's address must be like sqlite:////home/me/gradebook.db or "
            "postgresql+psycopg://user@host/database"
        ) from None
    except ModuleNotFoundError as missing:
        extra = "postgresql" if missing.name == "psycopg" else ""
        remedy = f": pip install 'keep-the-signal-alive[{extra}]'" if extra else ""
        raise CourseError(f"the gradebook {shown(url)} needs the package {missing.name}{remedy}") from None
    return url


def shown(url: str) -> str:
    """Return an address with `***` in place of its password, for messages."""
    return make_url(url).render_as_string(hide_password=True)


def without_password(url: str) -> str:
    """Return an address without its password, for files; PostgreSQL finds the password in ~/.pgpass."""
    return make_url(url)._replace(password=None).render_as_string(hide_password=False)


def is_postgresql(url: str) -> bool:
    """Return whether the gradebook is in PostgreSQL, which several machines may use."""
    return make_url(url).get_backend_name() == "postgresql"


def patient(url: str) -> str:
    """Return an address with a timeout of 60 seconds for SQLite, which then waits while another process writes.

    Other addresses, and those with a timeout, are returned unchanged.
    """
    if make_url(url).get_backend_name() != "sqlite" or "timeout" in make_url(url).query:
        return url
    return f"{url}{'&' if '?' in url else '?'}timeout={_SECONDS_TO_WAIT}"
