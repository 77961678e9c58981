"""Imported by the server that starts workers: it imports what they need, and ends with the coordinator meanwhile.

The server looks only later whether the coordinator still lives, and until then it keeps multiprocessing's resource
tracker alive, too: on a busy machine for minutes.
"""

from __future__ import annotations

import importlib
import signal
import sys

if sys.platform == "linux":
    from autograder.running.sandbox.syscalls import PR_SET_PDEATHSIG, prctl

    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
importlib.import_module("autograder.grading.distribute.preload")
if sys.platform == "linux":
    prctl(PR_SET_PDEATHSIG, 0)  # it would also end with the thread of the coordinator that started it
