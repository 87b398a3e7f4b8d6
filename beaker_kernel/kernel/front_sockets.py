"""The relay's sockets in front: five, on which frontends find what looks like any kernel."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from beaker_kernel.kernel.addresses import hurry, listen
from beaker_kernel.kernel.log import log
from beaker_kernel.kernel.loop import Loop
from beaker_kernel.kernel.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from beaker_kernel.kernel.connection import Connection

Frames = list[bytes]

REQUEST_CHANNELS = ("shell", "control", "stdin")
UNREAD = 100_000
"""Messages kept for a subscriber that doesn't read before it loses some; ipykernel keeps 1,000.

They are counted, not weighed: who reads nothing at all is cut off before (`sleepers`).
"""
LONGEST_TOPIC = 1024
"""Bytes of a topic that can be subscribed to; kernels' are of some dozens."""
LINGER = 1.0
"""Seconds that a frontend has at the end to read what it was sent, as with ipykernel."""
PAUSE = 0.1
"""Seconds in which nobody is let in where the system has no descriptor for them."""


class FrontSocket(Protocol):
    """A socket that frontends connect to."""

    def serve(self, handler: Callable[[Frames], object]) -> None:
        """Let the frontends in, and call a handler with each message of theirs."""

    def send(self, frames: Frames) -> None:
        """Send a message to whom it concerns."""


class Front(Protocol):
    """The five sockets that frontends connect to."""

    @property
    def requests(self) -> Mapping[str, FrontSocket]:
        """Those on which a message begins with its client's identity, by channel."""

    @property
    def iopub(self) -> FrontSocket:
        """The one on which all is published; from it come subscriptions, as from an XPUB."""

    def close(self, loop: Loop) -> None:
        """Let nobody in any more, and go on sending what is queued, in another loop."""

    def linger(self, loop: Loop) -> None:
        """Wait until that is sent, `LINGER` at the longest."""


class Listener:
    """Lets peers in on one address."""

    def __init__(self, loop: Loop, connection: Connection, channel: str, kind: bytes) -> None:
        """Take the address.

        Raises:
            ConfigurationError: somebody else has it.

        """
        self.peers: set[Peer] = set()
        self._loop = loop
        self._kind = kind
        self._path = connection.path(channel)
        self._socket = listen(connection, channel)

    def let_in(
        self, opened: Callable[[Peer], object], received: Callable[[Peer, Frames], object]
    ) -> None:
        """Let peers in from now on."""
        self._opened, self._received = opened, received
        self._loop.add(self._socket.fileno(), self._accept)

    def left(self, peer: Peer) -> None:
        """Forget a peer that is gone."""
        self.peers.discard(peer)
        peer.queue.clear()

    def close(self) -> None:
        """Let nobody in any more."""
        self._loop.remove(self._socket.fileno())
        self._socket.close()
        if self._path:
            with suppress(OSError):
                os.unlink(self._path)

    def _accept(self) -> None:
        try:
            stream, _ = self._socket.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError as error:
            log(f"can't let a frontend in: {error.strerror}")
            self._loop.remove(self._socket.fileno())
            self._loop.call_later(PAUSE, self._let_in_again)
            return
        hurry(stream)
        self.peers.add(
            Peer(
                self._loop,
                stream,
                self._kind,
                opened=self._opened,
                received=self._received,
                closed=self.left,
            )
        )

    def _let_in_again(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add(self._socket.fileno(), self._accept)


class Router(Listener):
    """A ROUTER: a message begins with the identity of the client that it is from, or for."""

    def __init__(self, loop: Loop, connection: Connection, channel: str) -> None:
        """Take the address.

        Raises:
            ConfigurationError: somebody else has it.

        """
        super().__init__(loop, connection, channel, b"ROUTER")
        self._clients: dict[bytes, Peer] = {}

    def serve(self, handler: Callable[[Frames], object]) -> None:
        """Call a handler with each message."""
        self.let_in(self._enter, lambda peer, frames: handler([peer.identity, *frames]))

    def send(self, frames: Frames) -> None:
        """Send a message to the client whose identity it begins with, if that is there."""
        client = self._clients.get(frames[0])
        if client:
            client.send(frames[1:])

    def echo(self, frames: Frames) -> None:
        """Send a message back, unless its client has not taken in the one before."""
        client = self._clients.get(frames[0])
        if client and not (client.queue or client.is_behind):
            client.send(frames[1:])

    def left(self, peer: Peer) -> None:
        """Forget a peer that is gone."""
        super().left(peer)
        if self._clients.get(peer.identity) is peer:
            del self._clients[peer.identity]

    def _enter(self, peer: Peer) -> None:
        """Note who a peer is; who has another's name gets what is sent by it from now on.

        The other stays, under a name that nobody else has: clients that share one would take turns
        in connecting again if the last one's connection ended the first one's.
        """
        if not peer.identity:
            peer.identity = _made_up()
        before = self._clients.get(peer.identity)
        self._clients[peer.identity] = peer
        if before:
            before.identity = _made_up()
            self._clients[before.identity] = before


class Publisher(Listener):
    """An XPUB: a message goes to everybody who has subscribed to the beginning of its topic."""

    def __init__(self, loop: Loop, connection: Connection, channel: str) -> None:
        """Take the address.

        Raises:
            ConfigurationError: somebody else has it.

        """
        super().__init__(loop, connection, channel, b"XPUB")
        self._topics: dict[Peer, set[bytes]] = {}

    def serve(self, handler: Callable[[Frames], object]) -> None:
        """Call a handler with each subscription (a byte 1 and the topic), and its end (a 0)."""

        def subscribe(peer: Peer, frames: Frames) -> None:
            topics, what, topic = self._topics[peer], frames[0][:1], bytes(frames[0][1:])
            if len(topic) > LONGEST_TOPIC:
                log(f"dropped a subscription to a topic of {len(topic)} bytes")
                return
            if what == b"\x01":
                topics.add(topic)
            elif what == b"\x00":
                topics.discard(topic)
            handler(frames)

        self.let_in(lambda peer: self._topics.update({peer: set()}), subscribe)

    def send(self, frames: Frames) -> None:
        """Publish a message, topic first; who has very much to read already loses it."""
        topic = frames[0]
        for peer, topics in self._topics.items():
            if len(peer.queue) < UNREAD and (b"" in topics or _is_of(topic, topics)):
                peer.send(frames)

    def left(self, peer: Peer) -> None:
        """Forget a peer that is gone."""
        super().left(peer)
        self._topics.pop(peer, None)


def _made_up() -> bytes:
    """Return an identity as a ROUTER makes it up: no client may begin its own with a zero byte."""
    return b"\0" + os.urandom(8)


def _is_of(topic: bytes, topics: set[bytes]) -> bool:
    """Tell whether a topic begins with one of some, of which strangers may name any number."""
    beginning = bytes(topic[:LONGEST_TOPIC])
    return any(beginning[:end] in topics for end in range(1, len(beginning) + 1))


class FrontSockets:
    """Where the frontends connect."""

    def __init__(self, loop: Loop, connection: Connection) -> None:
        """Take the five addresses.

        Raises:
            ConfigurationError: somebody else has one of them.

        """
        self.requests = {c: Router(loop, connection, c) for c in REQUEST_CHANNELS}
        self.iopub = Publisher(loop, connection, "iopub")
        heartbeat = Router(loop, connection, "hb")
        heartbeat.serve(heartbeat.echo)
        self._all: list[Listener] = [*self.requests.values(), self.iopub, heartbeat]
        self._behind: set[Peer] = set()
        self._awaiting: Loop | None = None

    def close(self, loop: Loop) -> None:
        """Let nobody in any more, and go on sending what is queued, in another loop."""
        for listener in self._all:
            listener.close()
            for peer in listener.peers:
                if peer.is_behind:
                    self._behind.add(peer)
                    peer.linger(loop, self._has_all)
                else:
                    peer.close()

    def linger(self, loop: Loop) -> None:
        """Wait until that is sent, `LINGER` at the longest."""
        if self._behind:
            self._awaiting = loop
            loop.call_later(LINGER, loop.stop)
            loop.run()
        for peer in self._behind:
            peer.close()

    def _has_all(self, peer: Peer) -> None:
        self._behind.discard(peer)
        if self._awaiting and not self._behind:
            self._awaiting.stop()


def open_front(loop: Loop, connection: Connection) -> Front:
    """Take the addresses where the frontends connect.

    Raises:
        ConfigurationError: somebody else has one of them.

    """
    if not connection.curve_secretkey:
        return FrontSockets(loop, connection)
    from beaker_kernel.kernel.libzmq import CurveSockets  # noqa: PLC0415 (most don't need it)

    return CurveSockets(loop, connection)


def loop_for(connection: Connection) -> Loop:
    """Return a loop in which such sockets can be served."""
    if not connection.curve_secretkey:
        return Loop()
    from beaker_kernel.kernel.libzmq import ZmqPoller  # noqa: PLC0415 (most don't need it)

    return Loop(ZmqPoller())
