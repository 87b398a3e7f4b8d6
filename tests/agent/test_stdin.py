"""Questions on stdin: one at a time per frontend, and withdrawn when nobody wants the answer."""

from __future__ import annotations

import asyncio
import json

import pytest

from beaker_kernel.agent.frontend.stdin import Stdin
from beaker_kernel.agent.link import Incoming
from beaker_kernel.protocol.link import Verb

pytestmark = pytest.mark.anyio


def answer(identity: bytes, value: str) -> Incoming:
    content = json.dumps({"value": value}).encode()
    return Incoming(Verb.STDIN, identity, b"{}", b"{}", b"{}", content)


async def asked(relay) -> Incoming:
    return await relay.hear(lambda m: m.verb is Verb.STDIN)


async def test_the_frontend_that_asked_is_asked_and_its_answer_returned(link) -> None:
    async with link() as (ours, relay), asyncio.TaskGroup() as tasks:
        stdin = Stdin(ours)
        asking = tasks.create_task(stdin.ask(b"one", b'{"msg_id": "cell"}', "Which? "))
        question = await asked(relay)
        assert (question.argument, question.parent_id) == (b"one", "cell")
        assert json.loads(question.content) == {"prompt": "Which? ", "password": False}
        stdin.receive(answer(b"two", "not me"))
        stdin.receive(answer(b"one", "this"))
        assert await asking == "this"


async def test_a_second_question_to_a_frontend_waits_for_the_first(link) -> None:
    async with link() as (ours, relay), asyncio.TaskGroup() as tasks:
        stdin = Stdin(ours)
        first = tasks.create_task(stdin.ask(b"one", b"{}", "1?"))
        second = tasks.create_task(stdin.ask(b"one", b"{}", "2?"))
        assert json.loads((await asked(relay)).content)["prompt"] == "1?"
        stdin.receive(answer(b"one", "1"))
        assert json.loads((await asked(relay)).content)["prompt"] == "2?"
        stdin.receive(answer(b"one", "2"))
        assert [await first, await second] == ["1", "2"]


async def test_a_question_that_is_stopped_is_withdrawn(link) -> None:
    async with link() as (ours, relay):
        stdin = Stdin(ours)
        asking = asyncio.create_task(stdin.ask(b"one", b"{}", "1?"))
        await asked(relay)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        withdrawn = await asked(relay)
        assert (withdrawn.argument, withdrawn.content) == (b"one", b"")
        stdin.receive(answer(b"one", "too late"))
