"""The agent's end of the link to the relay, for asyncio."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from beaker_kernel.protocol import link
from beaker_kernel.protocol.frames import Composer, dumps
from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHUNK = 1 << 18


class Incoming(NamedTuple):
    """One message from the relay; a note has nothing but its content.

    Attributes:
        came: since when it has waited for an answer, by the monotonic clock of this machine.

    """

    verb: Verb
    argument: bytes
    header: bytes
    parent_header: bytes
    metadata: bytes
    content: bytes
    came: float = 0.0

    @classmethod
    def read(cls, frames: list[bytes]) -> Incoming:
        """Read a message's frames; buffers are left out, no message of ours has any."""
        verb, argument = Verb(frames[0].decode()), frames[1]
        if verb is Verb.NOTE:
            return cls(verb, argument, b"{}", b"{}", b"{}", frames[2])
        header, parent_header, metadata, content = frames[2:6]
        came = time.monotonic()
        return cls(verb, argument, header, parent_header, metadata, content, came)

    @property
    def msg_id(self) -> str:
        """The id of the message itself."""
        return str(json.loads(self.header)["msg_id"])

    @property
    def msg_type(self) -> str:
        """The type of the message."""
        return str(json.loads(self.header)["msg_type"])

    @property
    def parent_id(self) -> str:
        """The id of the message that this one answers."""
        return str(json.loads(self.parent_header).get("msg_id", ""))


class Link:
    """Sends to the relay, and yields what comes from it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = link.Decoder()
        self._unsent: list[bytes] | None = None  # a list where one has gone out in this turn
        self.composer = Composer("")

    @classmethod
    async def open(cls, descriptor: int) -> Link:
        """Take over an inherited socket."""
        inherited = socket.socket(fileno=descriptor)
        inherited.set_inheritable(False)
        return cls(*await asyncio.open_connection(sock=inherited))

    async def messages(self) -> AsyncIterator[Incoming]:
        """Yield each message until the relay ends."""
        while data := await self._reader.read(CHUNK):
            for frames in self._decoder.feed(data):
                yield Incoming.read(frames)

    def send(self, verb: Verb, argument: bytes, *parts: bytes) -> None:
        """Send a message: the first of the loop's turn at once, those behind it together.

        So a word is not held up, and a burst wakes the relay twice.
        """
        message = link.encode([verb.encode(), argument, *parts])
        if self._unsent is None:
            self._unsent = []
            self._writer.write(message)
            asyncio.get_running_loop().call_soon(self._flush)
        else:
            self._unsent.append(message)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, None
        self._writer.writelines(unsent or ())

    def note(self, name: str, content: bytes = b"") -> None:
        """Tell the relay something that is no Jupyter message."""
        self.send(Verb.NOTE, name.encode(), content)

    def publish(
        self,
        msg_type: str,
        content: dict[str, Any],
        parent_header: bytes,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Publish a message on iopub, now."""
        parts = self.composer.compose(msg_type, content, parent_header, metadata)
        self.send(Verb.IOPUB, b"", *parts)

    def request(
        self,
        verb: Verb,
        msg_type: str,
        content: dict[str, Any],
        shown_under: bytes = b"",
        subshell: str = "",
    ) -> str:
        """Send a request to the subkernel, to one of its subshells if named, and return its id."""
        parts = self.composer.compose(msg_type, content)
        header = json.loads(parts[0])
        if subshell:
            parts[0] = dumps(header | {"subshell_id": subshell})
        self.send(verb, shown_under, *parts)
        return str(header["msg_id"])

    def close(self) -> None:
        """Send what is queued, and close the link."""
        self._flush()
        self._writer.close()
