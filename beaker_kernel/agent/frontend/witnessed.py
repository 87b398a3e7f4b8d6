"""A surface whose events are also kept, for frontends that come later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beaker_kernel.agent.budget import Budget
    from beaker_kernel.agent.frontend.event_surface import EventSurface
    from beaker_kernel.agent.model import Retry, ToolCall, Usage
    from beaker_kernel.agent.policy import Verdict
    from beaker_kernel.agent.surface import Surface
    from beaker_kernel.protocol.messages import LlmWaiting, ToolState


class Witnessed:
    """Shows everything on a surface, asks the person there, and tells a witness what is said.

    Args:
        surface: where the person is.
        witness: makes events of it, for frontends from which their word may come, too.

    """

    def __init__(self, surface: Surface, witness: EventSurface) -> None:
        self._surface = surface
        self._witness = witness
        self.header = surface.header

    @property
    def can_approve(self) -> bool:
        """Whether the person can be asked for their word."""
        return self._surface.can_approve

    @property
    def takes_cells(self) -> bool:
        """Whether a person is there who can run a cell."""
        return self._surface.takes_cells

    async def approve(self, code: str, *, untrusted: bool) -> Verdict:
        """Ask for a person's word, wherever they are; the first one counts.

        Of two at once it is the one by event: that it counts was said already.
        """
        words = [
            asyncio.create_task(self._witness.approve_by_event(code, untrusted=untrusted)),
            asyncio.create_task(self._surface.approve(code, untrusted=untrusted)),
        ]
        try:
            given, _ = await asyncio.wait(words, return_when=asyncio.FIRST_COMPLETED)
            return next(word for word in words if word in given).result()
        finally:
            for word in words:
                word.cancel()
            await asyncio.wait(words)

    async def ask(self, question: str) -> str:
        """Ask the person."""
        return await self._surface.ask(question)

    def delta(self, text: str, *, thought: bool = False) -> None:
        """Show a piece of the answer."""
        self._surface.delta(text, thought=thought)
        self._witness.delta(text, thought=thought)

    def retry(self, retry: Retry) -> None:
        """Say that the model is asked again."""
        self._surface.retry(retry)
        self._witness.retry(retry)

    def waiting(self, waiting: LlmWaiting) -> None:
        """Say what is waited for; who comes later need not know."""
        self._surface.waiting(waiting)

    def usage(self, usage: Usage, budget: Budget, cost: float | None) -> None:
        """Say what a completion took."""
        self._surface.usage(usage, budget, cost)
        self._witness.usage(usage, budget, cost)

    def notice(self, text: str) -> None:
        """Say something that is not the model's."""
        self._surface.notice(text)
        self._witness.notice(text)

    def tool_started(self, call: ToolCall) -> None:
        """Show that a tool runs."""
        self._surface.tool_started(call)
        self._witness.tool_started(call)

    def tool_ended(
        self, call: ToolCall, state: ToolState, output: str = "", error: str = ""
    ) -> None:
        """Show what became of it."""
        self._surface.tool_ended(call, state, output, error)
        self._witness.tool_ended(call, state, output, error)

    def cell(self, code: str) -> None:
        """Put code into a new cell."""
        self._surface.cell(code)
        self._witness.cell(code)

    def placed(self, code: str) -> None:
        """Show code that is in a new cell."""
        self._surface.placed(code)
        self._witness.placed(code)

    def code(self, code: str, record: dict[str, Any]) -> None:
        """Show code that runs."""
        self._surface.code(code, record)
        self._witness.code(code, record)

    def withheld(self, code: str, record: dict[str, Any]) -> None:
        """Show code that nobody could allow."""
        self._surface.withheld(code, record)
        self._witness.withheld(code, record)

    def finish(self, text: str) -> None:
        """Show the whole answer."""
        self._surface.finish(text)
        self._witness.finish(text)
