"""Time of a check in a running notebook: `python benchmarks/check_time.py [--rounds 5] [--show 15]`.

Every exercise that trains no network is checked as in a notebook: with the right answer and with each known mistake,
and the card is drawn. The output is a list of medians over rounds, slowest first.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from autograder.exercises import LESSONS
from autograder.judging import card
from autograder.judging.exercise import Exercise
from autograder.judging.judge import PUBLIC_SEED, examine


def milliseconds(exercise: Exercise, answer: object) -> float:
    """Measure the time to judge the visible parts and draw the card."""
    start = time.perf_counter()
    examination = examine(exercise, answer, hidden=False, seed=PUBLIC_SEED)  # type: ignore[arg-type]
    card.as_html(exercise, examination.verdict, answer, examination.evidence)  # type: ignore[arg-type]
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Measure all checks and print the slowest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--show", type=int, default=15, help="how many lines")
    options = parser.parse_args()
    exercises = [e for lesson in LESSONS for e in lesson.EXERCISES if not e.notice]
    milliseconds(exercises[0], exercises[0].reference)  # the first card of a kernel also loads matplotlib
    times: dict[str, float] = {}
    for exercise in exercises:
        answers = {"right": exercise.reference} | {m.name: m.function for m in exercise.mistakes}
        for name, answer in answers.items():
            rounds = [milliseconds(exercise, answer) for _ in range(options.rounds)]
            times[f"{exercise.name} ({name})"] = statistics.median(rounds)
    for name in sorted(times, key=times.__getitem__, reverse=True)[: options.show]:
        print(f"{times[name]:8.0f} ms  {name}")
    values = np.array(list(times.values()))
    print(f"{np.median(values):8.0f} ms  median of {len(values)} answers; {np.mean(values < 300):.1%} below 300 ms")


if __name__ == "__main__":
    main()
