"""Define `check`, which is the last line of a notebook's test cell."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from autograder.judging import card
from autograder.judging.judge import PUBLIC_SEED, examine
from autograder.judging.load_exercises import make_known
from autograder.judging.registry import find, is_exercise
from autograder.judging.verdict import VERDICT_MIME
from autograder.notebook.display import display, in_jupyter
from autograder.notebook.last_check import remember


def check(function: Callable[..., Any], *, hidden: bool = False) -> float:
    """Judge an exercise in the notebook, show its card, and return the points.

    The card is HTML in Jupyter and plain text elsewhere. Nothing is written to stderr, and a wrong answer raises no
    exception, since nbgrader without this grader gives zero points for either. The points are a plain float, which
    nbgrader reads as partial credit. If all visible parts are right, the points of the hidden parts are included, so
    that `nbgrader validate` accepts a right answer.

    Parameters
    ----------
    function : callable
        The student's function; the name of the argument is the name of the exercise.
    hidden : bool
        Whether the hidden parts are judged too, on fresh inputs. When a class is graded, the judge runs outside the
        notebook and does not use this function.

    Returns
    -------
    float
        Between 0 and the exercise's maximum points.

    Raises
    ------
    ValueError
        If `function` is not one of the course's exercises.
    """
    make_known()
    exercise = find(_exercise_name(function, sys._getframe(1)))
    if exercise.notice:
        print(exercise.notice)
    examination = examine(exercise, function, hidden=hidden, seed=None if hidden else PUBLIC_SEED)
    verdict = examination.verdict
    points = exercise.max_points if verdict.parts and verdict.passed else verdict.points
    remember(verdict, on_disk=in_jupyter())
    html = card.as_html(exercise, verdict, function, examination.evidence) if in_jupyter() else ""
    display(html, card.as_text(exercise, verdict), {VERDICT_MIME: verdict.to_dict()})
    return points


def _exercise_name(function: Any, caller: FrameType) -> str:
    """Return the exercise's name.

    It is searched in the text of the call, then in the function's own name, then in the caller's global names. The
    function's own name may differ, as in `sigmoid = np.vectorize(f)`.

    Raises
    ------
    ValueError
        If none of these is the name of an exercise.
    """
    bound = [name for name, value in caller.f_globals.items() if value is function]
    candidates = [_argument(caller), getattr(function, "__name__", ""), *bound]
    found = next((name for name in candidates if is_exercise(name)), None)
    if found is None:
        shown = getattr(function, "__name__", repr(function))
        raise ValueError(f"check must be given the function of an exercise, as in check(sigmoid) (got {shown})")
    return str(found)


def _argument(caller: FrameType) -> str:
    """Return the name of the first argument of the running call; "" if it is no name, or the source code is unknown."""
    try:
        from executing import Source  # installed with IPython
    except ImportError:
        return ""
    call = Source.executing(caller).node
    if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Name):
        return call.args[0].id
    return ""
