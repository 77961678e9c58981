import os
import subprocess
import sys
from pathlib import Path

import pytest

import autograder

pytestmark = pytest.mark.processes
HEAVY = [
    "nbgrader",
    "nbconvert",
    "nbformat",
    "jupyter_client",
    "click",
    "IPython",
    "matplotlib",
    "scipy",
    "sklearn",
]
ROOT = str(Path(autograder.__file__).parents[1])


SCRIPT = f"""
import sys

def imported():
    print([name for name in {HEAVY!r} if name in sys.modules])

import autograder
imported()
from autograder import check
from course_lib.activations import sigmoid
check(sigmoid)
imported()
"""


@pytest.fixture(scope="module")
def output():
    """Run a student's first steps in a new process; return its stdout and stderr."""
    environment = {**os.environ, "PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=True)
    return done.stdout.splitlines(), done.stderr


def test_the_student_side_needs_numpy_alone(output):
    stdout, stderr = output
    assert (stdout[0], stderr) == ("[]", "")


def test_judging_and_checking_in_a_terminal_needs_numpy_alone(output):
    stdout, stderr = output
    assert (stdout[-1], stderr) == ("[]", "")
