"""Running a submission in a fresh Jupyter kernel: one thread, a limit a cell, a shorter one once a cell has hung."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from jupyter_core.utils import run_sync
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade
from traitlets import Integer, Unicode

from autograder.judging.check import SEED_VARIABLE
from autograder.judging.own import FOLDER_VARIABLE

# Seconds a cell may take after 0, 1, 2 or more cells that hung; None is the full limit.
_LEASHES = (None, 15, 5)


class RunSubmission(Execute):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's `Execute` with the course's seed, one thread, and no way to wait an hour for one notebook."""

    timeout = Integer(60, help="Seconds a cell may take before it is interrupted.").tag(config=True)
    seed = Unicode("", help="The course's secret seed, for the hidden cases.").tag(config=True)
    exercises = Unicode("", help="Folder of the course's own exercises.").tag(config=True)
    startup_timeout = Integer(20, help="Seconds to wait for a kernel to answer.").tag(config=True)
    shutdown_kernel = "immediate"
    coalesce_streams = True  # a table printed line by line is one output

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> Any:
        """Run all cells, counting those that hang.

        Two kernels that start at the same moment can choose the same port, and one of them never
        answers. Nothing of the submission has run then, so a second kernel may try.
        """
        self._hung = 0
        try:
            return super().preprocess(nb, resources, km)
        except RuntimeError:
            if self.code_cells_executed:
                raise
        return super().preprocess(nb, resources, km)

    async def async_start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel; what it writes outside any cell is not for the terminal of whoever grades."""
        env = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }
        if self.seed:
            env[SEED_VARIABLE] = self.seed
        if self.exercises:
            env[FOLDER_VARIABLE] = self.exercises
        await super().async_start_new_kernel(**kwargs, env=env, stderr=subprocess.DEVNULL)

    start_new_kernel = run_sync(async_start_new_kernel)

    def _get_timeout(self, cell: Any) -> int | None:
        """Give every test cell the full limit, and other cells less once one of them hung."""
        leash = _LEASHES[min(self._hung, len(_LEASHES) - 1)]
        if leash is None or cell is None or is_grade(cell):
            return int(self.timeout)
        return min(leash, int(self.timeout))

    async def _async_handle_timeout(self, timeout: int, cell: Any = None) -> Any:
        self._hung += 1
        return await super()._async_handle_timeout(timeout, cell)
