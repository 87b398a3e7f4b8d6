"""ZMTP 3.0, the protocol between ZMQ sockets, over one connection (ZeroMQ RFC 23, mechanism NULL).

libzmq speaks it on a thread of its own, which wakes ours for each message and is woken by it: a
relay whose one thread reads and writes its connections itself is woken once where it was three
times (ADR 11).
"""

from __future__ import annotations

import errno
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from beaker_kernel.errors import ProtocolError
from beaker_kernel.kernel.log import log, log_exception
from beaker_kernel.kernel.loop import READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket

    from beaker_kernel.kernel.loop import Loop

Frames = list[bytes]
Buffers = list[bytes | memoryview]

SIGNATURE, VERSION = b"\xff" + bytes(8) + b"\x7f", 3
GREETING = SIGNATURE + bytes((VERSION, 0)) + b"NULL".ljust(20, b"\0") + bytes(32)
VERSION_AT, MECHANISM = 10, slice(12, 32)
MORE, LONG, COMMAND = 1, 2, 4
"""The bits of a frame's first byte."""
LONGER = 256
"""Bytes from which a frame's size takes eight bytes instead of one."""
SHORT_HEAD, LONG_HEAD = 2, 9
SHORT_HEADS = [[bytes((more, size)) for size in range(LONGER)] for more in (0, MORE)]
CHUNK, LONG_CHUNK = 1 << 16, 1 << 18
"""Bytes read at once, and of a long frame; then the other connections get their turn."""
BURST = 2048
"""Frames after which they get it, too."""
FULL = (errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM)
"""What the system says where it takes something later."""
LARGE = 1 << 16
"""Bytes from which a frame is handed to the system as it is instead of copied into one with all."""
HANDSHAKE = 30.0
"""Seconds that a handshake may take, as in libzmq."""
LONGEST_READY, LONGEST_IDENTITY = 8192, 255
"""Bytes of what a stranger may say before it is known what it is, and of its name."""
PARTNERS = {
    b"ROUTER": (b"DEALER", b"REQ", b"ROUTER"),
    b"XPUB": (b"SUB", b"XSUB"),
    b"DEALER": (b"ROUTER", b"REP", b"DEALER"),
    b"SUB": (b"PUB", b"XPUB"),
}
"""Which sockets speak with which."""


class Peer:
    """One connection: its handshake, the messages that come and those that go.

    Args:
        loop: where it is served.
        stream: the connected (or connecting) socket, which is the peer's from now on.
        kind: which ZMQ socket we are, a key of `PARTNERS`.
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
        self._flags = 0
        self._frames: Frames = []  # of a message that isn't whole yet
        self._rest: Buffers = []  # of a message that isn't wholly sent
        self._takes = False  # whether messages can be sent
        self._is_watched_for_room = False
        loop.add(stream.fileno(), self._ready)
        loop.call_later(HANDSHAKE, self._give_up)
        self._write([GREETING + ready(kind, name)])

    def close(self) -> None:
        """Close the connection; what is unsent is dropped."""
        if self.is_closed:
            return
        self.is_closed, self._takes = True, False
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
        self._end()

    def _end(self) -> None:
        if not self.is_closed:
            self.close()
            self._closed(self)

    def _give_up(self) -> None:
        if not self.is_open:
            self._end()

    def _ready(self) -> None:
        if self._is_watched_for_room:
            self._flush()
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
        """Do nothing any more but send what waits, in another loop; then close."""
        self._loop.remove(self._stream.fileno())
        self._loop = loop

        def go_on() -> None:
            self._flush()
            if not self.is_behind:
                self.close()
                done(self)

        loop.add(self._stream.fileno(), go_on, WRITE)

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
                self._end()
                return False
        try:
            self._feed(data)
        except ProtocolError as error:
            self._fail(str(error))
        return True

    def _greet(self, data: bytes) -> None:
        """Take in the greeting, and what stands behind it.

        Raises:
            ProtocolError: it is none of ZMTP 3, or wants encryption.

        """
        data = self._tail + data
        if not SIGNATURE.startswith(data[:1]) or (
            len(data) > VERSION_AT and data[VERSION_AT] < VERSION
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
                self._has_more = True
                self._loop.call_later(0, self.take_in)
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
            self._open(dict(_properties(body)))
        elif name == b"PING" and self.is_open:
            if not self._rest:
                self._write([_command(b"PONG", body[2:])])
        else:
            raise ProtocolError(f"{name[:20]!r} instead of a handshake or a message")

    def _open(self, properties: dict[bytes, bytes]) -> None:
        kind = properties.get(b"socket-type", b"")
        self.identity = properties.get(b"identity", b"")
        if kind not in PARTNERS[self._kind] or len(self.identity) > LONGEST_IDENTITY:
            raise ProtocolError(f"a socket of type {kind[:20]!r} can't speak with us")
        self.is_open = self._takes = True
        self._opened(self)
        self._flush()


def _ignore(_: bytes) -> None:
    """Take in what comes after the end."""


def ready(kind: bytes, identity: bytes) -> bytes:
    """Return the command that ends our part of a handshake."""
    properties = ((b"Socket-Type", kind), (b"Identity", identity))
    return _command(b"READY", b"".join(_property(name, value) for name, value in properties))


def encode(frames: Frames) -> Buffers:
    """Return a message as it goes over the connection; large frames are not copied."""
    buffers: Buffers = []
    pieces: Frames = []
    last = len(frames) - 1
    for number, frame in enumerate(frames):
        size, more = len(frame), MORE if number < last else 0
        pieces.append(SHORT_HEADS[more][size] if size < LONGER else _long_head(more, size))
        if size < LARGE:
            pieces.append(frame)
        else:
            buffers += b"".join(pieces), frame
            pieces = []
    if pieces:
        buffers.append(b"".join(pieces))
    return buffers


def _long_head(flags: int, size: int) -> bytes:
    return bytes((flags | LONG,)) + size.to_bytes(8, "big")


def _command(name: bytes, body: bytes) -> bytes:
    content = bytes((len(name),)) + name + body
    size = len(content)
    head = bytes((COMMAND, size)) if size < LONGER else _long_head(COMMAND, size)
    return head + content


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value


def _properties(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the properties of a READY command, names in lower case; what is cut off is left out."""
    at = 0
    while at < len(body):
        middle = at + 1 + body[at]
        end = middle + 4 + int.from_bytes(body[middle : middle + 4], "big")
        yield body[at + 1 : middle].lower(), body[middle + 4 : end]
        at = end
