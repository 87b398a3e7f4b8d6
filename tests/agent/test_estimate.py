"""What a question would take, before it is asked."""

from __future__ import annotations

import pytest

from beaker_kernel.agent.assistant import Assistant
from beaker_kernel.agent.budget import Price
from beaker_kernel.agent.estimate import described, sections
from beaker_kernel.agent.question import Question
from beaker_kernel.agent.room import Room, size
from tests.support.built_in_tools import TOOLS
from tests.support.scripted_model import ScriptedModel
from tests.support.sessions import EmptySession

ASKED = [{"role": "system", "content": "s" * 400}, {"role": "user", "content": "u" * 800}]
FOR_TOOLS = sum(tool.spec.size for tool in TOOLS)


def head(room: Room, price: Price | None = None) -> str:
    return described(ASKED, TOOLS, room, price).partition("\n")[0]


@pytest.mark.parametrize("characters", [2.0, 4.0])
def test_the_tools_are_counted_by_what_was_learnt_from_the_endpoint(characters) -> None:
    room = Room(characters_per_token=characters)
    whole, tools = room.tokens(size(ASKED) + FOR_TOOLS), room.tokens(FOR_TOOLS)
    assert head(room) == f"about {whole:,} tokens, {tools:,} of them for the tools"
    assert whole > tools > 0


def test_what_it_costs_is_told_where_that_is_known() -> None:
    room = Room()
    cost = room.tokens(size(ASKED) + FOR_TOOLS) * 50 / 1e6
    assert head(room, Price(50.0, 1000.0)).endswith(f"; about ${cost:.4f} without the answer")
    assert "$" not in head(room, Price(0.0, 0.0))


def test_all_that_is_sent_is_shown_below() -> None:
    assert described(ASKED, (), Room(), None).endswith(f"--- user\n{'u' * 800}")


def test_the_parts_are_counted_so_too() -> None:
    texts = {"instructions": "i" * 300, "rules": "", "question": "q" * 30}
    told = sections(texts, TOOLS, Room(characters_per_token=3.0))
    counted = {section.name: section.tokens for section in told}
    assert counted == {"instructions": 100, "question": 10, "tools": -(-FOR_TOOLS // 3)}
    assert "run_code: " in told[-1].text


@pytest.mark.anyio
async def test_what_was_learnt_of_the_endpoint_in_use_counts() -> None:
    with ScriptedModel() as server:
        env = {"OPENAI_BASE_URL": server.base_url, "BEAKER_MODEL": "scripted-1"}
        assistant = Assistant(EmptySession(), env)
        before = await assistant.describe(Question("hello"))
        room = assistant.models.room(await assistant.models.endpoint())
        room.learn(characters=1_000, tokens=1_000)
        after = await assistant.describe(Question("hello"))
        told = await assistant.sections(Question("hello"))
        await assistant.close()
    assert _tokens(after) > 3 * _tokens(before)
    assert {s.name: s.tokens for s in told}["question"] == len("# Question\nhello")


def _tokens(shown: str) -> int:
    return int(shown.split()[1].replace(",", ""))
