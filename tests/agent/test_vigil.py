"""What a person is told while the model says nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from beaker_kernel.agent.frontend.prose import COLUMNS
from beaker_kernel.agent.model import Retry
from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.agent.provider.openai_model import OpenAIModel
from beaker_kernel.agent.vigil import SILENCE, Vigil, told
from beaker_kernel.protocol.messages import LlmWaiting

pytestmark = pytest.mark.anyio


class Seen:
    """A surface that remembers what was waited for."""

    def __init__(self) -> None:
        self.signs: asyncio.Queue[LlmWaiting] = asyncio.Queue()
        self.retries: list[Retry] = []

    def waiting(self, waiting: LlmWaiting) -> None:
        self.signs.put_nowait(waiting)

    def retry(self, retry: Retry) -> None:
        self.retries.append(retry)

    async def sign(self) -> LlmWaiting:
        return await asyncio.wait_for(self.signs.get(), 20)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def model() -> OpenAIModel:
    endpoint = Endpoint(base_url="http://127.0.0.1:1/v1", model="gpt", api_key="none")
    return OpenAIModel(endpoint=endpoint)


@pytest.fixture
async def vigil(model: OpenAIModel, seen: Seen) -> Vigil:
    return Vigil(model, seen)


async def test_silence_is_broken_within_a_second_and_again_each_second(
    seen: Seen, vigil: Vigil
) -> None:
    assert SILENCE < 1
    with vigil:
        first, second = await seen.sign(), await seen.sign()
    assert (first.model, first.attempt, first.attempts) == ("gpt", 1, 5)
    assert SILENCE <= first.seconds <= second.seconds - 0.9
    assert (first.reason, first.again_in_s, first.thinking) == (None, None, None)


async def test_what_came_before_the_model_was_asked_counts(seen: Seen, model: OpenAIModel) -> None:
    before = asyncio.get_running_loop().time() - 5
    with Vigil(model, seen, before):
        assert 5 <= (await seen.sign()).seconds < 5 + SILENCE


async def test_a_model_that_speaks_is_not_waited_for(seen: Seen, vigil: Vigil) -> None:
    with vigil, suppress(TimeoutError):
        async with asyncio.timeout(1.5 * SILENCE):
            while True:
                vigil.heard()
                await asyncio.sleep(0)
    assert seen.signs.empty()


async def test_a_model_that_thinks_is_said_to_think(seen: Seen, vigil: Vigil) -> None:
    with vigil:
        vigil.heard(thought=True)
        assert told(await seen.sign()) == "gpt is thinking: 1 s"


async def test_a_retry_is_told_at_once_with_its_reason_and_then_counted(
    seen: Seen, vigil: Vigil
) -> None:
    with vigil:
        vigil.retry(Retry(reason="429: busy", delay=0.5, attempt=2))
        told_at_once, later = seen.signs.get_nowait(), await seen.sign()
    assert told(told_at_once) == "429: busy; asking gpt again in 0.5 s (attempt 3 of 5)"
    assert (later.attempt, later.again_in_s, later.reason) == (3, None, "429: busy")
    assert [retry.attempt for retry in seen.retries] == [2]


async def test_the_reason_comes_first_without_the_address_that_is_known() -> None:
    waiting = LlmWaiting(
        model="gpt",
        seconds=1.0,
        attempt=2,
        attempts=5,
        again_in_s=29.2,
        reason="http://127.0.0.1:36691/v1 takes no more for now (429: slow down)",
    )
    assert told(waiting)[:COLUMNS].startswith("takes no more for now (429: slow down); asking gpt")


async def test_nothing_is_told_after_the_end(seen: Seen, vigil: Vigil) -> None:
    with vigil:
        pass
    await asyncio.sleep(1.5 * SILENCE)
    assert seen.signs.empty()
