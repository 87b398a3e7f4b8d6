"""How one generation of the subkernel shows that it is there, and what is learnt of it for later.

A kernel publishes ``starting`` as it begins to listen. Where that reached us the last time it is
waited for, and the first request is the person's. Another kernel is asked at once, and its echo
shows that it is there: what comes after either reaches us, too. That it answers is another thing:
one that has said ``starting`` may hang as any other.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from beaker_kernel.kernel import kept_info
from beaker_kernel.kernel.kept_info import Kept
from beaker_kernel.protocol.frames import msg_id, msg_type

if TYPE_CHECKING:
    from beaker_kernel.kernel.kernelspecs import KernelSpec

LATE = 2.0
"""Times as long as the last time after which one that has not said that it starts is asked."""
LONGEST = 2.0
"""Seconds after which it is asked at the latest: the question costs a hundredth of that."""


class Handshake:
    """The first words of one generation.

    Attributes:
        known: what it showed of itself the last time.
        asked: whether it was asked if it is there.
        reached: whether requests reach it, and nothing that it publishes from now on is lost.
        answered: whether it has answered any request.

    """

    def __init__(self, spec: KernelSpec) -> None:
        self.known = kept_info.read(spec)
        self.asked = self.reached = self.answered = False
        self._spec = spec
        self._began = time.monotonic()
        self._starting = 0.0
        self._said = b""

    @property
    def delay(self) -> float:
        """The seconds after which it is asked if it is there."""
        return min(LATE * self.known.starting, LONGEST)

    def hear(self, frames: list[bytes], *, is_echo: bool) -> None:
        """Take in a message that it has published."""
        is_starting = b'"starting"' in frames[6] and msg_type(frames[3]) == "status"
        if is_starting:
            self._starting = time.monotonic() - self._began
        self.reached |= is_echo or is_starting
        self.answered |= bool(msg_id(frames[4]))

    def learn(self, content: bytes) -> None:
        """Take in what it says of itself: the content of a kernel_info_reply, if it is one."""
        with suppress(AttributeError, RecursionError, TypeError, ValueError):
            self._said = kept_info.modest(content)

    def keep(self) -> None:
        """Keep what was learnt for the next start; its reply may come before its `starting`."""
        if self._said:
            kept_info.keep(self._spec, Kept(self._said, self._starting))
            self._said = b""
