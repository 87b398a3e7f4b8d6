"""What is read ahead is bounded, and keeps its order."""

from __future__ import annotations

import asyncio

import pytest

from beaker_kernel.execution.backlog import Backlog

pytestmark = pytest.mark.anyio


async def test_messages_come_in_their_order_while_others_arrive() -> None:
    backlog = Backlog()
    taken = asyncio.create_task(_take(backlog, 3))
    for text in (b"a", b"b", b"c"):
        await backlog.put([text])
        await asyncio.sleep(0)
    assert await taken == [[b"a"], [b"b"], [b"c"]]


async def test_who_puts_too_much_waits_until_there_is_room() -> None:
    backlog = Backlog(most=10)
    await backlog.put([b"x" * 6])
    putting = asyncio.create_task(backlog.put([b"y" * 6]))
    await asyncio.sleep(0)
    assert not putting.done()
    assert await backlog.get() == [b"x" * 6]
    await putting
    assert await backlog.get() == [b"y" * 6]


async def test_a_message_that_is_too_large_for_it_passes_alone() -> None:
    backlog = Backlog(most=10)
    putting = asyncio.create_task(backlog.put([b"x" * 100]))
    assert await backlog.get() == [b"x" * 100]
    await putting


async def _take(backlog: Backlog, count: int) -> list[list[bytes]]:
    return [await backlog.get() for _ in range(count)]
