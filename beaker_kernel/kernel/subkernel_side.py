"""The subkernel as the relay sees it: see when it is ready, and replace it if it ends."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from beaker_kernel.errors import ProtocolError
from beaker_kernel.kernel import kernelspecs, processes, sandboxing
from beaker_kernel.kernel.deaths import Deaths, how_it_ended, last_words
from beaker_kernel.kernel.handshake import Handshake
from beaker_kernel.kernel.log import log
from beaker_kernel.kernel.routing import Route
from beaker_kernel.kernel.traffic import Traffic
from beaker_kernel.protocol.frames import DELIMITER

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.kernel.frontends import Frontends
    from beaker_kernel.kernel.inflight import Request
    from beaker_kernel.kernel.loop import Loop
    from beaker_kernel.kernel.provisioner import Provisioner
    from beaker_kernel.kernel.receiver import Receiver
    from beaker_kernel.kernel.subkernel import Subkernel
    from beaker_kernel.protocol.frames import Composer, Signer

Frames = list[bytes]

GRACE = 2.0
"""Seconds that a subkernel has to end after it was shut down."""
HANDSHAKE = 5.0
"""Seconds after which clients get in by what the kernel said the last time; some wait for ten."""
LEISURE = 1.0
"""Seconds after which nobody waits for the start any more: time for what makes the next quick."""
IPC_PATIENCE = 20.0
"""Seconds after which a subkernel that has made no ipc socket is started anew, on tcp."""
ECHO = 0.01
"""Seconds that the echo of a request may come after its reply."""


class SubkernelSide:
    """The subkernel as the relay sees it, one generation after another.

    Attributes:
        subkernel: the process.
        ready: whether requests reach it and nothing that it publishes is lost.
        waiting: the requests that are sent as soon as it is ready.
        kept_info: while the first start takes long, what the kernel said of itself the last time.
        gave_up: whether it died so often that the relay has to end.

    """

    _handshake: Handshake

    def __init__(
        self,
        subkernel: Subkernel,
        receiver: Receiver,
        *,
        frontends: Frontends,
        composer: Composer,
        signer: Signer,
        loop: Loop,
        patience: float,
        is_restart: bool,
    ) -> None:
        self.subkernel = subkernel
        self.ready = False
        self.waiting: list[Request] = []
        self.kept_info = b""
        self.gave_up = False
        self._is_first_start = not is_restart
        self._receiver = receiver
        self._frontends = frontends
        self._composer = composer
        self._probe_mark = f'"{composer.name}_'.encode()
        self._signer = signer
        self._loop = loop
        self._traffic = self._new_traffic()
        self._patience = patience
        self._leaving = False
        self._end_by = 0.0
        self._replacing = False
        self._deaths = Deaths(loop)
        self._refusal = ""

    def _new_traffic(self) -> Traffic:
        return Traffic(self._receiver, signer=self._signer, loop=self._loop)

    # ------------------------------------------------------------------ to the subkernel

    def forward(self, request: Request) -> None:
        """Send a request on, once the subkernel is ready."""
        if not self.ready:
            self.waiting.append(request)
            self._traffic.expect(request.identity)
            return
        try:
            self._traffic.forward(request)
        except ProtocolError as error:  # those behind it are sent all the same
            log(f"dropped a message {request.msg_type}: {error}")

    def knows(self, identity: bytes) -> bool:
        """Tell whether the subkernel has heard of a frontend client."""
        return self._traffic.knows(identity)

    def answer(self, identity: bytes, frames: list[bytes]) -> None:
        """Send a frontend client's answer on stdin."""
        if self.ready:
            self._traffic.answer(identity, frames)

    def send_own(self, channel: str, frames: list[bytes]) -> bool:
        """Send a request that is no frontend's; False if there is no subkernel now."""
        if self.ready:
            self._traffic.send_own(channel, frames)
        return self.ready

    def interrupt(self) -> None:
        """Interrupt what runs, in the way that the kernelspec names."""
        if self.subkernel.interrupted_by_message:
            parts = self._composer.compose("interrupt_request", {})
            self.send_own("control", self._signer.frames(parts))
        elif self.ready:
            self.subkernel.interrupt()

    def replace(self, wanted: str) -> None:
        """Exchange the subkernel for one of another kernelspec or language.

        Raises:
            ConfigurationError: there is none such.

        """
        self.subkernel.spec = sandboxing.kept(self.subkernel.spec, kernelspecs.find_for(wanted))
        self.subkernel.on_tcp = False
        self._replacing = True
        self._first_start_is_over()
        self.subkernel.kill()

    def shut_down(self, request: Request) -> None:
        """Let the subkernel end; once it has said its last word, the frontends may go."""
        self._end_by = time.monotonic() + GRACE
        self.forward(request)
        self._traffic.when_closed(self._said_all)
        self._loop.call_later(GRACE, self.subkernel.kill)

    def _said_all(self) -> None:
        """Leave, unless a reply is still to come."""
        owed = self._frontends.requests.of(Route.SUBKERNEL)
        self._leaving = all(request.replied for request in owed)
        if self._leaving:
            self._loop.stop()

    def close(self) -> None:
        """Close the sockets, and end the process unless it is about to."""
        if not self.is_about_to_end:
            self.subkernel.kill()
        self._handshake.keep()
        self._traffic.close()

    @property
    def is_about_to_end(self) -> bool:
        """Whether the process has said its last word, and its code may still save things."""
        return self._leaving and self.subkernel.pid > 0

    def await_end(self, loop: Loop) -> None:
        """Run a loop until the process has ended, or something stops it."""
        ended = processes.watch(self.subkernel.pid)

        def collect() -> None:
            loop.remove(self.subkernel.stderr.reader)
            self.subkernel.reap()
            self.subkernel.stderr.close()
            loop.stop()

        loop.add(ended, collect)
        loop.add(self.subkernel.stderr.reader, lambda: self._pass_stderr(loop))
        loop.call_later(self._end_by - time.monotonic(), self.subkernel.kill)
        loop.run()
        loop.remove(ended)
        loop.remove(self.subkernel.stderr.reader)
        self.subkernel.kill()

    # ------------------------------------------------------------------ readiness

    def connect(self) -> None:
        """Connect to the present generation, and see to it that it shows that it is there."""
        self.ready = False
        self._handshake = Handshake(self.subkernel.spec)
        self._traffic = self._new_traffic()
        pid, provisioner = self.subkernel.pid, self.subkernel.provisioner
        ended = processes.watch(pid)
        self._loop.add(ended, lambda: self._ended(ended))
        self._loop.add(self.subkernel.stderr.reader, lambda: self._pass_stderr(self._loop))
        self._expect_answer_later(pid)
        self._loop.call_later(HANDSHAKE, self._stand_in)
        if provisioner:
            self._loop.add(provisioner.fileno(), lambda: self._hear(provisioner))
            return
        self._open()
        self._loop.call_later(IPC_PATIENCE, lambda: self._expect_socket(pid))

    def _open(self) -> None:
        self._traffic.open(
            self.subkernel.connection,
            self._frontends.connection.key,
            published=self._published,
            own_reply=self._own_reply,
        )
        for request in self.waiting:
            self._traffic.expect(request.identity)
        if self._handshake.delay:
            self._later(self._handshake.delay, self._probe)
        else:
            self._probe()

    def _hear(self, provisioner: Provisioner) -> None:
        """Take in what the provisioner says: that the kernel listens, or why there is none."""
        try:
            for name, told in provisioner.heard():
                if name == "launched":
                    self.subkernel.launched(told)
                    self._open()
                else:
                    self._refusal = f"did not start: {told}"
        except (EOFError, TypeError, ValueError) as error:
            self._refusal = self._refusal or str(error)
            self._loop.remove(provisioner.fileno())
            provisioner.close()

    def _pass_stderr(self, loop: Loop) -> None:
        if not self.subkernel.stderr.pass_on():
            loop.remove(self.subkernel.stderr.reader)

    def _probe(self) -> None:
        """Ask the subkernel whether it is there, unless it has shown that it is."""
        if not self.ready:
            self._ask()

    def _later(self, delay: float, act: Callable[[], object]) -> None:
        """Do something later, unless there is another generation by then."""
        handshake = self._handshake
        self._loop.call_later(delay, lambda: handshake is self._handshake and act())

    def _ask(self) -> None:
        self._handshake.asked = True
        parts = self._composer.compose("kernel_info_request", {})
        self._traffic.send_own("shell", self._signer.frames(parts))

    def _own_reply(self, channel: str, frames: list[bytes]) -> None:
        """Take in the reply to a probe or to a request of the agent."""
        at = frames.index(DELIMITER)
        if self._probe_mark not in frames[at + 3]:
            self._receiver.own_reply(channel, frames)
            return
        if channel == "control":  # nothing that is asked there is a probe
            return
        if not self.ready:  # the echo is still on its way, or was published before we listened
            self._later(ECHO, self._probe)
        self._handshake.learn(frames[at + 5])
        self._loop.call_later(LEISURE, self._handshake.keep)

    def _published(self, frames: list[bytes]) -> None:
        """Hand on what is published, except the echo of a probe."""
        if frames[0] == DELIMITER:  # ipykernel's welcome to the empty topic has no topic frame
            frames.insert(0, b"")
        is_echo = self._probe_mark in frames[4]
        if not is_echo:
            self._receiver.publish(frames)
        if not (self.ready and self._handshake.answered):
            self._hear_first(frames, is_echo=is_echo)

    def _hear_first(self, frames: list[bytes], *, is_echo: bool) -> None:
        """See by its first messages that it is there, then that it answers."""
        handshake = self._handshake
        handshake.hear(frames, is_echo=is_echo)
        if handshake.reached and not self.ready:
            self._is_ready(json.loads(frames[3]))
        if handshake.answered:
            self._first_start_is_over()
            self.subkernel.remember_transport()
            self._deaths.forget_later()

    def _is_ready(self, header: dict[str, Any]) -> None:
        # Frontends take another session for that of a restarted kernel, and drop what they have
        # not taken in yet (JupyterLab's `KernelConnection`): what we say is the subkernel's.
        self._composer.session = str(header.get("session") or self._composer.name)
        self.ready = True
        if self.subkernel.generation > 1:
            self._frontends.status("idle")
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self.forward(request)
        if not waiting and not self._handshake.asked:
            self._ask()
        self._receiver.subkernel_started()
        self._later(LEISURE, self._prepare_its_end)

    def _prepare_its_end(self) -> None:
        """Have ipykernel load what it needs to end: 12-20 ms of a restart; over tcp it has it."""
        over_ipc = self.subkernel.connection.transport == "ipc"
        if over_ipc and "ipykernel" in " ".join(self.subkernel.spec.argv):
            parts = self._composer.compose("usage_request", {})
            self.send_own("control", self._signer.frames(parts))

    def _stand_in(self) -> None:
        """Have the clients in that wait for the kernel's first answer alone, if it takes long."""
        if self._is_first_start:
            self.kept_info = self._handshake.known.info
        if self.kept_info:
            self._receiver.subkernel_slow()

    def _first_start_is_over(self) -> None:
        """Forget what was kept: from now on the kernel speaks for itself."""
        self._is_first_start = False
        self.kept_info = b""

    def _expect_socket(self, pid: int) -> None:
        """Try another transport with a subkernel that lives but doesn't listen."""
        if self.subkernel.pid == pid and not self.ready and self.subkernel.is_deaf:
            log("the subkernel has made no ipc socket: starting it anew on tcp")
            self.subkernel.on_tcp = True
            self.subkernel.kill()

    def _expect_answer_later(self, pid: int) -> None:
        self._loop.call_later(self._patience, lambda: self._expect_answer(pid))

    def _expect_answer(self, pid: int) -> None:
        """Tell who waits that a subkernel doesn't answer; it may yet, so it is left alone."""
        if self.subkernel.pid == pid and not self._handshake.answered:
            said = f"the kernel has not answered since {self._patience:g} s"
            self._receiver.subkernel_silent(said + last_words(self.subkernel.stderr.end))
            self._expect_answer_later(pid)

    # ------------------------------------------------------------------ generations

    def _ended(self, descriptor: int) -> None:
        """Take in the last words, then start the next generation."""
        if self.subkernel.provisioner and self.subkernel.provisioner.fileno() >= 0:
            self._hear(self.subkernel.provisioner)
        self._traffic.drain()
        self._loop.remove(descriptor)
        os.close(descriptor)
        self._handshake.keep()
        self._traffic.close()
        code = self.subkernel.reap()
        self._loop.remove(self.subkernel.stderr.reader)
        said = last_words(self.subkernel.stderr.close())
        self.subkernel.on_tcp |= self.subkernel.is_deaf and code > 0 and not self.ready
        if self._end_by:
            self.ready = False
            self._loop.stop()
        elif self.subkernel.moves_to_tcp:
            self._begin()  # what waits goes on waiting: none of it has run
        else:
            ended = "was replaced" if self._replacing else how_it_ended(code)
            self._replace_the_dead(self._refusal or ended, said)

    def _replace_the_dead(self, ended: str, said: str) -> None:
        self.ready = False
        self._first_start_is_over()
        if self._replacing or self._refusal:
            said = ""
        self._receiver.subkernel_died(ended + said)
        if not self._replacing:
            self._deaths.add()
        if self._refusal or self._deaths.are_too_many:
            self._log_the_end(ended + said)
            self.gave_up = True
            self._loop.stop()
            return
        self._replacing = False  # what takes its place may die as any other
        self._frontends.status("restarting")
        self._begin()

    def _log_the_end(self, ended: str) -> None:
        if self._refusal:
            log(f"the subkernel {ended}")
            return
        log(f"the subkernel ended {self._deaths.number} times in a row, it last {ended}")
        log("giving up")

    def _begin(self) -> None:
        self.subkernel.start()
        self.connect()
