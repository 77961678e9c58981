"""Which cells have to run: an experiment that nobody's functions need can be left out."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_BUILTINS = frozenset(vars(builtins))
_MOST_EFFORT = 1_000_000  # characters of a notebook that are read; a lesson has 30,000


def cells_to_run(notebook: Any, released: Collection[str], graded: Collection[int]) -> set[int]:
    """Choose the cells that run when only functions are to be judged.

    An unchanged experiment stays out, unless it imports something, or binds a name that code which runs
    looks up. Whatever the student changed or added runs.

    Parameters
    ----------
    notebook : NotebookNode
    released : collection of str
        Texts of the code cells as they were handed out, other than graded ones.
    graded : collection of int
        Places of solutions and tests, which run in any case.

    Returns
    -------
    set of int
        Places.
    """
    effort = _Effort()
    code = {place: cell.source for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    names = {
        place: _names_of_released(source) if source in released else _names_of(source, effort)
        for place, source in code.items()
    }
    left_out = {
        place
        for place, used in names.items()
        if used is not None and place not in graded and notebook.cells[place].source in released and not used.imports
    }
    while True:
        looked_up = set[str]().union(*(used.read for place, used in names.items() if used and place not in left_out))
        needed = {place for place in left_out if (used := names[place]) and used.bound & looked_up}
        if not needed:
            return names.keys() - left_out
        left_out -= needed


@dataclass(frozen=True)
class _Names:
    """The global names that a cell binds and reads."""

    imports: bool
    bound: frozenset[str]
    read: frozenset[str]


class _Effort:
    """A budget of characters: reading a submission must not take long before it has even run."""

    def __init__(self) -> None:
        self._left = _MOST_EFFORT

    def allows(self, characters: int) -> bool:
        """Count characters that are about to be read; tell whether that is not too much."""
        self._left -= characters
        return self._left >= 0


@lru_cache(maxsize=300)
def _names_of_released(source: str) -> _Names | None:
    """Read a cell that most of a class have as it was handed out."""
    return _names_of(source, _Effort())


def _names_of(source: str, effort: _Effort) -> _Names | None:
    """Read a cell; `None` where it is no Python, or too much of it, so that nothing is known of it."""
    if not effort.allows(len(source)):
        return None
    try:
        code = _python_of(source, effort)
        tree = ast.parse(code)
        tables = list(_tables(symtable.symtable(code, "cell", "exec")))
    except (SyntaxError, ValueError, RuntimeError, MemoryError):  # RuntimeError: IPython gives up on too many magics
        return None
    bound, read = set(), set()
    for table in tables:
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            is_global = top or symbol.is_global()
            if is_global and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
            if is_global and symbol.is_referenced():
                read.add(symbol.get_name())
    imports = any(isinstance(statement, ast.Import | ast.ImportFrom) for statement in tree.body)
    return _Names(imports, frozenset(bound), frozenset(read - _BUILTINS))


def _python_of(source: str, effort: _Effort) -> str:
    """Return a cell without magics. IPython reads all of a cell again for each of them."""
    try:
        ast.parse(source)
    except SyntaxError:
        magics = 1 + sum(source.count(sign) for sign in "%!?")
        if not effort.allows(4 * magics * len(source)):
            raise
        from IPython.core.inputtransformer2 import TransformerManager

        return str(TransformerManager().transform_cell(source))
    return source


def _tables(table: symtable.SymbolTable) -> Sequence[symtable.SymbolTable]:
    return [table, *(inner for child in table.get_children() for inner in _tables(child))]
