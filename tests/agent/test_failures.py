"""Whatever an endpoint does wrong is one clear message, or a visible wait and an answer."""

from __future__ import annotations

import random
import time
import traceback
from contextlib import aclosing

import pytest

from beaker_kernel.agent.provider.failures import LINE
from beaker_kernel.errors import (
    ContextExceeded,
    ModelAuthError,
    ModelRateLimited,
    ModelResponseError,
    ModelUnavailable,
)
from tests.support.asking import KEY, QUESTION, connected, events_of, retries, shown
from tests.support.replies import CORRUPT, Reply
from tests.support.scripted_model import (
    ScriptedModel,
    chunk,
    cut,
    event,
    garbage,
    hang,
    refusal,
    stream,
    text,
)

pytestmark = pytest.mark.anyio
BEGUN = chunk({"content": "Ly"})


@pytest.fixture
def server():
    with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture
async def model(server):
    async with connected(server.base_url) as connection:
        yield connection


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
    async with connected(server.base_url, max_retries=0, idle_timeout=0.2) as model:
        said = await fails(model, kind)
    assert what in said
    assert "\n" not in said
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_server_on_this_machine_that_points_elsewhere_is_not_followed(server, status):
    with ScriptedModel() as other:
        to = other.base_url.replace("//", "//me:hush@") + f"/elsewhere?key={KEY}"
        server.when("capital", Reply(status=status, headers={"Location": to}))
        async with connected(server.base_url) as model:
            said = await fails(model, ModelResponseError)
        assert f"points to {other.base_url}/elsewhere ({status}), where nothing was sent" in said
        assert "hush" not in said
        assert (len(server.requests), len(other.requests)) == (1, 0)


async def test_a_server_elsewhere_may_point_to_its_new_address(server):
    far = server.base_url.replace("127.0.0.1", "127.1")
    with ScriptedModel(text("Lyon.")) as other:
        to = {"Location": f"{other.base_url}/chat/completions"}
        server.when("capital", Reply(status=307, headers=to))
        async with connected(far) as model:
            assert shown(await events_of(model)) == "Lyon."


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        ("This model's maximum context length is 8192 tokens. However, you sent 9000.", 8192),
        ("Input tokens exceed the configured limit of 272,000 tokens. It was 300000.", 272_000),
        ("You passed 9000 input tokens. The context length is only 8192 tokens.", 8192),
        ("request (9000 tokens) exceeds the available context size (8192 tokens)", 8192),
        ("input length (9000) exceeds maximum context length (8192)", 8192),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
        ("the input length exceeds the context length", 0),
        ("context length exceeded: 9000 tokens", 0),
    ],
)
async def test_a_request_that_is_too_long_is_known_with_what_fits(server, model, said, limit):
    server.when("capital", refusal(400, said))
    with pytest.raises(ContextExceeded, match="less, or begin anew by `%beaker reset`") as raised:
        await events_of(model)
    assert raised.value.limit == limit


async def test_a_refusal_that_only_speaks_of_a_context_is_none_for_length(server, model):
    server.when("capital", refusal(400, "unknown field: context"))
    await fails(model, ModelResponseError)


async def test_nobody_there_is_a_clear_message(server):
    with ScriptedModel() as closed:
        pass
    async with connected(closed.base_url, max_retries=0) as model:
        assert "is it running? `beaker doctor` checks" in await fails(model, ModelUnavailable)


async def test_a_very_long_refusal_is_bounded(server, model):
    server.when("capital", refusal(400, "no\n" * 10_000))
    said = await fails(model, ModelResponseError)
    assert len(said) < 500
    assert "no no no" in said


@pytest.mark.parametrize("shown_of_it", range(1, len(KEY) + 1))
async def test_of_a_secret_that_the_cut_parts_nothing_is_shown(server, model, shown_of_it):
    before = ("no " * LINE)[: LINE - shown_of_it]
    server.when("capital", refusal(400, f"{before}{KEY} and more"))
    said = await fails(model, ModelResponseError)
    assert KEY[:3] not in said
    assert "no no no" in said
    assert "and more" not in said


async def test_a_long_word_that_the_cut_parts_is_left_out(server, model):
    server.when("capital", refusal(400, "no " * 90 + "s3cret-" * 20))
    said = await fails(model, ModelResponseError)
    assert "s3cret" not in said
    assert "no …" in said


async def test_after_a_fault_the_next_question_is_answered(server, model):
    server.when("capital", cut(BEGUN), text("Lyon."))
    await fails(model, ModelResponseError)
    assert shown(await events_of(model)) == "Lyon."


async def test_a_proxy_that_the_environment_names_is_not_used_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with connected(server.base_url, max_retries=0) as model:
        assert shown(await events_of(model)) == "I don't know."


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
    async with connected(server.base_url, max_retries=2) as model:
        await fails(model, ModelRateLimited)
    assert len(server.requests) == 3


async def test_a_spent_quota_is_not_asked_again(server, model):
    spent = b'{"error": {"message": "pay first", "code": "insufficient_quota"}}'
    server.when("capital", Reply(status=429, steps=(spent,)))
    assert "pay first" in await fails(model, ModelRateLimited)
    assert len(server.requests) == 1


@pytest.mark.parametrize("token", [BEGUN, chunk({"reasoning": "Hm"}), chunk({"tool_calls": [{}]})])
async def test_once_a_token_has_come_nothing_is_asked_again(server, model, token):
    server.when("capital", cut(token), text("Lyon."))
    await fails(model, ModelResponseError)
    assert len(server.requests) == 1


async def test_a_kept_connection_that_is_gone_is_no_failure(server):
    async with connected(server.base_url, max_retries=0) as model:
        await events_of(model)
        server.when("capital", cut(before_headers=True), text("Lyon."))
        events = await events_of(model)
    assert (shown(events), retries(events)) == ("Lyon.", [])
