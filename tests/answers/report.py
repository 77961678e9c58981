"""Measure the grader: judge every answer of the corpus with many fresh seeds, and write how often it was right.

    python tests/answers/report.py --seeds 200 --write docs/grader-accuracy.md

A verdict is *flaky* if an answer passes with one seed and fails with another, or gets different diagnoses. The points
of a wrong answer may *vary*, because it can pass a part by chance. A class is judged with one seed, so all its students
have the same chance. The exit status is 1 if a threshold is missed: every wrong answer caught, every right answer
accepted, no flaky verdict, 90% of the known mistakes named.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
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
from autograder.judging.seeds import draw_seed

NAMED_AT_LEAST = 0.9
SEEDS_A_ROUND = 10  # one task of the process pool judges one exercise with so many seeds
Outcomes = Counter[tuple[bool, float, str | None]]  # passed, points, diagnosis
HEADS = [
    "exercise",
    "seeds",
    "right",
    "accepted",
    "wrong",
    "caught",
    "known",
    "named",
    "general",
    "named",
    "flaky",
    "vary",
]


@dataclass
class Tally:
    """Counts of the verdicts on one exercise; a judgement is one answer judged with one seed."""

    seeds: int = 0
    judgements: int = 0
    right: list[bool] = field(default_factory=list)  # accepted with every seed?
    wrong: list[bool] = field(default_factory=list)  # caught with every seed?
    known: list[bool] = field(default_factory=list)  # named with every seed?
    general: list[bool] = field(default_factory=list)  # the same, for mistakes that any exercise knows
    flaky: list[str] = field(default_factory=list)
    vary: list[str] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """Return the entries of the table's row."""
        counts = [str(len(self.right)), _share(self.right), str(len(self.wrong)), _share(self.wrong)]
        return (
            name,
            str(self.seeds or "–"),
            *counts,
            str(len(self.known)),
            _share(self.known),
            str(len(self.general)),
            _share(self.general),
            str(len(self.flaky)),
            str(len(self.vary)),
        )

    @property
    def misses_a_bar(self) -> bool:
        """Return whether a threshold is missed."""
        named = sum(self.known + self.general) >= NAMED_AT_LEAST * len(self.known + self.general)
        return not (all(self.right) and all(self.wrong) and named and not self.flaky)


def _share(flags: list[bool]) -> str:
    return f"{sum(flags) / len(flags):.0%}" if flags else "–"


@cache
def corpus() -> list[Answer]:
    """Load the answers once in each process."""
    return answers()


def verdicts(name: str, seeds: list[int]) -> dict[int, Outcomes]:
    """Judge every answer to an exercise with several seeds; count the outcomes by the answer's number."""
    counts: dict[int, Outcomes] = {}
    for seed in seeds:  # the outer loop, so that cases are drawn once for all answers
        for number, answer in enumerate(corpus()):
            if answer.exercise.name == name:
                verdict = judge(answer.exercise, answer.function, seed=seed)
                counts.setdefault(number, Counter())[verdict.passed, verdict.points, verdict.diagnosis] += 1
    return counts


def measure(names: list[str], seeds: list[int], training_seeds: int, jobs: int) -> dict[str, Tally]:
    """Judge the answers to these exercises in several processes; count the verdicts of each exercise."""
    trains = {answer.exercise.name: bool(answer.exercise.notice) for answer in corpus()}
    tallies = {name: Tally(seeds=min(training_seeds, len(seeds)) if trains[name] else len(seeds)) for name in names}
    outcomes: dict[int, Outcomes] = {}
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TextColumn("rounds"), TimeRemainingColumn())
    with ProcessPoolExecutor(jobs) as pool, Progress(*columns, console=Console(stderr=True)) as progress:
        rounds = [
            pool.submit(verdicts, name, seeds[: tallies[name].seeds][start : start + SEEDS_A_ROUND])
            for name in sorted(names, key=lambda name: not trains[name])
            for start in range(0, tallies[name].seeds, SEEDS_A_ROUND)
        ]
        for done in progress.track(as_completed(rounds), total=len(rounds)):
            for number, counts in done.result().items():
                outcomes.setdefault(number, Counter()).update(counts)
    for number, counts in sorted(outcomes.items()):
        answer = corpus()[number]
        count(tallies[answer.exercise.name], answer, counts)
    return tallies


def count(tally: Tally, answer: Answer, outcomes: Outcomes) -> None:
    """Add one answer's verdicts."""
    tally.judgements += outcomes.total()
    passed, names = {passed for passed, _, _ in outcomes}, {name for _, _, name in outcomes}
    if answer.right:
        tally.right.append(passed == {True})
    else:
        tally.wrong.append(passed == {False})
    if answer.diagnosis is not None:
        (tally.known if answer.known else tally.general).append(names == {answer.diagnosis})
    seen = ", ".join(f"{points:g} points {name or ''} ×{n}".strip() for (_, points, name), n in outcomes.items())
    line = f"{answer.exercise.name} ({answer.style}): {seen}"
    if len(passed) > 1 or len(names) > 1:
        tally.flaky.append(line)
    elif len(outcomes) > 1:
        tally.vary.append(line)


def total(tallies: Iterable[Tally]) -> Tally:
    """Add up the tallies of all exercises."""
    whole = Tally()
    for tally in tallies:
        whole.judgements += tally.judgements
        for name in ("right", "wrong", "known", "general", "flaky", "vary"):
            getattr(whole, name).extend(getattr(tally, name))
    return whole


def rows_of(page: str) -> dict[str, tuple[str, ...]]:
    """Read the rows of the table from an existing page."""
    found = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, flags=re.MULTILINE)
    return {name: (name, *entries.split(" | ")) for name, entries in found}


def total_row(rows: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Add up the rows of a table."""

    def count(place: int) -> int:
        return sum(int(row[place]) for row in rows)

    def share(place: int) -> str:
        known = [(int(row[place]), row[place + 1]) for row in rows if int(row[place])]
        good = sum(round(number * int(percent.rstrip("%")) / 100) for number, percent in known)
        return f"{good / count(place):.0%}"

    rows = list(rows)
    pairs = [entry for place in (2, 4, 6, 8) for entry in (str(count(place)), share(place))]
    return ("all", "–", *pairs, str(count(10)), str(count(11)))


def as_markdown(rows: dict[str, tuple[str, ...]], seeds: int) -> str:
    """Format the documentation page in Markdown."""
    judgements = sum(int(row[1]) * (int(row[2]) + int(row[4])) for row in rows.values())
    lines = [
        "# How accurate is the grader?",
        "",
        "Written by `make grader-report`; do not edit. For every exercise, `tests/answers/` contains right answers in",
        "different styles, and wrong answers. Most wrong answers make a mistake that the grader claims to know, but",
        "written in another way than the grader's own version of it.",
        f"Each was judged with {seeds} new seeds. If judging trains networks, the table shows a smaller number:",
        f"{judgements:,} judgements in all (Python {platform.python_version()}, NumPy {np.__version__}). A row is",
        "measured again when its exercise, its answers or the judge changes.",
        "",
        "- *right*, *wrong*: how many answers there are;",
        "- *accepted*: right answers that earned full points with every seed;",
        "- *caught*: wrong answers that lost points with every seed;",
        "- *known*: wrong answers that make one of the exercise's known mistakes;",
        "- *general*: wrong answers with a mistake that is recognized in any exercise: `None`, transposed, scaled, …;",
        "- *named*: those of either kind for which the card named exactly this mistake with every seed;",
        "- *flaky*: answers that passed with one seed and failed with another, or got different diagnoses;",
        "- *vary*: wrong answers whose points depend on the seed, because they can pass a part by chance. All students",
        "  of a class are judged with the same seed.",
        "",
        "The table cannot show mistakes that are not in the collection yet. If you find one, add it.",
        "",
        f"| {' | '.join(HEADS)} |",
        f"|---|{'---:|' * (len(HEADS) - 1)}",
        *(f"| `{row[0]}` | {' | '.join(row[1:])} |" for row in rows.values()),
        f"| **all** | {' | '.join(f'**{entry}**' for entry in total_row(rows.values())[1:])} |",
        "",
    ]
    return "\n".join(lines)


def show(tallies: dict[str, Tally]) -> None:
    """Print the table, and every answer with a flaky verdict or with points that vary."""
    console = Console()
    table = Table(*HEADS, box=None)
    for name, tally in tallies.items():
        table.add_row(*tally.row(name), style="red" if tally.misses_a_bar else "")
    table.add_section()
    table.add_row(*total(tallies.values()).row("all"), style="bold")
    console.print(table)
    for tally in tallies.values():
        for line in [*(f"flaky: {f}" for f in tally.flaky), *(f"vary: {v}" for v in tally.vary)]:
            console.print(line, highlight=False, markup=False)


def main() -> int:
    """Measure the grader, print the table, and write the page if asked; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="fresh seeds for each answer (default: 200)")
    parser.add_argument("--training-seeds", type=int, default=3, help="where judging trains networks (default: 3)")
    parser.add_argument("--only", metavar="EXERCISE", action="append", help="this exercise only; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="also write the table to this Markdown file; --only keeps other rows"
    )
    options = parser.parse_args()
    names = list(dict.fromkeys(answer.exercise.name for answer in corpus()))
    unknown = sorted(set(options.only or ()) - set(names))
    if unknown:
        parser.error(f"--only must name an exercise, such as {', '.join(names[:3])} (got {', '.join(unknown)})")
    if min(options.seeds, options.training_seeds, options.jobs) < 1:
        parser.error("--seeds, --training-seeds and --jobs must be at least 1")
    chosen = [name for name in names if not options.only or name in options.only]
    seeds = [draw_seed() for _ in range(options.seeds)]
    tallies = measure(chosen, seeds, options.training_seeds, options.jobs)
    show(tallies)
    if options.write:
        old = rows_of(options.write.read_text(encoding="utf-8")) if options.only and options.write.exists() else {}
        measured = {name: tally.row(name) for name, tally in tallies.items()}
        rows = {name: measured.get(name) or old[name] for name in names if name in measured or name in old}
        options.write.write_text(as_markdown(rows, options.seeds), encoding="utf-8")
        print(f"written to {options.write}")
    return int(any(tally.misses_a_bar for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
