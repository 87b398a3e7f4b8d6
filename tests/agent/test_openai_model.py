"""The model over real HTTP: shapes, faults, retries, endpoints without tools, and being stopped."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
import traceback
from contextlib import aclosing, asynccontextmanager

import pytest

from beaker_kernel.agent.endpoints import Endpoint
from beaker_kernel.agent.model import Completion, Retry, TextDelta, ThoughtDelta, ToolSpec
from beaker_kernel.agent.openai_model import OpenAIModel
from beaker_kernel.errors import (
    ModelAuthError,
    ModelRateLimited,
    ModelResponseError,
    ModelUnavailable,
)
from tests.support.replies import CORRUPT, Shape
from tests.support.scripted_model import (
    ScriptedModel,
    call,
    calls,
    chunk,
    cut,
    drip,
    event,
    garbage,
    hang,
    noisy,
    refusal,
    stream,
    text,
)

pytestmark = pytest.mark.anyio
KEY = "sk-a-secret"
QUESTION = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "the capital?"}]
RUN_CODE = ToolSpec(
    name="run_code",
    description="Run code.",
    parameters={"type": "object", "properties": {"code": {"type": "string"}}},
)
NO_TOOLS = refusal(400, "this model does not support tools")
BEGUN = chunk({"content": "Ly"})


@pytest.fixture
def server():
    with ScriptedModel() as scripted:
        yield scripted


@asynccontextmanager
async def connected(server, *, small=False, name="scripted-1", **settings):
    url = server.base_url if isinstance(server.base_url, str) else server.base_url()
    endpoint = Endpoint(base_url=url, model=name, api_key=KEY, small=small)
    model = OpenAIModel(endpoint=endpoint, **{"idle_timeout": 5} | settings)
    try:
        yield model
    finally:
        await model.close()


@pytest.fixture
async def model(server):
    async with connected(server) as connection:
        yield connection


async def events_of(model, messages=QUESTION, tools=(RUN_CODE,)):
    return [event async for event in model.stream(messages, tools)]


async def fails(model, kind):
    """Ask, and return the error's text, once it is seen to hold no key."""
    with pytest.raises(kind) as raised:
        await events_of(model)
    said = str(raised.value)
    assert type(raised.value) is kind
    assert said.startswith(f"{model.endpoint} ({model.name}) ")
    assert KEY not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None
    return said


def shown(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def retries(events):
    return [event for event in events if isinstance(event, Retry)]


async def gone_after(request, since):
    """Return the seconds from `since` to when the server saw the client leave."""
    assert await asyncio.to_thread(request.gone.wait, 5)
    return request.gone_at - since


# Answers


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


# Endpoints without tools


async def test_an_endpoint_without_tools_is_asked_by_forms_unnoticed(server):
    written = '{"name": "run_code", "arguments": {"code": "1"}}'
    server.when(lambda request: "tools" in request.body, NO_TOOLS)
    server.when(lambda request: "response_format" in request.body, text(written))
    async with connected(server, max_retries=0) as model:
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
    assert "`%beaker reset`" in await fails(model, ModelResponseError)
    assert len(server.requests) == 1


async def test_native_mode_never_turns_to_forms(server):
    server.when("capital", NO_TOOLS)
    async with connected(server, tool_mode="native") as model:
        assert "does not support tools" in await fails(model, ModelResponseError)


async def test_a_small_model_is_asked_by_forms_at_once(server):
    async with connected(server, small=True) as model:
        await events_of(model)
    (request,) = server.requests
    assert request.body["response_format"]["type"] == "json_schema"
    assert "run_code" in request.body["messages"][0]["content"]


@pytest.mark.parametrize(("small", "mode"), [(True, "native"), (False, "json")])
async def test_the_mode_that_is_set_goes_before_the_size(server, small, mode):
    async with connected(server, small=small, tool_mode=mode) as model:
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
    async with connected(server, tool_mode="json") as model:
        events = await events_of(model, history)
    assert len(events) > 3
    assert shown(events) == events[-1].text == "Lyon."
    sent = server.requests[0].body["messages"]
    assert {message["role"] for message in sent} == {"system", "user", "assistant"}
    assert not any("tool_calls" in message for message in sent)


# Faults


@pytest.mark.parametrize(
    ("fault", "kind", "what"),
    [
        (refusal(401, f"wrong key {KEY}"), ModelAuthError, "OPENAI_API_KEY"),
        (refusal(403, f"not for {KEY}"), ModelAuthError, "403: not for [key]"),
        (refusal(404, "no such model"), ModelResponseError, "check BEAKER_MODEL"),
        (refusal(400, "what?"), ModelResponseError, "refused the request (400: what?)"),
        (refusal(429, "slow down"), ModelRateLimited, "(429: slow down)"),
        (refusal(500, "oops"), ModelUnavailable, "failed (500: oops)"),
        (refusal(529, "overloaded"), ModelUnavailable, "failed (529: overloaded)"),
        (hang(before_headers=True), ModelUnavailable, "nothing came in time"),
        (hang(), ModelUnavailable, "nothing came in time"),
        (hang(BEGUN), ModelResponseError, "stopped in the middle"),
        (cut(before_headers=True), ModelUnavailable, "is it running?"),
        (cut(), ModelUnavailable, "gives no answer"),
        (cut(BEGUN), ModelResponseError, "stopped in the middle"),
        (cut(BEGUN, tail="data: é".encode()[:-1]), ModelResponseError, "stopped in the middle"),
        (stream(BEGUN), ModelResponseError, "stopped in the middle"),
        (stream(BEGUN, end=()), ModelResponseError, "stopped in the middle"),
        (stream(chunk({"reasoning": "Hm"})), ModelResponseError, "stopped in the middle"),
        (stream(BEGUN, CORRUPT), ModelResponseError, "no JSON"),
        (stream(CORRUPT), ModelResponseError, "no JSON"),
        (stream(b"data: \xff\n\n"), ModelResponseError, "no JSON"),
        (garbage(), ModelResponseError, "is it the address of the API?"),
        (garbage(b""), ModelResponseError, "is it the address of the API?"),
        (stream(event({"error": {"message": f"oops {KEY}"}})), ModelResponseError, "oops [key]"),
    ],
)
async def test_a_fault_becomes_one_clear_message(server, fault, kind, what):
    server.when("capital", fault)
    async with connected(server, max_retries=0, idle_timeout=0.2) as model:
        said = await fails(model, kind)
    assert what in said
    assert "\n" not in said
    assert len(server.requests) == 1


async def test_nobody_there_is_a_clear_message(server):
    with ScriptedModel() as closed:
        pass
    async with connected(closed, max_retries=0) as model:
        assert "is it running? `beaker doctor` checks" in await fails(model, ModelUnavailable)


async def test_a_very_long_refusal_is_bounded(server, model):
    server.when("capital", refusal(400, "no\n" * 10_000))
    said = await fails(model, ModelResponseError)
    assert len(said) < 500
    assert "no no no" in said


async def test_after_a_fault_the_next_question_is_answered(server, model):
    server.when("capital", cut(BEGUN), text("Lyon."))
    await fails(model, ModelResponseError)
    assert shown(await events_of(model)) == "Lyon."


async def test_a_proxy_that_the_environment_names_is_not_used_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with connected(server, max_retries=0) as model:
        assert shown(await events_of(model)) == "I don't know."


# Retries


@pytest.mark.parametrize(
    "fault",
    [*(refusal(s, retry_after=0.01) for s in (408, 409, 429, 500, 502, 503, 504, 529))],
    ids=lambda fault: str(fault.status),
)
async def test_a_temporary_refusal_is_retried_visibly(server, model, fault):
    server.when("capital", fault, fault, text("Lyon."))
    events = await events_of(model)
    assert shown(events) == "Lyon."
    assert [(retry.attempt, retry.delay) for retry in retries(events)] == [(1, 0.01), (2, 0.01)]
    assert str(fault.status) in retries(events)[0].reason


async def test_a_lost_connection_is_retried_after_half_a_second_or_so(server, model):
    random.seed(1)
    server.when("capital", cut(), text("Lyon."))
    begun = time.monotonic()
    events = await events_of(model)
    (retry,) = retries(events)
    assert shown(events) == "Lyon."
    assert 0.3 < retry.delay < 0.7
    assert time.monotonic() - begun > retry.delay


@pytest.mark.parametrize(("asked", "delay"), [("3600", 60.0), ("-5", 0.0), ("nan", 0.0)])
async def test_retry_after_is_obeyed_within_bounds(server, model, asked, delay):
    server.when("capital", refusal(429, retry_after=asked))
    async with aclosing(model.stream(QUESTION, ())) as events:
        assert (await anext(events)).delay == delay


async def test_without_a_readable_retry_after_the_waits_double(server, model):
    random.seed(1)
    soon = "Wed, 21 Oct 2026 07:28:00 GMT"
    server.when("capital", refusal(429, retry_after=soon), refusal(503), text("Lyon."))
    first, second = retries(await events_of(model))
    assert 0.3 < first.delay < 0.7 < second.delay < 1.4


async def test_after_the_last_retry_the_refusal_is_told(server):
    server.when("capital", refusal(429, "slow down", retry_after=0))
    async with connected(server, max_retries=2) as model:
        await fails(model, ModelRateLimited)
    assert len(server.requests) == 3


async def test_a_spent_quota_is_not_asked_again(server, model):
    spent = b'{"error": {"message": "pay first", "code": "insufficient_quota"}}'
    server.when("capital", refusal(429).__class__(status=429, steps=(spent,)))
    assert "pay first" in await fails(model, ModelRateLimited)
    assert len(server.requests) == 1


@pytest.mark.parametrize("token", [BEGUN, chunk({"reasoning": "Hm"}), chunk({"tool_calls": [{}]})])
async def test_once_a_token_has_come_nothing_is_asked_again(server, model, token):
    server.when("capital", cut(token), text("Lyon."))
    await fails(model, ModelResponseError)
    assert len(server.requests) == 1


async def test_a_kept_connection_that_is_gone_is_no_failure(server):
    async with connected(server, max_retries=0) as model:
        await events_of(model)
        server.when("capital", cut(before_headers=True), text("Lyon."))
        events = await events_of(model)
    assert (shown(events), retries(events)) == ("Lyon.", [])


# Being stopped


@pytest.mark.parametrize("reply", [hang(before_headers=True), hang(), hang(BEGUN)])
@pytest.mark.parametrize("mode", ["native", "json"])
async def test_a_cancelled_question_leaves_the_server_within_50_ms(server, reply, mode):
    server.when(lambda request: True, text("warm"))
    async with connected(server, tool_mode=mode) as model:
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


# The import, and a second peer


LOADS_LATE = """
import asyncio, sys
from beaker_kernel.agent.endpoints import Endpoint
from beaker_kernel.agent.openai_model import OpenAIModel
model = OpenAIModel(endpoint=Endpoint(base_url=sys.argv[1], model="m"))
assert not {"openai", "httpx2"} & set(sys.modules)

async def ask():
    loop, gaps = asyncio.get_running_loop(), []
    async def beat():
        last = loop.time()
        while True:
            await asyncio.sleep(0)
            last, gap = loop.time(), loop.time() - last
            gaps.append(gap)
    beating = asyncio.create_task(beat())
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
    assert float(gap) < 0.5


class TestAgainstAnIndependentPeer:
    """llmock is somebody else's reading of the same protocol."""

    @pytest.fixture
    async def peer(self, llmock):
        async with connected(llmock, name="gpt-4o", idle_timeout=0.5) as connection:
            yield connection

    async def test_it_answers(self, peer):
        completion = (await events_of(peer, tools=()))[-1]
        assert completion.text
        assert completion.usage.prompt_tokens > 0

    async def test_it_calls_a_tool(self, llmock, peer):
        (called,) = (await events_of(peer))[-1].tool_calls
        assert called.name == "run_code"
        assert "code" in called.arguments

    async def test_its_rate_limit_is_waited_for(self, llmock, peer):
        llmock.rate_limit(times=2, retry_after=0.05)
        events = await events_of(peer, tools=())
        assert len(retries(events)) == 2
        assert events[-1].text
