"""How much memory a process takes at its most."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

MB = 2**20
OFTEN = 0.05
"""Seconds between two looks."""


@dataclass
class Peak:
    megabytes: float = 0


@contextmanager
def peak(process: psutil.Process) -> Iterator[Peak]:
    """Watch a process's memory as long as the block lasts."""
    over = threading.Event()
    seen = Peak()

    def watch() -> None:
        while not over.wait(OFTEN):
            seen.megabytes = max(seen.megabytes, process.memory_info().rss / MB)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
