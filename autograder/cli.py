"""Define the `autograder` command: options, progress bar, exit status; each command calls one function of a room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.segment import Segment, Segments

from autograder.errors import CourseError
from autograder.grading.course.listener import Listener
from autograder.grading.distribute.fast_import import skip_address_grammar

# nbgrader takes seconds to import. Only commands that need it import it, so that --help and errors are fast.
if TYPE_CHECKING:
    from autograder.grading.distribute.session import ClassResults
    from autograder.grading.record.scores import Outcome

_out, _err = Console(), Console(stderr=True)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn a CourseError of the block into one line on stderr and exit status 2.

    Raises
    ------
    SystemExit
        In place of a CourseError.
    """
    try:
        yield
    except CourseError as problem:
        click.echo(f"Error: {problem}", err=True)
        raise SystemExit(2) from problem


def _require_folder_of(json_file: Path | None) -> None:
    """Check that the folder of a file exists, before minutes of grading that would be for nothing; None is accepted.

    Raises
    ------
    CourseError
        If it does not exist.
    """
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

    A course directory has nbgrader's layout: put submissions under
    submitted/STUDENT/LESSON/LESSON.ipynb. Lessons come from its notebooks/ folder.

    \b
    A first round:
      autograder release 01_sigmoid_saturation     students get release/
      autograder grade 01_sigmoid_saturation       marks, and feedback/ for each student
      autograder report 01_sigmoid_saturation      the table again, with marks given by hand
    """
    skip_address_grammar()


@cli.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@_course_option
@_db_option
def release(lessons: Sequence[str], directory: Path, db: str | None) -> None:
    """Write the students' version of LESSONs to release/.

    Without LESSONs, all lessons are released. A course's own assignments are released only by name.

    Solutions and hidden tests are removed. The first release draws the course's secret seed, from
    which all hidden test inputs come. The seed is in .autograder/, which students must not get.
    """
    with _refusals():
        from autograder.grading.nbgrader_plugin import release as room

        room.release(directory, lessons, db=db, listener=_Shown())


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
    confine: Any,
    as_root: bool,
) -> None:
    """Grade the submissions for LESSONs.

    Without LESSONs, all lessons with submissions are graded.

    Every submission runs in a sandboxed kernel of its own, which contains no answers. The judge runs outside of it.
    A submission that cannot be graded is reported with the reason and loses its earlier mark; the others are graded
    all the same. A submission that was graded before and has not changed is not graded again, so you can simply
    repeat an interrupted command. With --scheduler, the workers of a Dask cluster run and judge the submissions;
    the marks are written here.

    \b
    Exit status: 0 all graded, 1 some failed, 2 the command cannot run.
    """
    with _refusals():
        _require_folder_of(json_file)
        from autograder.grading.distribute.session import Request, grade_class

        request = Request(
            lessons=lessons,
            students=only,
            confine=confine,
            as_root=as_root,
            everything=run_everything,
            cell_timeout=cell_timeout,
            again=again,
            workers=workers,
            scheduler=scheduler,
            tls=(tls_ca, tls_cert, tls_key),
        )
        results = grade_class(directory, request, db=db, listener=_Shown())
        _show(results, json_file)
    context.exit(1 if results.any_failed else 0)


@cli.command()
def doctor() -> None:
    """Show how well this machine can confine submissions.

    A submission is a student's program. It must not be able to read answers, the gradebook or other submissions,
    nor to use the network. It must leave no files or processes behind.

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
    """Show the class table with the marks of the gradebook.

    Nothing is graded, and marks given by hand count. A mark for an earlier submission than the last one is not
    shown. A mark by an earlier version of the lesson or of an exercise has a note. With --mistakes, the table shows
    how many students made which mistake in which part of an exercise; --json then contains every verdict too.
    """
    with _refusals():
        _require_folder_of(json_file)
        from autograder.grading.distribute.session import read_class

        results = read_class(directory, lessons, db=db)
        if mistakes:
            _show_mistakes(results.lessons, json_file)
        else:
            _show(results, json_file)


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_course_option
def add(file: Path, directory: Path) -> None:
    """Put an exercise of your own, in FILE, into its lesson.

    FILE is one Python file in the course's exercises/ folder: the reference function, whose docstring students
    read, and one exercise with its parts, cases and known mistakes. The exercise is tested first: with many seeds,
    the reference must be right, and every mistake must be found and named. Then its two cells are written into
    notebooks/LESSON/LESSON.ipynb and replace older ones. Run the command again whenever FILE has changed.
    """
    with _refusals():
        from autograder.grading.nbgrader_plugin.add_exercise import add_exercise

        add_exercise(directory, file, _Shown())


@cli.command()
@click.argument("name")
@click.option("--lesson", required=True, help="The lesson's folder in notebooks/, such as 10_signals.")
@_course_option
def new_exercise(name: str, lesson: str, directory: Path) -> None:
    """Write a commented file to start from, for an exercise of your own.

    The file is exercises/NAME.py in the course directory. It contains a complete exercise: change it into yours,
    then put it into its lesson with `autograder add exercises/NAME.py`. An existing file is never overwritten.
    """
    with _refusals():
        from autograder.grading.nbgrader_plugin.new_exercise import write_new_exercise

        path = write_new_exercise(directory, name, lesson)
        _out.print(f"wrote {path}", highlight=False, soft_wrap=True)


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--course", "source", default=".", type=click.Path(path_type=Path), help="Where the lessons are.")
def practice(directory: Path, source: Path) -> None:
    """Copy the lessons to DIRECTORY, to work through alone.

    Existing notebooks are not changed: your work is never overwritten.
    """
    with _refusals():
        from autograder.grading.nbgrader_plugin import practice as room

        room.practice(directory, source, _Shown())


def _show(results: ClassResults, json_file: Path | None) -> None:
    from autograder.reporting.classtable import as_json, class_table

    for lesson, outcomes in results.lessons.items():
        for line in Segment.split_lines(_out.render(class_table(lesson, outcomes))):  # a class may be large
            _out.print(Segments([*line, Segment.line()]), end="")
    if any(outcome.feedback for outcomes in results.lessons.values() for outcome in outcomes):
        _out.print(f"feedback for students: {results.feedback}/STUDENT/LESSON/", highlight=False, soft_wrap=True)
    _write(json_file, [as_json(lesson, outcomes) for lesson, outcomes in results.lessons.items()])


def _show_mistakes(results: dict[str, list[Outcome]], json_file: Path | None) -> None:
    from autograder.reporting.mistakes import mistakes_as_json, mistakes_table

    for lesson, outcomes in results.items():
        _out.print(mistakes_table(lesson, outcomes))
    _write(json_file, [mistakes_as_json(lesson, outcomes) for lesson, outcomes in results.items()])


def _write(json_file: Path | None, lessons: list[dict[str, Any]]) -> None:
    """Write the file of --json: one lesson as an object, several as a list; do nothing if `json_file` is None."""
    if json_file is None:
        return
    from autograder.reporting.classtable import write_json

    write_json(json_file, lessons[0] if len(lessons) == 1 else lessons)


class _Shown(Listener):
    """A display of a command's progress: a bar and problems on stderr, written files on stdout."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._problems = 0

    def note(self, text: str) -> None:
        """Print a remark on stderr."""
        _err.print(text, highlight=False, markup=False, soft_wrap=True)

    def begin(self, task: str, total: int) -> None:
        """Show a progress bar with `total` steps."""
        self._bar, self._problems = _progress(), 0
        self._bar.start()
        self._task = self._bar.add_task(task, total=total, failed="")

    def advance(self, *, done: str = "", problem: str = "") -> None:
        """Print the written file or the problem, if it is not empty, and advance the bar by one step.

        Without a bar, only print.
        """
        if done:
            _out.print(done, highlight=False, markup=False, soft_wrap=True)
        if problem:
            self.note(problem)
            self._problems += 1
        if self._bar is not None:
            self._bar.update(self._task, advance=1, failed=f"{self._problems} failed" if self._problems else "")

    def end(self) -> None:
        """Remove the bar, if there is one."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class _Rate(ProgressColumn):
    """A column with the number of steps per minute."""

    def render(self, task: Task) -> str:
        """Return the steps per minute as text; "" while the rate is unknown."""
        return f"{60 * task.speed:.0f} a minute" if task.speed else ""


def _progress() -> Progress:
    """Return a progress bar for stderr, not started; it is hidden if stderr is not a terminal."""
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
