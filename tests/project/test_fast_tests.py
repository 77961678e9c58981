"""The choice of the fast tests: by folder, fixture and exercise, and enforced while they run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

TESTS = """
import os, socket, subprocess, sys
from types import SimpleNamespace
import pytest

def test_that_computes(): pass
def test_that_starts_a_program(): subprocess.run([sys.executable, "-c", ""], check=True)
def test_that_forks(): os.fork()
def test_that_serves(): socket.create_server(("127.0.0.1", 0))
@pytest.mark.processes
def test_that_says_so(): subprocess.run([sys.executable, "-c", ""], check=True)
@pytest.mark.parametrize("exercise", [SimpleNamespace(notice=""), SimpleNamespace(notice="Trains for a minute.")])
def test_of_an_exercise(exercise): assert not exercise.notice
@pytest.mark.trains
def test_that_trains(): assert False
def test_of_the_seeds(seeds): assert seeds == range(2)
def test_with_a_course(released): assert False
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_these.py").write_text(TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  processes\n  trains\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-q", *options, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)])}
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


@pytest.mark.processes
def test_a_fast_run_leaves_out_what_is_marked_and_refuses_processes_in_the_rest(tmp_path: Path) -> None:
    done = run(tmp_path, "--fast", "--seeds", "2", "-rA")
    assert "3 failed, 3 passed, 4 deselected" in done.stdout, done.stdout + done.stderr
    for name, event in (("starts_a_program", "subprocess.Popen"), ("forks", "os.fork"), ("serves", "socket.bind")):
        assert f"FAILED test_these.py::test_that_{name} - RuntimeError" in done.stdout
        assert f"must start no process and no server (got {event}): mark it with `processes`" in done.stdout


@pytest.mark.processes
def test_another_run_starts_processes_freely(tmp_path: Path) -> None:
    done = run(tmp_path, "--seeds", "2", "-k", "program or says_so or serves or seeds")
    assert "4 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.processes
def test_a_number_of_seeds_below_one_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--seeds", "0")
    assert done.returncode == 4
    assert "--seeds must be at least 1 (got 0)" in done.stderr
