"""What a test leaves behind: child processes, threads that would hold up the end, open sockets."""

from __future__ import annotations

import gc
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PATIENCE = 20.0
"""Seconds in which what was told to end has to be gone."""
GLANCE = 0.02
"""Seconds between two looks: a socket that libzmq's own thread closes tells nobody."""

Socket = tuple[int, object, object]


@dataclass(frozen=True)
class Held:
    """What this process holds open."""

    processes: frozenset[psutil.Process]
    threads: frozenset[threading.Thread]
    sockets: frozenset[Socket]

    def __sub__(self, other: Held) -> Held:
        return Held(
            self.processes - other.processes,
            self.threads - other.threads,
            self.sockets - other.sockets,
        )

    def __bool__(self) -> bool:
        return bool(self.processes or self.threads or self.sockets)

    def __str__(self) -> str:
        return ", ".join(str(item) for group in vars(self).values() for item in group)


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds of which nobody tells."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(GLANCE)


def running_after(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return which processes have not ended within some time.

    One that has ended and has nobody left but init to collect it is none of them: in a container
    init may look for such but once a second.
    """
    end = time.monotonic() + seconds
    while True:
        _, alive = psutil.wait_procs(processes, timeout=GLANCE)
        processes = [process for process in alive if not _waits_for_init(process)]
        if not processes or time.monotonic() > end:
            return processes


def _waits_for_init(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.ppid() == 1
    except psutil.NoSuchProcess:
        return True


def held() -> Held:
    """Return what this process holds open now.

    Its children's children are theirs to end. A socket without an address is one of a pair: event
    loops have them, and Jupyter keeps one loop for each thread. A connection that a server here has
    accepted is that server's, and ends with it.
    """
    this = psutil.Process()
    sockets = [s for s in this.net_connections("all") if s.laddr]
    listening = {s.laddr for s in sockets if s.status == psutil.CONN_LISTEN}
    own = [s for s in sockets if s.status == psutil.CONN_LISTEN or s.laddr not in listening]
    return Held(
        frozenset(this.children()),
        frozenset(thread for thread in threading.enumerate() if not thread.daemon),
        frozenset((s.fd, s.laddr, s.raddr) for s in own),
    )


def left_since(before: Held) -> Held:
    """Return what is held on top of `before`, once it had the time to end."""
    end = time.monotonic() + PATIENCE
    while (left := held() - before) and time.monotonic() < end:
        gc.collect()
        psutil.wait_procs(left.processes, timeout=GLANCE)
        for thread in left.threads:
            thread.join(GLANCE)
        time.sleep(GLANCE)
    return left


def marked(name: str, value: str) -> list[psutil.Process]:
    """Return the processes of this machine that were started with a variable of that value.

    A grandchild whose parent is gone is no descendant any more, but it keeps its environment.
    """
    return [process for process in psutil.process_iter() if _environ(process).get(name) == value]


def _environ(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:  # gone meanwhile, or another user's
        return {}
