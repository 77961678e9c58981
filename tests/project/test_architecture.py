"""Who may import whom: the rooms of the project, and what each may know of the others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

STANDARD_AND_NUMPY = {"numpy"}
DRAWING = {"matplotlib", "cycler", "IPython"}
INSTRUCTOR = {
    "IPython",
    "click",
    "distributed",
    "filelock",
    "jupyter_core",
    "nbclient",
    "nbconvert",
    "nbformat",
    "nbgrader",
    "rich",
    "sqlalchemy",
    "threadpoolctl",
    "traitlets",
}
KERNELS = {"ipykernel", "jupyter_client", "psutil", "pyseccomp", "tornado", "zmq"}
# room → rooms of the project it may import, and packages from outside
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "course_lib": ({"course_lib"}, STANDARD_AND_NUMPY),
    "course_lib/plots.py": ({"course_lib"}, STANDARD_AND_NUMPY | DRAWING),
    "autograder/__init__.py": ({"autograder.judging", "autograder.exercises", "autograder.notebook"}, set()),
    "autograder/errors.py": (set(), set()),
    "autograder/notebook": ({"autograder.notebook", "autograder.judging"}, STANDARD_AND_NUMPY | DRAWING),
    "autograder/__main__.py": ({"autograder.cli"}, set()),
    "autograder/judging": ({"autograder.judging", "course_lib"}, STANDARD_AND_NUMPY | DRAWING),
    "autograder/exercises": ({"autograder.exercises", "autograder.judging", "course_lib"}, STANDARD_AND_NUMPY),
    "autograder/running": (
        {"autograder.running", "autograder.judging", "course_lib"},
        INSTRUCTOR | KERNELS | DRAWING | STANDARD_AND_NUMPY,
    ),
    "autograder/grading": (
        {
            "autograder.errors",
            "autograder.grading",
            "autograder.running",
            "autograder.exercises",
            "autograder.judging",
            "course_lib",
        },
        INSTRUCTOR,
    ),
    "autograder/grading/distribute/dask_cluster.py": (
        {"autograder.grading", "autograder.errors"},
        {"distributed"},
    ),
    "autograder/grading/distribute/preload.py": ({"autograder.grading"}, {"matplotlib"}),
    "autograder/reporting": ({"autograder.reporting", "autograder.judging", "autograder.grading"}, INSTRUCTOR),
    "autograder/cli.py": ({"autograder"}, INSTRUCTOR),
}
FILES = sorted(
    path.relative_to(ROOT).as_posix() for top in ("course_lib", "autograder") for path in (ROOT / top).rglob("*.py")
)


def room_of(file: str) -> str:
    """Give the most specific entry of the table that holds this file."""
    return max((room for room in ALLOWED if file == room or file.startswith(f"{room}/")), key=len)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """List what a file imports, absolutely; also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            module = node.module or ""
            whole = module in ("autograder", "course_lib")
            yield from ((node.lineno, f"{module}.{a.name}" if whole else module) for a in node.names)


@pytest.mark.parametrize("file", FILES)
def test_a_room_imports_only_what_it_may(file: str) -> None:
    import sys

    rooms, packages = ALLOWED[room_of(file)]
    offenders = []
    for line, module in imports_of(ROOT / file):
        top = module.split(".")[0]
        if top in ("course_lib", "autograder"):
            allowed = any(module == room or module.startswith(f"{room}.") for room in rooms)
        else:
            allowed = top in packages or top in sys.stdlib_module_names
        if not allowed:
            offenders.append(f"{file}:{line} imports {module}")
    assert offenders == []


def test_nothing_of_the_project_imports_notebooks_or_tests() -> None:
    for file in FILES:
        assert not {m.split(".")[0] for _, m in imports_of(ROOT / file)} & {"notebooks", "tests", "support"}, file


def test_the_table_has_no_room_that_is_gone() -> None:
    assert [room for room in ALLOWED if not (ROOT / room).exists()] == []
