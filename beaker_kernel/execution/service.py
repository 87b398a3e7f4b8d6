"""The execution service: one core for the routes, their faces and whoever embeds it."""

from __future__ import annotations

import asyncio
import shutil
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

from beaker_kernel.errors import NotFound, TooLarge, TooMany
from beaker_kernel.execution.background import Background
from beaker_kernel.execution.requests import SessionRequest
from beaker_kernel.execution.run import Run
from beaker_kernel.execution.sessions import Sessions

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_client.multikernelmanager import AsyncMultiKernelManager

    from beaker_kernel.execution.limits import Limits
    from beaker_kernel.execution.requests import ExecutionRequest
    from beaker_kernel.execution.session import Session

FOLLOWED = 200
"""Finished executions whose events can still be read from the beginning."""


class ExecutionService:
    """Runs code in sessions on a kernel manager, bounded.

    Attributes:
        limits: of this server.
        sessions: the live kernels.

    """

    def __init__(
        self, kernels: AsyncMultiKernelManager, limits: Limits, *, root: Path, folder: Path
    ) -> None:
        self.limits = limits
        self.sessions = Sessions(kernels, limits, root, folder / "sessions")
        self._folder = folder
        self._outputs = folder / "outputs"
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._session_of: dict[str, Session] = {}
        self._places = asyncio.Semaphore(limits.max_concurrency)
        self._going = 0
        self._tasks = Background()

    async def submit(self, request: ExecutionRequest) -> Run:
        """Have code run, and return its execution, which goes on by itself.

        Raises:
            InvalidRequest: the code is too long, or there is no kernel for its language.
            NotFound: there is no such session.
            TooMany: as many executions run or wait as may.

        """
        self._check(request)
        self._going += 1
        try:
            session = await self._session(request)
            run = self._admitted(request, session)
        except BaseException:
            self._going -= 1
            raise
        self._tasks.start(self._execute(session, run, own=not request.session))
        return run

    def get(self, name: str) -> Run:
        """Return an execution.

        Raises:
            NotFound: there is none of that name.

        """
        try:
            return self._runs[name]
        except KeyError:
            message = f"there is no execution {name!r}"
            raise NotFound(message) from None

    def output(self, name: str, number: str) -> Path:
        """Return where the whole of an output is.

        Raises:
            NotFound: there is no such execution, or that output is not truncated.

        """
        path = self._outputs / self.get(name).id / number
        if not number.isdecimal() or not path.is_file():
            message = f"there is no output {number!r} that is more than the result shows"
            raise NotFound(message)
        return path

    async def delete(self, name: str) -> None:
        """Forget an execution and its outputs; one that runs is interrupted first.

        Raises:
            NotFound: there is none of that name.

        """
        run = self.get(name)
        await self.interrupt(run)
        await run.wait()
        self._runs.pop(name, None)
        shutil.rmtree(self._outputs / name, ignore_errors=True)

    async def interrupt(self, run: Run) -> None:
        """End an execution: by an interrupt if it runs, at once if it waits."""
        session = self._session_of.get(run.id)
        if session and not run.finished:
            await session.interrupt(run)

    async def close(self) -> None:
        """End every session and every execution."""
        await self.sessions.close()
        await self._tasks.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _check(self, request: ExecutionRequest) -> None:
        if len(request.code.encode("utf-8", "replace")) > self.limits.max_code_bytes:
            message = f"the code is longer than {self.limits.max_code_bytes:,} bytes"
            raise TooLarge(message, "body", "code")
        if self._going >= self.limits.max_concurrency + self.limits.max_queue:
            message = f"{self._going} executions run or wait already"
            raise TooMany(message)

    async def _session(self, request: ExecutionRequest) -> Session:
        if request.session:
            return self.sessions.get(request.session)
        return await self.sessions.create(SessionRequest(language=request.language))

    def _admitted(self, request: ExecutionRequest, session: Session) -> Run:
        run = Run(
            request.code,
            session_id=session.id,
            language=session.language,
            limits=request.lowering(session.limits),
            folder=self._outputs,
            stdin=request.stdin,
        )
        session.admit(run)
        self._runs[run.id] = run
        self._session_of[run.id] = session
        return run

    async def _execute(self, session: Session, run: Run, *, own: bool) -> None:
        try:
            async with self._places:
                await session.execute(run)
        finally:
            self._going -= 1
            del self._session_of[run.id]
            if own:
                with suppress(NotFound):  # somebody has ended it meanwhile
                    await self.sessions.delete(session.id)
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        finished = [name for name, run in self._runs.items() if run.finished]
        for name in finished[: max(0, len(finished) - FOLLOWED)]:
            del self._runs[name]
            shutil.rmtree(self._outputs / name, ignore_errors=True)
