"""Select the cells that must run: an experiment that the judged functions do not need is left out."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_BUILTINS = frozenset(vars(builtins))
_MAX_CHARACTERS = 1_000_000  # characters of a notebook that are read; a lesson has 30,000


def cells_to_run(notebook: Any, released: Collection[str], graded: Collection[int]) -> set[int]:
    """Return the cells that must run so that the functions can be judged.

    An unchanged experiment is left out, unless it imports something, or binds a name that is read by code that runs.
    All cells that the student changed or added run.

    Parameters
    ----------
    notebook : NotebookNode
    released : collection of str
        Source texts of the released code cells, without graded cells.
    graded : collection of int
        Indices of solutions and tests, which always run.

    Returns
    -------
    set of int
        Indices of the cells.
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
    """A budget of characters to parse, so that a submission cannot make the parsing slow."""

    def __init__(self) -> None:
        self._left = _MAX_CHARACTERS

    def allows(self, characters: int) -> bool:
        """Subtract `characters`, a number, from the budget.

        Return whether the budget is still enough.
        """
        self._left -= characters
        return self._left >= 0


@lru_cache(maxsize=300)
def _names_of_released(source: str) -> _Names | None:
    """Return the names of an unchanged cell; `None`, for unknown, if it is not Python or exceeds the budget.

    The result is cached, as most students of a class have the same cells.
    """
    return _names_of(source, _Effort())


def _names_of(source: str, effort: _Effort) -> _Names | None:
    """Return the names of a cell; `None`, for unknown, if it is not Python or exceeds the budget."""
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
    """Return a cell as Python code without magics; its source if it has none.

    IPython parses the whole cell again for each magic, so the budget is charged for each.

    Raises
    ------
    SyntaxError
        If the budget is not enough.
    """
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
