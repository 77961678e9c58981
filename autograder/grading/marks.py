"""From a run notebook to marks: verdicts become what nbgrader stores, and what has no verdict is never full marks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nbformat.notebooknode import from_dict
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from autograder.grading.errors import SubmissionError
from autograder.judging import card
from autograder.judging.exercise import Exercise
from autograder.judging.judge import judge
from autograder.judging.registry import find, is_exercise
from autograder.judging.verdict import VERDICT_MIME, Failure, Verdict

METADATA_KEY = "autograder"  # of a test cell in an autograded notebook: its verdict, with the seed
_HUNG = ("CellTimeoutError", "KeyboardInterrupt")


class SettleMarks(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader publishes no types
    """Replace what a test cell left by its verdict: the card, and the points as nbgrader reads them.

    Stock nbgrader gives zero for a word on stderr and full marks for a cell that shows nothing or no
    number. Here the verdict alone counts. Tests without a spec, an instructor's own asserts, stay as
    they are.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Settle all cells; the seed does not leave in an output as it stands.

        Until submissions run where they cannot see the seed, this keeps honest people honest: a
        student who prints the environment does not publish it in the feedback.
        """
        nb, resources = super().preprocess(nb, resources)
        seeds = {str(seed) for cell in nb.cells if (seed := cell.metadata.get(METADATA_KEY, {}).get("seed"))}
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [from_dict(_without(output, seeds)) for output in cell.outputs]
        return nb, resources

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Settle one cell.

        Raises
        ------
        SubmissionError
            If the cell shows no verdict, and no reason for having none that lies with the student.
        """
        exercise = exercise_of(cell)
        if exercise is None:
            return cell, resources
        verdict, html = _verdict_of(cell, exercise)
        cell.metadata[METADATA_KEY] = verdict.to_dict()
        shown = {"text/html": html, "text/plain": card.as_text(exercise, verdict)}
        points = {"text/plain": repr(verdict.points)}
        cell.outputs = [
            new_output("display_data", data=shown),
            new_output("execute_result", data=points, execution_count=cell.execution_count),
        ]
        return cell, resources


def _without(value: Any, secrets: set[str]) -> Any:
    """Copy JSON, with the secrets blacked out wherever they stand."""
    if isinstance(value, dict):
        return {key: _without(entry, secrets) for key, entry in value.items() if key != VERDICT_MIME}
    if isinstance(value, list):
        return [_without(entry, secrets) for entry in value]
    if isinstance(value, str | int) and any(secret in str(value) for secret in secrets):
        return "[removed]"
    return value


def exercise_of(cell: Any) -> Exercise | None:
    """Give the exercise that a test cell tests, or `None` for every other cell."""
    if cell.cell_type != "code" or not is_grade(cell) or is_solution(cell):
        return None
    name = str(cell.metadata.nbgrader.grade_id).removeprefix("test_")
    return find(name) if is_exercise(name) else None


def _verdict_of(cell: Any, exercise: Exercise) -> tuple[Verdict, str]:
    bundles = [o.data for o in cell.outputs if o.output_type == "display_data" and VERDICT_MIME in o.data]
    if bundles:
        return _read(bundles[-1], exercise), str(bundles[-1].get("text/html", ""))
    verdict = _without_verdict(cell, exercise)
    return verdict, card.as_html(exercise, verdict, None)


def _read(bundle: Any, exercise: Exercise) -> Verdict:
    """Read a verdict and insist that it covers this exercise: every part, with its points."""
    try:
        verdict = Verdict.from_dict(bundle[VERDICT_MIME])
    except ValueError as damage:
        raise SubmissionError(f"the test of {exercise.name} shows a damaged verdict: {damage}") from None
    got = [(part.name, part.max_points) for part in verdict.parts]
    want = [(part.name, float(part.points)) for part in exercise.parts]
    if verdict.exercise != exercise.name or got != want:
        raise SubmissionError(
            f"the test of {exercise.name} must judge its {len(want)} parts "
            f"(got {len(got)} of {verdict.exercise}); was the lesson released by an older version?"
        )
    return verdict


def _without_verdict(cell: Any, exercise: Exercise) -> Verdict:
    """Judge a cell that ended before it could: zero where the student's function is to blame, else no mark at all."""
    missing = judge(exercise, None, seed=0)  # no input was drawn
    error = next((o for o in cell.outputs if o.output_type == "error"), None)
    if error is not None and error.ename == "NameError" and f"'{exercise.name}'" in error.evalue:
        text = f"There is no function `{exercise.name}`: the cell that defines it did not run to its end."
        return _because(missing, "missing", text, "missing")
    if error is not None and error.ename in _HUNG:
        return _because(missing, "timeout", "The function did not come back in time.", "never_returns")
    seen = f"{error.ename}: {error.evalue}" if error is not None else "nothing"
    raise SubmissionError(f"the test of {exercise.name} shows no verdict (it shows {seen:.200})")


def _because(verdict: Verdict, kind: Any, message: str, diagnosis: str) -> Verdict:
    parts = tuple(replace(part, failure=Failure(kind, message)) for part in verdict.parts)
    return replace(verdict, parts=parts, message=message, diagnosis=diagnosis)
