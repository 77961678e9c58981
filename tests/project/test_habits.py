"""The files of a project that others run, read or cite: they can be parsed, and they agree with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from hatchling.build import build_wheel
from support import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
JOBS = WORKFLOW["jobs"]
HOOKS = [
    hook for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"] for hook in repo["hooks"]
]
LANGUAGE = "Programming Language :: Python :: "
PYTHONS = [c.removeprefix(LANGUAGE) for c in PROJECT["classifiers"] if c.startswith(LANGUAGE)]


def recipe(target: str) -> list[str]:
    """Return the commands of a target of the Makefile."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    assert found, target
    return [line.strip().lstrip("@") for line in found[1].splitlines()]


def test_the_workflow_tests_every_python_that_the_project_promises() -> None:
    matrix = JOBS["linux"]["strategy"]["matrix"]
    assert matrix["python"] == PYTHONS
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
    assert PYPROJECT["tool"]["mypy"]["python_version"] == PYTHONS[0]
    assert f"({PYTHONS[0].replace('.', ', ')})" in MAKEFILE, "make setup refuses what is older"


def test_only_pythons_that_are_not_promised_may_fail() -> None:
    matrix = JOBS["linux"]["strategy"]["matrix"]
    assert matrix["experimental"] == [False]
    assert all(extra["experimental"] and extra["python"] not in PYTHONS for extra in matrix["include"])
    assert JOBS["linux"]["continue-on-error"] == "${{ matrix.experimental }}"
    assert all("continue-on-error" not in job for name, job in JOBS.items() if name != "linux")


def test_the_workflow_runs_the_targets_of_ci() -> None:
    ci = re.findall(r"^make (.+)$", (ROOT / ".ci" / "run").read_text(), flags=re.MULTILINE)
    steps = [step.get("run", "") for job in JOBS.values() for step in job["steps"]]
    assert ci == ["check", "test", "test-browser"]
    assert {f"make {target}" for target in ci} <= set(steps)


def test_the_student_side_is_tested_on_the_other_systems() -> None:
    job = JOBS["student-side"]
    assert job["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]
    assert set(job["strategy"]["matrix"]["python"]) <= set(PYTHONS)
    folders = re.findall(r"tests/\w+", job["steps"][-1]["run"])
    assert folders == ["tests/judging", "tests/course_lib"]
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_a_commit_is_checked_by_the_tools_of_make_check() -> None:
    checked = [command.removeprefix("$(BIN)/").split()[0] for command in recipe("check")]
    hooks = [Path(hook["entry"].split()[0]).name for hook in HOOKS]
    assert set(checked) == {"ruff", "codespell", "mypy"}
    assert set(hooks) == {*checked, "python"}
    development = " ".join(PROJECT["optional-dependencies"]["dev"])
    assert all(tool in development for tool in checked)
    assert all(hook["language"] == "system" and hook["entry"].startswith(".venv/bin/") for hook in HOOKS)


def test_the_notebook_hook_runs_a_test_that_exists() -> None:
    command = next(hook["entry"] for hook in HOOKS if hook["id"] == "notebooks").split()
    file = next(word for word in command if word.endswith(".py"))
    assert f"{command[-1]}(" in (ROOT / file).read_text()


def test_make_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE)
    assert phony
    described = re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, flags=re.MULTILINE)
    assert described == phony[1].split()


@pytest.mark.parametrize(
    ("target", "wanted"),
    [("test-fast", "--fast --seeds 1"), ("test-browser", "tests/browser"), ("test", "-m pytest")],
)
def test_the_three_test_targets_run_what_they_say(target: str, wanted: str) -> None:
    commands = recipe(target)
    assert wanted in commands[-1]
    assert ("system_parts.py" in commands[0]) == (target != "test-fast")


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    required = {"cff-version", "message", "title", "authors"}  # by the schema of the Citation File Format 1.2.0
    assert required <= citation.keys() <= required | {"abstract", "type", "version", "license", "keywords"}
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["authors"] == PROJECT["authors"]
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert citation["keywords"] == PROJECT["keywords"]


def test_the_wheel_says_that_both_packages_are_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))) as wheel:
        names = set(wheel.namelist())
    assert {"autograder/py.typed", "course_lib/py.typed"} <= names
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert not {name for name in names if name.startswith(("tests/", "notebooks/"))}
