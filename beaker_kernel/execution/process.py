"""A kernel's own process, as its manager knows it."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.manager import KernelManager

GLANCE = 1.0
"""Seconds between two looks at a kernel that is no process of this machine."""
MB = 1 << 20


async def ended(manager: KernelManager) -> None:
    """Return when a kernel's process has ended: at once on Linux, else within a second."""
    pid = getattr(manager.provisioner, "pid", None)
    if pid and sys.platform == "linux":
        await _exited(pid)
        return
    while await manager.provisioner.poll() is None:  # type: ignore[union-attr]  # noqa: ASYNC110
        await asyncio.sleep(GLANCE)


async def _exited(pid: int) -> None:
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(watched, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(watched)
        os.close(watched)


def limit_memory(manager: KernelManager, megabytes: int) -> None:
    """Bound the data of each of a kernel's processes, and of those that they will start.

    Beyond it an allocation fails: in Python a MemoryError, and the session lives on.
    """
    pid = getattr(manager.provisioner, "pid", None)
    if not pid or sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 (there is none on Windows)

    limit = (megabytes * MB, megabytes * MB)
    for one in (pid, *_descendants(pid)):
        with suppress(ProcessLookupError):
            resource.prlimit(one, resource.RLIMIT_DATA, limit)


def _descendants(pid: int) -> Iterator[int]:
    """Yield a process's children and theirs (proc_pid_task(5))."""
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError):
            for child in map(int, thread.read_text().split()):
                yield child
                yield from _descendants(child)
