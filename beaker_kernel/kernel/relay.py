"""The relay: every message passes through here as bytes, and ours are added in the right place.

One loop reads all sockets, so there is one order. Of a request only the header is parsed, of a
reply the parent's id.
"""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from beaker_kernel.errors import ProtocolError
from beaker_kernel.kernel import completion, inflight, processes
from beaker_kernel.kernel.agent_side import AgentSide
from beaker_kernel.kernel.digests import Digests
from beaker_kernel.kernel.front_sockets import loop_for
from beaker_kernel.kernel.frontends import Frontends, with_beaker
from beaker_kernel.kernel.log import log
from beaker_kernel.kernel.loop import Loop
from beaker_kernel.kernel.memory import Memory
from beaker_kernel.kernel.pieces import pieces
from beaker_kernel.kernel.questions import Questions
from beaker_kernel.kernel.routing import ONE_WAY, Route, completes_name, route
from beaker_kernel.kernel.sleepers import Sleepers
from beaker_kernel.kernel.subkernel_side import SubkernelSide
from beaker_kernel.kernel.turns import Turns
from beaker_kernel.protocol.frames import DELIMITER, Composer, Signer, msg_id, msg_type

if TYPE_CHECKING:
    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.inflight import Request
    from beaker_kernel.kernel.kernelspecs import KernelSpec
    from beaker_kernel.kernel.subkernel import Subkernel

LOOK = 1.0
"""Seconds between two looks at the cells for which others wait."""


class Relay:
    """Stands between the frontends and the subkernel until the kernel is shut down."""

    def __init__(
        self, front: Connection, subkernel: Subkernel, patience: float, *, is_restart: bool
    ) -> None:
        tag = os.urandom(12).hex()
        self._ours = f'"{tag}'.encode()  # the ids of relay and agent begin so
        self._loop = loop_for(front)
        self._signer = Signer(front.key.encode(), front.signature_scheme)
        composer = Composer(f"{tag}r")
        self._frontends = Frontends(self._loop, front, self._signer, composer)
        self._questions = Questions()
        self._stood_in_for: set[str] = set()
        self._turns = Turns()
        self._digests = Digests()
        self._memory = Memory(self._loop)
        self._sleepers = Sleepers(self._loop, front.ports["iopub"])
        self._back = SubkernelSide(
            subkernel,
            self,
            frontends=self._frontends,
            composer=composer,
            signer=self._signer,
            loop=self._loop,
            patience=patience,
            is_restart=is_restart,
        )
        self._agent = AgentSide(
            f"{tag}a",
            self,
            frontends=self._frontends,
            questions=self._questions,
            signer=self._signer,
            loop=self._loop,
        )

    def run(self) -> bool:
        """Serve until shut down, or without a parent; False if no subkernel can live."""
        loop, front = self._loop, self._frontends.sockets
        front.requests["shell"].serve(lambda f: self.receive("shell", f))
        front.requests["control"].serve(lambda f: self.receive("control", f))
        front.requests["stdin"].serve(self.input_reply)
        front.iopub.serve(self.subscribe)
        loop.on_signals({signal.SIGINT: self.interrupt, signal.SIGTERM: loop.stop})
        self._watch_parent(loop)
        self._back.connect()
        loop.run()
        self._close()
        return not self._back.gave_up

    def _watch_parent(self, loop: Loop) -> None:
        told = os.environ.get("JPY_PARENT_PID", "")
        parent = int(told) if told.isdigit() else os.getppid()
        if parent > 1:
            try:
                loop.add(processes.watch(parent), loop.stop)
            except ProcessLookupError:
                loop.stop()

    def _close(self) -> None:
        self._agent.kill()
        self._back.close()
        loop = Loop()
        self._frontends.sockets.close(loop)
        if self._back.is_about_to_end:
            loop.on_signals({signal.SIGTERM: loop.stop})
            self._watch_parent(loop)
            self._back.await_end(loop)
        self._frontends.sockets.linger(loop)

    # ------------------------------------------------------------------ from the frontends

    def receive(self, channel: str, frames: list[bytes]) -> None:
        """Take in a request on shell or control and send it to whoever answers it."""
        try:
            request = inflight.read(channel, frames)
            agent = self._agent
            request.owner = route(request.msg_type, request.content, agent.actions, agent.comms)
        except (ProtocolError, ValueError) as error:
            log(f"dropped a message on {channel}: {error}")
            return
        is_passed_on = request.msg_type in ONE_WAY and request.owner is not Route.AGENT
        if not (is_passed_on and self._back.knows(request.identity)):  # who is behind verifies, too
            if not self._is_authentic(request.msg_type, request.signature, request.parts):
                return
            self._frontends.requests.add(request)
        is_waited_for = self._turns.is_waited_for
        if not request.is_cell or self._turns.admit(request):
            self._start(request)
        elif not is_waited_for:
            self._loop.call_later(LOOK, self._look_at_turns)

    def _look_at_turns(self) -> None:
        """End the turns of cells to which the subkernel sends no reply, while others wait."""
        for cell in self._turns.unanswered(time.monotonic()):
            self._frontends.requests.replied(cell.msg_id)
            self.cell_ended(cell, b"{}")
        if self._turns.is_waited_for:
            self._loop.call_later(LOOK, self._look_at_turns)

    def _is_authentic(self, msg_type: str, signature: bytes, parts: list[bytes]) -> bool:
        """Verify what we act on: the signature is right, and this is its first use."""
        right = self._signer.verify(signature, parts)
        if right and self._digests.is_new(signature):
            return True
        log(f"dropped a message {msg_type} with a {'used' if right else 'wrong'} signature")
        return False

    def _start(self, request: Request) -> None:
        request.started = True
        if request.owner is Route.AGENT:
            self._agent.ask(request)
        elif request.owner is Route.RELAY:
            self._answer(request)
        elif request.msg_type == "kernel_info_request" and self._back.kept_info:
            info = with_beaker(self._back.kept_info, self.spec.name, self.sandbox)
            self._frontends.finish(request, json.loads(info))
        elif request.msg_type == "interrupt_request":
            self.interrupt_request(request)
        elif request.msg_type == "shutdown_request":
            self.shutdown_request(request)
        else:
            self._back.forward(request)

    def _answer(self, request: Request) -> None:
        """Answer what concerns the relay alone: where it listens, and the words of our cells."""
        if request.msg_type == "connect_request":
            self._frontends.finish(request, self._frontends.connect_reply())
        else:
            self._frontends.finish(request, completion.answer(request))

    def subscribe(self, frames: list[bytes]) -> None:
        """Welcome each new subscriber (messaging spec, `iopub_welcome`)."""
        if frames[0][:1] == b"\x01":
            topic = frames[0][1:]
            content = {"subscription": topic.decode("utf-8", "replace")}
            self._frontends.publish("iopub_welcome", content, topic=topic)

    def input_reply(self, frames: list[bytes]) -> None:
        """Pass an answer on stdin to whoever asked; the message itself doesn't say."""
        at = frames.index(DELIMITER, 1)
        parts = frames[at + 2 : at + 6]
        if not self._is_authentic("input_reply", frames[at + 1], parts):
            return
        asker = self._questions.answered(frames[0], _parent_of(parts))
        if asker is Route.AGENT:
            self._agent.answer(frames[0], frames[at + 2 :])
        elif asker:
            self._back.answer(frames[0], frames[1:])

    def interrupt_request(self, request: Request) -> None:
        """Stop the model and the running cell; the kernelspec says how the latter is told."""
        if self._back.ready and self._back.subkernel.interrupted_by_message:
            self._agent.interrupt()
            self._back.forward(request)
            return
        self.interrupt()
        self._frontends.finish(request, {"status": "ok"})

    def interrupt(self) -> None:
        """Stop the model and the running cell or, before there is a subkernel, those that wait."""
        self._agent.interrupt()
        if self._back.ready:
            self._back.interrupt()
            return
        cells = self._turns.clear()
        self._back.waiting = [r for r in self._back.waiting if r not in cells]
        self._frontends.fail(cells, "KeyboardInterrupt", "interrupted before the kernel was ready")

    def shutdown_request(self, request: Request) -> None:
        """Let the subkernel end, and end with it."""
        if self._back.ready:
            self._back.shut_down(request)
            return
        restart = bool(json.loads(request.content).get("restart"))
        self._frontends.finish(request, {"status": "ok", "restart": restart})
        self._loop.stop()

    # ------------------------------------------------------------------ from the subkernel

    def reply(self, channel: str, identity: bytes, frames: list[bytes]) -> None:
        """Pass a reply on to the client that asked."""
        at = frames.index(DELIMITER)
        parent_id = msg_id(frames[at + 3])
        if parent_id in self._stood_in_for:
            self._stood_in_for.remove(parent_id)
            return
        request = self._frontends.requests.get(parent_id)
        content = self._completed(request, frames[at + 5]) if request else frames[at + 5]
        if content is not frames[at + 5]:
            frames = [*frames[:at], *self._signer.frames([*frames[at + 2 : at + 5], content])]
        self._frontends.sockets.requests[channel].send([identity, *frames])
        self._frontends.requests.replied(parent_id)
        self._questions.ended(parent_id)
        if request and request.is_cell:
            self.cell_ended(request, content)

    def _completed(self, request: Request, content: bytes) -> bytes:
        """Return a reply's content, with what we add to a few of them if it is as it should be."""
        try:
            if request.msg_type == "kernel_info_request":
                return with_beaker(content, self.spec.name, self.sandbox)
            if request.msg_type == "complete_request" and completes_name(request.content):
                return completion.with_ours(request.content, content)
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            log(f"nothing was added to a reply to {request.msg_type}: {error}")
        return content

    def cell_ended(self, cell: Request, reply: bytes) -> None:
        """Start the cells that waited for this one, or abort them if it failed."""
        if _has_failed(reply) and cell.stops_on_error:
            self._frontends.abort(self._turns.abort())
        for request in self._turns.finish(cell.msg_id):
            self._start(request)

    def input_request(self, identity: bytes, frames: list[bytes]) -> None:
        """Pass the subkernel's question on to the client whose cell asks it."""
        at = frames.index(DELIMITER)
        own, asked_under = msg_id(frames[at + 2]), msg_id(frames[at + 3])
        self._questions.ask(identity, asked_under, Route.SUBKERNEL, own)
        self._frontends.sockets.requests["stdin"].send([identity, *frames])

    def owes(self, identity: bytes) -> bool:
        """Tell whether a frontend client waits for a reply of the subkernel's."""
        asked = self._frontends.requests.of(Route.SUBKERNEL)
        return any(r.identity == identity and not r.replied for r in asked)

    def publish(self, frames: list[bytes]) -> None:
        """Pass what the subkernel publishes on to all subscribers."""
        if frames[0] == DELIMITER:  # ipykernel's welcome to the empty topic has no topic frame
            frames.insert(0, b"")
        _, _, _, header, parent, metadata, content = frames[:7]
        if self._ours in parent:
            self._agent.output(frames[3:7], frames[7:])
        elif b'"status"' in header and msg_type(header) == "status":
            self._publish_status(parent, content, frames)
        elif b'"iopub_welcome"' not in header or msg_type(header) != "iopub_welcome":
            self._agent.recording.add(header, parent, metadata, content)
            self._sleepers.look_later()
            for message in pieces(frames, self._signer):
                self._frontends.sockets.iopub.send(message)

    def _publish_status(self, parent: bytes, content: bytes, frames: list[bytes]) -> None:
        """Pass a state on."""
        if b'"idle"' in content:
            self._frontends.idle(msg_id(parent), frames)
            self._memory.release_later()
        else:
            self._frontends.sockets.iopub.send(frames)

    def own_reply(self, channel: str, frames: list[bytes]) -> None:
        """Hand the agent the reply to a request of its own."""
        self._agent.reply(channel, frames[frames.index(DELIMITER) + 2 :])

    def subkernel_started(self) -> None:
        """Tell the agent."""
        self._agent.subkernel_started()

    def subkernel_slow(self) -> None:
        """Answer who asks what it is from what it said of itself the last time."""
        waiting, self._back.waiting = self._back.waiting, []
        for request in waiting:
            self._start(request)
        for request in self._frontends.requests.of(Route.SUBKERNEL):
            if request.msg_type == "kernel_info_request" and not request.replied:
                self._stood_in_for.add(request.msg_id)  # it has that already: it may answer late
                self._start(request)

    def subkernel_died(self, ended: str) -> None:
        """Tell everybody who waits for the subkernel, and the agent."""
        self._fail_all("KernelDied", f"the kernel and its variables are gone: it {ended}")
        self._questions.clear()
        self._stood_in_for.clear()
        self._agent.subkernel_died()

    def subkernel_silent(self, said: str) -> None:
        """Tell everybody who waits for the subkernel; what it has got already it may yet do."""
        if not self._back.ready:
            self._fail_all("KernelNotReady", said)
            return
        for request in self._frontends.requests.of(Route.SUBKERNEL):
            if request.is_cell and not request.replied:
                told = {"name": "stderr", "text": f"{said}\n"}
                self._frontends.publish("stream", told, request.header)

    def _fail_all(self, ename: str, error: str) -> None:
        """Give who waits for the subkernel an error; who asks what it is goes on waiting.

        A server holds a page's websocket back until its kernel_info_request is answered.
        """
        wanted = self._frontends.requests.of(Route.SUBKERNEL)
        patient = [r for r in wanted if r.msg_type == "kernel_info_request" and not r.replied]
        lost = {r.msg_id: r for r in (*wanted, *self._turns.clear()) if r not in patient}
        self._frontends.fail(lost.values(), ename, error)
        self._back.waiting = patient

    # ------------------------------------------------------------------ for the agent

    @property
    def spec(self) -> KernelSpec:
        """The subkernel's kernelspec."""
        return self._back.subkernel.spec

    @property
    def sandbox(self) -> str:
        """What confines the subkernel, in words; empty for nothing."""
        return self._back.subkernel.sandbox

    def run_for_agent(self, channel: str, frames: list[bytes]) -> bool:
        """Send a request of the agent's to the subkernel; False if there is none now."""
        return self._back.send_own(channel, frames)

    def interrupt_running(self) -> None:
        """Interrupt what runs in the subkernel."""
        self._back.interrupt()

    def replace_subkernel(self, wanted: str) -> None:
        """Exchange the subkernel for one of another kernelspec or language.

        Raises:
            ConfigurationError: there is none such.

        """
        self._back.replace(wanted)


def _has_failed(reply: bytes) -> bool:
    """Tell whether a reply's content is an error; one that nobody can read is none."""
    if b'"error"' not in reply:
        return False
    with suppress(AttributeError, RecursionError, ValueError):
        return bool(json.loads(reply).get("status") == "error")
    return False


def _parent_of(parts: list[bytes]) -> str:
    """Return the id that an answer names as the question's; most clients name none."""
    with suppress(AttributeError, IndexError, ValueError):
        return msg_id(parts[1])
    return ""
