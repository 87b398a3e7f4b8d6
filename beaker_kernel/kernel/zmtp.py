"""ZMTP 3.0, the protocol between ZMQ sockets: what goes over a connection (ZeroMQ RFC 23, NULL)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
LARGE = 1 << 16
"""Bytes from which a frame is handed to the system as it is instead of copied into one with all."""
PARTNERS = {
    b"ROUTER": (b"DEALER", b"REQ", b"ROUTER"),
    b"XPUB": (b"SUB", b"XSUB"),
    b"DEALER": (b"ROUTER", b"REP"),
    b"SUB": (b"PUB", b"XPUB"),
}
"""Which sockets speak with which."""


def ready(kind: bytes, identity: bytes) -> bytes:
    """Return the command that ends our part of a handshake."""
    properties = ((b"Socket-Type", kind), (b"Identity", identity))
    return command(b"READY", b"".join(_property(name, value) for name, value in properties))


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


def command(name: bytes, body: bytes) -> bytes:
    """Return a command as it goes over the connection."""
    content = bytes((len(name),)) + name + body
    size = len(content)
    head = bytes((COMMAND, size)) if size < LONGER else _long_head(COMMAND, size)
    return head + content


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value


def properties(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the properties of a READY command, names in lower case; what is cut off is left out."""
    at = 0
    while at < len(body):
        middle = at + 1 + body[at]
        end = middle + 4 + int.from_bytes(body[middle : middle + 4], "big")
        yield body[at + 1 : middle].lower(), body[middle + 4 : end]
        at = end
