"""Options, the choice of the fast tests, and fixtures of more than one room."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import SmallCourse

TESTS = Path(__file__).parent
BROWSER = TESTS / "browser"
# Most tests of these folders start kernels or commands; so does every test that uses one of the fixtures.
FOLDERS_WITH_PROCESSES = ("grading", "hostile", "running")
FIXTURES_WITH_PROCESSES = {"released", "small_course", "course", "graded", "machine"}
# Audit events of `sys.audit`: a fast test that causes one is an error, wherever the call is.
FORBIDDEN_IN_FAST_TESTS = {
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "socket.bind",
    "socket.connect",
}
_fast_test_is_running = False


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("keep-the-signal-alive")
    group.addoption("--fast", action="store_true", help="only tests that start no process and train no network")
    group.addoption("--browser", action="store_true", help="collect tests/browser too, which needs Chromium and Node")
    group.addoption(
        "--seeds", type=int, default=3, help="how many seeds judge each answer of tests/answers (default 3)"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--seeds") < 1:
        raise pytest.UsageError(f"--seeds must be at least 1 (got {config.getoption('--seeds')})")
    if config.getoption("--fast"):
        sys.addaudithook(_refuse_processes)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if collection_path == BROWSER and not config.getoption("--browser") else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if starts_processes(item):
            item.add_marker("processes")
        if trains_networks(item):
            item.add_marker("trains")
    if config.getoption("--fast"):
        slow = [item for item in items if any(map(item.get_closest_marker, ("processes", "trains")))]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]


def starts_processes(item: pytest.Item) -> bool:
    """Return whether a test starts processes, by its folder or its fixtures."""
    folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
    return folder in FOLDERS_WITH_PROCESSES or not FIXTURES_WITH_PROCESSES.isdisjoint(getattr(item, "fixturenames", ()))


def trains_networks(item: pytest.Item) -> bool:
    """Return whether a test judges an exercise whose reference trains networks, which the exercise announces."""
    callspec = getattr(item, "callspec", None)
    return callspec is not None and bool(getattr(callspec.params.get("exercise"), "notice", ""))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _fast_test_is_running
    _fast_test_is_running = bool(item.config.getoption("--fast"))
    try:
        return (yield)
    finally:
        _fast_test_is_running = False


def _refuse_processes(event: str, arguments: tuple[object, ...]) -> None:
    """Raise an error for a process or a connection that a fast test starts."""
    if _fast_test_is_running and event in FORBIDDEN_IN_FAST_TESTS:
        raise RuntimeError(f"a fast test must start no process and no server (got {event}): mark it with `processes`")


@pytest.fixture(scope="session")
def seeds(request: pytest.FixtureRequest) -> range:
    """Return the seeds with which each answer of tests/answers is judged."""
    return range(request.config.getoption("--seeds"))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> SmallCourse:
    """Return a released small course, to be copied and never written to."""
    return SmallCourse.released(tmp_path_factory.mktemp("released") / "course")


@pytest.fixture
def small_course(released: SmallCourse, tmp_path: Path) -> SmallCourse:
    return released.copy_to(tmp_path / "course")
