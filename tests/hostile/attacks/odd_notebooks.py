"""Invalid and extreme notebooks: too many cells, too long, too deep, of other versions, incomplete."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile.attack import Attack
from nbformat.v4 import new_code_cell, new_markdown_cell
from support import cell_of


def many(number: int) -> Callable[[Any], None]:
    """Return an edit that adds cells; random ids would collide now and then among thousands."""
    cell = new_code_cell("pass")  # building a cell validates it, which is slow by the thousand
    return lambda notebook: notebook.cells.extend(type(cell)(cell, id=f"one-{i}") for i in range(number))


def rewrite(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Return a change of a notebook's JSON without nbformat, which would refuse or repair it."""

    def folder(path: Path) -> None:
        data = json.loads(path.read_text(encoding="utf-8"))
        changed = change(data)
        path.write_text(json.dumps(data if changed is None else changed), encoding="utf-8")

    return folder


def replace(old: bytes, new: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new))


def long_cell(length: int) -> Callable[[Path], None]:
    """Return a change that adds a cell of `length` bytes."""
    return replace(
        b'"cells": [',
        b'"cells": [{"cell_type": "markdown", "id": "long", "metadata": {}, "source": "' + b"x" * length + b'"}, ',
    )


def version(major: Any, minor: Any = 0) -> Callable[[Path], None]:
    return rewrite(lambda data: data.update(nbformat=major, nbformat_minor=minor))


def version_three(data: dict[str, Any]) -> dict[str, Any]:
    """Convert a notebook to the format of 2014."""
    cells = []
    for cell in data["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            old |= {"input": cell["source"], "language": "python", "outputs": [], "collapsed": False}
        else:
            old["source"] = cell["source"]
        cells.append(old)
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def each_cell(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    return rewrite(lambda data: [change(cell) for cell in data["cells"]] and None)


def bad(folder: Callable[[Path], object], says: str = "damaged") -> Attack:
    return Attack(folder=folder, says=says, fails=True)


DEEP_PYTHON = "(" * 5000 + "0" + ")" * 5000
ATTACKS = {
    "ten thousand cells": Attack(edit=many(10_000), says="at most 2000 cells", fails=True),
    "three hundred cells": Attack(edit=many(300), wrong=None),
    "a cell above the limit": bad(long_cell(50_000_000), says="must be smaller than 50 MB"),
    "code just below the limit": Attack(
        edit=lambda notebook: notebook.cells.append(new_code_cell("#" + "x" * 48_000_000)),
        says="characters of code",
        fails=True,
    ),
    "text of two million characters": Attack(folder=long_cell(2_000_000), wrong=None),
    "a surrogate without its partner": bad(
        replace(b"answer = 42", b"answer = 42 # \\\\ud800".replace(b"\\\\", b"\\")), says="half a character"
    ),
    "bytes that are not UTF-8": bad(replace(b"answer = 42", b"answer = 42 # \xff\xfe"), says="must be UTF-8"),
    "UTF-16": bad(lambda path: path.write_bytes(path.read_text().encode("utf-16")), says="must be UTF-8"),
    "a byte order mark": Attack(folder=lambda path: path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())),
    "lists in lists in lists": bad(lambda path: path.write_bytes(b"[" * 200_000 + b"]" * 200_000)),
    "metadata in metadata": bad(
        replace(b'"metadata": {', b'"metadata": {"x": ' + b'{"x": ' * 100_000 + b"1" + b"}" * 100_000 + b", ")
    ),
    "NaN and infinity in metadata": Attack(
        folder=rewrite(lambda data: data["metadata"].update(x=float("nan"), y=float("inf")))
    ),
    "a number of ten thousand digits": bad(replace(b'"nbformat": 4', b'"nbformat": ' + b"4" * 10_000)),
    "duplicate keys": bad(
        replace(b'"nbformat": 4', b'"nbformat": 3, "cells": [], "nbformat": 4'), says="has no cell of"
    ),
    "version 3": Attack(folder=rewrite(version_three), right=None),
    "version 2": bad(version(2)),
    "version 9": bad(version(9)),
    "version four": bad(version("four")),
    "no version at all": bad(rewrite(lambda data: {"cells": data["cells"]}), says="not a notebook"),
    "no cells": bad(rewrite(lambda data: data.pop("cells") and None)),
    "cells that are not a list": bad(rewrite(lambda data: data.update(cells={"0": 1}))),
    "a cell that is null": bad(rewrite(lambda data: data["cells"].append(None))),
    "cells without a type": bad(each_cell(lambda cell: cell.pop("cell_type"))),
    "cells of an unknown type": bad(each_cell(lambda cell: cell.update(cell_type="heading"))),
    "cells without metadata": bad(each_cell(lambda cell: cell.pop("metadata"))),
    "cells whose source is null": bad(each_cell(lambda cell: cell.update(source=None))),
    "a source of numbers": bad(each_cell(lambda cell: cell.update(source=[4.0, 4.0]))),
    "outputs that are text": bad(rewrite(lambda data: data["cells"][0].update(outputs="4.0"))),
    "a notebook that is null": bad(lambda path: path.write_text("null"), says="not a notebook"),
    "an empty file": bad(lambda path: path.write_bytes(b"")),
    "a file of zero bytes": bad(lambda path: path.write_bytes(bytes(100_000))),
    "Python that is too deep": Attack(code=DEEP_PYTHON),
    "Python that is too long": Attack(code="x = 1" + " + 1" * 20_000),
    "twenty thousand attributes": Attack(code="if False:\n    x" + ".x" * 20_000),
    "magics by the thousand": Attack(code="%time\n" * 5 + "# " + "%x ?y !z " * 3000, wrong=None),
    "a cell of magics": Attack(edit=lambda notebook: notebook.cells.append(new_code_cell("%pwd\n" * 450)), wrong=None),
    "control characters": Attack(
        code="# \x00\x01\x1b[2J\x7f".replace("\x00", "") + "\u202e\u2028\u0085\ufeff\nprint('\x1b[31m4.0')", says="4.0"
    ),
    "markup everywhere": Attack(
        edit=lambda notebook: notebook.cells.append(
            new_markdown_cell("</html><script>document.title='4'</script>" * 50 + "$" * 500)
        )
    ),
    "template syntax": Attack(
        edit=lambda notebook: cell_of(notebook, "written_saturation").update(
            source="{{ resources }} {% raw %} {{ ''.__class__ }}" * 20
        )
    ),
}
