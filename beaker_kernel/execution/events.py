"""What happens in an execution, numbered, for any number of readers at any pace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic_core import to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from beaker_kernel.execution.results import Execution

EventType = Literal[
    "started",
    "stdout",
    "stderr",
    "result",
    "display_update",
    "clear_output",
    "error",
    "keepalive",
    "done",
]


class Event(NamedTuple):
    """One event: its number from 1, and its data as JSON."""

    id: int
    type: EventType
    data: bytes


KEEPALIVE = Event(0, "keepalive", b"{}")


async def last_word(execution: Execution, since: int) -> AsyncIterator[Event]:
    """Yield what is left to say of an execution whose events are gone."""
    yield Event(since + 1, "done", to_json(execution, inf_nan_mode="null", by_alias=True))


class EventLog:
    """The events of one execution: from where there is no more room, the last word alone.

    Attributes:
        size: bytes of what it holds.

    """

    def __init__(self, room: int) -> None:
        self._events: list[Event] = []
        self._room = room
        self._full = False
        self._over = False
        self.size = 0
        self._more = asyncio.Event()

    @property
    def last(self) -> bytes:
        """The data of the last event; once it is over, the execution as JSON."""
        return self._events[-1].data

    def append(self, kind: EventType, data: object) -> None:
        """Tell the readers something, if there is room for it."""
        last = kind in {"error", "done"}
        if self._full and not last:
            return
        encoded = to_json(data, inf_nan_mode="null", by_alias=True)
        self._full = self._full or self.size + len(encoded) > self._room
        if self._full and not last:
            return
        self.size += len(encoded)
        self._events.append(Event(len(self._events) + 1, kind, encoded))
        self._over = kind == "done"
        self._more.set()
        self._more = asyncio.Event()

    async def follow(self, since: int = 0, *, quiet: float = 15) -> AsyncIterator[Event]:
        """Yield the events after number `since` as they come, up to ``done``.

        After `quiet` seconds without one comes a ``keepalive``, which has no number.
        """
        at = since
        while True:
            more = self._more
            while at < len(self._events):
                yield self._events[at]
                at += 1
            if self._over:
                return
            if more.is_set():
                continue
            try:
                async with asyncio.timeout(quiet):
                    await more.wait()
            except TimeoutError:
                yield KEEPALIVE
