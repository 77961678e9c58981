"""Style the HTML of cards: colours, boxes, tables and code; every style is an attribute of its tag.

Jupyter removes style sheets from notebooks that are not trusted. Text has the page's own colour, so that a card can be
read on a light and on a dark page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

# Colour-blind readers can distinguish these, on white and on black.
GREEN, ORANGE, BLUE = "#009E73", "#D55E00", "#3A8FC8"
CELL = "padding:3px 12px 3px 0;text-align:left;vertical-align:top;border:0;background:transparent;color:inherit"
CODE = "font-family:var(--jp-code-font-family,monospace);background:rgba(128,128,128,.14);padding:0 4px"
PRE = "max-height:16em;overflow:auto;margin:6px 0;padding:6px;background:rgba(128,128,128,.10);color:inherit"
_TABLE = "border-collapse:collapse;margin:6px 0;border:0;font-size:inherit"


def box(name: str, colour: str, blocks: Iterable[str]) -> str:
    """Return a card with blocks of HTML in it; screen readers announce it by `name`."""
    return (
        f'<div role="group" aria-label="{escape(name)}" style="max-width:680px;'
        f"border:1px solid rgba(128,128,128,.35);border-left:5px solid {colour};border-radius:4px;"
        f'padding:10px 14px;margin:6px 0;color:inherit;line-height:1.45">{"".join(blocks)}</div>'
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as HTML; heads and cells are HTML already."""
    head = "".join(f'<th scope="col" style="{CELL};font-weight:600">{text}</th>' for text in heads)
    return f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{"".join(map(_row, rows))}</tbody></table>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names and values below each other as HTML; both are given as plain text. "" if there are none."""
    rows = "".join(
        f'<tr style="background:transparent"><th scope="row" style="{CELL};font-weight:400;opacity:.75">{escape(name)}'
        f'</th><td style="{CELL};overflow-wrap:anywhere"><code style="{CODE}">{escape(text)}</code></td></tr>'
        for name, text in pairs
    )
    return f'<table style="{_TABLE}">{rows}</table>' if rows else ""


def prose(text: str) -> str:
    """Return a plain text as HTML, escaped, with the parts between backticks as code."""
    return re.sub(r"`([^`]+)`", rf'<code style="{CODE}">\1</code>', escape(text))


def paragraph(text: str) -> str:
    """Return a plain text as an HTML paragraph, formatted as by `prose`."""
    return f'<p style="margin:6px 0">{prose(text)}</p>'


def mark(*, written: bool, right: bool = False, points: float = 0) -> str:
    """Return a sign and a word or two for the state of an answer or a part, such as "✓ right"."""
    if not written:
        return "– open"
    if right:
        return "✓ right"
    return "◐ in part" if points else "✗ not yet"


def _row(cells: Sequence[str]) -> str:
    return f'<tr style="background:transparent">{"".join(f"""<td style="{CELL}">{cell}</td>""" for cell in cells)}</tr>'
