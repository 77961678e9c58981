"""Measure the grader: judge every answer of the corpus with many fresh seeds, and write how often it was right.

    python tests/answers/report.py [--seeds 200] [--only EXERCISE] [--write docs/grader-accuracy.md]

A verdict is *flaky* where points or diagnosis of one answer differ between seeds. The exit status is 1 where
a bar is missed: every wrong answer caught, every right one accepted, no flaky verdict, 90% of known mistakes named.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two workers share the machine; must come before NumPy

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))
from corpus import Answer, answers

from autograder import judge

NAMED_AT_LEAST = 0.9
HEADS = ("exercise", "right answers", "accepted", "wrong answers", "caught", "known mistakes", "named", "flaky")


@dataclass
class Tally:
    """What happened to the answers of one exercise; a judgement is one answer with one seed."""

    judgements: int = 0
    right: list[bool] = field(default_factory=list)  # accepted with every seed?
    wrong: list[bool] = field(default_factory=list)  # caught with every seed?
    known: list[bool] = field(default_factory=list)  # called by its name with every seed?
    flaky: list[str] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """Give the table's entries."""
        counts = [str(len(self.right)), _share(self.right), str(len(self.wrong)), _share(self.wrong)]
        return (name, *counts, str(len(self.known)), _share(self.known), str(len(self.flaky)))

    @property
    def misses_a_bar(self) -> bool:
        """Whether one of the bars is missed."""
        named = sum(self.known) >= NAMED_AT_LEAST * len(self.known)
        return not (all(self.right) and all(self.wrong) and named and not self.flaky)


def _share(flags: list[bool]) -> str:
    return f"{sum(flags) / len(flags):.0%}" if flags else "–"


@cache
def corpus() -> list[Answer]:
    """Load the answers once in each process."""
    return answers()


def verdicts(number: int, seeds: list[int]) -> Counter[tuple[bool, float, str | None]]:
    """Judge one answer with several seeds; what came out, and how often."""
    answer = corpus()[number]
    counts: Counter[tuple[bool, float, str | None]] = Counter()
    for seed in seeds:
        verdict = judge(answer.exercise, answer.function, seed=seed)
        counts[verdict.passed, verdict.points, verdict.diagnosis] += 1
    return counts


def measure(numbers: list[int], seeds: list[int], jobs: int) -> dict[str, Tally]:
    """Judge the answers of these numbers, several at once, and count by exercise."""
    tallies = {corpus()[number].exercise.name: Tally() for number in numbers}
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TextColumn("answers"), TimeRemainingColumn())
    with ProcessPoolExecutor(jobs) as pool, Progress(*columns, console=Console(stderr=True)) as progress:
        slow_first = sorted(numbers, key=lambda number: not corpus()[number].exercise.patience)
        waiting = {pool.submit(verdicts, number, seeds): number for number in slow_first}
        for done in progress.track(as_completed(waiting), total=len(waiting)):
            answer = corpus()[waiting[done]]
            count(tallies[answer.exercise.name], answer, done.result())
    return tallies


def count(tally: Tally, answer: Answer, outcomes: Counter[tuple[bool, float, str | None]]) -> None:
    """Add one answer's verdicts."""
    tally.judgements += outcomes.total()
    passed, names = {passed for passed, _, _ in outcomes}, {name for _, _, name in outcomes}
    if answer.right:
        tally.right.append(passed == {True})
    else:
        tally.wrong.append(passed == {False})
    if answer.known:
        tally.known.append(names == {answer.diagnosis})
    if len(outcomes) > 1:
        seen = ", ".join(f"{points:g} points {name or ''} ×{n}".strip() for (_, points, name), n in outcomes.items())
        tally.flaky.append(f"{answer.exercise.name} ({answer.style}): {seen}")


def total(tallies: Iterable[Tally]) -> Tally:
    """Add all exercises up."""
    whole = Tally()
    for tally in tallies:
        whole.judgements += tally.judgements
        for name in ("right", "wrong", "known", "flaky"):
            getattr(whole, name).extend(getattr(tally, name))
    return whole


def as_markdown(tallies: dict[str, Tally], seeds: int) -> str:
    """Write the page of the documentation."""
    whole = total(tallies.values())
    rows = [tally.row(name) for name, tally in tallies.items()]
    lines = [
        "# How accurate is the grader?",
        "",
        "Written by `make grader-report`; do not edit. For every exercise there is a collection of right answers in",
        "different styles, and of wrong answers, most of which make a mistake that the grader claims to know, written",
        "in another way than the grader's own copy of it (`tests/answers/`).",
        f"Each was judged with {seeds} fresh seeds,",
        f"{whole.judgements:,} judgements in all (Python {platform.python_version()}, NumPy {np.__version__}).",
        "",
        "- *accepted*: right answers that earned full points with every seed;",
        "- *caught*: wrong answers that lost points with every seed;",
        "- *named*: answers with a known mistake for which the card named that mistake with every seed;",
        "- *flaky*: answers whose points or diagnosis were not the same with every seed.",
        "",
        "What this cannot show: mistakes that nobody has thought of yet. Whoever meets one adds it to the collection.",
        "",
        f"| {' | '.join(HEADS)} |",
        f"|---|{'---:|' * (len(HEADS) - 1)}",
        *(f"| `{row[0]}` | {' | '.join(row[1:])} |" for row in rows),
        f"| **all** | {' | '.join(f'**{entry}**' for entry in whole.row('all')[1:])} |",
        "",
    ]
    return "\n".join(lines)


def show(tallies: dict[str, Tally]) -> None:
    """Print the table, and name every answer that was not judged as it must be."""
    console = Console()
    table = Table(*HEADS)
    for name, tally in tallies.items():
        table.add_row(*tally.row(name), style="red" if tally.misses_a_bar else "")
    table.add_section()
    table.add_row(*total(tallies.values()).row("all"), style="bold")
    console.print(table)
    for tally in tallies.values():
        for line in tally.flaky:
            console.print(f"flaky: {line}", highlight=False, markup=False)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="fresh seeds for each answer (default: 200)")
    parser.add_argument("--only", metavar="EXERCISE", action="append", help="this exercise only; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the table to this Markdown file")
    options = parser.parse_args()
    names = {answer.exercise.name for answer in corpus()}
    unknown = sorted(set(options.only or ()) - names)
    if unknown:
        parser.error(f"--only must name an exercise, such as {', '.join(sorted(names)[:3])} (got {', '.join(unknown)})")
    if options.seeds < 1 or options.jobs < 1:
        parser.error("--seeds and --jobs must be at least 1")
    chosen = [n for n, answer in enumerate(corpus()) if not options.only or answer.exercise.name in options.only]
    tallies = measure(chosen, [secrets.randbits(63) for _ in range(options.seeds)], options.jobs)
    show(tallies)
    if options.write:
        options.write.write_text(as_markdown(tallies, options.seeds), encoding="utf-8")
        print(f"written to {options.write}")
    return int(any(tally.misses_a_bar for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
