"""Facts with one source, such as versions and commands, compared with the files that repeat them."""

from __future__ import annotations

import re
import tomllib

import click
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from support import ROOT

from autograder.cli import cli

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMMANDS = [
    line.strip().removeprefix("$ ")
    for name in ("README.md", "CONTRIBUTING.md")
    for block in re.findall(r"```(?:console|text|bash|sh|bat)\n(.*?)```", (ROOT / name).read_text(), flags=re.DOTALL)
    for line in block.splitlines()
]


def test_environment_yml_installs_the_project_on_one_exact_python() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python = next(d for d in environment["dependencies"] if isinstance(d, str) and d.startswith("python"))
    assert re.fullmatch(r"python=\d+\.\d+", python), "exactly one version, or Binder picks an old one"
    assert Version(python.removeprefix("python=")) in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert environment["name"] == PROJECT["name"]
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip == ["-e .[instructor]"]
    rest = {d for d in environment["dependencies"] if isinstance(d, str)} - {python}
    assert rest == {"pip"}, "everything else comes from pyproject.toml"


def test_the_lock_pins_every_dependency_to_a_version_that_fits() -> None:
    text = (ROOT / "requirements.lock").read_text()
    pins: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, flags=re.MULTILINE):
        pins.setdefault(canonicalize_name(name), []).append(version)
    extras = [r for requirements in PROJECT["optional-dependencies"].values() for r in requirements]
    for requirement in map(Requirement, [*PROJECT["dependencies"], *extras]):
        if requirement.name == PROJECT["name"]:
            continue
        assert canonicalize_name(requirement.name) in pins, requirement
        for version in pins[canonicalize_name(requirement.name)]:
            assert version in requirement.specifier, f"{requirement} is locked to {version}"
    assert "://" not in text, "the lock names no registry"


def test_the_student_side_needs_three_packages_only() -> None:
    assert {Requirement(d).name for d in PROJECT["dependencies"]} == {"numpy", "matplotlib", "ipython"}


def test_every_command_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    lines = [line.split("#")[0].split() for line in COMMANDS if line.startswith("make ")]
    make = {word for line in lines for word in line[1:] if "=" not in word}
    ours = [line for line in COMMANDS if line.startswith("autograder ")]
    assert {"demo", "test", "lab"} <= make <= targets
    assert ours
    for line in ours:
        words = line.split("#")[0].split()
        command = cli.commands[words[1]]
        known = {option for p in command.params if isinstance(p, click.Option) for option in p.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_between_files_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)|src=\"([^\":]+)\"", (ROOT / name).read_text()):
        path = target[0] or target[1]
        assert (ROOT / path).exists(), f"{name} links to {path}"


def test_the_packages_carry_the_version_of_the_project() -> None:
    import course_lib

    assert course_lib.__version__ == PROJECT["version"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_example_class_is_configured_like_the_project() -> None:
    from autograder.grading.nbgrader_plugin.config import CONFIG

    assert (ROOT / "nbgrader_config.py").read_text() == CONFIG
    assert (ROOT / "examples" / "class" / "nbgrader_config.py").read_text() == CONFIG
