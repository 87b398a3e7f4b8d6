"""A live kernel's channels, each message handed to whoever asked for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from beaker_kernel.errors import KernelNotReady
from beaker_kernel.execution.background import Background
from beaker_kernel.execution.backlog import Backlog
from beaker_kernel.execution.kernels import BEAKER
from beaker_kernel.protocol.execute import execute_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_client.manager import KernelManager

Message = dict[str, Any]
NUDGE = 1.0
"""Seconds after which a kernel that has not answered is asked again."""
GLANCE = 0.05
"""Seconds that a kernel's output is waited for before it is made to put out something again."""
UNREAD = 4
"""Messages of Beaker's that wait here; its own process has room for more, and loses none.

Others drop what is more than a thousand, so as many of theirs may wait here, too (ZMQ's own bound).
"""


class Listener(Protocol):
    """Whoever has asked a kernel to run something."""

    def published(self, msg_type: str, content: Message) -> None:
        """Take in what is published for it."""

    def replied(self, content: Message) -> None:
        """Take in the reply."""

    def asked(self, content: Message) -> str:
        """Answer an ``input_request``."""


class Channels:
    """Our own client of one kernel, with a session of its own.

    Attributes:
        free: set while the kernel runs nobody's cell.

    """

    def __init__(self, manager: KernelManager, on_status: Callable[[str], None]) -> None:
        self._context = zmq.asyncio.Context()
        self._client = AsyncKernelClient(context=self._context)
        self._client.load_connection_info(manager.get_connection_info())
        self._on_status = on_status
        self.free = asyncio.Event()
        self.free.set()
        self._running: set[str] = set()
        self._listeners: dict[str, Listener] = {}
        self._replies: dict[str, asyncio.Future[Message]] = {}
        self._tasks = Background()
        self._welcome = asyncio.Event()

    async def open(self, patience: float) -> Message:
        """Connect, and return the kernel's ``kernel_info_reply`` once its output can be heard.

        Raises:
            KernelNotReady: the kernel has not answered within `patience` seconds, or says itself
                that it does not come up.

        """
        self._client.start_channels(hb=False, iopub=False)
        self._read(self._client.shell_channel, self._on_reply)
        self._read(self._client.control_channel, self._on_reply)
        self._read(self._client.stdin_channel, self._on_stdin)
        try:
            async with asyncio.timeout(patience):
                info = await self._answer()
                self._listen(keeps=BEAKER in (info.get("supported_features") or ()))
                while not self._welcome.is_set():
                    await self._answer()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._welcome.wait(), GLANCE)
        except TimeoutError:
            message = f"the kernel has not answered within {patience:.0f} seconds"
            raise KernelNotReady(message) from None
        if info.get("status") == "error":
            raise KernelNotReady(str(info.get("evalue")))
        return info

    async def _answer(self) -> Message:
        """Return what the kernel says of itself, as soon as it says anything."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(NUDGE):
                    return await self.ask("kernel_info_request", {})

    def _listen(self, *, keeps: bool) -> None:
        """Hear what is published by a kernel, which may keep what nobody has taken in yet."""
        if keeps:
            self._context.rcvhwm = UNREAD  # set once it is connected, it would stand for ever
        self._client.iopub_channel.start()
        self._read(self._client.iopub_channel, self._on_iopub)

    async def close(self) -> None:
        """Disconnect."""
        await self._tasks.close()
        self._client.stop_channels()
        self._context.destroy(linger=0)
        self.free.set()
        for reply in self._replies.values():
            reply.cancel()

    def execute(self, code: str, listener: Listener, *, stdin: bool) -> str:
        """Send code to be run, and return the id of the request."""
        content = execute_content(code, allow_stdin=stdin)
        msg_id = self._send("execute_request", content, "shell")
        self._listeners[msg_id] = listener
        return msg_id

    def forget(self, msg_id: str) -> None:
        """Drop whatever else comes for a request."""
        self._listeners.pop(msg_id, None)

    async def ask(self, msg_type: str, content: Message, channel: str = "shell") -> Message:
        """Send a request, and return the content of its reply."""
        msg_id = self._send(msg_type, content, channel)
        reply = self._replies[msg_id] = asyncio.get_running_loop().create_future()
        try:
            return dict(await reply)
        finally:
            del self._replies[msg_id]

    def _send(self, msg_type: str, content: Message, channel: str) -> str:
        session = self._client.session
        message = session.msg(msg_type, content)
        session.send(getattr(self._client, f"{channel}_channel").socket, message)
        return str(message["header"]["msg_id"])

    def _read(self, channel: Any, take: Callable[[Message], None]) -> None:  # noqa: ANN401
        backlog = Backlog()
        self._tasks.start(_read_ahead(channel.socket, backlog))
        self._tasks.start(self._take_in(backlog, take))

    async def _take_in(self, backlog: Backlog, take: Callable[[Message], None]) -> None:
        session = self._client.session
        while True:
            frames = await backlog.get()
            try:
                _, parts = session.feed_identities(frames)
                message = session.deserialize(parts)
            except ValueError:  # no message, or a wrong signature: it is nobody's we know
                continue
            take(message)
            await asyncio.sleep(0)  # let what has come meanwhile be read

    def _on_reply(self, message: Message) -> None:
        parent = message["parent_header"].get("msg_id", "")
        if reply := self._replies.get(parent):
            if not reply.done():
                reply.set_result(message["content"])
        elif listener := self._listeners.get(parent):
            listener.replied(message["content"])

    def _on_iopub(self, message: Message) -> None:
        self._welcome.set()
        if message["msg_type"] == "status":
            state = str(message["content"]["execution_state"])
            self._on_status(state)
            self._see_who_runs(message["parent_header"], state)
        if listener := self._listeners.get(message["parent_header"].get("msg_id", "")):
            listener.published(message["msg_type"], message["content"])

    def _see_who_runs(self, parent: Message, state: str) -> None:
        if state in {"restarting", "starting"}:
            self._running.clear()
        elif parent.get("msg_type") == "execute_request":
            (self._running.add if state == "busy" else self._running.discard)(parent["msg_id"])
        (self.free.clear if self._running else self.free.set)()

    def _on_stdin(self, message: Message) -> None:
        listener = self._listeners.get(message["parent_header"].get("msg_id", ""))
        if listener:
            value = listener.asked(message["content"])
            self._client.session.send(
                self._client.stdin_channel.socket,
                "input_reply",
                {"value": value},
                parent=message,
            )


async def _read_ahead(socket: zmq.asyncio.Socket, backlog: Backlog) -> None:
    while True:
        await backlog.put(await socket.recv_multipart())
