"""What stands of a class: the marks in the gradebook with their verdicts, as long as they are of what was handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import nbformat

from autograder.errors import SubmissionError
from autograder.grading.course.directory import Course
from autograder.grading.course.lesson import Lesson, grader_version
from autograder.grading.execute.judged_cells import exercise_of, verdict_of
from autograder.grading.record import gradebook
from autograder.grading.record.journal import Entry
from autograder.grading.record.output_files import OutputFiles
from autograder.grading.record.scores import Mark, Outcome, Score
from autograder.grading.submission.read import Submission


def version_of(lesson: Lesson) -> str:
    """Name everything that a mark depends on besides the submission."""
    return hashlib.sha256(f"{lesson.version}\n{grader_version()}".encode()).hexdigest()


def entry_for(submission: Submission, version: str, everything: bool) -> Entry:
    """Name the work on a submission, as the journal keeps it."""
    parts = (submission.fingerprint, version, str(everything))
    return Entry(hashlib.sha256("\n".join(parts).encode()).hexdigest(), submission.fingerprint, version)


def read_outcomes(course: Course, lesson: str, students: Sequence[str]) -> Iterator[Outcome]:
    """Give what stands of each student; nothing is graded.

    Yields
    ------
    Outcome
        Failed, with the reason, where there is no mark of what the student handed in last.
    """
    with gradebook.open_for_reading(course.gradebook_url, lesson, course.config()) as ledger:
        entries = ledger.entries()
        version = version_of(Lesson.of(course, lesson)) if entries else ""
        for student in students:
            try:
                note = _note(course, lesson, student, entries.get(student), version)
                yield read_outcome(course, lesson, student, ledger.marks(student), note)
            except SubmissionError as problem:
                yield Outcome(student, lesson, "failed", reason=str(problem))


def count_standing(course: Course, lesson: str, students: Sequence[str]) -> int:
    """Count the students whose mark is of what they handed in last."""
    with gradebook.open_for_reading(course.gradebook_url, lesson, course.config()) as ledger:
        entries = ledger.entries()
    return sum(_is_current(course, lesson, student, entries.get(student)) for student in students)


def _is_current(course: Course, lesson: str, student: str, entry: Entry | None) -> bool:
    try:
        _note(course, lesson, student, entry, "")
    except SubmissionError:
        return False
    return True


def _note(course: Course, lesson: str, student: str, entry: Entry | None, version: str) -> str:
    """Say what must be known of a mark.

    Raises
    ------
    SubmissionError
        If it is none of what the student handed in last.
    """
    if entry is None:
        raise SubmissionError("not graded yet, or its last grading failed")
    if Submission.read(course.submission(student, lesson)).fingerprint != entry.submission:
        raise SubmissionError("handed in again since it was graded, and not graded again yet")
    return "" if entry.version == version else "graded by an earlier version of the lesson or of the grader"


def read_outcome(course: Course, lesson: str, student: str, scores: Mapping[str, Score], note: str = "") -> Outcome:
    """Give what the gradebook and the autograded notebook say of a student's submission.

    Raises
    ------
    SubmissionError
        If they say nothing.
    """
    papers = OutputFiles(course.root, lesson)
    path = papers.notebook(student)
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
    page = papers.page(student)
    return Outcome(student, lesson, "graded", note, exercises, written, feedback=page if page.is_file() else None)
