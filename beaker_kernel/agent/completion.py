"""A completion put together from a stream's chunks, whatever shape the server gives them.

Servers differ: no index or always 0, an id or a name repeated in each piece, arguments as an
object, whole or in pieces, null deltas, a finish reason that doesn't mention the calls. So a new id
begins a new call, a name is set once, and of the finish reason only its presence and a cut count.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from beaker_kernel.agent.model import Completion, TextDelta, ThoughtDelta, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Chunk = dict[str, Any]


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""
    index: int | None = None


@dataclass(slots=True)
class Accumulator:
    """Takes the chunks of one completion.

    Attributes:
        finish_reason: why the model stopped; empty while it has not said so.
    """

    finish_reason: str = ""
    _text: list[str] = field(default_factory=list)
    _calls: list[_Call] = field(default_factory=list)
    _usage: Usage | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing of an answer has come."""
        return not (self._text or self._calls or self.finish_reason)

    def feed(self, chunk: Chunk) -> Iterator[TextDelta | ThoughtDelta]:
        """Take in a chunk, as the API's JSON object, and yield what can be shown at once."""
        self._count(chunk.get("usage"))
        for choice in (chunk.get("choices") or ())[:1]:
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
            yield from self._take(choice.get("delta") or choice.get("message") or {})

    def _take(self, delta: Mapping[str, Any]) -> Iterator[TextDelta | ThoughtDelta]:
        if thought := delta.get("reasoning_content") or delta.get("reasoning"):
            yield ThoughtDelta(text=str(thought))
        if text := delta.get("content"):
            self._text.append(text)
            yield TextDelta(text=text)
        for piece in delta.get("tool_calls") or ():
            self._take_call(piece)

    def _take_call(self, piece: Mapping[str, Any]) -> None:
        call = self._call_of(piece)
        function = piece.get("function") or {}
        call.id = call.id or str(piece.get("id") or "")
        call.name = call.name or str(function.get("name") or "")
        arguments = function.get("arguments")
        call.arguments += arguments if isinstance(arguments, str) else _dumped(arguments)

    def _call_of(self, piece: Mapping[str, Any]) -> _Call:
        """Return the call that a piece continues, or a new one."""
        index, id_ = piece.get("index"), str(piece.get("id") or "")
        last = self._calls[-1] if self._calls else None
        if id_:
            last = next((call for call in self._calls if call.id == id_), None)
        elif index is not None:
            last = next((call for call in reversed(self._calls) if call.index == index), None)
        elif last and _is_whole(last.arguments) and (piece.get("function") or {}).get("name"):
            last = None
        if last is None:
            last = _Call(index=index)
            self._calls.append(last)
        return last

    def _count(self, usage: Mapping[str, Any] | None) -> None:
        if usage:
            prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
            self._usage = Usage(prompt_tokens=prompt or 0, completion_tokens=completion or 0)

    def finish(self) -> Completion:
        """Return the whole: the message to keep, and its calls with parsed arguments."""
        text = "".join(self._text)
        calls = tuple(_tool_call(call, self.finish_reason) for call in self._calls)
        return Completion(
            message=as_message(text, calls),
            text=text,
            tool_calls=calls,
            usage=self._usage,
            truncated=self.finish_reason == "length",
        )


def as_message(text: str, calls: tuple[ToolCall, ...]) -> dict[str, Any]:
    """Return an assistant's message as strict endpoints take it back."""
    if not calls:
        return {"role": "assistant", "content": text}
    written = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
        }
        for call in calls
    ]
    return {"role": "assistant", "content": text or None, "tool_calls": written}


def _tool_call(call: _Call, finish_reason: str) -> ToolCall:
    id_ = call.id or f"call_{uuid4().hex[:24]}"
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError as error:
        cut = " (the answer was cut off)" if finish_reason == "length" else ""
        return ToolCall(id=id_, name=call.name, problem=f"the arguments are no JSON: {error}{cut}")
    if not isinstance(arguments, dict):
        return ToolCall(id=id_, name=call.name, problem="the arguments must be a JSON object")
    return ToolCall(id=id_, name=call.name, arguments=arguments)


def _dumped(arguments: object) -> str:
    return "" if arguments is None else json.dumps(arguments)


def _is_whole(arguments: str) -> bool:
    try:
        json.loads(arguments)
    except ValueError:
        return False
    return True
