"""Requests as the relay reads them, made without sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beaker_kernel.kernel import inflight
from beaker_kernel.kernel.routing import Route, route
from beaker_kernel.protocol.frames import Composer, Signer, msg_id

if TYPE_CHECKING:
    from beaker_kernel.kernel.inflight import Request

_composer = Composer("front")


def request(
    msg_type: str = "execute_request",
    content: dict[str, Any] | None = None,
    *,
    channel: str = "shell",
    identity: bytes = b"client",
) -> Request:
    """Make a request as if a frontend had sent it, routed."""
    parts = _composer.compose(msg_type, content or {})
    made = inflight.read(channel, [identity, *Signer(b"").frames(parts)])
    assert made.msg_id == msg_id(parts[0])
    made.owner = route(made.msg_type, made.content)
    return made


def cell(code: str, **more: Any) -> Request:
    """Make a cell."""
    made = request(content={"code": code, **more})
    assert made.owner is (Route.AGENT if code.startswith("%") else Route.SUBKERNEL)
    return made
