"""Define `progress`, the overview at the end of a lesson with points, planned time and the next exercise."""

from __future__ import annotations

from html import escape

from autograder.judging import style
from autograder.judging.exercise import Exercise
from autograder.judging.load_exercises import make_known
from autograder.judging.registry import exercises_of, minutes_of
from autograder.notebook.display import display
from autograder.notebook.last_check import LastCheck, remembered


def progress(lesson: str) -> None:
    """Show the progress of a lesson's exercises by their last checks, also after a restart of the kernel.

    Parameters
    ----------
    lesson : str
        The lesson's folder, as in progress("01_sigmoid_saturation").

    Raises
    ------
    ValueError
        If there is no such lesson.
    """
    make_known()
    minutes = minutes_of(lesson)
    exercises = exercises_of(lesson)
    checked = remembered()
    display(_as_html(lesson, minutes, exercises, checked), _as_text(lesson, minutes, exercises, checked))


def _state(exercise: Exercise, checked: dict[str, LastCheck]) -> str:
    last = checked.get(exercise.name)
    if last is None:
        return style.mark(written=False)
    return style.mark(written=last.written, right=last.right, points=last.points)


def _points(exercise: Exercise, checked: dict[str, LastCheck]) -> str:
    last = checked.get(exercise.name)
    earned = last.points if last else 0
    judged = last.max_points if last else _visible(exercise)
    later = exercise.max_points - judged
    return f"{earned:g} of {judged:g}" + (f", {later:g} more at grading" if later else "")


def _visible(exercise: Exercise) -> float:
    return float(sum(part.points for part in exercise.parts if not part.hidden))


def _next(exercises: list[Exercise], checked: dict[str, LastCheck]) -> str:
    left = [exercise for exercise in exercises if not ((last := checked.get(exercise.name)) and last.right)]
    if not left:
        return "Everything that can be checked here is right. The written answer is read by a person."
    return f"Next: `{left[0].name}`."


def _summary(minutes: int | None, exercises: list[Exercise], checked: dict[str, LastCheck]) -> str:
    right = sum(1 for exercise in exercises if (last := checked.get(exercise.name)) and last.right)
    earned = sum(checked[exercise.name].points for exercise in exercises if exercise.name in checked)
    possible = sum(
        checked[exercise.name].max_points if exercise.name in checked else _visible(exercise) for exercise in exercises
    )
    planned = f" · planned for {minutes} minutes" if minutes else ""
    count = f"{right} of {len(exercises)} exercises right"
    return f"{count} · {earned:g} of {possible:g} points that can be checked here{planned}"


def _as_text(lesson: str, minutes: int | None, exercises: list[Exercise], checked: dict[str, LastCheck]) -> str:
    width = max(len(exercise.name) for exercise in exercises)
    lines = [f"{lesson}: {_summary(minutes, exercises, checked)}"]
    lines += [f"  {_state(e, checked):<10} {e.name:<{width}}  {_points(e, checked)}" for e in exercises]
    return "\n".join([*lines, _next(exercises, checked).replace("`", "")])


def _as_html(lesson: str, minutes: int | None, exercises: list[Exercise], checked: dict[str, LastCheck]) -> str:
    rows = [
        [f'<code style="{style.CODE}">{escape(e.name)}</code>', _state(e, checked), _points(e, checked)]
        for e in exercises
    ]
    blocks = [
        f'<p style="margin:0 0 6px;font-weight:600">{escape(lesson)}</p>',
        f'<p style="margin:6px 0">{escape(_summary(minutes, exercises, checked))}</p>',
        style.table(["exercise", "last check", "points"], rows),
        f'<p style="margin:6px 0">{style.prose(_next(exercises, checked))}</p>',
    ]
    return style.box(f"Progress in {lesson}", style.BLUE, blocks)
