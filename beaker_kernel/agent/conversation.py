"""A conversation: the messages that are sent and kept, turn by turn, and its numbered events."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from beaker_kernel.agent.briefing import GONE, asked, fenced, said, without_data
from beaker_kernel.agent.room import size
from beaker_kernel.protocol.codec import encode
from beaker_kernel.protocol.messages import LlmEnded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from beaker_kernel.agent.journal import Journal, Line
    from beaker_kernel.agent.model import Message

EVENTS = 10_000
"""Events that are held for a frontend that comes back; those before them are in the journal."""
QUESTIONS, LINE = 20, 200
"""Questions of turns that are left out which the model is still told, and characters of each."""
RESTORED = 8_000
"""Characters of a conversation of a session before this one."""
KEPT = 60_000
"""Characters of earlier turns that are sent again."""
LEAN = 0.6
"""The part of the room that is left filled, so that not each question has to make room anew."""
DIED, LEFT = "AgentDied", "the model's side ended before it had answered"
EARLIER = "# Earlier in this conversation, in short"
RESTARTED = f"# Said before the kernel was restarted: {GONE}"


@dataclass(slots=True)
class Conversation:
    """What was said since the last reset.

    A turn is added when it is over, so that two questions at the same time don't mix.

    Attributes:
        journal: where it is kept on disk, if it is.
        last: the number of the last event.
        summary: what is told of turns that are not sent again.
        heading: what the summary is called.

    """

    journal: Journal | None = None
    id: str = field(default_factory=lambda: uuid4().hex)
    events: deque[tuple[str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=EVENTS))
    last: int = 0
    summary: str = ""
    heading: str = EARLIER
    _turns: list[list[Message]] = field(default_factory=list)
    _overflow: list[list[Message]] = field(default_factory=list)
    _left_out: list[str] = field(default_factory=list)

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
        )
        resumed.read(lines)
        resumed.fit(KEPT)
        resumed._end_what_was_asked()
        return resumed

    def _end_what_was_asked(self) -> None:
        """Say of each question whose agent died with it that it is over."""
        ended = {content.get("question") for name, content in self.events if name == "llm_ended"}
        asked = [content.get("question") for name, content in self.events if name == "llm_asked"]
        for question in asked:
            if question and question not in ended:
                died = LlmEnded(seq=self.next_event(), status="error", ename=DIED, evalue=LEFT)
                self.record(died.msg_type, encode(died) | {"question": question})

    def read(self, lines: Iterable[Line]) -> None:
        """Take in what was kept on disk: turns, and what stands for the oldest of them."""
        for line in lines:
            if "turn" in line:
                self._turns.append(line["turn"])
            elif "summary" in line:
                at = max(0, len(self._turns) - line["left"])
                gone, self._turns = self._turns[:at], self._turns[at:]
                self._tell_in_short(gone, line["summary"], line["heading"])

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
        """Return the events after a number, as type and content; the oldest from the journal."""
        held = self.events[0][1]["seq"] if self.events else self.last + 1
        older = range(number + 1, held)
        kept = self.journal.events(self.id) if self.journal and older else ()
        return [
            *(event for event in kept if event[1]["seq"] in older),
            *(event for event in self.events if event[1]["seq"] > number),
        ]

    def fit(self, characters: float, *, at_least: int = 1) -> None:
        """Take the oldest turns out where all are too long to be sent again, but not the last."""
        if self._size() <= characters:
            return
        while len(self._turns) > at_least and self._size() > characters * LEAN:
            self._overflow.append(self._turns.pop(0))

    def restore(self, transcript: str) -> None:
        """Begin with the end of what was said in a session before this one."""
        end = transcript[-RESTORED:]
        self._tell_in_short([], end, RESTARTED)
        self._keep_summary(end)

    @property
    def is_new(self) -> bool:
        """Whether nothing was said yet."""
        return not (self._turns or self.summary or self._overflow or self._left_out)

    @property
    def spoken(self) -> list[Message]:
        """What was asked and answered, without what the session told and tools gave."""
        said = [{"role": "assistant", "content": self.summary}] if self.summary else []
        for turn in self._turns:
            said.append({"role": "user", "content": _question(turn)})
            said.append({"role": "assistant", "content": turn[-1]["content"]})
        return said

    def _size(self) -> int:
        return size(self.messages) + len(self.summary)

    def take_overflow(self) -> list[list[Message]]:
        """Return the turns that were taken out and are to be summed up now, or given up."""
        overflow, self._overflow = self._overflow, []
        return overflow

    def summed_up(self, turns: list[list[Message]], summary: str) -> None:
        """Tell turns by a summary from now on; where there is none, by their questions."""
        self._tell_in_short(turns, summary, EARLIER)
        self._keep_summary(summary)

    def _tell_in_short(self, turns: list[list[Message]], summary: str, heading: str) -> None:
        if summary:
            self.summary, self.heading = summary, heading
        else:
            self._left_out += [_asked(turn) for turn in turns]

    def _keep_summary(self, summary: str) -> None:
        if self.journal:
            left = len(self._overflow) + len(self._turns)
            self.journal.summary(self.id, summary, self.heading, left)

    @property
    def in_short(self) -> str:
        """What is told of the turns that are not sent again."""
        summary = f"{self.heading}\n\n{self.summary}" if self.summary else ""
        return "\n\n".join(filter(None, [summary, self._questions().strip()]))

    @property
    def earlier(self) -> list[Message]:
        """What is sent of the turns before: their summary, then those that are kept."""
        return [*self._summary(), *self.messages]

    def ask(self, system: str, told: str, *, alone: bool = False) -> list[Message]:
        """Return the messages that ask a question, for the turn to append to.

        One that is asked `alone` comes without those before it.
        """
        return [
            {"role": "system", "content": system + ("" if alone else self._questions())},
            *([] if alone else self.earlier),
            {"role": "user", "content": told},
        ]

    def keep(self, messages: list[Message]) -> None:
        """Add the turn that ends the messages; the oldest go where all would be too long to send.

        Images are not sent again: they are no text, and the model has said what it saw.
        """
        texts = list(_without_images(messages))
        start = max(at for at, message in enumerate(texts) if message["role"] == "user")
        self._turns.append(texts[start:])
        if self.journal:
            self.journal.turn(self.id, texts[start:])
        self.fit(KEPT)

    def _summary(self) -> list[Message]:
        """Return the summary as messages: as data, for outputs may have a part in it."""
        if not self.summary:
            return []
        return [
            {"role": "user", "content": f"{self.heading}\n{fenced(self.summary)}"},
            {"role": "assistant", "content": "I know."},
        ]

    def _questions(self) -> str:
        """Return what is still told of the turns without a summary: what they asked."""
        questions = self._left_out + [_asked(turn) for turn in self._overflow]
        if not questions:
            return ""
        lines = [f"- {line}" for line in questions[-QUESTIONS:]]
        return "\n".join(["\n# Earlier questions, whose answers are left out", *lines, ""])


def _without_images(messages: list[Message]) -> Iterator[Message]:
    """Yield messages as texts; one that shows nothing but what a tool put out is left out."""
    for message in messages:
        if not isinstance(message.get("content"), list):
            yield message
        elif text := said(message):
            yield message | {"content": text}


def _asked(turn: list[Message]) -> str:
    """Return the beginning of a turn's question on one line."""
    return " ".join(_question(turn).split())[:LINE]


def _question(turn: list[Message]) -> str:
    """Return a turn's question without the code and the output that it is about."""
    return asked(without_data(str(turn[0]["content"])))


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
