"""A conversation: the messages that are sent and kept, turn by turn, and its numbered events."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from beaker_kernel.agent.briefing import asked

if TYPE_CHECKING:
    from beaker_kernel.agent.journal import Journal
    from beaker_kernel.agent.model import Message

EVENTS = 10_000
"""Events that are kept for a frontend that comes back."""
SUMMARY, LINE = 20, 200
"""Questions of turns that are left out which the model is still told, and characters of each."""
KEPT = 60_000
"""Characters of earlier turns that are sent again."""


@dataclass(slots=True)
class Conversation:
    """What was said since the last reset.

    A turn is added when it is over, so that two questions at the same time don't mix.

    Attributes:
        journal: where it is kept on disk, if it is.
        last: the number of the last event.

    """

    journal: Journal | None = None
    id: str = field(default_factory=lambda: uuid4().hex)
    events: deque[tuple[str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=EVENTS))
    last: int = 0
    _turns: list[list[Message]] = field(default_factory=list)
    _left_out: list[str] = field(default_factory=list)
    _told: int = 0

    @classmethod
    def resumed(cls, journal: Journal) -> Conversation:
        """Go on with what an agent before this one kept of the session, if there is anything."""
        conversation, lines = journal.last()
        if not conversation:
            return cls(journal)
        events = [(line["type"], line["content"]) for line in lines if "seq" in line]
        resumed = cls(
            journal,
            id=conversation,
            events=deque(events, maxlen=EVENTS),
            last=max((content["seq"] for _, content in events), default=0),
            _turns=[line["turn"] for line in lines if "turn" in line],
        )
        resumed.fit(KEPT)
        return resumed

    @property
    def messages(self) -> list[Message]:
        """The messages of all turns that are kept."""
        return [message for turn in self._turns for message in turn]

    def next_event(self) -> int:
        """Return the number of the next event."""
        self.last += 1
        return self.last

    def record(self, msg_type: str, content: dict[str, Any]) -> None:
        """Keep an event."""
        self.events.append((msg_type, content))
        if self.journal:
            self.journal.event(self.id, msg_type, content)

    def since(self, number: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the events after a number, as type and content."""
        return [event for event in self.events if event[1]["seq"] > number]

    def fit(self, characters: float, *, at_least: int = 1) -> None:
        """Leave out the oldest turns, as many as are too long to be sent again, but the last."""
        while len(self._turns) > at_least and len(json.dumps(self._turns)) > characters:
            self._left_out.append(_asked(self._turns.pop(0)))

    def newly_left_out(self) -> int:
        """Return how many turns were left out since this was asked last."""
        new = len(self._left_out) - self._told
        self._told = len(self._left_out)
        return new

    def ask(self, system: str, question: str, *, alone: bool = False) -> list[Message]:
        """Return the messages that ask a question, for the turn to append to.

        One that is asked `alone` comes without those before it.
        """
        return [
            {"role": "system", "content": system + ("" if alone else self._summary())},
            *([] if alone else self.messages),
            {"role": "user", "content": question},
        ]

    def keep(self, messages: list[Message]) -> None:
        """Add the turn that ends the messages; the oldest go where all would be too long to send.

        Images are not sent again: they are no text, and the model has said what it saw.
        """
        texts = [m for m in messages if not isinstance(m.get("content"), list)]
        asked = max(at for at, message in enumerate(texts) if message["role"] == "user")
        self._turns.append(texts[asked:])
        if self.journal:
            self.journal.turn(self.id, texts[asked:])
        self.fit(KEPT)

    def _summary(self) -> str:
        """Return what is still told of the turns that are left out: what they asked."""
        if not self._left_out:
            return ""
        lines = [f"- {question}" for question in self._left_out[-SUMMARY:]]
        return "\n".join(["\n# Earlier questions, whose answers are left out", *lines, ""])


def _asked(turn: list[Message]) -> str:
    """Return the beginning of a turn's question, without what the session told, on one line."""
    question = asked(str(turn[0]["content"]))
    return " ".join(question.split())[:LINE]


def close_turn(messages: list[Message], said: str, why: str) -> None:
    """Append what a turn lacks where it ended early: strict endpoints refuse it otherwise.

    Each tool call gets an answer, and the last word is the model's: what it had `said`, and `why`
    it said no more.
    """
    messages += [
        {"role": "tool", "tool_call_id": call_id, "content": f"not used: {why}"}
        for call_id in _open_calls(messages)
    ]
    last = messages[-1]
    if last["role"] == "assistant" and last.get("content"):
        return
    if last["role"] == "assistant":
        messages.pop()
    messages.append({"role": "assistant", "content": f"{said} [{why}]".strip()})


def _open_calls(messages: list[Message]) -> list[str]:
    called = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    answered = {message.get("tool_call_id") for message in messages}
    return [call_id for call_id in called if call_id not in answered]
