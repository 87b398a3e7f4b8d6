"""The loop, against a real endpoint that is scripted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from beaker_kernel.agent.agent import ESTIMATED, Agent
from beaker_kernel.agent.budget import Budget, Limits, Price
from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.agent.provider.openai_model import OpenAIModel
from beaker_kernel.agent.tool import ToolResult
from beaker_kernel.errors import BudgetExceeded, KernelDied, ModelError
from tests.support.built_in_tools import SPECS as TOOLS
from tests.support.replies import USAGE, call, calls, chunk, cut, hang, refusal, stream
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel

pytestmark = pytest.mark.anyio


@dataclass
class Seen:
    """A surface that remembers."""

    happened: list[tuple] = field(default_factory=list)
    spoken: asyncio.Event = field(default_factory=asyncio.Event)

    def delta(self, text, *, thought=False):
        self.spoken.set()
        self.happened.append(("thought" if thought else "delta", text))

    def retry(self, retry):
        self.happened.append(("retry", retry.attempt))

    def waiting(self, waiting):
        self.spoken.set()
        self.happened.append(("waiting", waiting))

    def usage(self, usage, budget, cost):
        self.happened.append(("usage", budget.tokens))

    def notice(self, text):
        self.happened.append(("notice", text))

    def tool_started(self, call):
        self.happened.append(("started", call.name))

    def tool_ended(self, call, state, output="", error=""):
        self.happened.append((state, output))

    @property
    def said(self):
        return "".join(text for kind, text in self.happened if kind == "delta")


RESULT, FOREVER = ToolResult("42"), ToolResult("never")


@dataclass
class Tools:
    """Tools that give what they are told to."""

    result: ToolResult | BaseException = RESULT
    specs = TOOLS
    used: list = field(default_factory=list)
    in_use: asyncio.Event = field(default_factory=asyncio.Event)

    async def use(self, call):
        self.used.append((call.name, call.arguments))
        self.in_use.set()
        if isinstance(self.result, BaseException):
            raise self.result
        if self.result is FOREVER:
            await asyncio.Event().wait()
        return self.result


@pytest.fixture
def server():
    with ScriptedModel() as server:
        yield server


@pytest.fixture
async def ask(server):
    """Ask with these tools and limits; gives the agent, its surface and its outcome."""
    endpoint = Endpoint(base_url=server.base_url, model="scripted-1", api_key="none")
    model = OpenAIModel(endpoint=endpoint, max_retries=1)

    def ask(tools=None, **more):
        messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "why?"}]
        return Agent(
            model=model,
            tools=tools or Tools(),
            surface=Seen(),
            messages=messages,
            redact=lambda text: text.replace("canary", "[redacted]"),
            **more,
        )

    yield ask
    await model.close()


def uncounted(reply):
    """Return a reply that doesn't say what it took."""
    return replace(reply, steps=tuple(step for step in reply.steps if step != USAGE))


def whole(messages):
    """Assert that a strict endpoint takes the messages: calls answered, the model's word last."""
    called = [c["id"] for m in messages for c in m.get("tool_calls") or ()]
    assert sorted(called) == sorted(m["tool_call_id"] for m in messages if m["role"] == "tool")
    assert messages[-1]["role"] == "assistant"
    assert messages[-1]["content"]


async def test_an_answer_is_streamed_kept_and_counted(server, ask) -> None:
    server.when("why", say("Because.", thought="hm"))
    agent = ask()
    assert await agent.run() == "Because."
    assert agent.surface.said == "Because."
    assert ("thought", "hm") in agent.surface.happened
    assert agent.messages[-1] == {"role": "assistant", "content": "Because."}
    assert agent.budget.tokens == 120


async def test_tools_are_used_in_order_and_their_answers_sent_back(server, ask) -> None:
    two = calls(("list_variables", {}), ("run_code", {"code": "1"}))
    server.when("why", two, say("So."))
    agent = ask()
    assert await agent.run() == "So."
    assert [name for name, _ in agent.tools.used] == ["list_variables", "run_code"]
    assert server.requests[1].body["messages"] == agent.messages[:-1]
    whole(agent.messages)


async def test_what_a_tool_gives_is_redacted_for_the_model(server, ask) -> None:
    server.when("why", call("run_code", code="k"), say("So."))
    await ask(Tools(ToolResult("canary!"))).run()
    assert server.requests[1].holds("[redacted]!")
    assert not server.requests[1].holds("canary")


@pytest.mark.parametrize("images", [True, False])
async def test_images_are_shown_where_the_model_can_look_at_them(server, ask, images) -> None:
    server.when("why", call("run_code", code="plot"), say("A line."))
    await ask(Tools(ToolResult("", ["data:image/png;base64,AA"])), images=images).run()
    assert server.requests[1].holds("data:image/png;base64,AA") == images


async def test_a_limit_on_steps_is_a_hard_stop_that_says_so(server, ask) -> None:
    server.when("why", call("run_code", code="1"))
    agent = ask(budget=Budget(limits=Limits(steps=3)))
    with pytest.raises(BudgetExceeded, match="3 steps"):
        await agent.run()
    assert len(server.requests) == 3
    whole(agent.messages)


async def test_a_limit_on_tokens_is_a_hard_stop_that_says_so(server, ask) -> None:
    server.when("why", call("run_code", code="1"))
    agent = ask(budget=Budget(limits=Limits(tokens=200)))
    with pytest.raises(BudgetExceeded, match="240 tokens used of 200"):
        await agent.run()
    whole(agent.messages)


async def test_a_limit_on_dollars_is_a_hard_stop_that_says_so(server, ask) -> None:
    server.when("why", call("run_code", code="1"))
    agent = ask(budget=Budget(limits=Limits(dollars=0.001), price=Price(5.0, 10.0)))
    with pytest.raises(BudgetExceeded, match=r"0\.0014 dollars used of 0\.001.*MAX_DOLLARS"):
        await agent.run()
    whole(agent.messages)


@pytest.mark.parametrize(
    ("limits", "what"),
    [(Limits(tokens=5_000), "tokens used of 5000"), (Limits(dollars=0.02), "dollars used of 0.02")],
)
async def test_a_limit_holds_where_the_endpoint_counts_nothing(server, ask, limits, what) -> None:
    server.when("why", uncounted(call("run_code", code="x" * 4_000)))
    agent = ask(Tools(ToolResult("y" * 4_000)), budget=Budget(limits=limits, price=Price(5, 10)))
    with pytest.raises(BudgetExceeded, match=what):
        await agent.run()
    assert len(server.requests) < 5
    whole(agent.messages)


async def test_that_tokens_are_estimated_is_said_once(server, ask) -> None:
    thought = uncounted(say("Because.", thought="hm" * 2_000))
    server.when("why", uncounted(call("run_code", code="1")), thought)
    agent = ask()
    await agent.run()
    assert agent.budget.tokens > 1_000
    said = [what for kind, what in agent.surface.happened if kind == "notice"]
    assert said == [ESTIMATED]


async def test_the_person_is_told_once_before_a_limit_is_reached(server, ask) -> None:
    server.when("why", *[call("run_code", code="1")] * 4, say("So."))
    agent = ask(budget=Budget(limits=Limits(steps=5, tokens=10_000)))
    assert await agent.run() == "So."
    assert [what for kind, what in agent.surface.happened if kind == "notice"] == [
        "4 steps used of 5 for this question."
    ]


async def test_a_limit_on_seconds_closes_the_stream(server, ask) -> None:
    server.when("why", hang(chunk({"content": "Be"})))
    await anext(ask().model.stream([], []))  # the SDK's import is no time of the model's
    agent = ask(budget=Budget(limits=Limits(seconds=0.5)))
    with pytest.raises(BudgetExceeded, match=r"over 0\.5 s"):
        await agent.run()
    assert server.requests[1].gone.wait(2)
    assert agent.messages[-1]["content"] == "Be [this failed: BudgetExceeded]"


@pytest.mark.parametrize("fault", [refusal(401), refusal(400), cut(chunk({"content": "Be"}))])
async def test_messages_stay_whole_when_the_endpoint_fails(server, ask, fault) -> None:
    server.when("why", fault)
    agent = ask()
    with pytest.raises(ModelError):
        await agent.run()
    whole(agent.messages)


async def test_a_stop_in_mid_answer_keeps_what_was_said(server, ask) -> None:
    server.when("why", hang(chunk({"content": "Because"})))
    agent = ask()
    asking = asyncio.create_task(agent.run())
    await agent.surface.spoken.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert agent.messages[-1]["content"] == "Because [the person stopped this]"
    assert server.requests[0].gone.wait(2)


async def test_a_stop_in_a_tool_answers_every_call(server, ask) -> None:
    server.when("why", calls(("run_code", {"code": "1"}), ("list_variables", {})))
    agent = ask(Tools(FOREVER))
    asking = asyncio.create_task(agent.run())
    await agent.tools.in_use.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert agent.surface.happened[-1][0] == "cancelled"
    whole(agent.messages)


async def test_a_tool_that_ends_the_question_leaves_whole_messages(server, ask) -> None:
    server.when("why", call("run_code", code="1"))
    agent = ask(Tools(KernelDied("gone")))
    with pytest.raises(KernelDied):
        await agent.run()
    assert agent.surface.happened[-1][0] == "error"
    whole(agent.messages)


async def test_an_answer_that_was_cut_off_at_the_models_limit_is_said_to_be_so(server, ask) -> None:
    whole_answer = say("Because of")
    steps = [step.replace(b'"stop"', b'"length"') for step in whole_answer.steps]
    server.when("why", type(whole_answer)(steps=tuple(steps)))
    agent = ask()
    await agent.run()
    assert any(kind == "notice" and "cut off" in text for kind, text in agent.surface.happened)


@pytest.mark.parametrize(
    ("text", "reason", "notice"),
    [
        ("", "stop", "The model said nothing; ask again, or another model."),
        (" \n", "stop", "The model said nothing; ask again, or another model."),
        ("", "length", "The answer was cut off at the model's limit; ask it to go on."),
        ("", "content_filter", "content filter ended the answer; ask otherwise, or another"),
        ("Because", "content_filter", "content filter ended the answer; ask otherwise"),
    ],
)
async def test_an_answer_that_lacks_something_says_so(server, ask, text, reason, notice) -> None:
    server.when("why", stream(chunk({"content": text}), chunk({}, reason)))
    agent = ask()
    assert await agent.run() == text
    (told,) = [what for kind, what in agent.surface.happened if kind == "notice"]
    assert notice in told
