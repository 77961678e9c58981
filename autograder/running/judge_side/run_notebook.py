"""Run a submission: its cells in a kernel, its test cells by a judge outside, within limits of time and output."""

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

Judge = Callable[[Any, RemoteFunctions], None]  # gets a test cell and the kernel's functions; sets the cell's outputs

_CELL_TIMEOUTS_PER_NOTEBOOK = 30  # a notebook may take 30 times the limit of a cell
# Seconds that a cell may take after 0, 1, 2 or more cells exceeded their limit; None means the full limit.
_TIMEOUT_AFTER_HANGS = (None, 15, 5)
_INTERRUPT_TIMEOUT, _TRIES_AFTER_INTERRUPT = 5, 3
_OUTPUT_TIMEOUT = 5  # seconds to wait for the rest of a cell's output, once the cell has ended
_ERROR_ON_TIMEOUT = {
    "status": "error",
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["CellTimeoutError: the cell did not end in time and was interrupted"],
}
_LINES_OF_AN_ERROR, _LONGEST_ERROR = 20, 2000  # lines, characters of a text; for an error taken from the reply
CELL_OUTPUT, NOTEBOOK_OUTPUT = 4 << 20, 24 << 20  # bytes; a figure has about 50,000


# The kernel's clients raise these for unsigned or repeated messages, for contents of a wrong form, and if a channel
# was closed.
_INVALID_MESSAGE_ERRORS = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, ZMQError)


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
    """Run cells of a notebook in a fresh kernel, in order, and judge each test cell when its turn comes.

    It returns when all cells are done and the kernel has ended.

    Parameters
    ----------
    notebook : NotebookNode
        Its outputs are replaced. Cells that do not run have no outputs afterwards.
    kernels : Kernels
    cells, tests : collection of int
        Indices of the cells that run, and of the test cells, which are judged and do not run.
    judge : callable
    files : mapping of str to bytes
        Files to write into the kernel's working directory.
    cell_timeout : int
        Seconds of CPU time, or of sleep, that a cell may take; after cells that exceeded it, the others get less.
    last_try : bool
        Whether a cell or a call that stalls counts as too slow, instead of ending the run with StalledError.

    Raises
    ------
    StalledError
        If a cell or a call took too long without using its CPU time: the machine may be too busy.
    RunError
        If the kernel dies, or stops answering.
    ZygoteError
        If no kernel can be started on this machine.
    """
    run = _NotebookRun(notebook, kernels, cells, tests, judge, cell_timeout, last_try)
    try:
        run_sync(run.run)(files)
    except ZygoteError:
        raise
    except (DeadKernelError, KernelLostError, CellTimeoutError, ForgedMessageError, RuntimeError) as problem:
        raise RunError(run.reason(problem)) from problem


class _NotebookRun(NotebookClient):  # type: ignore[misc]  # traitlets publishes no types
    """nbclient's run of a notebook, in which the judge replaces the test cells."""

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
        self._timeouts, self._used = 0, 0.0
        self._interrupt: asyncio.Future[None] | None = None
        self._killed_because = ""
        self._output = _Budget()

    async def run(self, files: Mapping[str, bytes]) -> None:
        """Start a kernel, write the files, and run and judge all cells.

        Raises
        ------
        RunError
            If all cells together took too long.
        StalledError
            If a cell or a call took too long without using its CPU time, and it is not the last try.
        DeadKernelError, KernelLostError, CellTimeoutError, ForgedMessageError, RuntimeError
            If the kernel died, stopped answering or sent invalid messages.
        """
        async with self.async_setup_kernel(cleanup_kc=True):
            provisioner = self.km.provisioner
            try:
                await self._write_files(files)
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
        if self._used > _CELL_TIMEOUTS_PER_NOTEBOOK * self._cell_timeout:
            raise RunError(
                f"all cells together must end within {_CELL_TIMEOUTS_PER_NOTEBOOK * self._cell_timeout} seconds"
            )
        self._output.next_cell()
        try:
            await self.async_execute_cell(cell, place, execution_count=self.code_cells_executed + 1)
            cell.outputs = joined(cell.outputs)
            if self._interrupt is not None:
                await self._wait_for_interrupt(self._interrupt)
        except _INVALID_MESSAGE_ERRORS as damage:
            raise ForgedMessageError from damage

    async def _wait_for_interrupt(self, interrupt: asyncio.Future[None]) -> None:
        """Wait until an interrupt has taken effect; otherwise it might interrupt the next cell instead of this one.

        Also wait until all output of the cell is read. This wait has a limit, as the last messages may be missing:
        ZeroMQ drops messages while its queue is full.

        Raises
        ------
        CellTimeoutError
            If the cell does not end.
        StalledError
            If the kernel took too long without using its CPU time, and it is not the last try.
        """
        self._interrupt = None
        await interrupt
        stalled = None
        for _ in range(_TRIES_AFTER_INTERRUPT):  # a late interrupt may end the first request without a reply
            limit, sent = self._limit(_INTERRUPT_TIMEOUT), self.kc.execute("pass", silent=True)
            try:
                await _within(limit, self._reply_to(sent))
            except (TimeoutError, StalledError) as problem:
                stalled = problem if isinstance(problem, StalledError) else None
                await self._async_check_alive()
                continue
            with contextlib.suppress(TimeoutError, StalledError):
                await _within(limit, self._idle_after(sent))
            return
        if stalled is not None and not self._last_try:
            raise stalled
        raise CellTimeoutError("a cell must end when it is interrupted")

    async def _async_poll_for_reply(
        self, msg_id: str, cell: Any, timeout: int | None, output: asyncio.Future[None], alive: asyncio.Future[None]
    ) -> Any:
        """Wait until a cell has ended, within a limit of CPU time; nbclient's own limit is of wall time.

        A cell that reaches the limit is interrupted.

        Returns
        -------
        dict
            The kernel's reply; in place of it a reply with a CellTimeoutError if the limit was reached.

        Raises
        ------
        StalledError
            If the cell took too long without using its CPU time, and it is not the last try.
        """
        limit = self._limit(self._seconds_of_a_cell())
        try:
            try:
                reply = await self._wait_within(limit, self._reply_to(msg_id))
            except TimeoutError:
                self._timeouts += 1
                await self.km.interrupt_kernel()
                self._interrupt = asyncio.get_running_loop().create_future()
                self._interrupt.set_result(None)
                reply = {"content": _ERROR_ON_TIMEOUT}
            with contextlib.suppress(TimeoutError):
                await self._wait_within(self._limit(_OUTPUT_TIMEOUT), output)
            return reply
        finally:
            self._used += limit.used
            # nbclient started these tasks, which wait for output and for the kernel's end, and does not stop them.
            for task in (output, alive):
                task.cancel()

    async def _wait_within(self, limit: TimeLimit, what: Awaitable[Any]) -> Any:
        """Wait for an awaitable within a limit, and return its result.

        Raises
        ------
        TimeoutError
            If the limit was reached; in the last try also if the submission stalled.
        StalledError
            If the submission stalled, and it is not the last try.
        """
        try:
            return await _within(limit, what)
        except StalledError as stalled:
            if self._last_try:
                raise TimeoutError from stalled
            raise

    async def _reply_to(self, request: str) -> Any:
        while not _is_reply_to(request, reply := await self.kc.shell_channel.get_msg(timeout=None)):
            pass
        return reply

    async def _idle_after(self, request: str) -> None:
        while not _is_idle_after(request, await self.kc.iopub_channel.get_msg(timeout=None)):
            pass

    def _limit(self, seconds: float) -> TimeLimit:
        return TimeLimit(seconds, self.km.provisioner.usage)

    def _seconds_of_a_cell(self) -> int:
        """Return the CPU seconds that the next cell may take.

        After one and after more timeouts there are fewer, so that no notebook delays the class.
        """
        shorter = _TIMEOUT_AFTER_HANGS[min(self._timeouts, len(_TIMEOUT_AFTER_HANGS) - 1)]
        return self._cell_timeout if shorter is None else min(shorter, self._cell_timeout)

    async def _write_files(self, files: Mapping[str, bytes]) -> None:
        """Write files into the kernel's working directory, before code of the submission runs."""
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
        self.nb.cells[place] = last  # nbclient replaces the notebook's cell by the one that it runs

    def reason(self, problem: BaseException) -> str:
        """Return the reason why the run ended early, for staff; `problem` is the exception that ended it."""
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
        """Process a message of the kernel, and return the new output, or None if there is none.

        A message is ignored if it is not valid, belongs to a widget, or exceeds the limits of output.
        """
        if str(msg["msg_type"]).startswith("comm"):
            return None  # messages of widgets, for which there is no front end
        shows = msg["msg_type"] not in ("status", "execute_input", "clear_output")
        if shows and not self._output.allows(msg["content"]):
            self._cut(cell, still_runs=msg["msg_type"] != "error")
            return None
        try:
            return super().process_message(msg, cell, cell_index)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            return None  # not a kernel's message: the submission has sent it

    def _cut(self, cell: Any, *, still_runs: bool) -> None:
        """Add a note to a cell that output was left out, once per cell.

        If it still runs and has exceeded the limit of a cell, request its interrupt, but do not wait for it.
        """
        if not self._output.cut:
            self._output.cut = True
            text = f"[more output was left out: a cell may show {CELL_OUTPUT >> 20} MB]\n"
            cell.outputs.append(new_output("stream", name="stderr", text=text))
        if still_runs and self._output.too_much_for_a_cell and self._interrupt is None:
            self._interrupt = asyncio.ensure_future(self.km.interrupt_kernel())


def _require_error(cell: Any, cell_index: int, execute_reply: Any) -> None:
    """Add the reply's error to the outputs if it is missing there, as the points of a test depend on it.

    It is missing if the cell had too much output, so that the rest was left out.
    """
    reply = execute_reply["content"]
    if reply["status"] != "ok" and not any(output.output_type == "error" for output in cell.outputs):
        name, value = (str(reply.get(key, ""))[:_LONGEST_ERROR] for key in ("ename", "evalue"))
        traceback = [str(line)[:_LONGEST_ERROR] for line in list(reply.get("traceback", ()))[-_LINES_OF_AN_ERROR:]]
        cell.outputs.append(new_output("error", ename=name, evalue=value, traceback=traceback))


async def _within(limit: TimeLimit, what: Awaitable[Any]) -> Any:
    """Wait for an awaitable within a limit, and return its result.

    The awaitable is cancelled if it is not done by then. Its own exceptions are raised too.

    Raises
    ------
    TimeoutError
        If the CPU time was used up.
    StalledError
        If the limit was reached in another way.
    """
    task = asyncio.ensure_future(what)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=limit.until_next_look())
        return task.result()
    finally:
        task.cancel()


def _is_reply_to(request: str, message: Any) -> bool:
    return bool(message["parent_header"].get("msg_id") == request)


def _is_idle_after(request: str, message: Any) -> bool:
    return _is_reply_to(request, message) and message["content"].get("execution_state") == "idle"


class _Budget:
    """The amount of output so far, of the current cell and of the notebook."""

    def __init__(self) -> None:
        self.cut = False
        self._cell = self._notebook = 0

    def next_cell(self) -> None:
        """Start counting for the next cell."""
        self._cell, self.cut = 0, False

    @property
    def too_much_for_a_cell(self) -> bool:
        """Return whether the cell has exceeded the limit of a cell; the notebook's limit is not considered."""
        return self._cell > CELL_OUTPUT

    def allows(self, content: Any) -> bool:
        """Count an output, and return whether it is within the limits of the cell and of the notebook.

        An output beyond the limits does not count for the notebook.
        """
        size = len(json.dumps(content, default=str))
        self._cell += size
        if self.too_much_for_a_cell or self._notebook + size > NOTEBOOK_OUTPUT:
            return False
        self._notebook += size
        return True
