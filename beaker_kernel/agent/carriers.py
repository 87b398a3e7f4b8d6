"""How a request came and how its answer goes back: natively, or over the comm `beaker`."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from beaker_kernel.agent.notebook import ANSWERS, Exchanges, Notebook
from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.codec import encode
from beaker_kernel.protocol.names import SHELL_REQUESTS, reply_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from beaker_kernel.agent.conversation import Conversation
    from beaker_kernel.agent.link import Incoming, Link
    from beaker_kernel.protocol.messages import Event

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

    @property
    def content(self) -> dict[str, Any]:
        """The content of the request."""
        return _object(self._message.content, self.msg_type)

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the request."""
        return _object(self._message.metadata, "metadata")

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the request's metadata say."""
        return _capabilities(self.metadata)

    def emit(self, msg_type: str, content: dict[str, Any]) -> None:
        """Publish an event under the request."""
        self._link.publish(msg_type, content, self.header)

    def reply(self, content: dict[str, Any]) -> None:
        """Send the reply; the relay follows it with the idle."""
        parts = self._link.composer.compose(reply_type(self.msg_type), content, self.header)
        self._link.send(self._message.verb, self.identity, *parts)


class Comm:
    """A request in a `comm_msg`: events and reply are comm messages with the request's id.

    Raises:
        ProtocolError: it is no comm message, so that nobody can be answered.

    """

    may_ask = SHELL_REQUESTS

    def __init__(self, link: Link, message: Incoming, capabilities: tuple[str, ...]) -> None:
        outer = _object(message.content, "comm_msg")
        data = outer.get("data")
        self._link = link
        self._comm_id = str(outer.get("comm_id", ""))
        self._envelope: dict[str, Any] = data if isinstance(data, dict) else {}
        self.msg_type = str(self._envelope.get("type", "comm_msg"))
        self.header = message.header
        self.metadata = _object(message.metadata, "metadata")
        self.identity = message.argument
        self.capabilities = capabilities

    @property
    def content(self) -> dict[str, Any]:
        """The content of the envelope."""
        content = self._envelope.get("content", {})
        if not isinstance(content, dict):
            raise ProtocolError(f"{self.msg_type}: content: this is no JSON object")
        return content

    def emit(self, msg_type: str, content: dict[str, Any]) -> None:
        """Send a message over the comm."""
        data = {"type": msg_type, "content": content, "id": self._envelope.get("id")}
        content = {"comm_id": self._comm_id, "data": data}
        self._link.publish("comm_msg", content, self.header)

    def reply(self, content: dict[str, Any]) -> None:
        """Send the reply over the comm."""
        self.emit(reply_type(self.msg_type), content)


class Comms:
    """The comms that are open to us, and what their frontends can do."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._capabilities: dict[str, tuple[str, ...]] = {}
        self._identities: dict[str, bytes] = {}
        self._exchanges = Exchanges()

    def open(self, message: Incoming) -> None:
        """Take in what a frontend says it can do when it opens a comm."""
        content = _object(message.content, "comm_open")
        said = content.get("data")
        capabilities = _capabilities(said if isinstance(said, dict) else {})
        comm_id = str(content.get("comm_id"))
        self._capabilities[comm_id] = capabilities or _capabilities(
            _object(message.metadata, "metadata")
        )
        self._identities[comm_id] = message.argument

    def close(self, message: Incoming) -> None:
        """Forget a comm."""
        self._forget(str(_object(message.content, "comm_close").get("comm_id")))

    def _forget(self, comm_id: str) -> None:
        self._capabilities.pop(comm_id, None)
        self._identities.pop(comm_id, None)

    def carrier(self, message: Incoming) -> Comm:
        """Return the carrier of a request that came over a comm."""
        comm_id = str(_object(message.content, "comm_msg").get("comm_id"))
        return Comm(self._link, message, self._capabilities.get(comm_id, ()))

    def take_answer(self, message: Incoming) -> bool:
        """Take in what a frontend answers to a question of ours; False if it is a request."""
        data = _object(message.content, "comm_msg").get("data")
        if not isinstance(data, dict) or data.get("type") not in ANSWERS:
            return False
        content = data.get("content")
        self._exchanges.receive(str(data.get("id")), content if isinstance(content, dict) else {})
        return True

    def notebook(
        self, carrier: Carrier, asked_for: Callable[[], dict[str, Any]]
    ) -> Notebook | None:
        """Return the notebook of the frontend that asks, if that lets cells be changed."""
        comm_id = self._with_cells(carrier.identity)
        if not comm_id:
            return None
        ask = partial(self._ask, comm_id, carrier.header)
        return Notebook(ask, asked_for, str(carrier.metadata.get("cellId", "")))

    def _with_cells(self, identity: bytes) -> str:
        """Return the last comm that a frontend has opened for cells; empty if there is none."""
        able = [
            comm_id
            for comm_id, capabilities in self._capabilities.items()
            if "cells" in capabilities and self._identities[comm_id] == identity
        ]
        return able[-1] if able else ""

    async def _ask(
        self, comm_id: str, header: bytes, msg_type: str, content: dict[str, Any]
    ) -> dict[str, Any]:
        """Ask a frontend; one that doesn't answer is asked no more.

        Raises:
            TimeoutError: nobody answers.

        """

        def send(msg_type: str, content: dict[str, Any], exchange: str) -> None:
            data = {"type": msg_type, "content": content, "id": exchange}
            self._link.publish("comm_msg", {"comm_id": comm_id, "data": data}, header)

        try:
            return await self._exchanges.ask(send, msg_type, content)
        except TimeoutError:
            self._forget(comm_id)
            raise


class Emitter:
    """Sends the events of one request, numbered by the conversation, which keeps them.

    Without a carrier they are kept alone.
    """

    def __init__(self, carrier: Carrier | None, conversation: Conversation) -> None:
        self._carrier = carrier
        self._conversation = conversation
        self.number = conversation.next_event

    def __call__(self, event: Event) -> None:
        """Send an event."""
        content = encode(event)
        self._conversation.record(event.msg_type, content)
        if self._carrier:
            self._carrier.emit(event.msg_type, content)


def _object(part: bytes, what: str) -> dict[str, Any]:
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


def _capabilities(metadata: dict[str, Any]) -> tuple[str, ...]:
    """Return what metadata declare; what is no list of words declares nothing."""
    beaker = metadata.get("beaker")
    declared = beaker.get("capabilities") if isinstance(beaker, dict) else None
    return tuple(map(str, declared)) if isinstance(declared, list) else ()
