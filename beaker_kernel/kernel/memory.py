"""Memory that large outputs took is given back when they are through."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beaker_kernel.kernel.loop import Loop

REST = 1.0
"""Seconds after a request's end: often the next ones begin at once, and all share one look."""


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
        if sys.platform == "linux":
            import ctypes  # noqa: PLC0415 (loaded by then, for prctl)

            with suppress(AttributeError):  # musl has no such call, and no such habit
                ctypes.CDLL(None).malloc_trim(0)
