"""The messages to and from one generation of the subkernel.

Each generation has an address of its own and a new set of sockets, so nothing that was queued for
one reaches the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import zmq

from beaker_kernel.kernel.keys import Keys
from beaker_kernel.kernel.sockets import BackSockets, send
from beaker_kernel.protocol.frames import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.inflight import Request
    from beaker_kernel.kernel.loop import Loop
    from beaker_kernel.kernel.receiver import Receiver

Frames = list[bytes]


class Traffic:
    """Carries messages under each frontend client's own identity, and under ours."""

    def __init__(
        self,
        receiver: Receiver,
        *,
        context: zmq.Context[zmq.Socket[bytes]],
        signer: Signer,
        loop: Loop,
    ) -> None:
        self._receiver = receiver
        self._signer = signer
        self._loop = loop
        self._sockets = BackSockets(context)
        self._keys: Keys | None = None
        self._monitor: zmq.Socket[bytes] | None = None

    def open(
        self,
        connection: Connection,
        front_key: str,
        *,
        published: Callable[[Frames], None],
        own_reply: Callable[[str, Frames], None],
    ) -> None:
        """Open the sockets; a subkernel that has a key of its own is spoken to with that."""
        inner = Signer(connection.key.encode(), connection.signature_scheme)
        self._keys = None if connection.key == front_key else Keys(self._signer, inner)
        self._sockets.connect(connection)
        self._listen(self._sockets.iopub, published)
        for channel in ("shell", "control"):
            self._listen(self._sockets.own[channel], _under(own_reply, channel))

    def expect(self, identity: bytes) -> None:
        """Connect for a frontend client that will send something: its connections take a while."""
        if self._sockets.own:
            self._client(identity)

    def forward(self, request: Request) -> None:
        """Send a frontend's request on."""
        send(self._client(request.identity)[request.channel], self._seal(request.frames[1:]))

    def answer(self, identity: bytes, frames: Frames) -> None:
        """Send a frontend client's answer on stdin."""
        self._client(identity)["stdin"].send_multipart(self._seal(frames))

    def send_own(self, channel: str, frames: Frames) -> None:
        """Send a request that is no frontend's."""
        send(self._sockets.own[channel], self._seal(frames))

    def drain(self, silence: int) -> None:
        """Take in what still arrives, until nothing has for some milliseconds."""
        self._loop.drain(self._sockets.all(), silence)

    def when_closed(self, handler: Callable[[], object]) -> None:
        """Call `handler` once the subkernel has closed its iopub, and what it said is taken in.

        ZMQ tells of the end of a connection after what has come over it; replies come over others.
        """

        def taken_in(_: Frames) -> None:
            self.drain(0)
            handler()

        self._monitor = self._sockets.iopub.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._loop.add_socket(self._monitor, taken_in)

    def close(self) -> None:
        """Close the sockets; what is unsent is dropped."""
        if self._monitor:
            self._drop(self._monitor)
        for socket in self._sockets.all():
            self._drop(socket)

    def _client(self, identity: bytes) -> dict[str, zmq.Socket[bytes]]:
        """Return the sockets on which the subkernel knows a frontend client."""
        sockets, new = self._sockets.client(identity)
        if new:
            add, receiver = self._listen, self._receiver
            add(sockets["shell"], lambda f: receiver.reply("shell", identity, f))
            add(sockets["control"], lambda f: receiver.reply("control", identity, f))
            add(sockets["stdin"], lambda f: receiver.input_request(identity, f))
            for socket in self._sockets.surplus(receiver.owes):
                self._drop(socket)
        return sockets

    def _listen(self, socket: zmq.Socket[bytes], handler: Callable[[Frames], object]) -> None:
        keys = self._keys
        signed = (lambda f: handler(keys.to_frontends(f))) if keys else handler
        self._loop.add_socket(socket, signed)

    def _seal(self, frames: Frames) -> Frames:
        return self._keys.to_subkernel(frames) if self._keys else frames

    def _drop(self, socket: zmq.Socket[bytes]) -> None:
        self._loop.remove(socket)
        socket.close(linger=0)


def _under(handler: Callable[[str, Frames], None], channel: str) -> Callable[[Frames], None]:
    return lambda frames: handler(channel, frames)
