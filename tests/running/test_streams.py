"""Printed text as a terminal shows it."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_output

from autograder.running.judge_side.stream_output import as_shown, joined


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("one\ntwo\n", "one\ntwo\n"),
        ("10%\r50%\r100%\ndone\n", "100%\ndone\n"),
        ("10%\r50%", "50%"),
        ("windows\r\nlines\r\n", "windows\r\nlines\r\n"),
        ("half\r", "half\r"),
        ("abc\b\bd", "ad"),
        ("\b\b\bx\n\by", "x\ny"),
        ("", ""),
    ],
)
def test_carriage_returns_and_backspaces_do_what_they_do_in_a_terminal(printed: str, shown: str) -> None:
    assert as_shown(printed) == shown


def test_what_was_printed_piece_by_piece_is_one_output_of_each_stream() -> None:
    figure = new_output("display_data", {"text/plain": "figure"})
    pieces = [
        *(new_output("stream", name="stdout", text="a"), new_output("stream", name="stderr", text="oh")),
        *(figure, new_output("stream", name="stdout", text="b\rc"), new_output("stream", name="stderr", text=" no")),
    ]
    out, err, shown = joined(pieces)
    assert (out.name, out.text) == ("stdout", "c")
    assert (err.name, err.text) == ("stderr", "oh no")
    assert shown is figure
