"""The accumulator takes every shape of stream that servers are known to send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.agent.model import TextDelta, ThoughtDelta, Usage
from beaker_kernel.agent.provider.completion import Accumulator
from tests.support import replies

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FUNCTION = st.fixed_dictionaries({}, optional={"name": JSON, "arguments": JSON})
PIECE = st.fixed_dictionaries({}, optional={"index": JSON, "id": JSON, "function": FUNCTION | JSON})
DELTA = st.fixed_dictionaries(
    {},
    optional={
        "content": JSON,
        "reasoning": JSON,
        "refusal": JSON,
        "tool_calls": st.lists(PIECE, max_size=3) | JSON,
    },
)
CHOICE = st.fixed_dictionaries({}, optional={"delta": DELTA | JSON, "finish_reason": JSON})
CHUNK = st.fixed_dictionaries({}, optional={"choices": st.lists(CHOICE) | JSON, "usage": JSON})


def chunks_of(reply):
    """Read a reply's events as the SDK does."""
    for step in reply.steps:
        data = step.removeprefix(b"data: ").strip()
        if not data.startswith((b":", b"[DONE]")):
            yield json.loads(data)


def accumulate(reply):
    accumulator = Accumulator()
    deltas = [delta for chunk in chunks_of(reply) for delta in accumulator.feed(chunk)]
    return deltas, accumulator.finish()


def one(*deltas, finish="stop"):
    """Accumulate deltas as they stand."""
    accumulator = Accumulator()
    shown = []
    for delta in deltas:
        shown += accumulator.feed({"choices": [{"delta": delta}]})
    list(accumulator.feed({"choices": [{"delta": {}, "finish_reason": finish}]}))
    return shown, accumulator.finish()


def called(*functions, **more):
    """Accumulate pieces of calls, each in a delta of its own."""
    return one(*({"tool_calls": [piece]} for piece in functions), **more)[1]


def test_text_is_shown_as_it_comes_and_kept_whole():
    deltas, completion = accumulate(replies.text("Lyon it is."))
    assert [delta.text for delta in deltas] == ["Lyon", " it ", "is."]
    assert completion.text == "Lyon it is."
    assert completion.message == {"role": "assistant", "content": "Lyon it is."}
    assert completion.usage == Usage(prompt_tokens=100, completion_tokens=20)
    assert not completion.truncated


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_a_thought_is_shown_but_is_no_part_of_the_answer(field):
    deltas, completion = accumulate(replies.text("Yes.", thought="Hm.", thought_field=field))
    assert deltas == [ThoughtDelta(text="Hm."), TextDelta(text="Yes.")]
    assert completion.message == {"role": "assistant", "content": "Yes."}


@pytest.mark.parametrize("shape", replies.Shape.__args__)
@pytest.mark.parametrize("noise", [False, True], ids=["plain", "among empty events"])
def test_calls_of_every_shape_are_read_alike(shape, noise):
    wanted = [("run_code", {"code": "1"}), ("run_code", {"code": "2"}), ("list_variables", {})]
    reply = replies.calls(*wanted, shape=shape, say="See.")
    _, completion = accumulate(replies.noisy(reply) if noise else reply)
    assert [(call.name, call.arguments) for call in completion.tool_calls] == wanted
    assert [call.problem for call in completion.tool_calls] == ["", "", ""]
    assert len({call.id for call in completion.tool_calls} - {""}) == 3
    assert completion.text == "See."


def test_the_message_to_append_is_valid_for_strict_endpoints():
    message = accumulate(replies.call("run_code", code="é", shape="object"))[1].message
    (call,) = message["tool_calls"]
    assert message["content"] is None
    assert json.loads(call["function"]["arguments"]) == {"code": "é"}
    assert call["type"] == "function"


def test_a_name_that_strict_endpoints_refuse_is_made_fit_in_the_message_only():
    completion = called({"id": "1", "function": {"name": "a.b ü", "arguments": "{}"}})
    assert completion.tool_calls[0].name == "a.b ü"
    assert completion.message["tool_calls"][0]["function"]["name"] == "a_b__"


def test_one_id_for_different_calls_becomes_two():
    both = [{"id": "call_0", "function": {"name": name, "arguments": "{}"}} for name in "ab"]
    completion = called(*both)
    assert [call.name for call in completion.tool_calls] == ["a", "b"]
    assert len({call["id"] for call in completion.message["tool_calls"]}) == 2


def test_calls_whose_pieces_are_interleaved_are_told_apart_by_index():
    completion = called(
        {"index": 0, "id": "1", "function": {"name": "a", "arguments": '{"x'}},
        {"index": 1, "id": "2", "function": {"name": "b", "arguments": '{"y'}},
        {"index": 0, "function": {"arguments": '": 1}'}},
        {"index": 1, "function": {"arguments": '": 2}'}},
    )
    assert [call.arguments for call in completion.tool_calls] == [{"x": 1}, {"y": 2}]


@pytest.mark.parametrize("written", ["", "{}", "null", None, {}, " {} "])
def test_a_call_without_arguments_is_a_call(written):
    (call,) = called({"id": "1", "function": {"name": "a", "arguments": written}}).tool_calls
    assert (call.arguments, call.problem) == ({}, "")


@pytest.mark.parametrize("written", ['{"code": "1', "{code: 1}", "[" * 100_000])
def test_broken_arguments_are_a_problem_for_the_model(written):
    completion = called({"id": "1", "function": {"name": "a", "arguments": written}})
    (call,) = completion.tool_calls
    assert call.arguments == {}
    assert call.problem.startswith("the arguments are no JSON: ")
    assert completion.message["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize("written", ["[1]", "5", '{"a": 1} and more', [1]])
def test_arguments_that_are_no_object_are_a_problem_for_the_model(written):
    (call,) = called({"id": "1", "function": {"name": "a", "arguments": written}}).tool_calls
    assert call.problem == "the arguments must be one JSON object"


def test_line_breaks_inside_an_argument_are_taken():
    written = '{"code": "a = 1\nb = 2"}'
    (call,) = called({"id": "1", "function": {"name": "a", "arguments": written}}).tool_calls
    assert call.arguments == {"code": "a = 1\nb = 2"}


def test_a_cut_by_length_is_told():
    piece = {"id": "1", "function": {"name": "a", "arguments": '{"code": "'}}
    completion = called(piece, finish="length")
    assert completion.truncated
    assert completion.tool_calls[0].problem.endswith("the answer was cut off")


def test_a_character_cut_in_two_is_joined():
    deltas, completion = one({"content": "a\ud83d"}, {"content": "\ude00b"})
    assert [delta.text for delta in deltas] == ["a", "\N{GRINNING FACE}b"]
    assert completion.text == "a\N{GRINNING FACE}b"


def test_half_a_character_alone_never_gets_out():
    _, completion = one({"content": "a\ud83d"}, {"content": "b\ude00"}, {"content": "\ud83d"})
    assert completion.text == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"


def test_a_refusal_and_text_in_parts_are_text():
    parts = [{"type": "text", "text": "No"}, {"type": "thinking"}]
    assert one({"content": parts}, {"refusal": "t so."})[1].text == "Not so."


def test_an_answer_that_comes_in_one_piece_is_an_answer():
    accumulator = Accumulator()
    message = {"role": "assistant", "content": "Lyon."}
    shown = list(accumulator.feed({"choices": [{"message": message, "finish_reason": "stop"}]}))
    assert shown == [TextDelta(text="Lyon.")]


def test_empty_events_are_nothing():
    accumulator = Accumulator()
    for chunk in chunks_of(replies.Reply(steps=replies.EMPTY)):
        assert list(accumulator.feed(chunk)) == []
    assert accumulator.empty
    assert accumulator.finish_reason == ""


@pytest.mark.parametrize("delta", [{"reasoning": "Hm."}, {"content": "a"}, {"tool_calls": [{}]}])
def test_the_first_token_of_any_kind_is_a_beginning(delta):
    accumulator = Accumulator()
    list(accumulator.feed({"choices": [{"delta": delta}]}))
    assert not accumulator.empty


@given(st.lists(CHUNK | JSON, max_size=5))
def test_no_json_breaks_it_and_what_comes_out_is_fit_to_send(chunks):
    accumulator = Accumulator()
    for chunk in chunks:
        for delta in accumulator.feed(chunk):
            delta.text.encode()
    completion = accumulator.finish()
    json.dumps(completion.message, ensure_ascii=False).encode()
    assert all(call.id for call in completion.tool_calls)
