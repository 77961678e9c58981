"""The imports that each room of the project is allowed."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

from autograder import errors

STANDARD_AND_NUMPY = {"numpy"}
DRAWING = {"matplotlib", "cycler", "IPython"}
NOTEBOOK = {"executing"}  # comes with IPython
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
JUDGE = {"autograder.errors", "autograder.judging", "course_lib"}
RUN = {"autograder.running"}
# The folders of grading/, the lowest layer first: each imports only those before it.
LAYERS = ["course", "submission", "execute", "record", "nbgrader_plugin", "distribute"]


def layers_up_to(name: str) -> set[str]:
    """Return the rooms that a folder of grading/ may import, including itself."""
    return {f"autograder.grading.{layer}" for layer in LAYERS[: LAYERS.index(name) + 1]} | {
        "autograder.grading.options"
    }


# room → rooms of the project it may import, and packages from outside
ALLOWED_IMPORTS: dict[str, tuple[set[str], set[str]]] = {
    "course_lib": ({"course_lib"}, STANDARD_AND_NUMPY),
    "course_lib/plots.py": ({"course_lib"}, STANDARD_AND_NUMPY | DRAWING),
    "autograder/__init__.py": ({"autograder.judging", "autograder.exercises", "autograder.notebook"}, set()),
    "autograder/errors.py": (set(), set()),
    "autograder/nbgrader.py": ({"autograder.grading.nbgrader_plugin"}, set()),
    "autograder/former_names.py": ({"autograder.nbgrader"}, set()),
    "autograder/notebook": ({"autograder.notebook", "autograder.judging"}, STANDARD_AND_NUMPY | DRAWING | NOTEBOOK),
    "autograder/__main__.py": ({"autograder.cli"}, set()),
    "autograder/judging": (JUDGE, STANDARD_AND_NUMPY | DRAWING),
    "autograder/exercises": ({"autograder.exercises", "autograder.judging", "course_lib"}, STANDARD_AND_NUMPY),
    "autograder/running": (set(), set()),
    "autograder/running/wire.py": (JUDGE, STANDARD_AND_NUMPY),
    "autograder/running/judge_side": (RUN | JUDGE, INSTRUCTOR | KERNELS | DRAWING | STANDARD_AND_NUMPY),
    "autograder/running/kernel_side": (
        {"autograder.running.kernel_side", "autograder.running.sandbox", "autograder.running.wire"} | JUDGE,
        KERNELS | DRAWING | STANDARD_AND_NUMPY | {"traitlets"},
    ),
    "autograder/running/sandbox": ({"autograder.running.sandbox"}, {"pyseccomp"}),
    "autograder/grading/__init__.py": (set(), set()),
    "autograder/grading/options.py": (RUN, set()),
    "autograder/grading/nbgrader_setup.py": ({"autograder.former_names"}, set()),
    "autograder/grading/preprocess.py": ({"autograder.former_names"}, set()),
    "autograder/grading/restore.py": ({"autograder.former_names"}, set()),
    "autograder/grading/marks.py": ({"autograder.former_names"}, set()),
    "autograder/grading/course": (layers_up_to("course") | JUDGE, {"filelock"}),
    "autograder/grading/submission": (layers_up_to("submission") | JUDGE, {"nbformat", "nbgrader"}),
    "autograder/grading/execute": (layers_up_to("execute") | RUN | JUDGE, INSTRUCTOR),
    "autograder/grading/record": (layers_up_to("record") | JUDGE, INSTRUCTOR),
    "autograder/grading/nbgrader_plugin": (layers_up_to("nbgrader_plugin") | RUN | JUDGE, INSTRUCTOR),
    "autograder/grading/distribute": (layers_up_to("distribute") | RUN | JUDGE, INSTRUCTOR),
    "autograder/grading/distribute/dask_cluster.py": (
        {"autograder.grading", "autograder.errors"},
        {"distributed"},
    ),
    "autograder/grading/distribute/preload.py": (layers_up_to("distribute") | JUDGE, {"matplotlib", "nbformat"}),
    "autograder/reporting": ({"autograder.reporting", "autograder.judging", "autograder.grading"}, INSTRUCTOR),
    "autograder/cli.py": ({"autograder"}, INSTRUCTOR),
}
FILES = sorted(
    path.relative_to(ROOT).as_posix() for top in ("course_lib", "autograder") for path in (ROOT / top).rglob("*.py")
)


def room_of(file: str) -> str:
    """Return the most specific entry of the table that contains this file."""
    return max((room for room in ALLOWED_IMPORTS if file == room or file.startswith(f"{room}/")), key=len)


def imports_of(path: Path) -> Iterator[tuple[int, str, str]]:
    """List what a file imports, absolutely: the line, the module, and a name in it or "".

    Imports inside functions count, and those for a type checker.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield from ((node.lineno, node.module or "", alias.name) for alias in node.names)


def modules_of(root: Path, package: str) -> dict[str, Path]:
    """Find the modules of a package by name."""
    paths = (root / package).rglob("*.py")
    return {".".join(p.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}


def import_cycles_of(root: Path, package: str) -> list[list[str]]:
    """Find the modules of a package that import each other, directly or through others."""
    modules = modules_of(root, package)
    imported: dict[str, set[str]] = {}
    for importer, path in modules.items():
        targets = ((f"{module}.{name}", module) for _, module, name in imports_of(path))
        imported[importer] = {inner if inner in modules else outer for inner, outer in targets} & modules.keys()
    reached = {name: _reached(name, imported) for name in modules}
    circles = {frozenset(other for other in found if name in reached[other]) for name, found in reached.items()}
    return sorted(sorted(circle) for circle in circles if circle)


def _reached(start: str, imported: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    pending = list(imported[start])
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += imported[name]
    return reached


@pytest.mark.parametrize("file", FILES)
def test_a_room_imports_only_what_the_table_allows(file: str) -> None:
    rooms, packages = ALLOWED_IMPORTS[room_of(file)]
    offenders = []
    for line, module, name in imports_of(ROOT / file):
        whole = f"{module}.{name}" if name else module
        top = module.split(".")[0]
        if top in ("course_lib", "autograder"):
            allowed = any(whole == room or whole.startswith(f"{room}.") for room in rooms)
        else:
            allowed = top in packages or top in sys.stdlib_module_names
        if not allowed:
            offenders.append(f"{file}:{line} imports {whole}")
    assert offenders == []


@pytest.mark.parametrize("package", ["autograder", "course_lib"])
def test_no_two_modules_import_each_other(package: str) -> None:
    assert import_cycles_of(ROOT, package) == []


@pytest.mark.parametrize(
    "back",
    [
        "from small.plugin.config import configure",
        "from small.plugin import config",
        "import small.plugin.config",
        "def late():\n    from small.plugin import config as setup\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from small.plugin.config import configure\n",
    ],
)
def test_an_import_cycle_is_found_with_every_form_of_import(tmp_path: Path, back: str) -> None:
    """Check a cycle that once existed: the course imported the configuration, which imported the course again."""
    files = {
        "course/directory.py": "import json\n",
        "plugin/config.py": "from small.plugin.steps import Run\n",
        "plugin/steps.py": "from small.course.directory import Course\n",
    }
    for name, text in files.items():
        path = tmp_path / "small" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    assert import_cycles_of(tmp_path, "small") == []
    (tmp_path / "small" / "course" / "directory.py").write_text(back)
    assert import_cycles_of(tmp_path, "small") == [
        ["small.course.directory", "small.plugin.config", "small.plugin.steps"]
    ]


def test_a_room_may_not_import_a_room_above_it() -> None:
    rooms, _ = ALLOWED_IMPORTS["autograder/grading/course"]
    assert not {"autograder.grading.record", "autograder.grading.nbgrader_plugin"} & rooms
    assert room_of("autograder/grading/course/directory.py") == "autograder/grading/course"


def test_nothing_of_the_project_imports_notebooks_or_tests() -> None:
    for file in FILES:
        imported = {module.split(".")[0] for _, module, _ in imports_of(ROOT / file)}
        assert not imported & {"notebooks", "tests", "support"}, file


def test_every_room_of_the_table_exists() -> None:
    assert [room for room in ALLOWED_IMPORTS if not (ROOT / room).exists()] == []


def _exceptions_in(path: Path) -> set[str]:
    classes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ClassDef)]
    ends = ("Error", "Exception", "Warning", "Interrupt")
    return {node.name for node in classes if any(ast.unparse(base).endswith(ends) for base in node.bases)}


def test_every_exception_class_is_in_one_file_and_in_its_tree() -> None:
    inside = _exceptions_in(ROOT / "autograder" / "errors.py")
    assert {
        file: found for file in FILES if file.startswith("autograder/") and (found := _exceptions_in(ROOT / file))
    } == {"autograder/errors.py": inside}
    tree = (errors.__doc__ or "").split("```")[1]
    assert {name for name in inside if f" {name} " not in tree} == set()
    for name in inside:
        base = getattr(errors, name).__mro__[1].__name__
        assert tree.index(f"{base}") < tree.index(f" {name} "), name


def test_the_file_of_errors_that_submissions_can_read_holds_names_and_docstrings_only() -> None:
    for node in ast.parse(inspect.getsource(errors)).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        assert all(
            isinstance(n, ast.ImportFrom) or (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
            for n in inner
        )
