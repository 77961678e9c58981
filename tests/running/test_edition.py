"""The student edition of every lesson: imports work, answers of earlier lessons too, and no later answer is in it."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl
import nbformat
import numpy as np
import pytest
from support import ROOT

from autograder.errors import EditionError
from autograder.exercises import LESSONS
from autograder.judging.exercise import Exercise
from autograder.running.judge_side.student_edition import Name, edition_hash, write_edition

EXERCISES: dict[str, list[Exercise]] = {lesson.LESSON: list(lesson.EXERCISES) for lesson in LESSONS}
# Modules with the same answers in other code, or code that trains with them: the edition may keep only their names.
ONLY_NAMES = ("diagnostics", "engine", "networks", "training")
KEPT_AS_THEY_ARE = ["arrays.py", "plots.py", "data/digits.py", "data/tables.py"]


def place_of(exercise: Exercise) -> Name:
    return exercise.reference.__module__, exercise.reference.__name__


@dataclass(frozen=True)
class Edition:
    """An edition of a lesson, and the report of a process that can import nothing else."""

    lesson: str
    path: Path
    given: list[Exercise]
    withheld: list[Exercise]
    report: dict[str, Any]


def write_for(lesson: str, directory: Path) -> tuple[list[Exercise], list[Exercise]]:
    """Write a lesson's edition; return the exercises whose answers are given and withheld."""
    given = [e for name, exercises in EXERCISES.items() if name < lesson for e in exercises]
    withheld = [e for name, exercises in EXERCISES.items() if name >= lesson for e in exercises]
    write_edition(directory, given=map(place_of, given), withheld=map(place_of, withheld))
    return given, withheld


INSIDE = """\
import gc, importlib, json, pkgutil, sys, types

asked = json.load(sys.stdin)
for statement in asked["imports"]:
    exec(statement, {})
import autograder, course_lib
for package in (course_lib, autograder):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.startswith("course_lib."):
            importlib.import_module(module.name)


def refusal(module, name):
    try:
        getattr(sys.modules[module], name)()
    except RuntimeError as refused:
        return str(refused)
    except Exception as other:
        return repr(other)


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)


functions = [f for f in gc.get_objects() if isinstance(f, types.FunctionType)]
found = set()
for function in functions:
    for code in codes(function.__code__):
        body = [code.co_code.hex(), list(code.co_names)]
        if body == asked["bodies"].get(code.co_name) or (code.co_names and body in asked["bodies"].values()):
            found.add(code.co_name)
json.dump(
    {
        "places": [course_lib.__file__, autograder.__file__],
        "refusals": [refusal(module, name) for module, name in asked["refusing"]],
        "missing": [[m, n] for m, n in asked["public"] if not hasattr(sys.modules[m], n)],
        "functions": len(functions),
        "found": sorted(found),
        "check": [autograder.check(len), autograder.check(len, hidden=True), autograder.progress("00")],
        "judge": refusal("autograder", "judge"),
        "modules": sorted(m for m in sys.modules if m.split(".")[0] in ("autograder", "course_lib")),
    },
    sys.stdout,
)
"""


def run_inside(edition: Path, script: str, asked: object) -> Any:
    """Run a script that imports the edition instead of the packages; return the JSON that it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(edition),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
    }
    command = [sys.executable, "-P", "-W", "error", "-c", script]
    done = subprocess.run(
        command,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=edition.parent,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def bodies_of(functions: list[Callable[..., Any]]) -> dict[str, list[Any]]:
    return {f.__name__: [f.__code__.co_code.hex(), list(f.__code__.co_names)] for f in functions}


def public_names(module: str) -> Iterator[Name]:
    path = ROOT / "course_lib" / f"{module}.py"
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and not statement.name.startswith("_"):
            yield f"course_lib.{module}", statement.name


@pytest.fixture(scope="module", params=list(EXERCISES))
def edition(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    lesson = str(request.param)
    path = tmp_path_factory.mktemp("editions") / lesson
    given, withheld = write_for(lesson, path)
    asked = {
        "imports": sorted(imports_of(lesson)),
        "refusing": [*map(place_of, withheld), *(name for module in ONLY_NAMES for name in public_names(module))],
        "public": [name for file in (ROOT / "course_lib").glob("[a-z]*.py") for name in public_names(file.stem)],
        "bodies": bodies_of([exercise.reference for exercise in withheld]),
    }
    return Edition(lesson, path, given, withheld, run_inside(path, INSIDE, asked))


def cells_of(lesson: str) -> list[Any]:
    notebook = nbformat.read(ROOT / "notebooks" / lesson / f"{lesson}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def imports_of(lesson: str) -> set[str]:
    return {
        ast.unparse(node)
        for cell in cells_of(lesson)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }


def test_the_packages_of_the_edition_come_before_installed_ones(edition: Edition) -> None:
    assert edition.report["places"] == [str(edition.path / p / "__init__.py") for p in ("course_lib", "autograder")]


def test_every_public_name_exists_and_a_withheld_function_says_why_it_does_nothing(edition: Edition) -> None:
    refusals = edition.report["refusals"]
    assert edition.report["missing"] == []
    assert len(refusals) > len(edition.withheld)
    assert [text for text in refusals if "is left out while a submission is graded" not in str(text)] == []
    assert refusals[0].split()[0] == edition.withheld[0].name


def test_the_grader_in_it_judges_nothing_and_says_so(edition: Edition) -> None:
    assert edition.report["check"] == [0.0, 0.0, None]
    assert edition.report["judge"].endswith("answers are judged from outside, after the notebook has run")


def test_no_withheld_answer_is_an_object_in_a_process_that_imported_everything(edition: Edition) -> None:
    assert edition.report["functions"] > 1000
    assert edition.report["found"] == []


def test_an_answer_in_the_process_is_found_by_this_search(tmp_path: Path) -> None:
    given, _ = write_for("01_sigmoid_saturation", tmp_path / "edition")
    bodies = bodies_of([exercise.reference for exercise in given])
    report = run_inside(tmp_path / "edition", INSIDE, {"imports": [], "refusing": [], "public": [], "bodies": bodies})
    assert report["found"] == sorted(exercise.name for exercise in given)


def test_nothing_of_the_judge_or_the_exercises_is_in_the_edition(edition: Edition) -> None:
    assert [m for m in edition.report["modules"] if m.startswith("autograder.exercises")] == []
    files = {path.relative_to(edition.path).as_posix() for path in (edition.path / "autograder").rglob("*.py")}
    assert {f for f in files if not f.startswith("autograder/running/")} == {
        "autograder/__init__.py",
        "autograder/errors.py",
        "autograder/judging/__init__.py",
        "autograder/judging/calls.py",
        "autograder/judging/encoding.py",
    }
    for path in edition.path.rglob("*.py"):
        assert "autograder.exercises" not in path.read_text(encoding="utf-8"), path


def test_the_kernels_side_is_copied_without_changes(edition: Edition) -> None:
    copies = [path for path in (edition.path / "autograder").rglob("*.py") if path.name != "__init__.py"]
    assert {"zygote.py", "function_server.py", "wire.py", "calls.py"} <= {path.name for path in copies}
    for path in copies:
        assert path.read_bytes() == (ROOT / path.relative_to(edition.path)).read_bytes(), path


def lines_in(text: str) -> set[str]:
    """Return the lines that are long enough to identify their source, with single spaces between words."""
    return {line for line in (" ".join(line.split()) for line in text.splitlines()) if len(line) > 25}


def sources_of(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield "\n".join(text.splitlines()[node.body[0].lineno - 1 : node.end_lineno])


def test_no_line_of_a_withheld_answer_or_of_the_engine_is_in_any_file(edition: Edition) -> None:
    secret = set().union(*(lines_in(inspect.getsource(e.reference)) for e in edition.withheld))
    for module in ONLY_NAMES:
        secret |= set().union(*map(lines_in, sources_of(ROOT / "course_lib" / f"{module}.py")))
    known = set().union(*(lines_in(inspect.getsource(e.reference)) for e in edition.given))
    known |= set().union(*(lines_in((ROOT / "course_lib" / f).read_text(encoding="utf-8")) for f in KEPT_AS_THEY_ARE))
    assert len(secret - known) > 200
    for path in edition.path.rglob("*"):
        if path.is_file():
            assert (secret - known) & lines_in(path.read_bytes().decode("utf-8", "replace")) == set(), path


def test_no_file_is_compiled_and_everything_generated_says_so_in_its_first_line(edition: Edition) -> None:
    copied = {*KEPT_AS_THEY_ARE, "__init__.py", "data/__init__.py"}
    assert list(edition.path.rglob("*.pyc")) == []
    for path in (edition.path / "course_lib").rglob("*.py"):
        name = path.relative_to(edition.path / "course_lib").as_posix()
        if name in copied:
            assert path.read_bytes() == (ROOT / "course_lib" / name).read_bytes()
        else:
            assert path.read_text(encoding="utf-8").startswith("# Student edition: generated, do not edit.\n"), name


def ours() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("autograder", "course_lib")}


@contextmanager
def imported_from(edition: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Import the edition's packages in this process, which has the references too; remove them afterwards."""
    before = ours()
    with monkeypatch.context() as patch, mpl.rc_context():
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.syspath_prepend(edition)
        for name in before:
            del sys.modules[name]
        try:
            yield
        finally:
            for name in ours():
                del sys.modules[name]
            sys.modules.update(before)


def assert_the_same_function(exercise: Exercise, function: Callable[..., Any]) -> None:
    assert function is not exercise.reference
    for part in exercise.parts:
        for case in part.cases(np.random.default_rng(0)):
            results = []
            for either in (function, exercise.reference):
                args, kwargs = copy.deepcopy((case.args, case.kwargs))
                with np.errstate(all="ignore"):
                    results.append(either(*args, **kwargs))
            np.testing.assert_equal(*results)


def test_a_given_function_computes_what_the_reference_computes(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    for exercise in edition.given:
        with imported_from(edition.path, monkeypatch):
            module, name = place_of(exercise)
            function = getattr(importlib.import_module(module), name)
            assert str(edition.path) in inspect.getfile(function)
        assert_the_same_function(exercise, function)


def test_a_solved_lesson_needs_nothing_but_its_edition(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    space: dict[str, Any] = {}
    cells = cells_of(edition.lesson)
    needed = [c for c in cells if c.id == "setup" or c.metadata.get("nbgrader", {}).get("solution")]
    with imported_from(edition.path, monkeypatch):
        for cell in needed:
            exec(cell.source, space)
        for exercise in EXERCISES[edition.lesson]:
            assert_the_same_function(exercise, space[exercise.name])


def test_an_edition_is_the_same_every_time_and_differs_between_lessons(edition: Edition, tmp_path: Path) -> None:
    write_for(edition.lesson, tmp_path / "again")
    assert edition_hash(tmp_path / "again") == edition_hash(edition.path)
    (other,) = [name for name in EXERCISES if name[:2] == f"{(int(edition.lesson[:2]) + 1) % 8:02}"]
    write_for(other, tmp_path / "other")
    assert edition_hash(tmp_path / "other") != edition_hash(edition.path)


def test_a_hash_distinguishes_names_from_contents(tmp_path: Path) -> None:
    for folder, name, content in (("a", "ab", "c"), ("b", "a", "bc"), ("c", "ab", "c")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(content)
    assert edition_hash(tmp_path / "a") != edition_hash(tmp_path / "b")
    assert edition_hash(tmp_path / "a") == edition_hash(tmp_path / "c")


def test_another_user_may_read_it_and_not_write_it_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        write_for("03_lu_activations", tmp_path / "edition")
    finally:
        os.umask(umask)
    for path in (tmp_path / "edition", *(tmp_path / "edition").rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_a_directory_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "left").write_text("over")
    with pytest.raises(EditionError, match="the directory of an edition must be empty"):
        write_for("00_gradients_you_can_trust", tmp_path)


SMALL_SITE = {
    "course_lib/__init__.py": "",
    "course_lib/arrays.py": "def as_float(a):\n    return a\n",
    "course_lib/plots.py": "from course_lib.arrays import as_float\n",
    "course_lib/data/__init__.py": "",
    "course_lib/data/table.txt": "1 2 3\n",
    "course_lib/batchnorm.py": "class BatchNormCache:\n    pass\n",
    "course_lib/early.py": "def given():\n    return 1\n",
    "course_lib/late.py": "def withheld():\n    return 'the answer'\n",
    "course_lib/networks.py": "def network():\n    return 'the answer'\n",
    "autograder/__init__.py": "__all__ = ['check', 'judge', 'progress']\n",
    "autograder/judging/calls.py": "",
    "autograder/running/kernel_side/function_server.py": "from autograder.judging import calls\n",
    "autograder/running/kernel_side/zygote.py": "from autograder.running.kernel_side import function_server\n",
}
GIVEN, WITHHELD = ("course_lib.early", "given"), ("course_lib.late", "withheld")


def small_edition(tmp_path: Path, changed: Mapping[str, str]) -> Path:
    """Write an edition of a small site with some unusual files."""
    for name, text in {**SMALL_SITE, **changed}.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    write_edition(tmp_path / "edition", given=[GIVEN], withheld=[WITHHELD], site=tmp_path / "site")
    return tmp_path / "edition"


def test_a_given_function_keeps_the_code_that_it_uses_and_nothing_else(tmp_path: Path) -> None:
    early = """\
'''A module.'''
import math
import os
from functools import cache
from course_lib.arrays import as_float

__all__ = ["given", "other"]
FACTOR = 2  # of something
UNUSED = {"other": 1}


@cache
def given(a=1):
    '''Do it.'''
    return _helper(as_float(a))  # at once


# The trick of other is os.urandom.
def other():
    '''Return os.urandom.'''
    return os.urandom


class Thing:
    secret = 1


class _Hidden:
    pass


def _helper(a):
    return FACTOR * math.pi * a
"""
    edition = small_edition(tmp_path, {"course_lib/early.py": early})
    text = (edition / "course_lib" / "early.py").read_text()
    before, error, *blocks = text.split("\n\n\n")
    assert before.splitlines() == [
        "# Student edition: generated, do not edit.",
        "",
        "import math",
        "from functools import cache",
        "from course_lib.arrays import as_float",
    ]
    assert error.startswith("class _LeftOutError(RuntimeError):")
    assert blocks == [
        "FACTOR = 2  # of something",
        "@cache\ndef given(a=1):\n    '''Do it.'''\n    return _helper(as_float(a))  # at once",
        'def other(*args, **kwargs):\n    raise _LeftOutError("other")',
        'class Thing:\n    def __init__(self, *args, **kwargs):\n        raise _LeftOutError("Thing")',
        "def _helper(a):\n    return FACTOR * math.pi * a\n",
    ]
    assert (edition / "course_lib" / "data" / "table.txt").read_text() == "1 2 3\n"


LATE = "from course_lib.late import withheld"


@pytest.mark.parametrize(
    ("modules", "problem"),
    [
        ({"early": f"{LATE}\ndef given():\n    return withheld()"}, r"reaches course_lib\.late\.withheld, which is"),
        (
            {"early": f"def given():\n    {LATE}\n    return withheld()"},
            r"reaches course_lib\.late\.withheld, which is",
        ),
        (
            {"early": f"{LATE} as w\ndef given():\n    return _h()\ndef _h():\n    return w()"},
            r"reaches course_lib\.late",
        ),
        (
            {"early": f"{LATE}\nALL = {{1: withheld}}\ndef given(a=ALL):\n    pass"},
            r"late\.withheld, which is withheld",
        ),
        (
            {
                "early": "from course_lib.late import helper\ndef given():\n    helper()",
                "late": "def helper():\n    return withheld()\ndef withheld():\n    pass",
            },
            r"course_lib\.early\.given cannot be given: it reaches course_lib\.late\.withheld, which is withheld",
        ),
        (
            {"early": "from course_lib import late\ndef given():\n    return late.withheld()"},
            r"course_lib\.early\.given cannot be given: it reaches all of course_lib\.late",
        ),
        (
            {"early": "import course_lib.late as late\ndef given():\n    return late.withheld()"},
            r"course_lib\.early\.given cannot be given: it reaches all of course_lib\.late",
        ),
        (
            {"early": "from course_lib.networks import network\ndef given():\n    return network()"},
            r"reaches network of course_lib\.networks, which is no definition in a module that holds answers",
        ),
        ({"early": "from course_lib.late import *\ndef given():\n    pass"}, "imports must be absolute and by name"),
        ({"early": "from .late import withheld\ndef given():\n    pass"}, "imports must be absolute and by name"),
        ({"early": "from course_lib.arrays import as_float as given"}, r"must be defined .* \(got course_lib\.early"),
        ({"arrays": LATE}, r"course_lib\.arrays is copied as it is, so it must not import course_lib\.late"),
        ({"data/__init__": "from course_lib import late"}, r"course_lib\.data is copied as it is, .* course_lib\.late"),
        ({"batchnorm": ""}, r"must be defined in a module of course_lib \(got course_lib\.batchnorm\.BatchNormCache"),
    ],
)
def test_an_edition_that_would_hold_an_answer_is_refused(tmp_path: Path, modules: dict[str, str], problem: str) -> None:
    with pytest.raises(EditionError, match=problem):
        small_edition(tmp_path, {f"course_lib/{name}.py": text for name, text in modules.items()})
    assert not (tmp_path / "edition").exists()


def test_an_answer_in_a_module_that_is_copied_without_changes_is_refused(tmp_path: Path) -> None:
    small_edition(tmp_path, {})
    answer = ("course_lib.arrays", "as_float")
    with pytest.raises(EditionError, match=r"course_lib\.arrays is copied as it is, so it must hold no answer"):
        write_edition(tmp_path / "other", given=[], withheld=[answer], site=tmp_path / "site")


@pytest.mark.parametrize("module", ["autograder.judging.judge", "autograder.exercises", "course_lib.networks"])
def test_a_kernels_side_that_imports_the_judge_is_refused(tmp_path: Path, module: str) -> None:
    server = "autograder/running/kernel_side/function_server.py"
    with pytest.raises(EditionError, match=rf"server runs in the kernel's process, so it must not import {module}"):
        small_edition(tmp_path, {server: f"def late():\n    import {module}\n"})


def test_a_kernels_side_without_its_modules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        EditionError, match=r"the kernel's side must have the module autograder\.running\.sandbox\.gone"
    ):
        small_edition(tmp_path, {"autograder/running/kernel_side/zygote.py": "import autograder.running.sandbox.gone"})
