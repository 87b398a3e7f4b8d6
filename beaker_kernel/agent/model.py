"""What the agent expects of a model: messages in, a stream of events out.

Messages have the shape of the OpenAI chat API (``{"role": …, "content": …}``), because that is what
every endpoint speaks; a `Model` turns them into the events below, whatever shape its endpoint has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

Message = dict[str, Any]
"""One message of the chat API: ``role``, ``content``; or ``tool_calls``, ``tool_call_id``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """A piece of the answer, as it came."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThoughtDelta:
    """A piece of the model's reasoning, from endpoints that show it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The model waits and asks again; `delay` in seconds, `attempt` from 1."""

    reason: str
    delay: float
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that one completion took, as the endpoint counts them, or about as many."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model wants to use.

    `arguments` is what the model wrote, parsed; where that is no JSON object it is empty, and
    `problem` says what is wrong, in words for the model.
    """

    id: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The end of a stream: the whole message to append, and the calls that it holds.

    `message` is in the chat API's shape; appended to the messages, it is what is sent next.
    `text` is the answer without calls or thoughts. It is `truncated` at the model's limit, or
    `filtered` by the endpoint.
    """

    message: Message
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    truncated: bool = False
    filtered: bool = False


ModelEvent = TextDelta | ThoughtDelta | Retry | Completion


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """A tool as the model sees it.

    Attributes:
        parameters: a JSON Schema of type object.
        everywhere: whether every frontend has what it needs.

    """

    name: str
    description: str
    parameters: dict[str, Any]
    everywhere: bool = True

    @property
    def told(self) -> dict[str, Any]:
        """What the model is told."""
        return {"name": self.name, "description": self.description, "parameters": self.parameters}

    @cached_property
    def size(self) -> int:
        """The characters that a request tells it in."""
        return len(json.dumps(self.told, ensure_ascii=False))


class Model(Protocol):
    """Something that continues a conversation."""

    @property
    def name(self) -> str:
        """The model's name as the endpoint knows it."""

    @property
    def endpoint(self) -> str:
        """The endpoint's base URL, without credentials."""

    @property
    def attempts(self) -> int:
        """How often the endpoint is asked at most, the retries included."""

    def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec]
    ) -> AsyncGenerator[ModelEvent, None]:
        """Continue `messages`; the last event is always a `Completion`.

        Closing the iterator, or cancelling the task, closes the connection within milliseconds.

        Raises:
            ModelError: one of its subclasses; its text names the endpoint and the cause.

        """

    async def close(self) -> None:
        """Release the connection pool."""
