"""Speed of grading a class, compared with stock nbgrader and otter-grader: `python benchmarks/grading.py`.

All graders grade the same submissions of a light lesson. The time is that of whole processes, including start-up.
The graders take turns. The output is medians over rounds, and ratios. Then the script measures one submission alone,
a ready kernel, the cost of the sandbox, and whether time and memory grow with the class. Use
`--lesson 01_sigmoid_saturation` for the whole lesson instead of the light one. otter-grader gets its own environment.
Run the script on a machine with no other load.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import json
import os
import platform
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from grading_class import LESSON, solved_lesson, submissions, tested, without_tests
from rich.console import Console
from rich.table import Table

from autograder.judging.registry import all_exercises
from autograder.running.judge_side.kernels import Kernels
from autograder.running.judge_side.run_notebook import run_notebook
from autograder.running.judge_side.student_edition import write_edition

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- begin results -->", "<!-- end results -->"
PARTS = ("throughput", "cold", "kernel", "long")
STOCK, FEEDBACK = "nbgrader autograde", "nbgrader autograde, then generate_feedback"
COLUMNS = ("what", "time", "a submission", "faster than nbgrader", "the same, its feedback not counted", "bar")
_OTTER_TEST = """\
from otter.test_files import test_case

OK_FORMAT = False
name = "{name}"
points = {points}


@test_case(points={points})
def test_{name}({name}):
    from autograder import check

    assert check({name}, hidden=True) == {points}
"""
_OTTER_RUN = """\
import sys
from otter.api import grade_submission

zip_file, *paths = sys.argv[1:]
for path in paths:
    print(path, grade_submission(path, zip_file, quiet=True).total, file=sys.stderr)
print("graded", len(paths))
"""
# Replaces the sandbox module of a zygote: its kernels are not confined, and nothing else differs.
_NO_SANDBOX = """\
import os


def prepare(options):
    return str(options["edition"])


def fork(options):
    return os.fork()


class Parent:
    def __init__(self):
        self.handle = os.dup(0)

    @classmethod
    def this(cls):
        return cls()


def enter(options, parent, scratch):
    os.setsid()
"""
_console = Console(stderr=True)


@dataclass
class Row:
    """A row of the results.

    Attributes
    ----------
    what, time, each, ratio, without_feedback, bar : str
        Columns of the row, as printed.
    """

    what: str
    time: str = ""
    each: str = ""
    ratio: str = ""
    without_feedback: str = ""
    bar: str = ""


@dataclass
class Run:
    """Measurements of a process that has ended.

    Attributes
    ----------
    seconds : float
    memory : list of (time, MB)
        Peak memory so far of the process itself, without its child processes.
    """

    seconds: float
    memory: list[tuple[float, float]] = field(default_factory=list)


class UnfinishedError(RuntimeError):
    """A grader that did not finish its work."""


class Classes:
    """Fresh copies of released courses, with any number of submissions.

    Parameters
    ----------
    directory : Path
    light : bool
        Whether to use the light lesson.
    """

    def __init__(self, directory: Path, light: bool) -> None:
        self._directory = directory
        self._solved = solved_lesson(light)
        self._copies = 0
        for name, folder, command in (
            ("ours", "notebooks", [sys.executable, "-m", "autograder", "release", LESSON]),
            ("stock", "source", ["nbgrader", "generate_assignment", LESSON]),
        ):
            source = directory / name / folder / LESSON / f"{LESSON}.ipynb"
            source.parent.mkdir(parents=True)
            nbformat.write(self._solved, source)
            if name == "stock":
                text = 'c = get_config()\nc.CourseDirectory.course_id = "benchmark"\n'
                (directory / name / "nbgrader_config.py").write_text(text)
            run(command, directory / name)
        self._released = nbformat.read(directory / "ours" / "release" / LESSON / f"{LESSON}.ipynb", as_version=4)
        self._write_otter_tests()

    @property
    def solved(self) -> Any:
        """Return a copy of the solved lesson."""
        return copy.deepcopy(self._solved)

    @property
    def otter_tests(self) -> Path:
        """Return the zip file with tests that otter-grader calls an autograder."""
        return self._directory / "autograder.zip"

    def _write_otter_tests(self) -> None:
        with zipfile.ZipFile(self.otter_tests, "w") as file:
            for name, points in tested(self._solved).items():
                file.writestr(f"tests/{name}.py", _OTTER_TEST.format(name=name, points=points))
            file.writestr("otter_config.json", "{}")

    def fresh(self, kind: str, number: int) -> Path:
        """Create a course that is not graded yet: "ours", "stock", or "otter", which is a folder of notebooks."""
        self._copies += 1
        root = self._directory / f"{kind}-{self._copies}"
        if kind == "otter":
            root.mkdir()
        else:
            shutil.copytree(self._directory / kind, root)
        for student, notebook in submissions(self._released, number):
            path = root / "submitted" / student / LESSON / f"{LESSON}.ipynb"
            if kind == "otter":
                path, notebook = root / f"{student}.ipynb", without_tests(notebook)
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, path)
        return root


def run(command: list[str], directory: Path, *, watch: bool = False) -> Run:
    """Run a process to its end and measure it.

    Raises
    ------
    UnfinishedError
        If it did not end with status 0.
    """
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    memory = []
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        if watch:
            handle = os.pidfd_open(process.pid)
            while not select.select([handle], [], [], 0.1)[0]:
                memory.append((time.time(), _peak(process.pid)))
            os.close(handle)
        status = process.wait()
        seconds = time.perf_counter() - start
        output.seek(0)
        lines = output.read().strip().splitlines()
    if status != 0:
        raise UnfinishedError(f"{' '.join(command[:3])} ended with status {status}: {lines[-1] if lines else ''}")
    return Run(seconds, memory)


def _peak(process: int) -> float:
    """Return the peak memory of a process in MB; 0 if it has ended."""
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def ours(course: Path, number: int, *options: str) -> dict[str, Run]:
    """Grade with this project, which also writes the feedback."""
    took = run([sys.executable, "-m", "autograder", "grade", LESSON, *options], course, watch=True)
    _require(course, "feedback/*/*/*.html", number)
    return {"grade": took}


def stock(course: Path, number: int) -> dict[str, Run]:
    """Grade with nbgrader's own configuration, then write its feedback."""
    graded = run(["nbgrader", "autograde", LESSON], course, watch=True)
    _require(course, "autograded/*/*/*.ipynb", number)
    written = run(["nbgrader", "generate_feedback", LESSON], course)
    _require(course, "feedback/*/*/*.html", number)
    return {"grade": graded, "feedback": written}


def otter(folder: Path, number: int, *, python: str, tests: Path) -> dict[str, Run]:
    """Grade with otter-grader's API, in one process."""
    paths = [str(path) for path in sorted(folder.glob("*.ipynb"))]
    return {"grade": run([python, "-c", _OTTER_RUN, str(tests), *paths], folder, watch=True)}


def _require(course: Path, pattern: str, number: int) -> None:
    there = len(list(course.glob(pattern)))
    if there != number:
        raise UnfinishedError(f"there must be {number} of {pattern} (got {there})")


def otter_python(directory: Path) -> str:
    """Create an environment with otter-grader and this project, and return its Python.

    Raises
    ------
    UnfinishedError
        If it cannot be installed.
    """
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        raise UnfinishedError("uv is not installed")
    environment = directory / "otter-environment"
    python = str(environment / "bin" / "python")
    if not Path(python).exists():
        run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)], ROOT)
    run([uv, "pip", "install", "--quiet", "--python", python, "otter-grader[grading]", "-e", "."], ROOT)
    return python


Contender = Callable[[Path, int], dict[str, Run]]


def take_turns(
    classes: Classes, contenders: dict[str, tuple[str, Contender]], number: int, rounds: int
) -> tuple[dict[str, list[dict[str, Run]]], dict[str, str]]:
    """Run all graders on a class, round by round; each round starts with another grader, and a failed one is left out.

    Returns
    -------
    runs, problems
    """
    runs: dict[str, list[dict[str, Run]]] = {name: [] for name in contenders}
    problems: dict[str, str] = {}
    names = list(contenders)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name in problems:
                continue
            kind, grade = contenders[name]
            course = classes.fresh(kind, number)
            try:
                runs[name].append(grade(course, number))
            except UnfinishedError as problem:
                problems[name] = str(problem)
            finally:
                shutil.rmtree(course, ignore_errors=True)
            seconds = " + ".join(f"{took.seconds:.1f}" for took in runs[name][-1].values()) if runs[name] else "failed"
            _console.print(f"round {turn + 1} of {rounds}, {number} submissions: {name}: {seconds} s", highlight=False)
    return {name: done for name, done in runs.items() if name not in problems}, problems


def spread(values: list[float], digits: int = 1) -> str:
    """Format a median with the smallest and the largest value."""
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} s ({low} … {high})"


def _total(took: dict[str, Run]) -> float:
    return sum(one.seconds for one in took.values())


def _met(met: bool, bar: str) -> str:
    return f"{bar}: {'met' if met else 'missed'}"


def throughput(classes: Classes, options: argparse.Namespace, rows: list[Row]) -> None:
    """Compare all graders on one class."""
    number = options.students
    grade: dict[str, tuple[str, Contender]] = {STOCK: ("stock", stock)}
    bars = {}
    for everything, words, at_least in ((False, "lean", 10), (True, "everything run", 4)):
        for workers in (1, 2):
            name = f"autograder grade, {words}, {workers} worker{'s' if workers > 1 else ''}"
            arguments = ["--workers", str(workers), *(["--run-everything"] if everything else [])]
            grade[name] = ("ours", lambda course, size, given=tuple(arguments): ours(course, size, *given))
            if workers == 2 and (not everything or options.lesson == "light"):
                bars[name] = at_least
    problems = {}
    if not options.without_otter:
        try:
            python = otter_python(options.directory)
        except UnfinishedError as problem:
            problems["otter-grader's API"] = f"could not be installed: {problem}"
        else:
            grade["otter-grader's API"] = ("otter", partial(otter, python=python, tests=classes.otter_tests))
    runs, failed = take_turns(classes, grade, number, options.rounds)
    if STOCK in runs:
        alone = statistics.median(took["grade"].seconds for took in runs[STOCK])
        both = statistics.median(_total(took) for took in runs[STOCK])
        feedback = spread([_total(took) for took in runs[STOCK]])
    for name, done in runs.items():
        times = [took["grade"].seconds for took in done]
        median = statistics.median(times)
        row = Row(f"{name}, {number} submissions", spread(times), f"{median / number:.2f} s")
        if STOCK in runs and name != STOCK:
            # otter-grader writes no feedback pages, so the second ratio is the fair one for it; the bars use it.
            row.ratio, row.without_feedback = f"{both / median:.1f}×", f"{alone / median:.1f}×"
            if name in bars:
                row.bar = _met(alone / median >= bars[name], f"≥ {bars[name]}×, feedback not counted")
        rows.append(row)
        if name == STOCK:
            rows.append(Row(f"{FEEDBACK}, {number} submissions", feedback, f"{both / number:.2f} s"))
    rows += [Row(f"{name}, {number} submissions", problem) for name, problem in (problems | failed).items()]


def cold(classes: Classes, options: argparse.Namespace, rows: list[Row]) -> None:
    """Compare the graders on one submission."""
    contenders: dict[str, tuple[str, Contender]] = {"autograder grade": ("ours", ours), STOCK: ("stock", stock)}
    runs, problems = take_turns(classes, contenders, 1, max(options.rounds, options.cold_rounds))
    rows += [Row(f"{name}, one submission", problem) for name, problem in problems.items()]
    times = {name: [took["grade"].seconds for took in done] for name, done in runs.items()}
    for name, values in times.items():
        row = Row(f"{name}, one submission", spread(values, 2))
        if name != STOCK and STOCK in times:
            share = statistics.median(values) / statistics.median(times[STOCK])
            both = statistics.median(_total(took) for took in runs[STOCK])
            row.ratio, row.without_feedback = f"{both / statistics.median(values):.1f}×", f"{1 / share:.1f}×"
            row.bar = _met(share <= 0.6, f"≤ 0.6 of the time without feedback (got {share:.2f})")
        rows.append(row)


def kernel(classes: Classes, options: argparse.Namespace, rows: list[Row]) -> None:
    """Measure ready kernels, and one notebook with and without the sandbox."""
    notebook = without_tests(classes.solved)
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="autograder-edition-")))
        root.chmod(0o755)
        answers = [(one.reference.__module__, one.reference.__name__, one.lesson) for one in all_exercises()]
        answers = [answer for answer in answers if answer[0].startswith("course_lib.")]
        given = [(module, name) for module, name, lesson in answers if lesson < LESSON]
        withheld = [(module, name) for module, name, lesson in answers if lesson >= LESSON]
        confined, bare = root / "confined", root / "bare"
        for edition in (confined, bare):
            write_edition(edition, given=given, withheld=withheld)
        (bare / "autograder" / "running" / "sandbox" / "enter.py").write_text(_NO_SANDBOX)
        both = {
            name: stack.enter_context(Kernels(edition, mode="namespaces"))
            for name, edition in (("in the sandbox", confined), ("without it", bare))
        }
        ready: dict[str, list[float]] = {name: [] for name in both}
        ran: dict[str, list[float]] = {name: [] for name in both}
        for turn in range(options.kernels + 2):
            for name, kernels in sorted(both.items(), reverse=bool(turn % 2)):
                took = _seconds(lambda one=kernels: asyncio.run(_ready(one)))
                ran_for = _seconds(partial(_run, copy.deepcopy(notebook), kernels))[0]
                if turn >= 2:  # the first kernels wait for the zygote
                    ready[name].append(1000 * took[1])
                    ran[name].append(1000 * ran_for)
    for name, values in ready.items():
        rows.append(Row(f"a ready kernel {name}, median of {len(values)}", f"{statistics.median(values):.0f} ms"))
    confined_ms, bare_ms = (statistics.median(ran[name]) for name in both)
    added = confined_ms - bare_ms
    what = f"what the sandbox adds to a submission ({bare_ms:.0f} ms from kernel to end, no judging)"
    rows.append(Row(what, f"{added:.0f} ms", bar=_met(added <= 20, "≤ 20 ms")))


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


async def _ready(kernels: Kernels) -> float:
    """Start a kernel and end it; return the seconds until it was ready."""
    start = time.perf_counter()
    manager = kernels.manager()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    took = time.perf_counter() - start
    client.stop_channels()
    await manager.shutdown_kernel(now=True)
    return took


def _run(notebook: Any, kernels: Kernels) -> None:
    code = {place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    run_notebook(notebook, kernels, cells=code, tests=set(), judge=lambda cell, functions: None, files={})


def _control(classes: Classes, few: int) -> float:
    """Measure small classes: a shared machine may become slower within a few minutes."""
    name = "a small class"
    grade = {name: ("ours", lambda course, size: ours(course, size, "--workers", "2"))}
    runs, problems = take_turns(classes, grade, few, 3)
    if problems:
        raise UnfinishedError(problems[name])
    return statistics.median(took["grade"].seconds for took in runs[name])


def long(classes: Classes, options: argparse.Namespace, rows: list[Row]) -> None:
    """Measure whether time and memory grow with the class."""
    few, many = options.students, options.long
    if many < 10 * few:
        raise UnfinishedError(f"--long must be at least {10 * few} (got {many})")
    before = _control(classes, few)
    course = classes.fresh("ours", many)
    try:
        took = ours(course, many, "--workers", "2")["grade"]
        written = sorted(path.stat().st_mtime for path in course.glob("feedback/*/*/*.html"))
    finally:
        shutil.rmtree(course, ignore_errors=True)
    after = _control(classes, few)
    # Without the first submissions, which include each worker's first page. A tenth of the class averages out noise.
    tenth = many // 10
    first, last = ((written[end] - written[end - tenth]) / tenth for end in (few + tenth, -1))
    growth = (last / after) / (first / before) - 1
    rows.append(Row(f"autograder grade, lean, 2 workers, {many} submissions", f"{took.seconds:.1f} s"))
    rows[-1].each = f"{took.seconds / many:.2f} s"
    rows.append(Row(f"a class of {few} before that, and after it", f"{before:.2f} s, {after:.2f} s"))
    rows.append(
        Row(
            f"a submission of its first {tenth}, without the first {few}, and of its last {tenth}",
            f"{first:.3f} s, {last:.3f} s",
            bar=_met(abs(growth) <= 0.1, f"within 10% (got {growth:+.0%}, the machine's own change taken off)"),
        )
    )
    early = max(peak for when, peak in took.memory if when <= written[few])
    peak = max(peak for _, peak in took.memory)
    flat = _met(peak < 250 and peak <= 1.1 * early, "< 250 MB, within 10%")
    rows.append(
        Row(f"the coordinator's memory after {few}, and at its peak", f"{early:.0f} MB, {peak:.0f} MB", bar=flat)
    )


def table(rows: list[Row], about: str) -> Table:
    """Build the table of results for the terminal."""
    shown = Table(*COLUMNS, title=about, title_justify="left", caption_justify="left")
    for row in rows:
        shown.add_row(*asdict(row).values())
    return shown


def markdown(rows: list[Row], about: str) -> Iterator[str]:
    """Format the results as Markdown for the documentation."""
    yield about
    yield ""
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---" * len(COLUMNS) + "|"
    for row in rows:
        yield "| " + " | ".join(text.replace("|", "\\|") for text in asdict(row).values()) + " |"


def write(path: Path, rows: list[Row], about: str) -> None:
    """Write the results between the two markers of a page."""
    before, found, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise SystemExit(f"{path} must hold {BEGIN} and {END}")
    lines = "\n".join(markdown(rows, about))
    path.write_text(f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}", encoding="utf-8")


def machine(options: argparse.Namespace) -> str:
    """Return date, machine and versions of the measurement."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    otter_version = ""
    python = options.directory / "otter-environment" / "bin" / "python"
    if python.exists():
        code = "import importlib.metadata as m; print(m.version('otter-grader'))"
        otter_version = f", otter-grader {subprocess.check_output([str(python), '-c', code], text=True).strip()}"
    lesson = "the light lesson" if options.lesson == "light" else options.lesson
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {lesson}, {options.rounds} rounds; {os.cpu_count()} cores "
        f"({names[0] if names else platform.machine()}), {memory:.0f} GB, {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, nbgrader {version('nbgrader')}{otter_version}, "
        f"ipykernel {version('ipykernel')}, NumPy {version('numpy')}."
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.is_file() else []


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=30, help="submissions of the class (default: 30)")
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument("--cold-rounds", type=int, default=5, help="for one submission (default: 5)")
    parser.add_argument("--kernels", type=int, default=30, help="how many kernels are timed (default: 30)")
    parser.add_argument("--long", type=int, default=0, metavar="N", help="grade a class of N as well")
    parser.add_argument("--lesson", choices=["light", LESSON], default="light")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"default: {','.join(PARTS)}")
    parser.add_argument("--without-otter", action="store_true")
    parser.add_argument("--directory", type=Path, help="work here, and keep otter-grader's environment for next time")
    parser.add_argument("--json", type=Path, help="write the results to this file as well")
    parser.add_argument("--read", type=Path, nargs="+", help="measure nothing: take results from these JSON files")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the results into a page of the documentation")
    return parser.parse_args()


def measured(options: argparse.Namespace) -> tuple[list[Row], str]:
    """Run all requested measurements; print the reason if one fails."""
    rows: list[Row] = []
    parts: dict[str, Callable[[Classes, argparse.Namespace, list[Row]], None]] = {
        "throughput": throughput,
        "cold": cold,
        "kernel": kernel,
        "long": long,
    }
    with tempfile.TemporaryDirectory(prefix="grading-benchmark-") as temporary:
        Path(temporary).chmod(0o755)
        options.directory = (options.directory or Path(temporary)).resolve()
        options.directory.mkdir(parents=True, exist_ok=True)
        classes = Classes(Path(temporary) / "classes", options.lesson == "light")
        for name in options.parts.split(","):
            if name == "long" and not options.long:
                continue
            try:
                parts[name](classes, options, rows)
            except (UnfinishedError, OSError, RuntimeError) as problem:
                rows.append(Row(name, f"not measured: {problem}"))
        return rows, machine(options)


def main() -> None:
    """Run the measurements, print and write the results."""
    options = arguments()
    if options.read:
        results = [json.loads(path.read_text()) for path in options.read]
        rows = [Row(**row) for result in results for row in result["rows"]]
        about = " ".join(dict.fromkeys(result["about"] for result in results))
    else:
        rows, about = measured(options)
    Console(width=None if sys.stdout.isatty() else 200).print(table(rows, about))
    if options.json:
        result = {"about": about, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if options.write:
        write(options.write, rows, about)


if __name__ == "__main__":
    main()
