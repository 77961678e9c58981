"""The `autograder` command: releases lessons, grades classes, reports. Thin: every command calls one room."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.grading.course import Course
from autograder.grading.errors import CourseError, SubmissionError
from autograder.judging.own import FOLDER, load_file

# nbgrader takes seconds to import: the commands that need it import it, so that --help and refusals are quick.
if TYPE_CHECKING:
    from autograder.grading.grade import Outcome

_out, _err = Console(), Console(stderr=True)


class _Refusal(click.ClickException):
    """A command that cannot run here: one line, exit status 2."""

    exit_code = 2


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except CourseError as problem:
        raise _Refusal(str(problem)) from problem


def _require_folder_of(json_file: Path | None) -> None:
    """Refuse a file that could not be written in the end, before minutes of grading."""
    if json_file is not None and not json_file.resolve().parent.is_dir():
        raise CourseError(f"the folder of --json must exist (got {json_file})")


def _course_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--course",
        "directory",
        default=".",
        show_default="here",
        type=click.Path(path_type=Path),
        help="The course directory, in nbgrader's layout.",
    )(command)


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--json",
        "json_file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the results to this file.",
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keep-the-signal-alive")
def cli() -> None:
    """Release lessons, grade classes, and see what students got wrong.

    A course directory is nbgrader's: put what students hand in under
    submitted/STUDENT/LESSON/LESSON.ipynb. Lessons come from its notebooks/ folder.

    \b
    A first round:
      autograder release 01_sigmoid_saturation     students get release/
      autograder grade 01_sigmoid_saturation       marks, and feedback/ for each student
      autograder report 01_sigmoid_saturation      the table again, with marks given by hand
    """


@cli.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@_course_option
def release(lessons: Sequence[str], directory: Path) -> None:
    """Write the students' version of LESSONs to release/.

    Without LESSONs, of all of them.

    Solutions and hidden tests are taken out. The first release draws the course's secret seed, from
    which all hidden test inputs come; it stays in .autograder/, which students must not get.
    """
    with _refusals():
        course = Course.at(directory)
        _release(course, lessons or course.lessons())


def _release(course: Course, lessons: Sequence[str]) -> None:
    if not lessons:
        raise CourseError(f"a course must have lessons (found none in {course.source})")
    for lesson in lessons:
        course.require_lesson(lesson)
    from autograder.grading.release import release_lesson

    with course.writing(), _progress() as progress:
        if course.write_config():
            _err.print(f"wrote {course.root / 'nbgrader_config.py'}: nbgrader's own commands work here too")
        task = progress.add_task("releasing", total=len(lessons))
        for lesson in lessons:
            path = release_lesson(course, lesson)
            progress.advance(task)
            _out.print(f"released {path.relative_to(course.root)}", highlight=False, soft_wrap=True)


@cli.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@_course_option
@click.option("--student", "only", multiple=True, metavar="ID", help="Only this student; may be given again.")
@_json_option
@click.option("--cell-timeout", type=click.IntRange(1), metavar="SECONDS", help="Longest a cell may run.")
@click.pass_context
def grade(
    context: click.Context,
    lessons: Sequence[str],
    directory: Path,
    only: Sequence[str],
    json_file: Path | None,
    cell_timeout: int | None,
) -> None:
    """Grade what students handed in for LESSONs.

    Without LESSONs, for all that have submissions.

    Every submission runs in a fresh kernel. One that cannot be graded is named with the reason, keeps
    no earlier mark, and stops nobody else.

    \b
    Exit status: 0 all graded, 1 some failed, 2 the command cannot run.
    """
    with _refusals():
        course = Course.at(directory)
        _require_folder_of(json_file)
        results: dict[str, list[Outcome]] = {}
        for lesson in lessons or [name for name in course.lessons() if course.students(name)]:
            course.require_lesson(lesson)
            results[lesson] = _grade(course, lesson, only, cell_timeout)
        if not results:
            raise CourseError(f"there must be submissions in {course.root / 'submitted'}/STUDENT/LESSON/ (found none)")
        _show(course, results, json_file)
    failed = any(outcome.status == "failed" for outcomes in results.values() for outcome in outcomes)
    context.exit(1 if failed else 0)


def _grade(course: Course, lesson: str, only: Sequence[str], timeout: int | None) -> list[Outcome]:
    students = course.students(lesson)
    for student in only:
        if student not in students:
            raise CourseError(f"a student must have handed in {lesson} (got {student!r})")
    students = [student for student in students if not only or student in only]
    if not students:
        raise CourseError(f"there must be submissions in submitted/STUDENT/{lesson}/ (found none)")
    from autograder.grading import gradebook
    from autograder.grading.grade import grade_lesson

    if gradebook.released_cells(course.gradebook_url, lesson) is None:
        _err.print(f"{lesson} was not released from this course yet: releasing it first")
        _release(course, [lesson])
    outcomes = []
    with course.writing(), _progress() as progress:
        task = progress.add_task(lesson, total=len(students))
        try:
            for outcome in grade_lesson(course, lesson, students, timeout=timeout):
                outcomes.append(outcome)
                progress.advance(task)
                if outcome.status == "failed":
                    _err.print(f"{outcome.student}: {outcome.reason}", highlight=False, markup=False, soft_wrap=True)
        except KeyboardInterrupt:
            _err.print(f"stopped: {len(outcomes)} of {len(students)} were graded and stay so; run the command again")
            raise
    return outcomes


@cli.command()
@click.argument("lessons", nargs=-1, required=True, metavar="LESSON...")
@_course_option
@_json_option
@click.option("--mistakes", is_flag=True, help="What the class got wrong, counted, in place of the marks.")
def report(lessons: Sequence[str], directory: Path, json_file: Path | None, mistakes: bool) -> None:
    """Show the class table as the gradebook has it now.

    Marks given by hand count; nothing is graded. With --mistakes: which part of which exercise was missed in
    which way, by how many; --json then holds every verdict too.
    """
    with _refusals():
        course = Course.at(directory)
        _require_folder_of(json_file)
        results = {}
        for lesson in lessons:
            course.require_lesson(lesson)
            results[lesson] = [_look_up(course, lesson, student) for student in course.students(lesson)]
        if mistakes:
            _show_mistakes(results, json_file)
        else:
            _show(course, results, json_file)


def _look_up(course: Course, lesson: str, student: str) -> Outcome:
    from autograder.grading.grade import Outcome, read_outcome

    try:
        return read_outcome(course, lesson, student)
    except SubmissionError as problem:
        return Outcome(student, lesson, "failed", reason=str(problem))


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_course_option
def add(file: Path, directory: Path) -> None:
    """Put an exercise of your own, in FILE, into its lesson.

    FILE is one Python file in the course's exercises/ folder: the reference function, whose docstring students
    read, and one Exercise with its parts, cases and known mistakes. The exercise is tried first: with many seeds,
    the reference must be right and every mistake caught and named. Then its two cells are written into
    notebooks/LESSON/LESSON.ipynb, in place of older ones. Run the command again whenever FILE has changed.
    """
    with _refusals():
        course = Course.at(directory)
        if file.resolve().parent != course.root / FOLDER:
            raise CourseError(f"an exercise must be a file in {course.root / FOLDER} (got {file})")
        from autograder.grading.own_exercises import prove, put_into_lesson, write_records

        exercise = load_file(file)
        rehearsals = prove(exercise)
        for each in rehearsals:
            _out.print(f"{'✗' if each.problem else '✓'} {each.answer} {each.problem}", highlight=False, markup=False)
        if any(each.problem for each in rehearsals):
            raise CourseError(f"{exercise.name} must judge its own answers as it says; nothing was written")
        path = put_into_lesson(course, exercise)
        write_records(course, exercise.lesson)
        _out.print(f"wrote {exercise.name} into {path.relative_to(course.root)}", highlight=False, soft_wrap=True)


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--course", "source", default=".", type=click.Path(path_type=Path), help="Where the lessons are.")
def practice(directory: Path, source: Path) -> None:
    """Copy the lessons to DIRECTORY, to work through alone.

    A notebook that is already there stays as it is: your work is never overwritten.
    """
    with _refusals():
        course = Course.at(source)
        _release(course, course.lessons())
        for lesson in course.lessons():
            target = directory / lesson / f"{lesson}.ipynb"
            if target.exists():
                _out.print(f"kept     {target}", highlight=False, soft_wrap=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(course.root / "release" / lesson / target.name, target)
            _out.print(f"copied   {target}", highlight=False, soft_wrap=True)


def _show(course: Course, results: dict[str, list[Outcome]], json_file: Path | None) -> None:
    from autograder.reporting.classtable import as_json, class_table

    for lesson, outcomes in results.items():
        _out.print(class_table(lesson, outcomes))
    if any(outcome.feedback for outcomes in results.values() for outcome in outcomes):
        _out.print(
            f"feedback for students: {course.root / 'feedback'}/STUDENT/LESSON/",
            highlight=False,
            soft_wrap=True,
        )
    _write(json_file, [as_json(lesson, outcomes) for lesson, outcomes in results.items()])


def _show_mistakes(results: dict[str, list[Outcome]], json_file: Path | None) -> None:
    from autograder.reporting.mistakes import mistakes_as_json, mistakes_table

    for lesson, outcomes in results.items():
        _out.print(mistakes_table(lesson, outcomes))
    _write(json_file, [mistakes_as_json(lesson, outcomes) for lesson, outcomes in results.items()])


def _write(json_file: Path | None, lessons: list[dict[str, Any]]) -> None:
    """Write what --json asks for: one lesson as an object, several as a list."""
    if json_file is None:
        return
    from autograder.reporting.classtable import write_json

    write_json(json_file, lessons[0] if len(lessons) == 1 else lessons)


def _progress() -> Progress:
    """Give a progress bar on stderr; nothing where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_err,
        disable=not sys.stderr.isatty(),
        transient=True,
    )
