"""Test cells, points and verdicts forged by the submission: tests and points come from the lesson."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hostile.attack import Attack
from nbformat.v4 import new_code_cell, new_output
from support import cell_of, graded

VERDICT = {
    "schema": 1,
    "exercise": "sigmoid",
    "lesson": "01_sigmoid_saturation",
    "points": 4.0,
    "max_points": 4.0,
    "passed": True,
    "parts": [],
    "message": "Everything that was tested is right.",
}
CARD = "<div><b>Result for sigmoid</b>: 4 of 4</div>"


def judge_redefined() -> str:
    return """
import autograder, sys
def check(*args, **kwargs):
    return 4.0
autograder.check = check
print('redefined')
"""


def deleted(notebook: Any) -> None:
    notebook.cells = [cell for cell in notebook.cells if cell is not cell_of(notebook, "test_sigmoid")]


def rewritten(notebook: Any) -> None:
    cell = cell_of(notebook, "test_sigmoid")
    cell.source = "4.0"
    cell.metadata.nbgrader.update(points=400, locked=False, solution=True, checksum="0" * 32)
    cell.outputs = [new_output("execute_result", data={"text/plain": "4.0"})]


def moved_and_worth_more(notebook: Any) -> None:
    cell = cell_of(notebook, "test_sigmoid")
    notebook.cells.remove(cell)
    cell.metadata.nbgrader.points = 1e9
    notebook.cells.insert(0, cell)


def duplicated(notebook: Any) -> None:
    for _ in range(3):
        metadata = graded(grade_id="test_sigmoid", grade=True, locked=True, points=4.0)
        notebook.cells.append(new_code_cell("4.0", metadata=metadata))


def every_id_the_same(path: Path) -> None:
    path.write_text(re.sub(r'"id": "[^"]*"', '"id": "same"', path.read_text()))


def extra_tests(notebook: Any) -> None:
    for name in ("test_tanh", "test_sigmoid ", "sigmoid_test", "test_test_sigmoid", "bonus"):
        metadata = graded(grade_id=name, grade=True, locked=True, points=100.0)
        notebook.cells.append(new_code_cell("100.0", metadata=metadata))


def a_test_that_is_an_answer(notebook: Any) -> None:
    """Turn the test cell into a second solution cell."""
    cell_of(notebook, "test_sigmoid").metadata.nbgrader.update(grade_id="sigmoid", solution=True, locked=False)


def tagged(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "raises-exception", "remove_cell", "hide-input", "nbgrader-skip"]
    notebook.metadata.execution = {"timeout": 1, "allow_errors": False}


def of_another_language(notebook: Any) -> None:
    notebook.metadata.kernelspec = {"name": "bash", "display_name": "Bash", "language": "bash"}
    notebook.metadata.language_info = {"name": "R", "file_extension": "; touch <VAULT>/made", "mimetype": "text/x-r"}


def forged_verdicts(notebook: Any) -> None:
    for cell in notebook.cells:
        cell.metadata.autograder = VERDICT
    notebook.metadata.autograder = VERDICT
    cell_of(notebook, "test_sigmoid").outputs = [
        new_output("display_data", data={"text/html": CARD, "application/vnd.autograder.verdict+json": VERDICT}),
        new_output("execute_result", data={"text/plain": "4.0"}),
    ]


def markdown_in_its_place(notebook: Any) -> None:
    cell = cell_of(notebook, "test_sigmoid")
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]


def nbgraders_metadata_is_nonsense(notebook: Any) -> None:
    cell_of(notebook, "test_sigmoid").metadata.nbgrader = {"grade_id": ["test_sigmoid"], "points": {"$": 4}}


def old_schema(notebook: Any) -> None:
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(schema_version=1, points=100)


PRINTED = """
from IPython.display import HTML, display
print("4.0")
print("\\nResult for sigmoid: 4 of 4")
display(HTML(%r))
display({"text/plain": "4.0", "application/vnd.autograder.verdict+json": %r}, raw=True)
4.0
""" % (CARD, VERDICT)

ATTACKS = {
    "check and judge redefined": Attack(judge_redefined(), says="redefined"),
    "points printed and a card displayed": Attack(PRINTED, after=PRINTED, says="Result for sigmoid: 4 of 4"),
    "test cell deleted": Attack(edit=deleted),
    "test cell rewritten": Attack(edit=rewritten),
    "test cell moved and worth more": Attack(
        edit=moved_and_worth_more, right=0.0
    ),  # judged at its place, before the answer
    "test cell handed in four times": Attack(edit=duplicated),
    "every cell has the same id": Attack(folder=every_id_the_same),
    "tests that the lesson has not": Attack(edit=extra_tests),
    # Of two answers with one id the last counts, and the lesson's test is restored at the end.
    "test cell as an answer": Attack(edit=a_test_that_is_an_answer),
    "tags": Attack(edit=tagged),
    "another language": Attack(edit=of_another_language),
    "forged verdicts": Attack(edit=forged_verdicts),
    "markdown in place of the test": Attack(edit=markdown_in_its_place),
    "metadata of other types": Attack(edit=nbgraders_metadata_is_nonsense),
    "an older schema": Attack(edit=old_schema),
    "an answer that hides behind a property": Attack(
        "import types, sys\n"
        "class Page(types.ModuleType):\n    sigmoid = property(lambda self: 4.0)\n"
        "sys.modules['__main__'].__class__ = Page",
    ),
}
