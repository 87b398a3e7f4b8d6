"""The agent's link with the test at its other end, where the relay would be."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from beaker_kernel.agent.app import App
from beaker_kernel.agent.link import Incoming, Link
from beaker_kernel.protocol import link as protocol
from beaker_kernel.protocol.frames import Composer
from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

FRONTEND = b"frontend"


class RelayEnd:
    """What the relay says on the link, and what it hears there."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = protocol.Decoder()
        self._heard: list[Incoming] = []
        self.composer = Composer("front")

    def say(self, verb: Verb, *frames: bytes) -> None:
        self._writer.write(protocol.encode([verb.encode(), *frames]))

    def note(self, name: str, content: Any = "") -> None:
        said = content if isinstance(content, str) else json.dumps(content)
        self.say(Verb.NOTE, name.encode(), said.encode())

    def started(self, language: str = "nothing we know") -> None:
        self.note("started", {"kernelspec": "none", "language": language})

    def ask(self, msg_type: str, content: Any = None, *, raw: bytes = b"", **beaker: Any) -> str:
        """Send a request of a frontend's and return its id."""
        parts = self.composer.compose(msg_type, content or {}, metadata={"beaker": beaker})
        parts[3] = raw or parts[3]
        self.say(Verb.SHELL, FRONTEND, *parts)
        return str(json.loads(parts[0])["msg_id"])

    def answer(self, request: Incoming, *messages: tuple[Verb, str, dict[str, Any]]) -> None:
        """Send what the subkernel answers to a request of the agent's."""
        for verb, msg_type, content in messages:
            self.say(verb, b"", *self.composer.compose(msg_type, content, request.header))

    async def hear(self, wanted: Callable[[Incoming], bool]) -> Incoming:
        """Return the first message that is wanted and was not returned before."""
        while True:
            for message in self._heard:
                if wanted(message):
                    self._heard.remove(message)
                    return message
            data = await self._reader.read(1 << 16)
            assert data, "the agent hung up"
            for frames in self._decoder.feed(data):
                self._heard.append(Incoming.read(frames) if frames[2:] else _withdrawal(frames))

    async def reply(self, msg_id: str) -> dict[str, Any]:
        """Return the content of the reply to a request."""
        found = await self.hear(lambda m: m.verb is Verb.SHELL and m.parent_id == msg_id)
        return dict(json.loads(found.content))

    async def published(self, msg_type: str) -> dict[str, Any]:
        found = await self.hear(lambda m: m.verb is Verb.IOPUB and m.msg_type == msg_type)
        return dict(json.loads(found.content))

    async def request(self, msg_type: str = "execute_request") -> Incoming:
        """Return the agent's next request to the subkernel."""
        return await self.hear(lambda m: m.verb.startswith("sub.") and m.msg_type == msg_type)

    def hang_up(self) -> None:
        self._writer.close()


def _withdrawal(frames: list[bytes]) -> Incoming:
    return Incoming(Verb(frames[0].decode()), frames[1], b"{}", b"{}", b"{}", b"")


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[Link, RelayEnd]]:
    """Give both ends of a link."""
    ours, theirs = socket.socketpair()
    link = await Link.open(theirs.detach())
    relay = RelayEnd(*await asyncio.open_connection(sock=ours))
    try:
        yield link, relay
    finally:
        relay.hang_up()
        link.close()


@asynccontextmanager
async def serving(**settings: str) -> AsyncIterator[RelayEnd]:
    """Run an agent; it must end when the relay hangs up."""
    async with linked() as (link, relay):
        app = App(link, {"session": uuid4().hex, "settings": settings})
        running = asyncio.create_task(app.run(link.messages()))
        relay.started()
        try:
            yield relay
        finally:
            relay.hang_up()
            async with asyncio.timeout(5):
                await running


@pytest.fixture
def agent() -> Callable[..., Any]:
    """The agent as a context manager; its arguments are settings."""
    return serving


@pytest.fixture
def link() -> Callable[..., Any]:
    """A link as a context manager."""
    return linked
