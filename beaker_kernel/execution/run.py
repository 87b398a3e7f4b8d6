"""One execution: what was asked, how far it is, and what came of it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from beaker_kernel.execution.events import EventLog
from beaker_kernel.execution.folding import Folding
from beaker_kernel.execution.results import FINAL, Execution

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from beaker_kernel.execution.limits import Limits
    from beaker_kernel.execution.results import ExecutionError, File, KernelState, Status

END_OF_INPUT = "\x04"
"""What a kernel takes for the end of its standard input (ipykernel raises EOFError)."""


class Run:
    """One execution, from its request to its end; it listens to the kernel that runs it.

    Attributes:
        id: its name.
        code: what runs.
        limits: how much it may take.
        stdin: the lines that are left for ``input()``; None if it may not ask.
        log: its events, for any number of readers.
        begun: set when the kernel has taken it up; an interrupt before that is lost.
        over: set when the kernel has answered and all of its output is there, or never will be.
        interrupted: whether somebody asked for its end.
        forgotten: whether somebody asked that nothing be kept of it.

    """

    def __init__(
        self,
        code: str,
        *,
        session_id: str,
        language: str,
        limits: Limits,
        folder: Path,
        stdin: Sequence[str] | None = None,
    ) -> None:
        self.id = secrets.token_hex(12)
        self.code = code
        self.limits = limits
        self.stdin = None if stdin is None else deque(stdin)
        self.log = EventLog(limits.max_output_bytes)
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.interrupted = False
        self.forgotten = False
        self._begun_at = 0.0
        self._finished = asyncio.Event()
        self._lost = False
        self._folding = Folding(self.log, folder / self.id, limits.max_output_bytes)
        self._reply: dict[str, Any] | None = None
        self._idle = False
        self._execution = Execution(
            id=self.id, session_id=session_id, language=language, code=code, status="queued"
        )

    @property
    def session_id(self) -> str:
        """Where it runs."""
        return self._execution.session_id

    @property
    def error(self) -> ExecutionError | None:
        """The exception that ended it, as far as it is known."""
        return self._folding.error

    @property
    def written(self) -> int:
        """Characters that it has written to its streams."""
        return self._folding.written

    @property
    def status(self) -> Status:
        """How far it is."""
        return self._execution.status

    @property
    def age(self) -> float:
        """Seconds since its kernel has taken it up; 0 if it has not."""
        return time.monotonic() - self._begun_at if self._begun_at else 0.0

    @property
    def finished(self) -> bool:
        """Whether it is over and its result is whole."""
        return self._finished.is_set()

    async def wait(self) -> Execution:
        """Return the result once it is whole."""
        await self._finished.wait()
        return self._execution

    def snapshot(self) -> Execution:
        """Return the result as far as it is known."""
        if self.finished:
            return self._execution
        return self._execution.model_copy(update=self._outputs())

    def begin(self) -> None:
        """Say that it runs now."""
        self._execution.status = "running"
        self._execution.started_at = datetime.now(UTC)
        self.log.append("started", {"id": self.id, "session_id": self._execution.session_id})

    def end(
        self,
        status: Status,
        *,
        kernel_state: KernelState = "preserved",
        suggestion: str | None = None,
        files: Sequence[File] = (),
    ) -> None:
        """Make the result whole, and tell everybody."""
        assert status in FINAL
        finished = datetime.now(UTC)
        started = self._execution.started_at
        self._execution = self._execution.model_copy(
            update={
                **self._outputs(),
                "status": status,
                "finished_at": finished,
                "duration_ms": started and (finished - started).total_seconds() * 1000,
                "kernel_state": kernel_state,
                "suggestion": suggestion,
                "files": list(files),
            }
        )
        self._folding.close()
        self._finished.set()
        self.log.append("done", self._execution)

    @property
    def verdict(self) -> Status:
        """How the kernel says that it ended."""
        reply = self._reply or {}
        if self._lost or reply.get("ename") == "KernelDied":
            return "killed"
        if self.interrupted and reply.get("status") != "ok":
            return "interrupted"
        return "ok" if reply.get("status") == "ok" else "error"

    def published(self, msg_type: str, content: dict[str, Any]) -> None:
        """Take in what the kernel publishes for it."""
        if msg_type == "status":
            self._idle = self._idle or content.get("execution_state") == "idle"
            self._see_whether_over()
            return
        if msg_type == "execute_input":
            self._begun_at = time.monotonic()
            self.begun.set()
        if not self.finished:
            self._folding.take(msg_type, content)

    def replied(self, content: dict[str, Any]) -> None:
        """Take in the kernel's reply."""
        self._reply = content
        self._see_whether_over()

    def lose(self) -> None:
        """Take in that the kernel is gone, and says nothing more."""
        self._lost = True
        self.begun.set()
        self.over.set()

    def asked(self, content: dict[str, Any]) -> str:
        """Answer an ``input()`` with the next line, or with the end of the input."""
        return self.stdin.popleft() if self.stdin else END_OF_INPUT

    def _see_whether_over(self) -> None:
        """It is over with reply and idle; an interrupt at the wrong moment costs the reply."""
        if self._idle and (self._reply is not None or self.interrupted):
            self.begun.set()
            self.over.set()

    def _outputs(self) -> dict[str, Any]:
        folding = self._folding
        return {
            "execution_count": folding.execution_count,
            "stdout": folding.stream("stdout"),
            "stderr": folding.stream("stderr"),
            "results": folding.results,
            "error": folding.error,
            "truncated": folding.truncated,
        }
