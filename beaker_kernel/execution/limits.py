"""How much an execution and a session may take; a request can only lower it."""

from __future__ import annotations

import time
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from beaker_kernel.errors import TooMany

LEAST_MEMORY_MB = 100
"""Megabytes without which a kernel starts and then answers nothing."""


class Limits(NamedTuple):
    """The bounds of one server.

    Attributes:
        timeout: seconds that an execution has where its request names none.
        max_timeout: the most that a request can name.
        max_output_bytes: of one execution's results and of each stream, kept in memory.
        max_code_bytes: of one piece of code.
        memory_mb: megabytes that each process of a kernel may have; 0 for no limit.
        max_sessions: live at once.
        max_concurrency: executions that run at once.
        max_queue: executions that wait in one session.
        idle_timeout: seconds after which a session that nobody uses is ended.
        rate: requests a minute from one identity.
        pool: warm kernels kept in reserve.
        commands: whether commands may be run in a shell.

    """

    timeout: float = 60
    max_timeout: float = 3600
    max_output_bytes: int = 10_000_000
    max_code_bytes: int = 1_000_000
    memory_mb: int = 0
    max_sessions: int = 20
    max_concurrency: int = 20
    max_queue: int = 100
    idle_timeout: float = 3600
    rate: int = 6000
    pool: int = 1
    commands: bool = False


class Bounds(BaseModel):
    """What a request says of its own limits; each lowers the server's."""

    model_config = ConfigDict(extra="forbid")

    timeout: float | None = Field(default=None, gt=0, description="Seconds of wall time in total.")
    max_output_bytes: int | None = Field(default=None, gt=0)
    memory_mb: int | None = Field(default=None, ge=LEAST_MEMORY_MB, le=1 << 40)

    def lowering(self, limits: Limits) -> Limits:
        """Return the limits that are then in force."""
        memory = min(self.memory_mb or limits.memory_mb, limits.memory_mb or self.memory_mb or 0)
        return limits._replace(
            timeout=min(self.timeout or limits.timeout, limits.max_timeout),
            max_output_bytes=min(
                self.max_output_bytes or limits.max_output_bytes, limits.max_output_bytes
            ),
            memory_mb=memory,
        )


class Rate:
    """Requests within a minute for each identity, as a bucket that fills again."""

    def __init__(self, per_minute: int) -> None:
        self._capacity = float(per_minute)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> None:
        """Count a request.

        Raises:
            TooMany: there were too many within a minute.

        """
        now = time.monotonic()
        left, since = self._buckets.get(who, (self._capacity, now))
        left = min(self._capacity, left + (now - since) * self._capacity / 60)
        if left < 1:
            message = f"more than {self._capacity:.0f} requests a minute"
            raise TooMany(message, retry_after=(1 - left) * 60 / self._capacity)
        self._buckets[who] = (left - 1, now)
