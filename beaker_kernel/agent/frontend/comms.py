"""The comm `beaker`: requests that come over it, and frontends whose cells may be changed by it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from beaker_kernel.agent.frontend.carriers import declared_capabilities, json_object
from beaker_kernel.agent.notebook import ANSWERS, Exchanges, Notebook, NotebookState, read_state
from beaker_kernel.errors import ProtocolError
from beaker_kernel.protocol.names import SHELL_REQUESTS, reply_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from beaker_kernel.agent.frontend.carriers import Carrier
    from beaker_kernel.agent.link import Incoming, Link


class Comm:
    """A request in a `comm_msg`: events and reply are comm messages with the request's id.

    Raises:
        ProtocolError: it is no comm message, so that nobody can be answered.

    """

    may_ask = SHELL_REQUESTS

    def __init__(self, link: Link, message: Incoming, capabilities: tuple[str, ...]) -> None:
        outer = json_object(message.content, "comm_msg")
        data = outer.get("data")
        self._link = link
        self._comm_id = str(outer.get("comm_id", ""))
        self._envelope: dict[str, Any] = data if isinstance(data, dict) else {}
        self.msg_type = str(self._envelope.get("type", "comm_msg"))
        self.header = message.header
        self.metadata = json_object(message.metadata, "metadata")
        self.identity = message.argument
        self.came = message.came
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


class Opened(NamedTuple):
    """A comm that is open: whose it is, and what its frontend can do."""

    identity: bytes
    capabilities: tuple[str, ...]


class Comms:
    """The comms that are open to us, and what their frontends can do."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._opened: dict[str, Opened] = {}
        self._exchanges = Exchanges()

    def open(self, message: Incoming) -> None:
        """Take in what a frontend says it can do when it opens a comm."""
        content = json_object(message.content, "comm_open")
        said = content.get("data")
        capabilities = declared_capabilities(
            said if isinstance(said, dict) else {}
        ) or declared_capabilities(json_object(message.metadata, "metadata"))
        self._opened[str(content.get("comm_id"))] = Opened(message.argument, capabilities)

    def close(self, message: Incoming) -> None:
        """Forget a comm."""
        self._opened.pop(str(json_object(message.content, "comm_close").get("comm_id")), None)

    def carrier(self, message: Incoming) -> Comm:
        """Return the carrier of a request that came over a comm."""
        comm_id = str(json_object(message.content, "comm_msg").get("comm_id"))
        opened = self._opened.get(comm_id)
        return Comm(self._link, message, opened.capabilities if opened else ())

    def take_answer(self, message: Incoming) -> bool:
        """Take in what a frontend answers to a question of ours; False if it is a request."""
        data = json_object(message.content, "comm_msg").get("data")
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

    def tell(self, carrier: Carrier, msg_type: str, content: dict[str, Any]) -> None:
        """Send a message to the notebook that asks, if its frontend lets cells be changed."""
        if comm_id := self._with_cells(carrier.identity):
            data = {"type": msg_type, "content": content}
            self._link.publish("comm_msg", {"comm_id": comm_id, "data": data}, carrier.header)

    async def ask_for_state(
        self, carrier: Carrier, asked_for: Callable[[], dict[str, Any]]
    ) -> NotebookState:
        """Ask the frontend that asks for its notebook; it answers on shell, under that question.

        Raises:
            TimeoutError: nobody answers.
            ProtocolError: what it answers is no notebook.

        """

        def send(msg_type: str, content: dict[str, Any], _: str) -> None:
            carrier.emit(msg_type, content)

        exchange = str(json.loads(carrier.header)["msg_id"])
        asked = "notebook_state_request", asked_for()
        return read_state(await self._exchanges.ask(send, *asked, exchange))

    def take_state(self, message: Incoming) -> None:
        """Take in the notebook that a frontend sends on shell."""
        content = json_object(message.content, "notebook_state_response")
        self._exchanges.receive(message.parent_id, content)

    def _with_cells(self, identity: bytes) -> str:
        """Return the last comm that a frontend has opened for cells; empty if there is none."""
        able = [
            comm_id
            for comm_id, opened in self._opened.items()
            if "cells" in opened.capabilities and opened.identity == identity
        ]
        return able[-1] if able else ""

    async def _ask(
        self, comm_id: str, header: bytes, msg_type: str, content: dict[str, Any]
    ) -> dict[str, Any]:
        """Ask a frontend about its cells; one that doesn't answer is asked no more.

        Raises:
            TimeoutError: nobody answers.

        """

        def send(msg_type: str, content: dict[str, Any], exchange: str) -> None:
            data = {"type": msg_type, "content": content, "id": exchange}
            self._link.publish("comm_msg", {"comm_id": comm_id, "data": data}, header)

        try:
            return await self._exchanges.ask(send, msg_type, content)
        except TimeoutError:
            self._has_no_cells(comm_id)
            raise

    def _has_no_cells(self, comm_id: str) -> None:
        if opened := self._opened.get(comm_id):
            able = tuple(each for each in opened.capabilities if each != "cells")
            self._opened[comm_id] = opened._replace(capabilities=able)
