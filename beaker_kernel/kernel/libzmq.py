"""What libzmq does for the relay: connections that are encrypted, and waiting without `epoll`.

A server may want its kernels' connections encrypted (CurveZMQ). Then the sockets in front are
libzmq's, with a thread of its own; everywhere else the relay speaks ZMTP itself (`peer`, ADR 11).
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import zmq

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.kernel.front_sockets import LINGER, REQUEST_CHANNELS, UNREAD
from beaker_kernel.kernel.log import log_exception
from beaker_kernel.kernel.loop import READ, WRITE, Source
from beaker_kernel.malloc import use_one_arena

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.loop import Loop

Frames = list[bytes]
Socket = zmq.Socket[bytes]
MORE, NOW = int(zmq.SNDMORE), int(zmq.NOBLOCK)
"""Flags are plain numbers here: theirs are enumerations, and slow to combine."""
EVENTS, READABLE = int(zmq.EVENTS), int(zmq.POLLIN)
LARGE = 65_536
"""Bytes from which a frame is handed to ZMQ without a copy."""
BURST = 256
"""Messages read from one socket before the others get their turn."""


class ZmqPoller:
    """Waits as `select.epoll` does, for sockets of libzmq as well."""

    def __init__(self) -> None:
        self._poller = zmq.Poller()

    def register(self, source: Source, flags: int) -> None:
        """Wait for a descriptor or a socket, too."""
        room = zmq.POLLOUT if flags & WRITE else 0
        self._poller.register(source, (zmq.POLLIN if flags & READ else 0) | room)

    modify = register

    def unregister(self, source: Source) -> None:
        """Wait for it no more."""
        self._poller.unregister(source)

    def poll(self, timeout: float | None) -> list[tuple[Source, int]]:
        """Return who is ready, after some seconds if nobody is."""
        return self._poller.poll(None if timeout is None else ceil(timeout * 1000))


class CurveSocket:
    """A bound socket whose connections are encrypted."""

    def __init__(self, socket: Socket, loop: Loop) -> None:
        self.socket = socket
        self._loop = loop

    def serve(self, handler: Callable[[Frames], object]) -> None:
        """Call a handler with each message; what it raises is logged."""
        option: Callable[[int], Any] = self.socket.getsockopt

        def drain() -> None:
            for _ in range(BURST):
                if self.socket.closed or not option(EVENTS) & READABLE:
                    return
                frames = _receive(self.socket)
                try:
                    handler(frames)
                except Exception:  # noqa: BLE001 (the edge of dispatch: anybody can send anything)
                    log_exception(f"a message of {len(frames)} frames")

        self._loop.add(self.socket, drain)

    def send(self, frames: Frames) -> None:
        """Send a message; large frames are not copied."""
        copy = max(map(len, frames)) < LARGE
        for frame in frames[:-1]:
            self.socket.send(frame, MORE, copy)
        self.socket.send(frames[-1], 0, copy)


class CurveSockets:
    """The five sockets in front, where the connection file has keys for their encryption."""

    def __init__(self, loop: Loop, connection: Connection) -> None:
        """Take the five addresses.

        Raises:
            ConfigurationError: somebody else has one of them.

        """
        use_one_arena()
        self._context: zmq.Context[Socket] = zmq.Context()
        self._connection = connection
        self._loop = loop
        self.requests = {channel: self._router(channel) for channel in REQUEST_CHANNELS}
        self.iopub = self._publisher("iopub")
        self._heartbeat = self._router("hb")
        self._heartbeat.serve(self._heartbeat.send)

    def close(self, _: Loop) -> None:
        """Let nobody in any more, and go on sending what is queued, in libzmq's thread."""
        for bound in (*self.requests.values(), self.iopub, self._heartbeat):
            self._loop.remove(bound.socket)
            bound.socket.close()

    def linger(self, _: Loop) -> None:
        """Wait until that is sent, `LINGER` at the longest."""
        self._context.term()

    def _router(self, channel: str) -> CurveSocket:
        router = self._socket(zmq.ROUTER)
        router.router_handover = 1
        return self._bound(router, channel)

    def _publisher(self, channel: str) -> CurveSocket:
        publisher = self._socket(zmq.XPUB)
        publisher.xpub_verbose = 1
        publisher.sndhwm = UNREAD
        return self._bound(publisher, channel)

    def _socket(self, kind: int) -> Socket:
        connection, socket = self._connection, self._context.socket(kind)
        socket.set_hwm(0)
        socket.linger = round(LINGER * 1000)
        socket.curve_server = True
        socket.curve_secretkey = connection.curve_secretkey.encode()
        socket.curve_publickey = connection.curve_publickey.encode()
        return socket

    def _bound(self, socket: Socket, channel: str) -> CurveSocket:
        """Listen.

        Raises:
            ConfigurationError: somebody else does.

        """
        url = self._connection.url(channel)
        try:
            socket.bind(url)
        except zmq.ZMQError as error:
            message = f"can't listen on {url}: {error.strerror}"
            raise ConfigurationError(message) from error
        return CurveSocket(socket, self._loop)


def _receive(socket: Socket) -> Frames:
    """Receive the message that is there; to ask each frame for more is cheaper than the socket."""
    frames, more = [], True
    while more:
        frame = socket.recv(NOW, copy=False)
        frames.append(frame.bytes)
        more = frame.more
    return frames
