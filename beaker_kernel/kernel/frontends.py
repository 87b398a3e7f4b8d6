"""What the relay itself says to the frontends, and what is owed to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from beaker_kernel.kernel.front_sockets import open_front
from beaker_kernel.kernel.inflight import InFlight, Request
from beaker_kernel.protocol.frames import Composer, Signer, dumps
from beaker_kernel.protocol.names import PROTOCOL_VERSION, reply_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beaker_kernel.kernel.connection import Connection
    from beaker_kernel.kernel.loop import Loop

TOPIC = b"beaker"
LATE = 60.0
"""Seconds that a reply may come after its idle; ipykernel sends none to a type it doesn't know."""
Frames = list[bytes]


class Frontends:
    """The frontends of one kernel, and what is owed to them.

    Attributes:
        connection: where they connect.
        sockets: the sockets they connect to.
        requests: their requests in flight.

    """

    def __init__(
        self,
        loop: Loop,
        connection: Connection,
        signer: Signer,
        composer: Composer,
    ) -> None:
        self.connection = connection
        self.sockets = open_front(loop, connection)
        self.requests = InFlight()
        self._loop = loop
        self._signer = signer
        self._composer = composer

    @property
    def session(self) -> str:
        """The session that our own messages name."""
        return self._composer.session

    def publish(
        self,
        msg_type: str,
        content: dict[str, Any],
        parent_header: bytes = b"{}",
        topic: bytes = TOPIC,
    ) -> None:
        """Publish a message of our own."""
        parts = self._composer.compose(msg_type, content, parent_header)
        self.sockets.iopub.send([topic, *self._signer.frames(parts)])

    def status(self, state: str, parent_header: bytes = b"{}") -> None:
        """Publish the kernel's state."""
        self.publish("status", {"execution_state": state}, parent_header)

    def idle(self, msg_id: str, frames: Frames) -> None:
        """Publish the idle of a forwarded request; a reply that is never sent isn't waited for."""
        self.sockets.iopub.send(frames)
        request = self.requests.idled(msg_id)
        if request and not request.replied:
            self._loop.call_later(LATE, lambda: self.requests.give_up(msg_id))

    def reply(self, request: Request, content: dict[str, Any]) -> None:
        """Answer a request; its idle is the caller's."""
        parts = self._composer.compose(reply_type(request.msg_type), content, request.header)
        frames = [*request.route, *self._signer.frames(parts)]
        self.sockets.requests[request.channel].send(frames)
        self.requests.replied(request.msg_id)

    def finish(self, request: Request, content: dict[str, Any]) -> None:
        """Answer a request whole: busy, reply, idle."""
        self.status("busy", request.header)
        self.reply(request, content)
        self.close(request)

    def close(self, request: Request) -> None:
        """End a request of ours; if a cell still runs, the frontends see it run."""
        self.status("idle", request.header)
        self.requests.idled(request.msg_id)
        running = self.requests.running()
        if running:
            self.status("busy", running.header)

    def fail(self, requests: Iterable[Request], ename: str, evalue: str) -> None:
        """Give requests that nobody will answer what is owed to them: an error and an idle."""
        error = {"ename": ename, "evalue": evalue, "traceback": [f"{ename}: {evalue}"]}
        for request in requests:
            if not request.replied and request.msg_type == "execute_request":
                self.publish("error", error, request.header)
            self._give_up(request, {"status": "error", **error})

    def abort(self, requests: Iterable[Request]) -> None:
        """Tell cells that were queued behind a failed one that they don't run."""
        for request in requests:
            self._give_up(request, {"status": "aborted"})

    def _give_up(self, request: Request, content: dict[str, Any]) -> None:
        if not request.replied:
            self.reply(request, content | {"execution_count": 0})
        self.status("idle", request.header)
        self.requests.take(request)

    def connect_reply(self) -> dict[str, Any]:
        """Return the content that answers a connect_request: our own ports."""
        return {"status": "ok", **self.connection.named_ports}


def with_beaker(content: bytes, subkernel: str, sandbox: str) -> bytes:
    """Add to a subkernel's kernel_info_reply what stands before it."""
    info = json.loads(content)
    info["supported_features"] = [*(info.get("supported_features") or []), "beaker"]
    info["beaker"] = {
        "protocol_version": PROTOCOL_VERSION,
        "capabilities": ["ask", "llm_request", "comm"],
        "subkernel": subkernel,
        "sandbox": sandbox or None,
    }
    return dumps(info)
