"""The model over real HTTP: answers, endpoints without tools, being stopped, being imported."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import aclosing

import pytest

from beaker_kernel.agent.model import Completion, TextDelta, ThoughtDelta
from beaker_kernel.errors import ModelResponseError
from tests.support.asking import KEY, QUESTION, RUN_CODE, connected, events_of, shown
from tests.support.replies import Shape
from tests.support.scripted_model import (
    ScriptedModel,
    call,
    calls,
    chunk,
    drip,
    event,
    hang,
    noisy,
    refusal,
    stream,
    text,
)

pytestmark = pytest.mark.anyio
BEGUN = chunk({"content": "Ly"})
NO_TOOLS = refusal(400, "this model does not support tools")


@pytest.fixture
def server():
    with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture
async def model(server):
    async with connected(server.base_url) as connection:
        yield connection


async def gone_after(request, since):
    """Return the seconds from `since` to when the server saw the client leave."""
    assert await asyncio.to_thread(request.gone.wait, 5)
    return request.gone_at - since


async def test_an_answer_comes_token_by_token_and_ends_with_the_whole(server, model):
    server.when("capital", text("Lyon it is.", thought="Hm."))
    *deltas, completion = await events_of(model)
    assert deltas[0] == ThoughtDelta(text="Hm.")
    assert [delta.text for delta in deltas[1:]] == ["Lyon", " it ", "is."]
    assert completion.message == {"role": "assistant", "content": "Lyon it is."}
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (100, 20)


async def test_tokens_are_not_held_back(server, model):
    server.when("capital", hang(BEGUN))
    async with aclosing(model.stream(QUESTION, ())) as events:
        assert await anext(events) == TextDelta(text="Ly")


async def test_the_request_is_a_stream_with_usage_tools_and_key(server, model):
    await events_of(model)
    (request,) = server.requests
    assert request.body["stream"]
    assert request.body["stream_options"] == {"include_usage": True}
    assert request.body["messages"] == QUESTION
    assert request.body["tools"][0]["function"] == {
        "name": "run_code",
        "description": "Run code.",
        "parameters": RUN_CODE.parameters,
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_without_tools_none_are_told(server, model):
    await events_of(model, tools=())
    assert "tools" not in server.requests[0].body


@pytest.mark.parametrize("shape", Shape.__args__)
async def test_calls_of_every_shape_arrive(server, model, shape):
    wanted = [("run_code", {"code": "é = 1"}), ("run_code", {"code": "2"})]
    server.when("capital", noisy(calls(*wanted, shape=shape)))
    completion = (await events_of(model))[-1]
    assert [(call.name, call.arguments) for call in completion.tool_calls] == wanted


async def test_the_message_of_a_call_is_what_is_sent_next(server, model):
    server.when("capital", call("run_code", code="1"))
    completion = (await events_of(model))[-1]
    result = {"role": "tool", "tool_call_id": completion.tool_calls[0].id, "content": "1"}
    await events_of(model, [*QUESTION, completion.message, result])
    assert server.requests[1].body["messages"] == [*QUESTION, completion.message, result]


async def test_a_call_that_was_written_as_text_is_salvaged(server, model):
    server.when("capital", text('{"name": "run_code", "arguments": {"code": "1"}}'))
    completion = (await events_of(model))[-1]
    assert [call.arguments for call in completion.tool_calls] == [{"code": "1"}]
    assert completion.text == ""
    assert completion.message["tool_calls"][0]["id"] == completion.tool_calls[0].id


async def test_a_slow_drip_of_bytes_is_an_answer(server, model):
    server.when("capital", drip(text("Łódź", thought="…")))
    assert shown(await events_of(model)) == "Łódź"


@pytest.mark.parametrize("odd", [event(5), event([1]), event({"choices": 5}), event('"x"')])
async def test_an_event_that_is_no_chunk_is_passed_over(server, model, odd):
    server.when("capital", stream(odd, BEGUN, odd, chunk({}, "stop")))
    assert (await events_of(model))[-1].text == "Ly"


async def test_an_end_without_done_is_an_end(server, model):
    server.when("capital", stream(BEGUN, chunk({}, "stop"), end=()))
    assert (await events_of(model))[-1].text == "Ly"


async def test_an_answer_cut_by_length_is_marked(server, model):
    server.when("capital", stream(BEGUN, chunk({}, "length")))
    assert (await events_of(model))[-1].truncated


async def test_an_endpoint_without_tools_is_asked_by_forms_unnoticed(server):
    written = '{"name": "run_code", "arguments": {"code": "1"}}'
    server.when(lambda request: "tools" in request.body, NO_TOOLS)
    server.when(lambda request: "response_format" in request.body, text(written))
    async with connected(server.base_url, max_retries=0) as model:
        events = await events_of(model)
        assert [type(event) for event in events] == [Completion]
        assert events[0].tool_calls[0].arguments == {"code": "1"}
        await events_of(model)
    assert ["tools" in request.body for request in server.requests] == [True, False, False]


@pytest.mark.parametrize("status", [400, 404, 422, 501])
async def test_no_tools_is_understood_from_every_status_that_says_so(server, model, status):
    server.when("capital", refusal(status, "Function calling: unsupported"), text("Lyon."))
    assert shown(await events_of(model)) == "Lyon."


async def test_an_overflow_that_counts_tools_is_no_refusal_of_tools(server, model):
    server.when("capital", refusal(400, "context length exceeded: 9000 tokens, 500 in tools"))
    with pytest.raises(ModelResponseError, match="`%beaker reset`"):
        await events_of(model)
    assert len(server.requests) == 1


async def test_native_mode_never_turns_to_forms(server):
    server.when("capital", NO_TOOLS)
    async with connected(server.base_url, tool_mode="native") as model:
        with pytest.raises(ModelResponseError, match="does not support tools"):
            await events_of(model)


async def test_a_small_model_is_asked_by_forms_at_once(server):
    async with connected(server.base_url, small=True) as model:
        await events_of(model)
    (request,) = server.requests
    assert request.body["response_format"]["type"] == "json_schema"
    assert "run_code" in request.body["messages"][0]["content"]


@pytest.mark.parametrize(("small", "mode"), [(True, "native"), (False, "json")])
async def test_the_mode_that_is_set_goes_before_the_size(server, small, mode):
    async with connected(server.base_url, small=small, tool_mode=mode) as model:
        await events_of(model)
    assert ("tools" in server.requests[0].body) is (mode == "native")


async def test_by_forms_an_answer_is_streamed_and_no_tool_message_is_sent(server):
    server.when(
        lambda request: True, text('{"name": "answer", "arguments": {"text": "Lyon."}}', size=2)
    )
    asked = {"id": "1", "type": "function", "function": {"name": "run_code", "arguments": "{}"}}
    history = [
        *QUESTION,
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": "1", "content": "42"},
    ]
    async with connected(server.base_url, tool_mode="json") as model:
        events = await events_of(model, history)
    assert len(events) > 3
    assert shown(events) == events[-1].text == "Lyon."
    sent = server.requests[0].body["messages"]
    assert {message["role"] for message in sent} == {"system", "user", "assistant"}
    assert not any("tool_calls" in message for message in sent)


@pytest.mark.parametrize("reply", [hang(before_headers=True), hang(), hang(BEGUN)])
@pytest.mark.parametrize("mode", ["native", "json"])
async def test_a_cancelled_question_leaves_the_server_within_50_ms(server, reply, mode):
    server.when(lambda request: True, text("warm"))
    async with connected(server.base_url, tool_mode=mode) as model:
        await events_of(model)
        server.when(lambda request: True, reply)
        asking = asyncio.create_task(events_of(model))
        request = (await asyncio.to_thread(server.wait_for_requests, 2))[1]
        stopped = time.monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert time.monotonic() - stopped < 0.05
        assert await gone_after(request, stopped) < 0.05


async def test_a_stream_that_is_left_midway_leaves_the_server_within_50_ms(server, model):
    server.when("capital", text("x" * 10_000, pause=0.005))
    async with aclosing(model.stream(QUESTION, ())) as events:
        assert isinstance(await anext(events), TextDelta)
        stopped = time.monotonic()
    assert await gone_after(server.requests[0], stopped) < 0.05


async def test_a_wait_for_the_next_try_ends_at_once(server, model):
    server.when("capital", refusal(429, retry_after=30))
    seen = asyncio.Event()

    async def ask():
        async for _ in model.stream(QUESTION, ()):
            seen.set()

    asking = asyncio.create_task(ask())
    await seen.wait()
    stopped = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert time.monotonic() - stopped < 0.05
    assert len(server.requests) == 1


async def test_questions_can_be_asked_at_once(server, model):
    answers = await asyncio.gather(*(events_of(model) for _ in range(5)))
    assert {shown(events) for events in answers} == {"I don't know."}


LOADS_LATE = """
import asyncio, sys
from time import process_time  # of which others on this machine take nothing
from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.agent.provider.openai_model import OpenAIModel
model = OpenAIModel(endpoint=Endpoint(base_url=sys.argv[1], model="m"))
assert not {"openai", "httpx2"} & set(sys.modules)

async def ask():
    gaps = []
    async def beat():
        last = process_time()
        while True:
            await asyncio.sleep(0)
            now = process_time()
            gaps.append(now - last)
            last = now
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)  # it beats before the question is asked
    async for event in model.stream([{"role": "user", "content": "?"}], ()):
        text = getattr(event, "text", "")
    beating.cancel()
    await model.close()
    print(max(gaps), text)

asyncio.run(ask())
"""


async def test_the_sdk_is_imported_with_the_first_question_and_blocks_nobody(server):
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-P", "-W", "error", "-c", LOADS_LATE, server.base_url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    gap, _, answer = done.stdout.partition(" ")
    assert answer == "I don't know.\n"
    assert float(gap) < 0.25  # seconds; imported in its way it takes at least twice that
