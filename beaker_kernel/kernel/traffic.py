"""The messages to and from one generation of the subkernel.

Each generation has an address of its own and a new set of sockets, so nothing that was queued for
one reaches the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from beaker_kernel.kernel.back_sockets import BackSockets
from beaker_kernel.kernel.keys import Keys
from beaker_kernel.protocol.frames import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.kernel.back_sockets import Dialer, Handlers
    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.inflight import Request
    from beaker_kernel.kernel.loop import Loop
    from beaker_kernel.kernel.receiver import Receiver

Frames = list[bytes]


class Traffic:
    """Carries messages under each frontend client's own identity, and under ours."""

    def __init__(self, receiver: Receiver, *, signer: Signer, loop: Loop) -> None:
        self._receiver = receiver
        self._signer = signer
        self._sockets = BackSockets(loop)
        self._keys: Keys | None = None

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
        handlers = {
            "iopub": published,
            "shell": lambda f: own_reply("shell", f),
            "control": lambda f: own_reply("control", f),
            "stdin": lambda _: None,
        }
        self._sockets.connect(connection, self._signed(handlers))

    def expect(self, identity: bytes) -> None:
        """Connect for a frontend client that will send something: its connections take a while."""
        if self._sockets.own:
            self._client(identity)

    def knows(self, identity: bytes) -> bool:
        """Tell whether there are connections for a frontend client."""
        return self._sockets.known(identity) is not None

    def forward(self, request: Request) -> None:
        """Send a frontend's request on."""
        self._client(request.identity)[request.channel].send(self._seal(request.frames[1:]))

    def answer(self, identity: bytes, frames: Frames) -> None:
        """Send a frontend client's answer on stdin."""
        self._client(identity)["stdin"].send(self._seal(frames))

    def send_own(self, channel: str, frames: Frames) -> None:
        """Send a request that is no frontend's."""
        self._sockets.own[channel].send(self._seal(frames))

    def drain(self) -> None:
        """Take in all that has come."""
        for dialer in self._sockets.all():
            dialer.take_in()

    def when_closed(self, handler: Callable[[], object]) -> None:
        """Call `handler` once the subkernel has closed its iopub, and what it said is taken in."""

        def taken_in() -> None:
            self.drain()
            handler()

        self._sockets.iopub.lost = taken_in

    def close(self) -> None:
        """Close the sockets; what is unsent is dropped."""
        for dialer in self._sockets.all():
            dialer.close()

    def _client(self, identity: bytes) -> dict[str, Dialer]:
        """Return the sockets on which the subkernel knows a frontend client."""
        known = self._sockets.known(identity)
        if known:
            return known
        receiver = self._receiver
        handlers = {
            "shell": lambda f: receiver.reply("shell", identity, f),
            "control": lambda f: receiver.reply("control", identity, f),
            "stdin": lambda f: receiver.input_request(identity, f),
        }
        self._sockets.make_room(receiver.owes)
        return self._sockets.introduce(identity, self._signed(handlers))

    def _signed(self, handlers: Handlers) -> Handlers:
        """Have what a subkernel with a key of its own says signed anew."""
        keys = self._keys
        if not keys:
            return handlers
        return {c: _signing(keys, handler) for c, handler in handlers.items()}

    def _seal(self, frames: Frames) -> Frames:
        return self._keys.to_subkernel(frames) if self._keys else frames


def _signing(keys: Keys, handler: Callable[[Frames], object]) -> Callable[[Frames], object]:
    return lambda frames: handler(keys.to_frontends(frames))
