"""A model server whose answers are scripted: real HTTP, the real chat.completions protocol, SSE.

It is the only stand-in in these tests, and it can misbehave to the byte::

    with ScriptedModel() as model:
        model.when("cheapest", call("run_code", code="1 + 1"), text("Lyon."))
        ...                                   # OPENAI_BASE_URL=model.base_url
        assert model.requests[0].body["stream"]

`python -m tests.support.scripted_model "What it answers"` serves one answer to every question.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Step = bytes | float | Literal["hang", "cut"]
"""Bytes to send, seconds to wait, wait until the client goes, or cut the connection."""
Shape = Literal[
    "whole", "pieces", "no index", "index 0", "repeated", "object", "no id", "finish stop"
]
MODEL = "scripted-1"


@dataclass(frozen=True)
class Reply:
    """What is sent for one request: a status line, headers, then the steps."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before: tuple[Step, ...] = ()


@dataclass
class Recorded:
    """One request as it came; times are of `time.monotonic`."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    gone: threading.Event = field(default_factory=threading.Event)
    gone_at: float = 0.0

    @property
    def question(self) -> str:
        """The last text that a person wrote."""
        texts = [m["content"] for m in self.body.get("messages", []) if m["role"] == "user"]
        return next((text for text in reversed(texts) if isinstance(text, str)), "")


def event(data: object) -> bytes:
    """Return one server-sent event."""
    written = data if isinstance(data, str) else json.dumps(data)
    return f"data: {written}\n\n".encode()


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    """Return a chunk of a completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event(_envelope() | {"choices": [choice]} | more)


def _envelope() -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
    }


USAGE = event(
    _envelope()
    | {
        "choices": [],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
)
DONE = event("[DONE]")


def stream(*chunks: bytes, pause: float = 0.0, end: Sequence[Step] = (USAGE, DONE)) -> Reply:
    """Return a streaming reply; `pause` seconds between two chunks."""
    steps: list[Step] = []
    for piece in chunks:
        steps += [piece, pause] if pause else [piece]
    return Reply((*steps, *end))


def text(answer: str, *, pause: float = 0.0, size: int = 4, thought: str = "") -> Reply:
    """Answer with text, `size` characters a token."""
    pieces = [answer[i : i + size] for i in range(0, len(answer), size)]
    begin = [chunk({"role": "assistant", "content": ""})]
    begin += [chunk({"reasoning_content": thought})] if thought else []
    tokens = [chunk({"content": piece}) for piece in pieces]
    return stream(*begin, *tokens, chunk({}, "stop"), pause=pause)


def call(name: str, *, shape: Shape = "whole", say: str = "", **arguments: Any) -> Reply:
    """Call one tool, in one of the shapes that servers have."""
    return calls((name, arguments), shape=shape, say=say)


def calls(*wanted: tuple[str, dict[str, Any]], shape: Shape = "whole", say: str = "") -> Reply:
    """Call several tools in one completion."""
    deltas = [
        piece for n, (name, given) in enumerate(wanted) for piece in _pieces(n, name, given, shape)
    ]
    said = [chunk({"role": "assistant", "content": say or None})]
    finish = chunk({}, "stop" if shape == "finish stop" else "tool_calls")
    return stream(*said, *(chunk({"tool_calls": [d]}) for d in deltas), finish)


def _pieces(
    number: int, name: str, arguments: dict[str, Any], shape: Shape
) -> Iterator[dict[str, Any]]:
    """Yield the entries of `tool_calls` that make up one call."""
    written = json.dumps(arguments)
    place = {} if shape == "no index" else {"index": 0 if shape == "index 0" else number}
    id_ = {} if shape == "no id" else {"id": f"call_{uuid4().hex[:8]}"}
    base = {"type": "function", **place, **id_}
    if shape == "object":
        yield base | {"function": {"name": name, "arguments": arguments}}
    elif shape in ("pieces", "repeated"):
        half = len(written) // 2
        again = base if shape == "repeated" else place
        named = {"name": name} if shape == "repeated" else {}
        yield base | {"function": {"name": name, "arguments": ""}}
        yield again | {"function": {**named, "arguments": written[:half]}}
        yield again | {"function": {**named, "arguments": written[half:]}}
    else:
        yield base | {"function": {"name": name, "arguments": written}}


def refusal(status: int, message: str = "no", retry_after: float | None = None) -> Reply:
    """Answer with an error."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}})
    return Reply((body.encode(),), status, {"Content-Type": "application/json", **headers})


def hang(*chunks: bytes, before_headers: bool = False) -> Reply:
    """Send nothing more, before the headers or after some chunks, until the client goes."""
    if before_headers:
        return Reply(before=("hang",))
    return Reply((*chunks, "hang"))


def cut(*chunks: bytes, tail: bytes = b"") -> Reply:
    """Break the connection after some chunks, or in the middle of one."""
    return Reply((*chunks, tail, "cut"))


def garbage(body: bytes = b"<html>not a completion</html>") -> Reply:
    """Answer 200 with what is no stream of events."""
    return Reply((body,))


class ScriptedModel:
    """The server, in a thread of its own.

    Attributes:
        requests: every completion request, in order.
    """

    def __init__(self, default: Reply | None = None) -> None:
        self.requests: list[Recorded] = []
        self._default = default or text("I don't know.")
        self._script: list[tuple[str, list[Reply]]] = []
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scripted model")
        self._port = 0

    def when(self, question: str, *replies: Reply) -> None:
        """Answer requests whose question contains this text with the replies, one after another.

        The last reply repeats; what was said later goes first.
        """
        self._script.insert(0, (question, list(replies)))

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self._port}/v1"

    def wait_for_requests(self, number: int, timeout: float = 20) -> list[Recorded]:
        """Wait until so many requests have come, and return them."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= number, timeout):
                raise TimeoutError(f"{len(self.requests)} of {number} requests came")
        return self.requests

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request, answer it, and close the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.strip().split("\r\n")
        headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if request.split()[1].endswith("/models"):
            listed = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
            reply = Reply((json.dumps(listed).encode(),), 200, {"Content-Type": "application/json"})
            await self._send(reply, reader, writer)
            return
        recorded = Recorded(json.loads(body), headers, time.monotonic())
        with self._arrived:
            self.requests.append(recorded)
            self._arrived.notify_all()
        sending = asyncio.ensure_future(self._send(self._choose(recorded), reader, writer))
        leaving = asyncio.ensure_future(reader.read(1))
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            recorded.gone_at = time.monotonic()
            recorded.gone.set()
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)

    def _choose(self, request: Recorded) -> Reply:
        for question, replies in self._script:
            if question in request.question:
                return replies.pop(0) if len(replies) > 1 else replies[0]
        return self._default

    async def _send(
        self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for step in reply.before:
            await self._do(step, writer)
        headers = {"Content-Type": "text/event-stream", "Connection": "close", **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{n}: {v}" for n, v in headers.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        for step in reply.steps:
            await self._do(step, writer)
        await writer.drain()

    async def _do(self, step: Step, writer: asyncio.StreamWriter) -> None:
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case "hang":
                await asyncio.Event().wait()
            case "cut":
                writer.transport.abort()
            case seconds:
                await asyncio.sleep(float(seconds))


def main(answer: str, wait: Callable[[], object] = sys.stdin.read) -> None:
    """Serve one answer to every question until standard input ends."""
    with ScriptedModel(text(answer, pause=0.005)) as model:
        print(model.base_url, flush=True)
        wait()


if __name__ == "__main__":
    main(sys.argv[1])
