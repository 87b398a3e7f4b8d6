"""The model against llmock, which is somebody else's reading of the same protocol."""

from __future__ import annotations

import pytest

from beaker_kernel.errors import (
    ModelAuthError,
    ModelError,
    ModelResponseError,
    ModelUnavailable,
)
from tests.support.asking import connected, events_of, retries, shown

pytestmark = pytest.mark.anyio


@pytest.fixture
async def model(llmock):
    async with connected(llmock.base_url(), model="gpt-4o") as connection:
        yield connection


async def test_it_answers(llmock, model):
    llmock.reply("Lyon it is.")
    events = await events_of(model, tools=())
    assert shown(events) == events[-1].text == "Lyon it is."
    assert events[-1].usage.prompt_tokens > 0


async def test_it_calls_a_tool_with_arguments_of_its_schema(model):
    (called,) = (await events_of(model))[-1].tool_calls
    assert (called.name, called.problem) == ("run_code", "")
    assert isinstance(called.arguments["code"], str)


async def test_a_result_that_goes_back_is_accepted(llmock, model):
    llmock.call_tool("run_code", {"code": "6 * 7"})
    question = [{"role": "user", "content": "what is it?"}]
    completion = (await events_of(model, question))[-1]
    result = {"role": "tool", "tool_call_id": completion.tool_calls[0].id, "content": "42"}
    assert shown(await events_of(model, [*question, completion.message, result]))


async def test_its_broken_arguments_are_a_problem_for_the_model(llmock, model):
    llmock.break_tool_call()
    (called,) = (await events_of(model))[-1].tool_calls
    assert called.problem.startswith("the arguments are no JSON")


async def test_its_rate_limit_is_waited_for(llmock, model):
    llmock.rate_limit(retry_after=1)
    events = await events_of(model, tools=())
    assert [retry.delay for retry in retries(events)] == [1.0]
    assert shown(events)
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt", "stall"])
async def test_its_broken_streams_are_clear_errors(llmock, fault):
    getattr(llmock.reply("many words " * 20), fault)(after_chunks=3)
    async with connected(llmock.base_url(), model="gpt-4o", idle_timeout=2) as model:
        with pytest.raises(ModelResponseError):
            await events_of(model, tools=())
    assert len(llmock.requests) == 1


async def test_a_stream_that_breaks_before_its_first_token_is_asked_for_again(llmock, model):
    llmock.disconnect(after_chunks=1)
    events = await events_of(model, tools=())
    assert len(retries(events)) == 1
    assert shown(events)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, ModelAuthError), (404, ModelResponseError), (503, ModelUnavailable)],
)
async def test_its_refusals_are_clear_errors(llmock, status, kind):
    llmock.fail(status)
    async with connected(llmock.base_url(), model="gpt-4o", max_retries=0) as model:
        with pytest.raises(kind):
            await events_of(model, tools=())


async def test_its_overflow_tells_how_to_go_on(llmock, model):
    llmock.context_overflow()
    with pytest.raises(ModelError, match="`%beaker reset`"):
        await events_of(model)
