"""What a scripted model may answer: text, tool calls in all the shapes that servers have, faults.

A reply is a row of steps: bytes to send, seconds to wait, or an end that no server should make.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Step = bytes | float | Literal["hang", "cut"]
"""Bytes to send, seconds to wait, wait until the client goes, or cut the connection."""
Shape = Literal[
    "whole",
    "pieces",
    "no index",
    "index 0",
    "repeated",
    "object",
    "no id",
    "no id, index 0",
    "new ids",
    "one delta",
    "finish stop",
]
Call = tuple[str, dict[str, Any]]
MODEL = "scripted-1"
USED = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is sent for one request.

    Attributes:
        steps: what follows the headers.
        before: what comes before the status line.
        message: what is sent instead to a client that wants no stream.
    """

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})
    before: tuple[Step, ...] = ()
    message: dict[str, Any] | None = None


def event(data: object) -> bytes:
    """Return one server-sent event."""
    written = data if isinstance(data, str) else json.dumps(data)
    return f"data: {written}\n\n".encode()


def chunk(delta: dict[str, Any] | None, finish: str | None = None) -> bytes:
    """Return a chunk of a completion."""
    return event(envelope("chat.completion.chunk", delta=delta, finish_reason=finish))


def envelope(kind: str, **choice: Any) -> dict[str, Any]:
    """Return what stands around a completion's one choice, or around none."""
    choices = [{"index": 0, **choice}] if choice else []
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": MODEL, "choices": choices}


USAGE = event(envelope("chat.completion.chunk") | {"usage": USED})
DONE = event("[DONE]")
CORRUPT = b'data: {"choices": [{"delta": {"cont\n\n'
EMPTY = (
    b": still here\n\n",
    event({}),
    event([]),
    event({"choices": None}),
    event({"choices": []}),
    event({"choices": [{}]}),
    chunk(None),
    chunk({"content": None, "reasoning_content": None, "tool_calls": None}),
)
"""Events that say nothing; each of them is sent by some server."""


def stream(*chunks: bytes, pause: float = 0.0, end: tuple[Step, ...] = (USAGE, DONE)) -> Reply:
    """Return a streaming reply; `pause` seconds after each chunk."""
    steps: list[Step] = []
    for piece in chunks:
        steps += [piece, pause] if pause else [piece]
    return Reply(steps=(*steps, *end))


def text(
    answer: str,
    *,
    pause: float = 0.0,
    size: int = 4,
    thought: str = "",
    thought_field: str = "reasoning_content",
) -> Reply:
    """Answer with text, `size` characters a token."""
    pieces = [answer[i : i + size] for i in range(0, len(answer), size)]
    begin = [chunk({"role": "assistant", "content": ""})]
    begin += [chunk({thought_field: thought})] if thought else []
    tokens = [chunk({"content": piece}) for piece in pieces]
    reply = stream(*begin, *tokens, chunk({}, "stop"), pause=pause)
    return replace(reply, message={"role": "assistant", "content": answer})


def call(name: str, *, shape: Shape = "whole", say: str = "", **arguments: Any) -> Reply:
    """Call one tool, in one of the shapes that servers have."""
    return calls((name, arguments), shape=shape, say=say)


def calls(*wanted: Call, shape: Shape = "whole", say: str = "") -> Reply:
    """Call several tools in one completion."""
    entries = [entry for n, call in enumerate(wanted) for entry in _entries(n, call, shape)]
    groups = [entries] if shape == "one delta" else [[entry] for entry in entries]
    deltas = [chunk({"tool_calls": group}) for group in groups]
    said = chunk({"role": "assistant", "content": say or None})
    reply = stream(said, *deltas, chunk({}, "stop" if shape == "finish stop" else "tool_calls"))
    whole = [entry for n, call in enumerate(wanted) for entry in _entries(n, call, "whole")]
    message = {"role": "assistant", "content": say or None, "tool_calls": whole}
    return replace(reply, message=message)


def _entries(number: int, call: Call, shape: Shape) -> Iterator[dict[str, Any]]:
    """Yield the entries of `tool_calls` that make up one call."""
    name, arguments = call
    written = json.dumps(arguments)
    place = {} if shape == "no index" else {"index": 0 if "index 0" in shape else number}
    id_ = {} if "no id" in shape else {"id": f"call_{uuid4().hex[:8]}"}
    base: dict[str, Any] = {"type": "function", **place, **id_}
    if shape == "object":
        yield base | {"function": {"name": name, "arguments": arguments}}
    elif shape in ("pieces", "repeated", "new ids"):
        yield base | {"function": {"name": name, "arguments": ""}}
        again = {"pieces": place, "repeated": base, "new ids": place | {"id": f"again_{number}"}}
        named = {"name": name} if shape == "repeated" else {}
        half = len(written) // 2
        for piece in (written[:half], written[half:], ""):
            yield again[shape] | {"function": {**named, "arguments": piece}}
    else:
        yield base | {"function": {"name": name, "arguments": written}}


def noisy(reply: Reply) -> Reply:
    """Send each kind of empty event before each step."""
    steps = tuple(part for step in reply.steps for part in (*EMPTY, step))
    return replace(reply, steps=steps)


def drip(reply: Reply, *, pause: float = 0.0, size: int = 1) -> Reply:
    """Send a reply `size` bytes at a time."""
    steps: list[Step] = []
    for step in reply.steps:
        if isinstance(step, bytes):
            pieces = [step[i : i + size] for i in range(0, len(step), size)]
            steps += [part for piece in pieces for part in (piece, pause)]
        else:
            steps.append(step)
    return replace(reply, steps=tuple(steps))


def refusal(status: int, message: str = "no", retry_after: float | str | None = None) -> Reply:
    """Answer with an error."""
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}})
    return Reply(steps=(body.encode(),), status=status, headers=headers)


def hang(*chunks: bytes, before_headers: bool = False) -> Reply:
    """Send nothing more, before the headers or after some chunks, until the client goes."""
    return Reply(before=("hang",)) if before_headers else Reply(steps=(*chunks, "hang"))


def cut(*chunks: bytes, tail: bytes = b"", before_headers: bool = False) -> Reply:
    """Break the connection: before the headers, after some chunks, or in the middle of one."""
    return Reply(before=("cut",)) if before_headers else Reply(steps=(*chunks, tail, "cut"))


def garbage(body: bytes = b"<html>not a completion</html>") -> Reply:
    """Answer 200 with what is no stream of events."""
    return Reply(steps=(body,), headers={"Content-Type": "text/html"})


BUILDERS: dict[str, Callable[..., Reply]] = {
    "text": text,
    "call": call,
    "refusal": refusal,
    "hang": hang,
    "cut": cut,
    "garbage": garbage,
}


def described(written: dict[str, dict[str, Any]]) -> Reply:
    """Return a reply that a script names: ``{"text": {"answer": "Lyon.", "pause": 0.01}}``."""
    ((name, given),) = written.items()
    return BUILDERS[name](**given)
