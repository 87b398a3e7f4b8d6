"""Calls that a model wrote as text, where its endpoint should have read them but did not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from beaker_kernel.agent.model import ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from beaker_kernel.agent.model import ToolSpec

_DECODER = json.JSONDecoder(strict=False)
"""Takes raw line breaks in strings, which small models write."""
_BLOCK = re.compile(
    r"^```(?P<language>\w*)[^\n]*\n(?P<fenced>.*?)(?:^```|\Z)|<tool_call>(?P<tagged>.*?)(?:</tool_call>|\Z)",
    re.DOTALL | re.MULTILINE,
)
_CALLS_ARE_IN = {"", "json", "tool_call"}
"""Languages of fences; in any other, a form is data of somebody's program."""


def salvage(text: str, tools: Sequence[ToolSpec]) -> tuple[ToolCall, ...]:
    """Return the calls of known tools that stand in `text` by themselves.

    That is as the whole text, as a whole fenced or tagged block, or on lines of their own; a form
    inside a sentence or inside a program is only being talked about.
    """
    known = {tool.name for tool in tools}
    calls = (as_call(value) for value in _values(text))
    return tuple(call for call in calls if call and call.name in known)


def as_call(form: object) -> ToolCall | None:
    """Read ``{"name": …, "arguments" or "parameters": …}`` as a call; None for anything else."""
    if not isinstance(form, dict) or not isinstance(form.get("name"), str):
        return None
    if not form.keys() & {"arguments", "parameters"}:
        return None
    arguments, problem = _arguments(form.get("arguments", form.get("parameters")))
    return ToolCall(
        id=f"call_{uuid4().hex}", name=form["name"], arguments=arguments, problem=problem
    )


def _arguments(written: object) -> tuple[dict[str, Any], str]:
    """Return arguments and what is wrong with them; some models write the object as a string."""
    if isinstance(written, str):
        try:
            written = decode(written)[0]
        except ValueError:
            return {}, "the arguments are no valid JSON; write them as one object"
    if isinstance(written, dict):
        return written, ""
    return {}, "the arguments must be one JSON object"


def decode(text: str, start: int = 0) -> tuple[Any, int]:
    """Decode the JSON value at `start`; return it, fit for UTF-8, and where it ends.

    Raises:
        ValueError: there is no whole value.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    without_lone_surrogates = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return json.loads(without_lone_surrogates), end


def _values(text: str) -> Iterator[object]:
    """Yield the JSON values that stand in `text` by themselves."""
    if whole := _all_values(text):
        yield from whole
        return
    end = 0
    for block in _BLOCK.finditer(text):
        yield from _values_on_lines(text[end : block.start()])
        if (block["language"] or "").lower() in _CALLS_ARE_IN:
            yield from _all_values(block["fenced"] or block["tagged"] or "")
        end = block.end()
    yield from _values_on_lines(text[end:])


def _all_values(text: str) -> list[object]:
    """Return the values, in a row or an array, that `text` wholly is; none, if it is more."""
    values: list[object] = []
    rest = text.strip()
    while rest:
        try:
            value, end = decode(rest)
        except ValueError:
            return []
        values += value if isinstance(value, list) else [value]
        rest = rest[end:].lstrip()
    return values


def _values_on_lines(text: str) -> Iterator[object]:
    """Yield the objects that begin at a line's first column and have nothing after them."""
    end = 0
    for line in re.finditer(r"^\{", text, re.MULTILINE):
        if line.start() < end:
            continue
        try:
            value, end = decode(text, line.start())
        except ValueError:
            continue
        if not text[end:].partition("\n")[0].strip():
            yield value
