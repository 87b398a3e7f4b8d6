"""The relay's dealings with the agent: requests that are its own go there, its messages come back.

The agent is started with the first question. What it publishes is signed here and set in its place
among the subkernel's messages; what it runs in the subkernel stays hidden unless it is to be shown
under a request of the frontends.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from beaker_kernel.errors import ConfigurationError
from beaker_kernel.kernel.agent_process import AgentProcess
from beaker_kernel.kernel.frontends import TOPIC
from beaker_kernel.kernel.log import log
from beaker_kernel.kernel.recording import Recording
from beaker_kernel.kernel.routing import ONE_WAY, Route, comm_id
from beaker_kernel.protocol.frames import dumps, msg_id
from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from beaker_kernel.kernel.frontends import Frontends
    from beaker_kernel.kernel.inflight import Request
    from beaker_kernel.kernel.kernelspecs import KernelSpec
    from beaker_kernel.kernel.loop import Loop
    from beaker_kernel.kernel.questions import Questions
    from beaker_kernel.protocol.frames import Signer

QUESTIONS = frozenset({"llm_request", "execute_request"})
"""With their replies the model has been told what became of the subkernel."""
SHOWN = 256
"""Requests of the agent whose late outputs, say of a thread, still find the cell to stand under."""


class Session(Protocol):
    """What the agent may do with the subkernel, and what follows from its replies."""

    @property
    def spec(self) -> KernelSpec:
        """The subkernel's kernelspec."""

    @property
    def sandbox(self) -> str:
        """What confines the subkernel, in words; empty for nothing."""

    def run_for_agent(self, channel: str, frames: list[bytes]) -> bool:
        """Send a request of the agent's to the subkernel; False if there is none now."""

    def interrupt_running(self) -> None:
        """Interrupt what runs in the subkernel."""

    def replace_subkernel(self, wanted: str) -> None:
        """Exchange the subkernel for another, by kernelspec or language.

        Raises:
            ConfigurationError: there is none such.

        """

    def cell_ended(self, cell: Request, reply: bytes) -> None:
        """Let the cells go on that waited for this one."""


class AgentSide:
    """The agent as the relay sees it: there may be none, one, or after a crash the next one.

    Attributes:
        recording: the last cells' messages, for the next question.
        actions: the request types that the active context added, also after a crash.
        comms: the ids of the comms that are open to the agent.

    """

    def __init__(
        self,
        session_id: str,
        session: Session,
        *,
        frontends: Frontends,
        questions: Questions,
        signer: Signer,
        loop: Loop,
    ) -> None:
        self.recording = Recording()
        self.actions: frozenset[str] = frozenset()
        self.comms: set[bytes] = set()
        self._session_id = session_id
        self._session = session
        self._frontends = frontends
        self._questions = questions
        self._signer = signer
        self._loop = loop
        self._chosen = b"{}"  # by the person: what an agent tells the next one
        self._process: AgentProcess | None = None
        self._was_lost = False  # a subkernel, and no question was answered since
        self._thinks_it_lives = False  # the subkernel: what the agent was told last
        self._early: list[tuple[str, list[bytes]]] = []  # its requests until that is ready
        self._running: set[str] = set()  # its requests that the subkernel is busy with
        self._shown: dict[str, bytes] = {}  # the header to show an agent's request under, by msg_id

    # ------------------------------------------------------------------ to the agent

    def ask(self, request: Request) -> None:
        """Hand a request over, after what ran in the session since the last one."""
        self._note_comm(request)
        self._frontends.status("busy", request.header)
        try:
            process = self._process or self._start()
        except OSError as error:
            self._cannot_start(request, error)
            return
        for parts in self.recording.take():
            process.send(Verb.CELL, b"", parts)
        verb = Verb.CONTROL if request.channel == "control" else Verb.SHELL
        process.send(verb, request.identity, request.frames[request.at + 2 :])
        if request.msg_type in ONE_WAY:
            self._frontends.close(request)

    def answer(self, identity: bytes, frames: list[bytes]) -> None:
        """Hand over the answer to a question on stdin."""
        self._send(Verb.STDIN, identity, frames)

    def reply(self, channel: str, frames: list[bytes]) -> None:
        """Hand over the subkernel's reply to a request of the agent's."""
        self._send(Verb.SUB_CONTROL if channel == "control" else Verb.SUB_SHELL, b"", frames)

    def output(self, parts: list[bytes], buffers: list[bytes]) -> None:
        """Hand over what a request of the agent's published, and show it where that is wanted."""
        header, parent, *rest = parts
        if b'"status"' in header:
            self._note_status(msg_id(parent), rest[1])
        shown = self._shown.get(msg_id(parent))
        if shown and b'"status"' not in header and b'"execute_input"' not in header:
            frames = self._signer.frames([header, shown, *rest])
            self._frontends.sockets.iopub.send([TOPIC, *frames, *buffers])
        self._send(Verb.SUB_IOPUB, b"", [*parts, *buffers])

    def _note_status(self, request: str, content: bytes) -> None:
        if b'"busy"' in content:
            self._running.add(request)
        else:
            self._running.discard(request)

    def interrupt(self) -> None:
        """Tell the agent to stop what it does."""
        self._note("interrupt")

    def subkernel_started(self) -> None:
        """Tell the agent which subkernel there is."""
        spec, sandbox = self._session.spec, self._session.sandbox
        told = {"kernelspec": spec.name, "language": spec.language, "sandbox": sandbox}
        self._note("session", self._frontends.session.encode())
        self._note("started", dumps(told))
        self._thinks_it_lives = True
        early, self._early = self._early, []
        for channel, frames in early:
            self._run(channel, frames)

    def subkernel_died(self) -> None:
        """Tell the agent that the session's variables are gone."""
        self._was_lost = True
        self._thinks_it_lives = False
        self._early.clear()
        self._shown.clear()
        self._running.clear()
        self._note("dead")

    def kill(self) -> None:
        """End the agent at once."""
        if self._process:
            self._process.kill()

    def _start(self) -> AgentProcess:
        self._process = AgentProcess(
            self._loop, self._session_id, self._chosen, self._receive, self._ended
        )
        if self._was_lost:
            self._note("dead")
        self.subkernel_started()
        return self._process

    def _cannot_start(self, request: Request, error: OSError) -> None:
        log(f"the agent can't be started: {error}")
        if request.msg_type in ONE_WAY:
            self._frontends.close(request)
        else:
            self._fail([request], f"the agent can't be started: {error}; ask again")

    def _note_comm(self, request: Request) -> None:
        if request.msg_type == "comm_open":
            self.comms.add(comm_id(request.content))
        elif request.msg_type == "comm_close":
            self.comms.discard(comm_id(request.content))

    def _send(self, verb: Verb, argument: bytes, frames: list[bytes]) -> None:
        if self._process:
            self._process.send(verb, argument, frames)

    def _note(self, name: str, content: bytes = b"") -> None:
        if self._process:
            self._process.note(name, content)

    # ------------------------------------------------------------------ from the agent

    def _receive(self, message: list[bytes]) -> None:
        """Take in a message from the agent; `Verb` lists them."""
        verb, argument, parts, buffers = message[0].decode(), message[1], message[2:6], message[6:]
        match verb:
            case Verb.IOPUB:
                frames = [TOPIC, *self._signer.frames(parts), *buffers]
                self._frontends.sockets.iopub.send(frames)
            case Verb.SHELL | Verb.CONTROL:
                self._pass_reply(verb, argument, parts)
            case Verb.STDIN:
                self._pass_question(argument, parts)
            case Verb.SUB_SHELL | Verb.SUB_CONTROL:
                self._show(parts, argument)
                self._run(verb.removeprefix("sub."), [*self._signer.frames(parts), *buffers])
            case Verb.NOTE:
                self._noted(argument.decode(), message[2])

    def _noted(self, name: str, content: bytes) -> None:
        match name:
            case "hello":
                self.actions = frozenset(json.loads(content))
            case "chosen":
                self._chosen = content
            case "interrupt" if content.decode() in self._running:  # or it would hit the next cell
                self._session.interrupt_running()
            case "subkernel":
                self._replace(content.decode())

    def _replace(self, wanted: str) -> None:
        try:
            self._session.replace_subkernel(wanted)
        except ConfigurationError as error:
            self._note("refused", str(error).encode())

    def _pass_reply(self, channel: str, identity: bytes, parts: list[bytes]) -> None:
        request = self._frontends.requests.replied(msg_id(parts[1]))
        route = request.route if request else [identity]
        frames = [*route, *self._signer.frames(parts)]
        self._frontends.sockets.requests[channel].send(frames)
        self._questions.ended(msg_id(parts[1]))
        if request:
            self._was_lost &= request.msg_type not in QUESTIONS
            self._frontends.close(request)
            if request.is_cell:
                self._session.cell_ended(request, parts[3])

    def _pass_question(self, identity: bytes, parts: list[bytes]) -> None:
        """Ask the person on stdin; without a message the question is withdrawn."""
        if not parts:
            self._questions.withdraw(identity, Route.AGENT)
            return
        self._questions.ask(identity, msg_id(parts[1]), Route.AGENT, msg_id(parts[0]))
        frames = [identity, *self._signer.frames(parts)]
        self._frontends.sockets.requests["stdin"].send(frames)

    def _run(self, channel: str, frames: list[bytes]) -> None:
        """Send the agent's own request to the subkernel, as soon as that is ready.

        An agent that was told of its death, though perhaps it hasn't read so, has given up.
        """
        if not self._session.run_for_agent(channel, frames) and self._thinks_it_lives:
            self._early.append((channel, frames))

    def _show(self, parts: list[bytes], under: bytes) -> None:
        """Remember where to show the outputs of a request of the agent's."""
        if under:
            self._shown[msg_id(parts[0])] = under
            if len(self._shown) > SHOWN:
                del self._shown[next(iter(self._shown))]

    def _ended(self) -> None:
        """Answer for the agent; the next question starts a new one."""
        self._process = None
        self._early.clear()
        self.comms.clear()
        self._questions.clear(Route.AGENT)
        lost = [r for r in self._frontends.requests.of(Route.AGENT) if r.started]
        self._fail(lost, "the agent process ended; ask again")

    def _fail(self, lost: list[Request], why: str) -> None:
        """Answer for an agent that is not there."""
        self._frontends.fail(lost, "AgentDied", why)
        for request in lost:
            if request.is_cell:
                self._session.cell_ended(request, b'{"status": "error"}')
