"""The data of an attack: the submissions, and the results that they must have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import RIGHT_SIGMOID

FULL = 4.0  # points of the exercise `sigmoid`; the one point of the assert cell can be forged and is not counted
WRONG_SIGMOID = "def sigmoid(a):\n    return 0 * as_float(a) + 0.25"
HONEST = "an honest student"
WORDS_OF_THE_HONEST = "f3a7-only-the-honest-student-wrote-this"
SECRET_OF_THE_HOST = "9c1e-only-the-host-knows-this"


@dataclass(frozen=True)
class Submission:
    """A submission of one attacker.

    Attributes
    ----------
    student : str
    cells : mapping of str to str
        Sources by the cell's nbgrader id; the other cells stay as they were released.
    points : mapping of str to float
        Points that each exercise must earn; exercises that do not matter are left out.
    """

    student: str
    cells: Mapping[str, str]
    points: Mapping[str, float]


@dataclass(frozen=True)
class Attack:
    """Code and files of an attacker, and the result that grading them must have.

    An attack is handed in twice: with a wrong answer, which must earn 0 points, and with a right answer, which must
    earn all points. An attack that must fail is handed in once, with a right answer.

    In all code, `<VAULT>` and `<COURSE>` become directories of the host, `<PORT>` the port of a server on its
    loopback device, and `<SOCKET>` the name of an abstract unix socket (without its leading zero byte).

    Attributes
    ----------
    code : str
        A cell before the answer.
    after : str
        A cell after everything else.
    says : str
        Must be part of the outputs of the attacker's cells, or of the reason for a failure. It proves that the attack ran.
    silent : str
        Must not be part of these outputs: the attack found nothing.
    page : str
        Must be part of the feedback page.
    fails : bool
        Whether grading must report a failure, with its reason, and record no mark.
    edit : callable
        Changes the notebook after the cells were added.
    folder : callable
        Changes the submitted folder; called with the path of the notebook.
    wrong, right : float or None
        Points that `sigmoid` must earn with a wrong and with a right answer; None if it is not handed in.
    own : float or None
        Points that the instructor's own test must earn; None if they do not matter.
    answers : mapping of str to str
        Replace the sources of the wrong and of the right answer.
    cells, points : mapping
        Answers and points by exercise, for the lesson with several exercises; handed in once, without `answers`.
    """

    code: str = ""
    after: str = ""
    says: str = ""
    silent: str = ""
    page: str = ""
    fails: bool = False
    edit: Callable[[Any], Any] = lambda notebook: None
    folder: Callable[[Path], Any] = lambda notebook: None
    wrong: float | None = 0.0
    right: float | None = FULL
    own: float | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, float] = field(default_factory=dict)

    def submissions(self, name: str) -> Iterator[Submission]:
        """Yield what is handed in for this attack."""
        if self.cells:
            yield Submission(name, self.cells, self.points)
            return
        answers = {"wrong": WRONG_SIGMOID, "right": RIGHT_SIGMOID, **self.answers}
        for kind, points in (("wrong", self.wrong), ("right", self.right)):
            if points is not None and not (self.fails and kind == "wrong"):
                cells = {"sigmoid": answers[kind], "own": "answer = 42"}
                yield Submission(f"{name}, {kind}", cells, {"sigmoid": points})


def during_the_call(body: str) -> Attack:
    """Return an attack that runs while its function is called."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return Attack(answers={"wrong": f"def sigmoid(a):\n{lines}    return a"}, right=None)
