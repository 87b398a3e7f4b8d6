"""A model behind any OpenAI-compatible endpoint, by streaming chat completions.

The SDK is imported with the first question. It retries nothing: our own loop does, so that the
person sees each wait and can end it. A stream is never retried once its first token has come.
"""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, Literal

from beaker_kernel.agent.model import Completion, Message, Retry, TextDelta
from beaker_kernel.agent.provider import structured
from beaker_kernel.agent.provider.completion import Accumulator, as_message
from beaker_kernel.agent.provider.failures import Failure, explain, no_end

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from openai import AsyncOpenAI

    from beaker_kernel.agent.model import ModelEvent, ToolSpec
    from beaker_kernel.agent.provider.endpoints import Endpoint
    from beaker_kernel.agent.provider.structured import StructuredReader

ToolMode = Literal["auto", "native", "json"]
FORM_TOKENS = 4096
"""Tokens after which a reply by forms is cut: small models can repeat themselves without end."""


class _Failed(Exception):
    """There is no whole answer."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


class OpenAIModel:
    """A `Model` over chat.completions.

    Args:
        endpoint: where, which model, and the key.
        connect_timeout: seconds until the connection stands.
        idle_timeout: seconds without a byte after which the endpoint counts as gone.
        max_retries: visible retries before the first token.
        tool_mode: how tools are told: by the API, by `response_format`, or found out.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        connect_timeout: float = 10.0,
        idle_timeout: float = 60.0,
        max_retries: int = 4,
        tool_mode: ToolMode = "auto",
    ) -> None:
        self._endpoint = endpoint
        self._timeouts = connect_timeout, idle_timeout
        self._max_retries = max_retries
        self._forms = tool_mode == "json" or (tool_mode == "auto" and endpoint.small)
        self._may_switch = tool_mode == "auto"
        self._reused = False  # whether the next request may go over a connection that was kept
        self._sdk: AsyncOpenAI | None = None
        self._loading = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._endpoint.model

    @property
    def endpoint(self) -> str:
        """The endpoint's base URL."""
        return self._endpoint.base_url

    @property
    def attempts(self) -> int:
        """How often it is asked at most."""
        return self._max_retries + 1

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue `messages`; the last event is a `Completion`.

        Raises:
            ModelError: one of its subclasses, whose text names endpoint, cause and next step.
        """
        sdk = await asyncio.to_thread(self._load) if self._sdk is None else self._sdk
        attempt = 0
        while True:
            try:
                async with aclosing(self._attempt(sdk, messages, tools)) as events:
                    async for event in events:
                        yield event
                return
            except _Failed as failed:
                failure = failed.failure
            if self._mend(failure):
                continue
            attempt += 1
            yield (retry := self._retry(failure, attempt))
            await asyncio.sleep(retry.delay)

    async def close(self) -> None:
        """Release the connection pool."""
        if self._sdk:
            await self._sdk.close()

    def _mend(self, failure: Failure) -> bool:
        """Tell whether to ask again at once: over a new connection, or without native tools."""
        stale, self._reused = self._reused and failure.disconnected, False
        switch = failure.on_tools and self._may_switch and not self._forms
        self._forms = self._forms or switch
        return stale or switch

    def _retry(self, failure: Failure, attempt: int) -> Retry:
        """Return how long to wait before asking again. Raises the failure where that is no use."""
        if not failure.temporary or attempt > self._max_retries:
            raise failure.error
        delay = _backoff(attempt) if failure.delay is None else failure.delay
        return Retry(reason=failure.what, delay=delay, attempt=attempt)

    async def _attempt(
        self, sdk: AsyncOpenAI, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask once. Raises `_Failed`."""
        forms = bool(tools) and self._forms
        reader = structured.StructuredReader() if forms else None
        accumulator = Accumulator()
        request = _by_forms(messages, tools) if forms else _native(messages, tools)
        async with self._failing(accumulator), self._open(sdk, request) as chunks:
            async for chunk in chunks:
                for event in accumulator.feed(chunk):
                    for shown in _through(reader, event):
                        yield shown
        self._check(accumulator)
        completion = accumulator.finish()
        if reader:
            read = reader.finish()
            if rest := read.text[len(reader.shown) :]:
                yield TextDelta(text=rest)
            truncated = read.truncated or completion.truncated
            completion = replace(
                read, usage=completion.usage, truncated=truncated, filtered=completion.filtered
            )
        yield _salvaged(completion, tools)

    @asynccontextmanager
    async def _open(self, sdk: AsyncOpenAI, request: dict[str, Any]) -> AsyncIterator[Any]:
        """Send a request; leaving closes the connection, so that no token is paid unseen."""
        from openai import AsyncStream  # noqa: PLC0415

        # `sdk.chat.completions` makes typed objects of all that goes out and comes in: 0.5 ms for
        # a message, 0.1 ms for a token, and its import is half a second of the first question.
        stream = await sdk.post(
            "/chat/completions",
            body={
                "model": self.name,
                "stream": True,
                "stream_options": {"include_usage": True},
                **request,
            },
            cast_to=object,
            stream=True,
            stream_cls=AsyncStream[object],
        )
        async with stream:
            yield stream
        self._reused = True

    @asynccontextmanager
    async def _failing(self, accumulator: Accumulator) -> AsyncIterator[None]:
        """Turn the SDK's exceptions, whose requests hold the key, into `_Failed`."""
        import openai  # noqa: PLC0415 (more than ipykernel's import: on the first question only)

        try:
            yield
        except (openai.OpenAIError, JSONDecodeError, UnicodeDecodeError) as error:
            failure = explain(error, self._endpoint, begun=not accumulator.empty)
        else:
            return
        raise _Failed(failure)

    def _check(self, accumulator: Accumulator) -> None:
        """Raise if a stream that ended politely is no whole answer."""
        if not accumulator.finish_reason:
            raise _Failed(no_end(self._endpoint, begun=not accumulator.empty))

    def _load(self) -> AsyncOpenAI:
        """Return the SDK's client; the first time this takes a second, so it runs in a thread."""
        with self._loading:
            if self._sdk is None:
                self._sdk = self._new_client()
            return self._sdk

    def _new_client(self) -> AsyncOpenAI:
        import openai  # noqa: PLC0415

        connect, idle = self._timeouts
        return openai.AsyncOpenAI(
            api_key=self._endpoint.api_key,
            base_url=self.endpoint,
            max_retries=0,
            timeout=openai.Timeout(idle, connect=connect),
            http_client=openai.DefaultAsyncHttpxClient(
                # A proxy that the environment names can't reach this machine's own servers, and
                # who asks one of them doesn't want the question to go on to another machine.
                trust_env=not self._endpoint.local,
                follow_redirects=not self._endpoint.local,
            ),
        )


def _through(reader: StructuredReader | None, event: ModelEvent) -> Sequence[ModelEvent]:
    """Return what an event shows; text that is a form goes through its reader."""
    return reader.feed(event.text) if reader and isinstance(event, TextDelta) else (event,)


def _native(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """Return the fields of a request to an endpoint that knows tools."""
    told = {"tools": [_function(tool) for tool in tools]} if tools else {}
    return {"messages": list(messages), **told}


def _by_forms(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """Return the fields of a request whose answer is one of the tools' forms."""
    return {
        "messages": _with_instructions(structured.flatten(messages), tools),
        "response_format": structured.response_format(tools),
        "temperature": 0,
        "max_tokens": FORM_TOKENS,
    }


def _salvaged(completion: Completion, tools: Sequence[ToolSpec]) -> Completion:
    """Return a completion with the calls that the model wrote as text, if it wrote any."""
    calls = () if completion.tool_calls else structured.salvage(completion.text, tools)
    if not calls:
        return completion
    return replace(completion, message=as_message("", calls), text="", tool_calls=calls)


def _with_instructions(messages: list[Message], tools: Sequence[ToolSpec]) -> list[Message]:
    """Append the forms to the system message, or begin with one."""
    added = structured.instructions(tools)
    if messages and messages[0]["role"] == "system":
        first = {**messages[0], "content": f"{messages[0]['content']}\n\n{added}"}
        return [first, *messages[1:]]
    return [{"role": "system", "content": added}, *messages]


def _function(tool: ToolSpec) -> dict[str, Any]:
    """Return a tool as the API's `tools` field has it."""
    described = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": described}


def _backoff(attempt: int) -> float:
    """Seconds before the next try: half a second, doubled each time, with jitter."""
    return 0.5 * 2.0 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311 (no secret)
