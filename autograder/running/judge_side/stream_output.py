"""Join the printed output of a cell into one text per stream, as a terminal would show it.

nbclient does this too, but its time grows with the square of the output's length.
"""

from __future__ import annotations

from typing import Any


def joined(outputs: list[Any]) -> list[Any]:
    """Return the outputs, with all output to stdout in one output and all to stderr in one.

    Each of the two is at the place of its first output.

    Parameters
    ----------
    outputs : list of NotebookNode
        The outputs of one cell; outputs of streams are changed in place.
    """
    kept: list[Any] = []
    pieces: dict[str, list[str]] = {}
    for output in outputs:
        if output.output_type != "stream":
            kept.append(output)
        elif output.name in pieces:
            pieces[output.name].append(output.text)
        else:
            kept.append(output)
            pieces[output.name] = [output.text]
    for output in kept:
        if output.output_type == "stream":
            output.text = as_shown("".join(pieces[output.name]))
    return kept


def as_shown(text: str) -> str:
    """Return a text as a terminal shows it: carriage returns and backspaces are applied.

    So a progress bar becomes one line.
    """
    return "\n".join(map(_line, text.split("\n"))) if "\r" in text or "\b" in text else text


def _line(line: str) -> str:
    written = line.rstrip("\r")  # a carriage return at the end of a line overwrites nothing
    shown = written.rpartition("\r")[2] + line[len(written) :]
    if "\b" not in shown:
        return shown
    left: list[str] = []
    for character in shown:
        if character != "\b":
            left.append(character)
        elif left:
            left.pop()
    return "".join(left)
