"""What a cell printed, put together as a terminal would show it.

nbclient does this too, in time that grows with the square of what was printed.
"""

from __future__ import annotations

from typing import Any


def joined(outputs: list[Any]) -> list[Any]:
    """Make one output of all that was printed to stdout and one of stderr, where each was first printed to.

    Parameters
    ----------
    outputs : list of NotebookNode
        Of one cell; those of streams are changed.
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
    """Let carriage returns and backspaces do what they do in a terminal: a progress bar is one line."""
    return "\n".join(map(_line, text.split("\n"))) if "\r" in text or "\b" in text else text


def _line(line: str) -> str:
    written = line.rstrip("\r")  # before the line's end, or the text's, it overwrites nothing
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
