"""How a request came and how its answer goes back: natively, or over the comm `beaker`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.codec import encode
from beaker_kernel.protocol.messages import Event
from beaker_kernel.protocol.names import SHELL_REQUESTS, reply_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from beaker_kernel.agent.conversation import Conversation
    from beaker_kernel.agent.link import Incoming, Link
    from beaker_kernel.protocol.messages import Sign

CELLS = frozenset({"execute_request"})
"""Jupyter's own requests that come to us where they hold one of our magics."""


class Carrier(Protocol):
    """One request's way back."""

    @property
    def msg_type(self) -> str:
        """The type of the request."""

    @property
    def may_ask(self) -> AbstractSet[str]:
        """The types of request that can come this way."""

    @property
    def content(self) -> dict[str, Any]:
        """The content of the request.

        Raises:
            ProtocolError: it is no JSON object.

        """

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the message that brought it.

        Raises:
            ProtocolError: they are no JSON object.

        """

    @property
    def header(self) -> bytes:
        """The header under which everything about it is shown."""

    @property
    def identity(self) -> bytes:
        """The frontend's routing id, for stdin."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the frontend says it can do."""

    @property
    def came(self) -> float:
        """Since when the person waits for an answer, by the monotonic clock."""

    def emit(self, msg_type: str, content: dict[str, Any]) -> None:
        """Send an event."""

    def reply(self, content: dict[str, Any]) -> None:
        """Send the reply."""


class Native:
    """A request on shell or control: events on iopub, the reply where the request came."""

    may_ask = SHELL_REQUESTS | CELLS

    def __init__(self, link: Link, message: Incoming) -> None:
        self._link = link
        self._message = message
        self.msg_type = message.msg_type
        self.header = message.header
        self.identity = message.argument
        self.came = message.came

    @property
    def content(self) -> dict[str, Any]:
        """The content of the request."""
        return json_object(self._message.content, self.msg_type)

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the request."""
        return json_object(self._message.metadata, "metadata")

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the request's metadata say."""
        return declared_capabilities(self.metadata)

    def emit(self, msg_type: str, content: dict[str, Any]) -> None:
        """Publish an event under the request."""
        self._link.publish(msg_type, content, self.header)

    def reply(self, content: dict[str, Any]) -> None:
        """Send the reply; the relay follows it with the idle."""
        parts = self._link.composer.compose(reply_type(self.msg_type), content, self.header)
        self._link.send(self._message.verb, self.identity, *parts)


class Emitter:
    """Sends the events of one request, numbered by the conversation, which keeps them.

    Without a carrier, and as long as they are not `wanted`, they are kept alone. What is kept says
    to which `question` it belongs, as the parent does of what is sent.
    """

    def __init__(
        self,
        carrier: Carrier | None,
        conversation: Conversation,
        question: str = "",
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._carrier = carrier
        self._wanted = wanted
        self._conversation = conversation
        self._belongs = {"question": question} if question else {}
        self.number = conversation.next_event
        self.conversation = conversation.id

    def __call__(self, event: Event | Sign) -> None:
        """Send an event; a sign, too, but that isn't kept."""
        content = encode(event)
        if isinstance(event, Event):
            self._conversation.record(event.msg_type, content | self._belongs)
        if self._carrier and self._wanted():
            self._carrier.emit(event.msg_type, content)


def json_object(part: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ProtocolError: it is none.

    """
    try:
        read = json.loads(part)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"{what}: this is no JSON") from error
    if not isinstance(read, dict):
        raise ProtocolError(f"{what}: this is no JSON object")
    return read


def declared_capabilities(metadata: dict[str, Any]) -> tuple[str, ...]:
    """Return what metadata declare; what is no list of words declares nothing."""
    beaker = metadata.get("beaker")
    declared = beaker.get("capabilities") if isinstance(beaker, dict) else None
    return tuple(map(str, declared)) if isinstance(declared, list) else ()
