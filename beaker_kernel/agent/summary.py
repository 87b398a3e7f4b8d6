"""A summary of the turns that are too long to be sent again: the model writes it for itself."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from importlib.resources import files
from typing import TYPE_CHECKING

from beaker_kernel.agent.briefing import asked, fenced
from beaker_kernel.agent.model import Completion, Retry
from beaker_kernel.agent.outputs import shorten
from beaker_kernel.agent.room import size
from beaker_kernel.agent.vigil import Vigil
from beaker_kernel.errors import ModelError, ModelResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from beaker_kernel.agent.budget import Budget
    from beaker_kernel.agent.conversation import Conversation
    from beaker_kernel.agent.model import Message, Model
    from beaker_kernel.agent.room import Room
    from beaker_kernel.agent.surface import Surface

SECONDS = 30.0
"""What a summary may take."""
READ, MESSAGE = 40_000, 2_000
"""Characters of the turns, and of one message in them, that are sent to be summed up."""
LONGEST = 4_000
"""Characters of a summary."""
PART = 8
"""The part of a request's room, as a divisor, that a summary may take."""


async def sum_up(
    conversation: Conversation, *, model: Model, surface: Surface, budget: Budget, room: Room
) -> None:
    """Have the turns summed up that don't fit any more; where that fails they are left out.

    `room` is what fits into a request. Time, tokens and cost count for the question that is asked
    now.
    """
    turns = conversation.take_overflow()
    if not turns:
        return
    oldest = f"its {len(turns)} oldest turns"
    surface.notice(f"The conversation is long: {oldest} are summed up for the model.")
    summary = ""
    try:
        summary = await summarize(
            turns, conversation.summary, model=model, surface=surface, budget=budget, room=room
        )
    except (ModelError, TimeoutError) as error:
        surface.notice(f"No summary ({str(error) or 'it took too long'}): {oldest} are left out.")
    finally:
        conversation.summed_up(turns, summary)


async def summarize(
    turns: Sequence[Sequence[Message]],
    before: str,
    *,
    model: Model,
    surface: Surface,
    budget: Budget,
    room: Room,
) -> str:
    """Return what the model says of turns, and of the summary of those `before` them.

    Raises:
        ModelError: the endpoint gave no summary.
        TimeoutError: it took too long.

    """
    said = transcript(turns, int(min(READ, room.characters / 2)))
    earlier = f"Before that:\n{before}\n\n" if before else ""
    messages: list[Message] = [
        {"role": "system", "content": _prompt()},
        {"role": "user", "content": fenced(f"{earlier}{said}")},
    ]
    began = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            completion = await _complete(model, messages, surface)
    finally:
        budget.seconds += time.monotonic() - began
    usage = room.counted(completion, size(messages))
    surface.usage(usage, budget, budget.count(usage))
    if not completion.text.strip():
        raise ModelResponseError(f"{model.endpoint} gave no summary")
    return shorten(completion.text.strip(), int(min(LONGEST, room.characters / PART)))


def transcript(turns: Sequence[Sequence[Message]], most: int) -> str:
    """Return turns as a text, of the oldest less where all would be too long."""
    said = [line for turn in turns for message in turn if (line := _said(message))]
    return "\n\n".join(said)[-most:]


async def _complete(model: Model, messages: list[Message], surface: Surface) -> Completion:
    with Vigil(model, surface) as vigil:
        async with aclosing(model.stream(messages, ())) as events:
            async for event in events:
                if isinstance(event, Retry):
                    vigil.retry(event)
                elif isinstance(event, Completion):
                    return event
    raise ModelResponseError(f"{model.endpoint} ended its summary without a result")


def _said(message: Message) -> str:
    """Return a message as a line of the transcript; a question without what the session told."""
    calls = [call["function"].get("arguments", "") for call in message.get("tool_calls") or ()]
    content = asked(str(message.get("content") or ""))
    text = "\n".join(filter(None, [content, *map(str, calls)]))
    return f"{message['role']}: {shorten(text, MESSAGE)}" if text else ""


def _prompt() -> str:
    return files("beaker_kernel.agent").joinpath("prompts/summary.md").read_text(encoding="utf-8")
