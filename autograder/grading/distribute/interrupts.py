"""Turn SIGINT, SIGTERM and SIGHUP into KeyboardInterrupt; delay them inside critical sections."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Sent by Ctrl-C, by `kill`, and when a terminal is closed.
_REQUESTS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into KeyboardInterrupt during the block, so that the command cleans up.

    Signals that are ignored stay so. Outside the main thread, nothing changes.

    Raises
    ------
    KeyboardInterrupt
        If one of these signals arrives.
    """
    with _handling(_raise):
        yield


@contextmanager
def defer_signals() -> Iterator[None]:
    """Delay SIGINT, SIGTERM and SIGHUP until the end of the block.

    Outside the main thread, nothing is delayed.

    Raises
    ------
    KeyboardInterrupt
        At the end of the block, if one of these signals arrived and the block raised no exception.
    """
    received: list[int] = []
    with _handling(lambda number, frame: received.append(number)):
        yield
    if received:
        raise KeyboardInterrupt


def _raise(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


@contextmanager
def _handling(handler: Any) -> Iterator[None]:
    """Install a handler for SIGINT, SIGTERM and SIGHUP during the block.

    Signals that are ignored stay so. Outside the main thread, nothing is installed, as Python allows it there only.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _REQUESTS:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
