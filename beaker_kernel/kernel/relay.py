"""The relay: every message passes through here as bytes, and ours are added in the right place.

One loop reads all sockets, so there is one order: what Beaker publishes about a forwarded request
stands before or after that request's idle, never somewhere. Of a request only the header is parsed,
of a reply the parent's id.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import zmq

from beaker_kernel.errors import KernelSpecNotFound, ProtocolError
from beaker_kernel.kernel import inflight, kernelspecs, processes
from beaker_kernel.kernel.agent_process import AgentProcess
from beaker_kernel.kernel.digests import Digests
from beaker_kernel.kernel.frontends import TOPIC, Frontends, with_beaker
from beaker_kernel.kernel.loop import Loop
from beaker_kernel.kernel.recording import Recording
from beaker_kernel.kernel.routing import ONE_WAY, Route, comm_id, route
from beaker_kernel.kernel.sockets import BackSockets, send
from beaker_kernel.kernel.turns import Turns
from beaker_kernel.protocol.frames import DELIMITER, Composer, Signer, dumps
from beaker_kernel.protocol.link import Verb

if TYPE_CHECKING:
    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.inflight import Request
    from beaker_kernel.kernel.subkernel import Subkernel

DEATHS = 5
"""Deaths of the subkernel in a row after which the relay gives up and leaves it to the server."""
STEADY = 30.0
"""Seconds that a subkernel must live for its death to count as the first again."""
GRACE = 2.0
"""Seconds that a subkernel has to end after it was shut down."""


class Relay:
    """Stands between the frontends and the subkernel until the kernel is shut down."""

    def __init__(self, front: Connection, subkernel: Subkernel) -> None:
        tag = os.urandom(12).hex()
        self._ours = tag.encode()  # the sessions of relay and agent begin with it
        self._agent_session = f"{tag}a"
        self._composer = Composer(f"{tag}r")
        self._signer = Signer(front.key.encode(), front.signature_scheme)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._loop = Loop()
        self._frontends = Frontends(self._context, front, self._signer, self._composer)
        self._subkernel = subkernel
        self._back: BackSockets
        self._agent: AgentProcess | None = None
        self._turns = Turns()
        self._recording = Recording()
        self._digests = Digests()
        self._waiting: list[Request] = []  # until the subkernel is ready
        self._shown: dict[str, bytes] = {}  # header to show an agent's request under, by msg_id
        self._asked: dict[bytes, list[Route]] = {}  # who waits for input_reply, by identity
        self._comms: set[bytes] = set()
        self._actions: frozenset[str] = frozenset()
        self._ready = False
        self._closing = False
        self._replacing = False
        self._deaths = 0

    def run(self) -> None:
        """Serve until the kernel is shut down, its parent ends, or the subkernel can't live."""
        loop, front = self._loop, self._frontends.sockets
        loop.add_socket(front.requests["shell"], lambda f: self.receive("shell", f))
        loop.add_socket(front.requests["control"], lambda f: self.receive("control", f))
        loop.add_socket(front.requests["stdin"], self.input_reply)
        loop.add_socket(front.iopub, self.subscribe)
        loop.on_signals({signal.SIGINT: self.interrupt, signal.SIGTERM: loop.stop})
        self._watch_parent()
        self._connect()
        loop.run()
        self._close()

    def _watch_parent(self) -> None:
        parent = int(os.environ.get("JPY_PARENT_PID") or os.getppid())
        if parent > 1:
            try:
                self._loop.add(processes.watch(parent), self._loop.stop)
            except ProcessLookupError:
                self._loop.stop()

    def _close(self) -> None:
        if self._agent:
            self._agent.kill()
        self._subkernel.kill()
        for socket in self._back.all():
            socket.close(linger=0)
        self._frontends.sockets.close()
        self._context.term()

    # ------------------------------------------------------------------ from the frontends

    def receive(self, channel: str, frames: list[bytes]) -> None:
        """Take in a request on shell or control and send it to whoever answers it."""
        try:
            request = inflight.read(channel, frames)
            request.owner = route(request.msg_type, request.content, self._actions, self._comms)
        except (ProtocolError, ValueError) as error:
            _log(f"dropped a message on {channel}: {error}")
            return
        if request.msg_type not in ONE_WAY or request.owner is Route.AGENT:
            if not self._authentic(request):
                return
            self._frontends.requests.add(request)
        if not request.is_cell or self._turns.admit(request):
            self._start(request)

    def _authentic(self, request: Request) -> bool:
        """Verify what we act on: the signature is right, and this is its first use."""
        right = self._signer.verify(request.signature, request.parts)
        if right and self._digests.is_new(request.signature):
            return True
        _log(f"dropped a {request.msg_type} with a {'used' if right else 'wrong'} signature")
        return False

    def _start(self, request: Request) -> None:
        if request.owner is Route.AGENT:
            self._to_agent(request)
        elif request.owner is Route.RELAY:
            self._answer(request)
        elif request.msg_type == "interrupt_request":
            self.interrupt_request(request)
        elif request.msg_type == "shutdown_request":
            self.shutdown_request(request)
        else:
            self._forward(request)

    def _answer(self, request: Request) -> None:
        """Answer what concerns the relay alone: where it listens, and that a magic is complete."""
        if request.msg_type == "connect_request":
            self._frontends.finish(request, self._frontends.connect_reply())
        else:
            self._frontends.finish(request, {"status": "complete"})

    def _forward(self, request: Request) -> None:
        """Send a request on to the subkernel, once that is ready."""
        if self._ready:
            send(self._client(request.identity)[request.channel], request.frames[1:])
        else:
            self._waiting.append(request)

    def _client(self, identity: bytes) -> dict[str, zmq.Socket[bytes]]:
        """Return the sockets on which the subkernel knows a frontend client."""
        sockets, new = self._back.client(identity)
        if new:
            add = self._loop.add_socket
            add(sockets["shell"], lambda f: self.reply("shell", identity, f))
            add(sockets["control"], lambda f: self.reply("control", identity, f))
            add(sockets["stdin"], lambda f: self.input_request(identity, f))
            for socket in self._back.surplus():
                self._drop(socket)
        return sockets

    def subscribe(self, frames: list[bytes]) -> None:
        """Welcome each new subscriber (messaging spec, `iopub_welcome`)."""
        if frames[0][:1] == b"\x01":
            topic = frames[0][1:]
            content = {"subscription": topic.decode("utf-8", "replace")}
            self._frontends.publish("iopub_welcome", content, topic=topic)

    def input_reply(self, frames: list[bytes]) -> None:
        """Pass an answer on stdin to whoever asked; the message itself doesn't say."""
        identity = frames[0]
        asked = self._asked.get(identity)
        if (asked.pop(0) if asked else Route.SUBKERNEL) is Route.AGENT:
            at = frames.index(DELIMITER)
            if self._agent and self._signer.verify(frames[at + 1], frames[at + 2 : at + 6]):
                self._agent.send(Verb.STDIN, identity, frames[at + 2 :])
        elif self._ready:
            self._client(identity)["stdin"].send_multipart(frames[1:])

    def interrupt_request(self, request: Request) -> None:
        """Stop the model and the running cell; the kernelspec says how the latter is told."""
        self._interrupt_agent()
        if self._ready and self._subkernel.interrupted_by_message:
            self._forward(request)
            return
        self._signal_subkernel()
        self._frontends.finish(request, {"status": "ok"})

    def interrupt(self) -> None:
        """Do on SIGINT what an interrupt request asks."""
        self._interrupt_agent()
        self._interrupt_running()

    def _interrupt_running(self) -> None:
        """Interrupt what runs in the subkernel in the way that its kernelspec names."""
        if self._ready and self._subkernel.interrupted_by_message:
            parts = self._composer.compose("interrupt_request", {})
            self._back.own["control"].send_multipart(self._signer.frames(parts))
        else:
            self._signal_subkernel()

    def _interrupt_agent(self) -> None:
        self._asked.clear()
        if self._agent:
            self._agent.note("interrupt")

    def _signal_subkernel(self) -> None:
        """Interrupt the subkernel by signal or, before it is up, the cells that wait for it."""
        if self._ready:
            self._subkernel.interrupt()
            return
        cells = [r for r in self._waiting if r.msg_type == "execute_request"]
        self._waiting = [r for r in self._waiting if r not in cells]
        cells += self._turns.clear()
        self._frontends.fail(cells, "KeyboardInterrupt", "interrupted before the kernel was ready")

    def shutdown_request(self, request: Request) -> None:
        """Let the subkernel end, and end with it."""
        self._closing = True
        if self._ready:
            self._forward(request)
            self._loop.call_later(GRACE, self._subkernel.kill)
            return
        restart = bool(json.loads(request.content).get("restart"))
        self._frontends.finish(request, {"status": "ok", "restart": restart})
        self._loop.stop()

    # ------------------------------------------------------------------ from the subkernel

    def _connect(self) -> None:
        """Connect to the present generation of the subkernel and ask whether it is there."""
        self._ready = False
        self._back = BackSockets(self._context, self._subkernel.connection)
        add, own = self._loop.add_socket, self._back.own
        add(self._back.iopub, self.publish)
        add(own["shell"], lambda f: self._own_reply(Verb.SUB_SHELL, f))
        add(own["control"], lambda f: self._own_reply(Verb.SUB_CONTROL, f))
        ended = processes.watch(self._subkernel.pid)
        self._loop.add(ended, lambda: self._subkernel_ended(ended))
        self._probe()

    def _probe(self) -> None:
        parts = self._composer.compose("kernel_info_request", {})
        self._back.own["shell"].send_multipart(self._signer.frames(parts))

    def _is_ready(self) -> None:
        """Its iopub reached us: from now on nothing that it publishes is lost."""
        self._ready = True
        deaths = self._deaths
        self._loop.call_later(STEADY, lambda: self._steady(deaths))
        if deaths or self._replacing:
            self._frontends.status("idle")
        self._replacing = False
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            self._forward(request)
        if self._agent:
            self._tell_started(self._agent)

    def _steady(self, deaths: int) -> None:
        """Forget earlier deaths if there was none in a while."""
        if self._deaths == deaths:
            self._deaths = 0

    def reply(self, channel: str, identity: bytes, frames: list[bytes]) -> None:
        """Pass a reply on to the client that asked."""
        at = frames.index(DELIMITER)
        if b'"kernel_info_reply"' in frames[at + 2]:
            spec = self._subkernel.spec
            content = with_beaker(frames[at + 5], spec.name, spec.provisioner)
            frames = self._signer.frames([*frames[at + 2 : at + 5], content])
            at = 0
        send(self._frontends.sockets.requests[channel], [identity, *frames])
        request = self._frontends.requests.replied(_msg_id(frames[at + 3]))
        if request and request.is_cell:
            self._next_turn(request, frames[at + 5])

    def _next_turn(self, cell: Request, reply: bytes) -> None:
        """Start the cells that waited for this one, or abort them if it failed."""
        failed = b'"error"' in reply and json.loads(reply).get("status") == "error"
        if failed and cell.stops_on_error:
            self._frontends.abort(self._turns.abort())
        for request in self._turns.finish(cell.msg_id):
            self._start(request)

    def input_request(self, identity: bytes, frames: list[bytes]) -> None:
        """Pass the subkernel's question on to the client whose cell asks it."""
        self._asked.setdefault(identity, []).append(Route.SUBKERNEL)
        self._frontends.sockets.requests["stdin"].send_multipart([identity, *frames])

    def publish(self, frames: list[bytes]) -> None:
        """Pass what the subkernel publishes on to all subscribers."""
        if frames[0] == DELIMITER:  # ipykernel's welcome to the empty topic has no topic frame
            frames.insert(0, b"")
        header, parent = frames[3], frames[4]
        if self._ours in parent:
            self._own_output(frames)
        elif b'"status"' in header and b'"idle"' in frames[6]:
            self._frontends.idle(_msg_id(parent), frames)
        elif b'"iopub_welcome"' not in header:
            if b'"status"' not in header:
                self._recording.add(*frames[3:7])
            send(self._frontends.sockets.iopub, frames)

    def _own_reply(self, verb: Verb, frames: list[bytes]) -> None:
        """Take in a reply to the relay's probe or to a request of the agent."""
        at = frames.index(DELIMITER)
        if self._is_own(frames[at + 3]):
            if not self._ready:
                self._probe()  # it answered before its iopub reached us
        elif self._agent:
            self._agent.send(verb, b"", frames[at + 2 :])

    def _own_output(self, frames: list[bytes]) -> None:
        """Take in what a request of ours made the subkernel publish; show it where it is wanted."""
        header, parent, content = frames[3], frames[4], frames[6]
        if self._is_own(parent):
            if not self._ready:
                self._is_ready()
            return
        shown = self._shown.get(_msg_id(parent)) if self._shown else None
        if shown and b'"status"' in header:
            if b'"idle"' in content:
                del self._shown[_msg_id(parent)]
        elif shown and b'"execute_input"' not in header:
            parts = [header, shown, *frames[5:7]]
            send(self._frontends.sockets.iopub, [TOPIC, *self._signer.frames(parts), *frames[7:]])
        if self._agent:
            self._agent.send(Verb.SUB_IOPUB, b"", frames[3:])

    def _is_own(self, parent: bytes) -> bool:
        """Tell whether a message answers the relay itself rather than the agent."""
        return _msg_id(parent).startswith(self._composer.session)

    def _subkernel_ended(self, descriptor: int) -> None:
        """Answer everybody who waits, and start the next generation."""
        while self._back.iopub.poll(5):  # its last words
            self.publish(self._back.iopub.recv_multipart())
        self._loop.remove(descriptor)
        os.close(descriptor)
        code = self._subkernel.reap()
        for socket in self._back.all():
            self._drop(socket)
        if self._closing:
            self._loop.stop()
            return
        self._answer_for_the_dead("was replaced" if self._replacing else _how_it_ended(code))
        self._deaths += not self._replacing
        if self._deaths > DEATHS:
            _log(f"the subkernel ended {self._deaths} times in a row, last with {code}: giving up")
            self._loop.stop()
            return
        self._frontends.status("restarting")
        self._subkernel.start()
        self._connect()

    def _answer_for_the_dead(self, ended: str) -> None:
        """Give everybody who waits for the subkernel an error; only kernel_info goes on waiting."""
        self._waiting = [r for r in self._waiting if r.msg_type == "kernel_info_request"]
        lost = self._frontends.requests.of(Route.SUBKERNEL)
        cells = self._turns.clear()
        lost = [r for r in lost if r not in self._waiting and r not in cells] + cells
        self._frontends.fail(lost, "KernelDied", f"the kernel {ended}; its variables are gone")
        self._asked.clear()
        self._shown.clear()
        if self._agent:
            self._agent.note("dead")

    def _drop(self, socket: zmq.Socket[bytes]) -> None:
        self._loop.remove(socket)
        socket.close(linger=0)

    # ------------------------------------------------------------------ to and from the agent

    def _to_agent(self, request: Request) -> None:
        """Hand a request of ours to the agent, after what ran in the session since the last one."""
        if request.msg_type == "comm_open":
            self._comms.add(comm_id(request.content))
        elif request.msg_type == "comm_close":
            self._comms.discard(comm_id(request.content))
        agent = self._agent or self._start_agent()
        self._frontends.status("busy", request.header)
        for parts in self._recording.take():
            agent.send(Verb.CELL, b"", parts)
        verb = Verb.CONTROL if request.channel == "control" else Verb.SHELL
        agent.send(verb, request.identity, request.frames[request.at + 2 :])
        if request.msg_type in ONE_WAY:
            self._frontends.close(request)

    def _start_agent(self) -> AgentProcess:
        agent = AgentProcess(self._loop, self._agent_session, self._from_agent, self._agent_ended)
        self._tell_started(agent)
        self._agent = agent
        return agent

    def _tell_started(self, agent: AgentProcess) -> None:
        """Tell the agent which subkernel it shares."""
        spec = self._subkernel.spec
        agent.note("started", dumps({"kernelspec": spec.name, "language": spec.language}))

    def _from_agent(self, message: list[bytes]) -> None:
        """Take in a message from the agent; `Verb` lists them."""
        verb, argument, parts, buffers = message[0].decode(), message[1], message[2:6], message[6:]
        match verb:
            case Verb.IOPUB:
                frames = [TOPIC, *self._signer.frames(parts), *buffers]
                self._frontends.place(argument.decode(), frames)
            case Verb.SHELL | Verb.CONTROL:
                self._reply_for_agent(verb, argument, parts)
            case Verb.STDIN:
                self._ask_for_agent(argument, parts)
            case Verb.SUB_SHELL | Verb.SUB_CONTROL:
                channel = verb.removeprefix("sub.")
                self._run_for_agent(channel, argument, parts, buffers)
            case Verb.NOTE if argument == b"hello":
                self._actions = frozenset(json.loads(message[2]))
            case Verb.NOTE if argument == b"interrupt":
                self._interrupt_running()
            case Verb.NOTE if argument == b"subkernel":
                self._replace_subkernel(message[2].decode())

    def _reply_for_agent(self, channel: str, identity: bytes, parts: list[bytes]) -> None:
        frames = [identity, *self._signer.frames(parts)]
        self._frontends.sockets.requests[channel].send_multipart(frames)
        request = self._frontends.requests.replied(_msg_id(parts[1]))
        if request:
            self._frontends.close(request)
            if request.is_cell:
                self._next_turn(request, parts[3])

    def _ask_for_agent(self, identity: bytes, parts: list[bytes]) -> None:
        """Ask the person on stdin; without a message the question is withdrawn."""
        asked = self._asked.setdefault(identity, [])
        if parts:
            asked.append(Route.AGENT)
            frames = [identity, *self._signer.frames(parts)]
            self._frontends.sockets.requests["stdin"].send_multipart(frames)
        elif Route.AGENT in asked:
            asked.remove(Route.AGENT)

    def _run_for_agent(
        self, channel: str, shown: bytes, parts: list[bytes], buffers: list[bytes]
    ) -> None:
        """Send the agent's own request to the subkernel; its outputs are shown under a parent."""
        if not self._ready and self._agent:
            self._agent.note("dead")
            return
        if shown:
            self._shown[json.loads(parts[0])["msg_id"]] = shown
        send(self._back.own[channel], [*self._signer.frames(parts), *buffers])

    def _replace_subkernel(self, name: str) -> None:
        """Exchange the subkernel for one of another kernelspec."""
        try:
            self._subkernel.spec = kernelspecs.find(name)
        except KernelSpecNotFound as error:
            _log(str(error))
            return
        self._replacing = True
        self._subkernel.kill()

    def _agent_ended(self) -> None:
        """Answer for the agent; the next question starts a new one."""
        self._agent = None
        self._shown.clear()
        self._comms.clear()
        self._actions = frozenset()
        for asked in self._asked.values():
            asked[:] = [who for who in asked if who is not Route.AGENT]
        lost = self._frontends.requests.of(Route.AGENT)
        lost = [r for r in lost if not self._turns.waits(r)]
        self._frontends.fail(lost, "AgentDied", "the agent process ended; ask again")
        for request in lost:
            if request.is_cell:
                self._next_turn(request, b'{"status": "error"}')


def _msg_id(header: bytes) -> str:
    """Return the id in a header; a message without a parent has none."""
    return str(json.loads(header).get("msg_id", ""))


def _how_it_ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _log(text: str) -> None:
    print(f"beaker: {text}", file=sys.stderr, flush=True)  # noqa: T201 (Jupyter's log is our stderr)
