"""Build an IPython kernel that starts fast: all imports happen before the fork, and its sockets are already bound.

Kernel side: runs in the zygote and its forks.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import io
import random
import sys
import threading
from typing import Any

import numpy as np
import zmq
from ipykernel.control import ControlThread
from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from traitlets.config import Config
from zmq.eventloop.zmqstream import ZMQStream

from autograder.running.sandbox.syscalls import collapse_memory

# In the order in which the judge sends their sockets.
CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
# Otherwise the first cell, traceback or figure would import them. matplotlib_inline's backend is not in the list: if
# it is imported before a shell exists, it shows figures as text.
_MODULES = (
    *("ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.displayhook", "comm", "sqlite3", "pdb", "stack_data"),
    *("IPython.core.completer", "IPython.core.debugger", "pygments.lexers.python", "pygments.formatters.terminal256"),
    *("numpy.testing", "numpy.random", "matplotlib.pyplot", "matplotlib.backends.backend_agg"),
    *("tornado.platform.asyncio", "encodings.ascii"),
)
_DEBUGGER = "debugpy"
_FLUSH_LENGTH = 1 << 20  # characters


def warm_up() -> None:
    """Run the slow first steps of every kernel once, in the zygote.

    Raises
    ------
    RuntimeError
        If this process has more than one thread afterwards, so that it cannot be forked safely.
    """
    gc.disable()  # modules are never freed, so a collection finds nothing
    sys.modules.setdefault(_DEBUGGER, None)  # type: ignore[arg-type]  # makes ipykernel work without a debugger
    for name in _MODULES:
        with contextlib.suppress(ImportError):  # some modules exist only in some versions of ipykernel
            importlib.import_module(name)
    _run_a_cell()
    _draw_a_figure()
    _app().initialize(argv=[])
    del sys.modules[_DEBUGGER]
    if threading.active_count() != 1:
        raise RuntimeError(f"the zygote must have one thread (got {threading.enumerate()})")
    gc.collect()
    collapse_memory()
    gc.freeze()  # a collection in a kernel would write to the pages it shares with the zygote, and so copy them
    gc.enable()


def _run_a_cell() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    config = Config()
    config.HistoryManager.enabled = False
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        InteractiveShell.instance(config=config).run_cell("import numpy as np\nassert 1 == 2")
    InteractiveShell.clear_instance()
    for name in ("get_ipython", "display"):
        if hasattr(builtins, name):
            delattr(builtins, name)


def _draw_a_figure() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([0, 1])
    axes.scatter([0, 1], [0, 1])
    axes.set_title("a")
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")


class _Stream(OutStream):
    """A standard stream that sends its text piece by piece: a loop may print a gigabyte before ipykernel sends any."""

    _unsent = 0

    def write(self, string: str) -> int:
        """Print a text, and return its length in characters; flush the stream after each 1,048,576 characters."""
        for begin in range(0, len(string), _FLUSH_LENGTH):
            super().write(string[begin : begin + _FLUSH_LENGTH])
            self._unsent += len(string[begin : begin + _FLUSH_LENGTH])
            if self._unsent >= _FLUSH_LENGTH:
                self.flush()  # type: ignore[no-untyped-call]
                self._unsent = 0
        return len(string)


class WarmKernelApp(IPKernelApp):
    """IPython's kernel, built in two steps: in the zygote without sockets and threads, the rest in each fork.

    It has no user's configuration, no debugger, no subshells and no heartbeat: the grader uses none of them.
    """

    listeners: dict[str, int]
    outstream_class = "autograder.running.kernel_side.warm_kernel._Stream"

    def init_connection_file(self) -> None:
        """Skip: there is no connection file."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Skip: the judge knows the sockets without a connection file."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """Skip: a user's profile must not change how a submission runs."""

    def parse_command_line(self, argv: Any = None) -> None:
        """Skip: there is no command line, and parsing takes a fifth of the start."""

    def init_heartbeat(self) -> None:
        """Skip: the judge watches the process and needs no heartbeat."""

    def init_sockets(self) -> None:
        """Skip: `connect` opens the sockets after the fork."""

    def init_io(self) -> None:
        """Skip: `connect` redirects the streams after the fork."""

    def init_kernel(self) -> None:
        """Build kernel and shell, which have no session and no sockets yet."""
        user_ns: dict[str, Any] = {}
        self.kernel = self.kernel_class.instance(
            parent=self, session=None, log=self.log, profile_dir=self.profile_dir, user_ns=user_ns
        )

    def connect(self, listeners: dict[str, int], key: str, scheme: str) -> None:
        """Connect the kernel to its sockets, in a fork of the zygote; it does not wait for the judge.

        Parameters
        ----------
        listeners, key, scheme
            The arguments of `make`.
        """
        self.listeners = listeners
        self.session = Session(parent=self, key=key.encode(), signature_scheme=scheme)
        super().init_sockets()  # type: ignore[no-untyped-call]  # ipykernel's types are partial
        super().init_io()  # type: ignore[no-untyped-call]
        self.control_thread.start()
        kernel, shell = self.kernel, self.kernel.shell
        kernel.shell_stream = ZMQStream(self.shell_socket)
        kernel.control_thread, kernel.stdin_socket = self.control_thread, self.stdin_socket
        kernel.control_stream = ZMQStream(self.control_socket, self.control_thread.io_loop)
        kernel.iopub_thread, kernel.iopub_socket = self.iopub_thread, self.iopub_socket
        for speaker in (kernel, shell.displayhook, shell.display_pub):
            speaker.session = self.session
        shell.displayhook.pub_socket = shell.display_pub.pub_socket = self.iopub_socket
        kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
        self.displayhook.get_execution_count = lambda: kernel.execution_count

    def init_control(self, context: Any) -> None:
        """Open the control channel on `context` only, without the sockets for debuggers and subshells."""
        self.control_socket = context.socket(zmq.ROUTER)
        self.control_socket.linger = 1000
        self.control_port = self._bind_socket(self.control_socket, self.control_port)
        self.control_thread = ControlThread(daemon=True)  # type: ignore[no-untyped-call]

    def _bind_socket(self, s: Any, port: int) -> int:
        # The "port" is the channel's position in CHANNELS. libzmq ignores the name in the address, as USE_FD gives it
        # a socket that is bound already.
        name = CHANNELS[port - 1]
        s.setsockopt(zmq.USE_FD, self.listeners[name])
        s.bind(f"ipc://bound-{name}")
        return port


def _app() -> WarmKernelApp:
    """Return the kernel application of this process, which is created at the first call."""
    config = Config()
    config.HistoryManager.enabled = False
    places = {f"{name}_port": place for place, name in enumerate(CHANNELS, start=1)}
    app: WarmKernelApp = WarmKernelApp.instance(config=config, log_level=50, transport="ipc", ip="bound", **places)
    return app


def make(listeners: dict[str, int], key: str, scheme: str) -> WarmKernelApp:
    """Turn this fork of the zygote into a kernel, and return it; its method `start` runs it.

    Parameters
    ----------
    listeners
        For each channel, the descriptor of a listening unix socket.
    key, scheme
        Key and algorithm with which messages are signed.
    """
    # Otherwise all forks would draw the same "random" numbers.
    np.random.seed()  # noqa: NPY002  # the old interface is what students may use without a seed
    random.seed()
    app = _app()
    app.connect(listeners, key, scheme)
    sys.path.insert(0, "")  # a notebook can import modules that were submitted beside it
    return app
