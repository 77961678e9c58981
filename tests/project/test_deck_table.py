"""The table of the lecture's statements points to cells that exist, and every lesson is in it."""

from __future__ import annotations

import json
import re

from support import ROOT

TABLE = (ROOT / "docs" / "deck.md").read_text(encoding="utf-8")
PLACES = re.findall(r"\| (\d\d) · ((?:`[a-z0-9-]+`(?:, )?)+) \|", TABLE)


def test_every_place_is_a_cell_of_its_lesson() -> None:
    cells = {
        path.name[:2]: {cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
        for path in (ROOT / "notebooks").glob("*/*.ipynb")
    }
    assert len(PLACES) > 100
    for lesson, names in PLACES:
        for name in re.findall(r"`([a-z0-9-]+)`", names):
            assert name in cells[lesson], f"lesson {lesson} has no cell {name}"


def test_every_row_of_the_tables_names_a_place() -> None:
    rows = [line for line in TABLE.splitlines() if line.startswith("| ") and not line.startswith("| the deck says |")]
    rows = [row for row in rows if not row.startswith("| paper, figure |")]
    assert len(rows) == len(PLACES)


def test_every_lesson_is_in_the_table() -> None:
    assert {lesson for lesson, _ in PLACES} == {f"0{n}" for n in range(8)}
