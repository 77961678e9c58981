import pytest
from hypothesis import settings

from autograder.notebook import last_check as checked

# The same examples on every machine, and no clock: a busy machine must not fail a right test.
settings.register_profile("course", deadline=None, derandomize=True, database=None)
settings.load_profile("course")


@pytest.fixture(autouse=True)
def own_place(monkeypatch, tmp_path):
    """Work in a directory of its own, as a kernel that was just started: checks leave a record there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checked, "_here", {})
