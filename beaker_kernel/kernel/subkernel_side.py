"""The relay's dealings with the subkernel: reach it, see when it is ready, replace it if it ends.

Each generation of the subkernel has an address of its own and a new set of sockets, so nothing that
was queued for one reaches the next.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from beaker_kernel.kernel import kernelspecs, processes, sandboxing
from beaker_kernel.kernel.keys import Keys
from beaker_kernel.kernel.log import log
from beaker_kernel.kernel.sockets import BackSockets, send
from beaker_kernel.protocol.frames import DELIMITER, Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    import zmq

    from beaker_kernel.kernel.frontends import Frontends
    from beaker_kernel.kernel.inflight import Request
    from beaker_kernel.kernel.loop import Loop
    from beaker_kernel.kernel.provisioner import Provisioner
    from beaker_kernel.kernel.subkernel import Subkernel
    from beaker_kernel.protocol.frames import Composer

Frames = list[bytes]

DEATHS = 5
"""Deaths of the subkernel in a row after which the relay gives up and leaves it to the server."""
STEADY = 10.0
"""Seconds that a subkernel must live for its death to count as the first again."""
GRACE = 2.0
"""Seconds that a subkernel has to end after it was shut down."""
IPC_PATIENCE = 20.0
"""Seconds after which a subkernel that has made no ipc socket is started anew, on tcp."""
SIGNALLED = 128
"""What a wrapper of the kernel adds to the signal that has ended it, as shells do."""
LAST_WORDS = 5
"""Milliseconds of silence after which nothing more is on its way from an ended subkernel."""


class Receiver(Protocol):
    """Who takes in what comes from the subkernel."""

    def reply(self, channel: str, identity: bytes, frames: list[bytes]) -> None:
        """Take in a reply to a frontend client."""

    def input_request(self, identity: bytes, frames: list[bytes]) -> None:
        """Take in a question to a frontend client."""

    def publish(self, frames: list[bytes]) -> None:
        """Take in what is published, topic first."""

    def own_reply(self, channel: str, frames: list[bytes]) -> None:
        """Take in the reply to a request that was no frontend's."""

    def subkernel_started(self) -> None:
        """Note that there is a subkernel."""

    def subkernel_died(self, ended: str) -> None:
        """Answer for the subkernel, which has ended."""

    def subkernel_silent(self, said: str) -> None:
        """Answer for the subkernel, which lives and doesn't answer."""


class SubkernelSide:
    """The subkernel as the relay sees it, one generation after another.

    Attributes:
        subkernel: the process.
        ready: whether requests reach it and nothing that it publishes is lost.
        waiting: the requests that are sent as soon as it is ready.
        gave_up: whether it died so often that the relay has to end.

    """

    def __init__(
        self,
        subkernel: Subkernel,
        receiver: Receiver,
        *,
        frontends: Frontends,
        context: zmq.Context[zmq.Socket[bytes]],
        composer: Composer,
        signer: Signer,
        loop: Loop,
        patience: float,
    ) -> None:
        self.subkernel = subkernel
        self.ready = False
        self.waiting: list[Request] = []
        self.gave_up = False
        self._receiver = receiver
        self._frontends = frontends
        self._context = context
        self._composer = composer
        self._probe_mark = f'"{composer.session}_'.encode()
        self._signer = signer
        self._loop = loop
        self._sockets = BackSockets(context)
        self._keys: Keys | None = None
        self._patience = patience
        self._closing = False
        self._replacing = False
        self._deaths = 0
        self._refusal = ""

    # ------------------------------------------------------------------ to the subkernel

    def forward(self, request: Request) -> None:
        """Send a request on, once the subkernel is ready."""
        if self.ready:
            send(self._client(request.identity)[request.channel], self._seal(request.frames[1:]))
        else:
            self.waiting.append(request)

    def answer(self, identity: bytes, frames: list[bytes]) -> None:
        """Send a frontend client's answer on stdin."""
        if self.ready:
            self._client(identity)["stdin"].send_multipart(self._seal(frames))

    def send_own(self, channel: str, frames: list[bytes]) -> bool:
        """Send a request that is no frontend's; False if there is no subkernel now."""
        if self.ready:
            send(self._sockets.own[channel], self._seal(frames))
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
        self.subkernel.kill()

    def shut_down(self, request: Request) -> None:
        """Let the subkernel end, and end with it."""
        self._closing = True
        self.forward(request)
        self._loop.call_later(GRACE, self.subkernel.kill)

    def close(self) -> None:
        """End the process and close the sockets."""
        self.subkernel.kill()
        for socket in self._sockets.all():
            socket.close(linger=0)

    def _client(self, identity: bytes) -> dict[str, zmq.Socket[bytes]]:
        """Return the sockets on which the subkernel knows a frontend client."""
        sockets, new = self._sockets.client(identity)
        if new:
            add, receiver = self._listen, self._receiver
            add(sockets["shell"], lambda f: receiver.reply("shell", identity, f))
            add(sockets["control"], lambda f: receiver.reply("control", identity, f))
            add(sockets["stdin"], lambda f: receiver.input_request(identity, f))
            for socket in self._sockets.surplus():
                self._drop(socket)
        return sockets

    # ------------------------------------------------------------------ readiness

    def connect(self) -> None:
        """Connect to the present generation and ask whether it is there."""
        self.ready = False
        self._sockets = BackSockets(self._context)
        pid, provisioner = self.subkernel.pid, self.subkernel.provisioner
        ended = processes.watch(pid)
        self._loop.add(ended, lambda: self._ended(ended))
        self._loop.add(self.subkernel.stderr.reader, self._pass_stderr)
        self._expect_answer_later(pid)
        if provisioner:
            self._loop.add(provisioner.fileno(), lambda: self._hear(provisioner))
            return
        self._open()
        self._loop.call_later(IPC_PATIENCE, lambda: self._expect_socket(pid))

    def _open(self) -> None:
        """Open the sockets; a subkernel that has a key of its own is spoken to with that."""
        connection, sockets = self.subkernel.connection, self._sockets
        inner = Signer(connection.key.encode(), connection.signature_scheme)
        is_same = connection.key == self._frontends.connection.key
        self._keys = None if is_same else Keys(self._signer, inner)
        sockets.connect(connection)
        self._listen(sockets.iopub, self._published)
        self._listen(sockets.own["shell"], lambda f: self._own_reply("shell", f))
        self._listen(sockets.own["control"], lambda f: self._own_reply("control", f))
        self._probe()

    def _listen(self, socket: zmq.Socket[bytes], handler: Callable[[Frames], object]) -> None:
        keys = self._keys
        signed = (lambda f: handler(keys.to_frontends(f))) if keys else handler
        self._loop.add_socket(socket, signed)

    def _seal(self, frames: Frames) -> Frames:
        return self._keys.to_subkernel(frames) if self._keys else frames

    def _hear(self, provisioner: Provisioner) -> None:
        """Take in what the provisioner says: that the kernel listens, or why there is none."""
        try:
            for name, told in provisioner.heard():
                if name == "launched":
                    self.subkernel.launched(told)
                    self._open()
                else:
                    self._refusal = f"did not start: {told}"
        except (EOFError, TypeError) as error:
            self._refusal = self._refusal or str(error)
            self._loop.remove(provisioner.fileno())
            provisioner.close()

    def _pass_stderr(self) -> None:
        if not self.subkernel.stderr.pass_on():
            self._loop.remove(self.subkernel.stderr.reader)

    def _probe(self) -> None:
        parts = self._composer.compose("kernel_info_request", {})
        frames = self._seal(self._signer.frames(parts))
        self._sockets.own["shell"].send_multipart(frames)

    def _own_reply(self, channel: str, frames: list[bytes]) -> None:
        """Take in the reply to a probe or to a request of the agent."""
        if self._probe_mark not in frames[frames.index(DELIMITER) + 3]:
            self._receiver.own_reply(channel, frames)
        elif not self.ready:
            self._probe()  # it answered before its iopub reached us

    def _published(self, frames: list[bytes]) -> None:
        """Hand on what is published; the first echo of a probe tells that nothing is lost now."""
        if frames[0] == DELIMITER:  # ipykernel's welcome to the empty topic has no topic frame
            frames.insert(0, b"")
        if self._probe_mark not in frames[4]:
            self._receiver.publish(frames)
        elif not self.ready:
            self._is_ready()

    def _is_ready(self) -> None:
        self.ready = True
        self._replacing = False
        self.subkernel.remember_transport()
        deaths = self._deaths
        self._loop.call_later(STEADY, lambda: self._steady(deaths))
        if self.subkernel.generation > 1:
            self._frontends.status("idle")
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self.forward(request)
        self._receiver.subkernel_started()

    def _steady(self, deaths: int) -> None:
        """Forget earlier deaths if there was none in a while."""
        if self._deaths == deaths:
            self._deaths = 0

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
        if self.subkernel.pid == pid and not self.ready:
            said = f"the kernel has not answered since {self._patience:g} s"
            self._receiver.subkernel_silent(said + _last_words(self.subkernel.stderr.end))
            self._expect_answer_later(pid)

    # ------------------------------------------------------------------ generations

    def _ended(self, descriptor: int) -> None:
        """Take in the last words, then start the next generation."""
        if self.subkernel.provisioner and self.subkernel.provisioner.fileno() >= 0:
            self._hear(self.subkernel.provisioner)
        self._loop.drain(self._sockets.all(), LAST_WORDS)
        self._loop.remove(descriptor)
        os.close(descriptor)
        for socket in self._sockets.all():
            self._drop(socket)
        code = self.subkernel.reap()
        self._loop.remove(self.subkernel.stderr.reader)
        said = _last_words(self.subkernel.stderr.close())
        self.subkernel.on_tcp |= self.subkernel.is_deaf and code > 0 and not self.ready
        if self._closing:
            self._loop.stop()
        elif self.subkernel.moves_to_tcp:
            self._begin()  # what waits goes on waiting: none of it has run
        else:
            ended = "was replaced" if self._replacing else _how_it_ended(code)
            self._replace_the_dead(self._refusal or ended, said)

    def _replace_the_dead(self, ended: str, said: str) -> None:
        self.ready = False
        if self._replacing or self._refusal:
            said = ""
        self._receiver.subkernel_died(ended + said)
        self._deaths += not self._replacing
        if self._refusal or self._deaths > DEATHS:
            self._log_the_end(ended + said)
            self.gave_up = True
            self._loop.stop()
            return
        self._frontends.status("restarting")
        self._begin()

    def _log_the_end(self, ended: str) -> None:
        if self._refusal:
            log(f"the subkernel {ended}")
            return
        log(f"the subkernel ended {self._deaths} times in a row, it last {ended}")
        log("giving up")

    def _begin(self) -> None:
        self.subkernel.start()
        self.connect()

    def _drop(self, socket: zmq.Socket[bytes]) -> None:
        self._loop.remove(socket)
        socket.close(linger=0)


def _how_it_ended(code: int) -> str:
    if code > SIGNALLED:
        code = SIGNALLED - code
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _last_words(stderr: str) -> str:
    return f"; the end of its stderr:\n{stderr}" if stderr else ""
