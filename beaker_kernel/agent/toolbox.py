"""The tools of one question: each call is checked, judged where it reaches out, and made."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from beaker_kernel.agent.policy import narrowest
from beaker_kernel.agent.tool import EFFECTS, ToolResult, refused, written
from beaker_kernel.errors import ApprovalRequired, KernelDied

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from beaker_kernel.agent.model import ToolCall
    from beaker_kernel.agent.notebook import Notebook
    from beaker_kernel.agent.tool import Tool
    from beaker_kernel.agent.turn import Turn
    from beaker_kernel.protocol.replies import Policy

NO_POLICIES: Mapping[str, Policy] = MappingProxyType({})
RUNS = "run_code"
"""The tool whose policy holds for all code of the model's, whichever tool runs it."""
log = logging.getLogger("beaker.agent")


class Toolbox:
    """What the model may use in one turn; of two tools of a name the later one counts.

    Args:
        turn: what the tools may use.
        tools: those that there are.
        policies: of single tools; one that is never to be used is not offered.

    """

    def __init__(
        self, turn: Turn, tools: Iterable[Tool], policies: Mapping[str, Policy] = NO_POLICIES
    ) -> None:
        self.turn = turn
        self._policies = policies
        self._tools = {tool.name: tool for tool in offered(tools, policies, turn.notebook)}
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
        turn = self._turn(tool)
        refusal = await self._refusal(turn, tool, call)
        return refused(refusal) if refusal else await self._use(turn, tool, arguments)

    def _turn(self, tool: Tool) -> Turn:
        """Return what a tool may use, under its own policy where that allows less.

        Code that it runs is under that of `run_code`, too.
        """
        policy = narrowest(self.turn.policy, self._policies.get(tool.name, "auto"))
        return replace(self.turn, policy=policy, code_policy=self._policies.get(RUNS, "auto"))

    async def _refusal(self, turn: Turn, tool: Tool, call: ToolCall) -> str:
        """Say why a call may not be made that is judged itself; no sandbox holds it.

        That is one which leaves this machine, and one of a tool that looks or writes and has a
        policy of its own.
        """
        if tool.effect == "runs" or not (tool.effect == "reaches out" or self._has_own(tool)):
            return ""
        asked = written(tool.name, call.arguments)
        verdict = await turn.judge(asked)
        if verdict.code == asked:
            return ""
        return f"not used: {verdict.refusal or f'the person wants it so: {verdict.code}'}"

    def _has_own(self, tool: Tool) -> bool:
        return tool.name in self._policies

    async def _use(self, turn: Turn, tool: Tool, arguments: dict[str, object]) -> ToolResult:
        try:
            result = await tool.function(turn, **arguments)
        except (ApprovalRequired, KernelDied):
            raise
        except Exception as error:  # the edge of a tool call: the tool may be anybody's
            log.exception("the tool %s failed", tool.name)
            said = self.turn.data(f"{type(error).__name__}: {error}")
            return refused(f"{tool.name} failed\n{said}")
        return result if isinstance(result, ToolResult) else ToolResult(self.turn.data(result))


def offered(
    tools: Iterable[Tool], policies: Mapping[str, Policy], notebook: Notebook | None
) -> tuple[Tool, ...]:
    """Return the tools that the model is told of, one of a name; without a notebook none for it."""
    usable = (tool for tool in in_order(tools) if notebook or tool.needs != "cells")
    named = {tool.name: tool for tool in usable if policies.get(tool.name) != "never"}
    return tuple(named.values())


def in_order(tools: Iterable[Tool]) -> list[Tool]:
    """Return tools as the model is told of them, wherever they were found first."""
    return sorted(tools, key=lambda tool: (EFFECTS.index(tool.effect), tool.name))
