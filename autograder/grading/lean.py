"""Which cells have to run: an experiment that nobody's functions need can be left out."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

_BUILTINS = frozenset(vars(builtins))


def lean(notebook: Any, released: Collection[str], graded: Collection[int]) -> set[int]:
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
    names = {place: _names_of(cell.source) for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
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
    """What a cell does with global names."""

    imports: bool
    bound: frozenset[str]
    read: frozenset[str]


def _names_of(source: str) -> _Names | None:
    """Read a cell; `None` where it is no Python, so that nothing is known of it."""
    try:
        code = TransformerManager().transform_cell(source)
        tree = ast.parse(code)
        tables = list(_tables(symtable.symtable(code, "cell", "exec")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
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


def _tables(table: symtable.SymbolTable) -> Sequence[symtable.SymbolTable]:
    return [table, *(inner for child in table.get_children() for inner in _tables(child))]
