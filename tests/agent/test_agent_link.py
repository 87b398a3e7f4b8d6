"""The agent's end of the link: nothing is held up, and a burst goes out together."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from beaker_kernel.agent.link import Link
from beaker_kernel.protocol.link import Decoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
NAMES = [b"first", b"second", b"third"]


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Link, socket.socket]]:
    mine, theirs = socket.socketpair()
    with theirs:
        theirs.setblocking(False)
        link = await Link.open(mine.detach())
        yield link, theirs
        link.close()


def names(received: bytes) -> list[bytes]:
    return [frames[1] for frames in Decoder().feed(received)]


async def test_the_first_message_goes_at_once_and_those_behind_it_together() -> None:
    async with opened() as (link, relay):
        for name in NAMES:
            link.note(name.decode())
        assert names(relay.recv(1 << 16)) == NAMES[:1]
        with pytest.raises(BlockingIOError):
            relay.recv(1 << 16)
        await asyncio.sleep(0)
        assert names(relay.recv(1 << 16)) == NAMES[1:]
        link.note("later")
        assert names(relay.recv(1 << 16)) == [b"later"]


async def test_what_is_queued_is_sent_before_the_end() -> None:
    async with opened() as (link, relay):
        for name in NAMES:
            link.note(name.decode())
        link.close()
        assert names(relay.recv(1 << 16)) == NAMES
