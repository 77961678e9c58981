"""Fixtures of more than one room."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import SmallCourse


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> SmallCourse:
    """Give a released small course, to be copied and never written to."""
    return SmallCourse.released(tmp_path_factory.mktemp("released") / "course")


@pytest.fixture
def small_course(released: SmallCourse, tmp_path: Path) -> SmallCourse:
    return released.copy_to(tmp_path / "course")
