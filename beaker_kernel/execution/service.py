"""The execution service: one core for the routes, their faces and whoever embeds it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter, OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

from beaker_kernel.errors import NotAllowed, NotFound, TooLarge, TooMany
from beaker_kernel.execution import commands
from beaker_kernel.execution.background import Background
from beaker_kernel.execution.events import last_word
from beaker_kernel.execution.requests import ExecutionPage, ExecutionRequest, SessionRequest
from beaker_kernel.execution.run import Run
from beaker_kernel.execution.sessions import Sessions
from beaker_kernel.execution.tally import Tally

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from jupyter_client.multikernelmanager import AsyncMultiKernelManager

    from beaker_kernel.execution.events import Event
    from beaker_kernel.execution.history import History
    from beaker_kernel.execution.limits import Limits
    from beaker_kernel.execution.requests import CommandRequest, CommandResult, Filter
    from beaker_kernel.execution.results import Execution
    from beaker_kernel.execution.session import Session

NAME = re.compile(r"[0-9a-f]{24}")
FOLLOWED = 32_000_000
"""Bytes of finished executions whose events can still be read from the beginning."""
HEED = 5.0
"""Seconds that code has to end before what is known of it is deleted all the same."""
PATIENCE = 10.0
"""Seconds that executions have to end once their sessions have."""
RUN = 10_000
"""Bytes that an execution takes beside its events, roughly."""


class ExecutionService:
    """Runs code in sessions on a kernel manager, bounded.

    Attributes:
        limits: of this server.
        history: the executions of the past.
        sessions: the live kernels.
        tally: what it has done.

    """

    def __init__(
        self,
        kernels: AsyncMultiKernelManager,
        limits: Limits,
        history: History,
        *,
        root: Path,
        folder: Path,
        outputs: Path,
    ) -> None:
        """Make a service that has started nothing yet.

        Args:
            kernels: where its kernels live.
            limits: what its executions may take.
            history: where they are stored.
            root: below which sessions may have their folders.
            folder: where sessions have folders of their own; it is removed in the end.
            outputs: where the whole of what is too long is kept, as long as the history has it.

        """
        self.limits = limits
        self.history = history
        self.tally = Tally()
        self.sessions = Sessions(kernels, limits, root, folder / "sessions")
        self._folder = folder
        self._outputs = outputs
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._session_of: dict[str, Session] = {}
        self._places = asyncio.Semaphore(limits.max_concurrency)
        self._going = 0
        self._tasks = Background()

    async def submit(self, request: ExecutionRequest, who: str = "") -> Run:
        """Have code run for somebody, and return its execution, which goes on by itself.

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
        self._tasks.start(self._execute(session, run, who, own=not request.session))
        return run

    async def command(self, request: CommandRequest) -> CommandResult:
        """Run a command in a shell, in a kernel of its own; nothing of it is stored.

        Raises:
            InvalidRequest: there is no such folder, or no kernel for Python.
            NotAllowed: commands are not switched on.
            NotFound: there is no such session.
            TooMany: as many sessions or executions are there as may be.

        """
        if not self.limits.commands:
            message = "commands are off on this server; BEAKER_EXECUTION_COMMANDS=1 is on"
            raise NotAllowed(message)
        beside = self.sessions.get(request.session) if request.session else None
        memory = beside.limits.memory_mb or None if beside else None
        wanted = SessionRequest(language="python", cwd=request.cwd, memory_mb=memory)
        session = await self.sessions.create(wanted, beside)
        try:
            return await self._command(request, session)
        finally:
            with suppress(NotFound):  # the server has ended it
                await self.sessions.delete(session.id)

    async def _command(self, request: CommandRequest, session: Session) -> CommandResult:
        code = commands.code(request.command)
        run = await self.submit(
            ExecutionRequest(code=code, session=session.id, timeout=request.timeout)
        )
        run.forgotten = True
        try:
            return commands.result(await run.wait())
        finally:
            self._runs.pop(run.id, None)
            self._remove_outputs(run.id)

    async def follow(self, name: str, since: int) -> AsyncIterator[Event]:
        """Return an execution's events after number `since`; of an old one only ``done``.

        Raises:
            NotFound: there is none of that name.

        """
        if name in self._runs:
            return self._runs[name].log.follow(since)
        return last_word(await self.get(name), since)

    def run(self, name: str) -> Run:
        """Return an execution that runs, or has just ended.

        Raises:
            NotFound: there is none of that name.

        """
        try:
            return self._runs[name]
        except KeyError:
            raise _not_found(name) from None

    async def get(self, name: str) -> Execution:
        """Return an execution as far as it is.

        Raises:
            NotFound: there is none of that name.

        """
        if name in self._runs:
            return self._runs[name].snapshot()
        if stored := await self.history.get(name):
            return stored
        raise _not_found(name)

    async def page(self, wanted: Filter) -> ExecutionPage:
        """Return a page of the history; those that run or wait, where they are asked for."""
        if wanted.status not in {"queued", "running"}:
            return await self.history.page(wanted)
        live = [run.snapshot() for run in reversed(self._runs.values())]
        found = [e for e in live if e.status == wanted.status]
        return ExecutionPage(executions=found[: wanted.limit])

    def live(self) -> Counter[str]:
        """Return how many executions wait and run."""
        return Counter(run.status for run in self._runs.values() if not run.finished)

    def output(self, name: str, number: str) -> Path:
        """Return where the whole of an output is.

        Raises:
            NotFound: there is no such execution, or that output is not truncated.

        """
        path = self._outputs / name / number
        if not (NAME.fullmatch(name) and number.isdecimal() and path.is_file()):
            message = f"there is no output {number!r} that is more than the result shows"
            raise NotFound(message)
        return path

    async def delete(self, name: str) -> None:
        """Forget an execution and its outputs; one that runs is interrupted first.

        Code that doesn't heed the interrupt goes on until its time is up, and is forgotten already.

        Raises:
            NotFound: there is none of that name.

        """
        run = self._runs.get(name)
        if run:
            run.forgotten = True
            await self.interrupt(run)
            with suppress(TimeoutError):
                await asyncio.wait_for(run.wait(), HEED)
            self._runs.pop(name, None)
        stored = await self.history.delete(name)
        if not run and not stored:
            raise _not_found(name)
        self._remove_outputs(name)

    async def interrupt(self, run: Run) -> None:
        """End an execution: by an interrupt if it runs, at once if it waits."""
        session = self._session_of.get(run.id)
        if session and not run.finished:
            await session.interrupt(run)

    async def close(self) -> None:
        """End every session and every execution."""
        await self.sessions.close()
        await self._tasks.finish(PATIENCE)  # a kernel whose end is cut short hangs the server's
        await self.history.close()
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

    async def _execute(self, session: Session, run: Run, who: str, *, own: bool) -> None:
        try:
            await session.execute(run, self._places)
            self.tally.add(run.snapshot(), run.written)
            await self._store(run, who)
        finally:
            self._going -= 1
            del self._session_of[run.id]
            if own:
                with suppress(NotFound):  # somebody has ended it meanwhile
                    await self.sessions.delete(session.id)
            self._drop_oldest()

    async def _store(self, run: Run, who: str) -> None:
        """Keep what has ended, unless somebody has asked, even in this moment, to forget it."""
        if not run.forgotten:
            for gone in await self.history.add(run.snapshot(), who, run.log.last):
                self._remove_outputs(gone)
            if run.forgotten:
                await self.history.delete(run.id)
        if run.forgotten:
            self._remove_outputs(run.id)

    def _drop_oldest(self) -> None:
        ended = [(name, run) for name, run in self._runs.items() if run.finished]
        finished = [(name, run.log.size + RUN) for name, run in ended]
        held = sum(size for _, size in finished)
        for name, size in finished:
            if held <= FOLLOWED:
                return
            del self._runs[name]
            held -= size

    def _remove_outputs(self, name: str) -> None:
        shutil.rmtree(self._outputs / name, ignore_errors=True)


def _not_found(name: str) -> NotFound:
    return NotFound(f"there is no execution {name!r}")
