"""The `autograder` command: releases lessons, grades classes, reports. Thin: every command calls one room."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.segment import Segment, Segments

from autograder.errors import CourseError
from autograder.grading.course.directory import Course
from autograder.grading.distribute.fast_import import without_collections, without_web_addresses
from autograder.judging.custom_exercises import FOLDER, load_file

# nbgrader takes seconds to import: the commands that need it import it, so that --help and refusals are quick.
if TYPE_CHECKING:
    from concurrent.futures import Executor

    from autograder.grading.options import Settings
    from autograder.grading.record.scores import Outcome

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


_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)


def _course_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--course",
        "directory",
        default=".",
        show_default="here",
        type=click.Path(path_type=Path),
        help="The course directory, in nbgrader's layout.",
    )(command)


def _db_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--db",
        envvar="AUTOGRADER_DB",
        metavar="URL",
        help="The gradebook, as postgresql+psycopg://USER@HOST/DATABASE. [default: as nbgrader_config.py says, "
        "else gradebook.db in the course]",
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
    without_web_addresses()


@cli.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@_course_option
@_db_option
def release(lessons: Sequence[str], directory: Path, db: str | None) -> None:
    """Write the students' version of LESSONs to release/.

    Without LESSONs, of all of them.

    Solutions and hidden tests are taken out. The first release draws the course's secret seed, from
    which all hidden test inputs come; it stays in .autograder/, which students must not get.
    """
    with _refusals():
        course = Course.at(directory, db)
        with course.writing():
            _release(course, lessons or course.lessons())


def _release(course: Course, lessons: Sequence[str]) -> None:
    if not lessons:
        raise CourseError(f"a course must have lessons (found none in {course.source})")
    for lesson in lessons:
        course.require_lesson(lesson)
    from autograder.grading.nbgrader_plugin.release import release_lesson

    with _progress() as progress:
        if course.write_config():
            _err.print(f"wrote {course.root / 'nbgrader_config.py'}: nbgrader's own commands work here too")
        task = progress.add_task("releasing", total=len(lessons), failed="")
        for lesson in lessons:
            path = release_lesson(course, lesson)
            progress.advance(task)
            _out.print(f"released {path.relative_to(course.root)}", highlight=False, soft_wrap=True)


@cli.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@_course_option
@_db_option
@click.option("--student", "only", multiple=True, metavar="ID", help="Only this student; may be given again.")
@_json_option
@click.option("--workers", type=click.IntRange(0), metavar="N", help="Processes; 0: none but this. [default: cores]")
@click.option("--scheduler", metavar="ADDRESS", help="Let a Dask cluster do it: tcp://HOST:PORT or tls://HOST:PORT.")
@click.option("--tls-ca", type=_PEM, help="Certificate of the cluster's authority.")
@click.option("--tls-cert", type=_PEM, help="Our own certificate, for a scheduler at tls://.")
@click.option("--tls-key", type=_PEM, help="The key of our certificate.")
@click.option("--run-everything", is_flag=True, help="Run the experiments too, so that the feedback shows them.")
@click.option("--again", is_flag=True, help="Grade what has been graded before, too.")
@click.option(
    "--cell-timeout",
    type=click.IntRange(1),
    default=60,
    metavar="SECONDS",
    help="CPU time that a cell may take. What sleeps for so long is graded once more in the end.",
)
@click.option(
    "--confine",
    type=click.Choice(["namespaces", "landlock", "trusted"]),
    help="How submissions are kept in: `autograder doctor` tells what this machine can do. [default: namespaces]",
)
@click.option("--as-root", is_flag=True, help="Let kernels stay root, where root grades.")
@click.pass_context
def grade(
    context: click.Context,
    lessons: Sequence[str],
    directory: Path,
    db: str | None,
    only: Sequence[str],
    json_file: Path | None,
    workers: int | None,
    scheduler: str | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    run_everything: bool,
    again: bool,
    cell_timeout: int,
    confine: str | None,
    as_root: bool,
) -> None:
    """Grade what students handed in for LESSONs.

    Without LESSONs, for all that have submissions.

    Every submission runs in a kernel of its own that holds no answers and reaches nothing; the judge stands
    outside. One that cannot be graded is named with the reason, keeps no earlier mark, and stops nobody else.
    What was graded before and has not changed is not graded again, so that an interrupted command may simply
    be repeated. With --scheduler, the workers of a Dask cluster run and judge; marks are written here.

    \b
    Exit status: 0 all graded, 1 some failed, 2 the command cannot run.
    """
    with _refusals():
        course = Course.at(directory, db)
        _require_folder_of(json_file)
        from autograder.grading.options import Settings

        start = _cluster(workers, scheduler, (tls_ca, tls_cert, tls_key))
        mode = _mode(confine, as_root, elsewhere=start is not None)
        settings = Settings(mode, as_root, run_everything, cell_timeout)
        results: dict[str, list[Outcome]] = {}
        for lesson in lessons or [name for name in course.lessons() if course.students(name)]:
            course.require_lesson(lesson)
            results[lesson] = _grade(course, lesson, only, settings, workers, start, again)
        if not results:
            raise CourseError(f"there must be submissions in {course.root / 'submitted'}/STUDENT/LESSON/ (found none)")
        _show(course, results, json_file)
    if settings.mode != "namespaces":
        _err.print(_WEAKER[settings.mode], highlight=False, soft_wrap=True)
    failed = any(outcome.status == "failed" for outcomes in results.values() for outcome in outcomes)
    context.exit(1 if failed else 0)


_WEAKER = {
    "landlock": "warning: without namespaces, submissions see each other's processes and share the machine's memory "
    "and network names; only files, system calls and their own use were limited",
    "trusted": "warning: trusted-code mode: nothing kept the submissions' code from doing what you may do",
}


def _mode(asked: str | None, as_root: bool, *, elsewhere: bool) -> Any:
    """Choose how submissions are confined; whether that works is found out with the first kernel."""
    platform: str = sys.platform
    if elsewhere or platform == "linux":
        return asked or "namespaces"
    from autograder.running.judge_side.doctor import ConfinementError, choose_mode, examine_machine

    try:
        return choose_mode(examine_machine(), asked=asked, as_root=as_root)
    except ConfinementError as refusal:
        raise CourseError(str(refusal)) from refusal


def _cluster(
    workers: int | None, scheduler: str | None, tls: tuple[Path | None, Path | None, Path | None]
) -> Callable[[], Executor] | None:
    """Give what connects to a cluster, if one was asked for."""
    authority, certificate, key = tls
    if scheduler is None:
        if any(tls):
            raise CourseError("--tls-ca, --tls-cert and --tls-key must be given with --scheduler")
        return None
    if workers is not None:
        raise CourseError("a command must have --workers or --scheduler, not both: a cluster has its own workers")
    from autograder.grading.distribute.dask_cluster import Certificates, connect, is_exposed

    certificates = Certificates(authority, certificate, key) if authority and certificate and key else None
    if any(tls) and certificates is None:
        raise CourseError("--tls-ca, --tls-cert and --tls-key must be given together")
    if is_exposed(scheduler):
        _err.print(_EXPOSED, highlight=False, soft_wrap=True)
    return partial(connect, scheduler, certificates)


_EXPOSED = (
    "warning: without TLS, whoever reaches a port of this cluster can run programs on it and here, and read the "
    "course's answers"
)


def _grade(
    course: Course,
    lesson: str,
    only: Sequence[str],
    settings: Settings,
    workers: int | None,
    cluster: Callable[[], Executor] | None,
    again: bool,
) -> list[Outcome]:
    students = course.students(lesson)
    for student in only:
        if student not in students:
            raise CourseError(f"a student must have handed in {lesson} (got {student!r})")
    students = [student for student in students if not only or student in only]
    if not students:
        raise CourseError(f"there must be submissions in submitted/STUDENT/{lesson}/ (found none)")
    from autograder.grading.distribute.interrupts import raise_on_signals
    from autograder.grading.distribute.pool import InProcessExecutor, pool, started
    from autograder.grading.distribute.scratch import scratch_directory

    number = min(len(students), (os.cpu_count() or 1) if workers is None else workers)
    with raise_on_signals(), course.alone(), scratch_directory(course.root) as scratch:
        here = (lambda: pool(number, scratch, lesson, settings)) if number else (lambda: InProcessExecutor(scratch))
        with started(cluster or here) as start:
            with without_collections():  # what a pool has not imported for its workers
                from autograder.grading.distribute.coordinator import grade_lesson
                from autograder.grading.record import gradebook

            with course.gradebook_held():
                if gradebook.released_cells(course.gradebook_url, lesson) is None:
                    _err.print(f"{lesson} was not released from this course yet: releasing it first")
                    _release(course, [lesson])
                work = grade_lesson(
                    course, lesson, students, start=start, workers=max(1, number), settings=settings, again=again
                )
                outcomes = _followed(course, lesson, students, work)
    return sorted(outcomes, key=lambda outcome: outcome.student)


def _followed(
    course: Course, lesson: str, students: Sequence[str], work: Generator[Outcome, None, None]
) -> list[Outcome]:
    """Show how the grading goes on, and give what came of it."""
    from autograder.grading.record.report import count_standing

    outcomes: list[Outcome] = []
    with _progress() as progress:
        task = progress.add_task(lesson, total=len(students), failed="")
        try:
            with closing(work):
                for outcome in work:
                    outcomes.append(outcome)
                    if outcome.status == "failed":
                        text = f"{outcome.student}: {outcome.reason}"
                        _err.print(text, highlight=False, markup=False, soft_wrap=True)
                    failed = sum(done.status == "failed" for done in outcomes)
                    progress.update(task, advance=1, failed=f"{failed} failed" if failed else "")
        except (KeyboardInterrupt, CourseError) as end:
            if outcomes or isinstance(end, KeyboardInterrupt):
                standing = count_standing(course, lesson, students)
                _err.print(f"stopped: {standing} of {len(students)} were graded and stay so; run the command again")
            raise
    return outcomes


@cli.command()
def doctor() -> None:
    """Tell how well this machine can keep submissions in.

    A submission is a student's program: it must reach no answers, no gradebook, no other submission and no
    network, and leave nothing behind.

    \b
    Exit status: 0 if submissions can be confined here as they should be, else 1.
    """
    from autograder.running.judge_side.doctor import examine_machine

    machine = examine_machine()
    for sentence in machine.sentences:
        _out.print(sentence, highlight=False, soft_wrap=True)
    sys.exit(0 if machine.strongest == "namespaces" else 1)


@cli.command()
@click.argument("lessons", nargs=-1, required=True, metavar="LESSON...")
@_course_option
@_db_option
@_json_option
@click.option("--mistakes", is_flag=True, help="What the class got wrong, counted, in place of the marks.")
def report(lessons: Sequence[str], directory: Path, db: str | None, json_file: Path | None, mistakes: bool) -> None:
    """Show the class table as the gradebook has it now.

    Marks given by hand count; nothing is graded. A mark that is not of what was handed in last is not shown, and a
    mark by an earlier version of the lesson or of the grader says so. With --mistakes: which part of which
    exercise was missed in which way, by how many; --json then holds every verdict too.
    """
    with _refusals():
        course = Course.at(directory, db)
        _require_folder_of(json_file)
        from autograder.grading.record.report import read_outcomes

        results = {}
        for lesson in lessons:
            course.require_lesson(lesson)
            results[lesson] = list(read_outcomes(course, lesson, course.students(lesson)))
        if mistakes:
            _show_mistakes(results, json_file)
        else:
            _show(course, results, json_file)


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
        from autograder.grading.nbgrader_plugin.add_exercise import put_into_lesson, self_test, write_records

        exercise = load_file(file)
        rehearsals = self_test(exercise)
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
        with course.writing():
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
        for line in Segment.split_lines(_out.render(class_table(lesson, outcomes))):  # a class may be large
            _out.print(Segments([*line, Segment.line()]), end="")
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


class _Rate(ProgressColumn):
    """How many there are in a minute."""

    def render(self, task: Task) -> str:
        """Give the rate, once there is one."""
        return f"{60 * task.speed:.0f} a minute" if task.speed else ""


def _progress() -> Progress:
    """Give a progress bar on stderr; nothing where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}"),
        console=_err,
        disable=not sys.stderr.isatty(),
        transient=True,
    )
