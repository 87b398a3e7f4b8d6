"""A model server whose answers are scripted: real HTTP, the real chat.completions protocol, SSE.

It is the only stand-in in these tests, and it can misbehave to the byte::

    with ScriptedModel() as model:            # or `async with`, in the test's own loop
        model.when("cheapest", call("run_code", code="1 + 1"), text("Lyon."))
        ...                                   # OPENAI_BASE_URL=model.base_url
        assert model.requests[0].body["stream"]

As a process, `python -m tests.support.scripted_model --port 0 script.json` prints its address and
serves until standard input ends. A script has the same words::

    {"default": {"text": {"answer": "I don't know."}},
     "when": [["cheapest", {"call": {"name": "run_code", "code": "1 + 1"}},
                           {"text": {"answer": "Lyon."}}]]}
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio.from_thread import start_blocking_portal

from tests.support.replies import (
    MODEL,
    USED,
    Reply,
    call,
    calls,
    chunk,
    cut,
    described,
    drip,
    envelope,
    event,
    garbage,
    hang,
    noisy,
    refusal,
    stream,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.replies import Step

__all__ = [
    "MODEL",
    "Reply",
    "Request",
    "ScriptedModel",
    "call",
    "calls",
    "chunk",
    "cut",
    "drip",
    "event",
    "garbage",
    "hang",
    "noisy",
    "refusal",
    "stream",
    "text",
]

JSON = {"Content-Type": "application/json"}


@dataclass
class Request:
    """One completion request as it came; times are of `time.monotonic`.

    Attributes:
        answered_at: when the last byte of the answer was handed over.
        gone: set when the client leaves before its answer is over, at `gone_at`.
    """

    body: dict[str, Any]
    headers: dict[str, str]
    at: float = field(default_factory=time.monotonic)
    answered_at: float = 0.0
    gone: threading.Event = field(default_factory=threading.Event)
    gone_at: float = 0.0

    @property
    def question(self) -> str:
        """The last text that a person wrote."""
        texts = [m["content"] for m in self.body.get("messages", []) if m["role"] == "user"]
        return next((text for text in reversed(texts) if isinstance(text, str)), "")

    def holds(self, text: str) -> bool:
        """Tell whether a text stands anywhere in the request, tool results included."""
        return text in json.dumps(self.body, ensure_ascii=False)

    def leave(self) -> None:
        """Note that the client has gone."""
        self.gone_at = time.monotonic()
        self.gone.set()


class ScriptedModel:
    """The server: in the running loop (`async with`) or in a thread of its own (`with`).

    Attributes:
        requests: every completion request, in order.
        models: what GET /models lists.
    """

    def __init__(self, default: Reply | None = None, *, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.models: list[dict[str, Any]] = [{"id": MODEL, "object": "model"}]
        self._default = default or text("I don't know.")
        self._script: list[tuple[Callable[[Request], bool], list[Reply]]] = []
        self._arrived = threading.Condition()
        self._connections: set[asyncio.Task[None] | None] = set()
        self._port = port

    def when(self, wanted: str | Callable[[Request], bool], *replies: Reply) -> None:
        """Answer requests with the replies, one after another; the last one repeats.

        Args:
            wanted: a text that the question contains, or what a request must fulfil. What was
                said later goes first.
        """
        fits = (lambda request: wanted in request.question) if isinstance(wanted, str) else wanted
        self._script.insert(0, (fits, list(replies)))

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self._port}/v1"

    def wait_for_requests(self, number: int, timeout: float = 20) -> list[Request]:
        """Wait until so many requests have come, and return them."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= number, timeout):
                raise TimeoutError(f"{len(self.requests)} of {number} requests came")
        return self.requests

    async def __aenter__(self) -> ScriptedModel:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        tasks = [task for task in self._connections if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __enter__(self) -> ScriptedModel:
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(portal.wrap_async_context_manager(self))
            self._thread = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            first = await reader.read(1)
            while first:
                first = await self._exchange(first, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # asyncio logs a connection's task that ends as cancelled
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        """Read a request whose first byte has come, answer it, return the next one's first byte."""
        line, headers = _head(first + await reader.readuntil(b"\r\n\r\n"))
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        once = line.endswith("1.0")
        if line.split()[1].endswith("/models"):
            await _send(_json({"object": "list", "data": self.models}), writer, chunked=not once)
            return b"" if once else await reader.read(1)
        at = time.monotonic()
        request = self._record(Request(json.loads(body), headers, at))
        sending = asyncio.create_task(self._answer(request, writer, chunked=not once))
        following = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({sending, following}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() or sending.exception():
                request.leave()
                return b""
            return b"" if once else await following
        finally:
            sending.cancel()
            following.cancel()
            await asyncio.gather(sending, following, return_exceptions=True)

    async def _answer(
        self, request: Request, writer: asyncio.StreamWriter, *, chunked: bool
    ) -> None:
        await _send(self._choose(request), writer, chunked=chunked)
        request.answered_at = time.monotonic()

    def _record(self, request: Request) -> Request:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        return request

    def _choose(self, request: Request) -> Reply:
        replies = next((replies for fits, replies in self._script if fits(request)), None)
        if replies is None:
            reply = self._default
        else:
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply if request.body.get("stream") else _at_once(reply)


def _head(head: bytes) -> tuple[str, dict[str, str]]:
    """Return the request line and the headers, their names in small letters."""
    line, *lines = head.decode("latin-1").strip().split("\r\n")
    parts = (line.partition(": ") for line in lines)
    return line, {name.lower(): value for name, _, value in parts}


def _json(data: object) -> Reply:
    return Reply(steps=(json.dumps(data).encode(),), headers=JSON)


def _at_once(reply: Reply) -> Reply:
    """Return a reply for a client that wants no stream; a fault stays what it is."""
    if reply.message is None:
        return reply
    finish = "tool_calls" if "tool_calls" in reply.message else "stop"
    whole = envelope("chat.completion", message=reply.message, finish_reason=finish)
    return replace(_json(whole | {"usage": USED}), status=reply.status)


async def _send(reply: Reply, writer: asyncio.StreamWriter, *, chunked: bool) -> None:
    """Send a reply; to a client of HTTP/1.0 without framing."""
    framing = {"Transfer-Encoding": "chunked"} if chunked else {"Connection": "close"}
    headers = {**reply.headers, **framing}
    lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{n}: {v}" for n, v in headers.items())]
    for step in reply.before:
        await _take(step, writer, chunked=False)
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    for step in reply.steps:
        await _take(step, writer, chunked=chunked)
    writer.write(b"0\r\n\r\n" if chunked else b"")
    await writer.drain()


async def _take(step: Step, writer: asyncio.StreamWriter, *, chunked: bool) -> None:
    match step:
        case bytes():
            writer.write(b"%x\r\n%s\r\n" % (len(step), step) if chunked and step else step)
            await writer.drain()
        case "hang":
            await asyncio.Event().wait()
        case "cut":
            writer.transport.abort()
            raise ConnectionAbortedError
        case seconds:
            await asyncio.sleep(float(seconds))


def scripted(script: dict[str, Any], *, port: int = 0) -> ScriptedModel:
    """Return the server that a script describes."""
    default = script.get("default")
    model = ScriptedModel(described(default) if default else None, port=port)
    for wanted, *replies in reversed(script.get("when", [])):
        model.when(wanted, *map(described, replies))
    return model


def main(argv: Sequence[str] | None = None) -> None:
    """Serve a script until standard input ends."""
    parser = argparse.ArgumentParser(description="Serve scripted answers of a model.")
    parser.add_argument("script", type=Path, help="the script, a JSON file")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    given = parser.parse_args(argv)
    with scripted(json.loads(given.script.read_text()), port=given.port) as model:
        print(model.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
