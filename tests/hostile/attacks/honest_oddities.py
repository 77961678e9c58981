"""Unusual but honest submissions: warnings, printed text, errors in experiments, helper functions. They earn full marks."""

from __future__ import annotations

from hostile.attack import Attack
from support import RIGHT_SIGMOID

NOISY = """
import logging, sys, warnings
logging.basicConfig(level=logging.DEBUG)
warnings.warn("about to begin")
print("to stderr", file=sys.stderr)
logging.getLogger("student").warning("logged")
"""
ATTACKS = {
    "warns, logs and prints": Attack(
        NOISY, after=NOISY, says="logged", answers={"right": NOISY + RIGHT_SIGMOID}, wrong=None
    ),
    "prints inside its function": Attack(
        answers={"right": RIGHT_SIGMOID.replace("    a = as", "    print('called with', a)\n    a = as")}, wrong=None
    ),
    "an experiment that fails": Attack("1 / 0", after="undefined_name", says="ZeroDivisionError", wrong=None),
    "a cell that is not Python": Attack(
        "this is a note, not code", after="def broken(:", says="SyntaxError", wrong=None
    ),
    "a shell command": Attack("!echo from the shell\n%timeit -n1 -r1 1 + 1", says="from the shell", wrong=None),
    "figures and widgets": Attack(
        "import matplotlib.pyplot as plt\nplt.plot(np.linspace(-1, 1, 9))\nplt.show()", says="image/png", wrong=None
    ),
    "an answer of several cells": Attack(
        "def helper(a):\n    return np.exp(-np.logaddexp(0, -a))",
        answers={"right": "def sigmoid(a):\n    return helper(as_float(a))"},
        wrong=None,
    ),
    "an answer that is a lambda": Attack(
        answers={"right": "sigmoid = lambda a: np.exp(-np.logaddexp(0, -as_float(a)))"}, wrong=None
    ),
    "an answer that is an object": Attack(
        answers={
            "right": "class Sigmoid:\n    def __call__(self, a):\n        return np.exp(-np.logaddexp(0, -as_float(a)))\n"
            "sigmoid = Sigmoid()"
        },
        wrong=None,
    ),
    "a cache of its own": Attack(
        answers={
            "right": "import functools\nseen = {}\ndef sigmoid(a):\n    a = as_float(a)\n    key = (a.tobytes(), a.shape, a.dtype.str)\n"
            "    if key not in seen:\n        seen[key] = np.exp(-np.logaddexp(0, -a))\n    return seen[key]"
        },
        wrong=None,
    ),
    "files and folders of its own": Attack(
        "import json, pathlib\npathlib.Path('results').mkdir()\npathlib.Path('results/a.json').write_text(json.dumps([1]))\n"
        "print(pathlib.Path('results/a.json').read_text(), pathlib.Path('data.csv').read_text())",
        folder=lambda notebook: notebook.with_name("data.csv").write_text("1,2,3"),
        says="1,2,3",
        wrong=None,
    ),
    "processes and threads of its own": Attack(
        "import subprocess, threading\nfrom concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\n"
        "print(list(ThreadPoolExecutor(2).map(abs, [-1, -2])), subprocess.run(['echo', 'ran'], capture_output=True, text=True).stdout)",
        says="ran",
        wrong=None,
    ),
}
