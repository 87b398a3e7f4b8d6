"""The live session: the agent runs code and asks for variables in the person's own kernel."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from beaker_kernel import languages
from beaker_kernel.agent.outputs import Outputs
from beaker_kernel.errors import KernelDied, KernelSpecNotFound, ProtocolError
from beaker_kernel.languages import Probe
from beaker_kernel.protocol.link import Verb
from beaker_kernel.protocol.replies import VariablesReply

if TYPE_CHECKING:
    from beaker_kernel.agent.link import Incoming, Link
    from beaker_kernel.languages import Language

LOOK = 2.0
"""Seconds that a look at the session may take; a running cell holds it up."""
BESIDE = 0.25
"""Seconds after which the look is taken in a subshell, where the kernel has them."""
NOTHING = Probe().content()
"""A request that runs nothing and leaves no trace; its reply tells the execution count."""


class Session(Protocol):
    """What tools may do with the person's session."""

    @property
    def language(self) -> Language:
        """The adapter of the subkernel's language."""

    @property
    def sandbox(self) -> str:
        """What confines the subkernel, in words; empty for nothing."""

    @property
    def generation(self) -> int:
        """A number that grows when a subkernel ends or begins: the namespace is another one."""

    async def execute(self, code: str, shown_under: bytes, *, most: float = inf) -> Execution:
        """Run code; its outputs are also shown under the request whose header is given.

        What puts out more than `most` bytes is interrupted.

        Raises:
            KernelDied: the subkernel ended meanwhile.

        """

    async def variables(
        self, limit: int = 50, names: tuple[str, ...] = ()
    ) -> VariablesReply | None:
        """Describe some variables, bounded; none where the language's adapter can't.

        ``None`` says that a cell runs and the kernel can't be asked beside it.
        """

    async def evaluate(self, expression: str) -> str | None:
        """Return how the kernel shows an expression's value; nothing is published, no trace left.

        ``None`` says that a cell runs and the kernel can't be asked beside it.

        Raises:
            ProtocolError: it has none; the text is the exception's.
            KernelDied: the subkernel ended meanwhile.

        """


@dataclass(slots=True)
class Execution:
    """A request in the subkernel: its outputs as they come, its reply at the end.

    Attributes:
        shown_under: the header of the question that it runs for.
        most: bytes of output after which it is interrupted.
        size: bytes of output so far.
        began: whether its code has begun to run.
        unwanted: whether its question was stopped before that.

    """

    shown_under: bytes = b""
    most: float = inf
    size: int = 0
    outputs: Outputs = field(default_factory=Outputs)
    reply: dict[str, Any] = field(default_factory=dict)
    idle: bool = False
    began: bool = False
    unwanted: bool = False
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def status(self) -> str:
        """``ok``, ``error`` or ``aborted``."""
        return str(self.reply.get("status", "error"))

    @property
    def error(self) -> str:
        """The exception's last line; empty where there was none."""
        said = f"{self.reply.get('ename', 'Error')}: {self.reply.get('evalue', '')}"
        return self.outputs.error or (said if self.status == "error" else "")

    @property
    def over(self) -> bool:
        """Whether the reply and the idle are there, in either order."""
        return bool(self.reply) and self.idle


class LiveSession:
    """A `Session` over the link to the relay.

    Attributes:
        generation: grows when a subkernel ends or begins.
        kernelspec: the name of what runs behind the relay.
        sandbox: what confines it, in words; empty for nothing.
        language: the adapter of its language.

    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._running: dict[str, Execution] = {}
        self._up = asyncio.Event()
        self._subshells = False
        self._refusal = ""
        self.generation = 0
        self.kernelspec = ""
        self.sandbox = ""
        self.language: Language = languages.Default("")
        self._names: frozenset[str] = frozenset()

    def started(self, kernelspec: str, language: str, sandbox: str = "") -> None:
        """A subkernel is up; `language` as its kernelspec names it."""
        self.kernelspec = kernelspec
        self.sandbox = sandbox
        self.language = languages.load(language)
        names = (kernelspec, language, self.language.name)
        self._names = frozenset(name.lower() for name in names)
        self.generation += 1
        self._subshells = self.language.subshells  # until the kernel says that it has none
        self._up.set()

    def is_called(self, name: str) -> bool:
        """Whether the subkernel's kernelspec or language has this name, in any case."""
        return name.lower() in self._names

    def died(self) -> None:
        """The subkernel is gone, and with it all that ran there."""
        self._up.clear()
        self.generation += 1
        for execution in self._running.values():
            if not execution.done.done():
                execution.done.set_exception(KernelDied("the kernel died; its variables are gone"))

    async def execute(self, code: str, shown_under: bytes, *, most: float = inf) -> Execution:
        """Run code; where a failing cell of the person's took it along, it is sent again."""
        content = NOTHING | {"code": code, "silent": False}
        while True:
            execution = await self.request("execute_request", content, shown_under, most=most)
            if execution.status != "aborted":
                return execution

    async def variables(
        self, limit: int = 50, names: tuple[str, ...] = ()
    ) -> VariablesReply | None:
        """Describe some variables; ``None`` while a cell runs and nothing runs beside it."""
        probe = self.language.describe(names) if names else self.language.variables(limit)
        if probe is None:
            return VariablesReply()
        try:
            execution = await self._look(probe.content())
            return self.language.parse(probe, execution.reply, execution.outputs.raw)
        except TimeoutError:
            return None
        except (ProtocolError, KernelDied):
            return VariablesReply()

    async def evaluate(self, expression: str) -> str | None:
        """Return how the kernel shows an expression's value; ``None`` while a cell runs."""
        probe = Probe(user_expressions={"beaker": expression})
        try:
            execution = await self._look(probe.content())
        except TimeoutError:
            return None
        value = execution.reply.get("user_expressions", {}).get("beaker", {})
        if value.get("status") != "ok":
            raise ProtocolError(str(value.get("evalue", "the kernel evaluates no expressions")))
        return str(value.get("data", {}).get("text/plain", ""))

    async def execution_count(self) -> int:
        """Return the count of the last cell, as the subkernel has it; 0 where it doesn't tell."""
        with suppress(TimeoutError, KernelDied):
            return int((await self._look(NOTHING)).reply.get("execution_count") or 0)
        return 0

    async def _look(self, content: dict[str, Any]) -> Execution:
        """Send a request that changes nothing; a running cell doesn't hold it up for long.

        Raises:
            TimeoutError: a cell runs, and there are no subshells.
            KernelDied: the subkernel ended meanwhile.

        """
        async with asyncio.timeout(LOOK):
            await self._up.wait()
            try:
                async with asyncio.timeout(BESIDE if self._subshells else None):
                    return await self.request("execute_request", content)
            except TimeoutError:
                return await self._look_beside(content)

    async def _look_beside(self, content: dict[str, Any]) -> Execution:
        """Send a request to a subshell, which exists for that long only (JEP 91).

        It allows stdin, since ipykernel has one switch for all of its shells: a running cell could
        not ask any more.
        """
        created = await self._control("create_subshell_request")
        subshell = str(created.get("subshell_id", ""))
        if not subshell:
            self._subshells = False
            return await self.request("execute_request", content)
        try:
            allowing = content | {"allow_stdin": True}
            return await self.request("execute_request", allowing, subshell=subshell)
        finally:
            self._link.request(
                Verb.SUB_CONTROL, "delete_subshell_request", {"subshell_id": subshell}
            )

    async def _control(self, msg_type: str) -> dict[str, Any]:
        return (await self.request(msg_type, {}, verb=Verb.SUB_CONTROL)).reply

    async def request(
        self,
        msg_type: str,
        content: dict[str, Any],
        shown_under: bytes = b"",
        *,
        verb: Verb = Verb.SUB_SHELL,
        subshell: str = "",
        most: float = inf,
    ) -> Execution:
        """Send a request to the subkernel, and wait for its reply and the end of its outputs.

        Raises:
            KernelDied: the subkernel ended meanwhile.

        """
        await self._up.wait()
        msg_id = self._link.request(verb, msg_type, content, shown_under, subshell)
        execution = self._running[msg_id] = Execution(shown_under, most)
        try:
            await execution.done
        except asyncio.CancelledError:
            execution.unwanted = bool(shown_under) and not execution.began
            raise
        finally:
            if not execution.unwanted:
                del self._running[msg_id]
        return execution

    async def replace(self, wanted: str) -> None:
        """Exchange the subkernel for another, by kernelspec or language; wait until that is up.

        Raises:
            KernelSpecNotFound: there is none such; the present one stays.

        """
        self._up.clear()
        self._refusal = ""
        self._link.note("subkernel", wanted.encode())
        await self._up.wait()
        if self._refusal:
            raise KernelSpecNotFound(self._refusal)

    def refused(self, why: str) -> None:
        """The subkernel was not exchanged."""
        self._refusal = why
        self._up.set()

    def interrupt(self, questions: tuple[bytes, ...]) -> None:
        """Interrupt the code that runs for the questions with these headers, if any does."""
        for msg_id, execution in self._running.items():
            if execution.began and execution.shown_under in questions:
                self._interrupt(msg_id)

    def _interrupt(self, msg_id: str) -> None:
        """Have code interrupted; the relay leaves it be if that has ended meanwhile."""
        self._link.note("interrupt", msg_id.encode())

    def receive(self, message: Incoming) -> None:
        """Take in a reply or an output of a request of the agent's."""
        execution = self._running.get(message.parent_id)
        if execution is None:
            return
        content = json.loads(message.content)
        if message.verb is not Verb.SUB_IOPUB:
            execution.reply = content
        elif message.msg_type == "status":
            execution.idle = content["execution_state"] == "idle"
        elif message.msg_type == "execute_input":
            self._begins(message.parent_id, execution)
        else:
            execution.outputs.add(message.msg_type, content)
            self._weigh(message.parent_id, execution, len(message.content))
        if execution.over:
            self._end(message.parent_id, execution)

    def _weigh(self, msg_id: str, execution: Execution, size: int) -> None:
        """Count an output, and interrupt what has put out too much, once."""
        was_within = execution.size <= execution.most
        execution.size += size
        if was_within and execution.size > execution.most:
            self._interrupt(msg_id)

    def _begins(self, msg_id: str, execution: Execution) -> None:
        """Note that code begins to run; what was stopped while it waited ends here."""
        execution.began = True
        if execution.unwanted:
            self._interrupt(msg_id)

    def _end(self, msg_id: str, execution: Execution) -> None:
        if execution.unwanted:
            del self._running[msg_id]
        elif not execution.done.done():
            execution.done.set_result(None)
