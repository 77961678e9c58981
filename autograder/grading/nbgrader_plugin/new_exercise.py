"""Write a template file for an instructor's own exercise."""

from __future__ import annotations

import keyword
from pathlib import Path

from autograder.errors import CourseError
from autograder.judging.load_exercises import FOLDER
from autograder.judging.registry import is_exercise

_TEMPLATE = '''\
"""`NAME`: one line that says what students write. This file works as it is: change it step by step."""

import numpy as np

from autograder import HIDDEN, Case, exercise


# 1. The right answer. Students read the docstring; the body becomes the solution.
#    The tests below may ask for nothing that the docstring does not promise.
def NAME(x, width):
    """Return the mean of each entry of x and the width - 1 entries after it.

    x: an array of shape (N,).
    width: an integer from 1 to N.

    Returns an array of shape (N - width + 1,).
    """
    return np.convolve(x, np.ones(width) / width, mode="valid")


EXERCISE = exercise(
    NAME,
    "LESSON",  # the lesson's folder in notebooks/; a new one is begun where there is none
    # 2. The parts: points, a name that a student understands, and cases. A part earns its points when all its cases
    #    pass. `rng` is a numpy.random.Generator: other numbers for each class, the same for one class.
    #    HIDDEN parts are judged only when the work is graded.
    parts=[
        (2, "ordinary signals", lambda rng: [
            Case(np.array([1.0, 2.0, 4.0, 8.0]), 2, label="four numbers"),
            Case(rng.normal(size=12), 5, label="a random signal"),
        ]),
        (1, "the shortest and the longest window", lambda rng: [
            Case(rng.normal(size=9), 1, label="width 1"),
            Case(rng.normal(size=9), 9, label="width N"),
        ], HIDDEN),
    ],
    # 3. The mistakes that you know from your students: what they wrote, and what the card says.
    #    An answer with the same results as one of these has made that mistake. Say where to look, not what to write.
    mistakes={
        "summed": (lambda x, width: np.convolve(x, np.ones(width), mode="valid"), "This is a sum, not yet a mean."),
        "padded": (
            lambda x, width: np.convolve(x, np.ones(width) / width, mode="same"),
            "It is as long as x: near the ends, zeros are averaged in.",
        ),
    },
)
# 4. Try it and put it into its lesson:  autograder add exercises/NAME.py
'''


def write_new_exercise(root: Path, name: str, lesson: str) -> Path:
    """Write a commented, working exercise to `exercises/NAME.py` of a course.

    Parameters
    ----------
    root : Path
        The course directory.
    name : str
        Name of the exercise and of its function.
    lesson : str
        Name of the lesson's folder.

    Returns
    -------
    Path
        The new file.

    Raises
    ------
    CourseError
        If the name is not valid for a function or is used already, or the file exists.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        raise CourseError(f"an exercise's name must be a name that Python allows for a function (got {name!r})")
    if is_exercise(name):
        raise CourseError(f"an exercise's name must be new (got {name!r}, which the course has)")
    path = root / FOLDER / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.replace("NAME", name).replace("LESSON", lesson))
    except FileExistsError:
        raise CourseError(f"{path} must not exist yet: an exercise is never overwritten") from None
    return path
