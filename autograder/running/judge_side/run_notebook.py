"""Running a submission: its cells in a kernel, its test cells by a judge outside, within limits of time and output."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_output
from zmq import ZMQError

from autograder.errors import ForgedMessageError, KernelLostError, RunError, StalledError, ZygoteError
from autograder.running.judge_side.kernels import Kernels
from autograder.running.judge_side.remote_function import RemoteFunctions
from autograder.running.judge_side.stream_output import joined
from autograder.running.judge_side.time_limits import TimeLimit
from autograder.running.judge_side.zygote_client import START_TIMEOUT

Judge = Callable[[Any, RemoteFunctions], None]  # takes a test cell and the functions there are, and fills in the cell

_NOTEBOOK_TIMES = 30  # how many cells' time a notebook may take in all
# Seconds a cell may take after 0, 1, 2 or more cells that hung; None is the full limit.
_TIMEOUT_AFTER_HANGS = (None, 15, 5)
_SETTLE_TIMEOUT, _TRIES_TO_SETTLE = 5, 3  # after an interrupt
_OUTPUT_TIMEOUT = 5  # seconds for what a cell that has ended has shown
_ERROR_ON_TIMEOUT = {
    "status": "error",
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["CellTimeoutError: the cell did not end in time and was interrupted"],
}
_LINES_OF_AN_ERROR, _LONGEST_ERROR = 20, 2000  # of one whose output was left out
CELL_OUTPUT, NOTEBOOK_OUTPUT = 4 << 20, 24 << 20  # bytes; a figure has 50,000


# What the kernel's clients raise at unsigned messages, at repeated ones, at contents of another form, and where a
# channel was cut off.
_DAMAGES = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, ZMQError)


def run_notebook(
    notebook: Any,
    kernels: Kernels,
    *,
    cells: Collection[int],
    tests: Collection[int],
    judge: Judge,
    files: Mapping[str, bytes],
    cell_timeout: int = 60,
    last_try: bool = False,
) -> None:
    """Run cells of a notebook in a fresh kernel, and have test cells judged where they stand.

    Parameters
    ----------
    notebook : NotebookNode
        Gets the outputs. Outputs of cells that do not run are emptied.
    kernels : Kernels
    cells, tests : collection of int
        Places of the cells that run, and of those that are judged and do not run.
    judge : callable
    files : mapping of str to bytes
        What lies in the kernel's working directory.
    cell_timeout : int
        Seconds of CPU time, or of sleep, that a cell may take; once cells have hung, the others get less.
    last_try : bool
        Whether what stalls is interrupted or judged as hanging, instead of ending the run.

    Raises
    ------
    StalledError
        If a cell or a call took too long without using its CPU time: the machine may be too busy.
    RunError
        If the kernel dies, or stops answering.
    ZygoteError
        If this machine gives no kernel.
    """
    run = _NotebookRun(notebook, kernels, cells, tests, judge, cell_timeout, last_try)
    try:
        run_sync(run.run)(files)
    except ZygoteError:
        raise
    except (DeadKernelError, KernelLostError, CellTimeoutError, ForgedMessageError, RuntimeError) as problem:
        raise RunError(run.reason(problem)) from problem


class _NotebookRun(NotebookClient):  # type: ignore[misc]  # traitlets publishes no types
    """nbclient's run of a notebook, with the judge between the cells."""

    def __init__(
        self,
        notebook: Any,
        kernels: Kernels,
        cells: Collection[int],
        tests: Collection[int],
        judge: Judge,
        cell_timeout: int,
        last_try: bool,
    ) -> None:
        super().__init__(
            notebook,
            km=kernels.manager(),
            allow_errors=True,
            on_cell_executed=_require_error,
            raise_on_iopub_timeout=False,
            record_timing=False,
            shutdown_kernel="immediate",
            startup_timeout=START_TIMEOUT,
            store_widget_state=False,
        )
        self._cells, self._tests, self._judge = set(cells), set(tests), judge
        self._cell_timeout, self._last_try = cell_timeout, last_try
        self._hung, self._used = 0, 0.0
        self._interrupt: asyncio.Future[None] | None = None
        self._killed_because = ""
        self._output = _Budget()

    async def run(self, files: Mapping[str, bytes]) -> None:
        """Run everything that is to run."""
        async with self.async_setup_kernel(cleanup_kc=True):
            provisioner = self.km.provisioner
            try:
                await self._put(files)
                await self._run_cells(RemoteFunctions(provisioner.channel, provisioner.usage, last_try=self._last_try))
            finally:
                self._killed_because = provisioner.killed_because

    async def _run_cells(self, functions: RemoteFunctions) -> None:
        for place, cell in enumerate(self.nb.cells):
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            if place in self._tests:
                self._judge(cell, functions)
            elif place in self._cells and cell.source.strip():
                await self._execute(cell, place)

    async def _execute(self, cell: Any, place: int) -> None:
        if self._used > _NOTEBOOK_TIMES * self._cell_timeout:
            raise RunError(f"all cells together must end within {_NOTEBOOK_TIMES * self._cell_timeout} seconds")
        self._output.next_cell()
        try:
            await self.async_execute_cell(cell, place, execution_count=self.code_cells_executed + 1)
            cell.outputs = joined(cell.outputs)
            if self._interrupt is not None:
                await self._settle(self._interrupt)
        except _DAMAGES as damage:
            raise ForgedMessageError from damage

    async def _settle(self, interrupt: asyncio.Future[None]) -> None:
        """Wait until an interrupt has come to its end, or it might hit the next cell instead of this one.

        And until all is read that the cell has shown, unless nothing can be heard of that any more: while too much
        waits, ZeroMQ drops what comes.
        """
        self._interrupt = None
        await interrupt
        stalled = None
        for _ in range(_TRIES_TO_SETTLE):  # an interrupt that comes late ends the first without a reply
            limit, sent = self._limit(_SETTLE_TIMEOUT), self.kc.execute("pass", silent=True)
            try:
                await _within(limit, self._reply_to(sent))
            except (TimeoutError, StalledError) as problem:
                stalled = problem if isinstance(problem, StalledError) else None
                await self._async_check_alive()
                continue
            with contextlib.suppress(TimeoutError, StalledError):
                await _within(limit, self._end_of(sent))
            return
        if stalled is not None and not self._last_try:
            raise stalled
        raise CellTimeoutError("a cell must end when it is interrupted")

    async def _async_poll_for_reply(
        self, msg_id: str, cell: Any, timeout: int | None, output: asyncio.Future[None], alive: asyncio.Future[None]
    ) -> Any:
        """Wait until a cell has ended; nbclient would limit the time on the clock."""
        limit = self._limit(self._seconds_of_a_cell())
        try:
            try:
                reply = await self._within_or_stalled(limit, self._reply_to(msg_id))
            except TimeoutError:
                self._hung += 1
                await self.km.interrupt_kernel()
                self._interrupt = asyncio.get_running_loop().create_future()
                self._interrupt.set_result(None)
                reply = {"content": _ERROR_ON_TIMEOUT}
            with contextlib.suppress(TimeoutError):
                await self._within_or_stalled(self._limit(_OUTPUT_TIMEOUT), output)
            return reply
        finally:
            self._used += limit.used
            for task in (output, alive):  # that listen for output and for the kernel's end; nothing else stops them
                task.cancel()

    async def _within_or_stalled(self, limit: TimeLimit, what: Awaitable[Any]) -> Any:
        """Wait within a limit.

        Raises
        ------
        TimeoutError
            If it was reached; in the last try also by what stalls.
        StalledError
        """
        try:
            return await _within(limit, what)
        except StalledError as stalled:
            if self._last_try:
                raise TimeoutError from stalled
            raise

    async def _reply_to(self, request: str) -> Any:
        while not _is_of(request, reply := await self.kc.shell_channel.get_msg(timeout=None)):
            pass
        return reply

    async def _end_of(self, request: str) -> None:
        while not _is_the_end_of(request, await self.kc.iopub_channel.get_msg(timeout=None)):
            pass

    def _limit(self, seconds: float) -> TimeLimit:
        return TimeLimit(seconds, self.km.provisioner.usage)

    def _seconds_of_a_cell(self) -> int:
        """Return less time once some cells have hung: one notebook must not hold up the class for an hour."""
        shorter = _TIMEOUT_AFTER_HANGS[min(self._hung, len(_TIMEOUT_AFTER_HANGS) - 1)]
        return self._cell_timeout if shorter is None else min(shorter, self._cell_timeout)

    async def _put(self, files: Mapping[str, bytes]) -> None:
        """Write files into the working directory, before anything of the submission runs."""
        place = len(self.nb.cells) - 1
        last = self.nb.cells[place]
        for name, content in files.items():
            text = base64.b64encode(content).decode("ascii")
            code = (
                "import base64, pathlib\n"
                f"_path = pathlib.Path({name!r})\n_path.parent.mkdir(parents=True, exist_ok=True)\n"
                f"_path.write_bytes(base64.b64decode({text!r}))\ndel _path, base64, pathlib"
            )
            await self.async_execute_cell(new_code_cell(code), place, store_history=False)
        self.nb.cells[place] = last  # nbclient puts what it runs into the notebook

    def reason(self, problem: BaseException) -> str:
        """Say why the run ended early."""
        if self._killed_because:
            return f"the submission was stopped: {self._killed_because}"
        if isinstance(problem, DeadKernelError):
            return "the kernel died: the submission ended it, or ran out of memory"
        if isinstance(problem, CellTimeoutError):
            return "a cell did not stop when its time was up and it was interrupted"
        if isinstance(problem, KernelLostError):
            return str(problem)
        if isinstance(problem, ForgedMessageError):
            return "the submission cut its channels off, or sent over them what no kernel sends"
        return f"the kernel could not be used ({problem!s:.200})"

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Take what the kernel says, as long as it is not too much and is what a kernel says."""
        if str(msg["msg_type"]).startswith("comm"):
            return None  # widgets have nobody to talk to
        shows = msg["msg_type"] not in ("status", "execute_input", "clear_output")
        if shows and not self._output.allows(msg["content"]):
            self._cut(cell, goes_on=msg["msg_type"] != "error")
            return None
        try:
            return super().process_message(msg, cell, cell_index)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            return None  # no message of a kernel: sent by the submission itself

    def _cut(self, cell: Any, *, goes_on: bool) -> None:
        """Say once that output was left out, and ask a cell that shows too much to stop."""
        if not self._output.cut:
            self._output.cut = True
            text = f"[more output was left out: a cell may show {CELL_OUTPUT >> 20} MB]\n"
            cell.outputs.append(new_output("stream", name="stderr", text=text))
        if goes_on and self._output.too_much_for_a_cell and self._interrupt is None:
            self._interrupt = asyncio.ensure_future(self.km.interrupt_kernel())


def _require_error(cell: Any, cell_index: int, execute_reply: Any) -> None:
    """Add an error to the outputs where the reply tells of one that is missing: it decides over the points of a test.

    What the cell showed may have been too much, and the error left out with the rest.
    """
    reply = execute_reply["content"]
    if reply["status"] != "ok" and not any(output.output_type == "error" for output in cell.outputs):
        name, value = (str(reply.get(key, ""))[:_LONGEST_ERROR] for key in ("ename", "evalue"))
        traceback = [str(line)[:_LONGEST_ERROR] for line in list(reply.get("traceback", ()))[-_LINES_OF_AN_ERROR:]]
        cell.outputs.append(new_output("error", ename=name, evalue=value, traceback=traceback))


async def _within(limit: TimeLimit, what: Awaitable[Any]) -> Any:
    """Wait for something as long as a limit allows.

    Raises
    ------
    TimeoutError, StalledError
    """
    task = asyncio.ensure_future(what)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=limit.until_next_look())
        return task.result()
    finally:
        task.cancel()


def _is_of(request: str, message: Any) -> bool:
    return bool(message["parent_header"].get("msg_id") == request)


def _is_the_end_of(request: str, message: Any) -> bool:
    return _is_of(request, message) and message["content"].get("execution_state") == "idle"


class _Budget:
    """How much output there has been."""

    def __init__(self) -> None:
        self.cut = False
        self._cell = self._notebook = 0

    def next_cell(self) -> None:
        """Begin a cell."""
        self._cell, self.cut = 0, False

    @property
    def too_much_for_a_cell(self) -> bool:
        """Whether the cell has shown more than any cell may; the notebook may have shown too much before it."""
        return self._cell > CELL_OUTPUT

    def allows(self, content: Any) -> bool:
        """Count an output; tell whether there is room for it."""
        size = len(json.dumps(content, default=str))
        self._cell += size
        if self.too_much_for_a_cell or self._notebook + size > NOTEBOOK_OUTPUT:
            return False
        self._notebook += size
        return True
