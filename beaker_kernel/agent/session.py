"""The live session: the agent runs code and asks for variables in the person's own kernel."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from beaker_kernel import languages
from beaker_kernel.agent.outputs import Outputs
from beaker_kernel.errors import KernelDied, ProtocolError
from beaker_kernel.protocol.link import Verb
from beaker_kernel.protocol.replies import VariablesReply

if TYPE_CHECKING:
    from beaker_kernel.agent.link import Incoming, Link
    from beaker_kernel.languages import Language, Probe

LOOK = 2.0
"""Seconds that a look at the variables may take; a running cell holds it up."""


class Session(Protocol):
    """What tools may do with the person's session."""

    @property
    def language(self) -> Language:
        """The adapter of the subkernel's language."""

    async def execute(self, code: str, shown_under: bytes) -> Execution:
        """Run code; its outputs are also shown under the request whose header is given.

        Raises:
            KernelDied: the subkernel ended meanwhile.

        """

    async def variables(self, limit: int = 50, names: tuple[str, ...] = ()) -> VariablesReply:
        """Describe some variables, bounded; nothing where the language can't or a cell runs.

        Raises:
            KernelDied: the subkernel ended meanwhile.

        """


@dataclass(slots=True)
class Execution:
    """A request in the subkernel: its outputs as they come, its reply at the end."""

    future: asyncio.Future[None]
    outputs: Outputs = field(default_factory=Outputs)
    reply: dict[str, Any] = field(default_factory=dict)
    idle: bool = False

    @property
    def status(self) -> str:
        """``ok``, ``error`` or ``aborted``."""
        return str(self.reply.get("status", "error"))

    def settle(self) -> None:
        """End it once the reply and the idle are there, in either order."""
        if self.reply and self.idle and not self.future.done():
            self.future.set_result(None)


class LiveSession:
    """A `Session` over the link to the relay."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._running: dict[str, Execution] = {}
        self._up = asyncio.Event()
        self.language: Language = languages.Default("")
        self.kernelspec = ""

    def started(self, kernelspec: str, language: str) -> None:
        """A subkernel is up; `language` as its kernelspec names it."""
        self.kernelspec = kernelspec
        self.language = languages.load(language)
        self._up.set()

    def died(self) -> None:
        """The subkernel is gone, and with it all that ran there."""
        for execution in self._running.values():
            if not execution.future.done():
                execution.future.set_exception(
                    KernelDied("the kernel died; its variables are gone")
                )

    async def execute(self, code: str, shown_under: bytes) -> Execution:
        """Run code; where a failing cell of the person's took it along, it is sent again."""
        content = {
            "code": code,
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        while True:
            execution = await self.request("execute_request", content, shown_under)
            if execution.status != "aborted":
                return execution

    async def variables(self, limit: int = 50, names: tuple[str, ...] = ()) -> VariablesReply:
        """Describe some variables, bounded; nothing where the language can't or a cell runs."""
        probe = self.language.describe(names) if names else self.language.variables(limit)
        if probe is None:
            return VariablesReply()
        try:
            async with asyncio.timeout(LOOK):
                return await self._look(probe)
        except (TimeoutError, ProtocolError):
            return VariablesReply()

    async def _look(self, probe: Probe) -> VariablesReply:
        execution = await self.request("execute_request", probe.content())
        stdout = "".join(execution.outputs.texts)
        return self.language.parse(probe, execution.reply, stdout)

    async def request(
        self,
        msg_type: str,
        content: dict[str, Any],
        shown_under: bytes = b"",
        *,
        idle: bool = True,
    ) -> Execution:
        """Send a request to the subkernel and wait for its reply and, if `idle`, its outputs' end.

        Raises:
            KernelDied: the subkernel ended meanwhile.

        """
        msg_id = self._link.request(Verb.SUB_SHELL, msg_type, content, shown_under)
        execution = Execution(asyncio.get_running_loop().create_future(), idle=not idle)
        self._running[msg_id] = execution
        try:
            await execution.future
        finally:
            del self._running[msg_id]
        return execution

    async def replace(self, kernelspec: str) -> None:
        """Exchange the subkernel for one of another kernelspec, and wait until that is up."""
        self._up.clear()
        self._link.note("subkernel", kernelspec.encode())
        await self._up.wait()

    def interrupt(self) -> None:
        """Interrupt what the agent itself runs in the subkernel."""
        if self._running:
            self._link.note("interrupt")

    def receive(self, message: Incoming) -> None:
        """Take in a reply or an output of a request of the agent's."""
        execution = self._running.get(message.parent_id)
        if execution is None:
            return
        content = json.loads(message.content)
        if message.verb is Verb.SUB_SHELL:
            execution.reply = content
        elif message.msg_type == "status":
            execution.idle = content["execution_state"] == "idle"
        else:
            execution.outputs.add(message.msg_type, content)
        execution.settle()
