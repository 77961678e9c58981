"""Write the student edition: the modules that a submission may import while it is graded, without its answers.

A submission can read every file and every object in its kernel, so hiding an answer does not work: it must be absent.
The edition is therefore built from an allow-list. It contains the answers of earlier lessons and the definitions that
these use. Everything else is replaced by stubs, so that a lesson's imports still work.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import marshal
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import EditionError

Name = tuple[str, str]  # a module and a name in it, such as ("course_lib.activations", "sigmoid")

SITE = Path(__file__).resolve().parents[3]  # holds the packages that the edition is made from
HEADER = "# Student edition: generated, do not edit.\n"
# Copied unchanged: their functions check, draw and load arrays and answer no exercise.
WHOLE = ("course_lib", "course_lib.arrays", "course_lib.plots", "course_lib.data")
# Kept in every edition, as the text of an exercise tells students to import it.
ALWAYS: Name = ("course_lib.batchnorm", "BatchNormCache")
# The entry modules of the kernel's process; COPIED and COPIED_ROOMS are the modules of the grader that they may import.
ENTRIES = ("autograder.running.kernel_side.zygote", "autograder.running.kernel_side.function_server")
COPIED = ("autograder.errors", "autograder.judging.calls", "autograder.judging.encoding", "autograder.running.wire")
COPIED_ROOMS = ("autograder.running.kernel_side.", "autograder.running.sandbox.")

_PROJECT = ("course_lib", "autograder")
LEFT_OUT = "is left out while a submission is graded"  # in the text of every error that a stub raises
_ABSENT = f"{LEFT_OUT}: an answer does without what lessons ask for or experiment with"
_OUTSIDE = f"{LEFT_OUT}: answers are judged from outside, after the notebook has run"
_FRONT = '''def check(function, *, hidden=False):
    """Judge nothing: answers are judged from outside, after the notebook has run."""
    return 0.0


def progress(lesson):
    """Show nothing: there is nobody to look at it."""'''

_ERROR = """class _LeftOutError(RuntimeError):
    def __init__(self, name):
        super().__init__(f"{name} TEXT")

    def _render_traceback_(self):  # IPython's own takes longer than most cells, and nobody is shown it
        return [str(self)]"""


@dataclass(frozen=True)
class _Module:
    """A module of `course_lib`, parsed but not executed.

    Attributes
    ----------
    path : Path
    text : str
    body : list of ast.stmt
    defined : dict
        For each name that is bound at top level, the statements that bind it.
    imported : dict
        For each imported name, its module and its name in it; the name is "" for the module itself.
    """

    path: Path
    text: str
    body: list[ast.stmt]
    defined: dict[str, list[ast.stmt]]
    imported: dict[str, Name]


_Modules = Mapping[str, _Module]


def write_edition(directory: Path, *, given: Iterable[Name], withheld: Iterable[Name], site: Path = SITE) -> None:
    """Write the parts of `course_lib` and `autograder` that submissions of one lesson may use.

    Parameters
    ----------
    directory : Path
        Created if it does not exist; must be empty. All users may read the files.
    given : iterable of (module, name)
        The answers of earlier lessons.
    withheld : iterable of (module, name)
        The answers of this lesson and of later ones.
    site : Path
        Contains the packages `course_lib` and `autograder`.

    Raises
    ------
    EditionError
        If an import of `course_lib` is relative or has a `*`, or a module that is copied as it is imports one that is
        not.
    """
    _write(directory, {**_course_lib(site, set(given), set(withheld)), **_autograder(site)})


def write_laboratory(directory: Path, *, site: Path = SITE) -> None:
    """Write all of `course_lib` as bytecode without docstrings, for experiments in a kernel that is never judged.

    Parameters
    ----------
    directory : Path
        Created if it does not exist; must be empty. All users may read the files.
    site : Path
        Contains the packages.

    Raises
    ------
    EditionError
        If the directory is not empty, or a module of the kernel's side is missing or must not be in the edition.
    """
    files = _autograder(site)
    for path in sorted((site / "course_lib").rglob("*")):
        if path.suffix == ".py":
            code = compile(path.read_bytes(), path.name, "exec", dont_inherit=True, optimize=2)
            header = importlib.util.MAGIC_NUMBER + bytes(12)  # zeros: Python does not compare it with a source file
            files[path.relative_to(site).with_suffix(".pyc").as_posix()] = header + marshal.dumps(code)
        elif path.is_file() and "__pycache__" not in path.parts:
            files[path.relative_to(site).as_posix()] = path.read_bytes()
    _write(directory, files)


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise EditionError(f"the directory of an edition must be empty (got {directory})")
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for path in (directory, *directory.rglob("*")):  # another user reads the files, so the umask must not count
        path.chmod(0o755 if path.is_dir() else 0o644)


def edition_hash(directory: Path) -> str:
    """Return the SHA-256 of the names and contents of all files in a directory.

    Parameters
    ----------
    directory : Path

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    files = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    total = hashlib.sha256()
    for name, path in sorted(files.items()):
        for part in (name.encode(), path.read_bytes()):
            # Hashes have a fixed length, so the boundary between a name and a content is unambiguous.
            total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


def _course_lib(site: Path, given: Collection[Name], withheld: Collection[Name]) -> dict[str, bytes]:
    modules = dict(_read_all(site / "course_lib"))
    _refuse_unknown(modules, (*given, *withheld, ALWAYS))
    _refuse_whole_modules_that_import_others(modules)
    kept = _closure(modules, given, withheld)
    paths = [p for p in (site / "course_lib" / "data").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    files = {path.relative_to(site).as_posix(): path.read_bytes() for path in paths}
    for name, module in modules.items():
        text = module.text if _is_whole(name) else _generated(module, {n for home, n in kept if home == name})
        files[module.path.relative_to(site).as_posix()] = text.encode()
    return files


def _read_all(package: Path) -> Iterator[tuple[str, _Module]]:
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text, filename=str(path))
        defined: dict[str, list[ast.stmt]] = {}
        for statement in tree.body:
            for name in _bound_by(statement):
                defined.setdefault(name, []).append(statement)
        imported = {here: (module, name) for module, name, here in _imports(tree)}
        parts = path.relative_to(package.parent).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), _Module(path, text, tree.body, defined, imported)


def _bound_by(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def _imports(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """Yield every import, also inside functions, as (module, name, bound name).

    The name is "" if the module itself is imported.

    Raises
    ------
    EditionError
        If an import is relative or has a `*`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", _name_here(alias)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level or any(alias.name == "*" for alias in node.names):
                raise EditionError(f"imports must be absolute and by name (got {ast.unparse(node)})")
            yield from ((str(node.module), alias.name, _name_here(alias)) for alias in node.names)


def _name_here(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _is_whole(module: str) -> bool:
    return module in WHOLE or module.startswith("course_lib.data.")


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in _PROJECT


def _origin(modules: _Modules, module: str, name: str) -> Name:
    """Return the module and the name that an import refers to.

    The name is "" if it refers to a module, as in `from course_lib import plots`.
    """
    return (f"{module}.{name}", "") if f"{module}.{name}" in modules else (module, name)


def _refuse_unknown(modules: _Modules, answers: Iterable[Name]) -> None:
    for module, name in sorted(answers):
        if module not in modules or name not in modules[module].defined:
            raise EditionError(f"an answer must be defined in a module of course_lib (got {module}.{name})")
        if _is_whole(module):
            raise EditionError(f"{module} is copied as it is, so it must hold no answer (got {name})")


def _refuse_whole_modules_that_import_others(modules: _Modules) -> None:
    for whole in filter(_is_whole, modules):
        for imported in modules[whole].imported.values():
            module, _ = _origin(modules, *imported)
            if _is_ours(module) and not _is_whole(module):
                raise EditionError(f"{whole} is copied as it is, so it must not import {module}")


def _closure(modules: _Modules, given: Collection[Name], withheld: Collection[Name]) -> set[Name]:
    """Return the definitions to keep: the given answers, and all definitions that they use.

    Raises
    ------
    EditionError
        If a given answer uses a withheld one, or something of a module without answers.
    """
    homes = {module for module, _ in (*given, *withheld, ALWAYS)}
    kept: set[Name] = set()
    for root in sorted((*given, ALWAYS)):
        pending = [root]
        while pending:
            module, name = pending.pop()
            if (module, name) in kept or _is_whole(module):
                continue
            if (module, name) in withheld:
                raise EditionError(f"{'.'.join(root)} cannot be given: it reaches {module}.{name}, which is withheld")
            if module not in homes or name not in modules[module].defined:
                raise EditionError(
                    f"{'.'.join(root)} cannot be given: it reaches {name or 'all'} of {module}, "
                    "which is no definition in a module that holds answers"
                )
            kept.add((module, name))
            pending += _reached_by(modules, module, name)
    return kept


def _reached_by(modules: _Modules, module: str, name: str) -> Iterator[Name]:
    """Yield the project's definitions that a definition names, as (module, name).

    There may be too many, if a local variable has the name of a definition.
    """
    source = modules[module]
    for word in sorted(_words(source.defined[name])):
        if word in source.defined:
            yield module, word
        elif word in source.imported and _is_ours(source.imported[word][0]):
            yield _origin(modules, *source.imported[word])


def _words(statements: Iterable[ast.stmt]) -> set[str]:
    return {node.id for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _generated(module: _Module, kept: set[str]) -> str:
    """Return a module's new text: kept definitions unchanged, and stubs for other public functions and classes.

    `kept` are the names of the definitions to keep.
    """
    stays = [statement for statement in module.body if kept & set(_bound_by(statement))]
    words = _words(stays)
    lines = module.text.splitlines()
    imports, blocks = [], []
    for statement in module.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports += _import_of(statement, words)
        elif statement in stays:
            first = min(node.lineno for node in (*getattr(statement, "decorator_list", ()), statement))
            blocks.append("\n".join(lines[first - 1 : statement.end_lineno]))
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef) and not statement.name.startswith("_"):
            blocks.append(_stub(statement.name, is_class=isinstance(statement, ast.ClassDef)))
    return "\n\n\n".join(["\n".join([HEADER, *imports]), _error(_ABSENT), *blocks]) + "\n"


def _import_of(statement: ast.Import | ast.ImportFrom, words: Collection[str]) -> list[str]:
    """Return the import statement without the names that are not used, as a list of at most one text.

    The list is empty if no name is used. `words` are the used names.
    """
    future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    names = [alias for alias in statement.names if future or _name_here(alias) in words]
    if not names:
        return []
    if isinstance(statement, ast.Import):
        return [ast.unparse(ast.Import(names))]
    return [ast.unparse(ast.ImportFrom(statement.module, names, 0))]


def _error(text: str) -> str:
    return _ERROR.replace("TEXT", text)


def _stub(name: str, *, is_class: bool) -> str:
    refusal = f'raise _LeftOutError("{name}")'
    if is_class:
        return f"class {name}:\n    def __init__(self, *args, **kwargs):\n        {refusal}"
    return f"def {name}(*args, **kwargs):\n    {refusal}"


def _autograder(site: Path) -> dict[str, bytes]:
    """Return the grader's files by name: a front end without a judge, and the modules of the kernel's process.

    Raises
    ------
    EditionError
        If a module is missing, or must not be in the edition.
    """
    rooms = ("judging", "running", "running/kernel_side", "running/sandbox")
    files = {f"autograder/{room}/__init__.py": HEADER.encode() for room in rooms}
    files["autograder/__init__.py"] = _front_end(site / "autograder" / "__init__.py").encode()
    pending = list(ENTRIES)
    while pending:
        module = pending.pop()
        path = site / f"{module.replace('.', '/')}.py"
        if not path.is_file():
            raise EditionError(f"the kernel's side must have the module {module} (no file {path})")
        name = path.relative_to(site).as_posix()
        if name not in files:
            files[name] = path.read_bytes()
            pending += _kernel_side_imports(site, module, path)
    return files


def _kernel_side_imports(site: Path, module: str, path: Path) -> Iterator[str]:
    """Yield the names of the grader's modules that a module imports; some may be repeated.

    Raises
    ------
    EditionError
        If it imports a module that must not be in the edition, or an import is relative or has a `*`.
    """
    for source, name, _ in _imports(ast.parse(path.read_bytes())):
        submodule = f"{source}.{name}"
        imported = submodule if (site / f"{submodule.replace('.', '/')}.py").is_file() else source
        if imported in COPIED or imported.startswith(COPIED_ROOMS):
            yield imported
        elif _is_ours(imported) and imported not in ("course_lib", ALWAYS[0]):
            raise EditionError(f"{module} runs in the kernel's process, so it must not import {imported}")


def _front_end(path: Path) -> str:
    """Return the text of the package `autograder` for notebooks: a check that judges nothing, and stubs."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    exported = next(ast.literal_eval(s.value) for s in body if isinstance(s, ast.Assign) and "__all__" in _bound_by(s))
    others = [name for name in exported if name not in ("check", "progress")]
    stubs = [_stub(name, is_class=not name.islower()) for name in others]
    return "\n\n\n".join(["\n".join([HEADER, f"__all__ = {exported}"]), _error(_OUTSIDE), _FRONT, *stubs]) + "\n"
