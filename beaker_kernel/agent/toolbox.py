"""The tools of one question: each call is checked, judged where it reaches out, and made."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from beaker_kernel.agent.tool import EFFECTS, ToolResult, refused, written
from beaker_kernel.errors import ApprovalRequired, KernelDied

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beaker_kernel.agent.model import ToolCall
    from beaker_kernel.agent.tool import Tool
    from beaker_kernel.agent.turn import Turn

log = logging.getLogger("beaker.agent")


class Toolbox:
    """What the model may use in one turn; of two tools of a name the later one counts."""

    def __init__(self, turn: Turn, tools: Iterable[Tool]) -> None:
        self.turn = turn
        usable = (tool for tool in tools if turn.notebook or tool.needs != "cells")
        self._tools = {tool.name: tool for tool in in_order(usable)}
        self.specs = tuple(tool.spec for tool in self._tools.values())

    async def use(self, call: ToolCall) -> ToolResult:
        """Use the tool that the model called; what is wrong with the call is said to the model.

        Raises:
            ApprovalRequired: the policy wants a person's word, and nobody can be asked.
            KernelDied: the subkernel ended meanwhile.

        """
        tool = self._tools.get(call.name)
        if tool is None:
            return refused(f"there is no tool {call.name!r}; there are {', '.join(self._tools)}")
        if call.problem:
            return refused(call.problem)
        try:
            arguments = tool.signature.fit(call.arguments)
        except TypeError as error:
            return refused(str(error))
        refusal = await self._refusal(tool, call)
        return refused(refusal) if refusal else await self._use(tool, arguments)

    async def _refusal(self, tool: Tool, call: ToolCall) -> str:
        """Say why a call that leaves this machine may not be made; no sandbox holds it."""
        if tool.effect != "reaches out":
            return ""
        asked = written(tool.name, call.arguments)
        verdict = await self.turn.judge(asked)
        if verdict.code == asked:
            return ""
        return f"not used: {verdict.refusal or f'the person wants it so: {verdict.code}'}"

    async def _use(self, tool: Tool, arguments: dict[str, object]) -> ToolResult:
        try:
            result = await tool.function(self.turn, **arguments)
        except (ApprovalRequired, KernelDied):
            raise
        except Exception as error:  # the edge of a tool call: the tool may be anybody's
            log.exception("the tool %s failed", tool.name)
            said = self.turn.data(f"{type(error).__name__}: {error}")
            return refused(f"{tool.name} failed\n{said}")
        return result if isinstance(result, ToolResult) else ToolResult(self.turn.data(result))


def in_order(tools: Iterable[Tool]) -> list[Tool]:
    """Return tools as the model is told of them, wherever they were found first."""
    return sorted(tools, key=lambda tool: (EFFECTS.index(tool.effect), tool.name))
