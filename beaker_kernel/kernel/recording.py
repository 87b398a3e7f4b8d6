"""What the agent will want to know of the cells that ran before it was asked.

The relay keeps the raw messages of the last cells, bounded, and hands them over with the next
question. Nothing is decoded here, and the agent sleeps while cells run.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

CELLS = 20
HEAD = TAIL = 16_000
"""Bytes kept of a cell's first and of its last messages."""


@dataclass(slots=True)
class RecordedCell:
    """The messages of one cell: the first ones, and the last ones of a long output."""

    head: list[list[bytes]] = field(default_factory=list)
    tail: deque[list[bytes]] = field(default_factory=deque)
    head_size: int = 0
    tail_size: int = 0

    def add(self, parts: list[bytes]) -> None:
        """Keep a message; where there is no room, the oldest of the tail goes."""
        size = len(parts[-1])
        if not self.tail and self.head_size + size <= HEAD:
            self.head.append(parts)
            self.head_size += size
            return
        self.tail.append(parts)
        self.tail_size += size
        while self.tail_size > TAIL and len(self.tail) > 1:
            self.tail_size -= len(self.tail.popleft()[-1])

    def take(self) -> list[list[bytes]]:
        """Return the messages and forget them."""
        messages = [*self.head, *self.tail]
        self.head, self.tail, self.head_size, self.tail_size = [], deque(), 0, 0
        return messages


class Recording:
    """The last cells' messages, by the header of the request that caused them."""

    def __init__(self) -> None:
        self._cells: dict[bytes, RecordedCell] = {}

    def add(self, header: bytes, parent_header: bytes, metadata: bytes, content: bytes) -> None:
        """Keep an output of a known cell, or the input that begins a new one."""
        cell = self._cells.get(parent_header)
        if cell is None:
            if b'"execute_input"' not in header:
                return
            cell = self._cells[parent_header] = RecordedCell()
            for oldest in list(islice(self._cells, max(0, len(self._cells) - CELLS))):
                del self._cells[oldest]
        if len(content) > HEAD:
            content = b'{"beaker_left_out": %d}' % len(content)
        cell.add([header, parent_header, metadata, content])

    def take(self) -> list[list[bytes]]:
        """Return what was kept since the last time, cell by cell."""
        return [parts for cell in self._cells.values() for parts in cell.take()]
