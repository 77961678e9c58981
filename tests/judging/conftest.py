import pytest
from hypothesis import settings

from autograder import judge
from autograder.notebook import last_check as checked

# The same examples on every machine and no deadline: a test must not fail because the machine is busy.
settings.register_profile("course", deadline=None, derandomize=True, database=None)
settings.load_profile("course")


@pytest.fixture(autouse=True)
def empty_directory(monkeypatch, tmp_path):
    """Use an empty directory without earlier checks, since `check` writes a record to the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checked, "_here", {})


@pytest.fixture(scope="session")
def visible_verdict():
    """Return a function that judges the visible parts with seed 0, each answer once for all tests."""
    verdicts = {}

    def verdict_of(exercise, answer):
        key = (exercise.name, answer)
        if key not in verdicts:
            verdicts[key] = judge(exercise, answer, seed=0, hidden=False)
        return verdicts[key]

    return verdict_of
