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


def imported_by(code):
    script = f"import sys\n{code}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    return done.stdout.splitlines()[-1], done.stderr


def test_the_student_side_needs_numpy_alone():
    assert imported_by("import autograder") == ("[]", "")


def test_judging_and_checking_in_a_terminal_needs_numpy_alone():
    code = "from autograder import check\nfrom course_lib.activations import sigmoid\ncheck(sigmoid)"
    assert imported_by(code) == ("[]", "")
