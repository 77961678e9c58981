"""Addresses of gradebooks, as SQLAlchemy reads them, checked before anything is opened."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from autograder.errors import CourseError

_SECONDS_TO_WAIT = 60  # for somebody else's write to an SQLite file


def require_url(url: str) -> str:
    """Check a gradebook's address and return it with the driver's name.

    Raises
    ------
    CourseError
        If it is no address, or the database's driver is not installed.
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
    """Return an address as people may read it: without its password."""
    return make_url(url).render_as_string(hide_password=True)


def without_password(url: str) -> str:
    """Return an address as it may stand in a file: PostgreSQL looks passwords up in ~/.pgpass."""
    return make_url(url)._replace(password=None).render_as_string(hide_password=False)


def is_postgresql(url: str) -> bool:
    """Return whether the gradebook is one that several machines may reach."""
    return make_url(url).get_backend_name() == "postgresql"


def patient(url: str) -> str:
    """Return an address for which SQLite waits until others have written; in a browser's formgrader, say."""
    if make_url(url).get_backend_name() != "sqlite" or "timeout" in make_url(url).query:
        return url
    return f"{url}{'&' if '?' in url else '?'}timeout={_SECONDS_TO_WAIT}"
