"""Turns that are too long to be sent again: the model sums them up, within bounds, visibly."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from beaker_kernel.agent import summary
from beaker_kernel.agent.assistant import Assistant
from beaker_kernel.agent.question import Question
from beaker_kernel.agent.room import MOST, PART
from beaker_kernel.errors import BudgetExceeded
from tests.support.replies import USAGE, hang, refusal
from tests.support.replies import text as say
from tests.support.scripted_model import ScriptedModel
from tests.support.sessions import EmptySession

pytestmark = pytest.mark.anyio

CONTEXT = 4_000
SUMMARY = "- question 0 was answered by a word"


class Watched:
    """A surface that remembers what was said besides the answer."""

    def __init__(self):
        self.notices = []
        self.used = []

    def notice(self, text):
        self.notices.append(text)

    def usage(self, usage, budget, cost):
        self.used.append(budget.tokens)

    def __getattr__(self, name):
        return lambda *_, **__: None


def sums_up(request):
    """Tell whether a request wants a summary."""
    return request.body["messages"][0]["content"].startswith("Sum up")


@pytest.fixture
def model():
    with ScriptedModel() as model:
        model.when("question", say("word " * 500))
        model.when(sums_up, say(SUMMARY))
        yield model


@pytest.fixture
def tight(model):
    """A model with little room."""
    profiles = {"tight": {"model": "m", "endpoint": model.base_url, "context": CONTEXT}}
    return {"BEAKER_MODEL": "tight", "BEAKER_MODELS": str(profiles)}


async def asked(settings, questions=10):
    """Ask one question after the other; return what was shown."""
    assistant, surface = Assistant(EmptySession(), settings), Watched()
    try:
        for number in range(questions):
            await assistant.answer(surface, Question(f"question {number}?"))
    finally:
        await assistant.close()
    return surface


def summaries(model):
    return [request for request in model.requests if sums_up(request)]


async def test_what_does_not_fit_any_more_is_summed_up_visibly(model, tight) -> None:
    surface = await asked(tight)
    wanted = summaries(model)
    assert 1 <= len(wanted) < 8
    assert wanted[0].holds("user: question 0?")
    assert "tools" not in wanted[0].body
    told = model.requests[-1].body["messages"][1]["content"]
    assert told.endswith(f"⟦session\n{SUMMARY}\nsession⟧")
    assert model.requests[-1].holds("question 8?")
    assert any("oldest turns are summed up" in notice for notice in surface.notices)
    texts = [len(json.dumps(request.body["messages"])) for request in model.requests]
    assert max(texts) < CONTEXT * MOST * PART


async def test_a_summary_holds_the_one_before_it(model, tight) -> None:
    await asked(tight, questions=20)  # enough for two
    assert f"Before that:\n{SUMMARY}" in summaries(model)[-1].question


async def test_a_summarys_tokens_count_for_the_question(model, tight) -> None:
    surface = await asked(tight)
    assert {120, 240} == set(surface.used)
    with pytest.raises(BudgetExceeded, match="120 tokens used of 120"):
        await asked(tight | {"BEAKER_MAX_TOKENS": "120"})


async def test_a_summary_counts_where_the_endpoint_counts_nothing(model, tight) -> None:
    uncounted = say(SUMMARY)
    steps = tuple(step for step in uncounted.steps if step != USAGE)
    model.when(sums_up, replace(uncounted, steps=steps))
    surface = await asked(tight)
    assert len(surface.used) == len(model.requests)
    assert max(surface.used) > 200


@pytest.mark.parametrize("reply", [refusal(400), say("")], ids=["refused", "empty"])
async def test_without_a_summary_the_turns_are_left_out_and_their_questions_told(
    model, tight, reply
) -> None:
    model.when(sums_up, reply)
    surface = await asked(tight)
    assert any("No summary (http://" in n and "left out" in n for n in surface.notices)
    assert model.requests[-1].holds("- question 0?")
    assert not model.requests[-1].holds(SUMMARY)


async def test_a_summary_that_takes_too_long_is_done_without(model, tight, monkeypatch) -> None:
    monkeypatch.setattr(summary, "SECONDS", 0.1)
    model.when(sums_up, hang())
    surface = await asked(tight)
    assert "No summary (it took too long)" in str(surface.notices)
    assert model.requests[-1].holds("- question 0?")


async def test_a_question_that_is_stopped_while_it_sums_up_loses_no_question(model, tight) -> None:
    model.when(sums_up, hang())
    assistant, surface = Assistant(EmptySession(), tight), Watched()
    asking = asyncio.create_task(_until_stopped(assistant, surface))
    while not summaries(model):
        await asyncio.to_thread(model.wait_for_requests, len(model.requests) + 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await assistant.answer(surface, Question("and?"))
    await assistant.close()
    assert model.requests[-1].holds("- question 0?")


async def _until_stopped(assistant, surface):
    while True:
        await assistant.answer(surface, Question("question 0?"))


async def test_a_summary_is_bounded_and_so_is_what_it_is_made_of(model, tight) -> None:
    model.when(sums_up, say("long " * 5_000, size=500))
    await asked(tight)
    sent = [len(request.body["messages"][1]["content"]) for request in summaries(model)]
    assert max(sent) < CONTEXT * MOST
    told = model.requests[-1].body["messages"][1]["content"]
    assert "characters left out" in told
    assert len(told) < CONTEXT * MOST * PART / summary.PART + 200
