"""The agent's process as the relay sees it: started on the first question, on a socketpair."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

from beaker_kernel.kernel import processes
from beaker_kernel.kernel.loop import READ, WRITE
from beaker_kernel.kernel.peer import FULL
from beaker_kernel.protocol import link
from beaker_kernel.protocol.frames import dumps
from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beaker_kernel.kernel.loop import Loop

SENT, READ_AT_ONCE = 1 << 18, 1 << 13
"""Bytes handed to the system at once, and read: others are served between two reads."""


class AgentProcess:
    """One agent: a child process and our end of the link to it.

    Args:
        loop: where the link is read.
        session: the session id under which it makes messages.
        chosen: what the person chose with an agent before it, as JSON.
        on_message: called with each message from it.
        on_end: called once when it has ended, however that came.

    Raises:
        OSError: the system has no room for it.

    """

    def __init__(
        self,
        loop: Loop,
        session: str,
        chosen: bytes,
        on_message: Callable[[list[bytes]], object],
        on_end: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._on_message = on_message
        self._on_end = on_end
        self._decoder = link.Decoder()
        self._unsent = bytearray()
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        env = processes.agent_environment(os.environ)
        command = [sys.executable, "-P", "-m", "beaker_kernel.agent"]
        with theirs:
            try:
                self.pid = processes.spawn(command, env, inherit=theirs.fileno())
            except OSError:
                self._socket.close()
                raise
        loop.add(self._socket.fileno(), self._ready)
        settings = processes.agent_settings(os.environ)
        config = {"session": session, "settings": settings, "chosen": json.loads(chosen)}
        self.note("config", dumps({**config, "began": time.monotonic()}))

    def send(self, verb: Verb, argument: bytes, frames: Sequence[bytes]) -> None:
        """Queue a message; it never blocks."""
        self._write(link.encode([verb.encode(), argument, *frames]))

    def note(self, name: str, content: bytes = b"") -> None:
        """Tell the agent something that is no Jupyter message."""
        self._write(link.encode([Verb.NOTE.encode(), name.encode(), content]))

    def kill(self) -> None:
        """End the agent's process group at once."""
        processes.signal_group(self.pid, signal.SIGKILL)

    def _write(self, data: bytes) -> None:
        waiting = bool(self._unsent)
        self._unsent += data
        if not waiting:
            self._flush()
            if self._unsent:
                self._loop.change(self._socket.fileno(), READ | WRITE)

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent[:SENT])]
        except OSError as error:
            if error.errno not in FULL:
                self._unsent.clear()  # it is gone; the read side will tell

    def _ready(self) -> None:
        if self._unsent:
            self._flush()
            if not self._unsent:
                self._loop.change(self._socket.fileno(), READ)
        self._read()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        for message in self._decoder.feed(data):
            self._on_message(message)

    def _end(self) -> None:
        self._loop.remove(self._socket.fileno())
        self._socket.close()
        self.kill()
        processes.reap(self.pid)
        self._on_end()
