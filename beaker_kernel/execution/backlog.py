"""What a kernel has published and nobody has taken in yet, bounded in bytes."""

from __future__ import annotations

import asyncio
from collections import deque

MOST = 8 * 2**20
"""Bytes from which no more is read, so that what follows waits in the kernel."""


class Backlog:
    """Messages in their order; whoever reads ahead stops while there is too much of them.

    A kernel that publishes through a socket with a bound (ipykernel's has room for a thousand
    messages) drops what its readers don't take, so they have to be read faster than understood.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._messages: deque[list[bytes]] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()

    async def put(self, frames: list[bytes]) -> None:
        """Add a message; return once there is room for another."""
        self._messages.append(frames)
        self._size += sum(map(len, frames))
        self._filled.set()
        while self._size > self._most:
            self._room.clear()
            await self._room.wait()

    async def get(self) -> list[bytes]:
        """Return the oldest message, once there is one."""
        while not self._messages:
            self._filled.clear()
            await self._filled.wait()
        frames = self._messages.popleft()
        self._size -= sum(map(len, frames))
        self._room.set()
        return frames
