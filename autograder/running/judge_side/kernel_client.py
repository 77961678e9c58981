"""Manage a kernel and talk to it: waits end as soon as the kernel answers, and messages are limited in size."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import ConnectionFileMixin
from jupyter_client.manager import AsyncKernelManager

# A kernel that sends faster than we read must fill its own memory, not ours. After a message that is too long, libzmq
# receives nothing more on that channel, so the limit is far above the output of an honest cell.
LONGEST_MESSAGE = 32 << 20
MESSAGES_WAITING = 32
# A kernel that has closed its end of a channel reads no messages, so sending to it must not block forever.
_SEND_TIMEOUT = 10_000  # milliseconds

_POLL_TIMEOUT = 0.1


class _Bounded(ConnectionFileMixin):
    """A mixin for sockets with queues of bounded length and messages of bounded size."""

    context: Any

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:
        self.context.setsockopt(zmq.MAXMSGSIZE, LONGEST_MESSAGE)
        self.context.setsockopt(zmq.RCVHWM, MESSAGES_WAITING)
        self.context.setsockopt(zmq.SNDTIMEO, _SEND_TIMEOUT)
        return super()._create_connected_socket(channel, identity)


class KernelClient(_Bounded, AsyncKernelClient):
    """A client that detects from the kernel's own messages when the kernel is ready."""

    def start_channels(
        self, shell: bool = True, iopub: bool = True, stdin: bool = True, hb: bool = False, control: bool = True
    ) -> None:
        """Open the channels, by default without the heartbeat: we watch the kernel's process instead."""
        super().start_channels(shell, iopub, stdin, hb, control)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered a request and has reported on the iopub channel that it is idle again.

        `timeout` is in seconds; None for 60 seconds.

        Raises
        ------
        RuntimeError
            If the kernel died, or did not answer in time.
        """
        deadline = time.monotonic() + (60 if timeout is None else timeout)
        while time.monotonic() < deadline:
            question = self.kernel_info()
            answer = await self._answer_to(question)
            # The answer may have been sent before our subscription to the iopub channel; then ask again.
            if answer is not None and await self._idle_after(question):
                self._handle_kernel_info_reply(answer)
                return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    async def _answer_to(self, question: str) -> dict[str, Any] | None:
        for _ in range(5):
            try:
                message = await self.shell_channel.get_msg(timeout=_POLL_TIMEOUT)
            except Empty:
                if not await self._async_is_alive():
                    return None
            else:
                if message["parent_header"].get("msg_id") == question:
                    return dict(message)
        return None

    async def _idle_after(self, question: str) -> bool:
        while True:
            try:
                message = await self.iopub_channel.get_msg(timeout=_POLL_TIMEOUT)
            except Empty:
                return False
            state = message["content"].get("execution_state")
            if message["parent_header"].get("msg_id") == question and state == "idle":
                return True


class KernelManager(_Bounded, AsyncKernelManager):
    """jupyter_client's kernel manager, with the client above."""

    def _client_factory_default(self) -> Any:
        return KernelClient
