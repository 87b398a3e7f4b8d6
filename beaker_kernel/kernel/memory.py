"""Memory that large outputs took is given back when they are through."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beaker_kernel.kernel.loop import Loop

REST = 1.0
"""Seconds after a request's end: often the next ones begin at once, and all share one look."""


ARENA_MAX = -8
"""glibc's M_ARENA_MAX."""


def use_one_arena() -> None:
    """Have ZMQ's threads allocate where the main one does: only from there is all given back."""
    if libc := _libc("mallopt"):
        libc.mallopt(ARENA_MAX, 1)


class Memory:
    """What this process holds beyond its needs: glibc keeps tens of megabytes for the next time."""

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
        if libc := _libc("malloc_trim"):
            libc.malloc_trim(0)


def resident() -> int:
    """Return the bytes of memory that this process holds, on Linux."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _libc(call: str) -> Any:  # noqa: ANN401 (ctypes has no narrower type)
    """Return the C library if it has that call; musl has none of these, nor their need."""
    if sys.platform != "linux":
        return None
    import ctypes  # noqa: PLC0415 (loaded by then, for prctl)

    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, call) else None
