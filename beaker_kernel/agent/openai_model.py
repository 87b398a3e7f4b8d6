"""A model behind any OpenAI-compatible endpoint, by streaming chat completions.

The SDK is imported with the first question. It retries nothing: our own loop does, so that the
person sees each wait and can end it. A stream is never retried once its first token has come.
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from beaker_kernel.agent import structured
from beaker_kernel.agent.completion import Accumulator, as_message
from beaker_kernel.agent.model import Completion, Message, Retry, TextDelta
from beaker_kernel.errors import (
    ModelAuthError,
    ModelError,
    ModelRateLimited,
    ModelResponseError,
    ModelUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from openai import APIError, APIStatusError, AsyncOpenAI

    from beaker_kernel.agent.endpoints import Endpoint
    from beaker_kernel.agent.model import ModelEvent, ToolSpec

ToolMode = Literal["auto", "native", "json"]
RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
REFUSES_TOOLS = frozenset({400, 404, 422, 501})
FORM_TOKENS = 4096
"""Tokens after which a reply by forms is cut: small models can repeat themselves without end."""
LONGEST_WAIT = 60.0
"""Seconds: the longest wait that an endpoint's Retry-After is granted."""


class _Again(Exception):
    """The request may be sent again after `delay` seconds."""

    def __init__(self, reason: str, delay: float | None, final: ModelError) -> None:
        self.reason, self.delay, self.final = reason, delay, final


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
        self._sdk: AsyncOpenAI | None = None
        self._reused = False  # whether the next request may go over a connection that was kept

    @property
    def name(self) -> str:
        """The model's name."""
        return self._endpoint.model

    @property
    def endpoint(self) -> str:
        """The endpoint's base URL."""
        return self._endpoint.base_url

    async def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue `messages`; the last event is a `Completion`.

        Raises:
            ModelError: one of its subclasses, whose text names endpoint, cause and next step.
        """
        attempt = 0
        while True:
            try:
                async with aclosing(self._attempt(messages, tools)) as events:
                    async for event in events:
                        yield event
                return
            except _Again as again:
                attempt += 1
                if attempt > self._max_retries:
                    raise again.final from None
                delay = again.delay if again.delay is not None else _backoff(attempt)
                if again.reason:
                    yield Retry(reason=again.reason, delay=delay, attempt=attempt)
                await asyncio.sleep(delay)

    async def close(self) -> None:
        """Release the connection pool."""
        if self._sdk:
            await self._sdk.close()

    async def _attempt(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Ask once. Raises `_Again` where asking again makes sense."""
        forms = bool(tools) and self._forms
        accumulator = Accumulator()
        reader = structured.StructuredReader() if forms else None
        async with self._errors(accumulator), self._open(messages, tools, forms) as chunks:
            async for chunk in chunks:
                for event in accumulator.feed(chunk.model_dump()):
                    if reader is None or not isinstance(event, TextDelta):
                        yield event
                        continue
                    for delta in reader.feed(event.text):
                        yield delta
        if accumulator.empty:
            raise ModelResponseError(self._says("answered, but with no completion; is it the API?"))
        if not accumulator.finish_reason:
            raise ModelResponseError(self._says("stopped in the middle of its answer; ask again"))
        completion = accumulator.finish()
        if reader is None:
            yield _salvaged(completion, tools)
            return
        read = reader.finish()
        if rest := read.text[len(reader.shown) :]:
            yield TextDelta(text=rest)
        yield replace(_salvaged(read, tools), usage=completion.usage)

    @asynccontextmanager
    async def _open(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], forms: bool
    ) -> AsyncIterator[Any]:
        """Send the request; leaving closes the connection, so that no token is paid unseen."""
        request: dict[str, Any] = {"messages": list(messages)}
        if forms:
            request = {
                "messages": _with_instructions(structured.flatten(messages), tools),
                "response_format": structured.response_format(tools),
                "temperature": 0,
                "max_tokens": FORM_TOKENS,
            }
        elif tools:
            request["tools"] = [_function(tool) for tool in tools]
        stream = await self._client().chat.completions.create(
            model=self.name, stream=True, stream_options={"include_usage": True}, **request
        )
        async with stream:
            yield stream
        self._reused = True

    @asynccontextmanager
    async def _errors(self, accumulator: Accumulator) -> AsyncIterator[None]:
        """Turn what can go wrong into one clear error, or into another try."""
        import openai  # noqa: PLC0415 (more than ipykernel's import: on the first question only)

        try:
            yield
        except openai.APIStatusError as error:
            raise self._refusal(error) from error
        except openai.APITimeoutError as error:
            raise self._lost(accumulator, "sent nothing in time") from error
        except openai.APIConnectionError as error:
            lost = self._lost(accumulator, f"can't be reached ({_cause(error)})")
            if self._reused and isinstance(lost, _Again):
                lost.reason, lost.delay = "", 0.0  # it closed a connection that was kept open
            self._reused = False
            raise lost from error
        except openai.APIError as error:
            raise ModelResponseError(self._says(f"reported: {_message(error)}")) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ModelResponseError(self._says("sent what is no JSON; ask again")) from error

    def _refusal(self, error: APIStatusError) -> Exception:
        """Return what a status code means."""
        status, said = error.status_code, _message(error)
        if status in (401, 403):
            step = "set a valid OPENAI_API_KEY and restart the kernel"
            return ModelAuthError(self._says(f"refused the key ({status}); {step}"))
        if status in REFUSES_TOOLS and self._may_switch and not self._forms and _on_tools(said):
            self._forms = True
            return _Again("", 0.0, ModelResponseError(self._says(said)))
        if status == 429:
            final = ModelRateLimited(self._says(f"is busy (429: {said}); wait, or take another"))
            return _Again(f"{self.endpoint} is busy (429)", _retry_after(error), final)
        if status in RETRIED:
            failed = ModelUnavailable(self._says(f"failed ({status}: {said}); ask again later"))
            return _Again(f"{self.endpoint} failed ({status})", _retry_after(error), failed)
        return ModelResponseError(self._says(f"refused the request ({status}: {said})"))

    def _lost(self, accumulator: Accumulator, what: str) -> Exception:
        """Return what a lost connection means: another try, unless tokens have come."""
        if not accumulator.empty:
            return ModelResponseError(self._says(f"{what}, in the middle of its answer; ask again"))
        final = ModelUnavailable(self._says(f"{what}; is it running? `beaker doctor` checks"))
        return _Again(f"{self.endpoint} {what}", None, final)

    def _says(self, what: str) -> str:
        text = f"{self.endpoint} ({self.name}) {what}"
        key = self._endpoint.api_key
        return text.replace(key, "[key]") if len(key) > 4 else text

    def _client(self) -> AsyncOpenAI:
        if self._sdk is None:
            import openai  # noqa: PLC0415

            connect, idle = self._timeouts
            self._sdk = openai.AsyncOpenAI(
                api_key=self._endpoint.api_key,
                base_url=self.endpoint,
                max_retries=0,
                timeout=openai.Timeout(idle, connect=connect),
            )
        return self._sdk


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


def _retry_after(error: APIStatusError) -> float | None:
    """Seconds that the endpoint asks for, within bounds."""
    try:
        wanted = float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return min(LONGEST_WAIT, max(0.0, wanted))


def _on_tools(said: str) -> bool:
    return "tool" in said.lower() or "function" in said.lower()


def _message(error: APIError) -> str:
    """Return what the endpoint said, on one bounded line."""
    body = error.body if isinstance(error.body, dict) else {}
    return " ".join(str(body.get("message") or error.message).split())[:300]


def _cause(error: Exception) -> str:
    return str(error.__cause__ or error)[:200]
