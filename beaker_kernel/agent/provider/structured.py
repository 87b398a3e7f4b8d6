"""Tools for endpoints that know none: each reply is one JSON form, and a form stands for a call.

The request's `response_format` allows one form per tool, plus the form `answer`, which ends the
turn; `flatten` writes the conversation in the same forms, and `StructuredReader` reads the reply.
All of it is pure: text and values in, events out.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from beaker_kernel.agent.model import Completion, TextDelta, ToolCall, ToolSpec
from beaker_kernel.agent.provider.completion import as_message
from beaker_kernel.agent.provider.salvage import as_call, decode, salvage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from beaker_kernel.agent.model import Message

__all__ = ["StructuredReader", "flatten", "instructions", "response_format", "salvage"]

ANSWER = ToolSpec(
    name="answer",
    description="Say something to the person. This ends your turn.",
    parameters={
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
        "additionalProperties": False,
    },
)


def response_format(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """Return the request's field that makes the endpoint write one of the forms, nothing else."""
    schema = {"anyOf": [_form_schema(tool) for tool in (*tools, ANSWER)]}
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}


def _form_schema(tool: ToolSpec) -> dict[str, Any]:
    """Return one form's schema; `name` comes first, so that the model decides before it writes."""
    return {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "arguments": tool.parameters},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def instructions(tools: Sequence[ToolSpec]) -> str:
    """Return what the system message has to add: the forms."""
    forms = "\n\n".join(_described_form(tool) for tool in (*tools, ANSWER))
    return f"Each reply is one JSON object in one of these forms.\n\n{forms}"


def _described_form(tool: ToolSpec) -> str:
    arguments = dict.fromkeys(tool.parameters.get("properties", {}), "…")
    return f"{tool.description}\n{_form(tool.name, arguments)}"


def _form(name: str, arguments: object) -> str:
    """Write a form over several lines: closing with ``"}}`` in one token, small models miss it."""
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False, indent=1)


def flatten(messages: Sequence[Message]) -> list[Message]:
    """Return the messages without tools: calls and answers as forms, results as the person's text.

    Worked turns come before the first question: shown in the conversation, and only there, they
    make a model of half a billion parameters use the session's variables by name.
    """
    systems = [message for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    whole = [*systems, *_worked_turns(), *others]
    names = {call["id"]: call["function"]["name"] for message in whole for call in _calls(message)}
    return [_flat(message, names) for message in whole]


def _calls(message: Message) -> Sequence[dict[str, Any]]:
    return message.get("tool_calls") or ()


def _flat(message: Message, names: dict[str, str]) -> Message:
    match message["role"]:
        case "assistant":
            return {"role": "assistant", "content": "\n".join(_forms(message))}
        case "tool":
            name = names.get(message["tool_call_id"], "the tool")
            return {"role": "user", "content": f"Result of {name}:\n{message['content']}"}
        case _:
            return message


def _forms(message: Message) -> Iterator[str]:
    """Yield an assistant's message as the forms in which it would have been written."""
    said, calls = message.get("content") or "", _calls(message)
    if said or not calls:
        yield _form(ANSWER.name, {"text": said})
    for call in calls:
        function = call["function"]
        yield _form(function["name"], json.loads(function["arguments"]))


@cache
def _worked_turns() -> tuple[Message, ...]:
    """Return the turns of `prompts/worked_cells.json` as messages."""
    source = files("beaker_kernel.agent").joinpath("prompts/worked_cells.json")
    turns = json.loads(source.read_text(encoding="utf-8"))
    return tuple(message for turn in turns for message in _worked_turn(**turn))


def _worked_turn(asked: str, answer: str, code: str = "") -> Iterator[Message]:
    yield {"role": "user", "content": asked}
    if code:
        call = ToolCall(id="worked", name="insert_cell", arguments={"code": code})
        yield as_message("", (call,))
        result = "The cell is in the notebook; the person can run it now."
        yield {"role": "tool", "tool_call_id": "worked", "content": result}
    yield {"role": "assistant", "content": answer}


class StructuredReader:
    """Reads one reply as it arrives; `shown` is what `feed` has given of the answer.

    An answer's text is streamed while its JSON string is still open. Text that is no JSON is the
    answer as it stands.
    """

    def __init__(self) -> None:
        self.shown = ""
        self._text = ""

    def feed(self, text: str) -> list[TextDelta]:
        """Take a piece of the reply; return what it adds to the answer."""
        self._text += text
        new = self._answer()[len(self.shown) :]
        self.shown += new
        return [TextDelta(text=new)] if new else []

    def finish(self) -> Completion:
        """Return the whole reply; its text goes on where `shown` ends, if a form was malformed."""
        if not self._is_form():
            return _said(self._text)
        try:
            form, cut = decode(self._text.lstrip())[0], False
        except ValueError:
            form, cut = self._beginning(), True
        answer, call = _answer_in(form), as_call(form)
        if answer is None and call and call.name != ANSWER.name:
            return _called(call, cut=cut)
        broken = cut and (form is not None or bool(self.shown))
        return _said(self.shown or self._text if answer is None else answer, truncated=broken)

    def _is_form(self) -> bool:
        return self._text.lstrip().startswith("{")

    def _beginning(self) -> object:
        """Return as much of the form as has come; None if this is no JSON."""
        try:
            return from_json(self._text, allow_partial="trailing-strings")
        except ValueError:
            return None

    def _answer(self) -> str:
        """Return as much of the answer as is known; one cut inside an escape ends before it."""
        if self._is_form():
            return _answer_in(self._beginning()) or ""
        return self._text if self._text.strip() else ""


def _answer_in(form: object) -> str | None:
    """Return the text of an answer's form; None for any other."""
    call = as_call(form)
    text = call.arguments.get("text") if call and call.name == ANSWER.name else None
    return text if isinstance(text, str) else None


def _said(text: str, *, truncated: bool = False) -> Completion:
    return Completion(message=as_message(text, ()), text=text, truncated=truncated)


def _called(call: ToolCall, *, cut: bool) -> Completion:
    if cut:
        problem = "the call was cut off before its end; write it again, shorter"
        call = replace(call, arguments={}, problem=problem)
    return Completion(message=as_message("", (call,)), text="", tool_calls=(call,), truncated=cut)
