import json
import re
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beaker_kernel.agent.model import ToolSpec
from beaker_kernel.agent.provider.structured import (
    StructuredReader,
    flatten,
    instructions,
    response_format,
    salvage,
)


def tool(name, *parameters):
    schema = {
        "type": "object",
        "properties": {parameter: {"type": "string"} for parameter in parameters},
        "required": list(parameters),
        "additionalProperties": False,
    }
    return ToolSpec(name=name, description=f"Do {name}.", parameters=schema)


TOOLS = (tool("insert_cell", "code"), tool("run_code", "code"), tool("list_variables"))
RUN = {"name": "run_code", "arguments": {"code": "1 + 1"}}


def answer(text):
    return {"name": "answer", "arguments": {"text": text}}


def read(*pieces):
    """Return what was streamed, and the completion without its made-up ids."""
    reader = StructuredReader()
    streamed = "".join(delta.text for piece in pieces for delta in reader.feed(piece))
    assert streamed == reader.shown
    completion = reader.finish()
    calls = tuple(replace(call, id="") for call in completion.tool_calls)
    message = {key: value for key, value in completion.message.items() if key != "tool_calls"}
    return streamed, replace(completion, tool_calls=calls, message=message)


def form(name, arguments):
    """Write a form as small models close it without a slip."""
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False, indent=1)


def written_in(text):
    """Return the JSON objects that begin and end a line."""
    return [json.loads(found) for found in re.findall(r"^\{$.*?^\}$", text, re.M | re.S)]


def calls_in(text):
    return [(call.name, call.arguments) for call in salvage(text, TOOLS)]


class TestResponseFormat:
    def schema(self):
        return response_format(TOOLS)["json_schema"]["schema"]

    @pytest.mark.parametrize(
        "form", [RUN, answer("hi"), {"name": "list_variables", "arguments": {}}]
    )
    def test_allows_each_tool_and_the_answer(self, form):
        jsonschema.validate(form, self.schema())

    @pytest.mark.parametrize(
        "form",
        [
            {"name": "rm", "arguments": {}},
            {"name": "run_code", "arguments": {}},
            {"name": "answer", "arguments": {"code": "1"}},
            {"name": "run_code"},
            "hello",
        ],
    )
    def test_allows_nothing_else(self, form):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(form, self.schema())

    def test_has_the_name_before_the_arguments(self):
        for form in self.schema()["anyOf"]:
            assert list(form["properties"]) == ["name", "arguments"]

    def test_goes_over_the_wire_as_json(self):
        assert json.loads(json.dumps(response_format(TOOLS)))["type"] == "json_schema"


class TestInstructions:
    def test_show_the_form_of_each_tool_and_of_the_answer(self):
        forms = written_in(instructions(TOOLS))
        assert forms == [
            {"name": "insert_cell", "arguments": {"code": "…"}},
            {"name": "run_code", "arguments": {"code": "…"}},
            {"name": "list_variables", "arguments": {}},
            {"name": "answer", "arguments": {"text": "…"}},
        ]

    def test_say_what_each_tool_does(self):
        assert "Do list_variables.\n{" in instructions(TOOLS)


SYSTEM = {"role": "system", "content": "be kind"}
ASKED = {"role": "user", "content": "how many?"}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "run_code", "arguments": '{"code": "n\\u00e9"}'},
        }
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "7"}
SAID = {"role": "assistant", "content": "Seven."}


class TestFlatten:
    def test_writes_calls_and_answers_as_forms_and_results_as_the_persons_text(self):
        flat = flatten([SYSTEM, ASKED, CALLED, RESULT, SAID])
        assert flat[0] == SYSTEM
        assert flat[-4:] == [
            ASKED,
            {"role": "assistant", "content": form("run_code", {"code": "né"})},
            {"role": "user", "content": "Result of run_code:\n7"},
            {"role": "assistant", "content": form("answer", {"text": "Seven."})},
        ]

    def test_keeps_what_was_said_beside_a_call(self):
        flat = flatten([{**CALLED, "content": "Let me look."}])
        assert written_in(flat[-1]["content"]) == [
            {"name": "answer", "arguments": {"text": "Let me look."}},
            {"name": "run_code", "arguments": {"code": "né"}},
        ]

    def test_takes_a_result_whose_call_is_no_longer_there(self):
        assert flatten([RESULT])[-1]["content"] == "Result of the tool:\n7"

    def test_keeps_images_of_the_person(self):
        image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}
        assert flatten([image])[-1] == image

    def test_puts_worked_turns_between_the_system_message_and_the_first_question(self):
        first, *worked, last = flatten([SYSTEM, ASKED])
        assert (first, last) == (SYSTEM, ASKED)
        replies = [json.loads(turn["content"]) for turn in worked if turn["role"] == "assistant"]
        assert [reply["name"] for reply in replies].count("insert_cell") >= 3
        for reply in replies:
            jsonschema.validate(reply, response_format(TOOLS)["json_schema"]["schema"])

    def test_leaves_no_trace_of_tools(self):
        for message in flatten([SYSTEM, ASKED, CALLED, RESULT]):
            assert set(message) == {"role", "content"}
            assert message["role"] in {"system", "user", "assistant"}


class TestStructuredReader:
    def test_reads_a_call(self):
        streamed, completion = read(json.dumps(RUN))
        (call,) = completion.tool_calls
        assert (streamed, completion.text, completion.truncated) == ("", "", False)
        assert (call.name, call.arguments, call.problem) == ("run_code", {"code": "1 + 1"}, "")

    def test_keeps_a_call_as_a_message_that_flatten_takes_back(self):
        reader = StructuredReader()
        reader.feed(json.dumps(RUN))
        completion = reader.finish()
        assert completion.message["tool_calls"][0]["id"] == completion.tool_calls[0].id
        assert json.loads(flatten([completion.message])[-1]["content"]) == RUN

    def test_streams_the_answer_while_its_string_is_still_open(self):
        reader = StructuredReader()
        assert reader.feed('{"name": "answer", "arguments": {"text": "The ') != []
        assert reader.shown == "The "
        assert [delta.text for delta in reader.feed("mean")] == ["mean"]
        assert reader.feed('"}') == []

    @pytest.mark.parametrize("cut", range(1, 14))
    def test_shows_no_half_of_an_escape(self, cut):
        written = '{"name":"answer","arguments":{"text":"' + r"a\ud83d\ude00b\n"
        reader = StructuredReader()
        reader.feed(written[: -len(r"\ud83d\ude00b\n") + cut])
        assert "a😀b\n".startswith(reader.shown)
        assert reader.shown.startswith("a")

    def test_streams_an_answer_whose_name_comes_last(self):
        written = json.dumps({"arguments": {"text": "late"}, "name": "answer"})
        streamed, completion = read(*written)
        assert streamed == completion.text == "late"

    def test_takes_text_that_is_no_json_as_the_answer(self):
        streamed, completion = read("Seven", " of ", "them.")
        assert streamed == completion.text == "Seven of them."
        assert completion.message == {"role": "assistant", "content": "Seven of them."}

    @pytest.mark.parametrize("text", ["{1, 2} is a set", '{"name": "Bob"}', '{"a": 1}', "{}"])
    def test_takes_braces_that_are_no_form_as_the_answer(self, text):
        _, completion = read(text)
        assert (completion.text, completion.tool_calls, completion.truncated) == (text, (), False)

    def test_keeps_what_came_of_an_answer_that_was_cut(self):
        streamed, completion = read('{"name":"answer","arguments":{"text":"The mean is')
        assert streamed == completion.text == "The mean is"
        assert completion.truncated

    def test_says_that_a_call_was_cut_and_keeps_none_of_its_code(self):
        _, completion = read('{"name":"run_code","arguments":{"code":"shutil.rmtree(')
        (call,) = completion.tool_calls
        assert "cut off" in call.problem
        assert call.arguments == {}
        assert completion.truncated

    def test_says_that_arguments_are_no_object(self):
        _, completion = read('{"name":"run_code","arguments":[1]}')
        assert "one JSON object" in completion.tool_calls[0].problem

    def test_reads_arguments_that_were_written_as_a_string(self):
        _, completion = read(json.dumps({"name": "run_code", "arguments": '{"code": "1"}'}))
        assert completion.tool_calls[0].arguments == {"code": "1"}

    def test_ends_an_answer_that_broke_in_the_middle_where_it_was_shown(self):
        streamed, completion = read('{"name":"answer","arguments":{"text":"half', '" oops')
        assert streamed == completion.text == "half"
        assert completion.truncated

    def test_takes_raw_line_breaks_in_a_string(self):
        _, completion = read('{"name":"run_code","arguments":{"code":"a = 1\na"}}')
        assert completion.tool_calls[0].arguments == {"code": "a = 1\na"}

    def test_gives_no_lone_surrogate_to_anybody(self):
        streamed, completion = read(*r'{"name":"answer","arguments":{"text":"a\ud83d b"}}')
        assert completion.text == "a? b"
        assert completion.text.startswith(streamed)

    def test_survives_deep_nesting(self):
        text = '{"name":"answer","arguments":' + "[" * 100_000
        assert read(text)[1].text == text

    def test_makes_a_fresh_id_for_each_call(self):
        first, second = (salvage(json.dumps(RUN), TOOLS)[0].id for _ in range(2))
        assert first != second

    @given(
        form=st.one_of(st.text(st.characters(exclude_categories=["Cs"])).map(answer), st.just(RUN)),
        ascii_only=st.booleans(),
        indent=st.sampled_from([None, 2]),
        kept=st.floats(0, 1),
        data=st.data(),
    )
    def test_reads_the_same_in_whatever_pieces_it_comes(self, form, ascii_only, indent, kept, data):
        written = json.dumps(form, ensure_ascii=ascii_only, indent=indent)
        written = written[: round(len(written) * kept)]
        pieces = cut(written, data)
        assert read(*pieces) == read(written)

    @given(form=st.text(st.characters(exclude_categories=["Cs"])).map(answer), data=st.data())
    def test_streams_all_of_a_whole_answer(self, form, data):
        streamed, completion = read(*cut(json.dumps(form), data))
        assert streamed == completion.text == form["arguments"]["text"]
        assert not completion.truncated

    @given(text=st.text('{}[]":,\\ud8ab answermgtx\n'), data=st.data())
    def test_never_takes_back_what_it_has_shown(self, text, data):
        streamed, completion = read(*cut(text, data))
        assert completion.text.startswith(streamed)


def cut(text, data):
    """Cut `text` at random places."""
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


class TestSalvage:
    FORM = json.dumps(RUN)
    CALL = ("run_code", {"code": "1 + 1"})

    @pytest.mark.parametrize(
        "text",
        [
            FORM,
            f"```json\n{FORM}\n```",
            f"```\n{FORM}\n```",
            f"I'll look at it.\n\n```json\n{FORM}\n```\nThen we know.",
            f"<tool_call>\n{FORM}\n</tool_call>",
            f"Let me see. <tool_call>{FORM}",
            f"```json\n{FORM}",
            f"I run this:\n{FORM}\n",
            f"[{FORM}]",
            FORM.replace("arguments", "parameters"),
            json.dumps(RUN, indent=4),
            '{"name": "run_code", "arguments": "{\\"code\\": \\"1 + 1\\"}"}',
        ],
    )
    def test_finds_a_call_that_stands_by_itself(self, text):
        assert calls_in(text) == [self.CALL]

    @pytest.mark.parametrize(
        "text",
        [
            f"{FORM}\n{FORM}",
            f"[{FORM}, {FORM}]",
            f"<tool_call>{FORM}</tool_call>\n<tool_call>{FORM}</tool_call>",
            f"```json\n{FORM}\n{FORM}\n```",
            f"first\n{FORM}\nthen\n{FORM}",
        ],
    )
    def test_finds_several(self, text):
        assert calls_in(text) == [self.CALL, self.CALL]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Use run_code to run the code.",
            f"You could write {FORM} for that.",
            f"{FORM} is how a call looks.",
            f"- {FORM}",
            f"```python\ncall = {FORM}\n```",
            f"```python\n{FORM}\n```",
            f"```json\n{{\n  // the call\n  {FORM}\n```",
            f"calls = [\n    {FORM},\n]",
            '{"name": "rm", "arguments": {"path": "/"}}',
            '{"name": "run_code"}',
            '{"name": "answer", "arguments": {"text": "hi"}}',
            '{"run_code": {"code": "1"}}',
            "run_code(code='1 + 1')",
            '{"name": "run_code", "arguments": {"code": "1',
        ],
    )
    def test_leaves_alone_what_only_mentions_a_tool(self, text):
        assert calls_in(text) == []

    def test_says_what_is_wrong_with_arguments(self):
        (call,) = salvage('{"name": "run_code", "arguments": "1 + 1"}', TOOLS)
        assert "one JSON object" in call.problem

    def test_takes_code_that_holds_a_fence(self):
        form = {"name": "run_code", "arguments": {"code": "s = '''\n```\n'''"}}
        assert calls_in(f"```json\n{json.dumps(form)}\n```") == [("run_code", form["arguments"])]

    @given(st.text())
    def test_takes_any_text(self, text):
        assert calls_in(text) == []

    @given(st.text('{}[]`\n" <tool_call>/namerguments:'))
    def test_takes_any_text_that_looks_like_calls(self, text):
        salvage(text, TOOLS)
