"""One connection of a ZMQ socket: its handshake, the messages that come and those that go.

libzmq does this on a thread of its own, which wakes ours for each message and is woken by it: a
relay whose one thread reads and writes its connections itself is woken once where it was three
times (ADR 11).
"""

from __future__ import annotations

import errno
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from beaker_kernel.errors import ProtocolError
from beaker_kernel.kernel import zmtp
from beaker_kernel.kernel.log import log, log_exception
from beaker_kernel.kernel.loop import READ, WRITE
from beaker_kernel.kernel.zmtp import (
    COMMAND,
    GREETING,
    LARGE,
    LONG,
    LONG_HEAD,
    MECHANISM,
    MORE,
    SHORT_HEAD,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from beaker_kernel.kernel.loop import Loop
    from beaker_kernel.kernel.zmtp import Buffers, Frames

CHUNK, LONG_CHUNK = 1 << 16, 1 << 18
"""Bytes read at once, and of a long frame; then the other connections get their turn."""
BURST = 2048
"""Frames after which they get it, too."""
FULL = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)
"""What the system says where it takes something later."""
HANDSHAKE = 30.0
"""Seconds that a handshake may take, as in libzmq."""
LONGEST_READY, LONGEST_IDENTITY = 8192, 255
"""Bytes of what a stranger may say before it is known what it is, and of its name."""


class Peer:
    """One connection: its handshake, the messages that come and those that go.

    Args:
        loop: where it is served.
        stream: the connected (or connecting) socket, which is the peer's from now on.
        kind: which ZMQ socket we are, a key of `zmtp.PARTNERS`.
        opened: called after the handshake.
        received: called with each message; what it raises is logged, and the kernel lives. A frame
            of `LARGE` bytes or more may be a `bytearray`: to make `bytes` of it would copy it.
        closed: called once when the other end is gone or has broken the protocol.
        name: our identity.
        queue: where messages wait for it; the caller's, if they are to outlive the connection.

    Attributes:
        identity: the other end's, as it says, or as its owner calls it.
        is_open: whether the handshake is over.
        has_failed: whether it has broken the protocol.

    """

    def __init__(
        self,
        loop: Loop,
        stream: socket,
        kind: bytes,
        *,
        opened: Callable[[Peer], object],
        received: Callable[[Peer, Frames], object],
        closed: Callable[[Peer], object],
        name: bytes = b"",
        queue: deque[Frames] | None = None,
    ) -> None:
        stream.setblocking(False)
        self.identity = b""
        self.queue: deque[Frames] = deque() if queue is None else queue
        self.is_open = self.is_closed = self.has_failed = False
        self._loop = loop
        self._stream = stream
        self._kind = kind
        self._opened, self._received, self._closed = opened, received, closed
        self._feed: Callable[[bytes], None] = self._greet
        self._tail = b""  # bytes that are no whole frame yet
        self._long = bytearray()  # of a frame that isn't whole yet
        self._missing = 0  # bytes of that
        self._has_more = False  # messages in the tail, which have to wait for the next turn
        self._is_planned = False  # that turn
        self._flags = 0
        self._frames: Frames = []  # of a message that isn't whole yet
        self._rest: Buffers = []  # of a message that isn't wholly sent
        self._takes = False  # whether messages can be sent
        self._is_watched_for_room = False
        loop.add(stream.fileno(), self._ready)
        self._unproven = unproven = [self]  # the timer holds this list, and no peer that is through
        loop.call_later(HANDSHAKE, lambda: _give_up(unproven))
        self._write([GREETING + zmtp.ready(kind, name)])

    def close(self) -> None:
        """Close the connection; what is unsent is dropped."""
        if self.is_closed:
            return
        self.is_closed, self._takes = True, False
        self._unproven.clear()
        self._loop.remove(self._stream.fileno())
        with suppress(OSError):
            self._stream.recv(CHUNK)  # the system takes back what it was handed if we leave this
        self._stream.close()
        self._feed, self._tail, self._long = _ignore, b"", bytearray()
        for kept in (self._frames, self._rest):
            kept.clear()

    def _fail(self, why: str) -> None:
        """Close the connection for a reason that is the other end's."""
        self.has_failed = True
        log(f"closed a connection: {why}")
        self.end()

    def end(self) -> None:
        """Close the connection, and say so."""
        if not self.is_closed:
            self.close()
            self._closed(self)

    def _ready(self) -> None:
        if self._is_watched_for_room:
            self._flush()
        if not self._has_more:
            self.take_in()

    # ------------------------------------------------------------------ out

    @property
    def is_behind(self) -> bool:
        """Whether something waits that could be sent."""
        return bool(self._rest or (self.queue and self._takes))

    def send(self, frames: Frames) -> None:
        """Send a message, now or as soon as the other end takes it."""
        if self._rest or self.queue or not self._takes:
            self.queue.append(frames)
        else:
            self._write(encode(frames))

    def linger(self, loop: Loop, done: Callable[[Peer], object]) -> None:
        """Do nothing any more but send what waits, in another loop; then close.

        What comes is read and dropped: what is unread at the end would cost what is sent last.
        """
        self._loop.remove(self._stream.fileno())
        self._loop, self._feed, self._has_more = loop, _ignore, False

        def go_on() -> None:
            self._flush()
            self.take_in()
            if not self.is_behind:
                self.close()
                done(self)

        loop.add(self._stream.fileno(), go_on, READ | WRITE)

    def _flush(self) -> None:
        """Send what waits, until the other end takes no more."""
        self._write(self._rest)
        while self.is_behind and not self._rest:
            self._write(encode(self.queue.popleft()))

    def _write(self, buffers: Buffers) -> None:
        """Hand buffers to the system; what it doesn't take is kept until there is room."""
        try:
            while buffers:
                first = buffers[0]
                sent = self._stream.send(first)
                if sent == len(first):
                    del buffers[0]
                else:
                    buffers[0] = memoryview(first)[sent:]
        except OSError as error:
            if error.errno not in FULL:  # it is gone; the read side will tell
                buffers, self._takes = [], False
        self._rest = buffers
        if self.is_behind is not self._is_watched_for_room:
            self._watch_for_room()

    def _watch_for_room(self) -> None:
        self._is_watched_for_room = self.is_behind
        flags = READ | WRITE if self._is_watched_for_room else READ
        self._loop.change(self._stream.fileno(), flags)

    # ------------------------------------------------------------------ in

    def take_in(self) -> bool:
        """Read what is there, up to a chunk, and hand on its messages; False if nothing was."""
        if self.is_closed:
            return False
        data = b""
        if not self._has_more:
            try:
                data = self._stream.recv(LONG_CHUNK if self._missing > CHUNK else CHUNK)
            except BlockingIOError:
                return False
            except OSError:
                pass
            if not data:
                self.end()
                return False
        try:
            self._feed(data)
        except ProtocolError as error:
            self._fail(str(error))
        return True

    def _plan_to_go_on(self) -> None:
        """Leave what is in the tail to the next turn, once in each."""
        self._has_more = True
        if not self._is_planned:
            self._is_planned = True
            self._loop.call_later(0, self._go_on)

    def _go_on(self) -> None:
        self._is_planned = False
        if self._has_more:
            self.take_in()

    def _greet(self, data: bytes) -> None:
        """Take in the greeting, and what stands behind it.

        Raises:
            ProtocolError: it is none of ZMTP 3, or wants encryption.

        """
        data = self._tail + data
        if not zmtp.SIGNATURE.startswith(data[:1]) or (
            len(data) > zmtp.VERSION_AT and data[zmtp.VERSION_AT] < zmtp.VERSION
        ):
            raise ProtocolError("it doesn't speak ZMTP 3")
        if len(data) < len(GREETING):
            self._tail = data
            return
        if data[MECHANISM] != GREETING[MECHANISM]:
            raise ProtocolError("it wants another mechanism than NULL")
        self._tail = b""
        self._feed = self._take_frames
        self._take_frames(data[len(GREETING) :])

    def _take_frames(self, data: bytes) -> None:
        """Hand on each message that is whole now, and keep the rest.

        Raises:
            ProtocolError: what comes is no ZMTP.

        """
        self._has_more = False
        if self._missing:
            data = self._take_long(data)
        elif self._tail:
            data, self._tail = self._tail + data, b""
        at, end, left = 0, len(data), BURST
        while end - at > 1 and not self.is_closed:
            if not left:
                self._plan_to_go_on()
                break
            left -= 1
            flags = data[at]
            if flags & LONG:
                if end - at < LONG_HEAD:
                    break
                start = at + LONG_HEAD
                stop = start + int.from_bytes(data[at + 1 : start], "big")
            else:
                start = at + SHORT_HEAD
                stop = start + data[at + 1]
            if stop > end:
                if not self.is_open and stop - start > LONGEST_READY:
                    raise ProtocolError("a handshake without end")
                self._long, self._missing, self._flags = bytearray(data[start:]), stop - end, flags
                return
            at = stop
            self._take_frame(flags, data[start:stop])
        self._tail = data[at:]

    def _take_long(self, data: bytes) -> bytes:
        """Add to the frame that isn't whole yet; return what stands behind it."""
        rest = data[self._missing :]
        self._long += data[: self._missing] if rest else data
        self._missing -= len(data) - len(rest)
        if not self._missing:
            frame, self._long = self._long, bytearray()
            whole = bytes(frame) if len(frame) < LARGE else cast("bytes", frame)
            self._take_frame(self._flags, whole)
        return rest

    def _take_frame(self, flags: int, frame: bytes) -> None:
        if flags & COMMAND or not self.is_open:
            self._obey(flags, frame)
            return
        self._frames.append(frame)
        if not flags & MORE:
            frames, self._frames = self._frames, []
            try:
                self._received(self, frames)
            except Exception:  # noqa: BLE001 (the edge of dispatch: anybody can send anything)
                log_exception(f"a message of {len(frames)} frames")

    def _obey(self, flags: int, frame: bytes) -> None:
        """Take in a command: those of ZMTP 3.0, and the one that asks whether we are there.

        Raises:
            ProtocolError: it is none, or comes at the wrong time.

        """
        size = frame[0] if frame else 0
        name, body = frame[1 : 1 + size], frame[1 + size :]
        if name == b"READY" and flags & COMMAND and not self.is_open:
            self._open(dict(zmtp.properties(body)))
        elif name == b"PING" and self.is_open:
            if not self._rest:
                self._write([zmtp.command(b"PONG", body[2:])])
        else:
            raise ProtocolError(f"{name[:20]!r} instead of a handshake or a message")

    def _open(self, properties: dict[bytes, bytes]) -> None:
        kind = properties.get(b"socket-type", b"")
        self.identity = properties.get(b"identity", b"")
        if kind not in zmtp.PARTNERS[self._kind] or len(self.identity) > LONGEST_IDENTITY:
            raise ProtocolError(f"a socket of type {kind[:20]!r} can't speak with us")
        self.is_open = self._takes = True
        self._unproven.clear()
        self._opened(self)
        self._flush()


def _give_up(peers: list[Peer]) -> None:
    """End those that have not ended their handshake."""
    for peer in peers.copy():
        peer.end()


def _ignore(_: bytes) -> None:
    """Take in what comes after the end."""
