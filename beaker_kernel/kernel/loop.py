"""The relay's one loop: file descriptors in, one handler each."""

from __future__ import annotations

import select
import signal
import socket
import time
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from beaker_kernel.kernel.log import log_exception

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Source = Any
"""A file descriptor or, if the poller is libzmq's, a socket of libzmq."""
READ, WRITE = 1, 4
"""What to wait for: that something can be read, that there is room (``EPOLLIN``, ``EPOLLOUT``)."""


class Poller(Protocol):
    """What waits: `select.epoll`, or something that does the same."""

    def register(self, source: Source, flags: int, /) -> None:
        """Wait for a descriptor, too."""

    def modify(self, source: Source, flags: int, /) -> None:
        """Wait for something else on it."""

    def unregister(self, source: Source, /) -> None:
        """Wait for it no more."""

    def poll(self, timeout: float | None, /) -> Sequence[tuple[Source, int]]:
        """Return who is ready, after some seconds if nobody is."""


class Loop:
    """Waits for file descriptors and calls their handlers until it is stopped."""

    def __init__(self, poller: Poller | None = None) -> None:
        self._poller: Poller = poller or _poller()
        self._handlers: dict[Source, Callable[[], object]] = {}
        self._new: set[Source] = set()
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._number = count()
        self._running = True

    def add(self, source: Source, handler: Callable[[], object], flags: int = READ) -> None:
        """Call `handler` whenever `source` is ready."""
        self._handlers[source] = handler
        self._new.add(source)
        self._poller.register(source, flags)

    def change(self, source: Source, flags: int) -> None:
        """Wait for something else."""
        self._poller.modify(source, flags)

    def remove(self, source: Source) -> None:
        """Forget a source; it may be closed then, and not before."""
        if self._handlers.pop(source, None):
            self._poller.unregister(source)

    def call_later(self, delay: float, handler: Callable[[], object]) -> None:
        """Call `handler` once after `delay` seconds."""
        heappush(self._timers, (time.monotonic() + delay, next(self._number), handler))

    def on_signals(self, handlers: dict[int, Callable[[], object]]) -> None:
        """Have signals handled here, between two messages, instead of in the middle of one."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for signum in handlers:
            signal.signal(signum, lambda *_: None)
        self._wakeup = reader, writer
        self.add(reader.fileno(), lambda: [handlers[n]() for n in reader.recv(64) if n in handlers])

    def stop(self) -> None:
        """End `run` after the present handler."""
        self._running = False

    def run(self) -> None:
        """Serve until stopped; then it may be run again."""
        poll, handlers, new, timers = self._poller.poll, self._handlers, self._new, self._timers
        while self._running:
            ready = poll(max(0.0, timers[0][0] - time.monotonic()) if timers else None)
            new.clear()  # what comes now may have the number of one that was ready, and is closed
            for source, _ in ready:
                handler = handlers.get(source)
                if handler and source not in new:
                    handler()
            now = time.monotonic()
            while timers and timers[0][0] <= now:
                _, _, handler = heappop(timers)
                try:
                    handler()
                except Exception:  # noqa: BLE001 (it comes from no message: nobody waits for it)
                    log_exception("something that was to be done later")
        self._running = True


def _poller() -> Poller:
    """Return what waits here: the system's own, or where there is none, libzmq's."""
    if hasattr(select, "epoll"):
        return select.epoll()
    from beaker_kernel.kernel.libzmq import ZmqPoller  # noqa: PLC0415 (Linux doesn't need it)

    return ZmqPoller()
