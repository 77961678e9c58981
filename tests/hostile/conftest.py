"""Grade each class of attackers once, for all tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from hostile.arena import Arena
from hostile.attacks import ATTACKS, CLASS_OF
from hostile.classes import CLASSES
from hostile.host import Servers, listening_servers
from support import SmallCourse

from autograder.running.judge_side.doctor import examine_machine


@pytest.fixture(scope="session")
def confined() -> None:
    """Skip the attacks on a machine that cannot confine them: there they would succeed."""
    machine = examine_machine()
    if sys.platform != "linux" or "namespaces" in machine.problems:
        pytest.skip(f"this machine has no namespaces: {machine.problems.get('namespaces', machine.platform)}")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with listening_servers() as servers:
        yield servers


@pytest.fixture(scope="session")
def arena_of(
    confined: None, servers: Servers, released: SmallCourse, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Arena]:
    """Return a function that grades a class of attackers when it is first asked for it."""

    @cache
    def arena(name: str) -> Arena:
        settings = CLASSES[name]
        root = tmp_path_factory.mktemp(name) / "course"
        lesson = settings.lesson
        course = released.copy_to(root) if lesson is None else SmallCourse.released(root, lesson())
        attacks = {title: attack for title, attack in ATTACKS.items() if CLASS_OF[title] == name}
        return Arena(course, attacks, settings, servers)

    return arena
