"""Grade the example class, from the solved lessons to the table: `python examples/demo.py [DIRECTORY]`.

The script works in a copy, so that `examples/class/` does not change. One submission there is damaged on purpose:
the command reports it and grades the others, and this script still succeeds.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parent / "class"
LESSON = "01_sigmoid_saturation"
MARKER = ".made-by-the-demo"  # only a directory with this file may be removed


def autograder(*arguments: str) -> int:
    """Print a command and run it, as a user would."""
    print(f"\n$ autograder {' '.join(arguments)}", flush=True)
    return subprocess.run([sys.executable, "-m", "autograder", *arguments], check=False).returncode


def main(directory: Path) -> int:
    """Release the lessons, grade the class and print where the feedback is."""
    if directory.exists() and not (directory / MARKER).is_file():
        sys.exit(f"the demo makes its directory anew, so it must not exist yet (got {directory})")
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(EXAMPLE, directory)
    (directory / MARKER).touch()
    course = ("--course", str(directory))
    released = autograder("release", *course)
    if released:
        return released
    status = autograder("grade", LESSON, *course, "--json", str(directory / "marks.json"))
    if status == 1:
        print("One submission of the example class is damaged on purpose; everybody else has a mark.")
    page = directory / "feedback" / "farah" / LESSON / f"{LESSON}.html"
    print(f"\nMarks as JSON: {directory / 'marks.json'}\nWhat a student gets back, for example: {page}")
    return 0 if status == 1 and page.is_file() else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo")))
