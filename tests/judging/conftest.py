import pytest
from hypothesis import settings

from autograder.notebook import last_check as checked

# The same examples on every machine and no deadline: a test must not fail because the machine is busy.
settings.register_profile("course", deadline=None, derandomize=True, database=None)
settings.load_profile("course")


@pytest.fixture(autouse=True)
def empty_directory(monkeypatch, tmp_path):
    """Work in an empty directory, without earlier checks: `check` writes a record to the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checked, "_here", {})
