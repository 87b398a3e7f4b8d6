"""How a request came and how its answer goes back: natively, or over the comm `beaker`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from beaker_kernel.protocol.codec import encode
from beaker_kernel.protocol.names import reply_type

if TYPE_CHECKING:
    from beaker_kernel.agent.link import Incoming, Link
    from beaker_kernel.protocol.messages import Event


class Carrier(Protocol):
    """One request's way back."""

    @property
    def msg_type(self) -> str:
        """The type of the request."""

    @property
    def content(self) -> dict[str, Any]:
        """The content of the request."""

    @property
    def header(self) -> bytes:
        """The header under which everything about it is shown."""

    @property
    def identity(self) -> bytes:
        """The frontend's routing id, for stdin."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the frontend says it can do."""

    def emit(self, msg_type: str, content: dict[str, Any]) -> None:
        """Send an event."""

    def reply(self, content: dict[str, Any]) -> None:
        """Send the reply."""


class Native:
    """A request on shell or control: events on iopub, the reply where the request came."""

    def __init__(self, link: Link, message: Incoming) -> None:
        self._link = link
        self._message = message
        self.msg_type = message.msg_type
        self.content: dict[str, Any] = json.loads(message.content)
        self.header = message.header
        self.identity = message.argument
        self.capabilities = _capabilities(json.loads(message.metadata))

    def emit(self, msg_type: str, content: dict[str, Any]) -> None:
        """Publish an event under the request."""
        self._link.publish(msg_type, content, self.header)

    def reply(self, content: dict[str, Any]) -> None:
        """Send the reply; the relay follows it with the idle."""
        parts = self._link.composer.compose(reply_type(self.msg_type), content, self.header)
        self._link.send(self._message.verb, self.identity, *parts)


class Comm:
    """A request in a `comm_msg`: events and reply are comm messages with the request's id."""

    def __init__(self, link: Link, message: Incoming, capabilities: tuple[str, ...]) -> None:
        outer = json.loads(message.content)
        envelope: dict[str, Any] = outer["data"]
        self._link = link
        self._comm_id = outer["comm_id"]
        self._id = envelope.get("id")
        self.msg_type = str(envelope.get("type", ""))
        self.content: dict[str, Any] = envelope.get("content") or {}
        self.header = message.header
        self.identity = message.argument
        self.capabilities = capabilities

    def emit(self, msg_type: str, content: dict[str, Any]) -> None:
        """Send a message over the comm."""
        data = {"type": msg_type, "content": content, "id": self._id}
        content = {"comm_id": self._comm_id, "data": data}
        self._link.publish("comm_msg", content, self.header)

    def reply(self, content: dict[str, Any]) -> None:
        """Send the reply over the comm."""
        self.emit(reply_type(self.msg_type), content)


def send_event(carrier: Carrier, event: Event) -> tuple[str, dict[str, Any]]:
    """Send an event and return it as it went."""
    sent = event.msg_type, encode(event)
    carrier.emit(*sent)
    return sent


def _capabilities(metadata: dict[str, Any]) -> tuple[str, ...]:
    return tuple(metadata.get("beaker", {}).get("capabilities", ()))


def comm_capabilities(message: Incoming) -> tuple[str, ...]:
    """Read what a frontend says it can do when it opens the comm."""
    content = json.loads(message.content)
    return _capabilities(content.get("data") or {}) or _capabilities(json.loads(message.metadata))
