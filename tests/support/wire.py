"""The relay's own sockets under test: a loop that can be left, libzmq's sockets, and strangers."""

from __future__ import annotations

import socket
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import zmq

from beaker_kernel.kernel import zmtp
from beaker_kernel.kernel.loop import Loop
from tests.support.kernels import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from beaker_kernel.kernel.connection import Connection

    Socket = zmq.Socket[bytes]

READY = zmtp.ready(b"DEALER", b"")
LATER = 0.2
"""Seconds in which something would have come."""


class Turns(Loop):
    """A loop that can be left and entered again."""

    def until(self, is_done: Callable[[], object]) -> None:
        """Serve until something is so."""
        end = time.monotonic() + PATIENCE
        self._running = True

        def look() -> None:
            assert time.monotonic() < end, "it never came so far"
            if is_done():
                self.stop()
            else:
                self.call_later(0.005, look)

        look()
        self.run()

    def a_while(self) -> None:
        """Serve for as long as something would have come."""
        end = time.monotonic() + LATER
        self.until(lambda: time.monotonic() > end)


class Peers:
    """Sockets of libzmq."""

    def __init__(self) -> None:
        self._context: zmq.Context[Socket] = zmq.Context()
        self._made: list[Socket] = []

    def new(self, kind: int) -> Socket:
        made = self._context.socket(kind)
        self._made.append(made)
        return made

    def dealer(self, where: Connection, name: bytes = b"") -> Socket:
        made = self.new(zmq.DEALER)
        if name:
            made.identity = name
        made.connect(where.url("shell"))
        return made

    def close(self) -> None:
        self._context.destroy(linger=0)


@contextmanager
def stranger(where: Connection, channel: str = "shell") -> Iterator[socket.socket]:
    """Connect without a word."""
    path = where.path(channel)
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as made:
        made.connect(path or (where.ip, where.ports[channel]))
        made.settimeout(PATIENCE)
        yield made


def said(stream: socket.socket) -> bytes:
    """Return all that is said until the connection ends."""
    with closing(stream.makefile("rb")) as file:
        try:
            return file.read()
        except ConnectionError:
            return b""
