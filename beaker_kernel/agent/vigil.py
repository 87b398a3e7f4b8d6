"""A sign of life while the model says nothing: no wait of the person's is silent for a second."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Self

from beaker_kernel.protocol.messages import LlmWaiting

if TYPE_CHECKING:
    from beaker_kernel.agent.model import Model, Retry
    from beaker_kernel.agent.surface import Surface

_ADDRESS = re.compile(r"^https?://\S+ ")
"""Where a reason begins: who waits in a line of 79 characters knows whom they have asked."""
SILENCE = 0.8
"""Seconds without a word after which it is said what is waited for."""
AGAIN = 1.0
"""Seconds after which that is said anew."""


def told(waiting: LlmWaiting) -> str:
    """Say to a person what is waited for."""
    if waiting.thinking:
        return f"{waiting.model} is thinking: {waiting.seconds:.0f} s"
    attempt = f"(attempt {waiting.attempt} of {waiting.attempts})"
    before = f"{_ADDRESS.sub('', waiting.reason)}; " if waiting.reason else ""
    if waiting.again_in_s:
        again = f"asking {waiting.model} again in {waiting.again_in_s:.1f} s"
        return f"{before}{again} {attempt}"
    return f"{before}waiting for {waiting.model}: {waiting.seconds:.0f} s {attempt}"


class Vigil:
    """Tells a surface what is waited for, from the question to the model up to its last word.

    As a context manager it lasts as long as one completion takes. The person may wait `since` a
    moment before that, by the monotonic clock.
    """

    def __init__(self, model: Model, surface: Surface, since: float | None = None) -> None:
        self._model = model
        self._surface = surface
        self._loop = asyncio.get_running_loop()
        self._heard = since or self._loop.time()
        self._thinking = False
        self._retry: Retry | None = None
        self._again_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._timer = self._loop.call_at(self._heard + SILENCE, self._look)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()

    def heard(self, *, thought: bool = False) -> None:
        """Take in that the model has said something; a thought is no word yet."""
        self._thinking = thought
        if not thought:
            self._heard = self._loop.time()

    def retry(self, retry: Retry) -> None:
        """Say at once that the model will be asked again."""
        self._retry, self._again_at = retry, self._loop.time() + retry.delay
        self._surface.retry(retry)
        self._tell()

    def _look(self) -> None:
        """Speak up if it has been silent, and look again when it may be."""
        silent = self._loop.time() - self._heard
        if silent >= SILENCE:
            self._tell()
        self._timer = self._loop.call_later(max(SILENCE - silent, 0) or AGAIN, self._look)

    def _tell(self) -> None:
        now, retry = self._loop.time(), self._retry
        waiting = LlmWaiting(
            model=self._model.name,
            seconds=round(now - self._heard, 1),
            attempt=retry.attempt + 1 if retry else 1,
            attempts=self._model.attempts,
            reason=retry.reason if retry else None,
            again_in_s=round(max(self._again_at - now, 0), 1) or None,
            thinking=self._thinking or None,
        )
        self._surface.waiting(waiting)
