"""A real model of half a billion parameters as a peer: thresholds, not exact text."""

import asyncio
import json
from contextlib import aclosing

import jsonschema
import pytest
from openai import OpenAI

from beaker_kernel.agent import briefing, tools
from beaker_kernel.agent.model import Completion, TextDelta
from beaker_kernel.agent.provider import structured
from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.agent.provider.openai_model import OpenAIModel
from beaker_kernel.errors import ModelResponseError
from beaker_kernel.languages.snapshot import snapshot
from beaker_kernel.protocol.codec import decode
from tests.model.live_session import MADE_AGAIN, PENGUINS, PRICES, QUESTIONS, answers

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

TOOLS = tuple(
    tool.spec
    for tool in (
        tools.insert_cell,
        tools.run_code,
        tools.list_variables,
        tools.describe_variable,
        tools.ask_user,
    )
)
WRITES_CODE = {"insert_cell", "run_code"}


def messages(question):
    """Return what Beaker sends for a question about the session."""
    listed = json.loads(snapshot({"penguins": PENGUINS, "prices": PRICES}, None, 20, 600))
    variables = decode("variables_reply", listed)
    asked = briefing.joined(briefing.parts(question, (), variables, "python", str))
    system = briefing.system_prompt("python")
    return [{"role": "system", "content": system}, {"role": "user", "content": asked}]


def stream(url, sent, tools=TOOLS):
    """Return all events of one completion."""

    async def ask():
        endpoint = Endpoint(base_url=url, model="qwen2.5-coder-0.5b")
        model = OpenAIModel(endpoint=endpoint, tool_mode="json")
        try:
            return [event async for event in model.stream(sent, tools)]
        finally:
            await model.close()

    return asyncio.run(ask())


def complete(url, sent):
    return stream(url, sent)[-1]


def code_of(completion):
    calls = [call for call in completion.tool_calls if call.name in WRITES_CODE]
    return calls[0].arguments.get("code", "") if calls else ""


@pytest.fixture(scope="module")
def cells(real_model):
    """The code that the model writes for each question; empty where it writes none."""
    return {
        question: code_of(complete(real_model, messages(question.text))) for question in QUESTIONS
    }


def test_questions_about_the_session_become_cells(cells):
    written = [question.text for question, code in cells.items() if code]
    assert len(written) >= len(QUESTIONS) - 2, cells


def test_cells_use_the_variables_that_are_there(cells):
    again = [code for code in cells.values() if MADE_AGAIN.search(code)]
    assert len(again) <= 1, again


def test_most_cells_run_and_show_what_was_asked(cells):
    right = [question.text for question, code in cells.items() if answers(question, code)]
    assert len(right) >= len(QUESTIONS) // 2, cells


@pytest.mark.parametrize("seed", range(6))
def test_a_cell_that_is_wanted_as_json_is_always_valid(real_model, seed):
    wanted = structured.response_format(TOOLS)
    with OpenAI(base_url=real_model, api_key="none", max_retries=0) as client:
        reply = client.chat.completions.create(
            model="any",
            messages=messages(QUESTIONS[seed].text),
            response_format=wanted,
            temperature=1.0,
            seed=seed,
        ).choices[0]
    if reply.finish_reason == "stop":
        jsonschema.validate(json.loads(reply.message.content), wanted["json_schema"]["schema"])
    else:
        reader = structured.StructuredReader()
        reader.feed(reply.message.content)
        assert reader.finish().truncated


@pytest.mark.parametrize("question", ["hello!", "thank you, that is all"])
def test_small_talk_gets_an_answer_that_streams_and_is_counted(real_model, question):
    *deltas, completion = stream(real_model, messages(question))
    assert isinstance(completion, Completion)
    assert len(deltas) > 1
    assert "".join(delta.text for delta in deltas) == completion.text
    assert completion.usage.completion_tokens >= len(deltas)


def test_a_turn_ends_with_an_answer_after_the_cell_is_in_the_notebook(real_model):
    sent = messages("what is the total of prices?")
    call = {"name": "insert_cell", "arguments": json.dumps({"code": "sum(prices)"})}
    sent += [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": call}],
        },
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": "The cell is in the notebook; the person can run it now.",
        },
    ]
    completion = complete(real_model, sent)
    assert completion.text
    assert not completion.tool_calls


def test_a_question_without_tools_is_answered_in_plain_text(real_model):
    sent = [{"role": "user", "content": "Say hello in one word."}]
    completion = stream(real_model, sent, tools=())[-1]
    assert completion.text
    assert not completion.text.startswith("{")


def test_a_closed_stream_leaves_the_model_free_for_the_next_question(real_model):
    async def ask():
        model = OpenAIModel(endpoint=Endpoint(base_url=real_model, model="any"), tool_mode="json")
        async with aclosing(model.stream([{"role": "user", "content": "Count to 999."}], ())) as to:
            first = await anext(to)
        events = [event async for event in model.stream(messages("thank you"), TOOLS)]
        await model.close()
        return first, events[-1]

    first, last = asyncio.run(ask())
    assert isinstance(first, TextDelta)
    assert isinstance(last, Completion)


def test_a_conversation_that_is_too_long_is_refused_in_words(real_model):
    with pytest.raises(ModelResponseError, match=r"127\.0\.0\.1.*400"):
        stream(real_model, [{"role": "user", "content": "word " * 20_000}])
