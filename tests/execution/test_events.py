"""Any number of readers follow an execution's events, from any point, without gap or repeat."""

from __future__ import annotations

import asyncio
import json

import pytest

from beaker_kernel.execution.events import Event, EventLog, last_word
from beaker_kernel.execution.results import Execution

pytestmark = pytest.mark.anyio


async def read(log: EventLog, since: int = 0) -> list[Event]:
    return [event async for event in log.follow(since)]


async def test_readers_at_any_pace_see_the_same() -> None:
    log = EventLog(10_000)
    early = asyncio.create_task(read(log))
    for number in range(100):
        log.append("stdout", {"text": str(number)})
        if number % 7 == 0:
            await asyncio.sleep(0)
    log.append("done", {})
    late = await read(log)
    assert [event.id for event in late] == list(range(1, 102))
    assert await early == late


@pytest.mark.parametrize("since", [0, 1, 3, 4])
async def test_a_reader_goes_on_after_what_it_has(since: int) -> None:
    log = EventLog(10_000)
    for _ in range(3):
        log.append("stdout", {"text": ""})
    log.append("done", {})
    assert [event.id for event in await read(log, since)] == list(range(since + 1, 5))


async def test_a_quiet_stream_says_that_it_lives() -> None:
    log = EventLog(10_000)
    events = log.follow(quiet=0.01)
    first = await anext(events)
    assert (first.type, first.id) == ("keepalive", 0)
    log.append("done", {})
    assert (await anext(events)).type == "done"


async def test_the_last_word_comes_even_when_there_is_no_room() -> None:
    log = EventLog(10)
    log.append("stdout", {"text": "x" * 100})
    log.append("done", {"status": "ok" * 100})
    assert [event.type for event in await read(log)] == ["done"]


async def test_nothing_follows_what_was_left_out_but_the_last_word() -> None:
    log = EventLog(100)
    for text in ("a", "x" * 200, "b"):
        log.append("stdout", {"text": text})
    log.append("done", {})
    assert [event.data for event in await read(log)] == [b'{"text":"a"}', b"{}"]


async def test_of_an_old_execution_the_last_word_is_still_there() -> None:
    old = Execution(id="1", session_id="s", language="python", code="", status="ok")
    (event,) = [event async for event in last_word(old, since=7)]
    assert (event.id, event.type, json.loads(event.data)["status"]) == (8, "done", "ok")


async def test_nan_is_null() -> None:
    log = EventLog(10_000)
    log.append("result", {"data": float("nan"), "more": [float("inf")]})
    log.append("done", {})
    assert json.loads((await read(log))[0].data) == {"data": None, "more": [None]}
