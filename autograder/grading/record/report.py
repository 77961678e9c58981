"""Read current results from the gradebook; a mark counts only if the submission has not changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import nbformat

from autograder.errors import SubmissionError
from autograder.grading.course.directory import Course
from autograder.grading.course.lesson import Lesson
from autograder.grading.execute.judged_cells import VERSION_KEY, exercise_of, verdict_of
from autograder.grading.record import gradebook
from autograder.grading.record.journal import Entry
from autograder.grading.record.output_files import OutputFiles
from autograder.grading.record.released_lesson import load_lesson
from autograder.grading.record.scores import Mark, Outcome, Score
from autograder.grading.submission.read import Submission, escaped, require_name


def read_outcomes(course: Course, url: str, lesson: str, students: Sequence[str]) -> Iterator[Outcome]:
    """Yield the current result of each student, in the order of `students`; nothing is graded.

    Parameters
    ----------
    course : Course
    url : str
        Of the gradebook.
    lesson : str
    students : sequence of str

    Yields
    ------
    Outcome
        Failed, with the reason, if there is no mark of the student's last submission.

    Raises
    ------
    CourseError
        If the gradebook cannot be read, or the lesson is not released.
    """
    with gradebook.open_for_reading(url, lesson) as marks:
        entries = marks.entries()
        released = load_lesson(course, url, lesson) if entries else None
        for student in students:
            try:
                entry = _require_current(course, lesson, student, entries.get(student))
                outcome = read_outcome(course, lesson, student, marks.marks(student))
                assert released is not None
                yield outcome if entry.version == released.version else _outdated(course, released, outcome)
            except SubmissionError as problem:
                yield Outcome(escaped(student), lesson, "failed", reason=str(problem))


def count_current(course: Course, url: str, lesson: str, students: Sequence[str]) -> int:
    """Return the number of students with a mark of their last submission.

    Raises
    ------
    CourseError
        If the gradebook cannot be read.
    """
    with gradebook.open_for_reading(url, lesson) as marks:
        entries = marks.entries()
    return sum(_is_current(course, lesson, student, entries.get(student)) for student in students)


def _is_current(course: Course, lesson: str, student: str, entry: Entry | None) -> bool:
    try:
        _require_current(course, lesson, student, entry)
    except SubmissionError:
        return False
    return True


def _require_current(course: Course, lesson: str, student: str, entry: Entry | None) -> Entry:
    """Return `entry`, the journal entry of a student, if it is of the student's last submission.

    Raises
    ------
    SubmissionError
        If it is None or of an earlier submission, or the submission cannot be read.
    """
    require_name(student)
    if entry is None:
        raise SubmissionError("not graded yet, or its last grading failed")
    if Submission.read(course.submission(student, lesson)).fingerprint != entry.submission:
        raise SubmissionError("handed in again since it was graded, and not graded again yet")
    return entry


def _outdated(course: Course, lesson: Lesson, outcome: Outcome) -> Outcome:
    """Return an outcome with a note that names the exercises whose version has changed since it was graded.

    If no exercise has changed, the note names the lesson.
    """
    path = OutputFiles(course, lesson.name).notebook(outcome.student)
    graded = {}
    for cell in nbformat.v4.reads(path.read_text(encoding="utf-8")).cells:
        if exercise := exercise_of(cell):
            graded[exercise.name] = cell.metadata.get(VERSION_KEY, "")
    changed = [name for name, version in graded.items() if version != lesson.exercise_versions.get(name)]
    what = f"of {', '.join(changed)}" if changed else "of the lesson"
    return replace(outcome, reason=f"graded by an earlier version {what}")


def read_outcome(course: Course, lesson: str, student: str, scores: Mapping[str, Score]) -> Outcome:
    """Return a student's result, from the scores in the gradebook and the autograded notebook.

    Raises
    ------
    SubmissionError
        If there are no scores or no notebook, or a verdict in the notebook is damaged.
    """
    files = OutputFiles(course, lesson)
    path = files.notebook(student)
    if not scores or not path.is_file():
        raise SubmissionError("graded, but its autograded notebook is gone: grade it again")
    exercises, written = {}, {}
    for cell in nbformat.v4.reads(path.read_text(encoding="utf-8")).cells:  # our own: not validated once more
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id not in scores:
            continue
        score = scores[grade_id]
        exercise = exercise_of(cell)
        mark = Mark(score.points, score.max_points, verdict_of(cell))
        if cell.cell_type == "code":
            exercises[exercise.name if exercise else grade_id] = mark
        else:
            written[grade_id] = mark
    page = files.page(student)
    feedback = page if page.is_file() else None
    return Outcome(student, lesson, "graded", exercises=exercises, written=written, feedback=feedback)
