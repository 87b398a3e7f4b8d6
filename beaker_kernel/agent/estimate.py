"""What a question would take before it is asked, by the characters per token learnt so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.agent.briefing import spoken
from beaker_kernel.agent.model import Usage
from beaker_kernel.agent.room import size
from beaker_kernel.protocol.replies import Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from beaker_kernel.agent.budget import Price
    from beaker_kernel.agent.model import Message
    from beaker_kernel.agent.room import Room
    from beaker_kernel.agent.tool import Tool


def sections(texts: Mapping[str, str], tools: Sequence[Tool], room: Room) -> list[Section]:
    """Return the parts of what would be sent that hold anything, and the tools."""
    sizes = {name: len(text) for name, text in texts.items()} | {"tools": _size(tools)}
    told = {**texts, "tools": "\n".join(f"{t.name}: {t.signature.description}" for t in tools)}
    return [
        Section(name=name, text=text, tokens=room.tokens(sizes[name]))
        for name, text in told.items()
        if text
    ]


def described(
    messages: Sequence[Message], tools: Sequence[Tool], room: Room, price: Price | None
) -> str:
    """Return what would be sent as a person can read it, below what it takes and costs."""
    for_tools = _size(tools)
    tokens = room.tokens(size(messages) + for_tools)
    cost = price.of(Usage(prompt_tokens=tokens, completion_tokens=0)) if price else 0.0
    takes = f"about {tokens:,} tokens, {room.tokens(for_tools):,} of them for the tools"
    costs = f"; about ${cost:.4f} without the answer" if cost else ""
    return "\n\n".join([takes + costs, *(f"--- {spoken(message)}" for message in messages)])


def _size(tools: Sequence[Tool]) -> int:
    return sum(tool.spec.size for tool in tools)
