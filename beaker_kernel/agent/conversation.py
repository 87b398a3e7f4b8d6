"""A conversation: the one list of messages that is sent and kept, and its numbered events."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from beaker_kernel.agent.model import Message

EVENTS = 10_000
"""Events that are kept for a frontend that comes back."""
KEPT = 60_000
"""Characters of earlier turns that are sent again."""


@dataclass(slots=True)
class Conversation:
    """What was said since the last reset."""

    id: str = field(default_factory=lambda: uuid4().hex)
    messages: list[Message] = field(default_factory=list)
    events: deque[tuple[str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=EVENTS))
    _numbers: count[int] = field(default_factory=lambda: count(1))
    last: int = 0

    def next_event(self) -> int:
        """Return the number of the next event."""
        self.last = next(self._numbers)
        return self.last

    def since(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the events after a number, as type and content."""
        return [event for event in self.events if event[1]["seq"] > number]

    def begin_turn(self, system: str, question: str) -> None:
        """Append a question; the oldest turns go where they would be too long to send."""
        turns = self._turns()
        while turns and sum(map(_size, turns)) > KEPT:
            turns.pop(0)
        kept = [message for turn in turns for message in turn]
        self.messages = [
            {"role": "system", "content": system},
            *kept,
            {"role": "user", "content": question},
        ]

    def _turns(self) -> list[list[Message]]:
        """Cut the messages where a person asks."""
        turns: list[list[Message]] = []
        for message in self.messages[1:]:
            if message["role"] == "user" and isinstance(message["content"], str):
                turns.append([])
            turns[-1].append(message)
        return turns


def _size(turn: list[Message]) -> int:
    return sum(len(str(message.get("content"))) for message in turn)
