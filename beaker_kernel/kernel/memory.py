"""Memory that large outputs took is given back when they are through."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from beaker_kernel import malloc

if TYPE_CHECKING:
    from beaker_kernel.kernel.loop import Loop

REST = 1.0
"""Seconds after a request's end: often the next ones begin at once, and all share one look."""


class Memory:
    """What this process holds beyond its needs."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._planned = False

    def release_later(self) -> None:
        """Give it back after a rest."""
        if not self._planned:
            self._planned = True
            self._loop.call_later(REST, self._release)

    def _release(self) -> None:
        self._planned = False
        malloc.trim()


def resident() -> int:
    """Return the bytes of memory that this process holds, on Linux."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
