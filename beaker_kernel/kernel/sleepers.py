"""A subscriber that doesn't read is cut off before what waits for it fills the memory.

What waits for a subscriber is bounded by messages, not by bytes, and libzmq's bound, lowered while
connections stand, deafens those that do read: what they have taken is told only every so often
(every half of the old bound), and a pipe that seems full gets nothing that would have it told.
So we look at the connections themselves, ours and libzmq's alike. Who is cut off connects again as
soon as it reads.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from beaker_kernel.kernel.log import log
from beaker_kernel.kernel.memory import resident

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beaker_kernel.kernel.loop import Loop

LIMIT = 256 * 2**20
"""Bytes of memory from which on nobody is waited for who doesn't read; from a quarter, we note."""
INTERVAL = 0.25
"""Seconds between two looks, while something is published."""
ASLEEP = 1.0
"""Seconds in which who reads takes something: the network's buffers do so even for a busy one."""
TCP_INFO = struct.Struct("=B119xQ16xI")
"""Of Linux's ``struct tcp_info``: the state, the bytes acknowledged, the bytes not yet sent."""
ESTABLISHED = 1


class Connection(NamedTuple):
    """How far one subscriber's connection has come."""

    peer: object
    taken: int
    waits: bool


class Sleepers:
    """The subscribers that have stopped reading, on Linux; elsewhere nobody looks for them."""

    def __init__(self, loop: Loop, port: int, limit: int = LIMIT) -> None:
        self._loop = loop
        self._port = port
        self._limit = limit
        self._planned = sys.platform != "linux"
        self._stood: dict[object, tuple[int, float]] = {}

    def look_later(self) -> None:
        """Look for them soon: something is published."""
        if not self._planned:
            self._planned = True
            self._loop.call_later(INTERVAL, self._look)

    def _look(self) -> None:
        """Cut those off that take nothing, if there is much that waits."""
        self._planned = False
        before, self._stood = self._stood, {}
        with suppress(OSError):  # without a descriptor to look by, the next look has to do
            self._cut_off(before)

    def _cut_off(self, before: dict[object, tuple[int, float]]) -> None:
        held = resident()
        if held < self._limit / 4:
            return
        for subscriber in _accepted(self._port):
            with subscriber, suppress(OSError):  # it may have left by now
                if self._is_asleep(_progress(subscriber), before) and held >= self._limit:
                    subscriber.shutdown(socket.SHUT_RDWR)
                    log(f"cut a subscriber off that had read nothing for {ASLEEP:g} s")

    def _is_asleep(self, now: Connection, before: dict[object, tuple[int, float]]) -> bool:
        """Note since when a connection stands still, and tell whether that is too long."""
        seen = time.monotonic()
        taken, since = before.get(now.peer, (-1, seen))
        if taken != now.taken or not now.waits:
            since = seen
        self._stood[now.peer] = now.taken, since
        return seen - since >= ASLEEP


def _accepted(port: int) -> Iterator[socket.socket]:
    """Yield a duplicate of each TCP socket at a port; libzmq doesn't hand its own out."""
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # a descriptor that is closed by now
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                found = socket.socket(fileno=os.dup(int(name)))
                if found.family != socket.AF_UNIX and found.getsockname()[1] == port:
                    yield found
                else:
                    found.close()


def _progress(connection: socket.socket) -> Connection:
    """Return how much a connection's other end has taken in, and whether more is waiting for it."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO.size)
    state, taken, unsent = TCP_INFO.unpack(info)
    waits = state == ESTABLISHED and unsent > 0
    return Connection(connection.getpeername(), taken, waits)
