"""The link between relay and agent: lists of frames on a stream socket, and what they mean.

The link is one end each of a socketpair that the agent inherits, so nobody else can join it and
nothing on it is signed; the relay signs what leaves for a kernel or a frontend. A message on it is
``[verb, argument, header, parent_header, metadata, content, *buffers]``; a note is
``[verb, name, content]``.

The codec is a pure state machine: bytes in, lists of frames out.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COUNT = struct.Struct(">I")


class Verb(StrEnum):
    """What a message on the link is for.

    ======================  ==========================================  ===========================
    verb                    agent → relay (argument)                    relay → agent (argument)
    ======================  ==========================================  ===========================
    iopub                   publish (empty)                             -
    shell, control          a reply (identity)                          our request (identity)
    stdin                   input_request (identity)                    input_reply (identity)
    sub.shell, sub.control  a request to the subkernel: silent          its reply
                            (empty), shown under a parent (header)
    sub.iopub               -                                           output of the agent's own
                                                                        request
    cell                    -                                           a recorded message of the
                                                                        person's cells
    note                    hello <actions>, interrupt,                 config, started (as JSON),
                            subkernel <name or language>                refused <why>, dead,
                                                                        interrupt
    ======================  ==========================================  ===========================
    """

    IOPUB = "iopub"
    SHELL = "shell"
    CONTROL = "control"
    STDIN = "stdin"
    SUB_SHELL = "sub.shell"
    SUB_CONTROL = "sub.control"
    SUB_IOPUB = "sub.iopub"
    CELL = "cell"
    NOTE = "note"


def encode(frames: Sequence[bytes]) -> bytes:
    """Return a message as bytes: the number of frames, their sizes, the frames."""
    sizes = struct.pack(f">I{len(frames)}Q", len(frames), *map(len, frames))
    return b"".join((sizes, *frames))


class Decoder:
    """Cuts a stream of bytes into messages, however it arrives."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = _COUNT.size

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """Take in bytes and yield each message that is now whole."""
        self._buffer += data
        while len(self._buffer) >= self._needed:
            message = self._next()
            if message is not None:
                yield message

    def _next(self) -> list[bytes] | None:
        """Cut one message off, or note how many bytes it wants."""
        buffer = self._buffer
        (count,) = _COUNT.unpack_from(buffer)
        start = _COUNT.size + 8 * count
        if len(buffer) < start:
            self._needed = start
            return None
        sizes = struct.unpack_from(f">{count}Q", buffer, _COUNT.size)
        end = start + sum(sizes)
        if len(buffer) < end:
            self._needed = end
            return None
        frames = []
        for size in sizes:
            frames.append(bytes(buffer[start : start + size]))
            start += size
        del buffer[:end]
        self._needed = _COUNT.size
        return frames
