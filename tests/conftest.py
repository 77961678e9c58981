"""Fixtures of more than one room."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import SmallCourse

HARD = ("tests/hostile/", "test_resuming.py", "test_cluster.py", "test_postgresql.py", "test_gradebook.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes minutes: attacks, kills, clusters, servers."""
    for item in items:
        if any(part in item.path.as_posix() for part in HARD):
            item.add_marker(pytest.mark.hard)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> SmallCourse:
    """Give a released small course, to be copied and never written to."""
    return SmallCourse.released(tmp_path_factory.mktemp("released") / "course")


@pytest.fixture
def small_course(released: SmallCourse, tmp_path: Path) -> SmallCourse:
    return released.copy_to(tmp_path / "course")
