"""All sessions of a server: made, adopted, kept warm, and ended when nobody uses them."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

from beaker_kernel.errors import (
    BeakerError,
    Conflict,
    InvalidRequest,
    KernelDied,
    NotFound,
    TooMany,
)
from beaker_kernel.execution.background import Background
from beaker_kernel.execution.kernels import choose, installed
from beaker_kernel.execution.requests import Languages, SessionRequest
from beaker_kernel.execution.session import Session
from beaker_kernel.execution.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_client.multikernelmanager import AsyncMultiKernelManager

    from beaker_kernel.execution.limits import Limits

CULL_EVERY = 10.0
"""Seconds between two looks for sessions that nobody uses; a tenth of a shorter idle time."""


class Sessions:
    """The sessions of one server, by name; it starts no kernel before it is first asked for one."""

    def __init__(
        self, kernels: AsyncMultiKernelManager, limits: Limits, root: Path, folders: Path
    ) -> None:
        self._kernels = kernels
        self._limits = limits
        self._root = root
        self._folders = folders
        self._sessions: dict[str, Session] = {}
        self._starting: set[str] = set()
        self._spare: list[Session] = []
        self._spares_started = 0
        self._tasks = Background()
        self._culling: asyncio.Task[None] | None = None

    def all(self) -> list[Session]:
        """Return the sessions, oldest first."""
        return list(self._sessions.values())

    def get(self, name: str) -> Session:
        """Return a session.

        Raises:
            NotFound: there is none of that name.

        """
        try:
            return self._sessions[name]
        except KeyError:
            message = f"there is no session {name!r}"
            raise NotFound(message) from None

    def languages(self) -> Languages:
        """Return the languages that there are kernels for."""
        found: dict[str, list[str]] = {}
        for kernel, language in installed(self._kernels).items():
            found.setdefault(language, []).append(kernel)
        return Languages(default=str(self._kernels.default_kernel_name), languages=found)

    async def create(self, request: SessionRequest, beside: Session | None = None) -> Session:
        """Start a session, or share a kernel that runs.

        Args:
            request: what is wanted.
            beside: a session whose folder it shall have, or one below.

        Raises:
            Conflict: there is one of that name.
            InvalidRequest: there is no such kernel, language or folder.
            KernelDied: the kernel ended as it started, twice.
            KernelNotReady: the kernel has not answered in time.
            TooMany: there are as many as there may be.

        """
        name = request.id or secrets.token_hex(8)
        self._claim(name)
        try:
            session = await self._made(request, beside)
            session.id = name
            self._sessions[name] = session
        finally:
            self._starting.discard(name)
        self._tend()
        return session

    async def delete(self, name: str) -> None:
        """End a session; an adopted kernel goes on.

        Raises:
            NotFound: there is none of that name.

        """
        session = self.get(name)
        del self._sessions[name]
        await session.close()

    async def close(self) -> None:
        """End every session."""
        await self._tasks.close()
        everyone = [*self._sessions.values(), *self._spare]
        self._sessions.clear()
        self._spare.clear()
        await asyncio.gather(*(session.close() for session in everyone))

    def _claim(self, name: str) -> None:
        if name in self._sessions or name in self._starting:
            message = f"there is a session {name!r} already"
            raise Conflict(message)
        if len(self._sessions) + len(self._starting) >= self._limits.max_sessions:
            message = f"there are {self._limits.max_sessions} sessions already; end one first"
            raise TooMany(message, retry_after=5)
        self._starting.add(name)

    async def _made(self, request: SessionRequest, beside: Session | None) -> Session:
        if beside:
            return await self._start(request, self._folder_below(beside.workspace.path, request))
        return self._taken_from_spares(request) or await self._start(request)

    async def _start(self, request: SessionRequest, workspace: Workspace | None = None) -> Session:
        if request.kernel_id:
            return await self._opened(self._adopted(request.kernel_id, request))
        choice = choose(self._kernels, request.language, request.kernel)
        limits = self._lowered(request)
        environment = choice.environment(request.env)

        async def attempt() -> Session:
            folder = workspace or self._workspace(request)
            try:
                kernel_id = await self._started(choice.name, folder, environment)
            except BaseException:
                folder.remove()
                raise
            return await self._opened(Session(self._kernels, kernel_id, folder, limits))

        try:
            return await attempt()
        except KernelDied:  # another program may have taken one of its ports in between
            return await attempt()

    async def _started(self, kernel: str, workspace: Workspace, environment: dict[str, str]) -> str:
        """Start a kernel; one whose start is no longer wanted is ended once it is known."""
        starting = asyncio.ensure_future(
            self._kernels.start_kernel(kernel_name=kernel, cwd=str(workspace.path), env=environment)
        )
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await self._kernels.shutdown_kernel(await starting, now=True)
            raise

    def _adopted(self, kernel_id: str, request: SessionRequest) -> Session:
        if kernel_id not in self._kernels:
            message = f"there is no kernel {kernel_id!r}"
            raise InvalidRequest(message, "body", "kernel_id")
        workspace = self._folder_below(self._root, request)
        limits = self._lowered(request)
        return Session(self._kernels, kernel_id, workspace, limits, adopted=True)

    async def _opened(self, session: Session) -> Session:
        try:
            await session.open()
        except BaseException:
            await session.close()
            raise
        return session

    def _lowered(self, request: SessionRequest) -> Limits:
        idle = min(request.idle_timeout or self._limits.idle_timeout, self._limits.idle_timeout)
        return request.lowering(self._limits)._replace(idle_timeout=idle)

    def _workspace(self, request: SessionRequest) -> Workspace:
        """Return a folder of its own, or the one below the server's root that was asked for."""
        if request.cwd is None:
            return Workspace(self._folders / secrets.token_hex(8), own=True)
        return self._folder_below(self._root, request)

    @staticmethod
    def _folder_below(root: Path, request: SessionRequest) -> Workspace:
        path = (root / (request.cwd or "")).resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_dir():
            message = f"there is no folder {request.cwd!r} there"
            raise InvalidRequest(message, "body", "cwd")
        return Workspace(path, own=False)

    def _taken_from_spares(self, request: SessionRequest) -> Session | None:
        """Take a warm session where nothing special is asked for."""
        plain = SessionRequest(id=request.id, timeout=request.timeout, language=request.language)
        if request != plain or not self._spare:
            return None
        if request.language not in {None, self._spare[-1].language}:
            return None
        session = self._spare.pop()
        if session.state != "idle":
            self._tasks.start(session.close())
            return None
        session.limits = self._lowered(request)
        session.used_at = time.monotonic()
        return session

    def _tend(self) -> None:
        """See to it that there are spare kernels, and that unused sessions end."""
        if self._culling is None:
            self._culling = self._tasks.start(self._cull())
        if len(self._spare) + self._spares_started < self._limits.pool:
            self._spares_started += 1
            self._tasks.start(self._add_spare())

    async def _add_spare(self) -> None:
        try:
            self._spare.append(await self._start(SessionRequest()))
        except (BeakerError, OSError, RuntimeError):
            pass  # whoever needs a kernel then starts one, and hears why it fails
        finally:
            self._spares_started -= 1

    async def _cull(self) -> None:
        while True:
            await asyncio.sleep(min(CULL_EVERY, self._limits.idle_timeout / 10))
            now = time.monotonic()
            for name, session in list(self._sessions.items()):
                unused = (
                    session.state != "busy" and now - session.used_at > session.limits.idle_timeout
                )
                if (unused or session.state == "dead") and name in self._sessions:
                    await self.delete(name)
