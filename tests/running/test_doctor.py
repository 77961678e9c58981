"""The examination of the machine tries each sandbox; a weaker sandbox is used only if it was asked for by name."""

from __future__ import annotations

import ctypes.util
import os
import sys

import pytest

from autograder.errors import ConfinementError
from autograder.running.judge_side import doctor
from autograder.running.judge_side.doctor import Machine, choose_mode

GOOD = Machine("linux", root=False, landlock=7, seccomp=True)
NO_NAMESPACES = Machine("linux", root=False, landlock=7, seccomp=True, problems={"namespaces": "it is forbidden"})
BARE = Machine(
    "linux", root=False, seccomp=True, problems={"namespaces": "it is forbidden", "landlock": "it is missing"}
)
MAC = Machine("darwin", root=False)
BOTH = {"namespaces": "nobody cannot read it", "landlock": "nobody cannot read it"}


def test_the_examination_of_this_machine_reports_every_mode(machine: Machine) -> None:
    assert machine.platform == sys.platform
    assert machine.root == (os.getuid() == 0)
    assert machine.sentences[-1] == f"The strongest mode here is {machine.strongest}."
    for mode in ("namespaces", "landlock"):
        if mode in machine.problems:
            assert f"Mode {mode} does not work: {machine.problems[mode]}" in machine.sentences
        else:
            assert f"Mode {mode} works." in machine.sentences


@pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are for Linux")
def test_an_interpreter_that_does_not_run_in_the_sandbox_is_a_problem() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "_TRY", "import sys; sys.exit('no such thing')")
        assert doctor._problem_with("namespaces", as_root=False) == "no such thing"


@pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are for Linux")
def test_a_missing_library_is_a_problem() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pyseccomp", None)
        assert "pyseccomp" in doctor._problem_with("namespaces", as_root=False)
        assert not doctor._has_seccomp()


@pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are for Linux")
def test_a_missing_libseccomp_is_named_with_the_commands_that_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.running.sandbox import seccomp  # can be imported on Linux only

    found = ctypes.util.find_library
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None if name == "seccomp" else found(name))
    monkeypatch.delitem(sys.modules, "pyseccomp", raising=False)
    with pytest.raises(RuntimeError, match=r"^libseccomp is missing .*apt install libseccomp2.*dnf .*pacman "):
        seccomp.build()
    assert not doctor._has_seccomp()
    problems = {mode: doctor._problem_with(mode, as_root=False) for mode in ("namespaces", "landlock")}
    machine = Machine("linux", root=False, landlock=7, seccomp=False, problems=problems)
    with pytest.raises(ConfinementError, match=r"got: libseccomp is missing .*apt install libseccomp2") as refusal:
        choose_mode(machine, asked=None, as_root=False)
    assert "user namespaces can be allowed" not in str(refusal.value), "they are not what is missing"
    assert any("apt install libseccomp2" in line for line in machine.sentences)
    assert not any("user namespaces can be allowed" in line for line in machine.sentences)


def test_the_strongest_mode_is_chosen_when_none_is_asked_for() -> None:
    assert choose_mode(GOOD, asked=None, as_root=False) == "namespaces"
    assert GOOD.strongest == "namespaces"


def test_a_mode_that_is_asked_for_is_chosen() -> None:
    assert choose_mode(GOOD, asked="landlock", as_root=False) == "landlock"
    assert choose_mode(NO_NAMESPACES, asked="landlock", as_root=False) == "landlock"
    for machine in (GOOD, MAC, BARE):
        assert choose_mode(machine, asked="trusted", as_root=False) == "trusted"


def test_without_namespaces_landlock_is_suggested_and_not_chosen() -> None:
    assert NO_NAMESPACES.strongest == "landlock"
    with pytest.raises(
        ConfinementError, match=r"mode namespaces must work .*got: it is forbidden.*Mode landlock would"
    ):
        choose_mode(NO_NAMESPACES, asked=None, as_root=False)


def test_without_any_sandbox_none_is_suggested() -> None:
    assert BARE.strongest == "trusted"
    with pytest.raises(ConfinementError) as raised:
        choose_mode(BARE, asked=None, as_root=False)
    assert "would work" not in str(raised.value)
    with pytest.raises(ConfinementError, match=r"mode landlock must work .*got: it is missing"):
        choose_mode(BARE, asked="landlock", as_root=False)


@pytest.mark.parametrize("asked", [None, "namespaces", "landlock"])
def test_other_systems_run_only_trusted_code_and_only_if_asked_for(asked: str | None) -> None:
    with pytest.raises(ConfinementError, match=r"on Linux only \(got darwin\)"):
        choose_mode(MAC, asked=asked, as_root=False)
    assert "must be trusted" in MAC.sentences[0]


def test_root_must_be_able_to_switch_to_another_user() -> None:
    stuck = Machine("linux", root=True, landlock=7, seccomp=True, problems=BOTH)
    with pytest.raises(ConfinementError, match=r"must not run as root, and user 65534 must be able .*nobody cannot"):
        choose_mode(stuck, asked=None, as_root=False)
    assert choose_mode(stuck, asked=None, as_root=True) == "namespaces"


def test_kernels_that_run_as_root_need_a_sandbox_too() -> None:
    stuck = Machine("linux", root=True, problems=BOTH, problems_as_root={"namespaces": "it is forbidden"})
    with pytest.raises(ConfinementError, match=r"mode namespaces must work .*got: it is forbidden"):
        choose_mode(stuck, asked=None, as_root=True)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfinementError, match=r"one of namespaces, landlock, trusted \(got docker\)"):
        choose_mode(GOOD, asked="docker", as_root=False)
