"""What the agent will want to know of the cells that ran before it was asked.

The relay keeps the raw messages of the last cells, bounded, and hands them over with the next
question. No content is decoded here, and the agent sleeps while cells run.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from itertools import islice

from beaker_kernel.protocol.frames import msg_id

CELLS = 20
HEAD = TAIL = 32_000
"""Bytes kept of a cell's first and of its last messages."""
CONTENT = 16_000
"""Bytes of content above which a message is kept without it."""

Parts = list[bytes]


class RecordedCell:
    """The messages of one cell: the first ones, and the last ones of a long output."""

    def __init__(self) -> None:
        self._head: list[Parts] = []
        self._tail: deque[Parts] = deque()
        self._head_size = self._tail_size = 0

    def add(self, parts: Parts) -> None:
        """Keep a message; where there is no room, the oldest of the tail goes."""
        size = _size(parts)
        if not self._tail and self._head_size + size <= HEAD:
            self._head.append(parts)
            self._head_size += size
            return
        self._tail.append(parts)
        self._tail_size += size
        while self._tail_size > TAIL and len(self._tail) > 1:
            self._tail_size -= _size(self._tail.popleft())

    def take(self) -> list[Parts]:
        """Return the messages and forget them."""
        messages = [*self._head, *self._tail]
        self._head, self._tail, self._head_size, self._tail_size = [], deque(), 0, 0
        return messages


def _size(parts: Parts) -> int:
    return sum(map(len, parts))


class Recording:
    """The last cells' messages, by the id of the request that caused them.

    A kernel need not write one parent's header twice in the same order of keys (ipykernel doesn't),
    so the header is read, once for each way in which it is written.
    """

    def __init__(self) -> None:
        self._cells: dict[str, RecordedCell] = {}
        self._id = lru_cache(maxsize=4 * CELLS)(msg_id)

    def add(self, header: bytes, parent_header: bytes, metadata: bytes, content: bytes) -> None:
        """Keep an output of a known cell, or the input that begins a new one."""
        request = self._id(bytes(parent_header))
        cell = self._cells.get(request)
        if cell is None:
            if b'"execute_input"' not in header:
                return
            cell = self._cells[request] = RecordedCell()
            for oldest in list(islice(self._cells, max(0, len(self._cells) - CELLS))):
                del self._cells[oldest]
        if len(content) > CONTENT:
            content = b'{"beaker_left_out": %d}' % len(content)
        cell.add([header, parent_header, metadata, content])

    def take(self) -> list[Parts]:
        """Return what was kept since the last time, cell by cell."""
        return [parts for cell in self._cells.values() for parts in cell.take()]
