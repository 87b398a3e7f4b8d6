"""Tasks that live longer than the call that starts them, and whoever owns them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine


async def to_its_end(work: Awaitable[object]) -> None:
    """Await work to its end; a cancellation that comes meanwhile is raised after it."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
    if cancelled:
        raise cancelled


class Background:
    """The tasks of one owner; `close` ends them all and waits for that."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Start a task; what it raises goes to the loop's exception handler."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    async def finish(self, patience: float) -> None:
        """Wait until what is left is over by itself, and end what takes longer."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        await self.close()

    async def close(self) -> None:
        """Cancel what is left, and wait until it is over."""
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            context = {"message": "a background task failed", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)
