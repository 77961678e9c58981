"""Missing system parts are reported before the first test starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import system_parts

from autograder.running.judge_side.doctor import Machine

GOOD = Machine("linux", root=False, landlock=7, seccomp=True)
NO_SECCOMP = Machine("linux", root=False, landlock=7)
NO_NAMESPACES = Machine("linux", root=False, seccomp=True, problems={"namespaces": "it is forbidden"})


def test_nothing_is_printed_on_a_machine_with_all_parts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_parts, "examine_machine", lambda: GOOD)
    assert system_parts.main([]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_missing_libseccomp_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_parts, "examine_machine", lambda: NO_SECCOMP)
    assert system_parts.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("libseccomp is missing: install it with `apt install libseccomp2`")
    assert "dnf" in said
    assert "pacman" in said


def test_without_user_namespaces_the_output_says_which_tests_are_skipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_parts, "examine_machine", lambda: NO_NAMESPACES)
    assert system_parts.main([]) == 0
    said = capsys.readouterr().out
    assert "does not work here (it is forbidden)" in said
    assert "Its tests are skipped" in said
    assert "user namespaces can be allowed" in said


def test_the_tests_of_the_database_need_an_installed_server_or_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_parts, "find_program", lambda *names, folders=(): None)
    monkeypatch.setattr(system_parts, "packaged_postgresql", lambda: Path("/packages/bin"))
    assert system_parts.missing_for_tests(GOOD) == []
    monkeypatch.setattr(system_parts, "packaged_postgresql", lambda: None)
    assert "apt install postgresql" in system_parts.missing_for_tests(GOOD)[0]


def test_missing_parts_of_the_browser_tests_are_an_error_that_names_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    assert system_parts.main(["--browser"]) == 1
    said = capsys.readouterr().err
    assert "Chromium is missing: apt install chromium" in said
    assert "Node is missing: apt install nodejs" in said
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    assert system_parts.main(["--browser"]) == 0
