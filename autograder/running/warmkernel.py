"""An IPython kernel that starts at once: everything imported before the fork, sockets bound by somebody else.

Kernel side: runs in the zygote and its forks.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import io
import os
import random
import sys
import threading
from typing import Any

import numpy as np
import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

# In the order in which their sockets come.
CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
# Imported by the first cell, traceback or figure otherwise. Not matplotlib_inline's backend: imported before there is
# a shell, it shows figures as text ever after.
_MODULES = (
    *("ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.displayhook", "ipykernel.iostream", "ipykernel.control"),
    *("ipykernel.shellchannel", "ipykernel.subshell_manager", "ipykernel.debugger", "comm", "sqlite3", "pdb"),
    *("IPython.core.completer", "IPython.core.debugger", "zmq.eventloop.zmqstream", "stack_data"),
    *("pygments.lexers.python", "pygments.formatters.terminal256", "numpy.testing", "numpy.random"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
)
_PIECE = 1 << 20  # characters


def warm_up() -> None:
    """Do once, in the zygote, what every kernel would do first."""
    for name in _MODULES:
        with contextlib.suppress(ImportError):  # some came or went with a version of ipykernel
            importlib.import_module(name)
    _run_a_cell()
    _draw_a_figure()
    if threading.active_count() != 1:
        raise RuntimeError(f"the zygote must have one thread (got {threading.enumerate()})")
    gc.collect()
    gc.freeze()  # a collection in a kernel would write to, and so copy, the pages it shares with the zygote


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


class _BoundHeartbeat(Heartbeat):
    def __init__(self, context: Any, fd: int) -> None:
        super().__init__(context, ("ipc", "bound", 1))  # type: ignore[no-untyped-call]
        self._fd = fd

    def _bind_socket(self) -> None:
        self.socket.setsockopt(zmq.USE_FD, self._fd)
        self.socket.bind("ipc://bound-hb")


class _Stream(OutStream):
    """What is printed, sent a piece at a time: a loop that prints may print a gigabyte before ipykernel sends any."""

    _unsent = 0

    def write(self, string: str) -> int:
        """Print."""
        for begin in range(0, len(string), _PIECE):
            super().write(string[begin : begin + _PIECE])
            self._unsent += len(string[begin : begin + _PIECE])
            if self._unsent >= _PIECE:
                self.flush()  # type: ignore[no-untyped-call]
                self._unsent = 0
        return len(string)


class WarmKernelApp(IPKernelApp):
    """IPython's kernel on sockets that are bound and listening already, without anybody's configuration."""

    listeners: dict[str, int]
    outstream_class = "autograder.running.warmkernel._Stream"

    def init_connection_file(self) -> None:
        """There is none."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Nobody needs one."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:
        """No profile of a user decides how a submission runs."""

    def parse_command_line(self, argv: Any = None) -> None:
        """There is none either, and reading it takes a fifth of the start."""

    def init_heartbeat(self) -> None:
        """Start the heartbeat, on a context of its own as ipykernel does."""
        self.heartbeat = _BoundHeartbeat(zmq.Context(), self.listeners["hb"])
        self.heartbeat.start()

    def _bind_socket(self, s: Any, port: int) -> int:
        # The "port" is the channel's place; the name in the address is not used for a socket that is bound.
        name = CHANNELS[port - 1]
        s.setsockopt(zmq.USE_FD, self.listeners[name])
        s.bind(f"ipc://bound-{name}")
        return port


def make(listeners: dict[str, int], key: str, scheme: str) -> WarmKernelApp:
    """Build the kernel of this process, ready to start.

    Parameters
    ----------
    listeners
        A listening unix socket's descriptor for each channel.
    key, scheme
        How its messages are signed.
    """
    # Forks would otherwise all draw the same "random" numbers.
    np.random.seed()  # noqa: NPY002  # the old interface is what students may use without a seed
    random.seed()
    os.environ.pop("JPY_PARENT_PID", None)  # its parent is the supervisor, not the one it was told of
    config = Config()
    config.HistoryManager.enabled = False
    places = {f"{name}_port": place for place, name in enumerate(CHANNELS, start=1)}
    app: WarmKernelApp = WarmKernelApp.instance(config=config, log_level=50, transport="ipc", ip="bound", **places)
    app.listeners = listeners
    app.session.key = key.encode()
    app.session.signature_scheme = scheme
    app.initialize(argv=[])
    sys.path.insert(0, "")  # modules that a student handed in beside the notebook, as in any notebook
    return app
