"""A completion put together from a stream's chunks, whatever shape the server gives them.

Servers differ: no index or always 0, an id or a name repeated in each piece, arguments as an
object, whole or in pieces, null deltas, a finish reason that doesn't mention the calls. So a new id
begins a new call, a name is set once, and of the finish reason only its presence and a cut count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from beaker_kernel.agent.model import Completion, TextDelta, ThoughtDelta, ToolCall, Usage
from beaker_kernel.agent.provider.salvage import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_NAME = re.compile(r"[^\w-]", re.ASCII)
"""What strict endpoints refuse in a function's name."""


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
        empty: whether nothing of an answer has come, not even a thought.
    """

    finish_reason: str = ""
    empty: bool = True
    _text: list[str] = field(default_factory=list)
    _half: str = ""
    _calls: list[_Call] = field(default_factory=list)
    _usage: Usage | None = None

    def feed(self, chunk: object) -> Iterator[TextDelta | ThoughtDelta]:
        """Take a chunk, as JSON of whatever shape; yield what can be shown at once."""
        taken = _mapping(chunk)
        self._count(_mapping(taken.get("usage")))
        for choice in map(_mapping, _list(taken.get("choices"))[:1]):
            if reason := choice.get("finish_reason"):
                self.finish_reason, self.empty = str(reason), False
            yield from self._take(_mapping(choice.get("delta") or choice.get("message")))

    def _take(self, delta: Mapping[str, Any]) -> Iterator[TextDelta | ThoughtDelta]:
        if thought := _text_of(delta.get("reasoning_content") or delta.get("reasoning")):
            self.empty = False
            yield ThoughtDelta(text=_without_halves(thought))
        if text := self._whole(_text_of(delta.get("content") or delta.get("refusal"))):
            self.empty = False
            self._text.append(text)
            yield TextDelta(text=text)
        for piece in map(_mapping, _list(delta.get("tool_calls"))):
            self.empty = False
            self._take_call(piece)

    def _whole(self, text: str) -> str:
        """Return text without halves of characters; one that its end lacks waits for the rest."""
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return _without_halves(text.removesuffix(self._half) if self._half else text)

    def _take_call(self, piece: Mapping[str, Any]) -> None:
        function = _mapping(piece.get("function"))
        id_, name = str(piece.get("id") or ""), str(function.get("name") or "")
        arguments = _written(function.get("arguments"))
        call = self._known(id_, piece.get("index"), name)
        if call is None or _begins_another(call, name, arguments):
            call = _Call(index=piece.get("index"))
            self._calls.append(call)
        call.id = call.id or id_
        call.name = call.name or name
        call.arguments += arguments

    def _known(self, id_: str, index: object, name: str) -> _Call | None:
        """Return the call that a piece may continue; one with a new id and a name continues none.

        Some servers send a new id with each piece of a call, but then without its name.
        """
        by_id = [call for call in self._calls if id_ and call.id == id_]
        if by_id or (id_ and name):
            return by_id[-1] if by_id else None
        by_index = [call for call in self._calls if index is not None and call.index == index]
        if by_index or (index is not None and name):
            return by_index[-1] if by_index else None
        return self._calls[-1] if self._calls else None

    def _count(self, usage: Mapping[str, Any]) -> None:
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(prompt, int) or isinstance(completion, int):
            self._usage = Usage(prompt_tokens=prompt or 0, completion_tokens=completion or 0)

    def finish(self) -> Completion:
        """Return the whole: the message to keep, and its calls with parsed arguments."""
        text, cut = "".join(self._text), self.finish_reason == "length"
        calls = tuple(_tool_call(call, cut=cut) for call in _with_own_ids(self._calls))
        return Completion(
            message=as_message(text, calls),
            text=text,
            tool_calls=calls,
            usage=self._usage,
            truncated=cut,
            filtered=self.finish_reason == "content_filter",
        )


def as_message(text: str, calls: tuple[ToolCall, ...]) -> dict[str, Any]:
    """Return an assistant's message as strict endpoints take it back."""
    if not calls:
        return {"role": "assistant", "content": text}
    written = [
        {
            "id": call.id,
            "type": "function",
            "function": {
                "name": _NO_NAME.sub("_", call.name)[:64] or "unnamed",
                "arguments": json.dumps(call.arguments),
            },
        }
        for call in calls
    ]
    return {"role": "assistant", "content": text or None, "tool_calls": written}


def _begins_another(call: _Call, name: str, arguments: str) -> bool:
    """Tell whether a named piece is a call after this one, where neither id nor index says so."""
    if name in ("", call.name):
        return bool(name and arguments) and _is_whole(call.arguments)
    return bool(call.name)


def _with_own_ids(calls: list[_Call]) -> Iterator[_Call]:
    """Yield the calls, each with an id of its own; some servers send none, or one for all."""
    seen = {""}
    for call in calls:
        id_ = f"call_{uuid4().hex[:24]}" if call.id in seen else call.id
        seen.add(id_)
        yield _Call(id=id_, name=call.name, arguments=call.arguments)


def _tool_call(call: _Call, *, cut: bool) -> ToolCall:
    """Return a call with its arguments parsed, or with what is wrong with them."""
    try:
        arguments, end = decode(call.arguments.strip() or "{}")
        trailing = call.arguments.strip()[end:]
    except ValueError as error:
        why = "the answer was cut off" if cut else str(error)
        return ToolCall(id=call.id, name=call.name, problem=f"the arguments are no JSON: {why}")
    if trailing or not isinstance(arguments, dict | None):
        problem = "the arguments must be one JSON object"
        return ToolCall(id=call.id, name=call.name, problem=problem)
    return ToolCall(id=call.id, name=call.name, arguments=arguments or {})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text_of(content: object) -> str:
    """Return a delta's text; some servers send a list of parts."""
    if isinstance(content, list):
        return "".join(_text_of(_mapping(part).get("text")) for part in content)
    return content if isinstance(content, str) else ""


def _without_halves(text: str) -> str:
    """Join the halves of characters that JSON escapes can hold; replace those that are alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _written(arguments: object) -> str:
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return json.dumps(arguments)


def _is_whole(arguments: str) -> bool:
    try:
        decode(arguments.strip())
    except ValueError:
        return False
    return True
