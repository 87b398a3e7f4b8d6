"""The relay's sockets: five bound in front, and a set per generation of the subkernel behind.

Behind, each frontend client has DEALER sockets of its own with that client's identity, so that the
subkernel sees exactly the clients that it would see without us.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import zmq

from beaker_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.kernel.connection import Connection

REQUEST_CHANNELS = ("shell", "control", "stdin")
CLIENTS = 128
"""Clients whose sockets are kept open; the one that was silent longest goes first."""
OWN_IDENTITY = b"beaker"
UNREAD = 100_000
"""Messages kept for a subscriber that doesn't read before it loses some; ipykernel keeps 1,000.

They are counted, not weighed: who reads nothing at all is cut off before (`sleepers`).
"""
MORE, NOW = int(zmq.SNDMORE), int(zmq.NOBLOCK)
"""Flags are plain numbers here: theirs are enumerations, and slow to combine."""
LARGE = 65_536
"""Bytes from which a frame is handed to ZMQ without a copy."""


def send(socket: zmq.Socket[bytes], frames: list[bytes]) -> None:
    """Send a message; large frames are not copied."""
    copy = max(map(len, frames)) < LARGE
    for frame in frames[:-1]:
        socket.send(frame, MORE, copy)
    socket.send(frames[-1], 0, copy)


def receive(socket: zmq.Socket[bytes]) -> list[bytes]:
    """Receive the message that is there; to ask each frame for more is cheaper than the socket.

    Raises:
        zmq.Again: there is none.

    """
    frames, more = [], True
    while more:
        frame = socket.recv(NOW, copy=False)
        frames.append(frame.bytes)
        more = frame.more
    return frames


class FrontSockets:
    """Where the frontends connect; the heartbeat has a thread of its own."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], connection: Connection) -> None:
        self.requests = {}
        for channel in REQUEST_CHANNELS:
            router = _encrypted(_open(context, zmq.ROUTER), connection)
            router.router_handover = 1
            _bind(router, connection.url(channel))
            self.requests[channel] = router
        self.iopub = _encrypted(_open(context, zmq.XPUB), connection)
        self.iopub.xpub_verbose = 1
        self.iopub.sndhwm = UNREAD
        _bind(self.iopub, connection.url("iopub"))
        self._heartbeat = zmq.Context()
        echo = _encrypted(_open(self._heartbeat, zmq.ROUTER), connection)
        _bind(echo, connection.url("hb"))
        threading.Thread(target=_echo, args=(echo,), daemon=True).start()

    def close(self) -> None:
        """Send what is queued, then close."""
        for socket in (*self.requests.values(), self.iopub):
            socket.close()
        self._heartbeat.term()  # ends the thread, which closes its socket


def _echo(socket: zmq.Socket[bytes]) -> None:
    """Send everything back until the context ends."""
    try:
        zmq.proxy(socket, socket)
    except zmq.ContextTerminated:
        socket.close(linger=0)


class BackSockets:
    """The connections to one generation of the subkernel, once it is known where it listens."""

    iopub: zmq.Socket[bytes]

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._context = context
        self._clients: dict[bytes, dict[str, zmq.Socket[bytes]]] = {}
        self.own: dict[str, zmq.Socket[bytes]] = {}

    def connect(self, connection: Connection) -> None:
        """Open what the relay itself listens to and asks through."""
        self._connection = connection
        self.iopub = _open(self._context, zmq.SUB)
        self.iopub.subscribe(b"")
        self.iopub.connect(connection.url("iopub"))
        self.own = self._connect_all(OWN_IDENTITY)

    def client(self, identity: bytes) -> tuple[dict[str, zmq.Socket[bytes]], bool]:
        """Return a frontend client's sockets by channel, and whether they are new."""
        known = self._clients.pop(identity, None)
        sockets = self._clients[identity] = known or self._connect_all(identity)
        return sockets, known is None

    def surplus(self, is_busy: Callable[[bytes], bool]) -> list[zmq.Socket[bytes]]:
        """Take out the sockets of the oldest client that isn't busy if there are too many."""
        idle = (client for client in self._clients if not is_busy(client))
        oldest = next(idle, None) if len(self._clients) > CLIENTS else None
        return [] if oldest is None else list(self._clients.pop(oldest).values())

    def all(self) -> list[zmq.Socket[bytes]]:
        """Return every socket."""
        clients = [s for sockets in self._clients.values() for s in sockets.values()]
        return [self.iopub, *self.own.values(), *clients] if self.own else []

    def _connect_all(self, identity: bytes) -> dict[str, zmq.Socket[bytes]]:
        """Connect shell, control and stdin; stdin first, so that it is there when code asks."""
        sockets = {}
        for channel in reversed(REQUEST_CHANNELS):
            dealer = _open(self._context, zmq.DEALER)
            # A routing id that ZMQ made up begins with a zero byte, which a client may not set.
            dealer.identity = identity.hex().encode() if identity[:1] == b"\0" else identity
            dealer.connect(self._connection.url(channel))
            sockets[channel] = dealer
        return sockets


def _open(context: zmq.Context[zmq.Socket[bytes]], kind: int) -> zmq.Socket[bytes]:
    socket = context.socket(kind)
    socket.set_hwm(0)
    socket.linger = 1000
    socket.reconnect_ivl = 10
    return socket


def _bind(socket: zmq.Socket[bytes], url: str) -> None:
    """Listen.

    Raises:
        ConfigurationError: somebody else does.

    """
    try:
        socket.bind(url)
    except zmq.ZMQError as error:
        message = f"can't listen on {url}: {error.strerror}"
        raise ConfigurationError(message) from error


def _encrypted(socket: zmq.Socket[bytes], connection: Connection) -> zmq.Socket[bytes]:
    """Have a socket speak CurveZMQ if the connection file has keys for it."""
    if connection.curve_secretkey:
        socket.curve_server = True
        socket.curve_secretkey = connection.curve_secretkey.encode()
        socket.curve_publickey = connection.curve_publickey.encode()
    return socket
