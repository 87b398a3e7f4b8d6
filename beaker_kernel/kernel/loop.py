"""The relay's one loop: sockets and file descriptors in, one handler each."""

from __future__ import annotations

import signal
import socket
import time
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

import zmq

from beaker_kernel.kernel.log import log_exception
from beaker_kernel.kernel.sockets import receive

if TYPE_CHECKING:
    from collections.abc import Callable

Source = Any
"""A ZMQ socket or a file descriptor."""
EVENTS, READABLE = int(zmq.EVENTS), int(zmq.POLLIN)
BURST = 256
"""Messages read from one socket before the others get their turn."""


def dispatch(handler: Callable[[list[bytes]], object], frames: list[bytes]) -> None:
    """Call a handler; a message that it can't take in is dropped, and the kernel lives."""
    try:
        handler(frames)
    except Exception:  # noqa: BLE001 (the edge of message dispatch: anybody can send anything)
        log_exception(f"a message of {len(frames)} frames")


class Loop:
    """Waits for sources and calls their handlers until it is stopped."""

    def __init__(self) -> None:
        self._poller = zmq.Poller()
        self._handlers: dict[Source, Callable[[], object]] = {}
        self._new: set[Source] = set()
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._number = count()
        self._running = True

    def add(self, source: Source, handler: Callable[[], object], flags: int = zmq.POLLIN) -> None:
        """Call `handler` whenever `source` is ready."""
        self._handlers[source] = handler
        self._new.add(source)
        self._poller.register(source, flags)

    def add_socket(
        self, source: zmq.Socket[bytes], handler: Callable[[list[bytes]], object]
    ) -> None:
        """Call `handler` with each message of a ZMQ socket."""
        option: Callable[[int], Any] = source.getsockopt

        def drain() -> None:
            try:
                for _ in range(BURST):
                    dispatch(handler, receive(source))
                    if source.closed or not option(EVENTS) & READABLE:
                        return
            except zmq.Again:
                pass

        self.add(source, drain)

    def drain(self, sources: list[zmq.Socket[bytes]], silence: int) -> None:
        """Handle what still arrives at sockets, until they are silent for some milliseconds."""
        poller = zmq.Poller()
        for source in sources:
            poller.register(source, zmq.POLLIN)
        while ready := poller.poll(silence):
            for source, _ in ready:
                self._handlers.get(source, source.recv_multipart)()

    def remove(self, source: Source) -> None:
        """Forget a source; it may be closed then."""
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
        """Serve until stopped."""
        poll, handlers, new, timers = self._poller.poll, self._handlers, self._new, self._timers
        while self._running:
            ready = poll(self._timeout() if timers else None)
            new.clear()  # what comes now may have the number of one that was ready, and is closed
            for source, _ in ready:
                handler = handlers.get(source)
                if handler and source not in new:
                    handler()
            now = time.monotonic()
            while timers and timers[0][0] <= now:
                heappop(timers)[2]()

    def _timeout(self) -> int:
        """Milliseconds until the next timer."""
        return max(0, round((self._timers[0][0] - time.monotonic()) * 1000))
