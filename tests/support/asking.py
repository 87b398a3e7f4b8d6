"""A question to a model, over real HTTP, and what came of it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from beaker_kernel.agent.model import Message, ModelEvent, Retry, TextDelta, ToolSpec
from beaker_kernel.agent.provider.endpoints import Endpoint
from beaker_kernel.agent.provider.openai_model import OpenAIModel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

KEY = "sk-a-secret"
QUESTION = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "the capital?"}]
RUN_CODE = ToolSpec(
    name="run_code",
    description="Run code.",
    parameters={"type": "object", "properties": {"code": {"type": "string"}}},
)


@asynccontextmanager
async def connected(
    base_url: str, *, model: str = "scripted-1", small: bool = False, **settings: Any
) -> AsyncIterator[OpenAIModel]:
    """Give a model at an address, and close it."""
    endpoint = Endpoint(base_url=base_url, model=model, api_key=KEY, small=small)
    connection = OpenAIModel(endpoint=endpoint, **{"idle_timeout": 5} | settings)
    try:
        yield connection
    finally:
        await connection.close()


async def events_of(
    model: OpenAIModel,
    messages: Sequence[Message] = QUESTION,
    tools: Sequence[ToolSpec] = (RUN_CODE,),
) -> list[ModelEvent]:
    """Ask, and return all that came."""
    return [event async for event in model.stream(messages, tools)]


def shown(events: Sequence[ModelEvent]) -> str:
    """Return the text that a person would have seen."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def retries(events: Sequence[ModelEvent]) -> list[Retry]:
    """Return the waits that a person would have seen."""
    return [event for event in events if isinstance(event, Retry)]
