"""Import the workers' modules in the fork server, and end the server if the coordinator ends during the imports.

The fork server itself checks only after its imports whether the coordinator is alive. Until then, which may be minutes
on a busy machine, multiprocessing's resource tracker would stay alive too.
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
    prctl(PR_SET_PDEATHSIG, 0)  # as Linux would also send the signal when only the thread that started it ends
