"""Docstrings begin with a verb, and no text of the project uses the words that a non-native reader stumbles over."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

# Rooms whose text is done: files, or folders with everything below them. A room is added when its text passes.
DONE = (
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "autograder",
    "benchmarks",
    "course_lib",
    "docs",
    "examples/demo.py",
    "tests",
)
_VERBS = """
Abort Accept Acquire Activate Add Adjust Allocate Allow Answer Append Apply Ask Assert Assign Attach Bind Block Build
Cache Calculate Call Cancel Change Check Choose Clean Clear Clip Close Collect Combine Compare Compile
Complete Compute Configure Confine Connect Construct Convert Copy Count Create Cut Decide Declare Decode
Decorate Define Delay Delete Derive Describe Detect Determine Diagnose Differentiate Disable Discard Disconnect Display
Divide Download Draw Drop Enable Encode End Ensure Enter Escape Estimate Evaluate Exclude Execute Exit
Explain Export Express Extend Extract Fail Fetch Fill Filter Find Finish Fit Flatten Flush Fold Follow Forget Fork
Format Forward Generate Get Grade Group Handle Hash Hide Hold Identify Ignore Implement Import Include
Increase Index Initialize Insert Inspect Install Interrupt Iterate Join Judge Keep Kill Label Launch Leave
Limit Link List Listen Load Locate Lock Log Look Make Map Mark Match Measure Merge Modify Monitor Mount Move
Multiply Name Normalize Note Notify Open Order Override Parse Pass Pause Permit Pick Plot Post Predict
Prefetch Prepare Prevent Print Process Produce Prove Provide Publish Push Put Query Quote Raise Rank Read
Rebuild Receive Recognize Record Recover Redirect Reduce Refuse Register Reject Release Reload Remember
Remove Rename Render Repeat Replace Report Request Require Reset Resolve Restart Restore Restrict Resume
Retry Return Reuse Reverse Rewrite Round Run Sample Save Scale Scan Schedule Search Select Send Separate
Serialize Serve Set Share Shift Show Shuffle Shut Simulate Skip Solve Sort Split Standardize Start Step Stop
Store Strip Subtract Summarize Supply Suspend Switch Take Terminate Test Time Total Trace Train Transform
Translate Transpose Trim Truncate Try Turn Unlock Unpack Update Upload Use Validate Verify Wait Wake Walk
Warm Warn Watch Weigh Whiten Wrap Write Yield
"""
VERBS = set(_VERBS.split())
REFUSED = {"Give", "Tell", "Say", "Have", "Let", "Be", "What", "Whether", "Where", "How"}
WORDS = {
    r"whoever": "name the person or the process",
    r"nobody": "name who does not: no student, no process",
    r"what came": "name the thing: the message, the result",
    r"(?:stands?|stood)(?!-)": "'is', 'are' or 'means'",
    r"(?:goes|go|going|went) on": "'continue'",
    r"on (?:its|their) way": "'sent', 'pending' or 'in the queue'",
    r"without a word": "'silently'",
    r"(?:lets?|letting) (?:\w+ )?go": "'release', 'discard' or 'remove'",
}
PATTERNS = {
    re.compile(rf"\b{word.replace(' ', chr(92) + 's+')}\b", re.IGNORECASE): plain for word, plain in WORDS.items()
}
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def files_of(rooms: tuple[str, ...]) -> list[Path]:
    """List the Python files and pages of some rooms."""
    found: list[Path] = []
    for room in rooms:
        path = ROOT / room
        found += [path] if path.is_file() else [f for end in ("py", "md") for f in sorted(path.rglob(f"*.{end}"))]
    return [path for path in found if "_build" not in path.parts]


def first_words(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, word and advice for each docstring that begins with a wrong word."""
    for node in ast.walk(ast.parse(text)):
        docstring = ast.get_docstring(node) if isinstance(node, Documented) else None
        if not docstring:
            continue
        word = docstring.split()[0].rstrip(":,.;")
        line = node.body[0].lineno
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if word not in VERBS:
                yield line, word, "a verb of VERBS as first word, such as Return, Check, Create, Write"
        elif word in REFUSED:
            yield line, word, "a noun phrase that names the thing"


def texts_of(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Yield first line and text of each docstring, block of comments and test name, or of a whole page without code."""
    if path.suffix == ".md":
        blank = re.sub(r"^(```|~~~).*?^\1", lambda m: "\n" * m[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)
        yield 1, re.sub(r"`[^`\n]*`", "", blank)
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Documented) and ast.get_docstring(node):
            yield node.body[0].lineno, node.body[0].value.value  # type: ignore[attr-defined]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.replace("_", " ")
    block: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            if block and block[-1][0] != line - 1:
                yield block[0][0], "\n".join(part for _, part in block)
                block = []
            block.append((line, token.string.lstrip("# ")))
    if block:
        yield block[0][0], "\n".join(part for _, part in block)


def offences(path: Path, text: str) -> list[str]:
    """List what is to be said in other words, in the form `file:line: word: use …`."""
    found = list(first_words(text)) if path.suffix == ".py" else []
    for first, part in texts_of(path, text):
        for pattern, plain in PATTERNS.items():
            for match in pattern.finditer(part):
                line = first + part[: match.start()].count("\n")
                found.append((line, " ".join(match[0].split()), plain))
    return [f"{path}:{line}: {word}: use {plain}" for line, word, plain in sorted(found)]


@pytest.mark.parametrize("path", files_of(DONE), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_texts_use_plain_words(path: Path) -> None:
    assert offences(path.relative_to(ROOT), path.read_text(encoding="utf-8")) == []


def test_a_room_that_is_done_exists() -> None:
    assert [room for room in DONE if not files_of((room,))] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""How fast it is."""', "1: How: use a noun phrase"),
        ('class A:\n    """What it holds."""', "2: What: use a noun phrase"),
        ('def f():\n    """Give a number."""', "2: Give: use a verb"),
        ('def f():\n    """Mean of a number."""', "2: Mean: use a verb"),
        (
            'class A:\n    def f(self):\n        """Return it.\n\n        It stands\n        alone."""',
            "5: stands: use 'is'",
        ),
        ("# who\n# ever\nx = 1  # it goes\n# on", "3: goes on: use 'continue'"),
        ("def test_it_lets_it_go(): ...", "1: lets it go: use 'release'"),
    ],
)
def test_a_wrong_word_in_a_module_is_reported_with_its_line(text: str, expected: str) -> None:
    (message,) = offences(Path("a.py"), text)
    assert message.startswith(f"a.py:{expected}")


@pytest.mark.parametrize(
    "text",
    [
        '"""A list of names."""',
        'def f():\n    """Return a number: whatever a reader understands of a stand-in."""',
        'x = "nobody"  # a value, not a text for readers',
        "def go_on(): ...",
    ],
)
def test_plain_words_and_values_pass(text: str) -> None:
    assert offences(Path("a.py"), text) == []


def test_a_page_is_read_without_its_code() -> None:
    page = "Run it.\n```console\nsu nobody\n```\nThe user `nobody` owns\nwhat\ncame back."
    assert offences(Path("a.md"), page) == ["a.md:6: what came: use name the thing: the message, the result"]
