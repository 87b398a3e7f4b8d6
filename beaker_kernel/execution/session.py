"""A named live kernel, on which executions run one after the other."""

from __future__ import annotations

import asyncio
import builtins
import secrets
import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from jupyter_core.utils import ensure_async

from beaker_kernel.errors import (
    BeakerError,
    InvalidRequest,
    KernelDied,
    KernelNotReady,
    TooMany,
)
from beaker_kernel.execution.activity import Activity
from beaker_kernel.execution.background import Background
from beaker_kernel.execution.channels import Channels
from beaker_kernel.execution.kernels import BEAKER
from beaker_kernel.execution.process import ended, limit_memory
from beaker_kernel.execution.requests import Variables
from beaker_kernel.execution.suggestions import suggestion, words

if TYPE_CHECKING:
    from jupyter_client.manager import KernelManager
    from jupyter_client.multikernelmanager import AsyncMultiKernelManager

    from beaker_kernel.execution.limits import Limits
    from beaker_kernel.execution.results import KernelState, Status
    from beaker_kernel.execution.run import Run
    from beaker_kernel.execution.workspace import Workspace

State = Literal["starting", "idle", "busy", "dead"]
GRACE = 5.0
"""Seconds that code has to end after an interrupt, before its kernel is killed."""
LOOK = 1.0
"""Seconds after which an interrupt of code that has just begun is repeated.

Python sees none that comes after its own last look and before a call that blocks, such as a sleep.
"""
PATIENCE = 60.0
"""Seconds that a kernel has to answer once it is started."""
MOST_VARIABLES = 1_000
REMEMBERED = 20
"""Pieces of code whose names are known when one is misspelt."""


class Session:
    """One live kernel, ours or one that somebody else has started.

    Attributes:
        id: its name.
        kernel_id: the kernel, as Jupyter's ``/api/kernels`` knows it.
        kernel: the name of its kernelspec.
        language: what it says that it speaks.
        workspace: its folder.
        limits: how much it may take.
        adopted: whether somebody else has started it, and ends it.
        created_at: since when it is there.
        used_at: when it was last used, by the monotonic clock.

    """

    def __init__(
        self,
        kernels: AsyncMultiKernelManager,
        kernel_id: str,
        workspace: Workspace,
        limits: Limits,
        *,
        adopted: bool = False,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.kernel_id = kernel_id
        self.kernel = str(kernels.get_kernel(kernel_id).kernel_name)
        self.language = ""
        self.workspace = workspace
        self.limits = limits
        self.adopted = adopted
        self.created_at = datetime.now(UTC)
        self.used_at = time.monotonic()
        self._kernels = kernels
        self._turns = asyncio.Lock()
        self._runs: list[Run] = []
        self._current: Run | None = None
        self._dead = False
        self._lost = False
        self._tasks = Background()
        self._codes: deque[str] = deque(maxlen=REMEMBERED)

    @property
    def state(self) -> State:
        """What it is doing."""
        if self._lost:
            return "dead"
        if not self.language:
            return "starting"
        return "busy" if self._current or not self._channels.free.is_set() else "idle"

    async def open(self) -> None:
        """Connect to the kernel, and watch over it.

        Raises:
            KernelDied: it ended before it had answered.
            KernelNotReady: it has not answered in time.

        """
        manager = self._kernels.get_kernel(self.kernel_id)
        self._activity = Activity(self._kernels, self.kernel_id)
        if not self.adopted:  # it is ours to start it anew, and one is enough
            manager.stop_restarter()
            manager.autorestart = False  # with which it can't be stopped any more
            self._activity.take_over()
        self._channels = Channels(manager, self._activity.note)
        info = await self._first_word(manager)
        self.language = str(info["language_info"]["name"]).lower()
        self._features = info.get("supported_features") or []
        if self.limits.memory_mb and not self.adopted:
            limit_memory(manager, self.limits.memory_mb)
        self._dead = False
        self._tasks.start(self._watch())

    async def _first_word(self, manager: KernelManager) -> dict[str, Any]:
        """Return what the kernel says of itself."""
        opening = asyncio.ensure_future(self._channels.open(PATIENCE))
        ending = asyncio.ensure_future(ended(manager))
        try:
            await asyncio.wait((opening, ending), return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                what = f"the kernel {self.kernel!r} ended as it started"
                raise KernelDied(f"{what}; the server's log says why")
            return opening.result()
        finally:
            opening.cancel()
            ending.cancel()
            await asyncio.gather(opening, ending, return_exceptions=True)

    async def close(self) -> None:
        """End the kernel, unless it is somebody else's, and what still runs in it."""
        self._lost = True
        self._give_up()
        await self._tasks.close()
        await self._channels.close()
        if not self.adopted and self.kernel_id in self._kernels:
            await self._kernels.shutdown_kernel(self.kernel_id, now=True)
        self.workspace.remove()

    def admit(self, run: Run) -> None:
        """Let an execution wait for its turn; `execute` must follow.

        Raises:
            TooMany: too many wait already.

        """
        if sum(not run.finished for run in self._runs) > self.limits.max_queue:
            message = f"{self.limits.max_queue} executions wait in this session already"
            raise TooMany(message)
        self._runs.append(run)

    async def execute(self, run: Run, places: asyncio.Semaphore) -> None:
        """Run what was admitted when its turn has come; the run itself says how it went.

        Args:
            run: what was admitted.
            places: of which it needs one, while it runs.

        """
        try:
            async with self._turns:
                if not run.finished:
                    await self._channels.free.wait()  # somebody else's cell may be running
                async with places:
                    if not run.finished:
                        await self._run(run)
        finally:
            self._runs.remove(run)
            self.used_at = time.monotonic()

    async def interrupt(self, run: Run | None = None) -> None:
        """Interrupt what runs, or one execution: one that waits is over then."""
        run = run or self._current
        if run is None or run is self._current:
            await self._signal(run)
        elif not run.finished:
            run.end("interrupted")

    async def restart(self) -> None:
        """Start the kernel anew; what runs in it is killed, and what waits never runs.

        Raises:
            KernelDied: it doesn't come up any more.

        """
        self._give_up()
        async with self._turns:
            state = await self._revived(restart=True)
        if state == "lost":
            message = "the kernel doesn't start any more; make a new session"
            raise KernelDied(message)

    async def variables(self) -> Variables:
        """Return the session's variables.

        Raises:
            InvalidRequest: the kernel is not Beaker's, and can't be asked.
            KernelNotReady: it has not answered in time.

        """
        if BEAKER not in self._features:
            message = f"the kernel {self.kernel!r} tells of no variables; {BEAKER!r} does"
            raise InvalidRequest(message, "session")
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._channels.ask("variables_request", {"limit": MOST_VARIABLES})
        except TimeoutError:
            message = "the kernel has not told of its variables in time"
            raise KernelNotReady(message) from None
        if reply.get("status") == "error":
            raise KernelNotReady(str(reply.get("evalue")))
        return Variables.model_validate(reply)

    async def _run(self, run: Run) -> None:
        self._current = run
        self.used_at = time.monotonic()
        before = self.workspace.stamps()
        run.begin()
        try:
            status, state = await self._outcome(run)
        finally:
            self._current = None
        known = {*words([*self._codes, run.code]), *dir(builtins)}
        run.end(
            status,
            kernel_state=state,
            suggestion=suggestion(status, run.error, known),
            files=self.workspace.changed_since(before),
        )
        self._codes.append(run.code)

    async def _outcome(self, run: Run) -> tuple[Status, KernelState]:
        if self._dead and await self._revived() == "lost":
            return "killed", "lost"
        msg_id = self._channels.execute(run.code, run, stdin=run.stdin is not None)
        try:
            async with asyncio.timeout(run.limits.timeout):
                await run.over.wait()
        except TimeoutError:
            return "timeout", await self._stopped(run)
        finally:
            self._channels.forget(msg_id)
        return run.verdict, await self._state_after(run)

    async def _stopped(self, run: Run) -> KernelState:
        """Stop code that takes too long: by an interrupt, or with its kernel."""
        await self._signal(run)
        if await _within(GRACE, run.over):
            return await self._state_after(run)
        return await self._revived(restart=True)

    async def _state_after(self, run: Run) -> KernelState:
        """Say what became of the variables, once there is a kernel again."""
        if run.verdict != "killed":
            return "preserved"
        if self._lost:
            return "lost"
        return await self._revived() if self._dead else "restarted"

    async def _signal(self, run: Run | None) -> None:
        if not run:
            await self._interrupt_kernel()
            return
        run.interrupted = True
        await _within(GRACE, run.begun)
        is_new = run.age < LOOK
        await self._interrupt_kernel()
        if is_new and not await _within(LOOK, run.over):
            await self._interrupt_kernel()

    async def _interrupt_kernel(self) -> None:
        with suppress(KeyError, RuntimeError):  # it has just ended
            await ensure_async(self._kernels.interrupt_kernel(self.kernel_id))  # type: ignore[func-returns-value]

    def _give_up(self) -> None:
        """End what runs, and what waits."""
        for run in self._runs:
            if run is self._current:
                run.lose()
            elif not run.finished:
                run.end("interrupted")
        self._channels.free.set()  # whoever waits for its turn sees that it is over

    async def _revived(self, *, restart: bool = False) -> KernelState:
        """Have a kernel again, and say whether there is one."""
        try:
            await self._tasks.close()
            await self._channels.close()
            if restart or not self.adopted:
                await self._kernels.restart_kernel(self.kernel_id, now=True)
            await self.open()
        except (BeakerError, KeyError, OSError, RuntimeError):
            self._lost = True
            return "lost"
        return "restarted"

    async def _watch(self) -> None:
        """See the kernel's end at once, and start it anew when nothing waits for that."""
        await ended(self._kernels.get_kernel(self.kernel_id))
        self._dead = True
        if self._current:
            self._current.lose()
            return
        async with self._turns:
            if self._dead:
                await self._revived()


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for an event, and tell whether it has come in time."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
