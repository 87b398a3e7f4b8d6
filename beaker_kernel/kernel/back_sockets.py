"""The relay's sockets behind: a set of its own for each generation of the subkernel.

Each frontend client has DEALER sockets of its own there with that client's identity, so that the
subkernel sees exactly the clients that it would see without us.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from beaker_kernel.kernel.addresses import connect
from beaker_kernel.kernel.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.loop import Loop

    Handlers = Mapping[str, Callable[[list[bytes]], object]]

Frames = list[bytes]

CLIENTS = 128
"""Clients whose sockets are kept open; the one that was silent longest goes first."""
DIALED = ("stdin", "control", "shell")
"""In this order, so that stdin is there when code asks."""
RETRY = 0.01
"""Seconds between two attempts to connect to a subkernel that doesn't listen yet."""
PAUSE = 1.0
"""Seconds until the next one where what listens there speaks something else."""


class Dialer:
    """A connection to a socket of the subkernel's, made as soon as that is there.

    Attributes:
        lost: called when the connection ends.

    """

    def __init__(
        self,
        loop: Loop,
        connection: Connection,
        channel: str,
        handler: Callable[[Frames], object],
        identity: bytes = b"",
    ) -> None:
        self.lost: Callable[[], object] = lambda: None
        self._loop = loop
        self._connection = connection
        self._channel = channel
        self._identity = identity
        self._handler = handler
        self._queue: deque[Frames] = deque()
        self._peer: Peer | None = None
        self._is_connected = self._is_closed = False
        self._dial()

    def send(self, frames: Frames) -> None:
        """Send a message, now or as soon as there is a connection."""
        if self._peer:
            self._peer.send(frames)
        else:
            self._queue.append(frames)

    def take_in(self) -> None:
        """Take in all that is there now."""
        while self._peer and self._peer.take_in():
            pass

    def close(self) -> None:
        """Close the connection; what is unsent is dropped."""
        self._is_closed = True
        if self._peer:
            self._peer.close()

    def _dial(self) -> None:
        if self._is_closed:
            return
        stream = connect(self._connection, self._channel)
        if stream is None:
            self._loop.call_later(RETRY, self._dial)
            return
        handler = self._handler
        self._peer = Peer(
            self._loop,
            stream,
            b"SUB" if self._channel == "iopub" else b"DEALER",
            opened=self._opened,
            received=lambda _, frames: handler(frames),
            closed=self._hung_up,
            name=self._identity,
            queue=self._queue,
        )

    def _opened(self, _: Peer) -> None:
        self._is_connected = True
        if self._channel == "iopub":
            self._queue.appendleft([b"\x01"])

    def _hung_up(self, peer: Peer) -> None:
        self._peer = None
        self._loop.call_later(PAUSE if peer.has_failed else RETRY, self._dial)
        if self._is_connected:
            self._is_connected = False
            self.lost()


class BackSockets:
    """The connections to one generation of the subkernel, once it is known where it listens."""

    iopub: Dialer

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._clients: dict[bytes, dict[str, Dialer]] = {}
        self.own: dict[str, Dialer] = {}

    def connect(self, connection: Connection, handlers: Handlers) -> None:
        """Open what the relay itself listens to and asks through."""
        self._connection = connection
        self.iopub = Dialer(self._loop, connection, "iopub", handlers["iopub"])
        name = b"beaker-" + os.urandom(8).hex().encode()  # who guessed it could take our replies
        self.own = self._connect_all(name, handlers)

    def known(self, identity: bytes) -> dict[str, Dialer] | None:
        """Return a frontend client's connections by channel; it was not silent now."""
        dialers = self._clients.pop(identity, None)
        if dialers:
            self._clients[identity] = dialers
        return dialers

    def introduce(self, identity: bytes, handlers: Handlers) -> dict[str, Dialer]:
        """Connect for a frontend client."""
        dialers = self._clients[identity] = self._connect_all(identity, handlers)
        return dialers

    def make_room(self, is_busy: Callable[[bytes], bool]) -> None:
        """Close the connections of the oldest client that isn't busy if there are many."""
        idle = (client for client in self._clients if not is_busy(client))
        oldest = next(idle, None) if len(self._clients) >= CLIENTS else None
        if oldest is not None:
            for dialer in self._clients.pop(oldest).values():
                dialer.close()

    def all(self) -> list[Dialer]:
        """Return every connection."""
        clients = [d for dialers in self._clients.values() for d in dialers.values()]
        return [self.iopub, *self.own.values(), *clients] if self.own else []

    def _connect_all(self, identity: bytes, handlers: Handlers) -> dict[str, Dialer]:
        """Connect shell, control and stdin."""
        # A routing id that a ROUTER made up begins with a zero byte, which a client may not set.
        name = identity.hex().encode() if identity[:1] == b"\0" else identity
        return {
            channel: Dialer(self._loop, self._connection, channel, handlers[channel], name)
            for channel in DIALED
        }
