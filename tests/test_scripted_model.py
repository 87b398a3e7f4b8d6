"""The scripted model speaks the real protocol: the SDK and plain sockets are its judges."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import openai
import pytest

from tests.support.replies import EMPTY, MODEL, Shape
from tests.support.scripted_model import (
    ScriptedModel,
    call,
    calls,
    chunk,
    cut,
    drip,
    garbage,
    hang,
    noisy,
    refusal,
    stream,
    text,
)

QUESTION = [{"role": "user", "content": "the capital?"}]


@pytest.fixture
def model():
    with ScriptedModel(text("Lyon.")) as scripted:
        yield scripted


@pytest.fixture
def client(model):
    with openai.OpenAI(base_url=model.base_url, api_key="sk-test", max_retries=0) as sdk:
        yield sdk


def ask(client, messages=QUESTION, **more):
    return client.chat.completions.create(model=MODEL, messages=messages, **more)


def streamed(client, **more):
    with ask(client, stream=True, stream_options={"include_usage": True}, **more) as chunks:
        return list(chunks)


def answer(chunks):
    choices = [choice for c in chunks for choice in c.choices or ()]
    return "".join(c.delta.content or "" for c in choices if c.delta)


@contextmanager
def connected(model):
    with closing(socket.create_connection(("127.0.0.1", urlsplit(model.base_url).port))) as peer:
        yield peer


def read_all(peer):
    return b"".join(iter(lambda: peer.recv(65536), b""))


def test_an_answer_is_streamed_in_tokens_and_ends_with_the_usage(client):
    chunks = streamed(client)
    assert answer(chunks) == "Lyon."
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens == 120


def test_a_client_that_wants_no_stream_gets_the_whole_answer(client):
    whole = ask(client)
    assert whole.choices[0].message.content == "Lyon."
    assert whole.usage.prompt_tokens == 100


def test_a_client_that_wants_no_stream_gets_whole_calls(model, client):
    model.when("capital", calls(("a", {"x": 1}), ("b", {}), shape="pieces"))
    choice = ask(client).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert [c.function.name for c in choice.message.tool_calls] == ["a", "b"]
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"x": 1}


def test_the_models_are_listed(model, client):
    model.models = [{"id": "tiny", "meta": {"n_params": 5}}]
    assert [m.id for m in client.models.list()] == ["tiny"]


def test_replies_come_in_order_and_the_last_one_repeats(model, client):
    model.when("capital", text("one"), text("two"))
    assert [answer(streamed(client)) for _ in range(3)] == ["one", "two", "two"]


def test_what_was_scripted_later_goes_first(model, client):
    model.when("capital", text("early"))
    model.when("the", text("late"))
    assert answer(streamed(client)) == "late"


def test_a_reply_is_chosen_by_anything_in_the_request(model, client):
    model.when(lambda request: request.holds("Zürich"), text("found"))
    result = {"role": "tool", "tool_call_id": "1", "content": "Zürich"}
    assert answer(streamed(client, messages=[*QUESTION, result])) == "found"
    assert answer(streamed(client)) == "Lyon."


def test_every_request_is_recorded_with_body_headers_and_time(model, client):
    before = time.monotonic()
    streamed(client)
    ask(client)
    first, second = model.wait_for_requests(2)
    assert (first.body["stream"], "stream" in second.body) == (True, False)
    assert first.headers["authorization"] == "Bearer sk-test"
    assert first.question == "the capital?"
    assert before <= first.at <= second.at <= time.monotonic()
    assert not first.gone.is_set()


def test_a_thought_comes_before_the_answer(model, client):
    model.when("capital", text("Lyon.", thought="Hm.", thought_field="reasoning"))
    thoughts = [getattr(c.choices[0].delta, "reasoning", "") for c in streamed(client)[:-1]]
    assert "".join(filter(None, thoughts)) == "Hm."


@pytest.mark.parametrize("shape", Shape.__args__)
def test_every_shape_of_call_holds_name_and_arguments(model, client, shape):
    model.when("capital", calls(("a", {"x": "é"}), ("b", {"y": 2}), shape=shape))
    deltas = [c.choices[0].delta for c in streamed(client) if c.choices]
    entries = [entry for delta in deltas for entry in delta.tool_calls or ()]
    written = "".join(
        piece if isinstance(piece := entry.function.arguments, str) else json.dumps(piece)
        for entry in entries
    )
    assert {entry.function.name for entry in entries} - {None} == {"a", "b"}
    assert written == '{"x": "\\u00e9"}{"y": 2}'
    assert any(len(delta.tool_calls or ()) == 2 for delta in deltas) is (shape == "one delta")


def test_empty_events_are_really_sent(model, client):
    model.when("capital", noisy(text("Lyon.")))
    with client.chat.completions.with_streaming_response.create(
        model=MODEL, messages=QUESTION, stream=True
    ) as response:
        body = response.read()
    assert all(body.count(event) > 1 for event in EMPTY)


def test_a_slow_drip_arrives_whole(model, client):
    model.when("capital", drip(text("Łódź")))
    assert answer(streamed(client)) == "Łódź"


def test_tokens_come_at_the_rate_that_was_set(model, client):
    model.when("capital", text("x" * 10, size=1, pause=0.02))
    begun = time.monotonic()
    assert answer(streamed(client)) == "x" * 10
    assert time.monotonic() - begun > 0.2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
def test_a_refusal_is_the_sdks_own_error(model, client, status, error):
    model.when("capital", refusal(status, "no tools here", retry_after=7))
    with pytest.raises(error, match="no tools here") as raised:
        ask(client)
    assert raised.value.response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    "fault",
    [
        cut(before_headers=True),
        cut(),
        cut(chunk({"content": "Ly"})),
        cut(tail='data: {"choices":[{"delta":{"content":"é'.encode()[:-1]),
    ],
    ids=["before the headers", "after the headers", "mid-stream", "inside a character"],
)
def test_a_cut_is_a_connection_error(model, client, fault):
    model.when("capital", fault)
    with pytest.raises(openai.APIConnectionError):
        streamed(client)


def test_a_stream_may_end_early_and_politely(model, client):
    model.when("capital", stream(chunk({"content": "Ly"}), end=()))
    (only,) = streamed(client)
    assert only.choices[0].finish_reason is None


def test_garbage_comes_with_status_200(model, client):
    model.when("capital", garbage())
    assert streamed(client) == []


@pytest.mark.parametrize("early", [True, False], ids=["before headers", "after headers"])
def test_a_hang_lasts_until_the_client_goes(model, client, early):
    model.when("capital", hang(before_headers=early))
    with pytest.raises(openai.APITimeoutError):
        streamed(client, timeout=0.2)
    (request,) = model.wait_for_requests(1)
    assert request.gone.wait(5)
    assert request.gone_at > request.at


def test_connections_are_kept_for_the_next_request(model):
    request = b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    with connected(model) as peer:
        for _ in range(2):
            peer.sendall(request)
            received = b""
            while not received.endswith(b"0\r\n\r\n"):
                received += peer.recv(65536)
    assert len(model.requests) == 2


def test_a_client_of_http_1_0_gets_the_bare_body(model):
    with connected(model) as peer:
        peer.sendall(b"GET /v1/models HTTP/1.0\r\n\r\n")
        head, _, body = read_all(peer).partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert json.loads(body)["data"][0]["id"] == MODEL


def test_leaving_ends_what_still_runs(client):
    threads = threading.active_count()
    with ScriptedModel() as other, connected(other) as peer:
        peer.sendall(b"POST / HTTP/1.1\r\n")
    assert threading.active_count() == threads
    with pytest.raises(ConnectionRefusedError), connected(other):
        pass


@pytest.mark.anyio
async def test_it_serves_in_the_tests_own_loop_too():
    before = asyncio.all_tasks()
    async with (
        ScriptedModel(call("run_code", code="1")) as model,
        openai.AsyncOpenAI(base_url=model.base_url, api_key="sk-test") as sdk,
    ):
        whole = await ask(sdk)
        assert whole.choices[0].message.tool_calls[0].function.name == "run_code"
    assert asyncio.all_tasks() == before


def test_it_serves_a_script_as_a_process(tmp_path):
    script = tmp_path / "script.json"
    replies = [{"call": {"name": "run_code", "code": "1"}}, {"text": {"answer": "One."}}]
    written = {"default": {"text": {"answer": "?"}}, "when": [["capital", *replies]]}
    script.write_text(json.dumps(written))
    command = [sys.executable, "-m", "tests.support.scripted_model", "--port", "0", str(script)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        address = process.stdout.readline().strip()
        with openai.OpenAI(base_url=address, api_key="sk-test", max_retries=0) as sdk:
            assert ask(sdk).choices[0].finish_reason == "tool_calls"
            assert ask(sdk).choices[0].message.content == "One."
            other = [{"role": "user", "content": "else"}]
            assert ask(sdk, messages=other).choices[0].message.content == "?"
        process.stdin.close()
    assert process.returncode == 0
