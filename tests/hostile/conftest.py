"""Grades a class with attackers in it, once for each file of attacks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import pytest
from hostile.arena import Arena, Attack
from support import SmallCourse

from autograder.running.judge_side.doctor import examine_machine


@pytest.fixture(scope="session")
def confined() -> None:
    """Attack only what is confined: elsewhere these submissions would do what they try."""
    machine = examine_machine()
    if sys.platform != "linux" or "namespaces" in machine.problems:
        pytest.skip(f"this machine has no namespaces: {machine.problems.get('namespaces', machine.platform)}")


@pytest.fixture(scope="module")
def fight(confined: None, released: SmallCourse, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Arena]:
    """Give a function that grades attackers and an honest student together."""

    def fight_it_out(attacks: Mapping[str, Attack], *options: object) -> Arena:
        base = tmp_path_factory.mktemp("arena")
        arena = Arena(released.copy_to(base / "course"), attacks, base)
        arena.grade(*options)
        return arena

    return fight_it_out
